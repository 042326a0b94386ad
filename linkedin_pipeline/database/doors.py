"""What callers from outside read, switch and must not do twice at once.

Raises (all functions): DatabaseDown when the database does not answer; reads are given up after 20
seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from psycopg import errors

from linkedin_pipeline.database.connections import Connection, Database
from linkedin_pipeline.database.queries import query
from linkedin_pipeline.database.status import Switch, bounded_read
from linkedin_pipeline.domain.errors import Busy
from linkedin_pipeline.domain.work import Stage

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class WorkerState:
    """A worker: its switch and what waits for it.

    Of the ``pending`` work ``waiting`` is not due yet and ``leased`` is in somebody's hands; both
    are 0 for workers without post work, as ``oldest_due``, since when work could be taken, is None.
    """

    worker: str
    is_enabled: bool
    description: str
    pending: int
    waiting: int
    leased: int
    oldest_due: datetime | None


@dataclass(frozen=True, slots=True)
class WorkerLog:
    """A row of task_execution_logs_v2."""

    log_id: UUID
    worker: str
    status: str
    started_at: datetime
    completed_at: datetime | None
    duration_ms: int | None
    items_found: int
    items_processed: int
    items_failed: int
    error: str | None
    run_id: str | None


def worker_states(database: Database, min_posts: int) -> list[WorkerState]:
    """Return every worker by name; a first style is due from ``min_posts`` posts on."""
    arguments = {
        "min_posts": min_posts,
        "stages": [str(stage) for stage in Stage],
        "workers": [stage.worker for stage in Stage],
    }
    rows = bounded_read(database, lambda c: c.execute(query("door_workers"), arguments).fetchall())
    return [WorkerState(*row) for row in rows]


def last_logs(database: Database) -> Mapping[str, WorkerLog]:
    """Return the newest log of each worker that has one."""
    rows = bounded_read(database, lambda c: c.execute(query("door_last_logs")).fetchall())
    logs = [WorkerLog(*row) for row in rows]
    return {log.worker: log for log in logs}


def logs(database: Database, worker: str | None, most: int) -> list[WorkerLog]:
    """Return the newest logs, of one worker or of all."""
    arguments = {"worker": worker, "most": most}
    rows = bounded_read(database, lambda c: c.execute(query("door_logs"), arguments).fetchall())
    return [WorkerLog(*row) for row in rows]


def run_logs(database: Database, run_id: str, workers: Sequence[str]) -> list[WorkerLog]:
    """Return what a run logged for the workers, oldest first."""
    arguments = (run_id, list(workers))
    rows = bounded_read(database, lambda c: c.execute(query("door_run_logs"), arguments).fetchall())
    return [WorkerLog(*row) for row in rows]


def switch_all(database: Database, *, on: bool) -> list[Switch]:
    """Switch every worker on or off."""
    rows = database.run(lambda c: c.execute(query("door_switch_all"), (on,)).fetchall())
    return sorted((Switch(*row) for row in rows), key=lambda switch: switch.worker)


def exclusively(database: Database, name: str, action: Callable[[], R], patience: float) -> R:
    """Call ``action`` while no other process does so under the same name; return its result.

    An advisory lock that ends with its transaction: whoever holds it and dies gives it back.  A
    connection that is lost midway means that the action is called again, perhaps beside another
    process; it must look before it acts.

    Raises:
        Busy: somebody else held the name for ``patience`` seconds.
        DatabaseDown: the database does not answer.
    """

    def work(connection: Connection) -> R:
        with connection.transaction():
            connection.execute(query("door_patience"), (f"{round(patience * 1000)}ms",))
            try:
                connection.execute(query("door_lock"), (name,))
            except errors.LockNotAvailable:
                raise Busy(
                    name, f"another caller has been starting it for {patience:.0f} s", "Try again."
                ) from None
            return action()

    return database.run(work)
