"""What a gateway needs of Dagster's GraphQL, as a server of a few lines."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

JOBS = {"enrichment", "styles", "publish", "profile_sync"}


@dataclass
class StandIn:
    """Runs by id; how it behaves may be changed at any time.

    ``on_launch`` is told the id of a run before its launch is answered.
    """

    jobs: set[str] = field(default_factory=lambda: set(JOBS))
    location: str = "linkedin_pipeline.definitions"
    broken: bool = False
    launch_seconds: float = 0.0
    asked: list[str] = field(default_factory=list)
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    on_launch: Callable[[str], None] = lambda _run: None
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def app(self) -> Starlette:
        """Return the server."""
        return Starlette(routes=[Route("/graphql", self._answer, methods=["POST"])])

    def add(self, job: str, status: str = "STARTED", **tags: str) -> str:
        """Have a run that somebody else started."""
        with self.lock:
            run = f"run-{len(self.runs) + 1}"
            self.runs[run] = {"job": job, "tags": tags, "status": status, "assets": []}
        return run

    def end(self, run: str, status: str = "SUCCESS") -> None:
        """Let a run end."""
        self.runs[run]["status"] = status

    async def _answer(self, request: Request) -> Response:
        asked = json.loads(await request.body())
        if self.broken:
            return PlainTextResponse("upstream is gone", 502)
        name = asked["query"].split()[1].partition("(")[0]
        self.asked.append(name)
        data = await run_in_threadpool(getattr(self, f"_{name.lower()}"), asked["variables"])
        return JSONResponse({"data": data})

    def _locations(self, _variables: Any) -> Any:
        def node(location: str, jobs: set[str]) -> Any:
            return {
                "name": "__repository__",
                "location": {"name": location},
                "jobs": [{"name": job} for job in sorted(jobs)],
            }

        nodes = [node("of somebody else", {"other"}), node(self.location, self.jobs)]
        return {"repositoriesOrError": {"__typename": "RepositoryConnection", "nodes": nodes}}

    def _liveruns(self, variables: Any) -> Any:
        wanted = variables["filter"]
        tags = {tag["key"]: tag["value"] for tag in wanted["tags"]}
        with self.lock:
            found = [
                {"runId": run}
                for run, known in self.runs.items()
                if known["job"] == wanted["pipelineName"]
                and known["status"] in wanted["statuses"]
                and tags.items() <= known["tags"].items()
            ]
        return {"runsOrError": {"__typename": "Runs", "results": found[-1:]}}

    def _status(self, variables: Any) -> Any:
        known = self.runs.get(variables["run"])
        if known is None:
            return {"runOrError": {"__typename": "RunNotFoundError"}}
        return {"runOrError": {"__typename": "Run", "status": known["status"]}}

    def _launch(self, variables: Any) -> Any:
        params = variables["params"]
        selector = params["selector"]
        time.sleep(self.launch_seconds)
        if (
            selector["repositoryLocationName"] != self.location
            or selector["jobName"] not in self.jobs
        ):
            answer = {"__typename": "PipelineNotFoundError", "message": "no"}
            return {"launchRun": answer}
        tags = {tag["key"]: tag["value"] for tag in params["executionMetadata"]["tags"]}
        run = self.add(selector["jobName"], "QUEUED", **tags)
        assets = [key["path"][0] for key in selector.get("assetSelection", [])]
        self.runs[run]["assets"] = assets
        self.on_launch(run)
        return {"launchRun": {"__typename": "LaunchRunSuccess", "run": {"runId": run}}}
