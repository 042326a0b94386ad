"""Who may do what (CONTRACT 3.4), asked of the catalog, so that new objects are covered at once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from psycopg import errors, sql

from linkedin_pipeline.domain.work import Stage
from linkedin_pipeline_tests.sql.bank import (
    Connection,
    add_finished_post,
    add_post,
    change,
    claim_one,
    drift,
    flagged,
    reject,
    rows,
    store_embeddings,
    store_hooks,
    value,
    vector,
)

READABLE = {
    "topics",
    "audiences",
    "hook_types",
    "post_structures",
    "content_formats",
    "viral_posts_bank",
    "post_vectors",
    "embedding_models",
}
"""What a signed-in reader may select from."""
CALLABLE = {"current_embedding_model", "get_publishing_calendar"}
"""What a signed-in reader may call, beside ``match_*``."""
DEFINERS = {"get_publishing_calendar"}

ROUTINES = """
select p.oid::regprocedure::text, p.proname from pg_proc p
where p.pronamespace = 'public'::regnamespace
    and not exists (
        select from pg_depend d
        where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
    )
"""
RELATIONS = """
select c.relname from pg_class c
where c.relnamespace = 'public'::regnamespace and c.relkind = any (%s::text[]::"char"[])
    and not exists (
        select from pg_depend d
        where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
    )
"""
TABLE_RIGHTS = ("select", "insert", "update", "delete", "truncate", "references", "trigger")


def tables(connection: Connection) -> list[str]:
    """Return the names of our tables, the bookkeeping of migrations among them."""
    found = [name for (name,) in rows(connection, RELATIONS, ["r", "p", "v", "m"])]
    assert {"viral_posts_bank", "post_work", "linkedin_pipeline_migrations"} <= set(found)
    return found


def routines(connection: Connection) -> list[tuple[str, str]]:
    """Return signature and name of each of our routines."""
    found: list[tuple[str, str]] = rows(connection, ROUTINES)
    assert {"claim_work", "match_viral_posts"} <= {name for _, name in found}
    return found


def rights(connection: Connection, role: str, table: str) -> set[str]:
    """Return what a role may do with a table."""
    return {
        right
        for right in TABLE_RIGHTS
        if value(connection, "select has_table_privilege(%s, %s, %s)", role, table, right)
    }


@pytest.fixture
def become(connection: Connection) -> Iterator[Connection]:
    """Give a connection that ends the test as its owner, whatever role it took on."""
    yield connection
    connection.execute("reset role")


def set_role(connection: Connection, role: str) -> None:
    """Take on a role."""
    connection.execute(sql.SQL("set role {}").format(sql.Identifier(role)))


@pytest.mark.parametrize(
    ("role", "readable", "allowed"),
    [
        ("anon", set(), set()),
        ("authenticated", READABLE, {"select"}),
        ("service_role", None, set(TABLE_RIGHTS)),
    ],
)
def test_rights_on_tables(
    become: Connection, role: str, readable: set[str] | None, allowed: set[str]
) -> None:
    """Anonymous callers have none, readers may read the bank, the service may do all."""
    names = tables(become)
    for name in names:
        expected = allowed if readable is None or name in readable else set()
        assert rights(become, role, name) == expected, name
    set_role(become, role)
    for name in names:
        statement = sql.SQL("select count(*) from {}").format(sql.Identifier(name))
        if readable is None or name in readable:
            become.execute(statement)
        else:
            with pytest.raises(errors.InsufficientPrivilege):
                become.execute(statement)


@pytest.mark.parametrize("role", ["anon", "authenticated", "service_role"])
def test_rights_on_routines(connection: Connection, role: str) -> None:
    """Anonymous callers may call nothing, readers may search, the service may call all."""
    for signature, name in routines(connection):
        searches = name in CALLABLE or name.startswith("match_")
        expected = role == "service_role" or (role == "authenticated" and searches)
        may = value(connection, "select has_function_privilege(%s, %s, 'execute')", role, signature)
        assert may == expected, signature


@pytest.mark.parametrize("role", ["anon", "authenticated", "service_role"])
def test_rights_on_sequences(connection: Connection, role: str) -> None:
    """Only the service draws numbers."""
    sequences = rows(connection, RELATIONS, ["S"])
    assert sequences
    for (name,) in sequences:
        may = value(connection, "select has_sequence_privilege(%s, %s, 'usage')", role, name)
        assert may == (role == "service_role"), name


def test_nothing_is_granted_to_everybody(connection: Connection) -> None:
    """No table, sequence or routine of ours carries a grant to PUBLIC."""
    granted = rows(
        connection,
        "select r.relname from pg_class r, aclexplode(r.relacl) g "
        "where r.relnamespace = 'public'::regnamespace and g.grantee = 0 union all "
        "select p.proname from pg_proc p, "
        "aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g "
        "where p.pronamespace = 'public'::regnamespace and g.grantee = 0 and not exists ("
        "select from pg_depend d where d.objid = p.oid and d.deptype = 'e')",
    )
    assert granted == []


def test_row_level_security_is_on_everywhere(connection: Connection) -> None:
    """A table of ours without row level security would be open on hosts that grant by default."""
    open_tables = rows(
        connection,
        "select relname from pg_class where relnamespace = 'public'::regnamespace "
        "and relkind in ('r', 'p') and not relrowsecurity",
    )
    assert open_tables == []


def test_every_routine_pins_its_search_path(connection: Connection) -> None:
    """Names resolve in public, the vector extension's schema and last pg_temp, whoever calls."""
    loose = rows(
        connection,
        "select p.oid::regprocedure::text from pg_proc p "
        "where p.oid::regprocedure::text = any (%s) "
        "and 'search_path=public, pg_temp' <> all (coalesce(p.proconfig, '{}'))",
        [signature for signature, _ in routines(connection)],
    )
    assert loose == []


def test_no_routine_lends_its_owners_rights(connection: Connection) -> None:
    """Nothing of ours is security definer but what the contract names."""
    definers = rows(
        connection,
        "select proname from pg_proc where pronamespace = 'public'::regnamespace and prosecdef",
    )
    assert {name for (name,) in definers} <= DEFINERS


def test_everything_has_a_comment(connection: Connection) -> None:
    """Each table and routine says what it is for."""
    bare = [
        name
        for name in tables(connection)
        if not value(connection, "select obj_description(%s::regclass, 'pg_class')", name)
    ]
    bare += [
        signature
        for signature, _ in routines(connection)
        if not value(connection, "select obj_description(%s::regprocedure, 'pg_proc')", signature)
    ]
    assert bare == []


def test_the_service_can_do_the_whole_work(become: Connection) -> None:
    """As service_role triggers fire, claims and write-backs work, and row security lets through."""
    set_role(become, "service_role")
    post = add_post(become)
    finished = add_finished_post(become)
    assert store_hooks(become, [claim_one(become)]) == {post: True}
    held = claim_one(become, Stage.EMBEDDINGS)
    assert store_embeddings(become, [held], vector(1), "test:two") == {post: True}
    assert reject(
        become, [claim_one(become, Stage.TOPIC_CLASSIFICATIONS)], Stage.TOPIC_CLASSIFICATIONS
    ) == {post: True}
    become.execute("delete from topics")
    assert flagged(become, finished) == {Stage.TOPIC_CLASSIFICATIONS}
    change(become, post, content="Edited.")
    assert drift(become) == []
    assert value(become, "select is_worker_enabled('worker-extract-hooks-v2')") is True
    assert value(become, "select release_stale_embedding_locks()") == 0
    become.execute("delete from viral_posts_bank")
    assert value(become, "select count(*) from post_work") == 0


def test_a_reader_sees_the_bank_and_writes_nothing(become: Connection) -> None:
    """As authenticated the rows are there to read, and every write is refused."""
    post = add_finished_post(become)
    set_role(become, "authenticated")
    assert rows(become, "select id, content from viral_posts_bank") == [(post, "A post.")]
    assert value(become, "select count(*) from topics") > 0
    with pytest.raises(errors.InsufficientPrivilege):
        change(become, post, content="Edited.")
    with pytest.raises(errors.InsufficientPrivilege):
        rows(become, "select * from get_posts_needing_embedding()")
