"""``?wait=true``: what the run did, in the words of older callers."""

from __future__ import annotations

import threading
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.rows import TupleRow

from linkedin_pipeline_tests.gateway.standin import StandIn
from linkedin_pipeline_tests.gateway.wire import HOOKS
from linkedin_pipeline_tests.waiting import eventually

LOG = """
insert into task_execution_logs_v2 (
    worker_name, status, duration_ms, items_found, items_processed, items_failed, error_message,
    dagster_run_id
) values (%s, %s, %s, %s, %s, %s, %s, %s) returning id::text
"""
HOOK_WORKER = "worker_extract_hooks_v2"


@pytest.fixture
def log(database_url: str) -> Any:
    """Give a function that writes a log row and returns its id."""

    def write(run: str, worker: str = HOOK_WORKER, **given: Any) -> str:
        values = {"status": "completed", "ms": 1200, "found": 5, "done": 4, "failed": 1}
        values |= {"error": None, **given}
        with psycopg.connect(database_url, autocommit=True) as connection:
            row: TupleRow | None = connection.execute(
                LOG, (worker, *values.values(), run)
            ).fetchone()
        assert row is not None
        return str(row[0])

    return write


def test_a_run_that_ends_is_answered_with_its_numbers(
    client: httpx.Client, dagster: StandIn, log: Any
) -> None:
    """200 with the counts of the worker's own log of that run, and its id."""
    logs: list[str] = []

    def work(run: str) -> None:
        log("another-run")
        log(run, "worker_generate_embeddings_v2")
        logs.append(log(run))
        dagster.end(run)

    dagster.on_launch = work
    answer = client.post(f"{HOOKS}?wait=true", json={})
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "success": True,
            "worker": HOOK_WORKER,
            "run_id": "run-1",
            "items_found": 5,
            "items_processed": 4,
            "items_failed": 1,
            "duration_ms": 1200,
            "log_id": logs[0],
            "message": "done",
        },
    )


def test_a_run_without_a_log_found_nothing(client: httpx.Client, dagster: StandIn) -> None:
    """Zeros, and no log."""
    dagster.on_launch = dagster.end
    answer = client.post(f"{HOOKS}?wait=true").json()
    assert (answer["success"], answer["items_found"], answer["log_id"]) == (True, 0, None)
    assert answer["message"] == "the run found nothing to do"


@pytest.mark.parametrize("status", ["FAILURE", "CANCELED"])
def test_a_run_that_fails_is_answered_with_500(
    client: httpx.Client, dagster: StandIn, log: Any, status: str
) -> None:
    """As older workers did: success false, worker and error, beside the envelope."""

    def work(run: str) -> None:
        log(run, status="failed", error="its heart-beat stopped")
        dagster.end(run, status)

    dagster.on_launch = work
    answer = client.post(f"{HOOKS}?wait=true", headers={"X-Request-Id": "mine"})
    document = answer.json()
    assert answer.status_code == 500
    assert (document["success"], document["worker"]) == (False, HOOK_WORKER)
    assert (document["code"], document["request_id"]) == ("run_failed", "mine")
    assert "its heart-beat stopped" in document["error"]
    assert document["items_failed"] == 1


def test_a_run_that_takes_longer_is_answered_with_its_id(client: httpx.Client) -> None:
    """202 once the time is up; the run goes on."""
    answer = client.post(f"{HOOKS}?wait=true&timeout=1")
    assert (answer.status_code, answer.json()["run_id"]) == (202, "run-1")
    assert answer.json()["message"] == "the run has not ended within 1 s"


def test_dagster_may_go_away_while_a_caller_waits(client: httpx.Client, dagster: StandIn) -> None:
    """The run that was started is waited for; what cannot be found out is 202, not an error."""

    def go(_run: str) -> None:
        dagster.broken = True

    dagster.on_launch = go
    answer = client.post(f"{HOOKS}?wait=true&timeout=2")
    assert (answer.status_code, answer.json()["run_id"]) == (202, "run-1")


def test_others_are_answered_while_a_hundred_wait(client: httpx.Client, dagster: StandIn) -> None:
    """Waiting takes no thread, and all of them are answered by one run's end."""
    answers: list[int] = []

    def wait() -> None:
        answer = client.post(f"{HOOKS}?wait=true&timeout=300")
        answers.append(answer.status_code)

    callers = [threading.Thread(target=wait) for _ in range(100)]
    for caller in callers:
        caller.start()
    eventually(lambda: "Status" in dagster.asked)
    assert client.get("/healthz").status_code == 200
    assert client.get("/functions/v1/orchestrator-v2?action=status").status_code == 200
    assert answers == []
    dagster.end("run-1")
    for caller in callers:
        caller.join()
    assert answers == [200] * 100
    assert len(dagster.runs) == 1


@pytest.mark.parametrize(
    "query", ["wait=maybe", "wait=", "timeout=0", "timeout=301", "timeout=-1", "timeout=\u0665"]
)
def test_bad_parameters_start_nothing(client: httpx.Client, dagster: StandIn, query: str) -> None:
    """400 names the parameter."""
    answer = client.post(f"{HOOKS}?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_parameter")
    assert query.partition("=")[0] in answer.json()["error"]
    assert dagster.asked == []
