"""``linkedin-pipeline enrich``, in processes of its own, with the local models."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from linkedin_pipeline.domain.work import Stage
from linkedin_pipeline_tests.postgres import PostgresServer, ask
from linkedin_pipeline_tests.terminal import Terminal
from linkedin_pipeline_tests.waiting import eventually

Connection = psycopg.Connection[Any]

UNDONE = "select count(*) from post_work"
RUNS = "select dagster_run_id from task_execution_logs_v2"
EMBEDDED = "select count(*) from viral_posts_bank where embedding is not null"


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


def add_posts(connection: Connection, number: int) -> None:
    """Insert different posts of today."""
    connection.execute(
        "insert into viral_posts_bank (content) select 'Post ' || n || ' on hiring people.' "
        "from generate_series(1, %s) n",
        (number,),
    )


def test_with_every_worker_switched_off_nothing_runs(
    terminal: Terminal, connection: Connection, database_url: str
) -> None:
    """Each that has work is named, no run is started, and all stays flagged."""
    add_posts(connection, 3)
    due = ask(database_url, UNDONE)
    connection.execute("update worker_feature_flags_v2 set is_enabled = false")
    document = terminal.json("enrich")
    assert (document["runs"], document["disabled"]) == ([], list(Stage))
    assert document["left"].keys() > {"hooks", "embeddings"}
    said = terminal.invoke("enrich").output
    for stage in document["left"]:
        assert f"{Stage(stage).worker} is switched off" in said
    assert ask(database_url, UNDONE) == due


def test_everything_flagged_is_worked_off(
    terminal: Terminal, connection: Connection, database_url: str, dagster_url: str
) -> None:
    """Plain lines without a terminal; dead letters are reported; runs stand in Dagster's database.

    What a switched-off worker should do is left and said, and a second call finds nothing to do.
    """
    add_posts(connection, 3)
    connection.execute("insert into viral_posts_bank (content) values ('🎉')")
    terminal.invoke("flags", "disable", "worker_classify_audiences_v2")
    first = terminal.run("enrich")
    assert (first.returncode, first.stderr) == (0, "")
    assert re.search(r"^\d{4}-\d\d-\d\d: hooks 3 done, 1 rejected; embeddings", first.stdout)
    assert "  no_words: 1 × hooks, 1 × embeddings" in first.stdout
    assert "worker_classify_audiences_v2 is switched off" in first.stdout
    assert ask(database_url, UNDONE) == 4
    [run] = {run for (run,) in connection.execute(RUNS)}
    assert ask(dagster_url, f"select status from runs where run_id = '{run}'") == "SUCCESS"

    second = json.loads(terminal.run("enrich", "--json").stdout)
    assert (second["runs"], second["stages"]) == ([], {})
    assert second["left"] == {"audience_classifications": 4}
    assert second["disabled"] == ["audience_classifications"]
    assert {one["number"] for one in second["dead_letters"]} == {1}


def test_one_stage_and_so_many_posts_on_a_terminal(
    terminal: Terminal, connection: Connection, database_url: str
) -> None:
    """Bars while it works, within 80 columns, and at the end what was done and what is left."""
    add_posts(connection, 30)
    code, output = terminal.on_tty("enrich", "--stage", "embeddings", "--max-posts", "7")
    assert code == 0, output
    lines = re.split(r"[\r\n]+", output)
    assert max(map(len, lines)) <= 80
    assert any(line.startswith("embeddings ━") and "/30" in line for line in lines)
    assert any(re.fullmatch(r"embeddings +7 +0 +0 +0 +\d+\.\d *", line) for line in lines)
    assert "Left: 23 × embeddings." in lines
    assert "Traceback" not in output
    assert ask(database_url, EMBEDDED) == 7
    assert ask(database_url, "select count(*) from viral_posts_bank where hook is not null") == 0


def test_an_interruption_gives_back_what_was_in_hand(
    terminal: Terminal, connection: Connection, database_url: str
) -> None:
    """Ctrl-C reaches the whole process group; nobody holds a post afterwards, nothing is lost."""
    number = 3000
    add_posts(connection, number)
    process = terminal.start("enrich", "--stage", "embeddings")
    eventually(lambda: process.poll() is not None or ask(database_url, EMBEDDED) > 0, within=200)
    os.killpg(process.pid, signal.SIGINT)
    output, errors = process.communicate(timeout=200)
    assert (process.returncode, errors) == (1, "")
    assert "Interrupted. What was in hand was given back" in output
    done = ask(database_url, EMBEDDED)
    assert 0 < done < number
    left = "select count(*), count(token), sum(attempts) from post_work where stage = 'embeddings'"
    waiting, held, attempts = connection.execute(left).fetchone() or (0, 0, 0)
    assert waiting == number - done
    # a batch whose claim was being answered when the signal came is known to nobody: it lapses
    assert held == attempts
    assert held in {0, 100}
    assert ask(database_url, "select status from task_execution_logs_v2") == "failed"


def test_wrong_use_is_said(terminal: Terminal) -> None:
    """An unknown stage and a bound that is none."""
    assert terminal.invoke("enrich", "--stage", "hook").exit_code == 2
    assert terminal.invoke("enrich", "--max-posts", "0").exit_code == 2


def test_a_run_that_failed_is_exit_code_1(
    terminal: Terminal, connection: Connection, database_url: str
) -> None:
    """The cause is said in one line, and no post is held."""
    add_posts(connection, 1)
    connection.execute("drop function store_hooks")
    result = terminal.run("enrich", "--stage", "hooks")
    assert result.returncode == 1
    assert re.search(r"^Run [0-9a-f-]{36} failed: .*store_hooks", result.stdout, re.MULTILINE)
    assert ask(database_url, "select count(*) from post_work where token is not null") == 0
