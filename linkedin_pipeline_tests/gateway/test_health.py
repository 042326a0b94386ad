"""``/healthz``."""

from __future__ import annotations

from dataclasses import replace

import httpx
import psycopg
import pytest

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.gateway.serving import serving
from linkedin_pipeline.settings import Settings
from linkedin_pipeline_tests.gateway.conftest import beat

NOWHERE = "postgresql://me:hunter2@127.0.0.1:9/bank"


def health(settings: Settings, database: Database) -> httpx.Response:
    """Ask a gateway of its own for its health, without a secret."""
    with serving(settings, database) as url:
        return httpx.get(f"{url}/healthz", timeout=120, trust_env=False)


def test_all_is_well(url: str) -> None:
    """200 to everybody, while the database answers and the daemon's heart beats."""
    answer = httpx.get(f"{url}/healthz", trust_env=False)
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "database": "ok", "daemon": "running"}
    assert httpx.head(f"{url}/healthz", trust_env=False).status_code == 200


def test_a_silent_daemon_is_told(settings: Settings, database: Database) -> None:
    """503 with the age of the last heart-beat."""
    assert settings.dagster_database_url is not None
    beat(settings.dagster_database_url, 100)
    assert health(settings, database).status_code == 200
    beat(settings.dagster_database_url, 600)
    answer = health(settings, database)
    assert answer.status_code == 503
    assert "daemon: its last heart-beat is 60" in answer.json()["error"]
    with psycopg.connect(settings.dagster_database_url, autocommit=True) as connection:
        connection.execute("drop table daemon_heartbeats")
    assert "never run" in health(settings, database).json()["error"]


def test_dagsters_database_that_does_not_answer_is_told(
    settings: Settings, database: Database
) -> None:
    """503, and no password in the reason."""
    answer = health(replace(settings, dagster_database_url=NOWHERE), database)
    assert answer.status_code == 503
    assert "Dagster's database did not answer" in answer.json()["error"]
    assert "hunter2" not in answer.text


def test_a_database_that_does_not_answer_is_told(settings: Settings) -> None:
    """503, and so do the routes that need it; no password in the reason."""
    with Database(NOWHERE, patience=0.2) as gone, serving(settings, gone) as url:
        answer = httpx.get(f"{url}/healthz", timeout=120, trust_env=False)
        assert (answer.status_code, answer.json()["code"]) == (503, "unhealthy")
        assert "Connection refused" in answer.json()["error"]
        secret = {"X-Scheduler-Secret": str(settings.scheduler_secret)}
        for method, path in (
            ("GET", "orchestrator-v2?action=status"),
            ("GET", "orchestrator-v2?action=disable-all"),
            ("POST", "worker-extract-hooks-v2"),
        ):
            answer = httpx.request(
                method, f"{url}/functions/v1/{path}", headers=secret, timeout=120, trust_env=False
            )
            assert (answer.status_code, answer.json()["code"]) == (503, "database_down")
            assert "hunter2" not in answer.text


@pytest.mark.parametrize("route", ["/healthz", "/functions/v1/orchestrator-v2?action=status"])
def test_a_database_that_is_behind_is_told(
    settings: Settings, empty_database_url: str, route: str
) -> None:
    """503 with the command that mends it."""
    with Database(empty_database_url, patience=1) as empty, serving(settings, empty) as url:
        secret = {"X-Scheduler-Secret": str(settings.scheduler_secret)}
        answer = httpx.get(url + route, headers=secret, timeout=120, trust_env=False)
    assert answer.status_code == 503
    assert "linkedin-pipeline db migrate" in answer.json()["error"]
