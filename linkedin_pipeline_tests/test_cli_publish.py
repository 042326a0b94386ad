"""``linkedin-pipeline publish``, ``upcoming``, ``publications`` and ``accounts``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from linkedin_pipeline.simulators.faults import Fault, Kind
from linkedin_pipeline.simulators.serving import serving
from linkedin_pipeline.simulators.unipile import UnipileSimulator
from linkedin_pipeline.simulators.unipile_accounts import Account
from linkedin_pipeline_tests.postgres import PostgresServer
from linkedin_pipeline_tests.publishing import author, schedule, state
from linkedin_pipeline_tests.sql.bank import Connection, rows
from linkedin_pipeline_tests.terminal import Terminal

ADA = Account("account-ada", "Ada Byron", "ACoAAada", "ada")


@pytest.fixture
def unipile() -> Iterator[tuple[UnipileSimulator, str]]:
    """Serve a simulated Unipile with one account."""
    simulator = UnipileSimulator()
    simulator.connect(ADA)
    with serving(simulator) as url:
        yield simulator, f"{url}/api/v1"


@pytest.fixture(scope="module")
def dagster_url(postgres_server: PostgresServer) -> Iterator[str]:
    """Give a database for Dagster, whose tables are made once."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture
def bare(database_url: str, dagster_url: str, tmp_path: Path) -> Terminal:
    """Give a command line without Unipile."""
    return Terminal(
        {
            "DATABASE_URL": database_url,
            "DAGSTER_DATABASE_URL": dagster_url,
            "LINKEDIN_PIPELINE_HOME": str(tmp_path),
        }
    )


@pytest.fixture
def terminal(bare: Terminal, unipile: tuple[UnipileSimulator, str]) -> Terminal:
    """Give a command line that publishes through the simulator."""
    keys = {"UNIPILE_API_KEY": "key", "UNIPILE_BASE_URL": unipile[1]}
    return Terminal({**bare.environment, **keys, "PUBLISH_ACCOUNT_SPACING_SECONDS": "0"})


def test_without_unipile_nothing_is_published(bare: Terminal, connection: Connection) -> None:
    """Not configured is said plainly, with exit code 1; the post stays pending."""
    profile, _ = author(connection)
    post = schedule(connection, profile, "Hello.")
    for command in (("publish",), ("accounts", "sync")):
        result = bare.invoke(*command)
        assert result.exit_code == 1
        assert "UNIPILE_API_KEY" in result.output
    assert state(connection, post)[0] == "pending"


def test_a_switched_off_worker_sends_nothing(
    terminal: Terminal, unipile: tuple[UnipileSimulator, str], connection: Connection
) -> None:
    """With both workers off the remedy and exit code 1; LinkedIn is not called, the post waits."""
    profile, account = author(connection)
    post = schedule(connection, profile, "Hello.", account=account)
    for worker in ("publish_company_pages", "publish_scheduled"):
        terminal.invoke("flags", "disable", worker)
    for json in ((), ("--json",)):
        result = terminal.invoke("publish", *json)
        assert (result.exit_code, result.stdout) == (1, "")
        assert "switched off. Run: linkedin-pipeline flags enable publish_" in result.stderr
    assert unipile[0].ledger.calls() == []
    assert state(connection, post)[0] == "pending"


def test_a_rehearsal_sends_nothing(
    terminal: Terminal, unipile: tuple[UnipileSimulator, str], connection: Connection
) -> None:
    """A dry run shows texts, accounts, attachments and obstacles, and changes nothing."""
    profile, account = author(connection)
    post = schedule(connection, profile, "Hello,\nworld.", account=account)
    late = schedule(connection, profile, "Late.", minutes_ago=60 * 24, account=account)
    rows(
        connection,
        "update scheduled_posts set attachments = '[\"https://10.0.0.1/a.png?sig=hunter2\"]' "
        "where id = %s returning 1",
        post,
    )
    result = terminal.invoke("publish", "--dry-run")
    assert result.exit_code == 0
    assert "  | Hello,\n  | world.\n" in result.output
    assert "account account-ada" in result.output
    assert "media: cannot be sent: " in result.output
    assert "hunter2" not in result.output
    assert "not now: it was due at" in result.output
    assert unipile[0].attempts.all() == []
    assert (state(connection, post)[0], state(connection, late)[0]) == ("pending", "pending")
    planned = terminal.json("publish", "--dry-run")["posts"]
    assert [one["code"] for one in planned] == ["missed", None]


def test_a_pass_is_told_and_repeated_without_doubles(
    terminal: Terminal, unipile: tuple[UnipileSimulator, str], connection: Connection
) -> None:
    """A pass publishes what is due and says so; the next has nothing to do."""
    profile, _ = author(connection)
    post = schedule(connection, profile, "Hello.")
    result = terminal.invoke("publish")
    assert (result.exit_code, result.output) == (0, "before: 1 expanded\npersons: 1 published\n")
    assert state(connection, post)[0] == "published"
    assert "1 published" in terminal.invoke("status").output
    assert terminal.invoke("publish").output == "Nothing was to be done.\n"
    assert unipile[0].feeds.counts() == {("ACoAAada", "Hello."): 1}


def test_what_goes_out_is_shown(terminal: Terminal, connection: Connection) -> None:
    """The calendar of the next days shows when, who, state and text."""
    profile, account = author(connection)
    schedule(connection, profile, "Tomorrow.", minutes_ago=-60 * 24, account=account)
    schedule(connection, profile, "Next month.", minutes_ago=-60 * 24 * 30, account=account)
    output = terminal.invoke("upcoming", "--days", "7").output
    assert "pending" in output
    assert "Tomorrow." in output
    assert "Next month." not in output
    assert [one["content"] for one in terminal.json("upcoming", "--days", "60")] == [
        "Tomorrow.",
        "Next month.",
    ]


def test_a_person_decides_about_held_posts(
    terminal: Terminal, unipile: tuple[UnipileSimulator, str], connection: Connection
) -> None:
    """Held posts are listed with the reason; a decision is carried out, once."""
    simulator, _ = unipile
    profile, account = author(connection)
    schedule(connection, profile, "Hello.")
    terminal.invoke("publish")
    post = schedule(connection, profile, "Hello.", account=account)
    assert "1 held" in terminal.invoke("publish").output
    listed = terminal.invoke("publications").output
    assert "the same text went out" in listed
    (one,) = terminal.json("publications")
    assert terminal.invoke("publications", "resolve", str(post), "retry").output == "Done.\n"
    again = terminal.invoke("publications", "resolve", one["id"], "cancel")
    assert again.exit_code == 1
    assert "it is pending" in again.output
    terminal.invoke("publish")
    assert state(connection, post)[0] == "published"
    assert simulator.feeds.counts() == {("ACoAAada", "Hello."): 2}


@pytest.mark.parametrize("arguments", [("nothing", "retry"), (str(10**31), "perhaps"), ()])
def test_bad_decisions_are_wrong_use(terminal: Terminal, arguments: tuple[str, ...]) -> None:
    """An id that is none, an unknown decision or nothing at all is wrong use."""
    assert terminal.invoke("publications", "resolve", *arguments).exit_code == 2


def test_an_unknown_publication_is_bad_input(terminal: Terminal) -> None:
    """A publication that is not there is named, with what to do."""
    result = terminal.run(
        "publications", "resolve", "00000000-0000-4000-8000-000000000000", "retry"
    )
    assert result.returncode == 2
    assert "See: linkedin-pipeline publications" in result.stderr


def test_accounts_are_read_and_attached(
    terminal: Terminal, unipile: tuple[UnipileSimulator, str], connection: Connection
) -> None:
    """Accounts come from Unipile with their states, and belong to profiles by LinkedIn id."""
    rows(
        connection,
        "insert into profiles (full_name, linkedin_id) values ('Ada Byron', 'ada') returning 1",
    )
    assert "No LinkedIn account" in terminal.invoke("accounts").output
    counts = terminal.json("accounts", "sync")
    assert counts["listed"] == counts["added"] == counts["attached"] == 1
    simulator, _ = unipile
    simulator.faults.add(Fault(Kind.SERVER_ERROR, times=None))
    result = terminal.run("accounts", "sync")
    assert result.returncode == 1
    assert rows(connection, "select status from unipile_accounts") == [("OK",)]


def test_status_says_what_publishing_waits_for(
    bare: Terminal, terminal: Terminal, connection: Connection
) -> None:
    """The operator's page tells of what is due, held or not configured, and of accounts."""
    profile, account = author(connection, status="CREDENTIALS")
    schedule(connection, profile, "Hello.", account=account)
    output = bare.invoke("status").output
    assert "publishing is not configured: set UNIPILE_API_KEY" in output
    assert "1 due" in output
    assert "account account-ada of Ada is CREDENTIALS: reconnect it" in output
    assert "publishing: unipile" in terminal.invoke("status").output
    assert terminal.json("status")["publishing"]["due"] == 1
