"""All that the database holds of one person, found by the foreign keys that lead to its profile.

The catalog says which tables hang on a profile, so that a new table is never forgotten.  A row is
reached when it refers to a reached row; it is deleted with the person when every step on one of the
ways to it cascades.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import sql

from linkedin_pipeline.database.connections import Connection, Database
from linkedin_pipeline.database.queries import query

OTHERS: frozenset[str] = frozenset({"company_pages"})
"""Tables whose rows are shown, but not what hangs on them: a page's posts and rules are not those
of the person whose account administers it."""
ERASED: frozenset[tuple[str, str]] = frozenset({("viral_posts_bank", "profiles")})
"""Steps that do not cascade, and on which an erasure goes all the same: posts outlive a profile
that is merely deleted."""


@dataclass(frozen=True, slots=True)
class Held:
    """How many rows of a table hang on a profile: those that go with it, and those that lose it."""

    table: str
    deleted: int
    unlinked: int


def held_of(database: Database, profile: UUID) -> Sequence[Held]:
    """Count what hangs on a profile, table by table; changes nothing."""

    def work(connection: Connection) -> list[Held]:
        with _reached(connection, profile):
            return [Held(*row) for row in connection.execute(query("reached_counts"))]

    return database.run(work)


def export_profile(database: Database, profile: UUID) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every row that hangs on a profile, with its table's name, as one moment saw them.

    Vectors are lists of numbers; ``post_vectors`` say their model by name.  Rows are streamed, the
    profile first.  Not tried again: what was yielded is out.

    Raises:
        DatabaseDown: the server went away.
    """
    with database.connection() as connection, _reached(connection, profile):
        vectors: dict[str, set[str]] = {}
        for table, column in connection.execute(query("vector_columns")):
            vectors.setdefault(table, set()).add(column)
        models = dict(connection.execute(query("model_names")).fetchall())
        counts = {row[0] for row in connection.execute(query("reached_counts"))}
        for table in sorted(counts, key=lambda name: (name != "profiles", name)):
            for row in _rows(connection, table):
                for column in vectors.get(table, set()):
                    if isinstance(row[column], str):
                        row[column] = json.loads(row[column])
                if "model_id" in row:
                    row["model"] = models.get(row["model_id"])
                yield table, row


def _rows(connection: Connection, table: str) -> Iterator[dict[str, Any]]:
    statement = sql.SQL(query("reached_rows")).format(
        table=sql.Identifier(table),
        oid=sql.SQL("{}::regclass::oid::bigint").format(sql.Literal(table)),
    )
    with connection.cursor(name="export") as cursor:
        cursor.itersize = 200
        cursor.execute(statement)
        for (row,) in cursor:
            yield row


@contextmanager
def _reached(connection: Connection, profile: UUID) -> Iterator[None]:
    """Note in a temporary table which rows hang on the profile, for the time of the block."""
    with connection.transaction():
        connection.execute(query("snapshot_of_now"))  # a row's place stands as long as it lasts
        connection.execute(query("reach_begin"))
        connection.execute(query("reach_profile"), (profile,))
        keys = connection.execute(query("foreign_keys")).fetchall()
        grown = True
        while grown:
            grown = sum(_step(connection, *key) for key in keys if key[2] not in OTHERS) > 0
        yield


def _step(
    connection: Connection,
    child: str,
    child_oid: int,
    parent: str,
    parent_oid: int,
    child_columns: Sequence[str],
    parent_columns: Sequence[str],
    cascades: bool,  # noqa: FBT001 - a column
) -> bool:
    def columns(alias: str, names: Sequence[str]) -> sql.Composed:
        return sql.SQL(", ").join(sql.Identifier(alias, name) for name in names)

    statement = sql.SQL(query("reach_step")).format(
        child=sql.Identifier(child),
        parent=sql.Identifier(parent),
        child_oid=sql.Literal(child_oid),
        parent_oid=sql.Literal(parent_oid),
        child_columns=columns("c", child_columns),
        parent_columns=columns("p", parent_columns),
        cascades=sql.Literal(cascades or (child, parent) in ERASED),
    )
    return connection.execute(statement).rowcount > 0
