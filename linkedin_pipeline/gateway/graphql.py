"""Dagster through its web server's GraphQL: start a run, find live ones, ask how one stands.

Plain HTTP, because a POST takes 50 to 160 ms where Dagster's own client takes 800, and because
importing Dagster would cost this process 150 MB.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from linkedin_pipeline.domain.errors import DagsterDown, JobMissing

logger = logging.getLogger(__name__)

LIVE = ("QUEUED", "NOT_STARTED", "MANAGED", "STARTING", "STARTED", "CANCELING")
HOME_JOB = "enrichment"
"""The code location that has this job is ours."""
READ_SECONDS = 30.0
"""A launch makes an execution plan in the code server; a cold one takes seconds."""
_SUBJECT = "Dagster"

_LOCATIONS = """
query Locations {
  repositoriesOrError {
    __typename
    ... on RepositoryConnection { nodes { name location { name } jobs { name } } }
  }
}"""
_LIVE_RUNS = """
query LiveRuns($filter: RunsFilter!) {
  runsOrError(filter: $filter, limit: 1) { __typename ... on Runs { results { runId } } }
}"""
_STATUS = """
query Status($run: ID!) { runOrError(runId: $run) { __typename ... on Run { status } } }"""
_LAUNCH = """
mutation Launch($params: ExecutionParams!) {
  launchRun(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PipelineNotFoundError { message }
    ... on InvalidSubsetError { message }
  }
}"""


class Dagster:
    """The web server at ``url``, to be used as a context; safe in threads.

    Raises (all methods): DagsterDown when it does not answer, or answers something else.
    """

    def __init__(self, url: str, *, read_seconds: float = READ_SECONDS) -> None:
        self._graphql = f"{url}/graphql"
        timeout = httpx.Timeout(5.0, read=read_seconds)
        # not through a proxy of the environment: it is a neighbour
        self._client = httpx.Client(timeout=timeout, trust_env=False)
        self._home: tuple[str, str] | None = None

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def live_run(self, job: str, tags: Mapping[str, str]) -> str | None:
        """Return the newest run of a job with all the tags that waits or runs; None without one."""
        filters = {"pipelineName": job, "statuses": LIVE, "tags": _pairs(tags)}
        found = self._ask(_LIVE_RUNS, {"filter": filters}, "runsOrError", "Runs")
        results = found["results"]
        return str(results[0]["runId"]) if results else None

    def status(self, run_id: str) -> str | None:
        """Return the status of a run in Dagster's words; None when there is no such run."""
        found = self._ask(_STATUS, {"run": run_id}, "runOrError", "Run", "RunNotFoundError")
        status = found.get("status")
        return None if status is None else str(status)

    def launch(self, job: str, assets: Sequence[str], tags: Mapping[str, str]) -> str:
        """Start a run and return its id; ``assets`` narrows an asset job, empty means all of it.

        An answer that is lost on the way leaves a run of which the caller does not know: look with
        `live_run` before trying again.

        Raises:
            JobMissing: the code location does not have the job, or one of the assets.
        """
        known = self._home is not None
        answer = self._launch(job, assets, tags)
        if answer["__typename"] == "PipelineNotFoundError" and known:
            self._home = None  # the location may have been renamed, or reloaded elsewhere
            answer = self._launch(job, assets, tags)
        match answer["__typename"]:
            case "LaunchRunSuccess":
                return str(answer["run"]["runId"])
            case "PipelineNotFoundError" | "InvalidSubsetError":
                raise JobMissing(
                    _SUBJECT,
                    f"its code location has no job {job!r} of that shape",
                    "Reload the code location, or bring Dagster and this program to one version.",
                )
            case other:
                # no message of Dagster's: it may quote configuration
                raise DagsterDown(
                    _SUBJECT, f"it did not start the job {job!r} ({other})", "Look at its log."
                )

    def _launch(self, job: str, assets: Sequence[str], tags: Mapping[str, str]) -> dict[str, Any]:
        location, repository = self._home = self._home or self._discover()
        selector: dict[str, Any] = {
            "repositoryLocationName": location,
            "repositoryName": repository,
            "jobName": job,
        }
        if assets:
            selector["assetSelection"] = [{"path": [asset]} for asset in assets]
        params = {
            "selector": selector,
            "mode": "default",
            "executionMetadata": {"tags": _pairs(tags)},
        }
        try:
            return self._ask(_LAUNCH, {"params": params}, "launchRun")
        except DagsterDown:
            self._home = None
            raise

    def _discover(self) -> tuple[str, str]:
        found = self._ask(_LOCATIONS, {}, "repositoriesOrError", "RepositoryConnection")
        for node in found["nodes"]:
            if any(job["name"] == HOME_JOB for job in node["jobs"]):
                return node["location"]["name"], node["name"]
        raise JobMissing(
            _SUBJECT,
            f"none of its code locations has the job {HOME_JOB!r}",
            "Look at its deployment page for why the location did not load.",
        )

    def _ask(
        self, document: str, variables: Mapping[str, Any], name: str, *expected: str
    ) -> dict[str, Any]:
        """Return the field ``name`` of the answer, of one of the types ``expected`` if any."""
        try:
            response = self._client.post(
                self._graphql, json={"query": document, "variables": variables}
            )
            response.raise_for_status()
            answer: dict[str, Any] = response.json()["data"][name]
            kind = answer["__typename"]
        except httpx.HTTPStatusError as error:
            raise _down(f"it answered with status {error.response.status_code}") from None
        except httpx.TimeoutException as error:
            raise _down(f"it did not answer in time ({type(error).__name__})") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            # no message: it may quote the address, a password perhaps
            raise _down(f"it does not answer ({type(error).__name__})") from None
        except (ValueError, KeyError, TypeError):
            raise _down("what answers in its place is not Dagster's GraphQL") from None
        if expected and kind not in expected:
            raise _down(f"it could not tell ({kind})")
        return answer


def _down(value: str) -> DagsterDown:
    return DagsterDown(
        _SUBJECT, value, "Check that its web server runs and that DAGSTER_WEBSERVER_URL is right."
    )


def _pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]
