"""Style prompts: one run writes those of many profiles.

Dagster reads the annotations when it decorates, so they must not be postponed.
"""

from collections.abc import Iterator, Sequence

import dagster as dg

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.ledger import pauses
from linkedin_pipeline.database.log import PostgresWorkLog
from linkedin_pipeline.database.styles import PostgresStyleDesk
from linkedin_pipeline.database.upkeep import make_styles_due
from linkedin_pipeline.defs.enrichment import OWNERS
from linkedin_pipeline.defs.lanes import LANE_TAG, why_wait
from linkedin_pipeline.domain.profiles import STYLE_WORKER, StyleOutcome
from linkedin_pipeline.domain.work import Stage
from linkedin_pipeline.wiring import Providers
from linkedin_pipeline.workers.styles import StyleReport, drain_styles

PROFILES = dg.DynamicPartitionsDefinition(name="profiles")
LANE = "styles"


@dg.asset(
    name="style_prompts",
    # every day may hold posts of every profile: there is no mapping of days to profiles
    deps=[
        dg.AssetDep(str(stage), partition_mapping=dg.AllPartitionMapping())
        for stage in (Stage.HOOKS, Stage.HOOK_CLASSIFICATIONS)
    ],
    partitions_def=PROFILES,
    backfill_policy=dg.BackfillPolicy.single_run(),
    output_required=False,
    group_name="styles",
    owners=OWNERS,
    kinds={"ai", "postgres"},
    code_version="1",
    description=(
        "How each profile writes: measured on its own posts (`style_analysis`) and written down "
        "for whoever writes the next one (`writing_style_prompt`). One partition a profile; a run "
        "writes many, and records only those whose style changed. Unchanged posts cost nothing."
    ),
)
def style_prompts(
    context: dg.AssetExecutionContext, providers: dg.ResourceParam[Providers]
) -> Iterator[dg.AssetMaterialization]:
    """Make the profiles of the run's partitions due and write their styles."""
    only = list(context.partition_keys)
    with providers.database() as database:
        PostgresStyleDesk(database).request(only)
        yield from _drain(database, providers, context, context.run.run_id, only)


# An op, not the asset: a run of the asset needs partitions, and Dagster would look up the versions
# of every post day for each of them.  The events it records are the asset's all the same.
@dg.op(
    name="write_due_styles",
    out={},
    description="Writes the style of every profile that is due; records those that changed.",
    config_schema={
        "only": dg.Field(
            dg.Noneable([str]),
            default_value=None,
            description="Partition keys of the profiles to look at; all by default.",
        )
    },
)
def write_due_styles(
    context: dg.OpExecutionContext, providers: dg.ResourceParam[Providers]
) -> Iterator[dg.AssetMaterialization]:
    """Write all due styles."""
    with providers.database() as database:
        only = context.op_config["only"]
        yield from _drain(database, providers, context, context.run_id, only)


@dg.job(description="Writes the styles that are due, of as many profiles as there are.")
def styles() -> None:
    """Run the op."""
    write_due_styles()


def _drain(
    database: Database,
    providers: Providers,
    context: dg.OpExecutionContext | dg.AssetExecutionContext,
    run_id: str,
    only: Sequence[str] | None,
) -> Iterator[dg.AssetMaterialization]:
    bound = providers.bound(database, run_id)
    report = drain_styles(
        PostgresStyleDesk(database),
        bound.style_writer,
        bound.embedder,
        PostgresWorkLog(database),
        providers.clock,
        providers.style_limits,
        only=only,
        run_id=run_id,
    )
    context.log.info("style_prompts.drained %s", report.results())
    # those of a run that no sensor asked for may be new to Dagster
    keys = [claim.partition_key for claim, _, _ in report.changed]
    context.instance.add_dynamic_partitions(str(PROFILES.name), keys)
    yield from _changes(report)


def _changes(report: StyleReport) -> Iterator[dg.AssetMaterialization]:
    """Yield an event for each changed profile: by itself Dagster would mark unchanged ones too."""
    for claim, posts, model in report.changed:
        yield dg.AssetMaterialization(
            "style_prompts",
            partition=claim.partition_key,
            metadata={
                "posts": posts,
                "model": model,
                "run_seconds": round(report.seconds, 3),
                **{f"run_{o}": report.counts[o] for o in StyleOutcome},
            },
        )


def _all_paused(providers: Providers, database: Database) -> str | None:
    """Return why no configured model may write styles now; None when one of them may."""
    settings = providers.settings
    models = [settings.style_model, settings.style_fallback_model]
    held, budget = pauses(database), settings.ai_daily_budget
    why = [
        next((f"{model}: {pause.reason}" for pause in held if pause.holds(model, budget)), None)
        for model in models
        if model is not None
    ]
    return "; ".join(reason for reason in why if reason) if all(why) else None


selected_styles = dg.define_asset_job(
    "selected_styles",
    selection=dg.AssetSelection.assets(style_prompts),
    description="Writes the styles of the profiles whose partitions a person chose.",
)


@dg.sensor(
    jobs=[styles, selected_styles],  # the second ties the sensor to the asset's page
    minimum_interval_seconds=15,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=(
        "Asks for a run when a profile has enough posts for its first style, or its style is due "
        "for a new one. Adds the partitions of new profiles."
    ),
)
def needs_style(
    context: dg.SensorEvaluationContext, providers: dg.ResourceParam[Providers]
) -> dg.SensorResult | dg.SkipReason:
    """Look for profiles whose style is due and ask for one run at most."""
    waiting = why_wait(context.instance, LANE_TAG, LANE)
    if waiting:
        return dg.SkipReason(waiting)
    with providers.database(start=False, patience=2.0) as database:
        desk = PostgresStyleDesk(database)
        if not desk.is_enabled():
            return dg.SkipReason(f"{STYLE_WORKER} is switched off")
        due = desk.due(providers.style_limits.min_posts)
        if due and (why := _all_paused(providers, database)):
            return dg.SkipReason(f"{len(due)} styles wait: {why}")
    if not due:
        return dg.SkipReason("no style is due")
    known = set(context.instance.get_dynamic_partitions("profiles"))
    new = [key for key in due if key not in known]
    return dg.SensorResult(
        run_requests=[dg.RunRequest(job_name=styles.name, tags={LANE_TAG: LANE})],
        dynamic_partitions_requests=[PROFILES.build_add_request(new)] if new else [],
    )


# The tick itself does the little there is to do, and says so where people look: one statement, so
# that it is done whole or not at all; needs_style asks for the run within seconds.
@dg.schedule(
    job=styles,
    cron_schedule="0 3 1 * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description=(
        "Makes the styles of our own profiles with more than 20 posts due, every month. Sensor "
        "needs_style has them written; unchanged posts cost nothing."
    ),
)
def monthly_style_refresh(providers: dg.ResourceParam[Providers]) -> dg.SkipReason:
    """Make styles due."""
    with providers.database(start=False, patience=2.0) as database:
        number = make_styles_due(database)
    return dg.SkipReason(f"made {number} styles due; needs_style has them written")
