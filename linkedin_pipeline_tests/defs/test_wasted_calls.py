"""What must not cost a call: text that is known, labels that one answer can hold together."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import dagster as dg
import psycopg
import pytest

from linkedin_pipeline.database.archive import PostgresPostArchive
from linkedin_pipeline.domain.bank import NewPost, NewProfile
from linkedin_pipeline.domain.work import Stage
from linkedin_pipeline_tests.defs.paid_runs import run, why_skipped
from linkedin_pipeline_tests.paying import CHAT, EMBEDDINGS, Line, Payer
from linkedin_pipeline_tests.sql.bank import drift, rows, value

Connection = psycopg.Connection[Any]

UNDONE = "select count(*) from post_work"
LOGGED = """
    select worker_name, sum(items_processed)::int, sum(items_failed)::int
    from task_execution_logs_v2 where worker_name = any (%s) group by 1 order by 1
"""
CLASSIFIERS = (
    "worker_classify_audiences_v2",
    "worker_classify_hooks_v2",
    "worker_classify_topics_v2",
)


def posts(number: int) -> Iterator[NewPost]:
    """Return posts as a file has them, the same every time."""
    author = NewProfile("ada", "Ada")
    for n in range(number):
        yield NewPost(str(n), author, f"Post {n} on hiring people.", likes=n)


def add(payer: Payer, number: int) -> int:
    """Import posts; return how many were new."""
    with payer.database() as database:
        return PostgresPostArchive(database).add(posts(number)).added


def asked_for(payer: Payer) -> list[set[str]]:
    """Return the kinds of label of each call, as its schema has them."""
    kinds = []
    for call in payer.calls(CHAT):
        schema = call.document["response_format"]["json_schema"]["schema"]
        items = schema["properties"]["results"]["items"]["properties"]
        kinds.append({*items} - {"id"})
    return kinds


def assert_each_asked_once(payer: Payer, number: int) -> None:
    """Assert that every post is in one call for labels, and in no other."""
    bodies = [json.dumps(call.document) for call in payer.calls(CHAT)]
    for n in range(number):
        assert sum(body.count(f"Post {n} on hiring people.") for body in bodies) == 1


def test_one_call_for_all_labels(
    line: Line, connection: Connection, instance: dg.DagsterInstance
) -> None:
    """40 posts are two calls, each for three kinds of label; each stage has its own numbers."""
    payer = line.payer()
    assert add(payer, 40) == 40
    assert run(payer, instance).success
    assert [len(kinds) for kinds in asked_for(payer)] == [3, 3]
    assert_each_asked_once(payer, 40)
    done = rows(connection, LOGGED, [*CLASSIFIERS])
    assert done == [(worker, 40, 0) for worker in CLASSIFIERS]
    assert value(connection, UNDONE) == 0
    logged = "select stage, sum(items)::int from ai_usage_logs where purpose = %s group by 1"
    assert rows(connection, logged, "classification") == [("topic_classifications", 40)]
    labels = "topic_id is null or audience_id is null or hook_type_id is null"
    assert value(connection, f"select count(*) from viral_posts_bank where {labels}") == 0
    assert value(connection, "select count(*) from ai_answers") == 0


def test_a_worker_that_is_switched_off_asks_for_nothing(
    line: Line, connection: Connection, instance: dg.DagsterInstance
) -> None:
    """Its kind of label is in no call of the others, and its posts wait until it is back."""
    payer = line.payer()
    add(payer, 40)
    switch = "update worker_feature_flags_v2 set is_enabled = %s where worker_name = %s"
    connection.execute(switch, [False, "worker_classify_audiences_v2"])
    assert run(payer, instance).success
    assert [len(kinds) for kinds in asked_for(payer)] == [2, 2]
    assert not any("audience" in kind for kinds in asked_for(payer) for kind in kinds)
    assert value(connection, "select count(*) from ai_answers") == 0
    assert rows(connection, "select distinct stage::text from post_work") == [
        (Stage.AUDIENCE_CLASSIFICATIONS,)
    ]
    assert "switched off: audience_classifications" in why_skipped(payer, instance)
    connection.execute(switch, [True, "worker_classify_audiences_v2"])
    assert run(payer, instance).success
    assert [len(kinds) for kinds in asked_for(payer)] == [2, 2, 1, 1]
    assert value(connection, UNDONE) == 0


@pytest.fixture
def done(line: Line, connection: Connection, instance: dg.DagsterInstance) -> Payer:
    """Give a payer over a bank of 1,000 posts that have everything."""
    payer = line.payer()
    assert add(payer, 1_000) == 1_000
    for _ in range(2):  # a drain ends with its time budget, on a slow computer before its work
        if value(connection, UNDONE):
            assert run(payer, instance).success
    assert value(connection, UNDONE) == 0
    assert_few_calls(payer)
    return payer


def assert_few_calls(payer: Payer) -> None:
    """Assert that requests were filled."""
    assert len(payer.calls(CHAT)) == 50
    assert len(payer.calls(EMBEDDINGS)) <= 5, "one for the posts, some for the taxonomy"


def test_what_is_known_costs_no_call(
    line: Line, connection: Connection, instance: dg.DagsterInstance, done: Payer
) -> None:
    """Other columns, the same text, a repeated import: nothing is flagged and nobody is asked."""
    before = rows(
        connection, "select id, embedding_model, topic_id from viral_posts_bank order by 1"
    )
    calls = len(done.calls())
    upsert = (
        "insert into viral_posts_bank (id, author_id, content, metrics, post_url) "
        "select id, author_id, content, '{\"likes\": 9}', post_url from viral_posts_bank "
        "on conflict (post_url) do update set content = excluded.content, "
        "metrics = excluded.metrics, author_id = excluded.author_id, scraped_at = now()"
    )
    updates = (
        "metrics = '{\"likes\": 7}', scraped_at = now()",
        "post_url = 'https://www.linkedin.com/posts/' || id",
        "content = content, hook = hook",
        "original_post_date = now(), author_id = author_id",
    )
    assert add(done, 1_000) == 0
    for write in (*(f"update viral_posts_bank set {update}" for update in updates), upsert):
        changed = connection.execute(write.encode()).rowcount
        assert changed == 1_000, write
    assert add(done, 1_000) == 0
    assert value(connection, UNDONE) == 0
    assert drift(connection) == []
    assert why_skipped(done, instance) == "no post is flagged"
    assert run(done, instance).success
    other = line.payer()  # another process, with nothing in its memory
    assert run(other, instance).success
    assert len(done.calls()) == calls
    after = rows(
        connection, "select id, embedding_model, topic_id from viral_posts_bank order by 1"
    )
    assert after == before
