"""Logs of workers that know only SQL: opened, ended once, and cleared away when they are old."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.incidents import close_silent_logs
from linkedin_pipeline_tests.sql.bank import Connection, rows, value
from linkedin_pipeline_tests.sql.people import at_once, refusal

START = "select log_worker_start(worker_name => %s)"
END = "select log_worker_end(log_id => %s, status => %s)"


def start(connection: Connection, worker: str = "sync_profiles") -> UUID:
    """Open a log and return its id."""
    log: UUID = value(connection, START, worker)
    return log


def read(connection: Connection, log: UUID, columns: str) -> tuple[Any, ...]:
    """Return columns of one log."""
    statement = f"select {columns} from task_execution_logs_v2 where id = %s"
    [row] = connection.execute(statement.encode(), [log]).fetchall()
    return tuple(row)


@pytest.mark.parametrize(
    "name", ["worker_extract_hooks_v2", "worker-extract-hooks-v2", "worker-extract_hooks-v2"]
)
def test_a_log_is_opened(connection: Connection, name: str) -> None:
    """It runs under the worker's own name, - and _ being alike, and does not beat."""
    log = start(connection, name)
    assert read(connection, log, "worker_name, status, heartbeat_at, completed_at") == (
        *("worker_extract_hooks_v2", "running"),
        *(None, None),
    )


@pytest.mark.parametrize("name", ["worker_make_coffee", "", None])
def test_an_unknown_worker(connection: Connection, name: str | None) -> None:
    """A worker that does not exist is refused; the hint lists those that do."""
    code, message, hint = refusal(connection, START, name)
    assert (code, message) == ("LP055", f"worker {'null' if name is None else name}: unknown")
    assert "publish_company_pages, publish_scheduled, sync_profiles" in hint
    assert value(connection, "select count(*) from task_execution_logs_v2") == 0


def test_a_log_is_ended(connection: Connection) -> None:
    """It says how it went, how long it took and what it counted."""
    log = start(connection)
    connection.execute(
        "update task_execution_logs_v2 set started_at = started_at - interval '90 s'"
    )
    connection.execute(
        "select log_worker_end(log_id => %s, status => 'failed', items_processed => 7, "
        "items_found => 12, items_failed => 3, results => '{\"pages\": 2}', "
        "error_message => 'The provider is out.')",
        [log],
    )
    assert read(
        connection,
        log,
        "status, items_processed, items_found, items_failed, results, error_message, "
        "completed_at - started_at >= '90 s', duration_ms between 90000 and 300000",
    ) == ("failed", 7, 12, 3, {"pages": 2}, "The provider is out.", True, True)


def test_what_may_be_left_out(connection: Connection) -> None:
    """Two arguments are enough; what was found is then what was processed and failed."""
    log = start(connection)
    connection.execute(END, [log, "completed"])
    columns = "status, items_found, items_processed, items_failed, results, error_message"
    assert read(connection, log, columns) == ("completed", 0, 0, 0, {}, None)
    log = start(connection)
    connection.execute(
        "select log_worker_end(%s, 'completed', 5, items_failed => 2, results => null)", [log]
    )
    assert read(connection, log, columns) == ("completed", 7, 5, 2, {}, None)


def test_the_first_end_stays(connection: Connection, database_url: str) -> None:
    """Of many ends at once one is kept whole; the others are told so and change nothing."""
    log = start(connection)
    said: list[str] = []

    def end(mine: Connection) -> None:
        mine.add_notice_handler(lambda notice: said.append(notice.message_primary or ""))
        number = mine.info.backend_pid
        mine.execute("select log_worker_end(%s, 'completed', %s, %s)", [log, number, number])

    at_once(database_url, 8, end)
    assert said == [f"log {log}: it has ended already, what it says stays"] * 7
    before = read(connection, log, "*, items_processed = items_found")
    assert before[-1] is True
    connection.execute(END, [log, "failed"])
    assert read(connection, log, "*, items_processed = items_found") == before


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ("status => 'running'", "LP057", "status: 'running'"),
        ("status => null", "LP057", "status: null"),
        ("status => 'completed', items_processed => -1", "LP058", "items_processed: -1"),
        ("status => 'completed', items_processed => null", "LP058", "items_processed: null"),
        ("status => 'completed', items_found => -2", "LP058", "items_found: -2"),
        ("status => 'completed', items_failed => -3", "LP058", "items_failed: -3"),
    ],
)
def test_wrong_ends(connection: Connection, arguments: str, code: str, said: str) -> None:
    """Another status and negative counts are refused, and the log stays open."""
    log = start(connection)
    found = refusal(connection, f"select log_worker_end(log_id => %s, {arguments})", log)
    assert found[:2] == (code, said)
    assert found[2]
    assert read(connection, log, "status") == ("running",)


@pytest.mark.parametrize("log", [UUID(int=0), None])
def test_an_unknown_log(connection: Connection, log: UUID | None) -> None:
    """An id that no log has is refused."""
    code, message, hint = refusal(connection, END, log, "completed")
    assert (code, message) == ("LP056", f"log {log or 'null'}: unknown")
    assert "log_worker_start" in hint


@pytest.mark.parametrize("beats", [False, True])
def test_who_was_taken_for_dead_may_still_end(
    connection: Connection, database_url: str, *, beats: bool
) -> None:
    """A log that was closed for its silence says in the end what its worker said, once."""
    log = start(connection)
    connection.execute(
        "update task_execution_logs_v2 set started_at = now() - interval '7 hours', "
        "heartbeat_at = case when %s then now() - interval '3 minutes' end",
        [beats],
    )
    with Database(database_url) as database:
        assert close_silent_logs(database) == 1
    assert read(connection, log, "status") == ("failed",)
    connection.execute(END, [log, "completed"])
    assert read(connection, log, "status, error_message") == ("completed", None)
    connection.execute(END, [log, "failed"])
    assert read(connection, log, "status") == ("completed",)


def test_old_logs_are_cleared_away(connection: Connection) -> None:
    """Logs that ended more than 30 days ago go; running ones stay, however old."""
    old, young = timedelta(days=30, minutes=1), timedelta(days=29, hours=23)
    kept = []
    for name, status, started, ended in (
        ("old", "completed", old, old),
        ("old failure", "failed", old, old),
        ("no end", "completed", old, None),
        ("kept: ended lately", "completed", old, young),
        ("kept: young", "failed", young, young),
        ("kept: running", "running", timedelta(days=400), None),
    ):
        connection.execute(
            "insert into task_execution_logs_v2 (worker_name, status, started_at, completed_at) "
            "values (%s, %s, now() - %s::interval, now() - %s::interval)",
            (name, status, started, ended),
        )
        kept += [name] if name.startswith("kept") else []
    assert value(connection, "select cleanup_old_worker_logs_v2()") == 3
    left = rows(connection, "select worker_name from task_execution_logs_v2 order by 1")
    assert [name for (name,) in left] == sorted(kept)
    assert value(connection, "select cleanup_old_worker_logs_v2()") == 0
