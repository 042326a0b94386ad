"""Which files a database has seen: the two tables beside the schema, and what they answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from linkedin_pipeline.database.sql_tree import SQL_TREE, SqlTree, read_tree
from linkedin_pipeline.domain.errors import Misconfigured, SchemaBehind

VERSION_TABLE = "linkedin_pipeline_version"
ROUTINES = "routines"
"""The history's row that stands for all routine files as last applied."""
TELLING = frozenset({"profiles", "viral_posts_bank", "scheduled_posts", "production_posts"})
"""Tables that a database of the system before ours has."""

_TABLES = """
create table public.linkedin_pipeline_version (
    version_num varchar(32) not null constraint linkedin_pipeline_version_pkc primary key
);
comment on table public.linkedin_pipeline_version is
    'The newest migration that ran; kept by Alembic.';

create table public.linkedin_pipeline_migrations (
    revision text primary key,
    file text not null,
    checksum text not null,
    applied_at timestamptz not null default clock_timestamp()
);
comment on table public.linkedin_pipeline_migrations is
    'Each migration that ran, with the SHA-256 of its text; the row "routines" stands for all '
    'routine files as last applied.';

alter table public.linkedin_pipeline_version enable row level security;
alter table public.linkedin_pipeline_migrations enable row level security;

do $$
declare
    grantee text;
begin
    -- Some hosts grant these roles everything on every new table.
    for grantee in
        select rolname from pg_roles where rolname in ('anon', 'authenticated', 'service_role')
    loop
        execute format(
            'revoke all on public.linkedin_pipeline_version, public.linkedin_pipeline_migrations '
            'from %I', grantee
        );
    end loop;
end
$$;
"""


def refuse_strangers(connection: psycopg.Connection[Any]) -> None:
    """Refuse a database that holds tables of our names and was never migrated.

    Raises:
        Misconfigured: it is that of another system.
    """
    if _history(connection):
        return
    cursor = connection.cursor(row_factory=tuple_row)
    cursor.execute(
        "select string_agg(relname, ', ' order by relname) from pg_class "
        "where relnamespace = 'public'::regnamespace and relname = any (%s)",
        [list(TELLING)],
    )
    row = cursor.fetchone()
    if row is not None and row[0]:
        raise Misconfigured(
            "the database",
            f"it has tables that another system made ({row[0]})",
            "See what moving in on them would do: linkedin-pipeline db adopt",
        )


def is_migrated(connection: psycopg.Connection[Any]) -> bool:
    """Tell whether a migration of ours ever ran here."""
    return bool(_history(connection))


def ensure_tables(connection: psycopg.Connection[Any]) -> None:
    """Create the two tables where they are missing: row level security on, nothing granted.

    Raises:
        Misconfigured: the user may not create tables in schema ``public``.
    """
    cursor = connection.cursor(row_factory=tuple_row)
    if _has_tables(cursor):
        return
    cursor.execute("select has_schema_privilege('public', 'create'), current_user")
    row = cursor.fetchone()
    if row is not None and not row[0]:
        raise Misconfigured(
            "DATABASE_URL",
            f"user {row[1]!r} may not create tables in schema public",
            "Connect as the owner of the database.",
        )
    with connection.transaction():
        cursor.execute(_TABLES)


def check(connection: psycopg.Connection[Any], tree: SqlTree) -> None:
    """Refuse a database whose past this tree cannot continue.

    Raises:
        SchemaBehind: a migration ran here that the tree does not have: newer code was at work.
        Misconfigured: a file changed after it ran, or was slipped in before one that ran.
    """
    history = _history(connection)
    known = {migration.revision: migration.file for migration in tree.migrations}
    ran = {revision: entry for revision, entry in history.items() if revision != ROUTINES}
    for revision, (file, checksum) in ran.items():
        if revision not in known:
            raise SchemaBehind(
                "the database",
                f"migration {file} ran in it, which this version of the program does not have",
                "Newer code migrated it: run that version, or a newer one.",
            )
        if known[revision].checksum != checksum:
            raise Misconfigured(
                known[revision].name,
                "it was changed after it ran in this database",
                "Restore the file and put the change into a new migration.",
            )
    newest = max(ran, default="")
    for revision, unseen in known.items():
        if revision < newest and revision not in ran:
            raise Misconfigured(
                unseen.name,
                f"it has not run in this database, but {ran[newest][0]} has",
                "Give it a number after the newest.",
            )


def record(connection: psycopg.Connection[Any], revision: str, file: str, checksum: str) -> None:
    """Write down, in the transaction at hand, that a file was applied."""
    connection.execute(
        "insert into public.linkedin_pipeline_migrations (revision, file, checksum) "
        "values (%s, %s, %s) on conflict (revision) do update set file = excluded.file, "
        "checksum = excluded.checksum, applied_at = excluded.applied_at",
        [revision, file, checksum],
    )


def pending(connection: psycopg.Connection[Any], *, tree: Path = SQL_TREE) -> tuple[str, ...]:
    """Name what the database lacks of the tree: migration files in order, then ``routines``.

    Two short reads, no locks beyond them; needs the tables' owner, sees nothing as anybody else.
    In a database that newer code has migrated, other routines than the tree's are not missing.
    """
    files = read_tree(tree)
    history = _history(connection)
    lacking = [
        migration.file.name
        for migration in files.migrations
        if history.get(migration.revision, ("", ""))[1] != migration.file.checksum
    ]
    ahead = history.keys() - {migration.revision for migration in files.migrations} - {ROUTINES}
    if not ahead and history.get(ROUTINES, ("", ""))[1] != files.routines_checksum:
        lacking.append(ROUTINES)
    return tuple(lacking)


def is_current(connection: psycopg.Connection[Any], *, tree: Path = SQL_TREE) -> bool:
    """Tell whether the database has all that the tree holds."""
    return not pending(connection, tree=tree)


def _has_tables(cursor: psycopg.Cursor[Any]) -> bool:
    cursor.execute("select to_regclass('public.linkedin_pipeline_migrations') is not null")
    row = cursor.fetchone()
    return row is not None and bool(row[0])


def _history(connection: psycopg.Connection[Any]) -> dict[str, tuple[str, str]]:
    cursor = connection.cursor(row_factory=tuple_row)
    if not _has_tables(cursor):
        return {}
    cursor.execute("select revision, file, checksum from public.linkedin_pipeline_migrations")
    return {revision: (file, checksum) for revision, file, checksum in cursor}
