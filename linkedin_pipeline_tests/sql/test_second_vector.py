"""Vectors of two models written back together, as while the model is being changed."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from linkedin_pipeline.domain.work import Stage
from linkedin_pipeline_tests.sql.bank import (
    MODEL,
    Connection,
    Held,
    add_post,
    change,
    claim,
    keys,
    read,
    rows,
    vector,
)

NEW_MODEL = "test:two"


def store_both(
    connection: Connection,
    held: list[Held],
    serving: list[str | None] | None,
    model: str | None = MODEL,
) -> dict[Any, bool]:
    """Store a vector of the new model for each claim, and those of the serving one beside it."""
    return dict(
        rows(
            connection,
            "select * from store_embeddings(%s, %s, %s::text[]::vector[], %s, "
            "p_serving => %s::text[]::vector[], p_serving_model => %s)",
            *keys(held),
            [vector(1)] * len(held),
            NEW_MODEL,
            serving,
            model,
        )
    )


def mirrored(connection: Connection) -> set[tuple[Any, str, str, bool]]:
    """Return what search can read: post, model, start of the vector, whether it fits the text."""
    return set(
        rows(
            connection,
            "select v.post_id, m.name, left(v.embedding::text, 4), "
            "v.content_hash = b.content_hash from post_vectors v "
            "join embedding_models m on m.id = v.model_id "
            "join viral_posts_bank b on b.id = v.post_id",
        )
    )


def test_both_vectors_are_written_for_what_is_held(connection: Connection) -> None:
    """The post names the new model; search finds it under both, but for a null under the new."""
    both, one = add_post(connection, "One."), add_post(connection, "Two.")
    held = sorted(claim(connection, Stage.EMBEDDINGS), key=lambda c: c.content)
    assert store_both(connection, held, [vector(0, 1), None]) == {both: True, one: True}
    assert mirrored(connection) == {
        (both, MODEL, "[0,1", True),
        (both, NEW_MODEL, "[1,0", True),
        (one, NEW_MODEL, "[1,0", True),
    }
    assert read(connection, both, "embedding_model") == NEW_MODEL
    assert read(connection, both, "needs_embedding") is False


def test_a_null_leaves_the_old_vector_of_the_serving_model(connection: Connection) -> None:
    """What the serving model said of the post goes on to be found, as of the old text."""
    post = add_post(connection, embedding=vector(0, 1), embedding_model=MODEL)
    change(connection, post, content="Edited.")
    store_both(connection, claim(connection, Stage.EMBEDDINGS), [None])
    assert mirrored(connection) == {
        (post, MODEL, "[0,1", False),
        (post, NEW_MODEL, "[1,0", True),
    }


def test_a_stale_claim_writes_neither_vector(connection: Connection) -> None:
    """An edit in between makes both vectors worthless."""
    post, good = add_post(connection), add_post(connection)
    held = claim(connection, Stage.EMBEDDINGS)
    change(connection, post, content="Edited.")
    assert store_both(connection, held, [vector(0, 1)] * 2) == {good: True}
    assert {row[0] for row in mirrored(connection)} == {good}


def test_a_busy_post_gets_neither_vector_yet(connection: Connection, database_url: str) -> None:
    """A row that somebody has locked is left for the next try, in both sets."""
    add_post(connection)
    held = claim(connection, Stage.EMBEDDINGS)
    with psycopg.connect(database_url) as person:
        person.execute("select from viral_posts_bank for update")
        assert store_both(connection, held, [vector(0, 1)]) == {held[0].post_id: False}
        assert mirrored(connection) == set()
    assert len(store_both(connection, held, [vector(0, 1)])) == len(mirrored(connection)) - 1 == 1


@pytest.mark.parametrize(
    ("serving", "model", "state"),
    [([vector(0, 1)], None, "LP001"), ([vector(0)], MODEL, "LP002"), ([], MODEL, "LP082")],
    ids=["no model", "zero vector", "too few"],
)
def test_a_bad_second_vector_is_refused_and_nothing_is_written(
    connection: Connection, serving: list[str | None], model: str | None, state: str
) -> None:
    """The claim stands after the error, so that a better answer can be given."""
    add_post(connection)
    held = claim(connection, Stage.EMBEDDINGS)
    with pytest.raises(psycopg.Error) as told:
        store_both(connection, held, serving, model)
    assert told.value.sqlstate == state
    assert mirrored(connection) == set()
    assert store_both(connection, held, [vector(0, 1)]) == {held[0].post_id: True}


def test_values_must_come_with_their_posts(connection: Connection) -> None:
    """Fewer values than posts would be written as nulls: the call is refused instead."""
    add_post(connection)
    held = claim(connection)
    with pytest.raises(psycopg.Error, match="it brings 1 tokens and 0 values") as told:
        rows(connection, "select * from store_hooks(%s, %s, '{}')", *keys(held))
    assert told.value.sqlstate == "LP082"
