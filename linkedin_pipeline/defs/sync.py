"""Profiles read from LinkedIn: the week makes them due, a sensor has them read, many in one run.

Dagster reads the annotations when it decorates, so they must not be postponed.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import dagster as dg

from linkedin_pipeline.adapters.edges import PROVIDER
from linkedin_pipeline.database import syncs
from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.ledger import pauses
from linkedin_pipeline.database.log import PostgresWorkLog
from linkedin_pipeline.database.syncs import PostgresSyncDesk
from linkedin_pipeline.defs.enrichment import OWNERS
from linkedin_pipeline.defs.lanes import LANE_TAG, why_wait
from linkedin_pipeline.defs.styles import PROFILES
from linkedin_pipeline.domain.sync import SYNC_WORKER, SyncOutcome
from linkedin_pipeline.settings import Settings
from linkedin_pipeline.wiring import Providers
from linkedin_pipeline.workers.sync import SyncReport, drain_syncs

LANE = "sync"
NOW_TAG = "linkedin/sync-now"
"""With the value ``true`` a run makes the week's profiles due first, and reads those too that wait
after a failure."""
PROFILE_TAG = "linkedin/profile"
"""The partition key of the one profile that a run is for, whenever it was last read."""
MAX_PROFILES_TAG = "linkedin/max-profiles"
"""How many profiles a run may read."""
GATHER = 900.0
"""Seconds after a pass in which profiles that failed wait for one another, to share the next."""
NOT_CONFIGURED = "Syncing is not configured: EDGES_API_KEY is not set."


def not_syncing(settings: Settings) -> str | None:
    """Return what is missing for profiles to be read; None when nothing is."""
    return NOT_CONFIGURED if settings.edges is None else None


@dg.asset(
    name="scraped_posts",
    partitions_def=PROFILES,
    backfill_policy=dg.BackfillPolicy.single_run(),
    output_required=False,
    group_name="sync",
    owners=OWNERS,
    kinds={"api", "postgres"},
    code_version="1",
    description=(
        "Each profile's own posts, read from LinkedIn through Edges.run into `viral_posts_bank`. "
        "One partition a profile; a run reads many, and records only those of which something "
        "changed. Known posts get new numbers; a changed text is enriched again."
    ),
)
def scraped_posts(
    context: dg.AssetExecutionContext, providers: dg.ResourceParam[Providers]
) -> Iterator[dg.AssetMaterialization]:
    """Read the profiles of the run's partitions, whenever they were last read."""
    only = list(context.partition_keys)
    with providers.database() as database:
        syncs.request(database, only)
        yield from _drain(context.op_execution_context, providers, database, only, anyway=True)


# An op, not the asset, for the reason given in defs/styles.py.
@dg.op(
    name="read_due_profiles",
    out={},
    description="Reads the profiles that are due; records those of which something changed.",
)
def read_due_profiles(
    context: dg.OpExecutionContext, providers: dg.ResourceParam[Providers]
) -> Iterator[dg.AssetMaterialization]:
    """Read due profiles, as the run's tags say."""
    now = context.run.tags.get(NOW_TAG) == "true"
    profile = context.run.tags.get(PROFILE_TAG)
    only = [profile] if profile else None
    with providers.database() as database:
        if only:
            syncs.request(database, only)
        elif now:
            context.log.info("sync.due profiles=%d", syncs.request_weekly(database))
        yield from _drain(context, providers, database, only, anyway=now or bool(only))


@dg.job(
    description=(
        "Reads the profiles that are due, at most SYNC_MAX_PROFILES of them; the sensor asks again "
        "for the rest. The tag `linkedin/sync-now` = `true` makes the week's profiles due first."
    ),
)
def profile_sync() -> None:
    """Run the op."""
    read_due_profiles()


selected_profile_sync = dg.define_asset_job(
    "selected_profile_sync",
    selection=dg.AssetSelection.assets(scraped_posts),
    description="Reads the profiles whose partitions a person chose.",
)


def _drain(
    context: dg.OpExecutionContext,
    providers: Providers,
    database: Database,
    only: Sequence[str] | None,
    *,
    anyway: bool,
) -> Iterator[dg.AssetMaterialization]:
    limits, most = providers.sync_limits, context.run.tags.get(MAX_PROFILES_TAG)
    if only is not None:
        limits = replace(limits, max_profiles=len(only))
    elif most:
        limits = replace(limits, max_profiles=int(most))
    with providers.profile_feed(database, context.run_id) as feed:
        report = drain_syncs(
            PostgresSyncDesk(database),
            feed,
            PostgresWorkLog(database),
            providers.clock,
            limits,
            only=only,
            anyway=anyway,
            run_id=context.run_id,
        )
    context.log.info("scraped_posts.drained %s", report.results())
    keys = [reading.claim.partition_key for reading in report.changed]
    if keys:
        context.instance.add_dynamic_partitions("profiles", keys)
    yield from _changes(report)


def _changes(report: SyncReport) -> Iterator[dg.AssetMaterialization]:
    """Yield an event for each changed profile: by itself Dagster would mark unchanged ones too."""
    for reading in report.changed:
        yield dg.AssetMaterialization(
            "scraped_posts",
            partition=reading.claim.partition_key,
            metadata={
                **reading.numbers,
                "run_seconds": round(report.seconds, 3),
                **{f"run_{outcome}": report.counts[outcome] for outcome in SyncOutcome},
            },
        )


@dg.sensor(
    jobs=[profile_sync, selected_profile_sync],  # the second ties the sensor to the asset's page
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=(
        "Asks for a run when profiles are to be read: new ones, those that the week made due, and "
        "those that failed and have waited. Waits as long as Edges asked for silence."
    ),
)
def needs_sync(
    context: dg.SensorEvaluationContext, providers: dg.ResourceParam[Providers]
) -> dg.SensorResult | dg.SkipReason:
    """Look for profiles that are due and ask for one run at most."""
    if missing := not_syncing(providers.settings):
        return dg.SkipReason(missing)
    waiting = why_wait(context.instance, LANE_TAG, LANE)
    if waiting:
        return dg.SkipReason(waiting)
    with providers.database(start=False, patience=2.0) as database:
        if not PostgresSyncDesk(database).is_enabled():
            return dg.SkipReason(f"{SYNC_WORKER} is switched off")
        due = syncs.due(database)
        if not due.number:
            return dg.SkipReason("no profile is due")
        if why := paused(database):
            return dg.SkipReason(f"{due.number} profiles wait: {why}")
    rest = _last_end(context.instance) + GATHER - time.time()
    if not due.fresh and due.number < providers.sync_limits.max_profiles and rest > 0:
        return dg.SkipReason(
            f"{due.number} profiles that failed wait {rest:.0f} s to be tried again together"
        )
    return dg.SensorResult(
        run_requests=[dg.RunRequest(job_name=profile_sync.name, tags={LANE_TAG: LANE})]
    )


def paused(database: Database) -> str | None:
    """Return why Edges must not be called now, and for how long; None when it may."""
    return next(
        (
            f"{pause.reason} ({pause.left:.0f} s)"
            for pause in pauses(database)
            if pause.scope == PROVIDER
        ),
        None,
    )


def _last_end(instance: dg.DagsterInstance) -> float:
    records = instance.get_run_records(dg.RunsFilter(tags={LANE_TAG: LANE}), limit=1)
    return (records[0].end_time or 0.0) if records else 0.0


# The tick itself does the little there is to do: one statement, whole or not at all, which can be
# repeated.  After weeks of silence Dagster makes up for the last tick, and each is due once.
@dg.schedule(
    job=profile_sync,
    cron_schedule="0 2 * * 0",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description=(
        "Makes the profiles due that were last read a week ago, on Sundays. Sensor needs_sync has "
        "them read."
    ),
)
def weekly_profile_sync(providers: dg.ResourceParam[Providers]) -> dg.SkipReason:
    """Make profiles due."""
    if missing := not_syncing(providers.settings):
        return dg.SkipReason(missing)
    with providers.database(start=False, patience=30.0) as database:
        number = syncs.request_weekly(database)
    return dg.SkipReason(f"{number} profiles are due; needs_sync has them read")
