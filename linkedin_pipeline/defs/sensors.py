"""Sensors: they read the state of the work and ask for runs; they do no work themselves.

Dagster reads the annotations when it decorates, so they must not be postponed.
"""

from collections.abc import Iterable, Mapping

import dagster as dg

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.flags import due_work
from linkedin_pipeline.database.ledger import pauses
from linkedin_pipeline.defs.enrichment import ENRICHMENT_ASSETS
from linkedin_pipeline.defs.jobs import enrichment
from linkedin_pipeline.defs.lanes import LANE_TAG, lanes, why_wait, with_followers
from linkedin_pipeline.defs.model_change import promotion_waits
from linkedin_pipeline.defs.partitions import range_tags, today
from linkedin_pipeline.domain.labels import LABEL_STAGES
from linkedin_pipeline.domain.work import DayRange, Stage, newest_block
from linkedin_pipeline.wiring import Providers


@dg.sensor(
    job=enrichment,
    minimum_interval_seconds=5,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=(
        "Asks for a run when posts are flagged: one for new posts (lane fresh: yesterday and "
        "today) and one for older ones (lane backlog: up to 31 days at a time); and for one more "
        "when a change of the embedding model was interrupted before its last step."
    ),
)
def needs_flags(
    context: dg.SensorEvaluationContext, providers: dg.ResourceParam[Providers]
) -> dg.SensorResult | dg.SkipReason:
    """Read the work table and ask for at most one run a lane."""
    requests: list[dg.RunRequest] = []
    waits: list[str] = []
    fresh = lanes(today())[0]
    with providers.database(start=False, patience=2.0) as database:
        held = paused_stages(providers, database)
        for lane in lanes(today()):
            waiting = why_wait(context.instance, LANE_TAG, lane.name)
            if waiting:
                waits.append(f"{lane.name}: {waiting}")
                continue
            due = due_work(database, lane.days.first, lane.days.last)
            if due.disabled:
                waits.append(f"{lane.name}: switched off: {', '.join(sorted(due.disabled))}")
            waits += [f"{lane.name}: {held[stage]}" for stage in due.days if stage in held]
            able = [stage for stage in ENRICHMENT_ASSETS if stage not in held]
            days = {stage: d for stage, d in due.days.items() if stage in able}
            if days:
                block = newest_block(days.values())
                stages = [s for s, d in days.items() if d.last >= block.first]
                requests.append(_request(lane.name, with_followers(stages, able), block))
        idle = not requests and not why_wait(context.instance, LANE_TAG, fresh.name)
        if idle and Stage.EMBEDDINGS not in held and promotion_waits(providers, database):
            requests.append(_request(fresh.name, [Stage.EMBEDDINGS], fresh.days))
    if requests:
        return dg.SensorResult(run_requests=requests)
    return dg.SkipReason("; ".join(dict.fromkeys(waits)) or "no post is flagged")


def paused_stages(providers: Providers, database: Database) -> Mapping[Stage, str]:
    """Return the stages whose model must not be called now, with the reason."""
    settings = providers.settings
    models = {
        Stage.EMBEDDINGS: settings.embedding_model,
        **dict.fromkeys(LABEL_STAGES, settings.classification_model),
    }
    return {
        stage: f"{stage} waits {pause.left:.0f} s: {pause.reason}"
        for pause in pauses(database)
        for stage, model in models.items()
        if pause.holds(model, settings.ai_daily_budget)
    }


def _request(lane: str, stages: Iterable[Stage], days: DayRange) -> dg.RunRequest:
    # no run_key: a used key is never run again, not even after a failure
    return dg.RunRequest(
        asset_selection=[ENRICHMENT_ASSETS[stage] for stage in stages],
        tags={LANE_TAG: lane, **range_tags(days)},
    )
