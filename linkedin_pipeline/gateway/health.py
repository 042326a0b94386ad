"""``/healthz``: whether work can be done, for load balancers and dead-man's switches."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.orchestration import daemon
from linkedin_pipeline.database.status import switches
from linkedin_pipeline.domain.errors import PipelineError
from linkedin_pipeline.gateway.answers import answer, envelope
from linkedin_pipeline.gateway.threads import Threads
from linkedin_pipeline.settings import Settings

LOOK_SECONDS = 15.0


class Health:
    """GET, open to everybody; callers at the same time share one look."""

    def __init__(self, settings: Settings, database: Database, threads: Threads) -> None:
        self._settings = settings
        self._database = database
        self._threads = threads

    async def __call__(self, request: Request, request_id: str) -> Response:  # noqa: ARG002
        """Answer 200, or 503 with the reason."""
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                reason, _ = await self._threads.call_once("healthz", self._look)
        except TimeoutError:
            reason = f"database: no answer within {LOOK_SECONDS:.0f} s"
        if reason is None:
            return answer({"status": "ok", "database": "ok", "daemon": "running"})
        return answer({"status": "down", **envelope("unhealthy", reason, request_id)}, 503)

    def _look(self) -> str | None:
        try:
            switches(self._database)  # the smallest read that also tells whether it is migrated
        except PipelineError as error:
            return str(error)
        found = daemon(self._settings)
        if found.state == "running":
            return None
        since = f"its last heart-beat is {found.age:.0f} s old" if found.age is not None else None
        return f"Dagster's daemon: {found.reason or since or found.state}"
