"""``linkedin-pipeline styles``, in processes of its own where it runs Dagster."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from linkedin_pipeline_tests.postgres import PostgresServer, ask
from linkedin_pipeline_tests.sql.people import add_profile
from linkedin_pipeline_tests.terminal import Terminal

Connection = psycopg.Connection[Any]


@pytest.fixture(scope="module")
def dagster_url(postgres_server: PostgresServer) -> Iterator[str]:
    """Give a database for Dagster, whose tables are made once."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture
def terminal(database_url: str, dagster_url: str, tmp_path: Path) -> Terminal:
    """Give a command line over a bank of the test's own."""
    return Terminal(
        {
            "DATABASE_URL": database_url,
            "DAGSTER_DATABASE_URL": dagster_url,
            "LINKEDIN_PIPELINE_HOME": str(tmp_path),
        }
    )


def person(connection: Connection, posts: int, *, hooks: bool = True, **columns: Any) -> UUID:
    """Insert a profile with that many posts, enriched as far as a style needs."""
    profile = add_profile(connection, **columns)
    connection.execute(
        "insert into viral_posts_bank (author_id, content, hook) "
        "select %s, 'Post ' || n || ' is about bread. Do you agree?', "
        "case when %s then 'Post' end from generate_series(1, %s) n",
        (profile, hooks, posts),
    )
    connection.execute(
        "update viral_posts_bank set needs_hook_classification = false where hook is not null"
    )
    return profile


def test_one_pass_over_all(terminal: Terminal, connection: Connection, dagster_url: str) -> None:
    """Ours are looked at due or not, others when they are due; runs and partitions are recorded."""
    for posts, kind in ((21, "internal"), (6, "internal"), (5, "external_influencer")):
        person(connection, posts, type=kind)
    first = terminal.run("styles")
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.startswith("Styles: 3 written (")
    known = "select array_agg(partition order by partition) from dynamic_partitions"
    keys = connection.execute("select partition_key from profiles").fetchall()
    assert {key for (key,) in keys} <= {*ask(dagster_url, known)}

    second = json.loads(terminal.run("styles", "--json").stdout)
    assert (second["made_due"], second["unchanged"], second["written"]) == (1, 1, 0)
    assert second["paused"] is None
    [run] = second["runs"]
    assert run["error"] is None
    recorded = f"select status from runs where run_id = '{run['run_id']}'"
    assert ask(dagster_url, recorded) == "SUCCESS"


def test_one_profile(terminal: Terminal, connection: Connection) -> None:
    """Whoever it is: written, then unchanged, and others are left alone."""
    profile = person(connection, 5)
    person(connection, 5)
    written = terminal.run("styles", "--profile", str(profile))
    assert (written.returncode, written.stderr) == (0, "")
    assert written.stdout.startswith("Written, from 5 posts in ")
    styled = "select id from profiles where writing_style_prompt is not null"
    assert connection.execute(styled).fetchall() == [(profile,)]
    again = terminal.run("styles", "--profile", str(profile), "--json")
    assert again.returncode == 0
    assert json.loads(again.stdout) | {"run_id": ""} == {
        "profile": str(profile),
        "outcome": "unchanged",
        "said": "Unchanged: its style was written from these very posts.",
        "run_id": "",
        "error": None,
    }


def test_why_a_profile_has_no_style(terminal: Terminal, connection: Connection) -> None:
    """Too few posts, and whether enrichment would help: exit code 1."""
    profile = person(connection, 4)
    person_of_words = terminal.run("styles", "--profile", str(profile))
    assert person_of_words.returncode == 1
    assert person_of_words.stdout == (
        "Not written: 4 posts with a hook, 5 are needed (STYLE_MIN_POSTS).\n"
    )
    bare = person(connection, 7, hooks=False)
    raw = terminal.run("styles", "--profile", str(bare))
    assert raw.returncode == 1
    assert "0 posts with a hook, 5 are needed" in raw.stdout
    assert "7 more wait for: linkedin-pipeline enrich" in raw.stdout


def test_a_paused_provider_is_said(terminal: Terminal, connection: Connection) -> None:
    """Nobody is called, the profile stays due, exit code 1."""
    profile = person(connection, 21, type="internal")
    connection.execute(
        "insert into provider_pauses (scope, until, code, reason) "
        "values ('anthropic', now() + interval '1 hour', 'no_credit', 'The account is empty')"
    )
    paying = Terminal(
        {
            **terminal.environment,
            "ANTHROPIC_API_KEY": "sk-secret",
            "ANTHROPIC_BASE_URL": "http://127.0.0.1:9",
        }
    )
    one = paying.run("styles", "--profile", str(profile))
    assert one.returncode == 1
    assert one.stdout.startswith("Not written, it waits: ")
    assert "The account is empty" in one.stdout
    connection.execute("update profile_work set due_at = now()")
    everybody = paying.run("styles")
    assert everybody.returncode == 1
    assert "The rest waits: " in everybody.stdout
    assert "sk-secret" not in one.stdout + one.stderr + everybody.stdout + everybody.stderr
    assert connection.execute("select count(*) from profile_work").fetchone() == (1,)
    assert connection.execute("select count(*) from ai_usage_logs").fetchone() == (0,)


def test_a_profile_in_other_hands_is_left_to_them(
    terminal: Terminal, connection: Connection
) -> None:
    """Somebody writes it already."""
    profile = person(connection, 5)
    connection.execute(
        "insert into profile_work (profile_id, task, token, lease_until) "
        "values (%s, 'style', 1, now() + interval '1 hour')",
        (profile,),
    )
    result = terminal.run("styles", "--profile", str(profile))
    assert result.returncode == 0
    assert result.stdout.startswith("Another run has it in hand")


def test_wrong_use_is_said(terminal: Terminal) -> None:
    """Somebody whom nobody knows: exit code 2."""
    for who in ("ada", str(uuid4())):
        nobody = terminal.invoke("styles", "--profile", who)
        assert (nobody.exit_code, nobody.stdout) == (2, "")
        assert "nobody in the bank is called" in nobody.stderr


def test_a_worker_that_is_switched_off_does_nothing(
    terminal: Terminal, connection: Connection
) -> None:
    """How to switch it on is said: exit code 1."""
    person(connection, 21, type="internal")
    terminal.invoke("flags", "disable", "worker_complete_profiles_v2")
    for arguments in ((), ("--json",)):
        result = terminal.invoke("styles", *arguments)
        assert result.exit_code == 1
        assert "flags enable worker_complete_profiles_v2" in result.output
    assert connection.execute("select count(*) from profile_work").fetchone() == (0,)


def test_a_run_that_failed_is_exit_code_1(terminal: Terminal, connection: Connection) -> None:
    """The cause is said in one line."""
    profile = person(connection, 21, type="internal")
    connection.execute("drop function claim_styles")
    for arguments in ((), ("--profile", str(profile))):
        result = terminal.run("styles", *arguments)
        assert result.returncode == 1
        assert "failed: " in result.stdout
        assert "claim_styles" in result.stdout
