"""A daemon killed at each of its steps starts one run a request, and forgets none."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from linkedin_pipeline.settings import PROJECT_ROOT
from linkedin_pipeline_tests.defs import request_daemon
from linkedin_pipeline_tests.sql.bank import Connection, rows


def daemon(directory: Path, database_url: str, step: str) -> int:
    """Run the daemon to its end, its own or the one it is given; return the exit code."""
    return subprocess.run(
        [sys.executable, request_daemon.__file__, str(directory), database_url, step],
        cwd=PROJECT_ROOT,
        env={**os.environ, "DATABASE_URL": database_url, "PYTHONPATH": str(PROJECT_ROOT)},
        check=False,
        timeout=240,
    ).returncode


@pytest.mark.parametrize("step", ["RUN_IDS_RESERVED", "RUN_CREATED", "RUN_LAUNCHED"])
def test_a_killed_daemon_starts_one_run(
    connection: Connection, database_url: str, tmp_path: Path, step: str
) -> None:
    """Whatever of a tick is over when it is killed, the next daemon completes it, once."""
    connection.execute("select call_publish_scheduled()")
    assert daemon(tmp_path, database_url, step) == -signal.SIGKILL
    assert rows(connection, "select status from pipeline_requests") == [("started",)]
    with request_daemon.instance(tmp_path) as instance:
        assert len(instance.get_runs()) == (0 if step == "RUN_IDS_RESERVED" else 1)
    assert daemon(tmp_path, database_url, "none") == 0
    with request_daemon.instance(tmp_path) as instance:
        [run] = instance.get_runs()
        assert run.status.value == "QUEUED"
    assert rows(connection, "select status, dagster_run_id from pipeline_requests") == [
        ("started", run.run_id)
    ]
