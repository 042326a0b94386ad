"""A change of the embedding model: the old set serves until the new one is whole."""

from __future__ import annotations

from uuid import UUID

import pytest

from linkedin_pipeline.domain.work import Stage
from linkedin_pipeline_tests.sql.bank import (
    MODEL,
    Connection,
    add_finished_post,
    add_post,
    change,
    claim_one,
    rows,
    value,
    vector,
)

NEW = "test:two"


def promote(connection: Connection, model: str = NEW) -> bool:
    """Ask for the promotion of a model."""
    answer: bool = value(connection, "select promote_embedding_model(%s)", model)
    return answer


def embed(connection: Connection, post: UUID, model: str = NEW) -> None:
    """Give a post a vector of a model."""
    change(connection, post, embedding=vector(0, 1), embedding_model=model)


def serving(connection: Connection) -> str:
    """Return the model that search reads."""
    name: str = value(connection, "select current_embedding_model()")
    return name


def test_a_model_serves_once_every_served_post_has_its_vector(connection: Connection) -> None:
    """Until the last one is there the old set answers, whole."""
    posts = [add_finished_post(connection) for _ in range(3)]
    for post in posts:
        assert not promote(connection)
        assert serving(connection) == MODEL
        found = rows(connection, "select id from match_viral_posts(%s::vector, -1)", vector(1))
        assert len(found) == 3
        embed(connection, post)
    assert promote(connection)
    assert serving(connection) == NEW
    states = dict(rows(connection, "select name, state from embedding_models"))
    assert states == {MODEL: "retired", NEW: "serving"}
    assert not promote(connection), "it serves already"


def test_dead_letters_and_deleted_posts_do_not_hold_a_model_up(connection: Connection) -> None:
    """What will never have a new vector is not waited for."""
    done, dead, gone = (add_finished_post(connection) for _ in range(3))
    embed(connection, done)
    change(connection, dead, needs_embedding=True)
    held = claim_one(connection, Stage.EMBEDDINGS)
    rows(
        connection,
        "select * from reject_claims('embeddings', %s, %s, '{bad}', '{No words.}', 'w', null)",
        [dead],
        [held.token],
    )
    assert not promote(connection)
    connection.execute("delete from viral_posts_bank where id = %s", [gone])
    assert promote(connection)


def test_posts_that_only_the_new_model_knows_do_not_matter(connection: Connection) -> None:
    """The old set is what counts."""
    old = add_finished_post(connection)
    add_post(connection, embedding=vector(1), embedding_model=NEW)
    assert not promote(connection)
    embed(connection, old)
    assert promote(connection)


@pytest.mark.parametrize("model", ["test:unknown", MODEL])
def test_nothing_else_is_promoted(connection: Connection, model: str) -> None:
    """An unknown model, one without vectors, or the serving one."""
    add_finished_post(connection)
    value(connection, "select register_embedding_model('test:empty')")
    assert not promote(connection, model)
    assert not promote(connection, "test:empty")
    assert serving(connection) == MODEL


def test_a_retired_model_may_come_back(connection: Connection) -> None:
    """Its set must be whole again, like any other's."""
    post = add_finished_post(connection)
    embed(connection, post)
    assert promote(connection)
    assert promote(connection, MODEL)
    assert serving(connection) == MODEL


def test_vectors_of_retired_models_are_forgotten_in_parts(connection: Connection) -> None:
    """So many at a time, and never those of another state."""
    for _ in range(3):
        embed(connection, add_finished_post(connection))
    assert value(connection, "select forget_retired_vectors(10)") == 0
    assert promote(connection)
    assert value(connection, "select forget_retired_vectors(2)") == 2
    assert value(connection, "select forget_retired_vectors(2)") == 1
    assert value(connection, "select count(*) from post_vectors") == 3
