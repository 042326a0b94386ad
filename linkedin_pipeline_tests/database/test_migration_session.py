"""The server, the extension and the turn that a migration needs."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path

import psycopg
import pytest

from linkedin_pipeline.database import migration_session
from linkedin_pipeline.database.migrate import Patience, migrate
from linkedin_pipeline.domain.errors import DatabaseDown, Misconfigured
from linkedin_pipeline_tests.database.conftest import Write
from linkedin_pipeline_tests.postgres import PostgresServer, ask

HASTY = Patience(turn=0.3, lock=0.1, concurrent_lock=0.1, attempts=2, pause=0.01)


def test_waiting_for_another_migration_ends(empty_database_url: str, tree: Path) -> None:
    """Who holds the turn for too long is reported, and nothing is done."""
    with psycopg.connect(empty_database_url) as other:
        migration_session.take_turn(other, HASTY)

        with pytest.raises(DatabaseDown, match="another process has been migrating"):
            migrate(empty_database_url, tree=tree, patience=HASTY)

    assert ask(empty_database_url, "select to_regclass('first')") is None


@pytest.mark.parametrize("schema", ["public", "Extensions of ours"])
def test_the_extension_is_used_in_whatever_schema_it_lives(
    postgres_server: PostgresServer, tree: Path, write: Write, schema: str
) -> None:
    """Files name ``vector`` bare and may pin its settings, though their owner is a plain role."""
    write("migrations/0002_vectors.sql", "create table vectors (v vector(3));")
    with postgres_server.database(template="template0") as url:
        with postgres_server.superuser(url.rpartition("/")[2]) as connection:
            connection.execute(f'create schema if not exists "{schema}"'.encode())
            connection.execute(f'grant usage on schema "{schema}" to public'.encode())
            connection.execute(f'create extension vector schema "{schema}"'.encode())
        migrate(url, tree=tree)
        write(  # apart, in a session whose migrations do not load the library by themselves
            "routines/200_search.sql",
            "create or replace function nearest(vector) returns setof vectors language sql stable "
            "set hnsw.iterative_scan = 'relaxed_order' "
            "as $$ select * from vectors order by v <=> $1 $$;",
        )

        assert migrate(url, tree=tree).applied == ()
        assert ask(url, "select count(*) from vectors") == 0


def test_a_missing_extension_is_made_or_asked_for(
    postgres_server: PostgresServer, tree: Path
) -> None:
    """A superuser gets the extension; a plain role is told who must make it."""
    with postgres_server.database(template="template0") as url:
        with pytest.raises(Misconfigured, match="Let a superuser run"):
            migrate(url, tree=tree)

        migrate(postgres_server.url(url.rpartition("/")[2], user="postgres"), tree=tree)

        assert ask(url, "select extname from pg_extension where extname = 'vector'") == "vector"


@pytest.mark.parametrize(("version", "refused"), [("0.7.4", True), ("0.8.3", False)])
def test_an_old_extension_is_refused_or_warned_about(
    postgres_server: PostgresServer,
    empty_database_url: str,
    tree: Path,
    caplog: pytest.LogCaptureFixture,
    version: str,
    refused: bool,  # noqa: FBT001 (a parameter of the cases)
) -> None:
    """Under 0.8.0 nothing runs; under 0.8.4 a warning names the known bugs."""
    with postgres_server.superuser(empty_database_url.rpartition("/")[2]) as connection:
        connection.execute(
            "update pg_extension set extversion = %s where extname = 'vector'", [version]
        )

    if refused:
        with pytest.raises(Misconfigured, match=rf"extension vector: it is {version}, too old"):
            migrate(empty_database_url, tree=tree)
    else:
        with caplog.at_level(logging.WARNING):
            migrate(empty_database_url, tree=tree)
        assert f"version={version} known index bugs" in caplog.text


def test_an_old_server_is_refused(
    empty_database_url: str, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server before the oldest that is supported is named with its version."""
    monkeypatch.setattr(migration_session, "OLDEST_SERVER", 99)

    with pytest.raises(Misconfigured, match=r"it is PostgreSQL \d+.*PostgreSQL 99 or newer"):
        migrate(empty_database_url, tree=tree)


def test_a_database_that_does_not_answer_is_down(postgres_server: PostgresServer) -> None:
    """No server, no such database and a wrong password are one error, without the password."""
    good = postgres_server.url("postgres")
    for url in (
        "postgresql://someone:geheim@127.0.0.1:1/posts",
        good.replace(postgres_server.password, "geheim"),
        postgres_server.url("missing"),
    ):
        with pytest.raises(DatabaseDown) as caught:
            migrate(url)
        assert "geheim" not in str(caught.value)
        assert postgres_server.password not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://someone:ge heim@[::1/posts?x=geheim",
        "postgresql://someone:ge@heim@127.0.0.1:1/posts",
    ],
)
def test_a_url_that_cannot_be_parsed_is_not_shown(url: str) -> None:
    """A malformed URL may hold a password anywhere: neither message nor trace back has it."""
    with pytest.raises(Misconfigured) as caught:
        migrate(url)
    assert "heim" not in "".join(traceback.format_exception(caught.value)).replace(url, "")


def test_a_statement_may_take_longer_than_the_databases_limit(
    postgres_server: PostgresServer, empty_database_url: str, write: Write
) -> None:
    """A time-out meant for other sessions does not end a long migration."""
    database = empty_database_url.rpartition("/")[2]
    with postgres_server.superuser(database) as connection:
        connection.execute(f"alter database {database} set statement_timeout = 900".encode())

    report = migrate(
        empty_database_url, tree=write("migrations/0002_long.sql", "select pg_sleep(1);")
    )

    assert len(report.applied) == 2


def test_a_stranger_is_told_to_come_as_the_owner(
    postgres_server: PostgresServer, empty_database_url: str, tree: Path
) -> None:
    """A role that may not create tables, or not read the bookkeeping, cannot migrate."""
    database = empty_database_url.rpartition("/")[2]
    with postgres_server.superuser(database) as connection:
        connection.execute(
            f"create role stranger_{database} login password '{postgres_server.password}'".encode()
        )
    stranger = postgres_server.url(database, user=f"stranger_{database}")
    with pytest.raises(Misconfigured, match="may not create tables in schema public"):
        migrate(stranger, tree=tree)
    migrate(empty_database_url, tree=tree)
    with pytest.raises(Misconfigured, match="Connect as the owner"):
        migrate(stranger, tree=tree)
