"""A server to measure on, and what work costs there: time, processor time of either side."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psutil
import psycopg

from linkedin_pipeline.database import server as embedded


@dataclass(frozen=True, slots=True)
class Bench:
    """A fresh server with the settings of a real one: what is committed is flushed."""

    server: embedded.Server
    postmaster: psutil.Process

    def database(self, name: str) -> str:
        """Create a database with extension vector and return its URL."""
        with psycopg.connect(self.server.url("postgres"), autocommit=True) as connection:
            connection.execute(f"create database {name}".encode())
        url = self.server.url(name)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("create extension vector")
        return url

    def processor_time(self) -> float:
        """Return the seconds of processor time that the server has used, all its processes'.

        Waits until no session is left: for a moment, the time of one that has ended is nobody's.
        """
        until = time.monotonic() + 60
        while any(self._is_session(child) for child in self.postmaster.children()):
            if time.monotonic() > until:
                raise SystemExit("A session to the measured server was not closed.")
            time.sleep(0.01)
        own = self.postmaster.cpu_times()
        spent = own.user + own.system + own.children_user + own.children_system
        for child in self.postmaster.children(recursive=True):
            try:
                times = child.cpu_times()
            except psutil.NoSuchProcess:  # ended just now: counted among the postmaster's from here
                continue
            spent += times.user + times.system
        return float(spent)

    @staticmethod
    def _is_session(process: psutil.Process) -> bool:
        """Tell whether a child of the postmaster serves a client, is ending, or has ended."""
        try:
            title = process.cmdline()
        except psutil.ZombieProcess:
            return True
        except psutil.NoSuchProcess:
            return False
        return not title or "127.0.0.1(" in title[0]

    @contextmanager
    def measured(self, into: list[Cost], jobs: int) -> Iterator[None]:
        """Append what the block costs a job."""
        server, client, start = self.processor_time(), time.process_time(), time.perf_counter()
        yield
        seconds, busy = time.perf_counter() - start, time.process_time() - client
        into.append(Cost(seconds / jobs, (self.processor_time() - server) / jobs, busy / jobs))


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds a job: by the clock, of processor time in the server, and in the worker."""

    clock: float
    server: float
    worker: float


def spread(values: Sequence[float], form: str = "{:,.1f}") -> str:
    """Write smallest, median and largest."""
    return " / ".join(form.format(v) for v in (min(values), median(values), max(values)))


@contextmanager
def running_bench() -> Iterator[Bench]:
    """Start a server with data on disk, in a directory of its own; remove both after."""
    place = Path(tempfile.mkdtemp(prefix="linkedin_pipeline_bench-"))
    place.chmod(0o711)  # the account that runs root's server passes through
    home = place / "home"
    try:
        server = embedded.start(home, die_with_parent=True)
        with psycopg.connect(server.url("postgres")) as connection:
            postmaster = psutil.Process(connection.info.backend_pid).parent()
        assert postmaster is not None  # the backend lives until the connection is closed
        yield Bench(server, postmaster)
    finally:
        embedded.stop(home)
        shutil.rmtree(place, ignore_errors=True)
