"""Move in on an existing database: look at it, take it over, give it back.

Each is one transaction of the session that holds the migrations' turn, so that whoever is killed
leaves the database as it was.  Why it is done so: docs/decisions/0020-moving-in.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from psycopg import errors
from psycopg.types.json import Jsonb

from linkedin_pipeline.database.adoption_neighbours import (
    Neighbours,
    attach,
    let_go,
    move_views,
    read_neighbours,
    remake_views,
)
from linkedin_pipeline.database.adoption_rows import RowsOf, quoted
from linkedin_pipeline.database.adoption_rules import SEEDED_BY_KEY, STATES_OF
from linkedin_pipeline.database.adoption_survey import (
    ASIDE,
    Kind,
    Survey,
    TableSurvey,
    cron_jobs,
    name_clashes,
    obstacles,
    routines_aside,
    run,
    survey_rows,
    taken_over,
    types_aside,
)
from linkedin_pipeline.database.migrate import install, translated, without_concurrently
from linkedin_pipeline.database.migration_history import TELLING, is_migrated
from linkedin_pipeline.database.migration_session import (
    Connection,
    Patience,
    connect,
    limit_lock_wait,
    prepare_vector,
    take_turn,
)
from linkedin_pipeline.database.queries import query
from linkedin_pipeline.database.sql_tree import SQL_TREE, SqlTree, read_tree
from linkedin_pipeline.database.statements import run as run_file
from linkedin_pipeline.domain.errors import BadInput, DatabaseDown, PipelineError

_SCRATCH = "linkedin_plan"
_NO_CRON = (
    "pg_cron: whether jobs of the system of before still run cannot be seen from here, and two "
    "systems that publish would send posts twice. Switch them off, then say --cron-is-off."
)


def survey(url: str, *, cron_is_off: bool = False, patience: Patience | None = None) -> Survey:
    """Say what moving in would do; everything that is made on the way is rolled back.

    Raises:
        DatabaseDown: no answer, or somebody else is migrating.
        Misconfigured: the server or the extension is too old, or the user may not look.
    """
    with session(url, patience) as connection:
        return _survey(connection, read_tree(SQL_TREE), cron_is_off=cron_is_off)


def adopt(
    url: str,
    *,
    cron_is_off: bool = False,
    patience: Patience | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Survey:
    """Take an existing database over, all of it or nothing; on one that is ours change nothing.

    The old tables are locked against everybody from the first move to the end.

    Raises:
        BadInput: something stands in the way; nothing was changed.
        DatabaseDown: no answer, a lock could not be had, or somebody else is migrating.
    """
    tree = read_tree(SQL_TREE)
    with session(url, patience) as connection:
        say("looking at the database")
        found = _survey(connection, tree, cron_is_off=cron_is_off)
        if found.kind != "existing":
            return found
        if found.obstacles:
            raise BadInput("db adopt", " ".join(found.obstacles), "Nothing was changed.")
        with connection.transaction():
            prepare_vector(connection)
            return move_in(connection, tree, found, say)


def _survey(connection: Connection, tree: SqlTree, *, cron_is_off: bool) -> Survey:
    with connection.transaction(force_rollback=True):
        prepare_vector(connection)
        kind = _kind(connection, tree)
        if kind != "existing":
            return Survey(kind)
        tables = taken_over(connection, tree)
        names = list(tables)
        routines = routines_aside(connection, tree, names)
        neighbours = read_neighbours(connection, names)
        found = Survey(
            kind,
            routines=tuple(signature for signature, _, _ in routines),
            types=tuple(types_aside(connection, tree)),
            views=tuple(view.name for view in neighbours.views),
            foreign_keys=tuple(f"{key.table}.{key.name}" for key in neighbours.keys),
            policies=tuple(f"{policy.table}.{policy.name}" for policy in neighbours.policies),
        )
        in_the_way = _cron(connection, tree, found, names, cron_is_off=cron_is_off)
        in_the_way += [
            f"routine {signature}: it belongs to another role. Let its owner drop or give it away."
            for signature, _, mine in routines
            if not mine
        ]
        if run(connection, f"select to_regnamespace('{ASIDE}') is not null").fetchone()[0]:
            in_the_way.append(
                f"schema {ASIDE}: it exists, and the old tables are to stand there. Rename it."
            )
        _make_scratch(connection, tree)
        in_the_way += obstacles(connection, "public", tables, _SCRATCH)
        in_the_way += name_clashes(connection, _SCRATCH, names)
        found.obstacles = tuple(in_the_way)
        if not any(text.startswith(tuple(f"{name}." for name in names)) for text in in_the_way):
            found.tables, _ = survey_rows(connection, "public", _SCRATCH, names)
            _count_triggers(found.tables, tables)
        return found


def _kind(connection: Connection, tree: SqlTree) -> Kind:
    if is_migrated(connection):
        known = run(connection, "select to_regclass('public.adoptions') is not null").fetchone()[0]
        adopted = known and run(connection, "select count(*) from adoptions").fetchone()[0]
        return "adopted" if adopted else "ours"
    return "existing" if TELLING & taken_over(connection, tree).keys() else "empty"


def _cron(
    connection: Connection,
    tree: SqlTree,
    found: Survey,
    tables: Sequence[str],
    *,
    cron_is_off: bool,
) -> list[str]:
    jobs = cron_jobs(connection, sorted({*tree.routine_names, *tables}))
    if jobs is None:
        return [] if cron_is_off else [_NO_CRON]
    found.cron_jobs = tuple(jobs)
    return [
        f"cron job {job}: it is active, and two systems that publish would send posts twice. "
        f"Switch it off: select cron.alter_job({job.split()[0]}, active := false)."
        for job in jobs
    ]


def _make_scratch(connection: Connection, tree: SqlTree) -> None:
    """Make our tables, empty, in a schema that is rolled back: what theirs are compared with."""
    path = run(connection, "select current_setting('search_path')").fetchone()[0]
    run(connection, f"create schema {_SCRATCH}")
    run(connection, f"set local search_path = {_SCRATCH}, {path}")
    for migration in tree.migrations:
        run_file(connection, migration.file.name, without_concurrently(migration))


def _count_triggers(surveys: list[TableSurvey], tables: dict[str, tuple[str, bool, int]]) -> None:
    for one in surveys:
        one.triggers = tables[one.name][2]


def move_in(
    connection: Connection, tree: SqlTree, found: Survey, say: Callable[[str], None]
) -> Survey:
    """Do what was planned, in the transaction at hand; return what came of it."""
    tables = taken_over(connection, tree)
    neighbours = read_neighbours(connection, list(tables))
    grants = connection.execute(query("adoption_schema_grants")).fetchone()
    say("setting the old tables aside")
    run(connection, f"create schema {ASIDE}")
    let_go(connection, neighbours)
    _set_aside(connection, tree, tables, neighbours)
    alone = [name for (name,) in connection.execute(query("adoption_left_alone")).fetchall()]
    undo: dict[str, Any] = {**neighbours.document(), "grants": grants[0] if grants else []}
    alone += [f"public.{view.name}" for view in neighbours.views if view.schema == "public"]

    def remember() -> None:  # before the routines, which take privileges from what is ours
        connection.execute(
            "insert into adoptions (aside, left_alone, undo) values (%s, %s, %s)",
            [ASIDE, alone, Jsonb(undo)],
        )

    say("making the new ones")
    install(connection, tree, remember)
    found.tables, moves = survey_rows(connection, ASIDE, "public", list(tables))
    undo["waiting"] = {
        rows.ours.name: _waiting(connection, text)
        for rows, text in moves
        if rows.ours.name in STATES_OF
    }
    _count_triggers(found.tables, tables)
    for one, (rows, text) in zip(found.tables, moves, strict=False):
        say(f"{one.name}: {one.rows:,} rows")
        _carry(connection, one, rows, text)
    run(connection, query("adoption_settle"))
    broken = attach(connection, neighbours)
    left = remake_views(connection, neighbours.views)
    report = {**found.document(), "views_left": left, "keys_not_valid": broken}
    connection.execute("update adoptions set report = %s, undo = %s", [Jsonb(report), Jsonb(undo)])
    found.views = tuple(left)
    found.foreign_keys = tuple(broken)
    return found


def _set_aside(
    connection: Connection,
    tree: SqlTree,
    tables: dict[str, tuple[str, bool, int]],
    neighbours: Neighbours,
) -> None:
    # routines first: their signatures name the types by the schema they are in
    routines = routines_aside(connection, tree, list(tables))
    for _, identity, _ in routines:
        run(connection, f"alter routine {identity} set schema {ASIDE}")
    for name in types_aside(connection, tree):
        run(connection, f"alter type public.{quoted(name)} set schema {ASIDE}")
    for name, (kind, _, _) in tables.items():
        run(connection, f"alter {RELATION[kind]} public.{quoted(name)} set schema {ASIDE}")
    move_views(connection, neighbours.views, "public", ASIDE)


RELATION = {
    "r": "table",
    "p": "table",
    "f": "foreign table",
    "v": "view",
    "m": "materialized view",
    "S": "sequence",
}


def _carry(connection: Connection, one: TableSurvey, rows: RowsOf, text: str) -> None:
    """Copy the rows of one table and count them; our own seeds make room for theirs."""
    name = rows.ours.name
    extra: list[str] = []
    for column in rows.extra:
        foreign = f"{ASIDE}." in column.full_type
        kind = "text" if foreign else column.full_type
        default = (
            ""
            if foreign or column.generated or not column.default
            else (f" default {column.default}")
        )
        run(connection, f"alter table {name} add column {quoted(column.name)} {kind}{default}")
        extra.append(f"{quoted(column.name)}::{kind}")
    if name == "viral_posts_bank":
        _register_models(connection, text)
    else:
        run(connection, f"alter table {name} disable trigger user")
    if name in SEEDED_BY_KEY:
        key = SEEDED_BY_KEY[name]
        run(
            connection,
            f'delete from {name} where {key} in (select {key} from ({text}) x where not "?stays")',
        )
    elif one.rows > one.stay_aside:
        run(connection, f"delete from {name}")
    before = run(connection, f"select count(*) from {name}").fetchone()[0]
    targets = ", ".join(
        quoted(column) for column in (*rows.columns, *(column.name for column in rows.extra))
    )
    values = ", ".join([*(quoted(column) for column in rows.columns), *extra])
    run(
        connection,
        f'insert into {name} ({targets}) select {values} from ({text}) as x where not "?stays"',
    )
    after = run(connection, f"select count(*) from {name}").fetchone()[0]
    if after - before + one.stay_aside != one.rows:
        raise PipelineError(
            f"table {name}",
            f"{after - before} rows came over and {one.stay_aside} stay aside, of {one.rows}",
            "Nothing was changed; report this.",
        )
    if name != "viral_posts_bank":
        run(connection, f"alter table {name} enable trigger user")


def _waiting(connection: Connection, text: str) -> list[str]:
    """Name the rows that come over to go out: what the undoing must look after."""
    found = run(
        connection,
        f"select id::text from ({text}) as x where status::text in ('pending', 'scheduled') "
        'and not "?stays"',
    )
    return [id_ for (id_,) in found.fetchall()]


def _register_models(connection: Connection, text: str) -> None:
    """Let the model of most vectors serve: it is the first that becomes known."""
    run(
        connection,
        "select register_embedding_model(m.embedding_model) from (select embedding_model, count(*) "
        f"from ({text}) as x where embedding is not null group by 1 order by 2 desc limit 1) as m",
    )


@contextmanager
def session(url: str, patience: Patience | None) -> Iterator[Connection]:
    """Give the one connection that may change the schema now.

    Raises:
        DatabaseDown: no answer, a lock could not be had, or somebody else is migrating.
    """
    limits = patience or Patience()
    with translated(), connect(url) as connection:
        take_turn(connection, limits)
        limit_lock_wait(connection, limits.lock)
        try:
            yield connection
        except errors.LockNotAvailable as error:
            raise DatabaseDown(
                "the tables",
                "somebody else uses one of them",
                "Stop what reads and writes them (pg_stat_activity), then try again. Nothing was "
                "changed.",
            ) from error
