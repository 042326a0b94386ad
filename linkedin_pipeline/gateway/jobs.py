"""The routes that start jobs."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.doors import WorkerLog, run_logs
from linkedin_pipeline.gateway.answers import answer, envelope
from linkedin_pipeline.gateway.doors import Door
from linkedin_pipeline.gateway.requests import flag, number
from linkedin_pipeline.gateway.starts import Started, Starter
from linkedin_pipeline.gateway.threads import Threads

WAIT_SECONDS = 55
"""Less than the minute after which proxies and clients like to give up."""
LONGEST_WAIT = 300


class JobRoute:
    """POST: start the door's job; with ``?wait=true`` answer what its run did."""

    def __init__(self, door: Door, starter: Starter, database: Database, threads: Threads) -> None:
        self._door = door
        self._starter = starter
        self._database = database
        self._threads = threads

    async def __call__(self, request: Request, request_id: str) -> Response:
        """Answer 200 or 202; 500 when the run that was waited for failed."""
        door = self._door
        wait = flag(request, "wait")
        seconds = number(request, "timeout", WAIT_SECONDS, LONGEST_WAIT)
        started = await self._starter.start(door)
        if started is None:
            return answer({"success": True, "skipped": "disabled"})
        if not wait:
            return self._accepted(started, "joined a live run" if started.joined else "started")
        status = await self._starter.ended(started.run_id, seconds)
        if status is None:
            return self._accepted(started, f"the run has not ended within {seconds} s")
        logs = await self._threads.call(lambda: run_logs(self._database, started.run_id, door.logs))
        numbers = {"run_id": started.run_id, **_numbers(logs)}
        failed = next((log.error or "failed" for log in logs if log.status == "failed"), None)
        if status == "SUCCESS" and failed is None:
            what = "done" if logs else "the run found nothing to do"
            return answer({"success": True, "worker": door.worker, **numbers, "message": what})
        why = f"run {started.run_id}: {failed or status.lower()}. Its page in Dagster says more."
        document = envelope("run_failed", why, request_id)
        return answer({"success": False, "worker": door.worker, **document, **numbers}, 500)

    def _accepted(self, started: Started, message: str) -> Response:
        document = {
            "success": True,
            "worker": self._door.worker,
            "run_id": started.run_id,
            "message": message,
        }
        return answer(document, 202)


def _numbers(logs: list[WorkerLog]) -> dict[str, Any]:
    """Return what the run did, in the words of older callers; the newest row's id."""
    return {
        "items_found": sum(log.items_found for log in logs),
        "items_processed": sum(log.items_processed for log in logs),
        "items_failed": sum(log.items_failed for log in logs),
        "duration_ms": sum(log.duration_ms or 0 for log in logs),
        "log_id": logs[-1].log_id if logs else None,
    }
