"""Homes for embedded servers that tests start, kill and throw away."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from linkedin_pipeline.database import server
from linkedin_pipeline.database.server import Server
from linkedin_pipeline_tests.waiting import eventually

FAST = {"fsync": "off", "shared_buffers": "16MB", "max_wal_size": "64MB"}


@contextmanager
def homes() -> Iterator[Path]:
    """Yield a directory for homes, in memory where that exists; stop its servers at the end."""
    memory = Path("/dev/shm")
    parent = memory if os.access(memory, os.W_OK) else Path(tempfile.gettempdir())
    directory = Path(tempfile.mkdtemp(prefix="homes-", dir=parent))
    directory.chmod(0o711)  # the account that runs root's server passes through
    try:
        yield directory
    finally:
        for home in directory.iterdir():
            server.stop(home)
        shutil.rmtree(directory)


def start(home: Path) -> Server:
    """Start a server that is quick, and gone with the test session."""
    return server.start(home, settings=FAST, die_with_parent=True)


def kill(home: Path) -> None:
    """Kill the postmaster of a home, which must be running; return when its port is closed."""
    os.kill(postmaster(home), signal.SIGKILL)
    eventually(lambda: server.attach(home) is None)


def postmaster(home: Path) -> int:
    """Return the process number of a running postmaster."""
    return int((home / "postgres/data/postmaster.pid").read_text().split()[0])
