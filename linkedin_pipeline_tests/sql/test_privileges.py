"""Who may do what (CONTRACT 3.4), tried on all that the catalog lists: nothing is forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from typing import LiteralString

import psycopg
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
from linkedin_pipeline_tests.sql.sample_rows import add_sample_rows, counts

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
READABLE_COLUMNS = {"profiles": {"id", "type"}}
"""Tables of which a signed-in reader may select some columns."""
CALLABLE = {"current_embedding_model", "get_publishing_calendar"}
"""What a signed-in reader may call, beside ``match_*``."""
DEFINERS = {"get_publishing_calendar"}
ROLES = ("anon", "authenticated", "service_role")

ROUTINES = """
select p.oid::regprocedure::text, p.proname from pg_proc p
where p.pronamespace = 'public'::regnamespace
    and not exists (
        select from pg_depend d
        where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
    )
"""
CALLS = """
select p.proname, array(
    select coalesce(p.proargnames[a.n], '') || ' ' || format_type(a.type, null)
    from unnest(p.proargtypes) with ordinality as a (type, n)
)
from pg_proc p
where p.pronamespace = 'public'::regnamespace and p.prokind = 'f' and not p.proisstrict
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
COLUMNS = """
select attname from pg_attribute
where attrelid = %s::regclass and attnum > 0 and not attisdropped
"""
STATEMENTS: dict[str, LiteralString] = {
    "select": "select count(*) from {table}",
    "insert": "insert into {table} default values",
    "update": "update {table} set {column} = {column}",
    "delete": "delete from {table}",
}
TABLE_RIGHTS = (*STATEMENTS, "truncate", "references", "trigger")


def tables(connection: Connection) -> list[str]:
    """Return the names of our tables, the bookkeeping of migrations among them."""
    found = [name for (name,) in rows(connection, RELATIONS, ["r", "p", "v", "m"])]
    assert {
        "viral_posts_bank",
        "post_work",
        "linkedin_pipeline_migrations",
        "linkedin_pipeline_version",
    } <= set(found)
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


def may_call(role: str, name: str) -> bool:
    """Tell whether the contract lets a role call a function."""
    searches = name in CALLABLE or name.startswith("match_")
    return role == "service_role" or (role == "authenticated" and searches)


def refused(connection: Connection, statement: sql.Composed | bytes) -> bool:
    """Run a statement, undo it, and tell whether it was refused for want of a privilege."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(statement)
    except errors.InsufficientPrivilege:
        return True
    except psycopg.Error:  # it came past the gate: a missing value, a key in use, a bad argument
        return False
    return False


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
    """Anonymous callers have none, readers read the bank, the service may do all; each tried."""
    add_sample_rows(become)
    names = tables(become)
    column = {name: rows(become, COLUMNS, name)[0][0] for name in names}
    whole = counts(become, names)
    expected = {
        name: allowed if readable is None or name in readable else set[str]() for name in names
    }
    assert {name: rights(become, role, name) for name in names} == expected
    set_role(become, role)
    for name in names:
        partly = role == "authenticated" and name in READABLE_COLUMNS
        for right, statement in STATEMENTS.items():
            tried = sql.SQL(statement).format(
                table=sql.Identifier(name), column=sql.Identifier(column[name])
            )
            # counting rows needs the right to one column only
            may = right in expected[name] or (partly and right == "select")
            assert refused(become, tried) != may, f"{role}: {right} {name}"
    seen = [name for name in names if expected[name]]
    assert counts(become, seen) == {name: whole[name] for name in seen}


def test_the_service_changes_every_row(become: Connection) -> None:
    """Row level security hides no row from the service, whatever it does with it."""
    add_sample_rows(become)
    names = tables(become)
    whole = counts(become, names)
    assert sum(map(bool, whole.values())) > 40, "the sample rows fill nearly every table"
    set_role(become, "service_role")
    for name in names:
        [(column,), *_] = rows(become, COLUMNS, name)
        with become.transaction(force_rollback=True):
            changed = become.execute(
                sql.SQL("update {} set {} = {}").format(
                    *map(sql.Identifier, (name, column, column))
                )
            )
            assert changed.rowcount == whole[name], name


def test_a_reader_sees_kinds_of_profiles_and_no_person(become: Connection) -> None:
    """Of ``profiles`` a reader gets id and type, for the filter on author_type, and no more."""
    add_sample_rows(become)
    columns = {name for (name,) in rows(become, COLUMNS, "profiles")}
    assert {"email", "invitation_token", "full_name"} <= columns
    set_role(become, "authenticated")
    assert sorted(rows(become, "select type::text from profiles where id is not null")) == [
        ("external_influencer",),
        ("internal",),
    ]
    readable = {
        column
        for column in columns
        if not refused(become, sql.SQL("select {} from profiles").format(sql.Identifier(column)))
    }
    assert readable == READABLE_COLUMNS["profiles"]
    assert refused(become, b"select * from profiles")
    assert refused(become, b"select p from profiles p")
    assert refused(become, b"select id from profiles where email is not null")


@pytest.mark.parametrize("role", ROLES)
def test_rights_on_routines(become: Connection, role: str) -> None:
    """Anonymous callers may call nothing, readers may search, the service may call all."""
    add_sample_rows(become)
    for signature, name in routines(become):
        may = value(become, "select has_function_privilege(%s, %s, 'execute')", role, signature)
        assert may == may_call(role, name), signature
    calls: list[tuple[str, list[str]]] = rows(become, CALLS)
    set_role(become, role)
    for name, arguments in calls:
        given = ", ".join(f"null::{argument.partition(' ')[2]}" for argument in arguments)
        tried = refused(become, f"select {name}({given})".encode())
        assert tried != may_call(role, name), f"{role}: {name}"


@pytest.mark.parametrize("role", ROLES)
def test_rights_on_sequences(become: Connection, role: str) -> None:
    """Only the service draws numbers."""
    sequences = rows(become, RELATIONS, ["S"])
    assert sequences
    set_role(become, role)
    for (name,) in sequences:
        for call in ("nextval({})", "setval({}, 5)"):
            tried = sql.SQL("select " + call).format(sql.Literal(name))
            assert refused(become, tried) == (role != "service_role"), name


def test_nothing_is_granted_to_everybody(connection: Connection) -> None:
    """No table, column, sequence or routine of ours carries a grant to PUBLIC."""
    granted = rows(
        connection,
        "select r.relname from pg_class r, aclexplode(r.relacl) g "
        "where r.relnamespace = 'public'::regnamespace and g.grantee = 0 union all "
        "select a.attname from pg_attribute a join pg_class r on r.oid = a.attrelid, "
        "aclexplode(a.attacl) g "
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
