"""Start a door's job, or find the run that does the same already; wait for its end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from linkedin_pipeline.database import doors as rows
from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.flags import due_work
from linkedin_pipeline.database.status import switches
from linkedin_pipeline.domain.errors import DagsterDown
from linkedin_pipeline.domain.work import FIRST_DAY, DayRange, Stage, newest_block
from linkedin_pipeline.gateway.doors import Door
from linkedin_pipeline.gateway.graphql import LIVE, Dagster
from linkedin_pipeline.gateway.threads import Threads

LOCK_SECONDS = 45.0
"""Longer than another process can take over a launch that times out."""
POLL_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Started:
    """The run of a door; ``joined`` when it is one that somebody else asked for."""

    run_id: str
    joined: bool


class Starter:
    """Starts jobs for any number of callers at once, in any number of processes.

    The truth of what waits and runs is Dagster's.  An advisory lock in our database keeps two
    processes from looking and launching at the same instant; inside a process callers of one door
    share one look.
    """

    def __init__(
        self,
        database: Database,
        dagster: Dagster,
        threads: Threads,
        *,
        today: Callable[[], date] = lambda: datetime.now(UTC).date(),
    ) -> None:
        self._database = database
        self._dagster = dagster
        self._threads = threads
        self._today = today

    async def start(self, door: Door) -> Started | None:
        """Start the job, or join the run that does the same; None when the worker is off.

        Raises:
            DagsterDown: it does not answer, or did not start the job.
            Busy: another process has been starting it for too long.
            PipelineError: the database does not answer.
        """
        started, own = await self._threads.call_once(door.name, lambda: self._start(door))
        return started if own or started is None else Started(started.run_id, joined=True)

    async def ended(self, run_id: str, seconds: float) -> str | None:
        """Wait for a run's end; its status, or None when it has not ended within ``seconds``.

        Dagster may be away meanwhile: the run goes on without it, and so does the wait.
        """
        deadline = time.monotonic() + seconds
        while True:
            try:
                ask = self._threads.call_once(run_id, lambda: self._dagster.status(run_id))
                async with asyncio.timeout_at(
                    asyncio.get_running_loop().time() + max(deadline - time.monotonic(), 0)
                ):
                    status, _ = await ask
            except (DagsterDown, TimeoutError):
                status = LIVE[0]
            if status not in LIVE:
                return status or "DELETED"
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            await asyncio.sleep(min(POLL_SECONDS, left))

    def _start(self, door: Door) -> Started | None:
        on = {switch.worker for switch in switches(self._database) if switch.on}
        if on.isdisjoint(door.switches):
            return None
        return rows.exclusively(
            self._database, door.name, lambda: self._join_or_launch(door), LOCK_SECONDS
        )

    def _join_or_launch(self, door: Door) -> Started:
        live = self._dagster.live_run(door.job, door.tags)
        if live is not None:
            return Started(live, joined=True)
        if door.stage is None:
            return Started(self._dagster.launch(door.job, (), door.tags), joined=False)
        days = self._days(door.stage)
        tags = {
            **door.tags,
            "dagster/asset_partition_range_start": days.first.isoformat(),
            "dagster/asset_partition_range_end": days.last.isoformat(),
        }
        return Started(self._dagster.launch(door.job, (door.stage,), tags), joined=False)

    def _days(self, stage: Stage) -> DayRange:
        """Return the newest days with work, as the sensor chooses them; today when there is none.

        The rest is taken by the sensor, or when the door is used again.
        """
        today = self._today()
        days = due_work(self._database, FIRST_DAY, today).days.get(stage)
        return newest_block([days]) if days else DayRange(today - timedelta(days=1), today)
