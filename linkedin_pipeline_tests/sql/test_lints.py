"""The lints: silent on a fresh database, and each finds what it is for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from linkedin_pipeline.database.sql_tree import SQL_TREE
from linkedin_pipeline_tests.postgres import PostgresServer
from linkedin_pipeline_tests.sql.bank import Connection, rows

LINTS = sorted((SQL_TREE / "lints").glob("*.sql"))

# lint: (what plants its problem, the subjects that it then names); run by the owner, one by one
PLANTED: dict[str, tuple[list[str], list[str]]] = {
    "row_level_security_off": (["create table planted (id int)"], ["planted"]),
    "row_level_security_without_policy": (
        ["create table planted (id int)", "alter table planted enable row level security"],
        ["planted"],
    ),
    "function_search_path_mutable": (
        [
            "create function planted_a() returns int return 1",
            "create function planted_b() returns int set search_path = public return 1",
            "create function planted_c() returns int set search_path = pg_temp, public return 1",
            "create function sound_a() returns int set search_path = public, pg_temp return 1",
            "create function sound_b() returns int set search_path = '' return 1",
        ],
        ["planted_a()", "planted_b()", "planted_c()"],
    ),
    "definer_function_callable": (
        [
            "create function planted() returns int security definer return 1",
            "create function get_publishing_calendar(int) returns int security definer return 1",
            "revoke execute on function get_publishing_calendar(int) from public",
            "grant execute on function get_publishing_calendar(int) to authenticated",
            "create function sound() returns int security definer return 1",
            "revoke execute on function sound() from public",
        ],
        ["planted()", "planted()"],
    ),
    "unindexed_foreign_key": (
        [
            "create table planted (topic uuid references topics, state int)",
            "create index on planted (state, topic)",
            "create index on planted (topic) where state = 1",
            "create table sound (topic uuid references topics, other uuid references topics)",
            "create index on sound (topic, other)",
            "create index on sound (other) where other is not null",
        ],
        ["planted.topic"],
    ),
    "missing_comment": (
        [
            "create table planted (id int)",
            "create function planted() returns int return 1",
            "create view planted_view as select 1",
        ],
        ["planted", "planted()", "planted_view"],
    ),
    "duplicate_index": (
        [
            "create index planted on topics (name)",
            "create index sound_a on topics (name) where is_active",
            "create index sound_b on topics (name desc)",
            "create index sound_c on topics (lower(name))",
            "create index sound_d on topics (upper(name))",
        ],
        ["planted"],
    ),
    "definer_view": (
        [
            "create view planted as select 1",
            "create view sound with (security_invoker = on) as select 1",
            "create materialized view planted_too as select 1",
        ],
        ["planted", "planted_too"],
    ),
    "no_primary_key": (["create table planted (id int unique)"], ["planted"]),
    "open_to_visitors": (
        [
            "grant select on post_work to anon",
            "grant update (name) on topics to public",
            "create function planted() returns int return 1",
            "grant usage on sequence post_work_token to anon",
        ],
        ["planted()", "post_work", "post_work_token", "topics"],
    ),
}


@pytest.fixture
def superuser(postgres_server: PostgresServer, database_url: str) -> Iterator[Connection]:
    """Give a superuser's connection to the database of ``database_url``."""
    with postgres_server.superuser(database_url.rpartition("/")[2]) as opened:
        yield opened


def subjects(connection: Connection, lint: str) -> list[str]:
    """Run a lint and return what it names; each row says what is wrong as well."""
    text = (SQL_TREE / "lints" / f"{lint}.sql").read_bytes()
    cursor = connection.execute(text)
    assert [column.name for column in cursor.description or ()] == ["subject", "problem"]
    found = cursor.fetchall()
    assert all(problem for _, problem in found)
    return [subject for subject, _ in found]


@pytest.mark.parametrize("lint", [path.stem for path in LINTS])
def test_a_fresh_database_has_no_finding(connection: Connection, lint: str) -> None:
    """What migrating makes is free of the problem."""
    assert subjects(connection, lint) == []


@pytest.mark.parametrize("lint", PLANTED)
def test_a_planted_problem_is_found(connection: Connection, lint: str) -> None:
    """The lint names what has the problem, and nothing that only looks like it."""
    statements, expected = PLANTED[lint]
    for statement in statements:
        connection.execute(statement.encode())
    assert subjects(connection, lint) == expected


def test_an_index_that_failed_to_build_is_found(connection: Connection) -> None:
    """What a failed concurrent build leaves is named."""
    connection.execute("create table twice as select 1 as id from generate_series(1, 2)")
    with pytest.raises(psycopg.errors.UniqueViolation):
        connection.execute("create unique index concurrently planted on twice (id)")
    assert subjects(connection, "invalid_index") == ["planted"]


def test_an_extension_in_public_is_found(superuser: Connection) -> None:
    """Another extension than vector is named; vector may be there."""
    superuser.execute("create extension pg_trgm schema public")
    assert rows(superuser, "select from pg_extension where extname = 'vector'") != []
    assert subjects(superuser, "extension_in_public") == ["pg_trgm"]


def test_members_of_extensions_are_left_out(superuser: Connection) -> None:
    """An extension's view and functions in public, which nobody here can mend, are no finding."""
    superuser.execute("create extension pg_stat_statements schema public")
    found = {path.stem: subjects(superuser, path.stem) for path in LINTS}
    assert {lint for lint, named in found.items() if named} == {"extension_in_public"}


@pytest.mark.parametrize("path", LINTS, ids=lambda path: path.stem)
def test_every_lint_explains_itself(path: Path) -> None:
    """The head of each file says what a row means and what helps, and a test plants the problem."""
    head = path.read_text(encoding="utf-8").partition("\n\n")[0]
    assert head.startswith("-- A row: ")
    assert "\n-- Remedy: " in head
    assert path.stem in {*PLANTED, "invalid_index", "extension_in_public"}
