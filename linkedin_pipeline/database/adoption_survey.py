"""What an existing database holds, what of it is ours to take over, and what stands in the way."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, cast

from linkedin_pipeline.database.adoption_catalog import Table, in_order, read_tables
from linkedin_pipeline.database.adoption_rows import RowsOf, quoted
from linkedin_pipeline.database.adoption_rules import BEGUN_ANEW, CARRIED
from linkedin_pipeline.database.migration_session import Connection
from linkedin_pipeline.database.queries import query
from linkedin_pipeline.database.sql_tree import SqlTree

ASIDE = "linkedin_before"
"""The schema in which the database of before stands aside."""

Kind = Literal["empty", "ours", "adopted", "existing"]


@dataclass(slots=True)
class TableSurvey:
    """A table of before: its rows, how its columns differ, and what befalls its rows.

    ``events`` are a number of rows, what happens to them, and the ids of at most five of them;
    ``stay_aside`` counts rows that do not come over.
    """

    name: str
    rows: int
    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    converted: tuple[str, ...] = ()
    events: tuple[tuple[int, str, list[str]], ...] = ()
    stay_aside: int = 0
    triggers: int = 0
    remark: str = ""


@dataclass(slots=True)
class Survey:
    """The plan of moving in: nothing of it has happened."""

    kind: Kind
    tables: list[TableSurvey] = field(default_factory=list)
    routines: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    views: tuple[str, ...] = ()
    foreign_keys: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    cron_jobs: tuple[str, ...] = ()
    obstacles: tuple[str, ...] = ()
    aside: str = ASIDE

    def document(self) -> dict[str, Any]:
        """Return it in the form of JSON."""
        return asdict(self)


def run(connection: Connection, text: str) -> Any:
    """Execute a statement whose names come from the catalog or from the files of the program."""
    return connection.execute(text.encode())


def ours_in(tree: SqlTree, kind: str) -> frozenset[str]:
    """Return the names of tables, types or sequences that the migrations create."""
    found = re.compile(rf"^create {kind} (?:public\.)?(\w+)", re.MULTILINE | re.IGNORECASE)
    return frozenset(
        name for migration in tree.migrations for name in found.findall(migration.file.sql)
    )


def taken_over(connection: Connection, tree: SqlTree) -> dict[str, tuple[str, bool, int]]:
    """Return the relations of ``public`` that stand aside: kind, owned by this user, triggers."""
    names = ours_in(tree, "table") | ours_in(tree, "sequence")
    rows = connection.execute(query("adoption_relations"), ["public"]).fetchall()
    return {name: (kind, mine, count) for name, kind, mine, count in rows if name in names}


def routines_aside(
    connection: Connection, tree: SqlTree, tables: Sequence[str]
) -> list[tuple[str, str, bool]]:
    """Return old routines with a name of ours, and what only triggers of old tables call.

    Each as signature, identity and whether this user may move it.
    """
    found = connection.execute(
        query("adoption_routines"), {"schema": "public", "tables": list(tables)}
    ).fetchall()
    return [
        (signature, identity, mine)
        for signature, identity, name, mine, only_theirs in found
        if name in tree.routine_names or only_theirs
    ]


def types_aside(connection: Connection, tree: SqlTree) -> list[str]:
    """Return the types of ``public`` that have a name of ours."""
    found = connection.execute(query("adoption_types"), ["public"]).fetchall()
    return [name for (name,) in found if name in ours_in(tree, "type")]


def survey_rows(
    connection: Connection, source: str, target: str, tables: Sequence[str]
) -> tuple[list[TableSurvey], list[tuple[RowsOf, str]]]:
    """Count what happens to the rows of each table, and return the SELECT that brings them over.

    Makes temporary tables and functions: the transaction must be the caller's.
    """
    old, ours = read_tables(connection, source), read_tables(connection, target)
    run(connection, query("adoption_functions"))
    run(connection, "set local timezone = 'UTC'; set local jit = off")
    surveys: list[TableSurvey] = []
    moves: list[tuple[RowsOf, str]] = []
    kept: set[str] = set()
    for name in in_order(ours, [name for name in CARRIED if name in tables and name in ours]):
        rows = RowsOf(source, target, old[name], ours[name], kept)
        text = rows.build()
        key = "id" if "id" in old[name].columns and "id" in rows.columns else "null"
        counts = "".join(
            f", count(*) filter (where {event}), "
            f"(array_agg({key}::text) filter (where {event}))[1:5]"
            for event in map(quoted, rows.events)
        )
        counted = run(
            connection,
            f'select count(*), count(*) filter (where "?stays"){counts} from ({text}) as counted',
        ).fetchone()
        events = zip(counted[2::2], rows.events.values(), counted[3::2], strict=True)
        surveys.append(
            TableSurvey(
                name,
                counted[0],
                missing=tuple(c for c in rows.columns if c not in old[name].columns),
                extra=tuple(column.name for column in rows.extra),
                converted=_converted(old[name], ours[name]),
                events=tuple(
                    (number, what, [one for one in ids if one])
                    for number, what, ids in events
                    if number
                ),
                stay_aside=counted[1],
            )
        )
        if "id" in rows.columns:
            run(
                connection,
                f"create temp table kept_{name} on commit drop as "
                f'select id from ({text}) as x where not "?stays"',
            )
            run(connection, f"analyze kept_{name}")
            kept.add(name)
        moves.append((rows, text))
    for name in (name for name in tables if name in BEGUN_ANEW and name in old):
        number = run(connection, f"select count(*) from {source}.{name}").fetchone()[0]
        surveys.append(TableSurvey(name, number, stay_aside=number, remark=BEGUN_ANEW[name]))
    return surveys, moves


def obstacles(
    connection: Connection, source: str, tables: dict[str, tuple[str, bool, int]], target: str
) -> list[str]:
    """Say what a person must change before anything can move, with the remedy."""
    found = [
        f"{name}: it belongs to another role. Connect as its owner, or let a superuser run: "
        f"alter table public.{name} owner to the user of DATABASE_URL."
        for name, (_, mine, _) in tables.items()
        if not mine
    ]
    known = {*CARRIED, *BEGUN_ANEW}
    found += [
        f"public.{name}: the pipeline needs this name, and the system of before had no such "
        f"table. Rename it: alter table public.{name} rename to {name}_other."
        for name, (kind, _, _) in tables.items()
        if name not in known and kind != "S"
    ]
    old = read_tables(connection, source)
    ours = read_tables(connection, target)
    for name in (name for name in CARRIED if name in tables and tables[name][0] != "S"):
        references = {"id", *(key.column for key in ours[name].foreign_keys)}
        for column in old[name].columns.values():
            wanted = ours[name].columns.get(column.name)
            if (
                column.name in references
                and wanted is not None
                and wanted.type == "uuid"
                and (column.type not in {"uuid", "text", "character varying"})
            ):
                found.append(
                    f"{name}.{column.name}: it is {column.full_type}, ours is uuid. Give its rows, "
                    "and what refers to them, ids of type uuid first."
                )
    if "profiles" in tables and "id" in old["profiles"].columns:
        double = run(
            connection,
            "select string_agg(id, ' and ') from (select string_agg(id::text, ', ') as id "
            f"from {source}.profiles group by left(replace(id::text, '-', ''), 12) "
            "having count(*) > 1) as d",
        ).fetchone()[0]
        if double:
            found.append(
                f"profiles {double}: their ids begin with the same 12 digits, which name the "
                "partition of a profile. Give all but one another id."
            )
    return found


def name_clashes(connection: Connection, scratch: str, tables: Sequence[str]) -> list[str]:
    """Say which other relations of ``public`` have a name that ours will need."""
    found = connection.execute(
        query("adoption_name_clashes"), {"scratch": scratch, "tables": list(tables)}
    ).fetchall()
    kinds = {"i": "index", "I": "index", "S": "sequence", "v": "view", "c": "type"}
    return [
        f"public.{name}: the pipeline needs this name. Rename it: alter "
        f"{kinds.get(kind, 'table')} public.{name} rename to {name}_other."
        for name, kind in found
    ]


def cron_jobs(connection: Connection, names: Sequence[str]) -> list[str] | None:
    """Name the active pg_cron jobs of the system of before; None when nobody can tell."""
    row = connection.execute(query("adoption_cron_readable")).fetchone()
    if row is None or not row[0]:
        return None
    found = connection.execute(query("adoption_cron_jobs"), {"names": list(names)}).fetchall()
    return [
        f"{number} {name} ({schedule})".replace("  ", " ")
        for number, name, schedule in cast("list[tuple[int, str, str]]", found)
    ]


def _converted(old: Table, ours: Table) -> tuple[str, ...]:
    pairs = [
        (theirs, ours.columns[name]) for name, theirs in old.columns.items() if name in ours.columns
    ]
    return tuple(
        f"{theirs.name}: {theirs.full_type} to {mine.full_type}"
        for theirs, mine in pairs
        if theirs.full_type.rpartition(".")[2] != mine.full_type.rpartition(".")[2]
    )
