"""Privileges on servers that were there before: their roles, grants and other databases."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from psycopg import sql

from linkedin_pipeline.database.migrate import migrate
from linkedin_pipeline.domain.errors import SchemaBehind
from linkedin_pipeline_tests.postgres import OWNER, WEB_ROLES, PostgresServer
from linkedin_pipeline_tests.sql.bank import Connection, rows, value
from linkedin_pipeline_tests.waiting import eventually

GRANTED = """
select c.relname::text || ' ' || g.privilege_type || ' ' || g.grantee::regrole
from pg_class c cross join lateral aclexplode(c.relacl) g
where c.relnamespace = 'public'::regnamespace and g.grantee::regrole::text = any (%(roles)s)
union all
select c.relname || '.' || a.attname || ' ' || g.privilege_type || ' ' || g.grantee::regrole
from pg_class c join pg_attribute a on a.attrelid = c.oid
cross join lateral aclexplode(a.attacl) g
where c.relnamespace = 'public'::regnamespace and g.grantee::regrole::text = any (%(roles)s)
union all
select p.proname || ' ' || g.privilege_type || ' ' || g.grantee::regrole
from pg_proc p cross join lateral aclexplode(p.proacl) g
where p.pronamespace = 'public'::regnamespace and g.grantee::regrole::text = any (%(roles)s)
    and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
order by 1
"""
POLICIES = """
select polrelid::regclass::text, polname, polcmd::text, polpermissive, polroles::regrole[]::text,
    pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)
from pg_policy order by 1, 2
"""
WAITERS = "select from pg_stat_activity where %s = any (pg_blocking_pids(pid))"


def granted(connection: Connection, *roles: str) -> list[str]:
    """Return what roles were granted in schema public, one line each."""
    found = connection.execute(GRANTED, {"roles": list(roles)}).fetchall()
    return [line for (line,) in found]


@pytest.fixture
def superuser(postgres_server: PostgresServer, empty_database_url: str) -> Iterator[Connection]:
    """Give a superuser's connection to the database of ``empty_database_url``."""
    with postgres_server.superuser(empty_database_url.rpartition("/")[2]) as opened:
        yield opened


@pytest.fixture
def no_web_roles(postgres_server: PostgresServer, migrated_template: str) -> Iterator[None]:
    """Take the three roles away from the server; give them back after, in place of new ones."""
    # they own grants in the template, so they are renamed
    with postgres_server.superuser("postgres") as opened:

        def rename(role: str, name: str) -> None:
            statement = sql.SQL("alter role {} rename to {}")
            opened.execute(statement.format(sql.Identifier(role), sql.Identifier(name)))

        for role in WEB_ROLES:
            rename(role, f"{role}_away")
        try:
            yield
        finally:
            for role in WEB_ROLES:
                drop = sql.SQL("drop role if exists {}").format(sql.Identifier(role))
                opened.execute(drop)
                rename(f"{role}_away", role)


def test_default_grants_of_a_host_reach_nobody(
    superuser: Connection, empty_database_url: str, connection: Connection
) -> None:
    """Where the host grants all on new objects, ours have the grants they have anywhere."""
    for objects in (b"tables", b"sequences", b"functions"):
        superuser.execute(
            b"alter default privileges for role linkedin_owner in schema public grant all on "
            + objects
            + b" to anon, authenticated, service_role"
        )
    superuser.execute("create table before_us (id int)")
    superuser.execute(f"alter table before_us owner to {OWNER}".encode())
    superuser.execute("grant select, update (id) on before_us to anon")
    superuser.execute("create view a_view as select 1")
    superuser.execute(f"alter view a_view owner to {OWNER}".encode())
    superuser.execute("grant select on a_view to anon")

    migrate(empty_database_url)

    assert granted(superuser, "anon") == []
    elsewhere = granted(connection, "authenticated")
    assert granted(superuser, "authenticated") == elsewhere
    assert {"profiles.id SELECT authenticated", "topics SELECT authenticated"} <= set(elsewhere)


@pytest.mark.parametrize("attribute", ["bypassrls", "nobypassrls"])
def test_roles_that_are_there_already_are_used_as_they_are(
    superuser: Connection, empty_database_url: str, migrated_template: str, attribute: str
) -> None:
    """With BYPASSRLS, as hosts give it to service_role, and without, the service sees all rows."""
    superuser.execute(f"alter role service_role {attribute}".encode())
    try:
        migrate(empty_database_url)
        superuser.execute("set role service_role")
        superuser.execute("insert into viral_posts_bank (content) values ('A post.')")
        assert value(superuser, "select count(*) from viral_posts_bank") == 1
    finally:
        superuser.execute("reset role")
        superuser.execute("alter role service_role nobypassrls")


def test_what_a_later_version_adds_is_the_services_too(
    connection: Connection, database_url: str
) -> None:
    """A new column is covered at once; a new table and a new sequence with the next migration."""
    connection.execute("alter table topics add column later text")
    connection.execute("create table later (id serial primary key)")
    migrate(database_url)
    connection.execute("set role service_role")
    connection.execute("insert into later default values")
    assert value(connection, "update later set id = 7 returning id") == 7
    connection.execute("update topics set later = 'x'")
    connection.execute("reset role")
    assert [line for line in granted(connection, "anon", "authenticated") if "later" in line] == []


@pytest.mark.parametrize(
    "altered",
    [
        "alter policy service_role_all on topics using (false)",
        "alter policy service_role_all on topics with check (false)",
        "alter policy service_role_all on topics to anon",
        "alter policy authenticated_read on topics to public",
        "alter policy authenticated_read on profiles using (type = 'internal')",
        "drop policy authenticated_read on topics",
        "drop policy service_role_all on linkedin_pipeline_migrations",
        (
            "drop policy service_role_all on topics; "
            "create policy service_role_all on topics as restrictive to service_role "
            "using (true) with check (true)"
        ),
        "create policy authenticated_read on post_work for select to authenticated using (true)",
    ],
)
def test_an_altered_policy_is_made_again(
    connection: Connection, database_url: str, altered: str
) -> None:
    """Whatever was changed on our policies, the next migration puts right."""
    before = rows(connection, POLICIES)
    connection.execute(altered.encode())
    assert rows(connection, POLICIES) != before
    migrate(database_url)
    assert rows(connection, POLICIES) == before


def test_policies_that_are_right_are_left(connection: Connection, database_url: str) -> None:
    """Migrating again makes no policy anew: that would lock every table."""
    before = rows(connection, "select oid from pg_policy order by 1")
    migrate(database_url)
    assert rows(connection, "select oid from pg_policy order by 1") == before


def test_strangers_may_put_nothing_into_public(
    superuser: Connection, empty_database_url: str, migrated_template: str
) -> None:
    """Where everybody could create in public and nobody look, roles may look and not create."""
    superuser.execute("grant create on schema public to public")
    superuser.execute("grant create on schema public to authenticated")
    superuser.execute("revoke usage on schema public from public")
    migrate(empty_database_url)
    for role in ("anon", "authenticated"):
        assert not value(superuser, "select has_schema_privilege(%s, 'public', 'create')", role)
        assert value(superuser, "select has_schema_privilege(%s, 'public', 'usage')", role)


def test_a_public_schema_that_stays_open_is_named(
    superuser: Connection, empty_database_url: str, migrated_template: str
) -> None:
    """Where the owner may not close it, migrating says so and what to run."""
    superuser.execute("alter schema public owner to postgres")
    superuser.execute("grant create on schema public to public")
    with pytest.raises(SchemaBehind, match="LP022") as caught:
        migrate(empty_database_url)
    assert "revoke create on schema public from" in str(caught.value)


@pytest.mark.usefixtures("no_web_roles")
def test_roles_that_may_not_be_made_are_named(
    postgres_server: PostgresServer, empty_database_url: str
) -> None:
    """An owner without CREATEROLE is told every role that a superuser has to make first."""
    owner = f"plain_{secrets.token_hex(4)}"
    database = empty_database_url.rpartition("/")[2]
    with postgres_server.superuser("postgres") as superuser:
        superuser.execute(
            f"create role {owner} login password '{postgres_server.password}'".encode()
        )
        superuser.execute(f"alter database {database} owner to {owner}".encode())
    try:
        with pytest.raises(SchemaBehind, match="LP020") as caught:
            migrate(postgres_server.url(database, user=owner))
        for role in WEB_ROLES:
            assert f"create role {role} nologin" in str(caught.value)
    finally:
        postgres_server.drop(database)
        with postgres_server.superuser("postgres") as superuser:
            superuser.execute(f"drop role {owner}".encode())


@pytest.mark.usefixtures("no_web_roles")
def test_databases_that_migrate_at_once_make_the_roles_together(
    postgres_server: PostgresServer,
) -> None:
    """Each of several first migrations on one server succeeds, and the roles are there once."""
    names = [f"test_{secrets.token_hex(6)}" for _ in range(3)]
    start = threading.Barrier(len(names))

    def first(url: str) -> bool:
        start.wait(60)
        migrate(url)
        with psycopg.connect(url) as connection:
            return bool(granted(connection, "authenticated"))

    try:
        urls = [postgres_server.create(name) for name in names]
        with ThreadPoolExecutor(len(names)) as threads:
            assert list(threads.map(first, urls)) == [True] * len(names)
    finally:
        for name in names:
            postgres_server.drop(name)


@pytest.mark.usefixtures("no_web_roles")
def test_a_role_that_another_session_is_making_is_waited_for(
    postgres_server: PostgresServer,
) -> None:
    """When somebody else's ``create role`` commits first, migrating goes on with that role."""
    name = f"test_{secrets.token_hex(6)}"
    url = postgres_server.create(name)
    try:
        with (
            psycopg.connect(postgres_server.url("postgres", user="postgres")) as other,
            postgres_server.superuser("postgres") as watcher,
            ThreadPoolExecutor(1) as threads,
        ):
            for role in WEB_ROLES:
                other.execute(f"create role {role} nologin".encode())
            migration = threads.submit(migrate, url)
            eventually(lambda: rows(watcher, WAITERS, other.info.backend_pid))
            other.commit()
            migration.result()
        with psycopg.connect(url) as connection:
            assert granted(connection, "authenticated") != []
    finally:
        postgres_server.drop(name)
