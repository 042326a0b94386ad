"""Giving an adopted database back, and being killed on the way in."""

from __future__ import annotations

import os
import signal

import psycopg
import pytest

from linkedin_pipeline.database.adoption import adopt
from linkedin_pipeline.database.adoption_undo import undo
from linkedin_pipeline.database.snapshot import snapshot
from linkedin_pipeline.domain.errors import BadInput
from linkedin_pipeline_tests.database.before import contents
from linkedin_pipeline_tests.postgres import PostgresServer, ask
from linkedin_pipeline_tests.terminal import Terminal
from linkedin_pipeline_tests.waiting import eventually

SESSIONS = (
    "select count(*) from pg_stat_activity where datname = current_database() "
    "and application_name = 'linkedin-pipeline migrate'"
)


def test_undoing_gives_back_what_was_there_and_keeps_what_was_made(
    before_url: str, adopted_url: str
) -> None:
    """Schema and rows are those of before; ours stand aside with a row made since."""
    with psycopg.connect(adopted_url, autocommit=True) as connection:
        connection.execute("insert into viral_posts_bank (content) values ('Made since.')")

    done = undo(adopted_url)

    assert done.told == 0
    assert snapshot(adopted_url) == snapshot(before_url)
    assert contents(adopted_url) == contents(before_url)
    made = f"select count(*) from {done.schema}.viral_posts_bank where content = 'Made since.'"
    assert ask(adopted_url, made) == 1
    assert ask(adopted_url, "select to_regnamespace('linkedin_before') is null")
    with pytest.raises(BadInput, match="nothing to undo"):
        undo(adopted_url)
    assert adopt(adopted_url, cron_is_off=True).kind == "existing"
    assert adopt(adopted_url, cron_is_off=True).kind == "adopted"


def test_what_went_out_since_is_not_sent_again_by_the_old_system(adopted_url: str) -> None:
    """Old rows that waited say what became of them, and no old trigger calls anybody."""
    with psycopg.connect(adopted_url, autocommit=True) as connection:
        connection.execute(
            "update scheduled_post_accounts set status = 'published', external_post_id = '99' "
            "where id = '20000000-0000-4000-8000-000000000001'; update scheduled_posts set "
            "status = case right(id::text, 1) when '1' then 'published' else 'missed' end "
            "where status = 'pending'; delete from production_posts where status = 'scheduled'"
        )

    with pytest.raises(BadInput, match="does not take a word for it"):
        undo(adopted_url)  # an enum that knows no word for a draft that was deleted
    with psycopg.connect(adopted_url, autocommit=True) as connection:
        connection.execute("alter type linkedin_before.post_status add value 'cancelled'")
    done = undo(adopted_url)

    assert done.told == 4
    states = "select string_agg(status, ' ' order by id) from scheduled_posts"
    assert ask(adopted_url, states) == "published missed processing published publishing"
    assert (
        ask(
            adopted_url,
            "select external_post_id from scheduled_post_accounts "
            "where id = '20000000-0000-4000-8000-000000000001'",
        )
        == "99"
    )
    assert ask(adopted_url, "select count(*) from net.called") == 0
    assert (
        ask(
            adopted_url,
            "select string_agg(tgenabled::text, '' order by tgname) from pg_trigger "
            "where tgrelid = 'scheduled_posts'::regclass and not tgisinternal",
        )
        == "OD"
    )


@pytest.mark.parametrize("state", ["publishing", "unconfirmed"])
def test_nothing_is_undone_while_something_is_published(adopted_url: str, state: str) -> None:
    """An open intent might be sent by both systems: it must be settled first."""
    with psycopg.connect(adopted_url, autocommit=True) as connection:
        connection.execute(
            "insert into publications (kind, state) values ('scheduled', %s)", [state]
        )
    result = Terminal({"DATABASE_URL": adopted_url}).expected("db", "adopt", "--undo")
    assert (result.exit_code, f"is {state}" in result.output) == (2, True)
    assert ask(adopted_url, "select count(*) from adoptions") == 1


def test_a_database_that_was_never_taken_over_is_not_given_back(
    before_url: str, database_url: str
) -> None:
    """Neither the old system's own nor one of ours."""
    for url in (before_url, database_url):
        with pytest.raises(BadInput, match="this database was not adopted"):
            undo(url)


def test_killed_in_the_middle_the_database_is_what_it_was(
    before_url: str, postgres_server: PostgresServer
) -> None:
    """After SIGKILL nothing has happened; the next call does it, and can be undone."""
    schema, rows = snapshot(before_url), contents(before_url)
    database = before_url.rpartition("/")[2]
    # the routines' privileges need this row: the move waits behind it, half done
    with postgres_server.superuser(database) as other:
        other.execute("begin; grant usage on schema public to postgres")
        process = Terminal({"DATABASE_URL": before_url}).start(
            "db", "adopt", "--apply", "--cron-is-off"
        )
        waiting = SESSIONS + " and wait_event_type = 'Lock'"
        eventually(lambda: ask(before_url, waiting) or process.poll() is not None, within=240)
        assert process.poll() is None, process.communicate()
        os.kill(process.pid, signal.SIGKILL)
        process.wait(60)
        process.communicate()
        other.rollback()
    eventually(lambda: ask(before_url, SESSIONS) == 0)

    assert (snapshot(before_url), contents(before_url)) == (schema, rows)
    done = Terminal({"DATABASE_URL": before_url}).expected(
        "db", "adopt", "--apply", "--cron-is-off"
    )
    assert done.exit_code == 0, done.output
    assert Terminal({"DATABASE_URL": before_url}).expected("db", "adopt", "--undo").exit_code == 0
    assert (snapshot(before_url), contents(before_url)) == (schema, rows)
