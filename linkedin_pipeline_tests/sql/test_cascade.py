"""What neighbours say of labels, and which posts count as neighbours."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, LiteralString
from uuid import UUID

import psycopg
import pytest

from linkedin_pipeline.domain.work import Stage
from linkedin_pipeline_tests.sql.bank import (
    FLAGS,
    MODEL,
    VALUES,
    Connection,
    add_post,
    add_taxonomy,
    change,
    rows,
    vector,
)

CHOOSER = "test:chooser/labels-1"
TOPICS, AUDIENCES = Stage.TOPIC_CLASSIFICATIONS, Stage.AUDIENCE_CLASSIFICATIONS

each_stage = pytest.mark.parametrize("stage", [TOPICS, AUDIENCES], ids=str)


def at(degrees: float) -> str:
    """Return a direction; the similarity of two is the cosine of the angle between them."""
    return vector(math.cos(math.radians(degrees)), math.sin(math.radians(degrees)))


def add_voter(
    connection: Connection, stage: Stage, label: UUID, degrees: float, chooser: str | None = CHOOSER
) -> UUID:
    """Add an embedded post with a label of the chooser's."""
    return add_post(
        connection,
        f"A post at {degrees}.",
        **{
            "embedding": at(degrees),
            "embedding_model": MODEL,
            VALUES[stage]: label,
            VALUES[stage].replace("_id", "_model"): chooser,
        },
    )


def add_asked(connection: Connection, degrees: float = 0, **columns: Any) -> UUID:
    """Add an embedded post that wants its labels."""
    return add_post(connection, **{"embedding": at(degrees), "embedding_model": MODEL, **columns})


def votes(
    connection: Connection, stage: Stage, *posts: UUID, threshold: float = 0.9
) -> dict[UUID, tuple[UUID, float]]:
    """Return label and rounded similarity by post."""
    statement = "select * from neighbour_labels(%s::post_stage, %s, %s, %s)"
    found = rows(connection, statement, stage, list(posts), CHOOSER, threshold)
    return {post: (label, round(similarity, 3)) for post, label, similarity in found}


def add_label(connection: Connection, stage: Stage) -> UUID:
    """Add an active label of a kind."""
    return add_taxonomy(connection)[VALUES[stage]]


@each_stage
def test_three_neighbours_that_agree_decide(connection: Connection, stage: Stage) -> None:
    """Each post has the label of its own neighbours, with the similarity of the farthest."""
    east, north = add_label(connection, stage), add_label(connection, stage)
    for degrees in (1, 2, 3):
        add_voter(connection, stage, east, degrees)
    posts = [add_asked(connection, degrees) for degrees in (0, 90, 45)]
    assert votes(connection, stage, *posts) == {posts[0]: (east, 0.999)}
    for degrees in (80, 81, 82):
        add_voter(connection, stage, north, degrees)
    assert votes(connection, stage, *posts) == {
        posts[0]: (east, 0.999),
        posts[1]: (north, 0.985),
    }
    assert votes(connection, stage, posts[1]) == {posts[1]: (north, 0.985)}


def test_two_are_too_few(connection: Connection) -> None:
    """And those farther than the threshold do not help."""
    label = add_label(connection, TOPICS)
    for degrees in (1, 2, 30):
        add_voter(connection, TOPICS, label, degrees)
    post = add_asked(connection)
    assert votes(connection, TOPICS, post) == {}
    assert votes(connection, TOPICS, post, threshold=0.8) == {post: (label, 0.866)}


def test_neighbours_that_differ_decide_nothing(connection: Connection) -> None:
    """One of the nearest five is enough to doubt; the sixth is not asked."""
    label, other = add_label(connection, TOPICS), add_label(connection, TOPICS)
    for degrees in (1, 2, 3, 4):
        add_voter(connection, TOPICS, label, degrees)
    post = add_asked(connection)
    doubt = add_voter(connection, TOPICS, other, 6)
    assert votes(connection, TOPICS, post) == {}
    add_voter(connection, TOPICS, label, 5)
    assert votes(connection, TOPICS, post) == {post: (label, 0.996)}
    change(connection, doubt, embedding=at(4.5))
    assert votes(connection, TOPICS, post) == {}


def unmake_model(connection: Connection, voter: UUID, _stage: Stage) -> None:
    """Have neighbours have given the label."""
    change(connection, voter, topic_model=f"cascade:{CHOOSER}", audience_model=f"cascade:{CHOOSER}")


def another_model(connection: Connection, voter: UUID, _stage: Stage) -> None:
    """Have another prompt have given it."""
    change(connection, voter, topic_model="test:chooser/labels-2", audience_model="test:b")


def a_person(connection: Connection, voter: UUID, _stage: Stage) -> None:
    """Have a person have given it."""
    change(connection, voter, topic_model=None, audience_model=None)


def wanted_anew(connection: Connection, voter: UUID, stage: Stage) -> None:
    """Put the label in doubt."""
    change(connection, voter, **{FLAGS[stage]: True})


def edited(connection: Connection, voter: UUID, stage: Stage) -> None:
    """Change the text and label it anew, before the vector of the new text is there."""
    change(connection, voter, content="Another text.")
    change(connection, voter, **{FLAGS[stage]: False})


def unembedded(connection: Connection, voter: UUID, _stage: Stage) -> None:
    """Take the vector away."""
    change(connection, voter, embedding=None)


@each_stage
@pytest.mark.parametrize(
    "spoil", [unmake_model, another_model, a_person, wanted_anew, edited, unembedded]
)
def test_what_does_not_count(
    connection: Connection, stage: Stage, spoil: Callable[[Connection, UUID, Stage], None]
) -> None:
    """Labels of neighbours, of others and of people, those in doubt, and vectors of old texts."""
    label = add_label(connection, stage)
    voters = [add_voter(connection, stage, label, degrees) for degrees in (1, 2, 3)]
    post = add_asked(connection)
    assert votes(connection, stage, post)
    spoil(connection, voters[1], stage)
    assert votes(connection, stage, post) == {}


@pytest.mark.parametrize(
    ("stage", "end"),
    [
        (TOPICS, "update topics set is_active = false"),
        (AUDIENCES, "update audiences set is_active = false"),
    ],
)
def test_a_label_that_is_switched_off_is_not_passed_on(
    connection: Connection, stage: Stage, end: LiteralString
) -> None:
    """Whatever the neighbours have."""
    label = add_label(connection, stage)
    for degrees in (1, 2, 3):
        add_voter(connection, stage, label, degrees)
    post = add_asked(connection)
    assert votes(connection, stage, post)
    connection.execute(end)
    assert votes(connection, stage, post) == {}


def test_a_post_is_not_its_own_neighbour(connection: Connection) -> None:
    """What it was labelled before says nothing."""
    label = add_label(connection, TOPICS)
    voters = [add_voter(connection, TOPICS, label, degrees) for degrees in (1, 2, 3)]
    assert votes(connection, TOPICS, voters[0]) == {}


def test_a_post_whose_text_has_no_vector_has_no_neighbours(connection: Connection) -> None:
    """A new one, and one that was edited since."""
    label = add_label(connection, TOPICS)
    for degrees in (1, 2, 3):
        add_voter(connection, TOPICS, label, degrees)
    post, new = add_asked(connection), add_post(connection)
    assert votes(connection, TOPICS, post, new).keys() == {post}
    change(connection, post, content="Edited.")
    assert votes(connection, TOPICS, post, new) == {}


def test_posts_without_labels_do_not_hide_those_behind_them(connection: Connection) -> None:
    """Fifty nearer ones that want their labels; of a hundred no more is looked at."""
    label = add_label(connection, TOPICS)
    for degrees in (10, 11, 12):
        add_voter(connection, TOPICS, label, degrees)
    post = add_asked(connection)
    for number in range(50):
        add_asked(connection, number / 10, content=f"Nearer {number}.")
    assert votes(connection, TOPICS, post) == {post: (label, 0.978)}
    for number in range(60):
        add_asked(connection, -number / 10, content=f"Nearer still {number}.")
    assert votes(connection, TOPICS, post) == {}


def test_only_vectors_of_the_serving_model_are_compared(connection: Connection) -> None:
    """Those of a model that is being built are near nothing yet."""
    label = add_label(connection, TOPICS)
    for degrees in (1, 2, 3):
        add_voter(connection, TOPICS, label, degrees)
    other = add_asked(connection, embedding_model="test:two")
    assert votes(connection, TOPICS, other) == {}


@pytest.mark.parametrize(
    ("stage", "threshold", "code"),
    [
        (Stage.HOOK_CLASSIFICATIONS, 0.9, "LP060"),
        (Stage.EMBEDDINGS, 0.9, "LP060"),
        (TOPICS, 1.01, "LP061"),
        (TOPICS, float("nan"), "LP061"),
    ],
)
def test_nonsense_is_an_error(
    connection: Connection, stage: Stage, threshold: float, code: str
) -> None:
    """Of ours, with a hint."""
    with pytest.raises(psycopg.Error) as refused:
        votes(connection, stage, threshold=threshold)
    assert refused.value.sqlstate == code
    assert refused.value.diag.message_hint
