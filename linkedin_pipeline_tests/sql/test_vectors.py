"""What may be stored as a vector, and how search's copy of it is kept."""

from __future__ import annotations

from datetime import UTC, date, datetime

import psycopg
import pytest
from psycopg import errors

from linkedin_pipeline.domain.work import Stage
from linkedin_pipeline_tests.sql.bank import (
    MODEL,
    Connection,
    add_finished_post,
    add_post,
    change,
    claim_one,
    queued,
    read,
    rows,
    store_embeddings,
    value,
    vector,
    wait_until_blocked,
)

MIRRORED = (
    "select m.name, v.embedding::text from post_vectors v "
    "join embedding_models m on m.id = v.model_id where v.post_id = %s order by m.id"
)


def test_a_vector_without_a_model_is_refused(connection: Connection) -> None:
    """Nobody could tell later what such a vector may be compared with."""
    with pytest.raises(psycopg.Error, match="a vector without embedding_model") as refused:
        add_post(connection, embedding=vector(1))
    assert refused.value.sqlstate == "LP001"
    assert refused.value.diag.message_hint
    post = add_post(connection)
    with pytest.raises(psycopg.Error, match="a vector without embedding_model"):
        change(connection, post, embedding=vector(1))


@pytest.mark.parametrize("x", [0.0, 1e-30], ids=["zero", "zero as halfvec"])
def test_a_zero_vector_is_refused(connection: Connection, x: float) -> None:
    """A vector without a direction would make similarity NaN."""
    post = add_post(connection)
    with pytest.raises(psycopg.Error, match="zero vector") as refused:
        change(connection, post, embedding=vector(x), embedding_model=MODEL)
    assert refused.value.sqlstate == "LP002"
    assert Stage.EMBEDDINGS in queued(connection, post)


def test_a_component_beyond_halfvec_is_refused(connection: Connection) -> None:
    """Search keeps half-precision numbers, whose largest is 65504."""
    post = add_post(connection)
    with pytest.raises(errors.NumericValueOutOfRange):
        change(connection, post, embedding=vector(65_536), embedding_model=MODEL)


def test_a_refused_vector_leaves_its_claim_alone(connection: Connection) -> None:
    """A write-back that fails as a whole can be given back or tried again."""
    post = add_post(connection)
    held = claim_one(connection, Stage.EMBEDDINGS)
    with pytest.raises(psycopg.Error, match="zero vector"):
        store_embeddings(connection, [held], vector(0))
    assert store_embeddings(connection, [held], vector(1)) == {post: True}


def test_the_first_model_serves_and_others_build(connection: Connection) -> None:
    """An unknown model becomes known on first sight; one serves, ever."""
    assert value(connection, "select current_embedding_model()") is None
    for model in ("test:one", "test:two", "test:three", "test:one"):
        add_post(connection, embedding=vector(1), embedding_model=model)
    assert rows(connection, "select name, state from embedding_models order by id") == [
        ("test:one", "serving"),
        ("test:two", "building"),
        ("test:three", "building"),
    ]
    assert value(connection, "select current_embedding_model()") == "test:one"


@pytest.mark.parametrize("second", ["test:one", "test:two"])
def test_first_models_registered_at_once_leave_one_serving(
    connection: Connection, database_url: str, second: str
) -> None:
    """Of two sessions that store a first vector at once both succeed, and one model serves."""
    with psycopg.connect(database_url) as early, psycopg.connect(database_url) as late:
        add_post(early, embedding=vector(1), embedding_model="test:one")
        with late.pipeline():
            add_post(late, embedding=vector(1), embedding_model=second)
            wait_until_blocked(connection, late)
            early.commit()
        late.commit()
    models = {second: "building", "test:one": "serving"}
    assert dict(rows(connection, "select name, state from embedding_models")) == models
    assert value(connection, "select count(*) from post_vectors") == 2


def test_a_given_vector_is_copied_for_search(connection: Connection) -> None:
    """Vectors that come with the insert or by plain SQL are found like stored ones."""
    given = add_post(connection, embedding=vector(1), embedding_model=MODEL)
    later = add_post(connection)
    change(connection, later, embedding=vector(0, 1), embedding_model=MODEL)
    for post, text in ((given, vector(1, 0)), (later, vector(0, 1))):
        assert value(
            connection,
            "select embedding = %s::halfvec from post_vectors where post_id = %s",
            text,
            post,
        )


def test_a_new_vector_of_the_same_model_replaces_the_old(connection: Connection) -> None:
    """A post has one vector of a model."""
    post = add_finished_post(connection)
    change(connection, post, embedding=vector(0, 1))
    [(model, text)] = rows(connection, MIRRORED, post)
    assert (model, text[:5]) == (MODEL, "[0,1,")


def test_vectors_of_two_models_stand_side_by_side(connection: Connection) -> None:
    """A vector of another model does not take the serving one away."""
    post = add_finished_post(connection)
    change(connection, post, embedding=vector(0, 1), embedding_model="test:two")
    assert [model for model, _ in rows(connection, MIRRORED, post)] == [MODEL, "test:two"]


def test_a_corrected_model_name_moves_the_vector(connection: Connection) -> None:
    """The same vector under another name was never the first model's."""
    post = add_finished_post(connection)
    change(connection, post, embedding_model="test:two")
    assert [model for model, _ in rows(connection, MIRRORED, post)] == ["test:two"]


def test_a_vector_taken_away_is_not_found_any_more(connection: Connection) -> None:
    """Setting the embedding to null removes its copy and its model's name."""
    post = add_finished_post(connection)
    change(connection, post, embedding=None)
    assert rows(connection, MIRRORED, post) == []
    assert rows(connection, "select embedding_model from viral_posts_bank where id = %s", post) == [
        (None,)
    ]


def test_a_vector_carries_the_hash_of_its_text(connection: Connection) -> None:
    """Whether a vector is of today's text can be told, for each model's apart."""
    post = add_finished_post(connection)
    fresh = "select content_hash = md5('A post.') from post_vectors where post_id = %s"
    assert value(connection, fresh, post)
    change(connection, post, content="Edited.")
    assert value(connection, fresh, post)
    change(connection, post, embedding=vector(0, 1))
    assert not value(connection, fresh, post)
    assert read(connection, post, "content_hash") == value(
        connection, "select content_hash from post_vectors where post_id = %s", post
    )


def test_a_change_of_author_leaves_the_vector_alone(connection: Connection) -> None:
    """A deleted profile costs no insertion into the graph, and the post's day follows its date."""
    author = value(connection, "insert into profiles (full_name) values ('A') returning id")
    post = add_finished_post(connection)
    change(connection, post, needs_embedding=True)
    version = "select xmin::text from post_vectors where post_id = %s"
    before = value(connection, version, post)
    created = datetime(2024, 5, 6, tzinfo=UTC)
    change(connection, post, author_id=author, created_at=created, needs_topic_classification=True)
    assert rows(connection, "select day from post_work") == [(date(2024, 5, 6),)] * 2
    connection.execute("delete from profiles")
    assert rows(connection, "select author_id from viral_posts_bank") == [(None,)]
    assert value(connection, version, post) == before


def test_models_beside_the_serving_one_have_ids_of_the_other_parity(
    connection: Connection,
) -> None:
    """Vectors that are being built have an index of their own, whatever else is built."""
    add_finished_post(connection)
    for name in ("test:two", "test:three"):
        value(connection, "select register_embedding_model(%s)", name)
    serving, *building = [
        number for (number,) in rows(connection, "select id from embedding_models order by id")
    ]
    assert [number % 2 for number in building] == [(serving + 1) % 2] * 2


def test_a_deleted_post_leaves_nothing(connection: Connection) -> None:
    """Vectors, work and dead letters go with the post, by foreign key."""
    post = add_post(connection)
    store_embeddings(connection, [claim_one(connection, Stage.EMBEDDINGS)], vector(1))
    connection.execute(
        "insert into ai_errors (function_name, error_code, error_message, post_id, stage) "
        "values ('f', 'c', 'm', %s, 'hooks')",
        [post],
    )
    connection.execute("delete from viral_posts_bank")
    for statement in (b"post_vectors", b"post_work", b"ai_errors"):
        left = connection.execute(b"select count(*) from " + statement).fetchone()
        assert left == (0,)
