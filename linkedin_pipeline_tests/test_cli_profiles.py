"""``linkedin-pipeline profiles``: listed, added, exported, erased."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.people import add_profile, erase_profile
from linkedin_pipeline_tests.postgres import PostgresServer, ask
from linkedin_pipeline_tests.sql.bank import add_post, rows, value
from linkedin_pipeline_tests.sql.people import add_profile as insert_profile
from linkedin_pipeline_tests.sql.people import at_once
from linkedin_pipeline_tests.terminal import Terminal

Connection = psycopg.Connection[Any]

URL = "https://www.linkedin.com/in/ada-lovelace"


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


def test_the_list(terminal: Terminal, connection: Connection) -> None:
    """By name, with posts, style, state of sync and its last error; the same as JSON."""
    assert terminal.invoke("profiles").output == "There are no profiles yet.\n"
    grace = insert_profile(connection, "Grace Hopper")
    ada = insert_profile(
        connection,
        "Ada Lovelace",
        linkedin_id="ada",
        type="internal",
        sync_status="error",
        writing_style_prompt="Short.",
    )
    connection.execute("update profiles set last_sync_at = '2026-02-03' where id = %s", [ada])
    connection.execute(
        "insert into profile_sync_status (profile_id, last_error) values (%s, 'Private.')", [ada]
    )
    add_post(connection, author_id=ada)
    lines = terminal.invoke("profiles").output.splitlines()
    assert re.fullmatch(r"ada +Ada Lovelace +ours +1 +yes +error, 2026-02-03 *", lines[1])
    assert re.match(rf"profile-{grace.hex[:12]} +Grace Hopper +other +0 ", lines[2])
    assert lines[-2:] == ["ada: Private.", "2 profiles."]
    first, second = terminal.json("profiles")
    assert first == {
        "id": str(ada),
        "full_name": "Ada Lovelace",
        "linkedin_id": "ada",
        "type": "internal",
        "posts": 1,
        "has_style": True,
        "sync_status": "error",
        "last_sync_at": "2026-02-03T00:00:00+00:00",
        "last_error": "Private.",
    }
    assert (second["id"], second["linkedin_id"]) == (str(grace), None)


def test_a_profile_is_added_once(terminal: Terminal, connection: Connection) -> None:
    """Without a key sync is said not to be configured, and what the bank holds is worked on."""
    first = terminal.run("profiles", "add", f"{URL}/?trk=x", "--name", "Ada Lovelace")
    assert (first.returncode, first.stderr) == (0, "")
    lines = first.stdout.splitlines()
    assert re.fullmatch(r"ada-lovelace: added \([0-9a-f-]{36}\)\.", lines[0])
    assert lines[1].startswith("Sync is not configured: set EDGES_API_KEY")
    assert lines[-1] == "It has 0 posts; its style is written when it has 5."
    found = rows(connection, "select full_name, linkedin_id, type::text, sync_status from profiles")
    assert found == [("Ada Lovelace", "ada-lovelace", "external_influencer", "pending")]
    ada = value(connection, "select id from profiles")
    connection.execute("update profiles set linkedin_id = 'Ada-Lovelace'")  # as others wrote it
    again = terminal.run("profiles", "add", "fr.linkedin.com/in/ADA-LOVELACE/fr", "--json")
    document = json.loads(again.stdout)
    assert document == {
        "id": str(ada),
        "linkedin_id": "ada-lovelace",
        "added": False,
        "sync": "not configured",
        "posts": 0,
        "style": False,
        "error": None,
    }


def test_posts_are_enriched_and_the_first_style_written(
    terminal: Terminal, connection: Connection, dagster_url: str
) -> None:
    """To the end, in runs that Dagster's database has; an unchanged profile costs nothing more."""
    other = insert_profile(connection, "Bob", linkedin_id="bob")
    for author in (insert_profile(connection, "Ada", linkedin_id="ada-lovelace"), other):
        for n in range(5):
            add_post(connection, f"Post {n} on hiring people.\n\nIt is hard.", author_id=author)
    done = terminal.run("profiles", "add", URL)
    assert done.returncode == 0, done.stderr
    assert re.search(r"^embeddings +10 ", done.stdout, re.MULTILINE)
    assert done.stdout.splitlines()[-1] == "Its style is written, from 5 posts."
    styled = "select linkedin_id from profiles where writing_style_prompt is not null"
    assert rows(connection, styled) == [("ada-lovelace",)]
    runs = {run for (run,) in rows(connection, "select dagster_run_id from task_execution_logs_v2")}
    assert len(runs) == 2
    for run in runs:
        assert ask(dagster_url, f"select status from runs where run_id = '{run}'") == "SUCCESS"
    key = value(connection, "select partition_key from profiles where linkedin_id = 'ada-lovelace'")
    assert ask(dagster_url, f"select 1 from dynamic_partitions where partition = '{key}'") == 1
    analysed = "select last_style_analysis_at, style_analysis from profiles where id <> %s"
    before = rows(connection, analysed, other)
    assert terminal.run("profiles", "add", URL).returncode == 0
    assert rows(connection, analysed, other)[0][1] == before[0][1]


def test_a_run_that_fails_is_exit_code_1(terminal: Terminal, connection: Connection) -> None:
    """The cause is said, and the profile is there."""
    add_post(connection)
    connection.execute("drop function store_hooks")
    result = terminal.run("profiles", "add", URL, "--json")
    assert result.returncode == 1
    assert "store_hooks" in json.loads(result.stdout)["error"]
    assert value(connection, "select count(*) from profiles") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("add", "https://evil.example/in/ada"),
        ("add", "https://www.linkedin.com/company/acme"),
        ("add", URL, "--name", "Ada\nX"),
        ("add", URL, "--type", "friend"),
        ("export", "nobody"),
        ("export", str(UUID(int=1))),
        ("erase", "nobody", "--yes"),
        ("nonsense",),
    ],
    ids=" ".join,
)
def test_wrong_use(terminal: Terminal, connection: Connection, arguments: tuple[str, ...]) -> None:
    """Exit code 2 before anything is done."""
    result = terminal.invoke("profiles", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert value(connection, "select count(*) from profiles") == 0


def test_two_who_add_at_once_get_one_profile(database_url: str) -> None:
    """The second finds what the first has made."""

    def add(_: Connection) -> tuple[UUID, bool]:
        with Database(database_url) as database:
            return add_profile(database, "ada", "Ada", "internal")

    answers = at_once(database_url, 6, add)
    assert len({profile for profile, _ in answers}) == 1
    assert sum(made for _, made in answers) == 1


def test_export_prints_one_document(terminal: Terminal, connection: Connection) -> None:
    """JSON in ASCII on standard output, found by identifier or id, capitals or not."""
    ada = insert_profile(connection, "Ada Lévy", linkedin_id="ada")
    add_post(connection, "Été.", author_id=ada)
    by_name = terminal.invoke("profiles", "export", "ADA")
    assert by_name.exit_code == 0
    assert by_name.stdout.isascii()
    document = json.loads(by_name.stdout)
    assert document["profile_id"] == str(ada)
    assert document["tables"]["viral_posts_bank"][0]["content"] == "Été."
    again = json.loads(terminal.invoke("profiles", "export", str(ada).upper()).stdout)
    assert again["tables"] == document["tables"]


def test_erase_asks_before(terminal: Terminal, connection: Connection) -> None:
    """Without --yes the rows are counted, nothing is done, and the exit code is 2."""
    ada = insert_profile(connection, "Ada", linkedin_id="ada")
    add_post(connection, author_id=ada)
    connection.execute("insert into ai_usage_logs (profile_id) values (%s)", [ada])
    result = terminal.invoke("profiles", "erase", "ada")
    assert result.exit_code == 2
    assert "--yes" in result.stderr
    assert re.search(r"^viral_posts_bank +1 +0 *$", result.stdout, re.MULTILINE)
    assert re.search(r"^ai_usage_logs +0 +1 *$", result.stdout, re.MULTILINE)
    assert value(connection, "select count(*) from viral_posts_bank") == 1


def test_erase_says_what_is_in_flight(terminal: Terminal, connection: Connection) -> None:
    """One line, exit code 2, the publication and the command that settles it."""
    ada = insert_profile(connection, "Ada", linkedin_id="ada")
    connection.execute(
        "insert into scheduled_posts (author_id, status) values (%s, 'unconfirmed')", [ada]
    )
    result = terminal.invoke("profiles", "erase", "ada", "--yes")
    assert (result.exit_code, result.stdout) == (2, "")
    assert re.search(r"scheduled_post [0-9a-f-]+ is unconfirmed", result.stderr)
    assert "publications resolve" in result.stderr
    assert value(connection, "select count(*) from profiles") == 1


def test_an_erasure_that_was_killed_is_finished_by_the_next(
    terminal: Terminal, connection: Connection, database_url: str, dagster_url: str
) -> None:
    """Whoever it is about; the person's identifier, which nobody knows any more, will do."""
    ada, bob = (insert_profile(connection, name, linkedin_id=name) for name in ("ada", "bob"))
    with Database(database_url) as database:
        erase_profile(database, ada)
    left = "select count(*) from erasures where dagster_cleared_at is null"
    assert ask(database_url, left) == 1
    done = terminal.invoke("profiles", "erase", "ada", "--yes")
    assert (done.exit_code, "nothing is left to do" in done.output) == (0, True)
    assert ask(database_url, left) == 0
    assert terminal.invoke("profiles", "erase", "ada", "--yes").exit_code == 2
    assert terminal.invoke("profiles", "erase", f"profile-{ada.hex[:12]}", "--yes").exit_code == 0
    assert terminal.invoke("profiles", "erase", str(uuid4()), "--yes").exit_code == 2
    assert terminal.json("profiles", "erase", str(bob), "--yes")["erased"] is True
    assert value(connection, "select count(*) from profiles") == 0
