"""`dagster dev` as a person starts it, on an embedded server of the test's own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg

from linkedin_pipeline.database import server
from linkedin_pipeline.database.urls import application_url
from linkedin_pipeline.settings import PROJECT_ROOT, Settings

_LITTER = ".tmp_dagster_home_*"
PATIENCE = 300.0
"""Seconds for any condition to come true: a bound on hanging, not a promise about speed."""


def wait_for(what: str, condition: Callable[[], object], patience: float = PATIENCE) -> None:
    """Wait until the condition is true.

    Raises:
        AssertionError: it did not become true; says what was waited for.
    """
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, f"waited {patience:.0f} s in vain for {what}"
        time.sleep(0.1)


@dataclass
class Dev:
    """A project directory's data, and the `dagster dev` that works on it when started."""

    home: Path
    port: int
    log: Path
    process: subprocess.Popen[bytes] | None = None
    environment: dict[str, str] = field(default_factory=dict)

    def start(self) -> None:
        """Start `dagster dev` with the signals of a shell in the foreground."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    str(Path(sys.executable).with_name("dagster")),
                    "dev",
                    "--host",
                    "127.0.0.1",
                    "--port",
                    str(self.port),
                ],
                cwd=PROJECT_ROOT,
                env=os.environ | {"LINKEDIN_PIPELINE_HOME": str(self.home)} | self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_for("the web server", self._answers)

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()[-3000:]
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/server_info", timeout=2).is_success
        except httpx.HTTPError:
            return False

    def tree(self) -> list[psutil.Process]:
        """Return the processes of `dagster dev`, itself first."""
        assert self.process is not None
        try:
            parent = psutil.Process(self.process.pid)
            return [parent, *parent.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def kill(self) -> None:
        """Kill code server, daemon, web server and runs at once, as a power cut would."""
        doomed = self.tree()
        for deadly in (signal.SIGSTOP, signal.SIGKILL):  # stopped first: none sees another go
            for process in doomed:
                with suppress(psutil.NoSuchProcess):
                    process.send_signal(deadly)
        assert self.process is not None
        self.process.wait()
        self.process = None

    def stop(self) -> int:
        """Press Ctrl-C and wait; return the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(timeout=PATIENCE)
        self.process = None
        return code

    def query(self, statement: str, arguments: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Run a statement on the application database and return its rows, if it has any."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                url = application_url(Settings(home=self.home))
                with psycopg.connect(url, autocommit=True) as connection:
                    cursor = connection.execute(statement, arguments or None)
                    return cursor.fetchall() if cursor.description else []
            except psycopg.OperationalError:  # a test may have killed the server a moment ago
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def number(self, statement: str, arguments: tuple[Any, ...] = ()) -> int:
        """Run a statement that counts something."""
        return int(self.query(statement, arguments)[0][0])

    def graphql(self, document: str, **variables: Any) -> Any:
        """Ask the web server."""
        answer = httpx.post(
            f"http://127.0.0.1:{self.port}/graphql",
            json={"query": document, "variables": variables},
            timeout=60,
        )
        answer.raise_for_status()
        return answer.json()["data"]


@contextmanager
def dev_environment() -> Iterator[Dev]:
    """Give a stopped `dagster dev` over an embedded server in memory, and clean up after it."""
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    home = Path(tempfile.mkdtemp(prefix="linkedin_pipeline_dev-", dir=place))
    home.chmod(0o755)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    before = {*PROJECT_ROOT.glob(_LITTER)}
    server.start(home, settings={"fsync": "off"}, die_with_parent=True)
    dev = Dev(home, port, home / "dev.log")
    application_url(Settings(home=home))
    try:
        yield dev
    finally:
        if dev.process is not None:
            dev.kill()
        server.stop(home)
        # what a killed `dagster dev` leaves in the directory it was started in
        for litter in {*PROJECT_ROOT.glob(_LITTER)} - before:
            shutil.rmtree(litter, ignore_errors=True)
        shutil.rmtree(home, ignore_errors=True)
