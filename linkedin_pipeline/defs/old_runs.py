"""Old runs of Dagster: deleted with their events, but for those that say what there is.

Dagster's retention covers ticks only, and `DagsterInstance.delete_run` takes the events of a run
with it: a partition whose newest materialization was among them looks as if it had never been made
(Dagster 1.13.27).  See docs/decisions/0018-maintenance.md.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster._core.storage.event_log import SqlEventLogStorage
from dagster._core.storage.event_log.schema import (
    AssetCheckExecutionsTable as Checks,
)
from dagster._core.storage.event_log.schema import (
    SqlEventLogStorageTable as Events,
)
from sqlalchemy import delete, func, select

KEEP = timedelta(days=30)
"""How long after its end a run stays in any case, as logs of workers do."""
BUDGET = 240.0
PAGE = 1_000
_ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many runs were deleted, how many old ones stay, and whether the time was enough."""

    deleted: int
    kept: int
    finished: bool


def prune_runs(
    instance: dg.DagsterInstance,
    *,
    keep: timedelta = KEEP,
    budget: float = BUDGET,
    monotonic: Callable[[], float] = time.monotonic,
) -> Pruned:
    """Delete runs that ended longer than ``keep`` ago, newest first, for ``budget`` seconds.

    A run stays while it made the newest materialization of a partition, or the newest evaluation
    of a check.  Each deletion stands by itself: interrupted, or twice at once, the rest is left.
    """
    storage = instance.event_log_storage
    if not isinstance(storage, SqlEventLogStorage):
        raise TypeError(f"{type(storage).__name__}: not a storage whose old runs can be told")
    until = monotonic() + budget
    needed = _needed(storage)
    deleted = kept = 0
    for run_id in _ended(instance, datetime.now(UTC) - keep):
        if monotonic() >= until:
            return Pruned(deleted, kept, finished=False)
        if run_id in needed:
            kept += 1
            continue
        _delete(instance, storage, run_id)
        deleted += 1
    return Pruned(deleted, kept, finished=True)


def _needed(storage: SqlEventLogStorage) -> set[str]:
    """Return the runs with the newest materialization or evaluation of anything.

    What becomes the newest meanwhile is of a run too young to be deleted.
    """
    newest_events = (
        select(func.max(Events.c.id))
        .where(
            Events.c.asset_key.is_not(None),
            Events.c.dagster_event_type == dg.DagsterEventType.ASSET_MATERIALIZATION.value,
        )
        .group_by(Events.c.asset_key, Events.c.partition)
    )
    newest_checks = select(func.max(Checks.c.id)).group_by(
        Checks.c.asset_key, Checks.c.check_name, Checks.c.partition
    )
    with storage.index_connection() as connection:
        return {
            run_id
            for table, newest in ((Events, newest_events), (Checks, newest_checks))
            for (run_id,) in connection.execute(
                select(table.c.run_id).where(table.c.id.in_(newest)).distinct()
            )
        }


def _ended(instance: dg.DagsterInstance, before: datetime) -> Iterator[str]:
    """Yield the runs that ended before then, newest first."""
    old = dg.RunsFilter(statuses=_ENDED, updated_before=before)
    page = instance.get_run_ids(old, limit=PAGE)
    while page:
        # read on before the page is used: a deleted run is no cursor any more
        following = instance.get_run_ids(old, cursor=page[-1], limit=PAGE)
        yield from page
        page = following


def _delete(instance: dg.DagsterInstance, storage: SqlEventLogStorage, run_id: str) -> None:
    with suppress(OSError):  # a log that cannot be removed must not keep the rest
        instance.compute_log_manager.delete_logs(prefix=[run_id])
    with storage.index_connection() as connection:
        connection.execute(delete(Checks).where(Checks.c.run_id == run_id))
    # what DagsterInstance.delete_run does the other way round: an interruption would leave events
    # behind for good
    storage.delete_events(run_id)
    instance.run_storage.delete_run(run_id)
