"""Housekeeping: each task an op, a row in the log, and counts in its metadata.

Tasks do not depend on one another, so one that fails keeps none of the others from its work.
Dagster reads the annotations when it decorates, so they must not be postponed.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict

import dagster as dg

from linkedin_pipeline.database import upkeep
from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.log import PostgresWorkLog
from linkedin_pipeline.defs.old_runs import prune_runs
from linkedin_pipeline.defs.styles import PROFILES
from linkedin_pipeline.domain.upkeep import Upkeep
from linkedin_pipeline.ports import Clock
from linkedin_pipeline.wiring import Providers

BUDGET = 240.0
"""Seconds after which a task that works in pieces leaves the rest to the next time."""

Results = Mapping[str, int | Sequence[Mapping[str, object]]]
Work = Callable[[dg.OpExecutionContext, Database, Clock], Results]


def task(which: Upkeep, description: str) -> Callable[[Work], dg.OpDefinition]:
    """Make an op of a function that does a task and returns counts, ids and codes, never texts."""

    def decorate(work: Work) -> dg.OpDefinition:
        @dg.op(name=work.__name__, description=description)
        def run(context: dg.OpExecutionContext, providers: dg.ResourceParam[Providers]) -> None:
            with providers.database() as database:
                row = upkeep.start_log(database, which, context.run_id)
                results: Results = {}
                error: BaseException | None = None
                try:
                    results = work(context, database, providers.clock)
                except BaseException as caught:  # interruptions too: the row must say what happened
                    error = caught
                    raise
                finally:
                    name = None if error is None else type(error).__name__
                    PostgresWorkLog(database).finish(row, Counter(), results, name)
            context.add_output_metadata(
                {
                    key: value if isinstance(value, int) else dg.MetadataValue.json(value)
                    for key, value in results.items()
                }
            )

        return run

    return decorate


def _until_done(
    clock: Clock, piece: Callable[[], Mapping[str, int]], most: int
) -> Mapping[str, int]:
    """Sum up pieces until none is full, or the time is used."""
    until = clock.monotonic() + BUDGET
    total: Counter[str] = Counter()
    while True:
        done = piece()
        total.update(done)
        if max(done.values(), default=0) < most or clock.monotonic() >= until:
            return total


@task(Upkeep.STALE_LEASES, "Gives back post work that was held past its lease.")
def release_stale_leases(_: dg.OpExecutionContext, database: Database, __: Clock) -> Results:
    """Release."""
    return {"released": upkeep.release_stale_leases(database)}


@task(Upkeep.STUCK_SCRAPING, "Puts profiles back whose reading stopped without a word.")
def put_back_stuck_scraping(_: dg.OpExecutionContext, database: Database, __: Clock) -> Results:
    """Put back."""
    return {"put_back": upkeep.put_back_stuck_scraping(database)}


@task(Upkeep.WORKER_LOGS, "Deletes logs of workers that ended over 30 days ago.")
def prune_worker_logs(_: dg.OpExecutionContext, database: Database, __: Clock) -> Results:
    """Delete."""
    return {"deleted": upkeep.prune_worker_logs(database)}


@task(Upkeep.LEDGERS, "Deletes old rows that nobody asks for; what calls cost is kept for good.")
def prune_ledgers(_: dg.OpExecutionContext, database: Database, clock: Clock) -> Results:
    """Delete in pieces."""
    return _until_done(clock, lambda: upkeep.prune_ledgers(database), upkeep.LEDGER_ROWS)


@task(Upkeep.PROFILE_STATS, "Counts posts and engagement anew of profiles whose numbers are off.")
def refresh_profile_stats(_: dg.OpExecutionContext, database: Database, clock: Clock) -> Results:
    """Count in pieces."""

    def piece() -> Mapping[str, int]:
        return {"refreshed": upkeep.refresh_profile_stats(database)}

    return _until_done(clock, piece, upkeep.PROFILES)


@task(
    Upkeep.OLD_RUNS,
    "Deletes runs that ended over 30 days ago, with their events; those that made the newest "
    "materialization of a partition stay.",
)
def prune_old_runs(context: dg.OpExecutionContext, _: Database, clock: Clock) -> Results:
    """Delete one after the other."""
    pruned = prune_runs(context.instance, budget=BUDGET, monotonic=clock.monotonic)
    return {
        "deleted": pruned.deleted,
        "kept": pruned.kept,
        "stopped_early": int(not pruned.finished),
    }


@task(Upkeep.PARTITION_KEYS, "Deletes the partition keys of profiles that are gone.")
def forget_partition_keys(context: dg.OpExecutionContext, database: Database, _: Clock) -> Results:
    """Read Dagster's keys before the profiles: a profile that is made meanwhile is not missed."""
    known = context.instance.get_dynamic_partitions(str(PROFILES.name))
    gone = upkeep.keys_without_profile(database, known)
    for key in gone:
        context.instance.delete_dynamic_partition(str(PROFILES.name), key)
    return {"forgotten": len(gone)}


@task(
    Upkeep.OPEN_TROUBLES,
    "Sums up dead letters and incidents that are not resolved: how many by stage and reason, how "
    "many of the last day, the newest ids.",
)
def sum_up_troubles(_: dg.OpExecutionContext, database: Database, __: Clock) -> Results:
    """Write the digest of the day."""
    found = upkeep.open_troubles(database)
    return {
        "open": sum(one.number for one in found),
        "new_today": sum(one.new_today for one in found),
        "reasons": [{**asdict(one), "newest": [str(row) for row in one.newest]} for one in found],
    }


LATER = {"dagster/priority": "-1"}
"""Housekeeping waits for everything else."""


@dg.job(
    tags=LATER,
    description=(
        "Once a day: deletes old logs, ledger rows and runs, counts profiles anew, and sums up "
        "what is not resolved. Safe to run at any time, and twice at once."
    ),
)
def maintenance() -> None:
    """Run the ops, none after another."""
    prune_worker_logs()
    prune_ledgers()
    refresh_profile_stats()
    prune_old_runs()
    forget_partition_keys()
    sum_up_troubles()


@dg.job(
    tags=LATER,
    description="Gives back what dead processes left behind: leased posts, profiles in scraping.",
)
def release_stuck() -> None:
    """Run the ops."""
    release_stale_leases()
    put_back_stuck_scraping()


daily_maintenance = dg.ScheduleDefinition(
    name="daily_maintenance",
    job=maintenance,
    cron_schedule="20 4 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Asks for the day's housekeeping at 4:20 UTC.",
)


@dg.schedule(
    job=release_stuck,
    cron_schedule="50 * * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every hour, has given back what dead processes left behind, if there is anything.",
)
def hourly_release(
    providers: dg.ResourceParam[Providers],
) -> dg.RunRequest | dg.SkipReason:
    """Look; a run costs three seconds of processor time."""
    with providers.database(start=False, patience=2.0) as database:
        stuck = upkeep.anything_stuck(database)
    if not stuck.leases and not stuck.scraping:
        return dg.SkipReason("nothing is held past its lease, and no profile is being read")
    return dg.RunRequest()
