"""What other people's tables have to do with those that stand aside: keys, policies, views."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from psycopg import Error, errors, sql

from linkedin_pipeline.database.adoption_rows import quoted
from linkedin_pipeline.database.adoption_survey import run
from linkedin_pipeline.database.migration_session import Connection
from linkedin_pipeline.database.queries import query
from linkedin_pipeline.domain.errors import BadInput


@dataclass(frozen=True, slots=True)
class Key:
    """A foreign key of somebody else's table to one that stands aside, as SQL."""

    table: str
    name: str
    definition: str


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy of somebody else's table that reads one that stands aside."""

    table: str
    name: str
    using: str | None
    check: str | None


@dataclass(frozen=True, slots=True)
class View:
    """A view over tables that stand aside; ``kind`` is v, or m for a materialized one."""

    name: str
    schema: str
    short: str
    kind: str
    definition: str
    options: str
    comment: str | None
    grants: list[str]


@dataclass(frozen=True, slots=True)
class Neighbours:
    """All of them, read while the old tables are still in ``public``: names come out bare."""

    keys: tuple[Key, ...]
    policies: tuple[Policy, ...]
    views: tuple[View, ...]

    def document(self) -> dict[str, Any]:
        """Return what ``neighbours_of`` reads again."""
        return asdict(self)


def read_neighbours(connection: Connection, tables: Sequence[str]) -> Neighbours:
    """Read what depends on the tables from outside."""
    names = {"tables": list(tables)}
    return Neighbours(
        tuple(Key(*row) for row in connection.execute(query("adoption_foreign_keys"), names)),
        tuple(Policy(*row) for row in connection.execute(query("adoption_policies"), names)),
        tuple(View(*row) for row in connection.execute(query("adoption_views"), names)),
    )


def neighbours_of(document: dict[str, Any]) -> Neighbours:
    """Return the neighbours that a document says."""
    return Neighbours(
        tuple(Key(**one) for one in document["keys"]),
        tuple(Policy(**one) for one in document["policies"]),
        tuple(View(**one) for one in document["views"]),
    )


def let_go(connection: Connection, neighbours: Neighbours) -> None:
    """Drop the foreign keys: they hold on to tables, not to names."""
    for key in neighbours.keys:
        run(connection, f"alter table {key.table} drop constraint {key.name}")


def attach(connection: Connection, neighbours: Neighbours) -> list[str]:
    """Point keys and policies at what now has the names; return the keys that rows of theirs break.

    Those are added without a look at the rows that are there.

    Raises:
        BadInput: a key does not fit what now has the name.
    """
    broken: list[str] = []
    for key in neighbours.keys:
        add = f"alter table {key.table} add constraint {key.name} {key.definition}"
        try:
            with connection.transaction():
                run(connection, add)
        except errors.ForeignKeyViolation:
            run(connection, f"{add} not valid")
            broken.append(f"{key.table}.{key.name}")
        except Error as error:
            raise BadInput(
                f"foreign key {key.name} of {key.table}",
                f"it cannot lead to the new table ({error.diag.message_primary})",
                "Drop it, or change its column's type. Nothing was changed.",
            ) from error
    for policy in neighbours.policies:
        using = f" using ({policy.using})" if policy.using else ""
        check = f" with check ({policy.check})" if policy.check else ""
        run(connection, f"alter policy {policy.name} on {policy.table}{using}{check}")
    return broken


def move_views(connection: Connection, views: Sequence[View], source: str, target: str) -> None:
    """Move views of one schema to another, whole."""
    for view in views:
        if view.schema == "public":
            kind = "materialized view" if view.kind == "m" else "view"
            run(connection, f"alter {kind} {source}.{quoted(view.short)} set schema {target}")


def remake_views(connection: Connection, views: Sequence[View]) -> list[str]:
    """Make views anew over what now has the names; return those that cannot be.

    A materialized view, and one in another schema, is left to people: it still reads the old rows.
    """
    left: list[str] = []
    for view in views:
        if view.schema != "public" or view.kind == "m":
            left.append(view.name)
            continue
        name = f"public.{quoted(view.short)}"
        options = f" with ({view.options})" if view.options else ""
        try:
            with connection.transaction():
                run(connection, f"create view {name}{options} as {view.definition}")
        except Error:
            left.append(view.name)
            continue
        if view.comment:
            comment = sql.SQL("comment on view {} is {}").format(
                sql.Identifier("public", view.short), sql.Literal(view.comment)
            )
            connection.execute(comment)
        for grant in view.grants:
            privilege, _, grantee = grant.partition(" to ")
            run(connection, f"grant {privilege} on {name} to {grantee}")
    return left
