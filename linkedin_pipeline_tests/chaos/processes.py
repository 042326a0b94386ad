"""The processes of a run: a database that may be killed, a simulator, publishers that are."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import IO

from linkedin_pipeline.database import server as embedded
from linkedin_pipeline.database.migrate import migrate
from linkedin_pipeline.settings import child_environment
from linkedin_pipeline_tests.chaos import publisher
from linkedin_pipeline_tests.database import homes
from linkedin_pipeline_tests.postgres import PostgresServer, running_server

_DATABASE = "chaos"
_RESERVE = 2


@contextmanager
def database() -> Iterator[tuple[PostgresServer, str]]:
    """Start a server and migrate a database on it.

    What is committed outlives a killed server: the tests' own settings would lose it.
    """
    with running_server() as server:
        url = server.create(_DATABASE)
        with server.superuser("postgres") as connection:
            for setting in ("synchronous_commit", "full_page_writes"):
                connection.execute(f"alter system set {setting} = on".encode())
            connection.execute("select pg_reload_conf()")
        migrate(url)
        yield server, url


def kill_database(server: PostgresServer) -> None:
    """Kill the postmaster, and start it again."""
    homes.kill(server.embedded.home)
    embedded.recover(server.embedded.home)


@contextmanager
def simulator() -> Iterator[str]:
    """Serve the simulator; give its address."""
    command = [sys.executable, "-m", "linkedin_pipeline_tests.chaos.simulator"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        if not url:
            raise SystemExit("The simulator did not start.")
        yield url
    finally:
        process.kill()
        process.wait()


class Crew:
    """Publishers at work, and others in reserve: a killed one is missed for an instant only.

    What they write to standard error goes to a file; a publisher that ends by itself has failed.
    """

    def __init__(
        self, size: int, environment: Mapping[str, str], log: Path, random: Random
    ) -> None:
        self._size = size
        self._environment = environment
        self._log: IO[bytes] = log.open("ab")
        self._random = random
        self._lock = threading.RLock()
        self._working: dict[int, subprocess.Popen[bytes]] = {}
        self._reserve: list[subprocess.Popen[bytes]] = []
        self._killed: set[int] = set()
        self._frozen: set[int] = set()
        self.failed = 0
        self._halted = False

    def refill(self) -> None:
        """Let the reserve take the place of those that are gone."""
        with self._lock:
            for pid, process in list(self._working.items()):
                if process.poll() is not None:
                    del self._working[pid]
                    self.failed += pid not in self._killed
            if self._halted:
                return
            while len(self._reserve) < _RESERVE or self._awake() < self._size:
                if self._reserve and self._awake() < self._size:
                    process = self._reserve.pop(0)
                    assert process.stdin is not None
                    try:
                        process.stdin.write(b"go\n")
                        process.stdin.flush()
                    except BrokenPipeError:
                        self.failed += 1
                        continue
                    self._working[process.pid] = process
                else:
                    self._reserve.append(self._start())

    def pids(self) -> list[int]:
        """Return those at work, frozen ones too."""
        with self._lock:
            return list(self._working)

    def _awake(self) -> int:
        return len(self._working.keys() - self._frozen)

    def signal(self, pid: int, number: signal.Signals) -> bool:
        """Send a signal from outside; tell whether it was still at work."""
        with self._lock:
            process = self._working.get(pid)
            if process is None or process.poll() is not None:
                return False
            if number is signal.SIGKILL:
                self._killed.add(pid)
            if number is signal.SIGSTOP:
                self._frozen.add(pid)
            process.send_signal(number)
        if number is signal.SIGKILL:
            process.wait()
        return True

    def kill_all(self) -> int:
        """Kill everybody at work; return how many."""
        return sum(self.signal(pid, signal.SIGKILL) for pid in self.pids())

    @contextmanager
    def nobody(self) -> Iterator[int]:
        """Kill everybody, and let nobody work until the block ends; gives how many were killed."""
        with self._lock:
            self._halted = True
            killed = self.kill_all()
        try:
            yield killed
        finally:
            self._halted = False
            self.refill()

    def close(self) -> None:
        """End everybody."""
        with self._lock:
            self._halted = True
            self.kill_all()
            for process in [*self._working.values(), *self._reserve]:
                process.kill()
                process.wait()
                if process.stdin is not None:
                    process.stdin.close()
        self._log.close()

    def _start(self) -> subprocess.Popen[bytes]:
        # what is done about a text that is proved absent changes with whoever starts next
        policy = "hold" if self._random.random() < 0.25 else "retry"
        return subprocess.Popen(
            [sys.executable, "-m", "linkedin_pipeline_tests.chaos.publisher"],
            env=child_environment({**self._environment, "PUBLISH_UNCONFIRMED_POLICY": policy}),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self._log,
        )


def variables(database_url: str, simulator_url: str) -> dict[str, str]:
    """Return the environment of a publisher."""
    from linkedin_pipeline.simulators.sandbox import Sandbox

    return {
        **Sandbox.variables(simulator_url),
        "DATABASE_URL": database_url,
        "OPENAI_API_KEY": "",
        "OPENAI_BASE_URL": "",
        "ANTHROPIC_API_KEY": "",
        "ANTHROPIC_BASE_URL": "",
        "PUBLISH_SETTLE_SECONDS": str(publisher.SETTLE),
        "PUBLISH_ACCOUNT_SPACING_SECONDS": "0",
        "PUBLISH_GRACE_SECONDS": "86400",
    }
