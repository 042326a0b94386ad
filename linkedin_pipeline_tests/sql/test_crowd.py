"""Everybody at once: drains of all stages, editors, and deletions that cascade into their rows.

Editors lock one post at a time.  Whoever locks several can meet another such in the opposite order,
and a deletion locks all posts of a topic or an author.  Whoever updates one post twice in a
transaction has PostgreSQL look at its author and labels once more, which may be going at that
moment.  Drains do none of this, so they stand in nobody's way.  A deadlock is an error in one of
the threads, which `Future.result` raises again here.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any, LiteralString
from uuid import UUID, uuid4

import psycopg
from psycopg import errors

from linkedin_pipeline.domain.work import Stage
from linkedin_pipeline_tests.sql.bank import (
    FLAGS,
    MINUTE,
    VALUES,
    Connection,
    Held,
    add_post,
    change,
    claim,
    days_ago,
    drift,
    keys,
    metrics,
    reject,
    retry,
    rows,
    store_embeddings,
    store_hooks,
    value,
    vector,
)
from linkedin_pipeline_tests.sql.test_deadlocks import run

POSTS = 120
LABELS = {
    Stage.HOOK_CLASSIFICATIONS: "select id from hook_types order by name limit 1",
    Stage.TOPIC_CLASSIFICATIONS: "select id from topics order by name limit 1",
    Stage.AUDIENCE_CLASSIFICATIONS: "select id from audiences order by name limit 1",
}


def some_post(connection: Connection) -> UUID:
    """Pick a post that is there at the moment."""
    post: UUID = value(connection, "select id from viral_posts_bank order by random() limit 1")
    return post


def drain(stages: Sequence[Stage], connection: Connection, chance: random.Random) -> None:
    """Claim, beat, and settle: a few by retry, rejection or release, the others by a value."""
    stage = chance.choice(stages)
    held = claim(connection, stage, limit=chance.choice([1, 5, 20]))
    rows(connection, "select extend_claims(%s, %s, %s, %s)", stage, *keys(held), MINUTE)
    chance.shuffle(held)
    few, left = held[:2], held[2:]
    match chance.randrange(4):
        case 0:
            retry(connection, few, stage, charge=False)
        case 1:
            for letter in reject(connection, few, stage):
                change(connection, letter, **{FLAGS[stage]: True})
        case 2:
            for post in few:
                value(connection, "select release_embedding_lock(%s)", post.post_id)
        case _:
            left = held
    while left:
        answers = settle(connection, stage, left)
        left = [c for c in left if answers.get(c.post_id) is False]


def settle(connection: Connection, stage: Stage, held: Sequence[Held]) -> dict[Any, bool]:
    """Store a value for each claim."""
    if stage is Stage.HOOKS:
        return store_hooks(connection, held)
    if stage is Stage.EMBEDDINGS:
        return store_embeddings(connection, held, vector(1))
    [(label,)] = connection.execute(LABELS[stage].encode()).fetchall()
    return dict(
        rows(
            connection,
            "select * from store_labels(%s, %s, %s, %s, %s::real[], %s)",
            stage,
            *keys(held),
            [label] * len(held),
            [0.5] * len(held),
            ["test:labels"] * len(held),
        )
    )


def edit(connection: Connection, chance: random.Random) -> None:
    """Change a text, a label, a flag or a number of one post."""
    post, stage = some_post(connection), chance.choice(list(Stage))
    match chance.randrange(5):
        case 0:
            change(connection, post, content=f"Text {chance.random()}.")
        case 1:
            change(connection, post, **{FLAGS[stage]: chance.random() < 0.7})
        case 2:
            change(connection, post, **{VALUES[stage]: None})
        case 3:
            change(connection, post, metrics=metrics(chance.randrange(99)))
        case _:
            with connection.transaction():
                connection.execute("select from viral_posts_bank where id = %s for update", [post])
                change(connection, post, content="By hand.", hook="By hand.")


def label_by_hand(connection: Connection, chance: random.Random) -> None:
    """Give one post a topic and an author that somebody may be deleting."""
    columns: dict[str, Any] = {}
    for column, source in (("topic_id", "topics"), ("author_id", "profiles")):
        name = "name" if source == "topics" else "full_name"
        statement = f"select id from {source} where {name} like 'Doomed %' limit 1"
        columns |= dict.fromkeys([column] * bool(chance.randrange(3)), statement)
    for column, statement in columns.items():
        if found := connection.execute(statement.encode()).fetchone():
            try:
                change(connection, some_post(connection), **{column: found[0]})
            except errors.ForeignKeyViolation:
                continue  # deleted in the meantime


def delete(connection: Connection, chance: random.Random) -> None:
    """Delete a post, or a topic or an author with what refers to them; make new ones."""
    match chance.randrange(3):
        case 0:
            connection.execute(
                "delete from viral_posts_bank where id = %s", [some_post(connection)]
            )
            add_post(connection, created_at=days_ago(chance.randrange(20)))
        case 1:
            doom(connection, "insert into topics (name) values (%s) returning id", "topic_id")
            connection.execute("delete from topics where name like 'Doomed %'")
        case _:
            statement = "insert into profiles (full_name) values (%s) returning id"
            doom(connection, statement, "author_id")
            connection.execute("delete from profiles where full_name like 'Doomed %'")


def doom(connection: Connection, statement: LiteralString, column: str) -> None:
    """Add a topic or an author that is about to be deleted, and give it some posts."""
    doomed = value(connection, statement, f"Doomed {uuid4()}")
    for _ in range(8):
        change(connection, some_post(connection), **{column: doomed})


def sweep(connection: Connection, chance: random.Random) -> None:
    """Give stale leases back, after making some stale."""
    connection.execute(
        "update post_work set lease_until = now() - interval '1 s' where ctid in (select ctid "
        "from post_work where token is not null and random() < 0.2 for update skip locked)"
    )
    value(connection, "select release_stale_embedding_locks()")
    chance.random()


def test_a_crowd_does_not_deadlock_and_loses_nothing(
    connection: Connection, database_url: str
) -> None:
    """Four drains, three editors, deletions and sweeps: no deadlock, no drift, all is drained."""
    for number in range(POSTS):
        add_post(connection, f"Post {number}.", created_at=days_ago(number % 20))
    connection.execute("analyze viral_posts_bank, post_work")  # or plans keep to ids by luck
    drains = [partial(drain, list(Stage)) for _ in range(4)]
    run(database_url, [*drains, edit, edit, label_by_hand, delete, sweep], rounds=300)
    assert drift(connection) == []
    connection.execute("update post_work set lease_until = now() - interval '1 s'")
    for stage in (Stage.HOOKS, *(other for other in Stage if other is not Stage.HOOKS)):
        while held := claim(connection, stage, lease=timedelta(minutes=5)):
            settle(connection, stage, held)
    assert value(connection, "select count(*) from post_work") == 0
    assert drift(connection) == []
    assert value(connection, "select count(*) from viral_posts_bank") == POSTS
    counted = "select deadlocks from pg_stat_database where datname = current_database()"
    with psycopg.connect(database_url) as fresh:  # sees what the ended sessions reported
        assert value(fresh, counted) == 0
