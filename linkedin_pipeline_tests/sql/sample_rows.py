"""A bank in use, for tests that look at every table."""

from __future__ import annotations

from pathlib import Path

from psycopg import sql

from linkedin_pipeline_tests.sql.bank import Connection

_ROWS = Path(__file__).with_suffix(".sql")


def add_sample_rows(connection: Connection) -> None:
    """Fill a freshly migrated database with what ``sample_rows.sql`` says."""
    with connection.transaction():
        connection.execute(_ROWS.read_bytes())


def counts(connection: Connection, tables: list[str]) -> dict[str, int]:
    """Return how many rows of each table the current role sees."""
    found = {}
    for table in tables:
        asked = sql.SQL("select count(*) from {}").format(sql.Identifier(table))
        [(found[table],)] = connection.execute(asked).fetchall()
    return found
