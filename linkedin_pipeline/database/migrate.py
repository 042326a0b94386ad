"""Bring a database to what this version of the program needs; safe to run twice at once.

Migrations run once, through Alembic, which keeps its place in ``linkedin_pipeline_version``; which
files ran, with which text, stands in ``linkedin_pipeline_migrations``.  Routines are re-applied on
every call.  The rules for the files stand in the READMEs beside them.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import psycopg
from alembic.runtime.migration import MigrationContext, MigrationStep, RevisionStep
from alembic.script.base import Script
from alembic.script.revision import RevisionMap
from psycopg import RawCursor, errors
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from linkedin_pipeline.database import migration_history as history
from linkedin_pipeline.database.migration_history import is_current, pending
from linkedin_pipeline.database.migration_session import (
    Connection,
    Patience,
    connect,
    limit_lock_wait,
    prepare_vector,
    take_turn,
)
from linkedin_pipeline.database.sql_tree import SQL_TREE, Migration, SqlTree, read_tree
from linkedin_pipeline.database.statements import BLOCKED, run
from linkedin_pipeline.domain.errors import DatabaseDown, Misconfigured, PipelineError, SchemaBehind

__all__ = [
    "SQL_TREE",
    "MigrationReport",
    "Patience",
    "install",
    "is_current",
    "migrate",
    "pending",
]

_UNKNOWN_ROUTINES = """
select format('%I.%I(%s)', n.nspname, p.proname, oidvectortypes(p.proargtypes))
from pg_proc p
join pg_namespace n on n.oid = p.pronamespace
where n.nspname = 'public'
    and p.proname <> all($1)
    and not exists (
        select from pg_depend d
        where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
    )
order by 1
"""


@dataclass(frozen=True, slots=True)
class MigrationReport:
    """What one call of ``migrate`` did.

    ``applied`` names the migration files that ran, in order; ``routines`` counts the routine files
    re-applied; ``unknown_routines`` are in schema ``public`` but in no routine file, written like
    ``public.foo(integer)``: left alone, for a migration to drop.
    """

    applied: tuple[str, ...]
    routines: int
    unknown_routines: tuple[str, ...]


def migrate(
    url: str, *, tree: Path = SQL_TREE, patience: Patience | None = None
) -> MigrationReport:
    """Apply the migrations that the database lacks, then every routine file.

    Each migration is one transaction unless its first line is ``-- migrate: no transaction``; the
    routines are one transaction together.  Holds a session advisory lock throughout: a second
    caller waits, then finds nothing to do.  Needs a direct connection, not a transaction pooler.

    Raises:
        Misconfigured: a file or the server is unfit: edited after it ran, misnamed, too old; or the
            database is another system's.
        SchemaBehind: a statement failed, or newer code has migrated this database.
        DatabaseDown: no answer, or a lock could not be had in time.
    """
    files = read_tree(tree)
    limits = patience or Patience()
    with translated(), connect(url) as connection:
        take_turn(connection, limits)
        history.refuse_strangers(connection)
        prepare_vector(connection)
        history.ensure_tables(connection)
        history.check(connection, files)
        applied = _apply_migrations(connection, files, limits)
        _persist(limits, lambda: _apply_routines(connection, files, limits))
        unknown = RawCursor(connection).execute(_UNKNOWN_ROUTINES, [list(files.routine_names)])
        return MigrationReport(applied, len(files.routines), tuple(name for (name,) in unknown))


def install(connection: Connection, tree: SqlTree, between: Callable[[], None]) -> None:
    """Make all of the tree within the transaction at hand, where nothing of it exists yet.

    For what must come with other changes or not at all; empty tables need no index concurrently.
    ``between`` is called when the tables are there and the routines are not.

    Raises:
        SchemaBehind: a statement failed.
        Misconfigured: the user may not create tables in schema ``public``.
    """
    history.ensure_tables(connection)
    for migration in tree.migrations:
        run(connection, migration.file.name, without_concurrently(migration))
        history.record(connection, migration.revision, migration.file.name, migration.file.checksum)
    connection.execute(
        "insert into public.linkedin_pipeline_version (version_num) values (%s)",
        [tree.migrations[-1].revision],
    )
    between()
    _run_routines(connection, tree)


def _run_routines(connection: Connection, tree: SqlTree) -> None:
    for file in tree.routines:
        run(connection, file.name, file.sql)
    history.record(connection, history.ROUTINES, history.ROUTINES, tree.routines_checksum)


def without_concurrently(migration: Migration) -> str:
    """Return the text of a migration as it may run in a transaction."""
    if migration.transactional:
        return migration.file.sql
    return re.sub(r"\bindex concurrently\b", "index", migration.file.sql)


@contextmanager
def translated() -> Iterator[None]:
    """Turn what the drivers raise outside the files' own statements into errors of ours."""
    try:
        yield
    except (psycopg.Error, DBAPIError) as raised:
        hidden = raised.__context__
        while hidden is not None and not isinstance(hidden, PipelineError):
            hidden = hidden.__context__
        if hidden is not None:  # rolling back failed too, on the connection that broke
            raise hidden from hidden.__cause__
        error = raised.orig if isinstance(raised, DBAPIError) else raised
        said = " ".join(str(error).split()).rstrip(".")
        if isinstance(error, errors.InsufficientPrivilege):
            raise Misconfigured(
                "DATABASE_URL", said, "Connect as the owner of the database and of its tables."
            ) from raised
        if isinstance(error, psycopg.OperationalError):
            raise DatabaseDown("the database", said, "Migrate again.") from raised
        raise SchemaBehind("the database", said, "Mend the cause and migrate again.") from raised


def _apply_migrations(
    connection: Connection, files: SqlTree, patience: Patience
) -> tuple[str, ...]:
    """Run Alembic over the files, on the connection that holds the lock."""
    engine = create_engine(
        "postgresql+psycopg://",
        creator=lambda: connection,
        poolclass=StaticPool,
        use_native_hstore=False,
    )
    applied: list[str] = []
    scripts = {s.revision: s for s in _scripts(connection, files, patience, applied)}
    revisions = RevisionMap(scripts.values)

    def missing(heads: Any, _context: MigrationContext) -> list[RevisionStep]:
        newest_first = revisions.iterate_revisions("heads", heads, implicit_base=True)
        wanted = [revision.revision for revision in newest_first]
        return [MigrationStep.upgrade_from_script(revisions, scripts[r]) for r in wanted[::-1]]

    def upgrade() -> None:
        with engine.connect() as alembic_connection:
            context = MigrationContext.configure(
                alembic_connection,
                opts={
                    "fn": missing,
                    "transaction_per_migration": True,
                    "version_table": history.VERSION_TABLE,
                    "version_table_schema": "public",
                },
            )
            context.run_migrations(context=context)

    connection.autocommit = False  # from here SQLAlchemy says where transactions begin
    try:
        _persist(patience, upgrade)
    finally:
        if not connection.broken:
            connection.rollback()
            connection.autocommit = True
    return tuple(applied)


def _scripts(
    connection: Connection, files: SqlTree, patience: Patience, applied: list[str]
) -> Iterator[Script]:
    """Turn each file into an Alembic revision, without a Python file on disk."""
    previous: str | None = None
    for migration in files.migrations:
        module = ModuleType(migration.file.name, f"Run {migration.file.name}.")
        vars(module)["down_revision"] = previous
        vars(module)["upgrade"] = _upgrade(connection, migration, patience, applied)
        yield Script(module, migration.revision, migration.file.name)
        previous = migration.revision


def _upgrade(
    connection: Connection, migration: Migration, patience: Patience, applied: list[str]
) -> Callable[[MigrationContext], None]:
    file = migration.file

    def upgrade(context: MigrationContext) -> None:
        if migration.transactional:
            limit_lock_wait(connection, patience.lock)
            run(connection, file.name, file.sql)
        else:
            with context.autocommit_block():
                limit_lock_wait(connection, patience.concurrent_lock)
                run(connection, file.name, file.sql, transaction=False)
        history.record(connection, migration.revision, file.name, file.checksum)
        applied.append(file.name)

    return upgrade


def _apply_routines(connection: Connection, files: SqlTree, patience: Patience) -> None:
    limit_lock_wait(connection, patience.lock)
    with connection.transaction():
        _run_routines(connection, files)


def _persist(patience: Patience, action: Callable[[], None]) -> None:
    """Do ``action`` again while other sessions hold what it needs, a bounded number of times."""
    for left in range(patience.attempts - 1, -1, -1):
        try:
            action()
        except DatabaseDown as error:
            if left == 0 or not isinstance(error.__cause__, BLOCKED):
                raise
            time.sleep(patience.pause)
        else:
            return
