"""``linkedin-pipeline status``: the operator's page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest

from linkedin_pipeline.database import server
from linkedin_pipeline.domain.work import Stage
from linkedin_pipeline_tests.postgres import PostgresServer, ask, transaction
from linkedin_pipeline_tests.sql import trouble
from linkedin_pipeline_tests.sql.bank import (
    add_finished_post,
    add_post,
    claim,
    reject,
    value,
)
from linkedin_pipeline_tests.sql.tables import add
from linkedin_pipeline_tests.terminal import Terminal

Connection = psycopg.Connection[Any]


@pytest.fixture
def terminal(database_url: str, tmp_path: Path) -> Terminal:
    """Give a command line over a database of the test's own."""
    return Terminal({"DATABASE_URL": database_url, "LINKEDIN_PIPELINE_HOME": str(tmp_path)})


@pytest.fixture
def busy(connection: Connection) -> Connection:
    """Give a bank in which something is the matter with everything."""
    add_finished_post(connection)
    add_post(connection, "🎉")
    reject(connection, claim(connection, Stage.HOOKS), Stage.HOOKS)
    claim(connection, Stage.EMBEDDINGS)
    connection.execute(
        "update worker_feature_flags_v2 set is_enabled = false "
        "where worker_name = 'worker_classify_topics_v2'"
    )
    connection.execute(
        "insert into task_execution_logs_v2 "
        "(worker_name, status, started_at, heartbeat_at, results, error_message) values "
        "('worker_extract_hooks_v2', 'completed', now(), now(), "
        '\'{"stop": "nothing due", "done": 1200, "stale": 0}\', null), '
        "('worker_generate_embeddings_v2', 'running', now() - interval '9 minutes', "
        "now() - interval '5 minutes', '{}', null)"
    )
    connection.execute("insert into profiles (full_name) values ('Ada')")
    return connection


@pytest.mark.usefixtures("busy")
def test_the_page_in_json(terminal: Terminal) -> None:
    """Everything is there by name, for programs."""
    page = terminal.json("status")
    assert page["database"] == {"place": "DATABASE_URL", "missing": [], "error": None}
    assert page["dagster"]["state"] == "unknown"
    stages = {stage["stage"]: stage for stage in page["stages"]}
    assert list(stages) == [str(stage) for stage in Stage]
    assert stages["hooks"]["dead_letters"] == 1
    assert (stages["embeddings"]["pending"], stages["embeddings"]["leased"]) == (1, 1)
    assert stages["embeddings"]["oldest_due"] is None
    assert stages["topic_classifications"]["on"] is False
    assert stages["topic_classifications"]["oldest_due"] is not None
    assert page["dead_letters"] == [
        {"stage": "hooks", "code": "no_words", "number": 1, "example": "No words in it."}
    ]
    assert {one["worker"]: one["dead"] for one in page["drains"]} == {
        "worker_extract_hooks_v2": False,
        "worker_generate_embeddings_v2": True,
    }
    assert page["bank"]["posts"] == 2
    assert page["bank"]["topics"] == 1
    assert page["embedding_models"] == [{"name": "test:one", "state": "serving", "vectors": 1}]
    assert page["profiles"] == {"profiles": 1, "styles": 0, "due": 0}
    assert page["providers"]["embeddings"].startswith("local:")
    assert page["providers"]["publishing"] is None


@pytest.mark.usefixtures("busy")
def test_the_page_as_text(terminal: Terminal) -> None:
    """What an operator looks for stands out, in lines of at most 80 columns."""
    code, page = terminal.on_tty("status")
    assert code == 0
    assert max(map(len, page.splitlines())) <= 80
    for line in (
        "The schema is current.",
        "Dagster's daemon: unknown",
        "no_words: 1 × hooks",
        "2 posts by 0 authors",
        "1 vectors of test:one, serving",
        "publishing: not configured",
        "sync: not configured",
    ):
        assert line in page
    rows = {line.split()[0]: line.split()[1:] for line in page.splitlines() if line.strip()}
    assert rows["hooks"] == ["on", "0", "0", "0", "1"]
    assert rows["embeddings"] == ["on", "1", "0", "1", "0"]
    assert rows["topic_classifications"][:2] == ["OFF", "1"]
    assert rows["worker_extract_hooks_v2"][0] == "completed"
    assert rows["worker_extract_hooks_v2"][-2:] == ["1,200", "done"]
    assert rows["worker_generate_embeddings_v2"][0] == "dead,"


def test_incidents_are_shown(terminal: Terminal, connection: Connection) -> None:
    """Their number, the newest of them, and that they are only shown; in lines that fit."""
    for make, _, _ in trouble.TROUBLES.values():
        make(connection)
    page = terminal.json("status")["alerts"]
    assert page["open"] == value(connection, "select count(*) from open_incidents()")
    assert (page["webhook"], page["undelivered"], page["error"]) == (False, 0, None)
    assert len(page["newest"]) == 10
    assert "quokka" not in str(page)
    code, text = terminal.on_tty("status")
    assert code == 0
    assert max(map(len, text.splitlines())) <= 80
    words = " ".join(text.split())
    assert f"{page['open']} open; ALERT_WEBHOOK_URL is not set: they are only shown here" in words
    assert f"and {page['open'] - 10} more" in words
    assert "incidents: only shown here" in words


def test_messages_that_were_not_taken_are_shown(terminal: Terminal, connection: Connection) -> None:
    """With a webhook the page says how many wait, and what it answered; never its address."""
    add(connection, "alerts", key="a", kind="failed", last_error="HTTP 410", attempts=1)
    told = Terminal({**terminal.environment, "ALERT_WEBHOOK_URL": "http://127.0.0.1:1/T0PSECRET"})
    page = told.json("status")["alerts"]
    assert (page["webhook"], page["undelivered"], page["error"]) == (True, 1, "HTTP 410")
    text = told.invoke("status").output
    assert "0 open; 1 not told: the webhook says HTTP 410" in text
    assert "incidents: told by ALERT_WEBHOOK_URL" in text
    assert "T0PSECRET" not in text


def test_the_last_maintenance_is_shown(terminal: Terminal, connection: Connection) -> None:
    """Of each task that was ever done the last time, with its counts; no drain is among them."""
    connection.execute(
        "insert into task_execution_logs_v2 (worker_name, status, started_at, results) values "
        "('maintenance_old_runs', 'completed', now() - interval '2 days', '{\"deleted\": 7}'), "
        "('maintenance_old_runs', 'completed', now(), '{\"deleted\": 1200, \"kept\": 0}'), "
        "('maintenance_ledgers', 'failed', now(), '{}')"
    )
    page = terminal.json("status")
    assert page["drains"] == []
    assert {one["worker"]: one["results"].get("deleted") for one in page["maintenance"]} == {
        "maintenance_old_runs": 1200,
        "maintenance_ledgers": None,
    }
    text = terminal.invoke("status").output
    shown = text.partition("Last maintenance\n")[2].partition("\n\n")[0].splitlines()
    assert [line.split()[:2] for line in shown[1:]] == [
        ["ledgers", "failed"],
        ["old_runs", "completed"],
    ]
    assert shown[2].endswith("1,200 deleted")


def test_an_empty_bank_has_a_page(terminal: Terminal) -> None:
    """Nothing is divided by nothing."""
    result = terminal.invoke("status")
    assert result.exit_code == 0
    assert "none yet" in result.output


def test_the_daemon_is_seen_when_its_database_is(
    terminal: Terminal, empty_database_url: str
) -> None:
    """Dagster's own database tells whether its daemon runs."""
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        connection.execute("create table daemon_heartbeats (body text)")
        connection.execute(
            "insert into daemon_heartbeats "
            "values (json_build_object('timestamp', extract(epoch from now()) - 10))"
        )
    seen = Terminal({**terminal.environment, "DAGSTER_DATABASE_URL": empty_database_url})
    assert seen.json("status")["dagster"]["state"] == "running"
    assert "daemon: running, last heart-beat 1" in seen.invoke("status").output


def test_a_schema_that_is_behind_is_said(empty_database_url: str, tmp_path: Path) -> None:
    """The page names what is missing and how to get it, and the exit code says "failed"."""
    environment = {"DATABASE_URL": empty_database_url, "LINKEDIN_PIPELINE_HOME": str(tmp_path)}
    result = Terminal(environment).run("status")
    assert result.returncode == 1
    assert "0001_bank" in result.stdout
    assert "linkedin-pipeline db migrate" in result.stdout


def test_a_schema_that_only_lacks_routines_has_a_page(
    terminal: Terminal, database_url: str
) -> None:
    """What can be read is shown."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "update linkedin_pipeline_migrations set checksum = 'old' where revision = 'routines'"
        )
    result = terminal.invoke("status")
    assert result.exit_code == 0
    assert "it lacks: routines." in result.output
    assert "0 posts by 0 authors" in result.output


def test_a_stopped_server_stays_stopped(tmp_path: Path) -> None:
    """Without a server the page says so and how to start it, in text and in JSON; exit code 1."""
    terminal = Terminal({"LINKEDIN_PIPELINE_HOME": str(tmp_path)})
    result = terminal.run("status")
    assert result.returncode == 1
    assert "does not run. Start it with: linkedin-pipeline db url" in result.stdout
    assert "publishing: not configured" in result.stdout
    as_json = terminal.run("status", "--json")
    assert as_json.returncode == 1
    assert "does not run" in json.loads(as_json.stdout)["database"]["error"]
    assert server.attach(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_does_not_answer_is_said(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    """A wrong password is an expected error: no stack trace, and the password is not shown."""
    url = f"postgresql://me:secret@127.0.0.1:{postgres_server.embedded.port}/postgres"
    terminal = Terminal({"DATABASE_URL": url, "LINKEDIN_PIPELINE_HOME": str(tmp_path)})
    result = terminal.run("status")
    assert result.returncode == 1
    assert "password authentication failed" in result.stdout
    assert "secret" not in result.stdout + result.stderr


def test_looking_changes_nothing(terminal: Terminal, database_url: str) -> None:
    """The page is read, whatever it finds."""
    question = "select sum(n_tup_ins + n_tup_upd + n_tup_del) from pg_stat_user_tables"
    before = ask(database_url, question)
    terminal.invoke("status")
    assert ask(database_url, question) == before


def test_a_table_that_somebody_holds_is_not_waited_for_long(
    terminal: Terminal, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What can be read is shown, and the rest is given up after a while."""
    monkeypatch.setattr("linkedin_pipeline.database.status.STATEMENT_TIMEOUT", "200ms")
    with transaction(database_url, "lock table viral_posts_bank in access exclusive mode"):
        result = terminal.invoke("status")
    assert result.exit_code == 1
    assert "statement timeout" in result.output
    assert "topic_classifications" in result.output
    assert "sync: not configured" in result.output
