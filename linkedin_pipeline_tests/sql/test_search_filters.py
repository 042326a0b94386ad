"""match_viral_posts_filtered and its short forms: which posts pass, and what is refused."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

from linkedin_pipeline_tests.sql.bank import (
    MODEL,
    Connection,
    add_post,
    add_taxonomy,
    change,
    rows,
    value,
    vector,
)

FILTERED = "select * from match_viral_posts_filtered(%s::vector, %s, -1, %s)"


def add(connection: Connection, degrees: float, **columns: Any) -> UUID:
    """Add a post whose vector stands at an angle to the first axis."""
    angle = math.radians(degrees)
    return add_post(
        connection,
        f"At {degrees}.",
        embedding=vector(round(math.cos(angle), 6), round(math.sin(angle), 6)),
        embedding_model=MODEL,
        **columns,
    )


def found(connection: Connection, filters: Any, count: int = 100) -> list[UUID]:
    """Return the ids of what passes, nearest to the first axis first."""
    return [row[0] for row in rows(connection, FILTERED, vector(1), Jsonb(filters), count)]


def author(connection: Connection, kind: str = "internal") -> UUID:
    """Add a profile."""
    profile: UUID = value(
        connection,
        "insert into profiles (full_name, type) values ('A', %s) returning id",
        kind,
    )
    return profile


def test_no_filter_is_the_plain_search(connection: Connection) -> None:
    """An empty object, and an argument left out, filter nothing."""
    posts = [add(connection, degrees) for degrees in (0, 20, 40)]
    assert found(connection, {}) == posts
    left_out = rows(
        connection,
        "select id from match_viral_posts_filtered(query_embedding => %s::vector)",
        vector(1),
    )
    assert [row[0] for row in left_out] == posts


@pytest.mark.parametrize("column", ["topic_id", "audience_id", "hook_type_id", "author_id"])
def test_ids_filter_alone_or_together(connection: Connection, column: str) -> None:
    """One id or an array of ids; posts without the value pass neither."""
    add(connection, 0)
    if column == "author_id":
        labels = [author(connection), author(connection)]
    else:
        labels = [add_taxonomy(connection)[column] for _ in range(2)]
    far, near = (
        add(connection, degrees, **{column: label})
        for degrees, label in zip((50, 10), labels, strict=True)
    )
    assert found(connection, {column: str(labels[0])}) == [far]
    assert found(connection, {column: [str(label) for label in labels]}) == [near, far]
    assert found(connection, {column: []}) == []
    assert found(connection, {column: str(uuid4())}) == []


def test_the_kind_of_author_filters(connection: Connection) -> None:
    """Ours and others' can be told apart; a post without an author is neither's."""
    ours = add(connection, 30, author_id=author(connection))
    theirs = add(connection, 20, author_id=author(connection, "external_influencer"))
    add(connection, 0)
    assert found(connection, {"author_type": "internal"}) == [ours]
    assert found(connection, {"author_type": "external_influencer"}) == [theirs]


def test_numbers_filter_from_below(connection: Connection) -> None:
    """Likes and the sum of likes, comments and shares; what is missing or no number counts 0."""
    numbers = [{"likes": 9, "comments": 2}, {"likes": 10}, {"shares": 50}, {"likes": "99"}, {}]
    posts = [add(connection, i, metrics=Jsonb(one)) for i, one in enumerate(numbers)]
    assert found(connection, {"min_likes": 10}) == [posts[1]]
    assert found(connection, {"min_likes": 8.5}) == posts[:2]
    assert found(connection, {"min_engagement": 11}) == [posts[0], posts[2]]
    assert found(connection, {"min_likes": 0}) == posts


def test_times_filter_by_the_original_date_else_the_creation(connection: Connection) -> None:
    """From posted_after on and until before posted_before."""
    day = [datetime(2026, 1, number, tzinfo=UTC) for number in (1, 2, 3)]
    original = add(connection, 0, original_post_date=day[0], created_at=day[2])
    created = add(connection, 10, created_at=day[1])
    assert found(connection, {"posted_after": "2026-01-02T00:00:00Z"}) == [created]
    assert found(connection, {"posted_before": "2026-01-02T00:00:00Z"}) == [original]
    both = {"posted_after": "2026-01-01", "posted_before": "2026-01-03"}
    assert found(connection, both) == [original, created]


def test_filters_must_all_pass(connection: Connection) -> None:
    """Several filters narrow one another."""
    topic = add_taxonomy(connection)["topic_id"]
    add(connection, 0, topic_id=topic)
    both = add(connection, 40, topic_id=topic, metrics=Jsonb({"likes": 5}))
    add(connection, 10, metrics=Jsonb({"likes": 5}))
    assert found(connection, {"topic_id": str(topic), "min_likes": 5}) == [both]


def test_a_filter_follows_the_post(connection: Connection) -> None:
    """An edited label or number is seen by the next search."""
    topics = [add_taxonomy(connection)["topic_id"] for _ in range(2)]
    post = add(connection, 0, topic_id=topics[0])
    change(connection, post, topic_id=topics[1], metrics=Jsonb({"likes": 7}))
    assert found(connection, {"topic_id": str(topics[0])}) == []
    assert found(connection, {"topic_id": str(topics[1]), "min_likes": 7}) == [post]


@pytest.mark.parametrize(
    "filters",
    [
        {"topic": "00000000-0000-0000-0000-000000000000"},
        {"topic_id": "pricing"},
        {"topic_id": 7},
        {"topic_id": None},
        {"topic_id": [None, "x"]},
        {"author_id": {"id": 1}},
        {"author_type": "boss"},
        {"author_type": ["internal"]},
        {"min_likes": "10"},
        {"min_likes": None},
        {"min_engagement": True},
        {"posted_after": "last week or so"},
        {"posted_before": 1767225600},
        {"min_likes": 1, "sort": "likes"},
        {"topic_id": "'; drop table profiles; --"},
        [],
        "x",
        None,
    ],
)
def test_unknown_filters_and_wrong_types_are_refused(connection: Connection, filters: Any) -> None:
    """The error names the filter and says what there is."""
    add(connection, 0)
    with pytest.raises(psycopg.Error) as refused:
        found(connection, filters)
    assert refused.value.sqlstate == "LP013"
    assert refused.value.diag.message_hint


def test_sql_null_is_no_filter_object(connection: Connection) -> None:
    """A caller that passes null has forgotten its filter, and is told."""
    with pytest.raises(psycopg.Error) as refused:
        rows(connection, "select * from match_viral_posts_filtered(%s::vector, null)", vector(1))
    assert refused.value.sqlstate == "LP013"


@pytest.mark.parametrize("kind", ["author", "topic"])
def test_the_short_forms_take_named_arguments(connection: Connection, kind: str) -> None:
    """By author and by topic: the same rows as the filter, none for null."""
    label = author(connection) if kind == "author" else add_taxonomy(connection)["topic_id"]
    near = add(connection, 10, **{f"{kind}_id": label})
    far = add(connection, 100, **{f"{kind}_id": label})
    add(connection, 0)
    call = (
        f"select id from match_viral_posts_by_{kind}(query_embedding => %s::vector, "
        f"{kind}_id => %s, threshold => %s, count => %s)"
    )
    ask = connection.execute
    assert ask(call.encode(), [vector(1), label, -1, 5]).fetchall() == [(near,), (far,)]
    assert ask(call.encode(), [vector(1), label, 0.5, 5]).fetchall() == [(near,)]
    assert ask(call.encode(), [vector(1), label, -1, 1]).fetchall() == [(near,)]
    assert ask(call.encode(), [vector(1), None, -1, 5]).fetchall() == []


def test_a_signed_in_reader_may_filter_by_everything(connection: Connection) -> None:
    """Row-level security lets a reader search by each filter, the kind of author included."""
    label = add_taxonomy(connection)
    post = add(connection, 0, author_id=author(connection), metrics=Jsonb({"likes": 3}), **label)
    filters = {
        **{column: str(one) for column, one in label.items()},
        "author_type": "internal",
        "min_likes": 1,
        "min_engagement": 1,
        "posted_after": "2020-01-01",
        "posted_before": "2100-01-01",
    }
    connection.execute("set role authenticated")
    assert found(connection, filters) == [post]
