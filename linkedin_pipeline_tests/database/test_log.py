"""The log of drains, as rows that people and checks read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.log import PostgresWorkLog
from linkedin_pipeline.domain.work import Outcome, Stage

Row = Callable[[], dict[str, Any]]
COUNTS = {Outcome.DONE: 5, Outcome.RETRIED: 2, Outcome.REJECTED: 1, Outcome.STALE: 4}


@pytest.fixture
def log(database_url: str) -> Iterator[PostgresWorkLog]:
    """Give the log."""
    with Database(database_url) as database:
        yield PostgresWorkLog(database)


@pytest.fixture
def row(connection: psycopg.Connection[Any]) -> Row:
    """Give a function that reads the one row that there is."""

    def read() -> dict[str, Any]:
        with connection.cursor(row_factory=dict_row) as cursor:
            (only,) = cursor.execute("select * from task_execution_logs_v2").fetchall()
        return only

    return read


def test_a_drain_that_runs_has_a_running_row(log: PostgresWorkLog, row: Row) -> None:
    """The row has the worker's name and the run, and no end."""
    opened = log.start(Stage.EMBEDDINGS.worker, "run 7")
    assert row()["id"] == opened
    assert row()["worker_name"] == "worker_generate_embeddings_v2"
    assert row()["dagster_run_id"] == "run 7"
    assert (row()["status"], row()["completed_at"]) == ("running", None)


def test_a_beat_moves_the_heart_beat_alone(log: PostgresWorkLog, row: Row) -> None:
    """A sign of life changes when the drain was last alive, and nothing else."""
    opened = log.start(Stage.HOOKS.worker, None)
    before = row()
    log.beat(opened)
    after = row()
    assert after.pop("heartbeat_at") > before.pop("heartbeat_at")
    assert after == before


def test_a_finished_drain_is_completed_with_its_counts(log: PostgresWorkLog, row: Row) -> None:
    """Found is every claim, processed is what is done, failed is what was put back or given up."""
    log.finish(
        log.start(Stage.HOOKS.worker, None), COUNTS, {"stop": "nothing due", "seconds": 1.5}, None
    )
    read = row()
    assert (read["status"], read["error_message"]) == ("completed", None)
    assert (read["items_found"], read["items_processed"], read["items_failed"]) == (12, 5, 3)
    assert read["results"] == {"stop": "nothing due", "seconds": 1.5}
    assert read["completed_at"] >= read["started_at"]
    assert read["duration_ms"] >= 0


def test_a_drain_with_an_error_has_failed(log: PostgresWorkLog, row: Row) -> None:
    """The error is kept, with what was done until then."""
    log.finish(log.start(Stage.HOOKS.worker, None), COUNTS, {}, "ValueError at somewhere:7")
    read = row()
    assert (read["status"], read["error_message"]) == ("failed", "ValueError at somewhere:7")
    assert read["items_processed"] == 5
