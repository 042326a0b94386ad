"""The counts behind the operator's page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.status import (
    BankCounts,
    DeadLetters,
    ModelCount,
    ProfileCounts,
    bank_counts,
    dead_letters,
    drains_of,
    last_drains,
    missing_schema,
    model_counts,
    profile_counts,
    switches,
    work_left,
)
from linkedin_pipeline.domain.work import Stage
from linkedin_pipeline_tests.sql.bank import (
    MODEL,
    OVER,
    add_finished_post,
    add_post,
    claim,
    reject,
    retry,
    vector,
)

Connection = psycopg.Connection[Any]


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Give a migrated database of the test's own."""
    with Database(database_url) as opened:
        yield opened


def test_an_empty_bank_has_nothing_of_anything(database: Database) -> None:
    """Every count works before the first post."""
    assert (work_left(database), dead_letters(database), last_drains(database)) == ({}, [], [])
    assert bank_counts(database) == BankCounts(0, 0, 0, 0, 0, 0, 0)
    assert profile_counts(database, 5) == ProfileCounts(0, 0, 0)
    assert model_counts(database) == []


def test_work_is_due_waiting_or_taken(database: Database, connection: Connection) -> None:
    """Each flagged post is counted once, by what becomes of it next."""
    before = datetime.now(UTC)
    for number in range(5):
        add_post(connection, f"Post {number}.")
    claim(connection, limit=1)
    retry(connection, claim(connection, limit=2), delay=timedelta(minutes=5))
    claim(connection, limit=1, lease=OVER)
    work = work_left(database)[Stage.HOOKS]
    assert (work.pending, work.waiting, work.leased) == (5, 2, 1)
    assert work.oldest_due is not None
    assert before - timedelta(minutes=1) < work.oldest_due <= datetime.now(UTC)
    assert work.next_in is not None
    assert 0 < work.next_in <= 60  # the lease ends before the retry is due
    assert list(work_left(database)) == [stage for stage in Stage if stage in work_left(database)]


def test_work_that_is_not_due_has_no_oldest(database: Database, connection: Connection) -> None:
    """When everything waits, nothing is overdue, and it is known when more will be due."""
    add_post(connection)
    retry(connection, claim(connection), delay=timedelta(minutes=5))
    work = work_left(database)[Stage.HOOKS]
    assert work.oldest_due is None
    assert work.next_in == pytest.approx(300, abs=60)


def test_dead_letters_are_grouped_by_reason(database: Database, connection: Connection) -> None:
    """Resolved ones and incidents that belong to no post are left out."""
    for number in range(3):
        add_post(connection, f"Post {number}.")
    for stage in (Stage.EMBEDDINGS, Stage.HOOKS):
        reject(connection, claim(connection, stage), stage)
    connection.execute("update viral_posts_bank set needs_embedding = true where content ~ '0'")
    connection.execute(
        "insert into ai_errors (function_name, error_code, error_message) values ('x', 'y', 'z')"
    )
    assert dead_letters(database) == [
        DeadLetters(Stage.HOOKS, "no_words", 3, "No words in it."),
        DeadLetters(Stage.EMBEDDINGS, "no_words", 2, "No words in it."),
    ]


def test_the_bank_is_counted_by_value(database: Database, connection: Connection) -> None:
    """Posts, authors and each derived value."""
    author = connection.execute(
        "insert into profiles (full_name) values ('Ada') returning id"
    ).fetchone()
    assert author is not None
    add_finished_post(connection)
    add_post(connection, author_id=author[0], hook="Only a hook.")
    assert bank_counts(database) == BankCounts(
        posts=2, authors=1, hooks=2, embeddings=1, hook_types=1, topics=1, audiences=1
    )


def test_profiles_with_posts_enough_are_due(database: Database, connection: Connection) -> None:
    """A first style is due from the given number of posts on."""
    for name, style in (("Ada", None), ("Grace", "Write plainly.")):
        row = connection.execute(
            "insert into profiles (full_name, writing_style_prompt) values (%s, %s) returning id",
            (name, style),
        ).fetchone()
        assert row is not None
        for _ in range(2):
            add_post(connection, author_id=row[0], hook="Hook.")
    connection.execute("update post_work set due_at = now() - interval '1 hour'")
    assert profile_counts(database, 2) == ProfileCounts(profiles=2, styles=1, due=1)
    assert profile_counts(database, 3) == ProfileCounts(profiles=2, styles=1, due=0)


def test_vectors_are_counted_by_model(database: Database, connection: Connection) -> None:
    """The first model serves, a second is being built."""
    for model in (MODEL, MODEL, "test:two"):
        add_post(connection, embedding=vector(1), embedding_model=model)
    assert model_counts(database) == [
        ModelCount(MODEL, "serving", 2),
        ModelCount("test:two", "building", 1),
    ]


def test_all_nine_switches_are_there(database: Database) -> None:
    """Every worker has a switch with a description, and all are on at first."""
    found = switches(database)
    assert len(found) == 9
    assert all(switch.on and switch.description for switch in found)


def log(connection: Connection, worker: str, status: str, minutes: int, run: str = "r") -> None:
    """Add a drain that began, and was last heard of, so many minutes ago."""
    connection.execute(
        "insert into task_execution_logs_v2 "
        "(worker_name, status, started_at, heartbeat_at, results, dagster_run_id) "
        "values (%s, %s, now() - %s, now() - %s, '{\"done\": 3}', %s)",
        (worker, status, timedelta(minutes=minutes), timedelta(minutes=minutes), run),
    )


def test_the_last_drain_of_each_worker(database: Database, connection: Connection) -> None:
    """Older drains are left out; one that is running but silent is dead."""
    log(connection, "worker_extract_hooks_v2", "failed", 9)
    log(connection, "worker_extract_hooks_v2", "completed", 1)
    log(connection, "worker_generate_embeddings_v2", "running", 5)
    log(connection, "worker_classify_topics_v2", "running", 0)
    found = {drain.worker: drain for drain in last_drains(database)}
    assert {worker: (one.status, one.is_dead) for worker, one in found.items()} == {
        "worker_extract_hooks_v2": ("completed", False),
        "worker_generate_embeddings_v2": ("running", True),
        "worker_classify_topics_v2": ("running", False),
    }
    assert found["worker_extract_hooks_v2"].age == pytest.approx(60, abs=30)
    assert found["worker_extract_hooks_v2"].results == {"done": 3}


def test_a_log_of_sql_lives_for_six_hours(database: Database, connection: Connection) -> None:
    """Without a heart-beat the silence begins with the start, and more of it is borne."""
    for worker, minutes in (("sync_profiles", 359), ("publish_scheduled", 361)):
        [log] = connection.execute("select log_worker_start(%s)", [worker]).fetchall()
        connection.execute(
            "update task_execution_logs_v2 set started_at = now() - %s where id = %s",
            (timedelta(minutes=minutes), *log),
        )
    found = {drain.worker: drain for drain in last_drains(database)}
    assert {worker: one.is_dead for worker, one in found.items()} == {
        "sync_profiles": False,
        "publish_scheduled": True,
    }
    assert found["sync_profiles"].silence == pytest.approx(found["sync_profiles"].age)


def test_drains_of_a_run(database: Database, connection: Connection) -> None:
    """Only the drains that the runs made, oldest first."""
    log(connection, "worker_generate_embeddings_v2", "completed", 1, "mine")
    log(connection, "worker_extract_hooks_v2", "completed", 2, "mine")
    log(connection, "worker_extract_hooks_v2", "completed", 3, "another")
    assert [worker for worker, _ in drains_of(database, ["mine"])] == [
        "worker_extract_hooks_v2",
        "worker_generate_embeddings_v2",
    ]


def test_a_schema_that_is_behind_names_what_it_lacks(
    database: Database, empty_database_url: str
) -> None:
    """A migrated database lacks nothing, an empty one everything."""
    assert missing_schema(database) == ()
    with Database(empty_database_url) as empty:
        assert "0001_bank" in missing_schema(empty)[0]
