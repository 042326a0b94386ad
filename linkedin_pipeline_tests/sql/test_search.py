"""match_viral_posts: what is found, in which order, and what is refused."""

from __future__ import annotations

import math
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import errors

from linkedin_pipeline_tests.sql.bank import (
    MODEL,
    Connection,
    add_post,
    change,
    metrics,
    rows,
    vector,
)

DEGREES = (0, 10, 30, 60, 90, 120, 180)


def add_at(connection: Connection, degrees: int, model: str = MODEL) -> UUID:
    """Add a post whose vector stands at an angle to the first axis."""
    angle = math.radians(degrees)
    return add_post(
        connection,
        f"At {degrees}.",
        hook="Hook.",
        metrics=metrics(degrees),
        embedding=vector(round(math.cos(angle), 6), round(math.sin(angle), 6)),
        embedding_model=model,
    )


def match(connection: Connection, *arguments: Any) -> list[Any]:
    """Search from the first axis; arguments are threshold and count."""
    if not arguments:
        return rows(connection, "select * from match_viral_posts(%s::vector)", vector(1))
    return rows(
        connection, "select * from match_viral_posts(%s::vector, %s, %s)", vector(1), *arguments
    )


def test_the_best_come_first(connection: Connection) -> None:
    """Posts come by falling similarity, which is the cosine, with what a list shows of them."""
    posts = {degrees: add_at(connection, degrees) for degrees in reversed(DEGREES)}
    found = match(connection, -1, 100)
    assert [row[0] for row in found] == [posts[degrees] for degrees in DEGREES]
    for degrees, (_, content, hook, numbers, similarity) in zip(DEGREES, found, strict=True):
        assert (content, hook, numbers) == (f"At {degrees}.", "Hook.", {"likes": degrees})
        assert similarity == pytest.approx(math.cos(math.radians(degrees)), abs=1e-3)


@pytest.mark.parametrize(("threshold", "found"), [(-1, 7), (0.4, 4), (0.6, 3), (0.98, 2), (1, 1)])
def test_the_threshold_bounds_similarity(
    connection: Connection, threshold: float, found: int
) -> None:
    """Only posts at least as similar as the threshold are found, whatever the count."""
    for degrees in DEGREES:
        add_at(connection, degrees)
    assert len(match(connection, threshold, 1000)) == found


def test_the_defaults_are_those_of_the_contract(connection: Connection) -> None:
    """Unasked, ten posts of at least 0.3 are found."""
    for degrees in (*range(0, 24, 2), 80, 85):
        add_at(connection, degrees)
    assert [row[1] for row in match(connection)] == [f"At {d}." for d in range(0, 20, 2)]


def test_count_bounds_the_answer(connection: Connection) -> None:
    """The nearest count posts are found, not others above the threshold."""
    for degrees in DEGREES:
        add_at(connection, degrees)
    assert [row[1] for row in match(connection, -1, 2)] == ["At 0.", "At 10."]


@pytest.mark.parametrize("threshold", [-1.01, 1.01, math.nan, math.inf, None])
def test_a_threshold_out_of_bounds_is_refused(
    connection: Connection, threshold: float | None
) -> None:
    """Similarity lies between -1 and 1."""
    with pytest.raises(psycopg.Error) as refused:
        match(connection, threshold, 10)
    assert refused.value.sqlstate == "LP010"
    assert refused.value.diag.message_hint


@pytest.mark.parametrize("count", [0, -1, 1001, None])
def test_a_count_out_of_bounds_is_refused(connection: Connection, count: int | None) -> None:
    """One to a thousand posts may be asked for."""
    with pytest.raises(psycopg.Error) as refused:
        match(connection, 0.3, count)
    assert refused.value.sqlstate == "LP011"
    assert refused.value.diag.message_hint


@pytest.mark.parametrize("x", [0.0, 1e-30])
def test_a_query_without_a_direction_is_refused(connection: Connection, x: float) -> None:
    """The zero vector would be NaN away from everything, and NaN passes every threshold."""
    add_at(connection, 0)
    with pytest.raises(psycopg.Error) as refused:
        rows(connection, "select * from match_viral_posts(%s::vector)", vector(x))
    assert refused.value.sqlstate == "LP012"
    assert refused.value.diag.message_hint


def test_a_query_of_another_length_is_refused(connection: Connection) -> None:
    """A vector that is not of 1,536 numbers is of no model that serves here."""
    with pytest.raises(errors.DataException, match="dimensions"):
        rows(connection, "select * from match_viral_posts('[1,2]'::vector)")


def test_no_query_finds_nothing(connection: Connection) -> None:
    """A null vector is similar to nothing."""
    add_at(connection, 0)
    assert rows(connection, "select * from match_viral_posts(null::vector, -1)") == []


def test_only_the_serving_models_vectors_are_compared(connection: Connection) -> None:
    """A model that builds its set is not searched, nor is a post that only it has embedded."""
    served = add_at(connection, 30)
    add_at(connection, 0, "test:two")
    change(connection, served, embedding=vector(0, 1), embedding_model="test:two")
    [(post, _, _, _, similarity)] = match(connection, -1, 10)
    assert post == served
    assert similarity == pytest.approx(math.cos(math.radians(30)), abs=1e-3)


def test_an_empty_bank_answers_nothing(connection: Connection) -> None:
    """Searching before the first vector is no error."""
    assert match(connection) == []


def test_a_signed_in_reader_may_search(connection: Connection) -> None:
    """The search works with a reader's rights, and for nobody anonymous."""
    add_at(connection, 0)
    connection.execute("set role authenticated")
    assert [row[1] for row in match(connection)] == ["At 0."]
    assert rows(connection, "select current_embedding_model()") == [(MODEL,)]
    connection.execute("set role anon")
    with pytest.raises(errors.InsufficientPrivilege):
        match(connection)


def test_any_session_finds_the_operators(connection: Connection) -> None:
    """The search does not depend on the caller's search_path."""
    add_at(connection, 0)
    connection.execute("set search_path = pg_catalog")
    found = connection.execute(
        "select content from public.match_viral_posts(%s::public.vector)", [vector(1)]
    ).fetchall()
    assert found == [("At 0.",)]
