"""Who may ask."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.gateway.doors import DOORS
from linkedin_pipeline.gateway.serving import serving
from linkedin_pipeline.settings import Settings
from linkedin_pipeline_tests.gateway.standin import StandIn
from linkedin_pipeline_tests.gateway.wire import HOOKS, SECRET, STATUS, head, send
from linkedin_pipeline_tests.postgres import ask

ORCHESTRATOR = "/functions/v1/orchestrator-v2"
ROUTES = [
    ("GET", "/openapi.json"),
    ("GET", f"{ORCHESTRATOR}?action=disable-all"),
    ("POST", f"{ORCHESTRATOR}?action=disable-all"),
    ("GET", f"{ORCHESTRATOR}?action=nonsense"),
    *(("POST", f"{door.path}?wait=true") for door in DOORS),
]
WRONG = {
    "missing": [],
    "wrong": ["X-Scheduler-Secret: guess"],
    "empty": ["X-Scheduler-Secret:"],
    "cut": [f"X-Scheduler-Secret: {SECRET[:-1]}"],
    "longer": [f"X-Scheduler-Secret: {SECRET}x"],
    "overlong": [f"X-Scheduler-Secret: {SECRET * 400}"],
    "non-ascii": ["X-Scheduler-Secret: s\u00e9cret\u00ff"],
    "twice": [f"X-Scheduler-Secret: {SECRET}"] * 2,
    "other case": [f"X-Scheduler-Secret: {SECRET.upper()}"],
    "in another header": [f"Authorization: Bearer {SECRET}", f"apikey: {SECRET}"],
}
OFF = "select count(*) from worker_feature_flags_v2 where not is_enabled"


@pytest.fixture
def unset(settings: Settings, database: Database) -> Iterator[str]:
    """Give the address of a gateway without a secret."""
    with serving(replace(settings, scheduler_secret=None), database) as address:
        yield address


@pytest.mark.parametrize("lines", WRONG.values(), ids=WRONG)
def test_without_the_secret_nothing_happens(
    url: str, dagster: StandIn, database_url: str, lines: list[str]
) -> None:
    """401 on every route that wants it: no run is started and no switch turned."""
    for method, path in ROUTES:
        request = head(path, *lines, "Content-Length: 0", method=method, secret=None)
        answer = send(url, request + b"\r\n")
        assert (answer.status, answer.json()["error"]) == (401, "Unauthorized"), path
        assert answer.json()["code"] == "unauthorized"
        assert SECRET.encode() not in answer.body
    assert dagster.asked == []
    assert ask(database_url, OFF) == 0


def test_without_a_configured_secret_nothing_is_open(
    unset: str, dagster: StandIn, database_url: str
) -> None:
    """503 on every such route, whatever is sent; the health is still told."""
    for secret in (None, "", "None", SECRET):
        for method, path in ROUTES:
            answer = send(unset, head(path, method=method, secret=secret) + b"\r\n")
            assert (answer.status, answer.json()["code"]) == (503, "not_configured"), path
            assert "SCHEDULER_SECRET" in answer.json()["error"]
    assert dagster.asked == []
    assert ask(database_url, OFF) == 0
    assert httpx.get(f"{unset}/healthz", trust_env=False).status_code == 200


def test_the_secret_opens(url: str) -> None:
    """Exactly it, by any spelling of the header's name."""
    for name in ("X-Scheduler-Secret", "x-scheduler-secret"):
        answer = send(url, head(STATUS, f"{name}: {SECRET}", method="GET", secret=None) + b"\r\n")
        assert answer.status == 200


def test_a_refused_caller_is_answered_before_its_body(url: str) -> None:
    """The secret comes first: a stranger's body is not waited for."""
    lines = ("Content-Type: application/json", "Content-Length: 1000")
    answer = send(url, head(HOOKS, *lines, secret="guess") + b"\r\n{")
    assert answer.status == 401
