"""Give an adopted database back: the old tables in their place, ours with all rows aside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from psycopg import Error

from linkedin_pipeline.database.adoption import RELATION, session
from linkedin_pipeline.database.adoption_catalog import Table, read_tables
from linkedin_pipeline.database.adoption_neighbours import (
    attach,
    let_go,
    move_views,
    neighbours_of,
)
from linkedin_pipeline.database.adoption_rows import quoted
from linkedin_pipeline.database.adoption_rules import STATES_OF
from linkedin_pipeline.database.adoption_survey import ASIDE, ours_in, run
from linkedin_pipeline.database.migration_history import VERSION_TABLE
from linkedin_pipeline.database.migration_session import Connection, Patience, prepare_vector
from linkedin_pipeline.database.queries import query
from linkedin_pipeline.database.sql_tree import SQL_TREE, SqlTree, read_tree
from linkedin_pipeline.domain.errors import BadInput

_BOOKKEEPING = {VERSION_TABLE, "linkedin_pipeline_migrations"}
_RESULTS = ("external_post_id", "published_at", "post_url")
_PLAIN = {"text", "character varying", "timestamp with time zone", "timestamp without time zone"}
_ENABLED = {"O": "enable", "A": "enable always", "R": "enable replica"}


@dataclass(frozen=True, slots=True)
class Undone:
    """Where ours stands now, and how many old rows were told that they are not to go out again."""

    schema: str
    told: int
    keys_not_valid: tuple[str, ...]


def undo(url: str, *, patience: Patience | None = None) -> Undone:
    """Put the old tables, types, routines and triggers back as they were; all of it or nothing.

    Ours moves to a schema of its own with every row.  One thing is written to old rows: a text that
    waited to go out, and has gone out or is not to go out any more, says so, so that the system
    of before does not send it.

    Raises:
        BadInput: nothing to undo, or something is being published.
        DatabaseDown: no answer, a lock could not be had, or somebody else is migrating.
    """
    tree = read_tree(SQL_TREE)
    with session(url, patience) as connection, connection.transaction():
        prepare_vector(connection)
        record = _record(connection)
        opened = connection.execute(query("adoption_open_intents")).fetchall()
        if opened:
            raise BadInput(
                "db adopt --undo",
                f"publication {opened[0][0]} is {opened[0][1]}: the system of before might send it "
                "again",
                "Let it settle, or decide: linkedin-pipeline publications. Switch the publishing "
                "workers off first.",
            )
        neighbours = neighbours_of(record)
        told = _tell_old_rows(connection, record["waiting"])
        after = f"linkedin_after_{datetime.now(UTC):%Y%m%d_%H%M%S_%f}"
        run(connection, f"create schema {after}")
        let_go(connection, neighbours)
        remade = {view.short for view in neighbours.views}
        _move(connection, "public", after, tree, remade)
        move_views(connection, neighbours.views, ASIDE, "public")
        _move(connection, ASIDE, "public", None, set())
        broken = attach(connection, neighbours)
        run(connection, f"drop schema {ASIDE}")
        _restore_grants(connection, record["grants"])
        return Undone(after, told, tuple(broken))


def _record(connection: Connection) -> dict[str, Any]:
    exists = run(
        connection,
        "select to_regclass('public.adoptions') is not null, "
        f"to_regnamespace('{ASIDE}') is not null",
    ).fetchone()
    row = run(connection, "select undo from adoptions").fetchone() if exists[0] else None
    if row is None or not exists[1]:
        raise BadInput(
            "db adopt --undo",
            "nothing to undo: this database was not adopted"
            if row is None
            else f"schema {ASIDE} is gone, and with it the database of before",
            "See what it is: linkedin-pipeline db adopt.",
        )
    found: dict[str, Any] = row[0]
    return found


def _tell_old_rows(connection: Connection, waiting: Mapping[str, Sequence[str]]) -> int:
    """Write to old rows that wait to go out what became of them; return how many were told."""
    told = 0
    for name, table in read_tables(connection, ASIDE).items():
        if name in STATES_OF and "status" in table.columns:
            with _quiet(connection, name):
                told += _tell(connection, table, waiting.get(name, ()))
    return told


def _tell(connection: Connection, old: Table, waiting: Sequence[str]) -> int:
    found = connection.execute(
        "select coalesce(n.status::text, 'cancelled') as said, array_agg(o.id::text) "
        f"from {ASIDE}.{old.name} o left join public.{old.name} n on n.id::text = o.id::text "
        "where o.id::text = any (%s) "
        "and coalesce(n.status::text, 'cancelled') not in ('pending', 'scheduled') "
        "group by 1".encode(),
        [list(waiting)],
    ).fetchall()
    ours = read_tables(connection, "public")[old.name].columns
    results = "".join(
        f", {name} = coalesce(o.{name}, n.{name})"
        for name in _RESULTS
        if name in ours and name in old.columns and old.columns[name].type in _PLAIN
    )
    for said, ids in found:
        write = (
            f"update {ASIDE}.{old.name} o set status = %s::{old.columns['status'].full_type}"
            f"{results} from unnest(%s::text[]) as i (id) left join public.{old.name} n "
            "on n.id::text = i.id where o.id::text = i.id"
        )
        _write_word(connection, old.name, write, said, ids)
    return sum(len(ids) for _, ids in found)


def _write_word(
    connection: Connection, name: str, write: str, said: str, ids: Sequence[str]
) -> None:
    """Write the state, or another that the old table knows and that sends nothing."""
    for word in [said] if said == "published" else [said, "failed", "cancelled"]:
        try:
            with connection.transaction():
                connection.execute(write.encode(), [word, ids])
        except Error as error:
            refused = error.diag.message_primary
        else:
            return
    raise BadInput(
        f"{name} {', '.join(ids[:5])}",
        f"{said} since, and the old table does not take a word for it ({refused})",
        f"Settle these rows by hand in schema {ASIDE}, then undo again. Nothing was changed.",
    )


@contextmanager
def _quiet(connection: Connection, name: str) -> Iterator[None]:
    """Keep the triggers of an old table from calling anybody, and leave them as they were."""
    on = run(
        connection,
        "select tgname::text, tgenabled::text from pg_trigger where not tgisinternal "
        f"and tgenabled <> 'D' and tgrelid = '{ASIDE}.{name}'::regclass",
    ).fetchall()
    for trigger, _ in on:
        run(connection, f"alter table {ASIDE}.{name} disable trigger {quoted(trigger)}")
    yield
    for trigger, how in on:
        run(connection, f"alter table {ASIDE}.{name} {_ENABLED[how]} trigger {quoted(trigger)}")


def _move(
    connection: Connection, source: str, target: str, tree: SqlTree | None, views: set[str]
) -> None:
    """Move what is ours, as the tree says, or all there is, from one schema to another."""
    relations = connection.execute(query("adoption_relations"), [source]).fetchall()
    routines = connection.execute(
        query("adoption_routines"), {"schema": source, "tables": []}
    ).fetchall()
    types = connection.execute(query("adoption_types"), [source]).fetchall()
    if tree is not None:
        names = ours_in(tree, "table") | ours_in(tree, "sequence") | _BOOKKEEPING | views
        relations = [one for one in relations if one[0] in names]
        routines = [one for one in routines if one[2] in tree.routine_names]
        types = [one for one in types if one[0] in ours_in(tree, "type")]
    # first: their signatures name the types by the schema they are in
    for _, identity, *_ in routines:
        run(connection, f"alter routine {identity} set schema {target}")
    for (name,) in types:
        run(connection, f"alter type {source}.{quoted(name)} set schema {target}")
    for name, kind, *_ in relations:
        run(connection, f"alter {RELATION[kind]} {source}.{quoted(name)} set schema {target}")


def _restore_grants(connection: Connection, before: Sequence[str]) -> None:
    """Give schema ``public`` the privileges that it had."""
    now = connection.execute(query("adoption_schema_grants")).fetchone()
    if now is None or now[0] == before:
        return
    for grant in now[0]:
        if grant not in before:
            run(connection, grant.replace("grant ", "revoke ", 1).replace(" to ", " from ", 1))
    for grant in before:
        run(connection, grant)
