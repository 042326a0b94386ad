"""The embedded server: shared, hard to kill, and nobody else's."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from linkedin_pipeline.database import server
from linkedin_pipeline.database.server import APPLICATION_DATABASE, DAGSTER_DATABASE, Server
from linkedin_pipeline.domain.errors import DatabaseDown
from linkedin_pipeline_tests.database.homes import FAST, homes, kill, postmaster, start
from linkedin_pipeline_tests.waiting import eventually

START_AND_PRINT = """
import sys
from pathlib import Path
from linkedin_pipeline.database import server
started = server.start(Path(sys.argv[1]), settings={"fsync": "off"}, die_with_parent=%s)
print(started.url("dagster"), flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def directory() -> Iterator[Path]:
    """Give the directory for all homes of this file."""
    with homes() as made:
        yield made


@pytest.fixture(scope="module")
def home(directory: Path) -> Path:
    """Give the home that most tests share; each leaves it in whatever state."""
    return directory / "shared"


@pytest.fixture
def running(home: Path) -> Server:
    """Give the shared home's server, running."""
    return start(home)


@pytest.fixture
def fresh(directory: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """Give a home of the test's own, never started."""
    own = directory / request.node.name
    yield own
    server.stop(own)


def ask(url: str, question: str) -> object:
    """Return the first value of an answer."""
    with psycopg.connect(url, autocommit=True) as session:
        row = session.execute(question.encode()).fetchone()
        return row[0] if row else None


def test_both_databases_are_there_and_the_first_has_vectors(running: Server) -> None:
    """A start leaves two databases behind, the application's with extension vector."""
    extension = "select count(*) from pg_extension where extname = 'vector'"
    assert ask(running.url(APPLICATION_DATABASE), extension) == 1
    assert ask(running.url(DAGSTER_DATABASE), extension) == 0


def test_attaching_starts_nothing(fresh: Path) -> None:
    """A home without a server is left untouched by attach, recover and stop."""
    assert server.attach(fresh) is None
    assert server.recover(fresh) is None
    assert server.stop(fresh) is False
    assert not fresh.exists()


def test_a_running_server_is_found_by_everybody(running: Server) -> None:
    """Start, attach and recover all give the running server, and start says who started it."""
    assert server.attach(running.home) == running
    assert server.recover(running.home) == running
    again = server.start(running.home)
    assert again == running
    assert not again.just_started


def test_eight_processes_that_race_get_one_server(fresh: Path) -> None:
    """Of processes that start a new home at once all get the same working URL."""
    command = [sys.executable, "-c", START_AND_PRINT % False, str(fresh)]
    racers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(8)
    ]
    urls = [racer.communicate()[0].strip() for racer in racers]
    assert len(set(urls)) == 1
    assert ask(urls[0], "select 1") == 1


def test_threads_that_race_get_one_server(fresh: Path) -> None:
    """Threads of one process are kept apart like processes, and one of them started it."""
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(server.start, [fresh] * 4))
    assert len(set(found)) == 1
    assert sum(one.just_started for one in found) == 1


def test_the_server_outlives_its_starter(fresh: Path) -> None:
    """SIGKILL of the starter's whole process group leaves the server running."""
    with subprocess.Popen(
        [sys.executable, "-c", START_AND_PRINT % False, str(fresh)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as starter:
        assert starter.stdout
        url = starter.stdout.readline().strip()
        os.killpg(starter.pid, signal.SIGKILL)
    assert ask(url, "select 1") == 1


def test_a_server_may_be_tied_to_its_starter(fresh: Path) -> None:
    """With die_with_parent SIGKILL of the starter ends the server, too."""
    with subprocess.Popen(
        [sys.executable, "-c", START_AND_PRINT % True, str(fresh)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as starter:
        assert starter.stdout
        starter.stdout.readline()
        assert server.attach(fresh)
        starter.kill()
    eventually(lambda: server.attach(fresh) is None)


def test_a_killed_server_is_recovered_with_its_rows(running: Server) -> None:
    """After SIGKILL of the postmaster recover gives the same URL and every committed row."""
    url = running.url(APPLICATION_DATABASE)
    with psycopg.connect(url, autocommit=True) as session:
        session.execute("drop table if exists kept")
        session.execute("create table kept as select generate_series(1, 50000) as n")
    kill(running.home)
    recovered = server.recover(running.home)
    assert recovered == running
    assert recovered.just_started
    assert ask(url, "select count(*) from kept") == 50000


def test_recovery_keeps_the_settings_of_the_start(running: Server) -> None:
    """What the starter set beats the defaults and is still in force after a recovery."""
    kill(running.home)
    recovered = server.recover(running.home)
    assert recovered
    url = recovered.url(DAGSTER_DATABASE)
    assert ask(url, "show fsync") == "off"
    assert ask(url, "show max_connections") == "200"
    assert ask(url, "show random_page_cost") == "1.1"


def test_what_an_operator_set_beats_the_defaults(running: Server) -> None:
    """ALTER SYSTEM survives the next start."""
    url = running.url("postgres")
    with psycopg.connect(url, autocommit=True) as session:
        session.execute("alter system set max_connections = 150")
    server.stop(running.home)
    assert ask(start(running.home).url("postgres"), "show max_connections") == "150"
    with psycopg.connect(url, autocommit=True) as session:
        session.execute("alter system reset all")


def test_a_stopped_server_stays_down(running: Server) -> None:
    """After an explicit stop recover does nothing, and start begins a new generation."""
    assert server.stop(running.home) is True
    assert server.stop(running.home) is False
    assert server.attach(running.home) is None
    assert server.recover(running.home) is None
    assert start(running.home).generation != running.generation


def test_a_dead_server_can_be_stopped_for_good(running: Server) -> None:
    """Stopping a server that has died counts: nobody recovers it afterwards."""
    kill(running.home)
    server.stop(running.home)
    assert server.recover(running.home) is None


def test_a_stop_wins_over_a_recovery_that_waits(running: Server) -> None:
    """A recovery that was already waiting while somebody stopped the server gives up."""
    kill(running.home)
    state = running.home / "postgres/state.json"
    with (running.home / "postgres/lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with ThreadPoolExecutor(1) as thread:
            waiting = thread.submit(server.recover, running.home)
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.3)
            state.write_text(json.dumps({**json.loads(state.read_text()), "stopped": True}))
            fcntl.flock(lock, fcntl.LOCK_UN)
            assert waiting.result() is None


def test_two_homes_have_nothing_in_common(running: Server, fresh: Path) -> None:
    """Two servers run side by side, and the password of one is refused by the other."""
    other = start(fresh)
    assert other.port != running.port
    swapped = other.url("postgres").replace(other.password, running.password)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(swapped)


def test_the_password_is_for_its_owner_alone(running: Server) -> None:
    """The password's file is readable by its owner only, and repr does not show it."""
    mode = (running.home / "postgres/password").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600
    assert running.password not in repr(running)
    assert ask(running.url("postgres"), "show listen_addresses") == "127.0.0.1"


def test_the_port_moves_when_it_is_taken(running: Server) -> None:
    """A port that another program took meanwhile is left to it."""
    server.stop(running.home)
    with socket.socket() as other_program:
        other_program.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other_program.bind(("127.0.0.1", running.port))
        other_program.listen()
        moved = start(running.home)
    assert moved.port != running.port
    assert ask(moved.url("postgres"), "select 1") == 1


def test_an_interrupted_first_start_is_begun_again(fresh: Path) -> None:
    """Half-made data of a killed starter are no obstacle."""
    (fresh / "postgres/data.unfinished/base").mkdir(parents=True)
    (fresh / "postgres/data.unfinished/PG_VERSION").write_text("18\n")
    assert start(fresh).just_started


def test_a_start_that_was_cut_short_is_finished(running: Server) -> None:
    """A server whose starter was killed before it wrote that down is adopted, not doubled."""
    before = postmaster(running.home)
    (running.home / "postgres/state.json").unlink()
    assert server.attach(running.home) is None
    adopted = start(running.home)
    assert adopted.port == running.port
    assert postmaster(running.home) == before


def test_a_recycled_process_number_is_no_obstacle(running: Server) -> None:
    """A pid file that names a process of another program does not keep the server down."""
    server.stop(running.home)
    pid_file = running.home / "postgres/data/postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{pid_file.parent}\n1\n{running.port}\n\n\n\nready\n")
    assert server.attach(running.home) is None
    assert start(running.home).just_started


@pytest.mark.skipif(sys.platform != "linux", reason="strangers are seen in /proc only")
def test_data_served_by_somebody_else_are_left_alone(running: Server) -> None:
    """While a process that we did not start works in the data, starting fails and says so."""
    server.stop(running.home)
    data = running.home / "postgres/data"
    (data / "postmaster.pid").write_text("1\n")
    with subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE, cwd=data) as stranger:
        with pytest.raises(DatabaseDown, match=f"process {stranger.pid} already serves"):
            start(running.home)
        stranger.kill()
    assert start(running.home).just_started


def test_a_server_that_does_not_start_names_its_log(fresh: Path) -> None:
    """The error of a failed start leads to the log file, which holds the reason."""
    with pytest.raises(DatabaseDown) as caught:
        server.start(fresh, settings={"shared_buffers": "plenty"})
    log = fresh / "postgres/server.log"
    assert str(log) in str(caught.value)
    assert "plenty" in log.read_text()


def test_settings_reach_the_server_as_they_are(fresh: Path) -> None:
    """Quotes and backslashes in a setting are data."""
    settings = {**FAST, "cluster_name": r"it's \ here"}
    started = server.start(fresh, settings=settings, die_with_parent=True)
    assert ask(started.url("postgres"), "show cluster_name") == r"it's \ here"


def test_a_long_log_is_put_aside(running: Server) -> None:
    """A log beyond its bound is renamed at the next start, so that two bounds are the most."""
    server.stop(running.home)
    log = running.home / "postgres/server.log"
    os.truncate(log, server.LOG_BYTES + 1)
    start(running.home)
    assert log.stat().st_size < server.LOG_BYTES < log.with_suffix(".log.1").stat().st_size


def test_a_held_lock_is_waited_for(running: Server) -> None:
    """While another process starts or stops the server, a start waits for it."""
    home = running.home
    server.stop(home)
    with (home / "postgres/lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with ThreadPoolExecutor(1) as thread:
            waiting = thread.submit(start, home)
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.3)
            assert server.attach(home) is None
            fcntl.flock(lock, fcntl.LOCK_UN)
            assert waiting.result() == server.attach(home)


def test_progress_is_said(fresh: Path) -> None:
    """A first start says that it creates the data and starts the server, an attach nothing."""
    said: list[str] = []
    for _ in range(2):
        server.start(fresh, settings=FAST, say=said.append, die_with_parent=True)
    assert [line.split()[0] for line in said] == ["creating", "starting"]


def test_the_state_holds_no_secret(running: Server) -> None:
    """The state file, which bug reports may quote, does not contain the password."""
    text = (running.home / "postgres/state.json").read_text()
    assert json.loads(text)["port"] == running.port
    assert running.password not in text
