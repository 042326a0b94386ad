"""match_topics, match_audiences and match_hook_types."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import errors

from linkedin_pipeline_tests.sql.bank import MODEL, Connection, add_finished_post, rows, vector

TABLES = ("topics", "audiences", "hook_types")


def add(connection: Connection, table: str, name: str, x: float, **columns: object) -> None:
    """Add a label with a vector between the first two axes."""
    columns = {"embedding_model": MODEL, "is_active": True, **columns}
    connection.execute(
        f"insert into {table} (name, embedding, embedding_model, is_active) "
        "values (%s, %s, %s, %s)".encode(),
        [name, vector(x, 1), columns["embedding_model"], columns["is_active"]],
    )


def names(connection: Connection, table: str, *arguments: object) -> list[str]:
    """Return the names found from the first axis, of labels whose vectors are of the test."""
    call = f"select name from match_{table}(%s::vector, %s, %s)".encode()
    return [row[0] for row in connection.execute(call, [vector(1), *arguments])]


@pytest.mark.parametrize("table", TABLES)
def test_active_labels_of_the_serving_model_match(connection: Connection, table: str) -> None:
    """Best first, above the threshold, at most so many; inactive ones never."""
    add_finished_post(connection)
    add(connection, table, "Far.", 0.1)
    add(connection, table, "Near.", 2)
    add(connection, table, "Off.", 3, is_active=False)
    add(connection, table, "Other model.", 3, embedding_model="test:other")
    assert names(connection, table, -1, 10) == ["Near.", "Far."]
    assert names(connection, table, 0.5, 10) == ["Near."]
    assert names(connection, table, -1, 1) == ["Near."]
    named = f"select similarity from match_{table}(query_embedding => %s::vector, count => 1)"
    [(similarity,)] = connection.execute(named.encode(), [vector(1)]).fetchall()
    assert similarity == pytest.approx(2 / 5**0.5, abs=1e-6)


@pytest.mark.parametrize(
    ("vector_x", "threshold", "count", "state"),
    [(1, 2, 1, "LP010"), (1, None, 1, "LP010"), (1, 0, 0, "LP011"), (0, 0, 1, "LP012")],
)
def test_arguments_out_of_bounds_are_refused(
    connection: Connection, vector_x: float, threshold: float, count: int, state: str
) -> None:
    """The errors are those of the search over posts."""
    with pytest.raises(psycopg.Error) as refused:
        rows(
            connection,
            "select * from match_topics(%s::vector, %s, %s)",
            vector(vector_x),
            threshold,
            count,
        )
    assert refused.value.sqlstate == state
    assert refused.value.diag.message_hint


def test_another_taxonomy_is_refused(connection: Connection) -> None:
    """The name of a table is never taken from a caller unchecked."""
    with pytest.raises(psycopg.Error) as refused:
        rows(connection, "select * from match_taxonomy('profiles', %s::vector)", vector(1))
    assert refused.value.sqlstate == "LP014"


def test_readers_may_match_labels(connection: Connection) -> None:
    """Signed in, and nobody else."""
    connection.execute("set role authenticated")
    for table in TABLES:
        assert names(connection, table, -1, 10) == []
    connection.execute("set role anon")
    with pytest.raises(errors.InsufficientPrivilege):
        names(connection, "topics", -1, 10)
