"""What the health checks read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from linkedin_pipeline.database import health
from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.health import DeadLetterCount, LabelMix
from linkedin_pipeline.database.incidents import close_silent_logs
from linkedin_pipeline.database.queries import query
from linkedin_pipeline.domain.work import Stage
from linkedin_pipeline_tests.sql.bank import (
    FLAGS,
    OVER,
    add_finished_post,
    add_post,
    change,
    claim,
    claim_one,
    days_ago,
    reject,
    value,
)

Connection = psycopg.Connection[Any]
TOPICS = Stage.TOPIC_CLASSIFICATIONS
TAXONOMY = {"hook_types": "hook_type_id", "topics": "topic_id", "audiences": "audience_id"}


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Give a migrated database of the test's own."""
    with Database(database_url) as opened:
        yield opened


def late(connection: Connection, minutes: int) -> None:
    """Make all work due since so many minutes."""
    connection.execute(
        "update post_work set due_at = now() - make_interval(mins => %s)", (minutes,)
    )


def overdue(database: Database, *stages: Stage) -> dict[Stage, int]:
    """Return the overdue posts of each stage."""
    return {work.stage: work.posts for work in health.overdue(database, stages or list(Stage))}


def test_work_is_overdue_after_fifteen_minutes(database: Database, connection: Connection) -> None:
    """Each stage that was asked about is counted over all days, with the age of the oldest."""
    for days in (0, 3, 400):
        add_post(connection, created_at=days_ago(days))
    late(connection, 9)
    assert overdue(database) == {}
    late(connection, 20)
    connection.execute(
        "update post_work set due_at = now() - interval '3 hours' "
        "where stage = 'hooks' and day = (select max(day) from post_work)"
    )
    [hooks, embeddings] = health.overdue(database, [Stage.HOOKS, Stage.EMBEDDINGS])
    assert (hooks.stage, hooks.enabled, hooks.posts) == (Stage.HOOKS, True, 3)
    assert 180 <= hooks.oldest_minutes < 240
    assert embeddings.posts == 3
    assert 20 <= embeddings.oldest_minutes < 60


def test_claimed_work_is_not_overdue(database: Database, connection: Connection) -> None:
    """Somebody works on it; a claim whose lease ended counts as free."""
    add_post(connection)
    late(connection, 20)
    claim_one(connection)
    claim_one(connection, Stage.EMBEDDINGS, lease=OVER)
    assert overdue(database, Stage.HOOKS, Stage.EMBEDDINGS) == {Stage.EMBEDDINGS: 1}

    connection.execute("update post_work set due_at = now() - interval '9 hours'")
    add_post(connection)
    connection.execute("update post_work set due_at = due_at - interval '20 minutes'")
    [hooks] = health.overdue(database, [Stage.HOOKS])
    assert hooks.posts == 1
    assert hooks.oldest_minutes < 60


def test_work_that_is_switched_off_is_told_apart(
    database: Database, connection: Connection
) -> None:
    """It is counted, and said to be switched off."""
    add_post(connection)
    late(connection, 20)
    connection.execute(
        "update worker_feature_flags_v2 set is_enabled = worker_name not like '%hook%'"
    )
    found = health.overdue(database, [Stage.HOOKS, Stage.EMBEDDINGS])
    assert [work.enabled for work in found] == [False, True]


def test_counting_stops(
    database: Database, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A huge backlog costs no more than a large one."""
    monkeypatch.setattr(health, "MOST_OVERDUE", 3)
    monkeypatch.setattr(health, "MOST_LOST", 2)
    for days in (0, 1, 1, 1, 1, 2):
        lose(connection, add_post(connection, created_at=days_ago(days)), Stage.EMBEDDINGS)
    late(connection, 20)
    assert set(overdue(database).values()) == {3}
    assert lost(database) == {Stage.EMBEDDINGS: 2}


def lose(connection: Connection, post: UUID, stage: Stage) -> None:
    """Lower a flag whose value is missing."""
    change(connection, post, **{FLAGS[stage]: False})


def lost(database: Database) -> dict[Stage, int]:
    """Return the lost values of each stage."""
    return {found.stage: found.posts for found in health.lost_work(database, 100)}


def test_posts_on_their_way_are_not_lost(database: Database, connection: Connection) -> None:
    """A raised flag, a value or the lack of a hook explains what is missing."""
    add_post(connection)
    add_finished_post(connection)
    assert lost(database) == {}


@pytest.mark.parametrize("stage", Stage)
def test_a_lowered_flag_without_a_value_is_lost(
    database: Database, connection: Connection, stage: Stage
) -> None:
    """Nothing asks for it any more; the post is named."""
    add_post(connection)
    post = add_post(connection, hook=None if stage is Stage.HOOKS else "A hook.")
    lose(connection, post, stage)
    [found] = health.lost_work(database, 100)
    assert (found.stage, found.posts, found.example) == (stage, 1, post)


@pytest.mark.parametrize("stage", Stage)
def test_a_dead_letter_is_not_lost(
    database: Database, connection: Connection, stage: Stage
) -> None:
    """It has a reason; once that is marked as resolved the post is lost."""
    add_post(connection, hook=None if stage is Stage.HOOKS else "A hook.")
    reject(connection, [claim_one(connection, stage)], stage)
    assert lost(database) == {}
    connection.execute("update ai_errors set is_resolved = true")
    assert lost(database) == {stage: 1}


def test_a_dead_letter_explains_its_own_stage_only(
    database: Database, connection: Connection
) -> None:
    """A post that could not be embedded still wants its topic."""
    post = add_post(connection)
    reject(connection, [claim_one(connection, Stage.EMBEDDINGS)], Stage.EMBEDDINGS)
    lose(connection, post, TOPICS)
    assert lost(database) == {TOPICS: 1}


def test_a_bank_that_outgrew_its_bound_is_sampled(
    database: Database, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cost stays; a part is looked at, and the part is known."""
    for _ in range(60):
        lose(connection, add_post(connection, "word " * 100), Stage.EMBEDDINGS)
    assert health.readable_percent(database) == 100
    monkeypatch.setattr(
        health, "MOST_BYTES", value(connection, "select pg_relation_size('viral_posts_bank') / 4")
    )
    percent = health.readable_percent(database)
    assert percent == pytest.approx(25, abs=1)
    assert lost(database) == {Stage.EMBEDDINGS: 60}
    assert health.lost_work(database, 0) == []


def test_dead_letters_are_counted_by_stage_and_reason(
    database: Database, connection: Connection
) -> None:
    """Unresolved ones only, the largest group first; a post with two of them is one post."""
    assert health.dead_letter_share(database).percent == 0
    for _ in range(4):
        add_post(connection)
    reject(connection, claim(connection, Stage.HOOKS, 3), Stage.HOOKS)
    reject(connection, claim(connection, Stage.EMBEDDINGS, 4)[:2], Stage.EMBEDDINGS)
    connection.execute(
        "update ai_errors set is_resolved = true where id in "
        "(select id from ai_errors where stage = 'hooks' limit 1)"
    )
    connection.execute(
        "insert into ai_errors (function_name, error_code, error_message) values ('a', 'b', 'c')"
    )
    connection.execute(
        "update ai_errors set error_code = 'too_long' where id in "
        "(select id from ai_errors where stage = 'embeddings' limit 1)"
    )
    share = health.dead_letter_share(database)
    assert share.bank == 4
    assert share.posts in {2, 3}  # the claims may have met the same posts or others
    assert share.percent == 25 * share.posts
    assert list(share.groups) == [
        DeadLetterCount(Stage.HOOKS, "no_words", 2),
        DeadLetterCount(Stage.EMBEDDINGS, "no_words", 1),
        DeadLetterCount(Stage.EMBEDDINGS, "too_long", 1),
    ]


def test_labels_are_counted_by_the_time_of_their_posts(
    database: Database, connection: Connection
) -> None:
    """Seven days, and the 28 before; posts of other times and without the label do not count."""
    ids = dict(
        connection.execute(
            "insert into topics (name) values ('test one'), ('test two') returning name, id"
        ).fetchall()
    )
    for name, days in [("test one", d) for d in (1, 6, 8, 34, 36, -2)] + [("test two", 20)]:
        add_post(connection, topic_id=ids[name], created_at=days_ago(days))
    add_post(connection)
    mixes = {mix.stage: mix for mix in health.label_mixes(database, 100)}
    assert mixes[TOPICS] == LabelMix(TOPICS, {"test one": 2}, {"test one": 2, "test two": 1})
    assert mixes[Stage.AUDIENCE_CLASSIFICATIONS].sizes == (0, 0)
    assert mixes[Stage.HOOK_CLASSIFICATIONS].sizes == (0, 0)


def test_every_kind_of_label_has_its_own_mix(database: Database, connection: Connection) -> None:
    """Names come from the stage's own taxonomy."""
    add_finished_post(connection)
    for table, column in TAXONOMY.items():
        connection.execute(
            sql.SQL(
                "update {t} set name = {name} where id in (select {c} from viral_posts_bank)"
            ).format(t=sql.Identifier(table), c=sql.Identifier(column), name=f"one of {table}")
        )
    assert [dict(mix.recent) for mix in health.label_mixes(database, 100)] == [
        {"one of topics": 1},
        {"one of audiences": 1},
        {"one of hook_types": 1},
    ]


DISTANCES: list[tuple[Mapping[str, int], Mapping[str, int], float]] = [
    ({"a": 5, "b": 5}, {"a": 50, "b": 50}, 0.0),
    ({"a": 10}, {"b": 10}, 1.0),
    ({"a": 8, "b": 2}, {"a": 5, "b": 5}, 0.3),
    ({"a": 8, "c": 2}, {"a": 5, "b": 5}, 0.5),
    ({}, {"a": 1}, 0.0),
]


@pytest.mark.parametrize(("recent", "before", "distance"), DISTANCES)
def test_the_distance_of_two_mixes(
    recent: Mapping[str, int], before: Mapping[str, int], distance: float
) -> None:
    """Half the sum of the differences of shares, whatever the sizes; the same both ways."""
    assert LabelMix(TOPICS, recent, before).distance == pytest.approx(distance)
    assert LabelMix(TOPICS, before, recent).distance == pytest.approx(distance)


def test_the_label_that_moved_most_comes_first() -> None:
    """With the sign of its move; equals by name."""
    mix = LabelMix(TOPICS, {"a": 1, "b": 8, "c": 1}, {"a": 5, "b": 3, "c": 2})
    assert list(mix.moves) == ["b", "a", "c"]
    assert mix.moves == pytest.approx({"a": -0.4, "b": 0.5, "c": -0.1})


def test_chance_explains_more_in_small_samples() -> None:
    """Thirty labels on 50 posts a side say little, on 5,000 a lot."""
    small = LabelMix(TOPICS, dict.fromkeys(map(str, range(30)), 2), {"0": 30, "1": 30})
    large = LabelMix(TOPICS, dict.fromkeys(map(str, range(30)), 200), {"0": 3000, "1": 3000})
    assert small.distance == large.distance
    assert small.chance > 4 * large.chance
    assert LabelMix(TOPICS, {}, {}).chance == 1


def log(connection: Connection, status: str, beat: str, error: str | None, ended: str) -> None:
    """Insert a drain's log row; beat and ended say how long ago."""
    connection.execute(
        "insert into task_execution_logs_v2 (worker_name, status, started_at, heartbeat_at, "
        "completed_at, error_message, dagster_run_id) "
        "values ('worker_extract_hooks_v2', %s, now() - interval '5 hours', now() - %s::interval, "
        "now() - %s::interval, %s, %s)",
        (status, beat, ended, error, beat),
    )


def test_a_silent_drain_is_dead(database: Database, connection: Connection) -> None:
    """Two minutes without a beat, or closed for that within the hour; the latest beat first."""
    stopped = "its heart-beat stopped"
    for row in (
        ("running", "0 minutes", None, "0"),
        ("running", "3 minutes", None, "0"),
        ("failed", "50 minutes", stopped, "48 minutes"),
        ("failed", "70 minutes", stopped, "68 minutes"),
        ("failed", "40 minutes", "the provider is out", "40 minutes"),
        ("completed", "10 minutes", None, "10 minutes"),
    ):
        log(connection, *row)
    found = health.dead_drains(database)
    assert [(drain.run_id, drain.closed) for drain in found] == [
        ("3 minutes", False),
        ("50 minutes", True),
    ]
    assert found[0].worker == "worker_extract_hooks_v2"


def test_a_log_of_sql_is_dead_after_six_hours(database: Database, connection: Connection) -> None:
    """Its worker does not beat: the start is the last that was heard, closed or not."""
    for worker, hours in (("sync-profiles", 7), ("publish-scheduled", 8), ("sync-profiles", 5)):
        [log] = connection.execute("select log_worker_start(%s)", [worker]).fetchall()
        connection.execute(
            "update task_execution_logs_v2 set started_at = now() - %s * interval '1 hour' "
            "where id = %s",
            (hours, *log),
        )
    found = health.dead_drains(database)
    assert [(drain.worker, drain.run_id, drain.closed) for drain in found] == [
        ("sync_profiles", None, False),
        ("publish_scheduled", None, False),
    ]
    assert close_silent_logs(database) == 2
    assert [(drain.worker, drain.closed) for drain in health.dead_drains(database)] == [
        ("sync_profiles", True),
        ("publish_scheduled", True),
    ]
    assert [drain.last_beat for drain in health.dead_drains(database)] == [
        drain.last_beat for drain in found
    ]


def test_reading_never_writes(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A statement that would change something is refused by the database."""
    writes = {"health_part": "delete from viral_posts_bank where %(bytes)s > 0 returning 1"}
    monkeypatch.setattr(health, "query", lambda name: writes.get(name) or query(name))
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        health.readable_percent(database)
