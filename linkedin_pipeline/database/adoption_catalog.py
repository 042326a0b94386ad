"""The tables of one schema as far as moving rows between two of them needs to know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from linkedin_pipeline.database.migration_session import Connection
from linkedin_pipeline.database.queries import query


@dataclass(frozen=True, slots=True)
class Column:
    """A column; ``default`` only where it depends on nothing of the schema it is in."""

    name: str
    type: str
    full_type: str
    required: bool
    generated: bool
    default: str | None
    category: str
    element: str


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A column that refers to another table's id."""

    column: str
    table: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its columns by name, in order, and what binds its rows."""

    name: str
    columns: Mapping[str, Column]
    checks: tuple[tuple[tuple[str, ...], str], ...]
    uniques: tuple[tuple[str, ...], ...]
    foreign_keys: tuple[ForeignKey, ...]


def read_tables(connection: Connection, schema: str) -> dict[str, Table]:
    """Return the tables and views of a schema by name."""
    columns: dict[str, dict[str, Column]] = {}
    for table, *parts in connection.execute(query("adoption_columns"), [schema]).fetchall():
        columns.setdefault(table, {})[parts[0]] = Column(*parts)
    checks: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    uniques: dict[str, list[tuple[str, ...]]] = {}
    keys: dict[str, list[ForeignKey]] = {}
    found = connection.execute(query("adoption_constraints"), [schema]).fetchall()
    for table, kind, names, other, expression in found:
        if kind == "c":
            checks.setdefault(table, []).append((tuple(names), expression))
        elif kind == "u":
            uniques.setdefault(table, []).append(tuple(names))
        else:
            keys.setdefault(table, []).append(ForeignKey(names[0], other))
    return {
        name: Table(
            name,
            its,
            tuple(checks.get(name, ())),
            tuple(uniques.get(name, ())),
            tuple(keys.get(name, ())),
        )
        for name, its in columns.items()
    }


def in_order(tables: Mapping[str, Table], names: list[str]) -> list[str]:
    """Return ``names`` so that each comes after those that its foreign keys lead to."""
    done: list[str] = []
    while len(done) < len(names):
        for name in names:
            waits = {key.table for key in tables[name].foreign_keys} & set(names) - {name}
            if name not in done and waits <= set(done):
                done.append(name)
    return done
