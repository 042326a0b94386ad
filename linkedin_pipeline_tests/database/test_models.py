"""The daily measurement of the search's recall."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.rows import TupleRow

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.models import (
    daily_recall,
    forget_retired,
    is_whole,
    promote,
    serving_model,
)
from linkedin_pipeline_tests.sql.bank import MODEL, add_finished_post, change, value, vector


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Give the test's database."""
    with Database(database_url, patience=5.0) as opened:
        yield opened


def measurements(connection: psycopg.Connection[TupleRow]) -> int:
    """Count how often recall was measured."""
    number: int = value(connection, "select count(distinct measured_at) from search_recall_log")
    return number


def test_recall_is_measured_once_a_day(
    connection: psycopg.Connection[TupleRow], database: Database
) -> None:
    """The first who asks measures, the next read, and after a day it is measured again."""
    assert daily_recall(database) == []
    add_finished_post(connection)
    first = daily_recall(database)
    assert {(one.filter, one.recall) for one in first} >= {("none", 1.0), ("topic_id", 1.0)}
    assert daily_recall(database) == first
    assert measurements(connection) == 1
    connection.execute("update search_recall_log set measured_at = now() - interval '25 hours'")
    assert daily_recall(database)[0].measured_at > first[0].measured_at
    assert measurements(connection) == 2


def test_poor_recall_is_measured_again(
    connection: psycopg.Connection[TupleRow], database: Database
) -> None:
    """Who rebuilt the index need not wait for tomorrow to see the check pass."""
    add_finished_post(connection)
    connection.execute(
        "insert into search_recall_log (measured_at, filter, sampled, recall) "
        "values (now() - interval '1 minute', 'none', 20, 0.97)"
    )
    assert all(one.recall == 1.0 for one in daily_recall(database))


def test_a_whole_set_is_promoted_and_the_old_one_cleared(
    connection: psycopg.Connection[TupleRow], database: Database
) -> None:
    """Looking changes nothing; promoting says whether the model serves because of it."""
    post = add_finished_post(connection)
    assert not promote(database, "test:two")
    change(connection, post, embedding=vector(0, 1), embedding_model="test:two")
    assert is_whole(database, "test:two")
    assert serving_model(database) == MODEL, "looking changes nothing"
    assert promote(database, "test:two")
    assert serving_model(database) == "test:two"
    assert not is_whole(database, "test:two")
    assert (forget_retired(database), forget_retired(database)) == (1, 0)
    assert value(connection, "select count(*) from post_vectors") == 1
