"""The tree on databases that were there before it: other schemas, other roles, other grants."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from linkedin_pipeline.database.migrate import migrate
from linkedin_pipeline.domain.errors import SchemaBehind
from linkedin_pipeline.domain.work import Stage
from linkedin_pipeline_tests.postgres import PostgresServer
from linkedin_pipeline_tests.sql.bank import (
    Connection,
    add_post,
    claim_one,
    drift,
    rows,
    value,
    vector,
)

WITH_EXTENSIONS = "set search_path = public, extensions"


@pytest.fixture
def superuser(postgres_server: PostgresServer, empty_database_url: str) -> Iterator[Connection]:
    """Give a superuser's connection to the database of ``empty_database_url``."""
    with postgres_server.superuser(empty_database_url.rpartition("/")[2]) as opened:
        yield opened


def move_vector(superuser: Connection) -> None:
    """Put extension vector where some hosts have it."""
    superuser.execute("create schema extensions")
    superuser.execute("alter extension vector set schema extensions")


def go_through(connection: Connection) -> None:
    """Take a post through hook, vector and search."""
    post = add_post(connection)
    held = claim_one(connection)
    connection.execute("select store_hooks(%s, %s, array['Hook.'])", [[post], [held.token]])
    held = claim_one(connection, Stage.EMBEDDINGS)
    connection.execute(
        "select store_embeddings(%s, %s, %s::text[]::extensions.vector[], 'test:one')",
        [[post], [held.token], [vector(1)]],
    )
    assert rows(
        connection, "select id from match_viral_posts(%s::extensions.vector)", vector(1)
    ) == [(post,)]
    assert drift(connection) == []


@pytest.mark.parametrize("role", ["service_role", "authenticated"])
def test_vector_may_live_in_a_schema_of_its_own(
    superuser: Connection, empty_database_url: str, role: str
) -> None:
    """With vector in ``extensions`` everything works, for every role that may use that schema."""
    move_vector(superuser)
    superuser.execute("grant usage on schema extensions to public")
    migrate(empty_database_url)
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        go_through(connection)
        connection.execute(b"set role " + role.encode())
        # what clients send over HTTP: the vector as text, no search_path of their own
        found = rows(connection, "select content from match_viral_posts(%s)", vector(1))
        assert found == [("A post.",)]
        if role == "service_role":
            connection.execute("reset role")
            connection.execute("truncate viral_posts_bank cascade")
            connection.execute("set role service_role")
            go_through(connection)


def test_roles_are_let_into_the_schema_of_vector(
    superuser: Connection, empty_database_url: str
) -> None:
    """Where the owner may, migrating grants what searching needs, to the roles that search."""
    move_vector(superuser)
    superuser.execute("grant usage on schema extensions to linkedin_owner with grant option")
    migrate(empty_database_url)
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        connection.execute("set role authenticated")
        assert rows(connection, "select * from match_viral_posts(%s)", vector(1)) == []


def test_a_schema_that_roles_may_not_use_is_named(
    superuser: Connection, empty_database_url: str
) -> None:
    """Where the owner may not grant it, migrating says what is missing and who can help."""
    move_vector(superuser)
    superuser.execute("grant usage on schema extensions to linkedin_owner")
    with pytest.raises(SchemaBehind, match="LP021") as refused:
        migrate(empty_database_url)
    assert "grant usage on schema extensions to" in str(refused.value)


def test_every_routine_finds_vector_in_its_schema(
    superuser: Connection, empty_database_url: str
) -> None:
    """The pinned search_path names the extension's schema, after public and before pg_temp."""
    move_vector(superuser)
    superuser.execute("grant usage on schema extensions to public")
    migrate(empty_database_url)
    assert rows(
        superuser,
        "select distinct proconfig[array_length(proconfig, 1)] from pg_proc p "
        "where pronamespace = 'public'::regnamespace",
    ) == [("search_path=public, extensions, pg_temp",)]


def test_the_owner_needs_no_superuser(superuser: Connection, empty_database_url: str) -> None:
    """All tests connect as a plain role that owns its database, and so does this one."""
    migrate(empty_database_url)
    with psycopg.connect(empty_database_url) as connection:
        assert rows(
            connection, "select rolsuper, rolbypassrls from pg_roles where rolname = current_user"
        ) == [(False, False)]


def test_what_others_made_is_left_alone(superuser: Connection, empty_database_url: str) -> None:
    """Tables and routines of another owner in public neither stop a migration nor change."""
    superuser.execute("create table foreign_table (id serial)")
    superuser.execute("create function foreign_one() returns int return 1")
    superuser.execute("create procedure foreign_two() language sql as 'select 1'")
    superuser.execute("grant select on foreign_table to public")
    state = (
        "select relname, relacl::text, relrowsecurity::text from pg_class "
        "where relname ^@ 'foreign_' union all "
        "select proname, proacl::text, proconfig::text from pg_proc where proname ^@ 'foreign_'"
    )
    before = rows(superuser, state)
    migrate(empty_database_url)
    assert rows(superuser, state) == before


def test_routines_of_every_kind_may_be_there(empty_database_url: str) -> None:
    """Procedures and aggregates of the same owner do not stop a migration."""
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        connection.execute("create procedure own_one() language sql as 'select 1'")
        connection.execute("create aggregate own_two(integer) (sfunc = int4pl, stype = integer)")
    migrate(empty_database_url)


def test_objects_of_extensions_keep_their_grants(
    superuser: Connection, empty_database_url: str
) -> None:
    """Operators of vector in public stay usable by everybody."""
    migrate(empty_database_url)
    assert value(
        superuser,
        "select has_function_privilege('anon', 'cosine_distance(vector, vector)', 'execute')",
    )


def test_migrating_again_changes_no_grant(connection: Connection, database_url: str) -> None:
    """A second run leaves rights, policies and routines as the first did."""
    state = (
        "select array(select relname::text || relacl::text from pg_class "
        "where relnamespace = 'public'::regnamespace and relacl is not null order by 1) || "
        "array(select oid::regprocedure::text || proacl::text || proconfig::text from pg_proc "
        "where pronamespace = 'public'::regnamespace and proacl is not null order by 1) || "
        "array(select polname || polrelid::regclass::text from pg_policy order by 1)"
    )
    before = value(connection, state)
    migrate(database_url)
    assert value(connection, state) == before
