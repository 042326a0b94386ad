"""Sensors: they read the state of the work and ask for runs; they do no work themselves.

Dagster reads the annotations when it decorates, so they must not be postponed.
"""

from collections.abc import Iterable

import dagster as dg

from linkedin_pipeline.database.flags import due_work
from linkedin_pipeline.defs.enrichment import ENRICHMENT_ASSETS
from linkedin_pipeline.defs.jobs import enrichment
from linkedin_pipeline.defs.lanes import LANE_TAG, lanes, newest_block, why_wait, with_followers
from linkedin_pipeline.defs.partitions import range_tags, today
from linkedin_pipeline.domain.work import DayRange, Stage
from linkedin_pipeline.wiring import Providers


@dg.sensor(
    job=enrichment,
    minimum_interval_seconds=5,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=(
        "Asks for a run when posts are flagged: one for new posts (lane fresh: yesterday and "
        "today) and one for older ones (lane backlog: up to 31 days at a time)."
    ),
)
def needs_flags(
    context: dg.SensorEvaluationContext, providers: dg.ResourceParam[Providers]
) -> dg.SensorResult | dg.SkipReason:
    """Read the work table and ask for at most one run a lane."""
    requests: list[dg.RunRequest] = []
    waits: list[str] = []
    with providers.database(start=False, patience=2.0) as database:
        for lane in lanes(today()):
            waiting = why_wait(context.instance, LANE_TAG, lane.name)
            if waiting:
                waits.append(f"{lane.name}: {waiting}")
                continue
            due = due_work(database, lane.days.first, lane.days.last)
            if due.disabled:
                waits.append(f"{lane.name}: switched off: {', '.join(sorted(due.disabled))}")
            days = {stage: d for stage, d in due.days.items() if stage in ENRICHMENT_ASSETS}
            if days:
                block = newest_block(days.values())
                stages = [s for s, d in days.items() if d.last >= block.first]
                requests.append(_request(lane.name, stages, block))
    if requests:
        return dg.SensorResult(run_requests=requests)
    return dg.SkipReason("; ".join(waits) or "no post is flagged")


def _request(lane: str, stages: Iterable[Stage], days: DayRange) -> dg.RunRequest:
    # no run_key: a used key is never run again, not even after a failure
    return dg.RunRequest(
        asset_selection=[
            ENRICHMENT_ASSETS[stage] for stage in with_followers(stages, ENRICHMENT_ASSETS)
        ],
        tags={LANE_TAG: lane, **range_tags(days)},
    )
