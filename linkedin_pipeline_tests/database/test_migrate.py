"""Migrating real databases with small trees of SQL files."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from linkedin_pipeline.database.migrate import Patience, migrate, pending
from linkedin_pipeline.domain.errors import DatabaseDown, Misconfigured, SchemaBehind
from linkedin_pipeline_tests.database.conftest import Write
from linkedin_pipeline_tests.postgres import ask, transaction
from linkedin_pipeline_tests.waiting import eventually

HASTY = Patience(turn=0.3, lock=0.1, concurrent_lock=0.1, attempts=2, pause=0.01)
MIGRATION_BACKENDS = (
    "select {} from pg_stat_activity where datname = current_database() "
    "and application_name = 'linkedin-pipeline migrate'"
)


def test_migrations_run_once_and_routines_every_time(
    empty_database_url: str, tree: Path, write: Write
) -> None:
    """A second call applies only what is new, and every routine again."""
    first = migrate(empty_database_url, tree=tree)
    write("migrations/0002_second.sql", "alter table first add column more int;")
    write(
        "routines/100_one.sql",
        "create or replace function one() returns int language sql as $$ select 11; $$;",
    )
    second = migrate(empty_database_url, tree=tree)
    third = migrate(empty_database_url, tree=tree)

    assert first.applied == ("sql/migrations/0001_first.sql",)
    assert second.applied == ("sql/migrations/0002_second.sql",)
    assert third.applied == ()
    assert [report.routines for report in (first, second, third)] == [1, 1, 1]
    assert ask(empty_database_url, "select one()") == 11


def test_alembic_keeps_the_version(empty_database_url: str, write: Write) -> None:
    """The version table holds the number of the newest migration alone."""
    migrate(empty_database_url, tree=write("migrations/0002_second.sql", "select 1;"))

    versions = "select array_agg(version_num) from linkedin_pipeline_version"
    assert ask(empty_database_url, versions) == ["0002"]


def test_a_failed_migration_names_file_line_and_remedy_and_leaves_nothing(
    empty_database_url: str, write: Write
) -> None:
    """The line is where the server saw the fault; the file's earlier statements are undone."""
    tree = write(
        "migrations/0002_bad.sql",
        "create table second (id int);\n\n-- a comment; here\nselect 1,\n  2\nfrom nowhere;",
    )

    with pytest.raises(SchemaBehind) as caught:
        migrate(empty_database_url, tree=tree)

    assert str(caught.value) == (
        'sql/migrations/0002_bad.sql:6: relation "nowhere" does not exist (42P01). '
        "Nothing of this file was applied; mend it and migrate again."
    )
    assert ask(empty_database_url, "select to_regclass('second')") is None
    assert ask(empty_database_url, "select version_num from linkedin_pipeline_version") == "0001"
    migrate(empty_database_url, tree=write("migrations/0002_bad.sql", "create table second ();"))
    assert ask(empty_database_url, "select to_regclass('second')") == "second"


def test_a_failed_routine_leaves_all_routines_as_they_were(
    empty_database_url: str, tree: Path, write: Write
) -> None:
    """Routine files are one transaction; an error in a body has the line in the file."""
    migrate(empty_database_url, tree=tree)
    write(
        "routines/100_one.sql",
        "create or replace function one() returns int language sql as $$ select 11; $$;",
    )
    write(
        "routines/200_two.sql",
        "\ncreate function two() returns int language sql as $$\n    select nothing;\n$$;",
    )

    with pytest.raises(SchemaBehind, match=r'^sql/routines/200_two\.sql:3: column "nothing"'):
        migrate(empty_database_url, tree=tree)

    assert ask(empty_database_url, "select one()") == 1


def test_an_error_carries_the_servers_detail_and_hint(
    empty_database_url: str, write: Write
) -> None:
    """DETAIL, CONTEXT and HINT are part of the message."""
    tree = write(
        "migrations/0002_raise.sql",
        "do $$ begin raise 'no' using detail = 'too few', hint = 'add some', errcode = 'LP020'; "
        "end $$;",
    )

    with pytest.raises(SchemaBehind) as caught:
        migrate(empty_database_url, tree=tree)

    assert "no (LP020); too few; PL/pgSQL function inline_code_block line 1" in caught.value.value
    assert caught.value.remedy.startswith("add some. ")


def test_an_error_shows_no_row(empty_database_url: str, write: Write) -> None:
    """The text of a row that breaks a new constraint stays in the database."""
    tree = write(
        "migrations/0002_check.sql",
        "create table posts (content text);\ninsert into posts values ('private words');\n"
        "alter table posts add constraint short check (length(content) < 3);\n"
        "insert into posts values ('private words');",
    )
    with pytest.raises(SchemaBehind, match="short") as caught:
        migrate(empty_database_url, tree=tree)
    assert "private" not in str(caught.value)

    tree = write(
        "migrations/0002_check.sql",
        "create table posts (content text check (length(content) < 3));\n"
        "insert into posts values ('private words');",
    )
    with pytest.raises(SchemaBehind, match=r":2: .*posts_content_check") as caught:
        migrate(empty_database_url, tree=tree)
    assert "private" not in str(caught.value)


def test_a_file_may_run_outside_a_transaction(empty_database_url: str, write: Write) -> None:
    """What may not run in a transaction runs after the marker, and counts as applied once."""
    tree = write(
        "migrations/0002_index.sql",
        "-- migrate: no transaction\ndrop index concurrently if exists i;\n"
        "create index concurrently i on first (id);\n",
    )

    assert migrate(empty_database_url, tree=tree).applied[1:] == ("sql/migrations/0002_index.sql",)
    assert migrate(empty_database_url, tree=tree).applied == ()
    assert ask(
        empty_database_url, "select indisvalid from pg_index where indrelid = 'first'::regclass"
    )


def test_a_file_outside_a_transaction_starts_again_after_a_failure(
    empty_database_url: str, write: Write
) -> None:
    """Its earlier statements stay, the file is not recorded, and it runs again from the top."""
    text = "-- migrate: no transaction\ninsert into first values (1);\nselect broken;\n"
    tree = write("migrations/0002_index.sql", text)

    with pytest.raises(SchemaBehind, match=r"0002_index\.sql:3: .* before this one were applied"):
        migrate(empty_database_url, tree=tree)
    assert ask(empty_database_url, "select count(*) from first") == 1
    write("migrations/0002_index.sql", text.replace("broken", "1"))
    migrate(empty_database_url, tree=tree)

    assert ask(empty_database_url, "select count(*) from first") == 2


def test_a_file_may_not_end_its_transaction(empty_database_url: str, write: Write) -> None:
    """A ``commit`` would make half a migration permanent: it is refused."""
    tree = write("migrations/0002_commit.sql", "create table second (id int);\ncommit;\n")

    with pytest.raises(Misconfigured, match=r"^sql/migrations/0002_commit\.sql:2: 'commit;'"):
        migrate(empty_database_url, tree=tree)

    assert ask(empty_database_url, "select to_regclass('second')") is None


def test_two_at_once_apply_everything_once(empty_database_url: str, write: Write) -> None:
    """The second waits for the first, even when the first builds an index concurrently."""
    tree = write(
        "migrations/0002_index.sql",
        "-- migrate: no transaction\ncreate index concurrently i on first (id);\n",
    )
    write("migrations/0003_slow.sql", "select pg_sleep(0.3); create table third (id int);")
    start = threading.Barrier(4)

    def at_once(_: int) -> tuple[str, ...]:
        start.wait(30)
        return migrate(empty_database_url, tree=tree).applied

    with ThreadPoolExecutor(4) as pool:
        applied = sorted(len(files) for files in pool.map(at_once, range(4)))

    assert applied == [0, 0, 0, 3]


def test_a_busy_table_gives_an_error_in_the_end(
    empty_database_url: str, tree: Path, write: Write
) -> None:
    """A lock that cannot be had names the statement that wanted it; later it works."""
    migrate(empty_database_url, tree=tree)
    write(
        "migrations/0002_alter.sql", "create table second (id int);\nalter table first add x int;"
    )

    with (
        transaction(empty_database_url, "lock table first in access share mode"),
        pytest.raises(DatabaseDown, match=r"^sql/migrations/0002_alter\.sql:2: .*\(55P03\)"),
    ):
        migrate(empty_database_url, tree=tree, patience=HASTY)

    assert ask(empty_database_url, "select to_regclass('second')") is None
    assert len(migrate(empty_database_url, tree=tree).applied) == 1


def test_a_busy_table_is_tried_again(empty_database_url: str, tree: Path, write: Write) -> None:
    """A lock that comes free between two tries costs nothing but time."""
    write("migrations/0001_first.sql", "create table first (id int); create sequence tries;")
    migrate(empty_database_url, tree=tree)
    # a sequence remembers what was rolled back
    write("migrations/0002_alter.sql", "select nextval('tries'); alter table first add x int;")
    patience = Patience(lock=0.05, attempts=1000, pause=0.01)

    with ThreadPoolExecutor(1) as pool:
        with transaction(empty_database_url, "lock table first in access share mode"):
            report = pool.submit(migrate, empty_database_url, tree=tree, patience=patience)
            eventually(lambda: ask(empty_database_url, "select last_value > 2 from tries"))
        assert report.result(60).applied == ("sql/migrations/0002_alter.sql",)


def test_a_lock_is_not_waited_for_by_those_behind_for_long(
    empty_database_url: str, tree: Path, write: Write
) -> None:
    """Every statement of a migration runs under the lock time-out of the patience."""
    write(
        "migrations/0002_ask.sql", "create table asked as select current_setting('lock_timeout') x"
    )

    migrate(empty_database_url, tree=tree, patience=Patience(lock=7))

    assert ask(empty_database_url, "select x from asked") == "7s"


def test_a_broken_connection_leaves_the_migration_to_be_done(
    empty_database_url: str, write: Write
) -> None:
    """When the server ends the session midway nothing is applied, and the next call does it."""
    tree = write(
        "migrations/0002_slow.sql",
        "create table second (id int);\nselect pg_advisory_xact_lock(7);\n",
    )
    with (
        ThreadPoolExecutor(1) as pool,
        transaction(empty_database_url, "select pg_advisory_xact_lock(7)"),
    ):
        failed = pool.submit(migrate, empty_database_url, tree=tree, patience=Patience(lock=120))
        waiting = MIGRATION_BACKENDS.format("count(*)") + " and wait_event_type = 'Lock'"
        eventually(lambda: ask(empty_database_url, waiting))
        ask(empty_database_url, MIGRATION_BACKENDS.format("pg_terminate_backend(pid)"))
        with pytest.raises(DatabaseDown, match=r"0002_slow\.sql:2: the connection broke off"):
            failed.result(60)

    assert ask(empty_database_url, "select to_regclass('second')") is None
    assert migrate(empty_database_url, tree=tree).applied == ("sql/migrations/0002_slow.sql",)


def test_unknown_routines_are_reported_and_stay(
    empty_database_url: str, tree: Path, write: Write
) -> None:
    """Functions in no routine file are named with their arguments; an extension's are not."""
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        connection.execute("create function foo(a int, b text) returns int return 1")
    write(
        "routines/200_two.sql",
        "-- comment\ncreate or replace procedure public.two(a int) language sql as $$ select 2 $$;",
    )

    migrate(empty_database_url, tree=tree)
    report = migrate(empty_database_url, tree=tree)

    assert report.unknown_routines == ("public.foo(integer, text)",)


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("12_short.sql", "not named like"),
        ("0002-dash.sql", "not named like"),
        ("0001_twin.sql", "0001_first.sql has the same number"),
    ],
)
def test_a_misnamed_migration_is_refused(
    empty_database_url: str, write: Write, name: str, complaint: str
) -> None:
    """Names that give no clear order stop the program before it touches the database."""
    with pytest.raises(Misconfigured, match=complaint):
        migrate(empty_database_url, tree=write(f"migrations/{name}", "select 1;"))
    assert ask(empty_database_url, "select to_regclass('linkedin_pipeline_version')") is None


def test_a_missing_tree_is_named(empty_database_url: str, tmp_path: Path) -> None:
    """An installation without the SQL files says where they should be."""
    with pytest.raises(Misconfigured, match="there is no directory"):
        migrate(empty_database_url, tree=tmp_path / "sql")


def test_the_projects_own_tree_migrates_and_is_current(database_url: str) -> None:
    """A migrated database lacks nothing, knows every routine and stays as it is."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        assert pending(connection) == ()

    report = migrate(database_url)

    assert report.applied == ()
    assert report.unknown_routines == ()
