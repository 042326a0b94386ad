"""Drains in processes of their own, killed and stopped by real signals, over a real database."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import psycopg

from linkedin_pipeline.database import server
from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.log import PostgresWorkLog
from linkedin_pipeline.database.migrate import migrate
from linkedin_pipeline.database.queue import PostgresWorkQueue
from linkedin_pipeline.database.server import APPLICATION_DATABASE
from linkedin_pipeline.domain.work import Outcome
from linkedin_pipeline.workers.engine import Limits, drain
from linkedin_pipeline.workers.report import DrainReport
from linkedin_pipeline_tests.database.homes import homes, kill, start
from linkedin_pipeline_tests.end_to_end.draining import (
    BATCH_SIZE,
    IN_FLIGHT,
    JournalWorker,
    RealClock,
    drain_hooks,
)
from linkedin_pipeline_tests.waiting import eventually

Connection = psycopg.Connection[Any]
DAY = date(2025, 3, 3)
LEASE = 1.0


def add_posts(connection: Connection, *texts: str) -> None:
    """Add posts in one transaction."""
    connection.execute(
        "insert into viral_posts_bank (content, created_at) select t, %s from unnest(%s::text[]) t",
        (DAY, list(texts)),
    )


def hooks(connection: Connection) -> list[tuple[Any, ...]]:
    """Read what is written on every post."""
    return connection.execute(
        "select id, content, hook, needs_hook_extraction, updated_at from viral_posts_bank"
    ).fetchall()


def count(connection: Connection, condition: str) -> int:
    """Count the hook work for which a condition holds."""
    row = connection.execute(
        b"select count(*) from post_work where stage = 'hooks' and " + condition.encode()
    ).fetchone()
    assert row is not None
    return int(row[0])


def decided(journal: Path) -> Counter[str]:
    """Count how often each post was decided."""
    return Counter(journal.read_text().split()) if journal.exists() else Counter()


@contextmanager
def draining(url: str, journal: Path, **options: object) -> Iterator[subprocess.Popen[str]]:
    """Start a process that drains; it is gone afterwards, whatever happens."""
    command = [sys.executable, "-m", "linkedin_pipeline_tests.end_to_end.draining"]
    process = subprocess.Popen(
        [*command, url, str(journal), json.dumps({"lease": LEASE, **options})],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def finish(url: str, connection: Connection, worker: JournalWorker) -> None:
    """Drain until nothing is left, waiting for leases to end."""

    def over() -> bool:
        drain_hooks(url, worker, lease=30)
        return count(connection, "true") == 0

    eventually(over)


def test_a_killed_drain_loses_nothing(
    database_url: str, connection: Connection, tmp_path: Path
) -> None:
    """SIGKILL in the middle: the next drain finishes, and little is decided twice."""
    add_posts(connection, *(f"post {n}" for n in range(40)))
    journal = tmp_path / "journal"
    in_hand = BATCH_SIZE * IN_FLIGHT
    with draining(database_url, journal, hold_after=in_hand) as process:
        eventually(lambda: decided(journal).total() == 2 * in_hand)
        eventually(lambda: count(connection, "true") == 40 - in_hand)
        process.send_signal(signal.SIGKILL)
        assert process.wait(60) == -signal.SIGKILL
    assert count(connection, "token is not null") == in_hand
    finish(database_url, connection, JournalWorker("second", journal))
    rows = hooks(connection)
    assert {(content, hook.partition(": ")[2], wanted) for _, content, hook, wanted, _ in rows} == {
        (f"post {n}", f"post {n}", False) for n in range(40)
    }
    times = decided(journal)
    assert len(times) == 40
    assert sum(number - 1 for number in times.values()) == in_hand
    assert Counter(hook.partition(":")[0] for _, _, hook, _, _ in rows) == {
        "first": in_hand,
        "second": 40 - in_hand,
    }


def test_a_stopped_drain_changes_nothing_when_it_wakes(
    database_url: str, connection: Connection, tmp_path: Path
) -> None:
    """SIGSTOP past its leases, SIGCONT after others took over: all it decided is stale."""
    in_hand = BATCH_SIZE * IN_FLIGHT
    add_posts(connection, *(f"post {n}" for n in range(in_hand)))
    journal = tmp_path / "journal"
    with draining(database_url, journal, hold_after=0) as process:
        eventually(lambda: decided(journal).total() == in_hand)
        process.send_signal(signal.SIGSTOP)
        finish(database_url, connection, JournalWorker("second", journal))
        before = hooks(connection)
        assert {hook.partition(":")[0] for _, _, hook, _, _ in before} == {"second"}
        journal.with_suffix(".go").touch()
        process.send_signal(signal.SIGCONT)
        output, _ = process.communicate(timeout=60)
        assert process.returncode == 0
    assert json.loads(output) == {"done": 0, "retried": 0, "rejected": 0, "stale": in_hand}
    assert hooks(connection) == before
    assert count(connection, "true") == 0


def test_a_post_that_kills_its_workers_takes_nobody_along(
    database_url: str, connection: Connection, tmp_path: Path
) -> None:
    """After five deaths it is a dead letter; every other post is done, though some died with it."""
    others = [f"post {n}" for n in range(12)]
    add_posts(connection, *others[:6], "killer", *others[6:])
    journal = tmp_path / "journal"
    deaths = 0
    while count(connection, "true"):
        eventually(lambda: count(connection, "lease_until < now() or token is null") > 0)
        with draining(database_url, journal) as process:
            process.wait(60)
            assert process.returncode in (0, -signal.SIGKILL)
            deaths += process.returncode != 0
        assert deaths < 10
    assert deaths == 5
    letters = connection.execute(
        "select b.content, e.error_code "
        "from ai_errors e join viral_posts_bank b on b.id = e.post_id"
    ).fetchall()
    assert letters == [("killer", "worker_died")]
    assert {(content, hook) for _, content, hook, _, _ in hooks(connection)} == {
        *((text, f"first: {text}") for text in others),
        ("killer", None),
    }


def test_a_drain_outlives_its_database(tmp_path: Path) -> None:
    """The server is killed between two batches, and again: the drain recovers it and finishes."""
    with homes() as directory:
        home = directory / "server"
        url = start(home).url(APPLICATION_DATABASE)
        migrate(url)
        with psycopg.connect(url, autocommit=True) as session:
            add_posts(session, *(f"post {n}" for n in range(20)))

        def recover() -> str | None:
            found = server.recover(home)
            return None if found is None else found.url(APPLICATION_DATABASE)

        def on_batch(report: DrainReport) -> None:
            if report.totals()[Outcome.DONE] in (5, 15):
                kill(home)

        with Database(url, recover=recover) as database:
            report = drain(
                JournalWorker("only", tmp_path / "journal"),
                PostgresWorkQueue(database),
                PostgresWorkLog(database),
                RealClock(),
                limits=Limits(batch_size=5),
                on_batch=on_batch,
            )
            rows = database.run(hooks)
            logs = database.run(
                lambda c: c.execute("select status from task_execution_logs_v2").fetchall()
            )
    assert report.totals()[Outcome.DONE] == 20
    assert {(content, hook) for _, content, hook, _, _ in rows} == {
        (f"post {n}", f"only: post {n}") for n in range(20)
    }
    assert logs == [("completed",)]
