"""The routes that start jobs."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import psycopg
import pytest
from psycopg.rows import TupleRow

from linkedin_pipeline.gateway.doors import DOORS, Door
from linkedin_pipeline_tests.gateway.standin import StandIn
from linkedin_pipeline_tests.gateway.wire import HOOKS
from linkedin_pipeline_tests.sql.bank import add_post

Connection = psycopg.Connection[TupleRow]
SWITCH = "update worker_feature_flags_v2 set is_enabled = %s where worker_name = any (%s)"


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
def test_every_door_starts_its_job(client: httpx.Client, dagster: StandIn, door: Door) -> None:
    """202 with the run's id; a worker's door selects its asset alone."""
    answer = client.post(door.path)
    assert answer.status_code == 202
    run = answer.json()["run_id"]
    assert answer.json() == {
        "success": True,
        "worker": door.worker,
        "run_id": run,
        "message": "started",
    }
    known = dagster.runs[run]
    assert known["job"] == door.job
    assert known["assets"] == ([str(door.stage)] if door.stage else [])
    assert door.tags.items() <= known["tags"].items()


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
def test_a_disabled_worker_does_nothing(
    client: httpx.Client, dagster: StandIn, connection: Connection, door: Door
) -> None:
    """200 says so, as older callers expect it, and Dagster is not even asked."""
    connection.execute(SWITCH, (False, list(door.switches)))
    for query in ("", "?wait=true"):
        answer = client.post(door.path + query)
        assert (answer.status_code, answer.json()) == (
            200,
            {"success": True, "skipped": "disabled"},
        )
    assert dagster.asked == []


def test_the_run_covers_the_newest_days_with_work(
    client: httpx.Client, dagster: StandIn, connection: Connection
) -> None:
    """At most 31 days up to the newest with work; without any, yesterday and today."""

    def days(run: str) -> tuple[str, str]:
        tags = dagster.runs[run]["tags"]
        prefix = "dagster/asset_partition_range"
        return tags[f"{prefix}_start"], tags[f"{prefix}_end"]

    today = datetime.now(UTC).date()
    run = client.post(HOOKS).json()["run_id"]
    assert days(run)[1] >= today.isoformat()
    dagster.end(run)
    for created in ("2024-03-01", "2024-05-20", "2024-06-10"):
        add_post(connection, created_at=created)
    run = client.post(HOOKS).json()["run_id"]
    assert days(run) == ("2024-05-11", "2024-06-10")


def test_dagster_that_is_down_is_said(
    client: httpx.Client, dagster: StandIn, connection: Connection
) -> None:
    """503 with the reason; status and switches still answer, and a disabled worker says so."""
    dagster.broken = True
    answer = client.post(HOOKS)
    assert (answer.status_code, answer.json()["code"]) == (503, "dagster_down")
    assert "502" in answer.json()["error"]
    for action in ("status", "pending", "logs", "disable&worker=worker-extract-hooks-v2"):
        path = f"/functions/v1/orchestrator-v2?action={action}"
        assert client.get(path).status_code == 200, action
    assert client.post(HOOKS).json() == {"success": True, "skipped": "disabled"}


def test_a_job_that_the_code_location_lacks_is_said(client: httpx.Client, dagster: StandIn) -> None:
    """503 names the job; when it has come it starts, without a restart of the gateway."""
    dagster.jobs.remove("profile_sync")
    path = "/functions/v1/sync-profiles"
    answer = client.post(path)
    assert (answer.status_code, answer.json()["code"]) == (503, "job_missing")
    assert "'profile_sync'" in answer.json()["error"]
    dagster.jobs.add("profile_sync")
    assert client.post(path).status_code == 202


def test_the_code_location_is_found_once_and_again_when_it_moves(
    client: httpx.Client, dagster: StandIn
) -> None:
    """Its name is asked for once, and once more after it has changed."""
    for _ in range(2):
        dagster.end(client.post(HOOKS).json()["run_id"])
    assert dagster.asked.count("Locations") == 1
    dagster.location = "moved"
    assert client.post(HOOKS).status_code == 202
    assert dagster.asked.count("Locations") == 2


def test_a_code_location_that_is_not_loaded_is_said(client: httpx.Client, dagster: StandIn) -> None:
    """503 tells where to look."""
    dagster.jobs.clear()
    answer = client.post(HOOKS)
    assert (answer.status_code, answer.json()["code"]) == (503, "job_missing")
    assert "deployment page" in answer.json()["error"]
