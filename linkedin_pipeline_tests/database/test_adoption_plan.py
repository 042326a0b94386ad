"""The plan of moving in: what it says, what it refuses, and that it changes nothing."""

from __future__ import annotations

import psycopg
import pytest

from linkedin_pipeline.database.adoption import adopt, survey
from linkedin_pipeline.database.migrate import migrate
from linkedin_pipeline.database.migration_history import ensure_tables
from linkedin_pipeline.database.migration_session import Patience
from linkedin_pipeline.database.snapshot import snapshot
from linkedin_pipeline.domain.errors import BadInput, DatabaseDown, Misconfigured
from linkedin_pipeline_tests.database.before import contents
from linkedin_pipeline_tests.postgres import ask, transaction
from linkedin_pipeline_tests.terminal import Terminal

CRON = """
    create schema cron;
    create table cron.job (jobid bigint, schedule text, command text, nodename text, nodeport int,
        database text, username text, active boolean, jobname text);
    insert into cron.job values
        (1, '*/5 * * * *', 'select net.http_post(''https://edge'')', '', 0, current_database(), '',
         true, 'publish'),
        (2, '0 3 * * *', 'select get_processing_status()', '', 0, current_database(), '',
         true, null),
        (3, '0 3 * * *', 'select call_publish_scheduled()', '', 0, current_database(), '',
         false, 'off'),
        (4, '0 3 * * *', 'vacuum invoices', '', 0, current_database(), '', true, 'theirs'),
        (5, '0 3 * * *', 'select net.http_post(''x'')', '', 0, 'another', '', true, 'elsewhere');
"""

CATALOG = """
    select string_agg(n.nspname || ' ' || (select count(*) from pg_class c
        where c.relnamespace = n.oid) || ' ' || (select count(*) from pg_proc p
        where p.pronamespace = n.oid), ', ' order by n.nspname)
    from pg_namespace n where n.nspname !~ '^pg_(toast|temp)'
"""


def do(url: str, statements: str) -> None:
    """Run statements as the owner."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statements.encode())


def test_the_plan_changes_nothing_and_says_what_would_happen(before_url: str) -> None:
    """Schema and rows are the same before and after; differences and losses are counted."""
    schema, rows = snapshot(before_url), contents(before_url)
    catalog = ask(before_url, CATALOG)

    result = Terminal({"DATABASE_URL": before_url}).expected("db", "adopt", "--cron-is-off")

    assert result.exit_code == 0, result.output
    assert (snapshot(before_url), contents(before_url)) == (schema, rows)
    assert ask(before_url, CATALOG) == catalog
    for line in (
        "viral_posts_bank: 5 rows, 1 stay aside, 1 triggers stand aside",
        "1 × no content: stays aside (b0000000-0000-4000-8000-000000000005)",
        "2 × embedding cannot serve (no model named, or not 1536 numbers): made again",
        "own columns, kept: company_name",
        "1 × waits to go out: stays so (10000000-0000-4000-8000-000000000001)",
        "1 × overdue: goes out at once when it is within PUBLISH_GRACE_SECONDS",
        "2 × outcome unknown: held until a person decides",
        "sync_jobs: 1 rows, 1 stay aside: readings begin anew",
        "match_viral_posts(vector,double precision,integer)",
        "foreign keys that are led anew: invoices.invoices_profile",
        "views that are made anew: best_posts, counted, lengths",
    ):
        assert line in result.output


def test_it_is_said_when_there_is_nothing_to_move_in_on(
    empty_database_url: str, database_url: str, adopted_url: str
) -> None:
    """An empty database, one of ours and one that was taken over are told apart, unchanged."""
    schema = snapshot(adopted_url)
    for url, word in (
        (empty_database_url, "the database is empty"),
        (database_url, "it is ours already"),
        (adopted_url, "adopted already"),
    ):
        for arguments in ((), ("--apply",)):
            result = Terminal({"DATABASE_URL": url}).expected("db", "adopt", *arguments)
            assert (result.exit_code, word in result.output) == (0, True)
    assert snapshot(adopted_url) == schema


def test_active_cron_jobs_of_the_old_system_are_refused_by_name(before_url: str) -> None:
    """Jobs that call out or name what is ours stand in the way, whatever the flag says."""
    do(before_url, CRON)
    schema = snapshot(before_url)

    found = survey(before_url, cron_is_off=True)
    with pytest.raises(BadInput, match=r"cron\.alter_job\(1, active := false\)"):
        adopt(before_url, cron_is_off=True)

    assert found.cron_jobs == ("1 publish (*/5 * * * *)", "2 (0 3 * * *)")
    assert snapshot(before_url) == schema
    do(before_url, "update cron.job set active = false")
    assert survey(before_url).obstacles == ()


def test_cron_that_nobody_can_look_at_needs_a_word(before_url: str) -> None:
    """Without pg_cron in sight moving in is refused until a person says that it is off."""
    plan = Terminal({"DATABASE_URL": before_url}).expected("db", "adopt")
    refused = Terminal({"DATABASE_URL": before_url}).expected("db", "adopt", "--apply")

    assert (plan.exit_code, refused.exit_code) == (1, 2)
    assert "--cron-is-off" in plan.output
    assert "--cron-is-off" in refused.output


def test_what_cannot_move_is_refused_with_the_remedy(before_url: str) -> None:
    """Names that we need, ids of another kind and partitions that meet stop everything."""
    do(
        before_url,
        "create table alerts (id int); create index erasures_pkey on invoices (amount); "
        "create schema linkedin_before; alter table chat_messages alter id type text; "
        "insert into profiles (id) values ('a0000000-0000-4000-8000-000000000009'), "
        "('a0000000-0000-5000-8000-000000000009')",
    )
    said = " ".join(survey(before_url, cron_is_off=True).obstacles)
    assert "alter table public.alerts rename to alerts_other" in said
    assert "alter index public.erasures_pkey rename to erasures_pkey_other" in said
    assert "schema linkedin_before: it exists" in said
    assert "their ids begin with the same 12 digits" in said
    do(before_url, "alter table post_batches alter id type bigint using 1")
    said = " ".join(survey(before_url, cron_is_off=True).obstacles)
    assert "post_batches.id: it is bigint, ours is uuid" in said


def test_a_table_in_use_and_somebody_who_migrates_are_waited_for_with_a_bound(
    before_url: str,
) -> None:
    """A lock that cannot be had leaves everything as it was, with the remedy."""
    schema = snapshot(before_url)
    with (
        transaction(before_url, "lock table profiles in access share mode"),
        pytest.raises(DatabaseDown, match="somebody else uses one of them"),
    ):
        adopt(before_url, cron_is_off=True, patience=Patience(lock=0.1))
    with (
        transaction(before_url, f"select pg_advisory_lock({0x6C705F6D69677261})"),
        pytest.raises(DatabaseDown, match="another process has been migrating it"),
    ):
        adopt(before_url, cron_is_off=True, patience=Patience(turn=0.1))
    assert snapshot(before_url) == schema


def test_migrating_is_refused_and_leaves_no_trace(before_url: str) -> None:
    """Whoever migrates by mistake is told to move in, and can; also where an attempt broke off."""
    before = contents(before_url)
    with pytest.raises(Misconfigured, match="linkedin-pipeline db adopt"):
        migrate(before_url)
    assert contents(before_url) == before
    with psycopg.connect(before_url, autocommit=True) as connection:
        ensure_tables(connection)
    with pytest.raises(Misconfigured, match="profiles, scheduled_posts, viral_posts_bank"):
        migrate(before_url)
    assert survey(before_url, cron_is_off=True).kind == "existing"
