"""Drains, people's edits and requests side by side: nobody is chosen as a victim, nothing is lost.

A deadlock is an error in one of the threads, which `Future.result` raises again here.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import md5
from uuid import UUID

import psycopg

from linkedin_pipeline.domain.work import Stage
from linkedin_pipeline_tests.sql.bank import (
    Connection,
    Held,
    add_post,
    add_taxonomy,
    change,
    claim,
    drift,
    hook_of,
    metrics,
    reject,
    retry,
    rows,
    store_embeddings,
    store_hooks,
    value,
    vector,
)

POSTS = 150
BATCH = 20
HALF = 2**127
Task = Callable[[Connection, random.Random], None]


def vector_of(content: str) -> str:
    """Return a vector from which one can tell what text it was made of."""
    digest = md5(content.encode()).digest()
    return vector(digest[0] + 1, digest[1])


def some_post(connection: Connection, chance: random.Random) -> UUID:
    """Pick a post."""
    post: UUID = value(
        connection,
        "select id from viral_posts_bank order by id offset %s limit 1",
        chance.randrange(POSTS),
    )
    return post


def edit_one(connection: Connection, chance: random.Random) -> None:
    """Give one post a text that no post had before."""
    change(connection, some_post(connection, chance), content=f"Text {chance.random()}.")


def edit_many(connection: Connection, chance: random.Random) -> None:
    """Give several posts new texts in one transaction, locked in the order of their ids."""
    with connection.transaction():
        for start in (chance.randrange(HALF), HALF + chance.randrange(HALF)):
            # of two statements the second locks while the work rows of the first are held
            connection.execute(
                "with chosen as materialized (select id from viral_posts_bank "
                "where id > %s and id < %s order by id limit 10 for no key update) "
                "update viral_posts_bank b set content = 'Text ' || gen_random_uuid() "
                "from chosen where b.id = chosen.id",
                [UUID(int=start), UUID(int=HALF if start < HALF else 2 * HALF - 1)],
            )


def edit_otherwise(connection: Connection, chance: random.Random) -> None:
    """Write what people write: labels, numbers, flags back and forth."""
    post = some_post(connection, chance)
    topic = add_taxonomy(connection)["topic_id"]
    with connection.transaction():
        change(connection, post, topic_id=topic, metrics=metrics(chance.randrange(9)))
        change(connection, post, needs_embedding=False)
        change(connection, post, needs_embedding=True, needs_hook_extraction=True)


def ask_again(connection: Connection, _: random.Random) -> None:
    """Flag all posts for a stage in chunks, as a forced run does."""
    seen, after = BATCH, None
    while seen == BATCH:
        [(seen, after)] = rows(
            connection,
            "select * from raise_flags('embeddings', '2024-01-01', 'infinity', %s, %s)",
            after,
            BATCH,
        )


def drain(connection: Connection, chance: random.Random) -> None:
    """Claim a batch and settle it: a few by a retry or a rejection, the others by a value."""
    stage = chance.choice([Stage.HOOKS, Stage.EMBEDDINGS])
    held = claim(connection, stage, limit=BATCH)
    chance.shuffle(held)
    few = held[: chance.choice([0, 0, 2])]
    if chance.random() < 0.5:
        retry(connection, few, stage, charge=False)
    else:
        reject(connection, few, stage)
        for letter in few:
            change(connection, letter.post_id, needs_hook_extraction=True, needs_embedding=True)
    store(connection, stage, held[len(few) :])


def store(connection: Connection, stage: Stage, held: Sequence[Held]) -> None:
    """Store what the texts of the claims make, busy posts again until they are free."""
    left = list(held)
    while left:
        if stage is Stage.HOOKS:
            answers = store_hooks(connection, left)
        else:
            answers = store_embeddings(connection, left, [vector_of(c.content) for c in left])
        left = [c for c in left if answers.get(c.post_id) is False]


def run(database_url: str, tasks: Sequence[Task], rounds: int) -> None:
    """Run each task in a thread and a session of its own, all for the same number of rounds."""
    start = threading.Barrier(len(tasks))

    def repeat(number: int) -> None:
        chance = random.Random(number)
        with psycopg.connect(database_url, autocommit=True) as mine:
            start.wait()
            for _ in range(rounds):
                tasks[number](mine, chance)

    with ThreadPoolExecutor(len(tasks)) as threads:
        for future in [threads.submit(repeat, number) for number in range(len(tasks))]:
            future.result()


def test_drains_and_edits_do_not_deadlock(connection: Connection, database_url: str) -> None:
    """Four drains, three editors and a forced run leave every post with what its text gives."""
    for number in range(POSTS):
        add_post(connection, f"Post {number}.")
    connection.execute("analyze viral_posts_bank, post_work")  # or plans keep to ids by luck
    people = [edit_one, edit_many, edit_otherwise, ask_again]
    run(database_url, [drain, drain, drain, drain, *people], rounds=60)
    # what could not be put back in time is taken over once its lease has ended
    connection.execute("update post_work set lease_until = now() - interval '1 s'")
    for stage in (Stage.HOOKS, Stage.EMBEDDINGS):
        while held := claim(connection, stage):
            store(connection, stage, held)
    made = rows(connection, "select content, hook, embedding::text from viral_posts_bank")
    assert len(made) == POSTS
    for content, hook, embedding in made:
        assert hook == hook_of(content)
        assert embedding == vector_of(content).replace(".0", "")
    assert drift(connection) == []
    left = "select count(*) from post_work where stage in ('hooks', 'embeddings')"
    assert value(connection, left) == 0
    assert value(connection, "select count(*) from post_vectors") == POSTS


def test_a_claim_never_pairs_its_token_with_an_older_text(
    connection: Connection, database_url: str
) -> None:
    """However edits and claims interleave, what is stored fits the text that it lies beside."""
    posts = [add_post(connection, f"Post {number}.") for number in range(6)]

    def edit(mine: Connection, chance: random.Random) -> None:
        for post in chance.sample(posts, len(posts)):
            change(mine, post, content=f"Text {chance.random()}.")

    def answer(mine: Connection, _: random.Random) -> None:
        store(mine, Stage.HOOKS, claim(mine, limit=3))
        wrong = rows(
            mine,
            "select content, hook from viral_posts_bank "
            "where not needs_hook_extraction and hook <> 'hook of ' || content",
        )
        assert wrong == []

    run(database_url, [edit, edit, answer, answer, answer], rounds=150)
    assert drift(connection) == []
