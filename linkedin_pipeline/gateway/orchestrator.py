"""``orchestrator-v2``: look at the workers and switch them.  Dagster is not asked anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from linkedin_pipeline.database import doors as rows
from linkedin_pipeline.database.commands import switch
from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.orchestration import daemon
from linkedin_pipeline.database.status import switches
from linkedin_pipeline.gateway.answers import Refused, answer
from linkedin_pipeline.gateway.requests import number
from linkedin_pipeline.gateway.threads import Threads
from linkedin_pipeline.settings import Settings

ACTIONS = ("status", "enable", "disable", "enable-all", "disable-all", "logs", "pending")
MOST_LOGS = 500


class Orchestrator:
    """GET, and POST for clients that know nothing else: carry out ``?action=…``."""

    def __init__(self, settings: Settings, database: Database, threads: Threads) -> None:
        self._settings = settings
        self._database = database
        self._threads = threads

    async def __call__(self, request: Request, request_id: str) -> Response:  # noqa: ARG002
        """Answer the action; an unknown one 400, an unknown worker 404."""
        action = request.query_params.get("action", "")
        worker = request.query_params.get("worker")
        most = number(request, "limit", 50, MOST_LOGS)
        if worker == "" or (worker is None and action in {"enable", "disable"}):
            raise Refused(400, "bad_parameter", "worker: name one")
        match action:
            case "status":
                # callers that ask at the same time share one look
                document, _ = await self._threads.call_once(action, self._status)
            case "pending":
                document, _ = await self._threads.call_once(action, self._pending)
            case "logs":
                key = (action, worker, most)
                document, _ = await self._threads.call_once(key, lambda: self._logs(worker, most))
            case "enable" | "disable" if worker is not None:
                document = await self._threads.call(lambda: self._turn(worker, action == "enable"))
            case "enable-all" | "disable-all":
                document = await self._threads.call(lambda: self._turn_all(action == "enable-all"))
            case _:
                raise Refused(400, "unknown_action", f"action: write one of {', '.join(ACTIONS)}")
        return answer(document)

    def _status(self) -> Mapping[str, Any]:
        last = rows.last_logs(self._database)
        states = rows.worker_states(self._database, self._settings.style_min_posts)
        workers = {
            state.worker: {
                "is_enabled": state.is_enabled,
                "pending": state.pending,
                "last_run": _log(last[state.worker]) if state.worker in last else None,
                "description": state.description,
            }
            for state in states
        }
        return {
            "success": True,
            "workers": workers,
            "dagster_daemon": daemon(self._settings),
        }

    def _pending(self) -> Mapping[str, Any]:
        states = rows.worker_states(self._database, self._settings.style_min_posts)
        keys = ("pending", "waiting", "leased", "oldest_due")
        found = {state.worker: {key: getattr(state, key) for key in keys} for state in states}
        return {"success": True, "pending": found}

    def _logs(self, worker: str | None, most: int) -> Mapping[str, Any]:
        name = None if worker is None else self._known(worker)
        return {"success": True, "logs": _logs(rows.logs(self._database, name, most))}

    def _turn(self, worker: str, on: bool) -> Mapping[str, Any]:  # noqa: FBT001
        turned = switch(self._database, self._known(worker), on=on)
        return {"success": True, "worker": turned.worker, "is_enabled": turned.on}

    def _turn_all(self, on: bool) -> Mapping[str, Any]:  # noqa: FBT001
        turned = rows.switch_all(self._database, on=on)
        return {"success": True, "workers": {one.worker: {"is_enabled": one.on} for one in turned}}

    def _known(self, worker: str) -> str:
        """Return a worker's name, - and _ alike; what a caller sent never reaches the database."""
        for known in switches(self._database):
            if known.worker.replace("-", "_") == worker.replace("-", "_"):
                return known.worker
        raise _unknown()


def _unknown() -> Refused:
    # the name is not repeated: whatever a caller sends stays out of answers
    return Refused(404, "unknown_worker", "worker: there is none of that name; action=status names")


def _logs(logs: Sequence[rows.WorkerLog]) -> list[dict[str, Any]]:
    return [_log(log) for log in logs]


def _log(log: rows.WorkerLog) -> dict[str, Any]:
    return asdict(log)
