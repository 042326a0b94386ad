"""``linkedin-pipeline sync``, and the function that reads one profile with an audience."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from uuid import uuid4

import pytest
from rich.console import Console

from linkedin_pipeline.commands.syncing import sync_profile
from linkedin_pipeline.domain.errors import BadInput, ProviderDown
from linkedin_pipeline.settings import Endpoint, Settings
from linkedin_pipeline.simulators.edges import EdgesSimulator, PageTrouble
from linkedin_pipeline.simulators.edges_feeds import Feed
from linkedin_pipeline.simulators.faults import Fault, Kind
from linkedin_pipeline.simulators.serving import serving
from linkedin_pipeline.wiring import build_providers
from linkedin_pipeline_tests.postgres import PostgresServer, ask
from linkedin_pipeline_tests.sql.bank import Connection, rows, value
from linkedin_pipeline_tests.sql.people import add_profile
from linkedin_pipeline_tests.terminal import Terminal

KEY = "sk-secret-of-edges"


@pytest.fixture(scope="module")
def dagster_url(postgres_server: PostgresServer) -> Iterator[str]:
    """Give a database for Dagster, whose tables are made once."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture
def edges() -> Iterator[tuple[EdgesSimulator, str]]:
    """Serve Edges."""
    simulator = EdgesSimulator()
    with serving(simulator) as url:
        yield simulator, f"{url}/v1"


@pytest.fixture
def terminal(
    database_url: str, dagster_url: str, tmp_path: Path, edges: tuple[EdgesSimulator, str]
) -> Terminal:
    """Give a command line over a bank of the test's own."""
    return Terminal(
        {
            "DATABASE_URL": database_url,
            "DAGSTER_DATABASE_URL": dagster_url,
            "LINKEDIN_PIPELINE_HOME": str(tmp_path),
            "EDGES_API_KEY": KEY,
            "EDGES_BASE_URL": edges[1],
        }
    )


def test_without_a_key_it_says_so(terminal: Terminal, connection: Connection) -> None:
    """Exit code 1 and the variable to set; nothing is read, nothing is faked."""
    add_profile(connection, linkedin_id="ada")
    bare = {name: v for name, v in terminal.environment.items() if not name.startswith("EDGES")}
    result = Terminal(bare).invoke("sync")
    assert result.exit_code == 1
    assert "EDGES_API_KEY: it is not set" in result.stderr
    assert value(connection, "select count(*) from sync_jobs") == 0


def test_one_pass(
    terminal: Terminal,
    connection: Connection,
    edges: tuple[EdgesSimulator, str],
    dagster_url: str,
) -> None:
    """Reads what is due, bounded, says what it met, and its run stands in Dagster's database."""
    edges[0].usual = Feed(posts=3)
    for name in ("ada", "bob", "gone"):
        add_profile(connection, linkedin_id=name)
    edges[0].shows("gone", Feed(label="STATUS_404"))
    result = terminal.run("sync", "--json")
    assert result.returncode == 0, result.stderr
    document = json.loads(result.stdout)
    assert document["profiles"] == {
        "completed": 2, "failed": 0, "gone": 1, "stale": 0, "given_back": 0
    }  # fmt: skip
    assert (document["pages"], document["posts"]["added"], document["left"]) == (2, 6, 1)
    [failed] = document["failed"]
    assert "STATUS_404" in failed["reason"]
    job = f"select pipeline_name from runs where run_id = '{document['run_id']}'"
    assert ask(dagster_url, job) == "profile_sync"
    assert KEY not in result.stdout + result.stderr


def test_our_own_wait_is_ignored_and_that_of_edges_is_not(
    terminal: Terminal, connection: Connection, edges: tuple[EdgesSimulator, str]
) -> None:
    """A profile that failed a moment ago is read; a silence that Edges asked for is kept."""
    add_profile(connection, linkedin_id="ada")
    edges[0].trouble(PageTrouble("ada", times=3, status=424, label="LK_ERROR"))
    edges[0].shows("ada", Feed(posts=2))
    states = []
    for _ in range(3):
        assert terminal.invoke("sync").exit_code == 0
        states.append(value(connection, "select sync_status from profiles"))
    assert states == ["error", "error", "error"]
    text = terminal.invoke("sync").stdout
    assert "Profiles: 1 completed; 1 pages." in text
    assert "Posts: 2 added." in text
    assert "No profile is due" in terminal.invoke("sync").stdout
    add_profile(connection, linkedin_id="bob")
    edges[0].faults.add(Fault(Kind.SPEND_LIMIT))
    assert terminal.invoke("sync").exit_code == 1
    called = len(edges[0].ledger.calls())
    refused = terminal.invoke("sync")
    assert refused.exit_code == 1
    assert "Edges: it is paused: Edges' limit for our account is reached" in refused.stderr
    assert len(edges[0].ledger.calls()) == called


def test_wrong_use_and_a_switched_off_worker(terminal: Terminal, connection: Connection) -> None:
    """Exit code 2 for a bound that is none; 1, with the remedy, when it is switched off."""
    assert terminal.invoke("sync", "--max-profiles", "0").exit_code == 2
    connection.execute("update worker_feature_flags_v2 set is_enabled = false")
    result = terminal.invoke("sync")
    assert result.exit_code == 1
    assert "linkedin-pipeline flags enable sync_profiles" in result.stderr


def test_max_profiles(
    terminal: Terminal, connection: Connection, edges: tuple[EdgesSimulator, str]
) -> None:
    """No more than asked for; the rest is said to be left."""
    edges[0].usual = Feed(posts=1)
    for n in range(5):
        add_profile(connection, linkedin_id=f"p{n}")
    result = terminal.invoke("sync", "--max-profiles", "2")
    assert "Profiles: 2 completed" in result.stdout
    assert "Left: 3 profiles." in result.stdout


def test_one_profile_now(
    terminal: Terminal,
    connection: Connection,
    edges: tuple[EdgesSimulator, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Read at once whenever it was last read, alone; whoever cannot be read is said so."""
    for name, text in terminal.environment.items():
        monkeypatch.setenv(name, text)
    url = terminal.environment["DATABASE_URL"]
    providers = build_providers(Settings(database_url=url, edges=Endpoint(KEY, edges[1])))
    to = Console(file=StringIO())
    edges[0].usual = Feed(posts=4)
    ada = add_profile(connection, linkedin_id="ada")
    add_profile(connection, linkedin_id="bob")
    assert sync_profile(providers, to, ada).added == 4
    again = sync_profile(providers, to, ada)
    assert (again.status, again.unchanged) == ("completed", 4)
    states = rows(connection, "select sync_status from profiles order by linkedin_id")
    assert states == [("completed",), ("pending",)]
    for profile in (uuid4(), add_profile(connection, "Nameless")):
        with pytest.raises(BadInput):
            sync_profile(providers, to, profile)
    connection.execute("update profile_sync_status set consecutive_failures = 5")
    with pytest.raises(BadInput, match="reset_profile_sync"):
        sync_profile(providers, to, ada)
    connection.execute("select reset_profile_sync(%s)", [ada])
    edges[0].faults.add(Fault(Kind.SPEND_LIMIT))
    assert sync_profile(providers, to, ada).status == "pending"
    with pytest.raises(ProviderDown):
        sync_profile(providers, to, ada)


def test_a_new_profile_is_read_enriched_and_described(
    terminal: Terminal, connection: Connection, edges: tuple[EdgesSimulator, str]
) -> None:
    """``profiles add`` goes the whole way; a reading that fails is said, and the rest goes on."""
    edges[0].usual = Feed(posts=7)
    added = terminal.run("profiles", "add", "https://www.linkedin.com/in/ada-lovelace/")
    assert added.returncode == 0, added.stdout + added.stderr
    assert added.stdout.splitlines()[-1] == "Its style is written, from 7 posts."
    assert rows(connection, "select sync_status, posts_count from profiles") == [("completed", 7)]
    assert value(connection, "select count(*) from post_work") == 0
    edges[0].faults.add(Fault(Kind.INVALID_KEY, times=None))
    other = terminal.run("profiles", "add", "https://www.linkedin.com/in/bob")
    said = " ".join(other.stdout.split())
    assert "Its reading from LinkedIn is pending: " in said
    assert "EDGES_API_KEY" in said
    assert "sk-secret-of-edges" not in said + other.stderr
    assert "It has 0 posts" in said
