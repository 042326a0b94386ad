"""``linkedin-pipeline serve``."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from linkedin_pipeline.settings import PROJECT_ROOT
from linkedin_pipeline_tests.gateway.wire import HOOKS, SECRET
from linkedin_pipeline_tests.terminal import Terminal


@pytest.fixture
def terminal(database_url: str, dagster_url: str, tmp_path: Path) -> Terminal:
    """Give a command line over a database of the test's own and the stand-in for Dagster."""
    return Terminal(
        {
            "DATABASE_URL": database_url,
            "DAGSTER_WEBSERVER_URL": f"{dagster_url}/",
            "LINKEDIN_PIPELINE_HOME": str(tmp_path),
            "SCHEDULER_SECRET": SECRET,
            "PYTHONPATH": str(PROJECT_ROOT),
        }
    )


def address(process: subprocess.Popen[str]) -> str:
    """Read the first line that it prints."""
    assert process.stderr is not None
    found = re.search(r"http://\S+:\d+", process.stderr.readline())
    assert found
    return found[0]


def test_it_serves_until_ctrl_c(terminal: Terminal) -> None:
    """Exit code 0, a log line for each request, and the secret nowhere."""
    process = terminal.start("serve", "--port", "0")
    try:
        url = address(process)
        headers = {"X-Scheduler-Secret": SECRET, "X-Request-Id": "r-1"}
        answer = httpx.post(url + HOOKS, headers=headers, timeout=120, trust_env=False)
        assert answer.status_code == 202
    finally:
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=120)
    assert process.returncode == 0
    assert re.search(rf"request\.done method=POST route={HOOKS} status=202 .*id=r-1", errors)
    assert errors.endswith("Stopped.\n")
    assert SECRET not in output + errors
    assert "Traceback" not in errors


def test_it_starts_without_database_dagster_and_secret(tmp_path: Path) -> None:
    """It says that the secret is missing, and serves: its health tells the rest."""
    terminal = Terminal(
        {
            "DATABASE_URL": "postgresql://me:hunter2@127.0.0.1:9/bank",
            "LINKEDIN_PIPELINE_HOME": str(tmp_path),
            "PYTHONPATH": str(PROJECT_ROOT),
        }
    )
    process = terminal.start("serve", "--port", "0")
    try:
        url = address(process)
        assert process.stderr is not None
        # by the reader of the first line: it may have read ahead, and communicate() would not know
        assert "SCHEDULER_SECRET is not set" in process.stderr.readline()
        answer = httpx.get(f"{url}/healthz", timeout=120, trust_env=False)
        assert answer.status_code == 503
        assert httpx.post(url + HOOKS, timeout=120, trust_env=False).status_code == 503
    finally:
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=120)
    assert "hunter2" not in errors


def test_a_port_that_is_taken_is_wrong_use(terminal: Terminal, dagster_url: str) -> None:
    """Exit code 2 and one line with the remedy."""
    result = terminal.invoke("serve", "--port", dagster_url.rpartition(":")[2])
    assert result.exit_code == 2
    assert "--port" in result.stderr
    assert result.stderr.count("\n") == 1


def test_it_does_not_load_dagster() -> None:
    """The process of the gateway stays small: Dagster is only spoken to."""
    program = (
        "import sys, linkedin_pipeline.gateway.serving, linkedin_pipeline.commands.serve, "
        "linkedin_pipeline.wiring; print([m for m in sys.modules if m.startswith('dagster')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=PROJECT_ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"
