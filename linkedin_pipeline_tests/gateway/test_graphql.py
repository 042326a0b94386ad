"""What Dagster may answer, and what may answer in its place."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from linkedin_pipeline.domain.errors import DagsterDown
from linkedin_pipeline.gateway.graphql import Dagster
from linkedin_pipeline.simulators.serving import serving

ANSWERS: dict[str, Response] = {
    "an error page": PlainTextResponse("no", 500),
    "a web page": PlainTextResponse("<html>"),
    "a list": JSONResponse([1]),
    "no data": JSONResponse({"data": None, "errors": [{"message": "postgresql://u:hunter2@h/d"}]}),
    "an error": JSONResponse(
        {
            "data": {
                name: {"__typename": "PythonError", "message": "hunter2"}
                for name in ("launchRun", "runsOrError", "runOrError", "repositoriesOrError")
            }
        }
    ),
    "elsewhere": PlainTextResponse("", 302, {"Location": "/login"}),
}


@pytest.fixture(params=list(ANSWERS.values()), ids=list(ANSWERS))
def strange(request: pytest.FixtureRequest) -> Iterator[str]:
    """Give the address of something that always answers the same."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await Request(scope, receive).body()
        await request.param(scope, receive, send)

    with serving(app) as url:
        yield url


def _all(dagster: Dagster) -> Iterator[str]:
    asks: tuple[Callable[[], object], ...] = (
        lambda: dagster.live_run("publish", {}),
        lambda: dagster.status("run"),
        lambda: dagster.launch("publish", (), {}),
    )
    for ask in asks:
        with pytest.raises(DagsterDown) as caught:
            ask()
        yield str(caught.value)


def test_what_is_not_dagsters_answer_is_an_expected_error(strange: str) -> None:
    """It says what was met and what to look at, and quotes nothing of it."""
    dagster = Dagster(strange)
    assert all("Dagster: " in said and "hunter2" not in said for said in _all(dagster))
    dagster.close()


def test_nobody_there_and_nobody_answering() -> None:
    """A refused connection and one that is never answered are alike; no address is quoted."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        dagster = Dagster(f"http://u:hunter2@127.0.0.1:{port}", read_seconds=0.3)
        assert all("in time" in said and "hunter2" not in said for said in _all(dagster))
        dagster.close()
    dagster = Dagster(f"http://u:hunter2@127.0.0.1:{port}")
    assert all("does not answer" in said and "hunter2" not in said for said in _all(dagster))
    dagster.close()
