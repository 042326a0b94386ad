"""What a database remembers of its migrations, and what is refused because of it."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from linkedin_pipeline.database.migrate import is_current, migrate, pending
from linkedin_pipeline.domain.errors import Misconfigured, SchemaBehind
from linkedin_pipeline_tests.database.conftest import Write
from linkedin_pipeline_tests.postgres import PostgresServer, ask


def test_nobody_but_the_owner_reads_the_bookkeeping(
    postgres_server: PostgresServer, empty_database_url: str, tree: Path
) -> None:
    """Row level security is on and nothing granted, even where a host grants by default."""
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        connection.execute(
            "do $$ begin create role anon nologin; exception when duplicate_object then end $$"
        )
        connection.execute("alter default privileges in schema public grant all on tables to anon")
    migrate(empty_database_url, tree=tree)

    tables = "from pg_class where relname like 'linkedin_pipeline_%' and relkind = 'r'"
    assert ask(empty_database_url, f"select count(*) {tables} and relrowsecurity") == 2
    assert (
        ask(
            empty_database_url,
            f"select count(*) {tables} and has_table_privilege('anon', oid, 'select, insert')",
        )
        == 0
    )


def test_an_edited_migration_is_reported(empty_database_url: str, tree: Path, write: Write) -> None:
    """A file that changed after it ran is named, by migrate and by pending."""
    migrate(empty_database_url, tree=tree)
    write("migrations/0001_first.sql", "create table first (id bigint);\n")

    with pytest.raises(Misconfigured, match=r"^sql/migrations/0001_first\.sql: it was changed"):
        migrate(empty_database_url, tree=tree)
    with psycopg.connect(empty_database_url) as connection:
        assert pending(connection, tree=tree) == ("sql/migrations/0001_first.sql",)


def test_a_migration_slipped_in_before_the_newest_is_reported(
    empty_database_url: str, tree: Path, write: Write
) -> None:
    """A number below the newest that ran would never run: it is refused."""
    (tree / "migrations" / "0001_first.sql").rename(tree / "migrations" / "0005_first.sql")
    migrate(empty_database_url, tree=tree)
    write("migrations/0003_late.sql", "select 1;")

    with pytest.raises(Misconfigured, match=r"^sql/migrations/0003_late\.sql: it has not run"):
        migrate(empty_database_url, tree=tree)


def test_a_database_that_newer_code_migrated_is_refused(
    empty_database_url: str, tree: Path, write: Write
) -> None:
    """Older code says which migration it does not know, and changes nothing."""
    write("migrations/0002_newer.sql", "select 1;")
    migrate(empty_database_url, tree=tree)
    (tree / "migrations" / "0002_newer.sql").unlink()
    write(
        "routines/100_one.sql",
        "create or replace function one() returns int language sql as $$ select 0; $$;",
    )

    with pytest.raises(SchemaBehind, match=r"0002_newer\.sql ran in it"):
        migrate(empty_database_url, tree=tree)
    assert ask(empty_database_url, "select one()") == 1
    with psycopg.connect(empty_database_url) as connection:
        assert is_current(connection, tree=tree)


def test_pending_says_what_is_missing(empty_database_url: str, tree: Path, write: Write) -> None:
    """An empty database lacks everything, a migrated one nothing, then what was added."""
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        assert pending(connection, tree=tree) == ("sql/migrations/0001_first.sql", "routines")
        migrate(empty_database_url, tree=tree)
        assert pending(connection, tree=tree) == ()
        assert is_current(connection, tree=tree)
        write("migrations/0002_second.sql", "select 1;")
        assert pending(connection, tree=tree) == ("sql/migrations/0002_second.sql",)
        migrate(empty_database_url, tree=tree)
        write("routines/200_two.sql", "select 2;")
        assert pending(connection, tree=tree) == ("routines",)
        assert not is_current(connection, tree=tree)


def test_line_endings_do_not_count_as_an_edit(empty_database_url: str, tree: Path) -> None:
    """A checkout with other line endings has the same migrations."""
    migrate(empty_database_url, tree=tree)
    file = tree / "migrations" / "0001_first.sql"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))

    assert migrate(empty_database_url, tree=tree).applied == ()
