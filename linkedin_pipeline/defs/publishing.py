"""Publishing: a pass every five minutes, when there is something to do.

Nothing here decides whether a post goes out: two passes at once, a restarted run or a pass asked
for by hand are all the same to the ledger.  Dagster reads the annotations when it decorates, so
they must not be postponed.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from linkedin_pipeline.database.publication_views import publishing_work
from linkedin_pipeline.defs.enrichment import OWNERS
from linkedin_pipeline.defs.lanes import LANE_TAG
from linkedin_pipeline.domain.errors import PipelineError
from linkedin_pipeline.publishing_wiring import not_configured, publishing
from linkedin_pipeline.wiring import Providers
from linkedin_pipeline.workers.publish import PAGES, PERSONS, PublishReport
from linkedin_pipeline.workers.report import Stop

LANE = "publishing"
PRIORITY = {"dagster/priority": "10"}
"""Ahead of enrichment in the queue of runs: people wait for posts, not for labels."""
_KINDS = {"published_posts": PERSONS, "company_published_posts": PAGES}


@dg.multi_asset(
    name="publish_due",
    specs=[
        dg.AssetSpec(
            "published_posts",
            group_name="publishing",
            owners=OWNERS,
            kinds={"linkedin", "postgres"},
            code_version="1",
            skippable=True,
            description=(
                "What went out to personal accounts. A pass writes the intent down, makes one "
                "POST, records the answer, and reads the post back; what nobody knows the outcome "
                "of is looked for in the feed, never sent again blindly."
            ),
        ),
        dg.AssetSpec(
            "company_published_posts",
            deps=["published_posts"],
            group_name="publishing",
            owners=OWNERS,
            kinds={"linkedin", "postgres"},
            code_version="1",
            skippable=True,
            description="What company pages repeated of it, by their rules, at once or later.",
        ),
    ],
    can_subset=True,
)
def publish_due(
    context: dg.AssetExecutionContext, providers: dg.ResourceParam[Providers]
) -> Iterator[dg.MaterializeResult[None]]:
    """Make one pass for the selected assets."""
    chosen = {key.to_user_string() for key in context.selected_asset_keys}
    selected = [name for name in _KINDS if name in chosen]  # pages come after what they repeat
    kinds = frozenset[Any]().union(*(_KINDS[name] for name in selected))
    try:
        with (
            providers.database() as database,
            publishing(providers, database, context.run.run_id) as desk,
        ):
            report = desk.publish(kinds)
    except PipelineError as error:
        raise dg.Failure(str(error), allow_retries=False) from None
    context.log.info("publish.pass %s", report.results())
    for name in selected:
        yield dg.MaterializeResult(asset_key=name, metadata=_metadata(report, name))


def _metadata(report: PublishReport, name: str) -> Mapping[str, Any]:
    counts = report.of(_KINDS[name])
    rows = [dg.TableRecord({"what": what, "posts": number}) for what, number in counts.items()]
    columns = dg.TableSchema([dg.TableColumn("what", "string"), dg.TableColumn("posts", "int")])
    return {
        "published": counts.get("published", 0),
        "counts": dg.MetadataValue.table(rows, columns),
        "stop": str(report.stop),
        "run_seconds": round(report.seconds, 3),
        **({"reason": report.reason} if report.stop is Stop.PAUSED and report.reason else {}),
        **{f"run_{what}": number for what, number in report.prepared.items()},
    }


publish = dg.define_asset_job(
    "publish",
    selection=["published_posts", "company_published_posts"],
    tags={LANE_TAG: LANE, **PRIORITY},
    description="One publishing pass: what is in doubt is settled, what is due goes out.",
)


@dg.schedule(
    job=publish,
    cron_schedule="*/5 * * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description=(
        "Asks for a publishing pass every five minutes, if something is due, unconfirmed or held "
        "for an account, and no pass is alive."
    ),
)
def publish_scheduled(
    providers: dg.ResourceParam[Providers],
) -> dg.RunRequest | dg.SkipReason:
    """Look whether a pass has something to do."""
    missing = not_configured(providers.settings)
    with providers.database(start=False, patience=2.0) as database:
        work = publishing_work(database)
    if missing:
        waiting = work.due + work.switched_off
        return dg.SkipReason(f"{missing}; {waiting} posts are due and stay pending")
    if not work.enabled:
        return dg.SkipReason(f"publishing is switched off; {work.switched_off} posts wait")
    if not work.any:
        off = f"; {work.switched_off} wait for a switch" if work.switched_off else ""
        return dg.SkipReason(f"nothing is due, pending or unconfirmed{off}")
    if work.paused:
        return dg.SkipReason(f"{work.due} posts wait: {work.paused}")
    if work.beat is not None:
        return dg.SkipReason(f"a pass is alive, heard of {work.beat:.0f} s ago")
    return dg.RunRequest()
