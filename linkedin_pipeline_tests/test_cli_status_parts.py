"""Parts of the operator's page: leases, sync, Dagster's runs and ticks, costs, what is not set."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import psycopg
import pytest

from linkedin_pipeline.domain.work import Stage
from linkedin_pipeline_tests.sql.bank import add_post, claim
from linkedin_pipeline_tests.sql.people import add_profile
from linkedin_pipeline_tests.terminal import Terminal

Connection = psycopg.Connection[Any]


@pytest.fixture
def terminal(database_url: str, tmp_path: Path) -> Terminal:
    """Give a command line over a database of the test's own."""
    return Terminal({"DATABASE_URL": database_url, "LINKEDIN_PIPELINE_HOME": str(tmp_path)})


def test_leases_are_shown(terminal: Terminal, connection: Connection) -> None:
    """What is in somebody's hands, of posts and of profiles; what has run out is not."""
    for text in ("One.", "Two."):
        add_post(connection, text)
    claim(connection, Stage.HOOKS)
    profile, other = add_profile(connection), add_profile(connection)
    connection.execute(
        "insert into profile_work (profile_id, task, token, lease_until) values "
        "(%s, 'style', 1, now() + interval '1 hour'), (%s, 'style', 1, now() - interval '1 hour')",
        (profile, other),
    )
    leases = {one["kind"]: one for one in terminal.json("status")["leases"]}
    assert {kind: one["held"] for kind, one in leases.items()} == {"hooks": 2, "style": 1}
    assert 3000 < leases["style"]["ends_in"] <= 3600
    words = " ".join(terminal.invoke("status").output.split())
    assert "2 × hooks (" in words
    assert "1 × style (59 min)" in words or "1 × style (1 h)" in words


def test_a_worker_that_is_off_is_named(terminal: Terminal) -> None:
    """Workers without posts of their own, too."""
    terminal.invoke("flags", "disable", "sync_profiles")
    assert "Switched off: sync_profiles" in terminal.invoke("status").output
    flags = {one["worker"]: one["on"] for one in terminal.json("status")["flags"]}
    assert flags["sync_profiles"] is False
    assert flags["publish_scheduled"] is True


def test_sync_is_shown(terminal: Terminal, connection: Connection) -> None:
    """How many wait, how the others fare, and why readings failed."""
    add_profile(connection, linkedin_id="new")
    failed = add_profile(connection, linkedin_id="bad")
    connection.execute("update profiles set sync_status = 'error' where id = %s", (failed,))
    connection.execute(
        "insert into profile_sync_status "
        "(profile_id, consecutive_failures, last_error, last_error_at) "
        "values (%s, 5, 'It is private.', now()) on conflict (profile_id) do update set "
        "consecutive_failures = 5, last_error = excluded.last_error, last_error_at = now()",
        (failed,),
    )
    sync = terminal.json("status")["sync"]
    assert (sync["due"], sync["failing"], sync["left_alone"]) == (1, 1, 1)
    assert sync["states"] == {"error": 1, "pending": 1}
    assert [one["reason"] for one in sync["failed"]] == ["It is private."]
    text = terminal.invoke("status").output
    assert "1 profiles to read now, 1 error, 1 pending" in text
    assert "1 failed five times in a row" in text
    assert "(5 in a row): It is private." in text


def test_costs_have_their_part_of_today(terminal: Terminal, connection: Connection) -> None:
    """This month's and today's, per purpose and profile; what is longer is named, not shown."""
    ada = add_profile(connection, "Ada Lovelace")
    connection.execute(
        "insert into ai_usage_logs (purpose, profile_id, provider, model, cost_usd, created_at) "
        "values ('style', %(ada)s, 'anthropic', 'm', 1, now()), "
        "('style', %(ada)s, 'anthropic', 'm', 2, now() - interval '25 hours')",
        {"ada": ada},
    )
    spent = terminal.json("status")["models"]["spending"]
    assert {one["profile"] for one in spent} == {"Ada Lovelace"}
    assert sum(float(one["cost_usd"]) for one in spent) == 3
    assert sum(float(one["today_usd"]) for one in spent) == 1
    code, text = terminal.on_tty("status")
    assert (code, max(map(len, text.splitlines())) <= 80) == (0, True)
    row = next(line.split() for line in text.splitlines() if "Ada Lovelace" in line)
    assert row[-1] == "1.0000"
    for number in range(20):
        connection.execute(
            "insert into ai_usage_logs (purpose, profile_id, provider, model, cost_usd) "
            "values ('style', %s, 'anthropic', 'm', 1)",
            (add_profile(connection, f"Person {number}"),),
        )
    assert "more: linkedin-pipeline status --json" in terminal.invoke("status").output


def test_what_is_not_configured_is_one_list(terminal: Terminal) -> None:
    """With the variables that change it; what is configured is not on it."""
    found = {one["what"]: one["set"] for one in terminal.json("status")["not_configured"]}
    assert found == {
        "OpenAI": ["OPENAI_API_KEY"],
        "Anthropic": ["ANTHROPIC_API_KEY"],
        "publishing": ["UNIPILE_API_KEY", "UNIPILE_BASE_URL"],
        "sync": ["EDGES_API_KEY"],
        "HTTP gateway": ["SCHEDULER_SECRET"],
        "a webhook": ["ALERT_WEBHOOK_URL"],
    }
    keys = {"OPENAI_API_KEY": "sk-a", "EDGES_API_KEY": "b", "ALERT_WEBHOOK_URL": "http://x.test/"}
    keyed = Terminal({**terminal.environment, **keys})
    found = {one["what"]: one["set"] for one in keyed.json("status")["not_configured"]}
    assert set(found) == {"publishing", "HTTP gateway", "a budget"}  # OpenAI writes styles, too
    words = " ".join(terminal.invoke("status").output.split())
    assert "due posts stay pending; set UNIPILE_API_KEY and UNIPILE_BASE_URL" in words


def test_runs_and_ticks_are_shown(terminal: Terminal, empty_database_url: str) -> None:
    """Of Dagster's own database, in lines that fit; a failure with its reason."""
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        connection.execute(
            "create table runs (id int, pipeline_name text, run_id text, status text, "
            "start_time float8, end_time float8, create_timestamp timestamp);"
            "create table instigators "
            "(selector_id text, instigator_type text, status text, instigator_body text);"
            "create table job_ticks "
            "(selector_id text, status text, timestamp timestamp, tick_body text)"
        )
        connection.execute(
            "insert into runs values (1, 'enrich_posts', '0123456789ab', 'FAILURE', %s, %s, now())",
            (time.time() - 300, time.time() - 290),
        )
        body = '{"job_name": "needs_flags", "timestamp": %d, "run_ids": [], "error": %s}'
        connection.execute(
            "insert into instigators values ('s', 'SENSOR', 'DECLARED_IN_CODE', '{}')"
        )
        connection.execute(
            "insert into job_ticks values ('s', 'FAILURE', now(), %s)",
            (body % (time.time() - 130, '{"message": "It broke. ' + "word " * 40 + '"}'),),
        )
    seen = Terminal({**terminal.environment, "DAGSTER_DATABASE_URL": empty_database_url})
    page = seen.json("status")
    assert [(one["job"], one["status"], one["failed"]) for one in page["runs"]] == [
        ("enrich_posts", "failure", 1)
    ]
    assert [(one["name"], one["status"]) for one in page["ticks"]] == [("needs_flags", "failure")]
    code, text = seen.on_tty("status")
    assert (code, max(map(len, text.splitlines())) <= 80) == (0, True)
    rows = {line.split()[0]: line.split() for line in text.splitlines() if line.strip()}
    assert rows["enrich_posts"][1:3] == ["01234567", "failure"]
    assert rows["needs_flags"][1:5] == ["sensor", "2", "min", "ago"]
    assert "It broke." in text
