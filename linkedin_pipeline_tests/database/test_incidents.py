"""Failed runs and silent drains, kept where people look."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.incidents import (
    HEART_BEAT_STOPPED,
    NEVER_ENDED,
    FailedRun,
    close_silent_logs,
    record_runs,
    unrecorded,
)
from linkedin_pipeline_tests.sql.bank import rows, value

Connection = psycopg.Connection[Any]

ENDED = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Give a migrated database of the test's own."""
    with Database(database_url) as opened:
        yield opened


def failed(run_id: str) -> FailedRun:
    """Return a failed run of some job."""
    return FailedRun(run_id, "enrichment", "run_failed", "KeyError", {"lane": "fresh"}, ENDED)


def test_a_run_is_recorded_once(database: Database, connection: Connection) -> None:
    """Its row says job, reason, run and time; a repeat adds nothing and changes nothing."""
    assert record_runs(database, [failed("run 1")]) == 1
    connection.execute("update ai_errors set is_resolved = true")
    assert record_runs(database, [failed("run 1"), failed("run 2")]) == 1
    assert rows(
        connection,
        "select function_name, error_code, error_message, metadata, is_resolved, created_at "
        "from ai_errors order by metadata ->> 'dagster_run_id' limit 1",
    ) == [
        (
            *("enrichment", "run_failed", "KeyError"),
            {"lane": "fresh", "dagster_run_id": "run 1"},
            *(True, ENDED),
        )
    ]


def test_recorders_side_by_side_make_one_row(database: Database, connection: Connection) -> None:
    """Two sensors that meet the same runs at the same moment do not double them."""
    runs = [failed(f"run {number}") for number in range(20)]
    with ThreadPoolExecutor(4) as threads:
        new = list(threads.map(lambda _: record_runs(database, runs), range(4)))
    assert sum(new) == 20
    assert value(connection, "select count(*) from ai_errors") == 20


def test_known_runs_are_told_from_new_ones(database: Database) -> None:
    """The new ones come back in their order."""
    record_runs(database, [failed("run 2")])
    assert unrecorded(database, ["run 3", "run 2", "run 1"]) == ["run 3", "run 1"]
    assert unrecorded(database, []) == []


def test_a_silent_log_is_closed(database: Database, connection: Connection) -> None:
    """Two minutes without a beat end it; what beats, and what has ended, stays as it is."""
    connection.execute(
        "insert into task_execution_logs_v2 (worker_name, status, started_at, heartbeat_at) "
        "select 'w', s, now() - interval '10 minutes', now() - beat "
        "from unnest(array['running', 'running', 'completed'], "
        "array['3 minutes', '0 minutes', '9 minutes']::interval[]) as t (s, beat)"
    )
    assert close_silent_logs(database) == 1
    assert close_silent_logs(database) == 0
    assert rows(
        connection,
        "select status, error_message, completed_at > now() - interval '1 minute', duration_ms "
        "from task_execution_logs_v2 order by heartbeat_at",
    ) == [
        ("completed", None, None, None),
        ("failed", HEART_BEAT_STOPPED, True, 420_000),
        ("running", None, None, None),
    ]


def test_a_log_of_sql_is_closed_after_six_hours(database: Database, connection: Connection) -> None:
    """Whoever opened it by log_worker_start does not beat; how long it took is not known."""
    for hours in (7, 5):
        log = value(connection, "select log_worker_start('sync-profiles')")
        connection.execute(
            "update task_execution_logs_v2 set started_at = now() - %s * interval '1 hour' "
            "where id = %s",
            (hours, log),
        )
    assert close_silent_logs(database) == 1
    assert rows(
        connection,
        "select status, error_message, duration_ms from task_execution_logs_v2 order by started_at",
    ) == [("failed", NEVER_ENDED, None), ("running", None, None)]
