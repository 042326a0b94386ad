"""The run launcher tells runs that died from runs whose code server is slow or was reloaded."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import grpc  # type: ignore[import-untyped] # Dagster's own dependency, without types
import pytest
from dagster import DagsterInstance, DagsterRun, DagsterRunStatus
from dagster._core.events import EngineEventData
from dagster._core.launcher.base import WorkerStatus
from dagster._core.storage.tags import GRPC_INFO_TAG
from dagster._grpc.__generated__ import dagster_api_pb2
from dagster._grpc.__generated__.dagster_api_pb2_grpc import (
    DagsterApiServicer,
    add_DagsterApiServicer_to_server,
)
from dagster._grpc.types import CanCancelExecutionResult
from dagster._serdes import serialize_value

from linkedin_pipeline import instance as pipeline_instance
from linkedin_pipeline.instance import PipelineRunLauncher
from linkedin_pipeline_tests.waiting import eventually


class CodeServer(DagsterApiServicer):
    """A code server that knows some runs, and may take its time."""

    def __init__(self, runs: set[str]) -> None:
        self.runs = runs
        self.answering = Event()
        self.answering.set()

    def CanCancelExecution(self, request: Any, _context: object) -> Any:  # noqa: N802 - gRPC's name
        """Answer as the real one does."""
        self.answering.wait()
        asked = json.loads(request.serialized_can_cancel_execution_request)["run_id"]
        answer = CanCancelExecutionResult(can_cancel=asked in self.runs)
        return dagster_api_pb2.CanCancelExecutionReply(
            serialized_can_cancel_execution_result=serialize_value(answer)
        )


@contextmanager
def serving(code_server: CodeServer, path: Path) -> Iterator[None]:
    """Serve on a Unix socket, as the code servers of ``dagster dev`` do."""
    listener = grpc.server(ThreadPoolExecutor(2))
    add_DagsterApiServicer_to_server(code_server, listener)  # type: ignore[no-untyped-call]
    listener.add_insecure_port(f"unix:{path}")
    listener.start()
    try:
        yield
    finally:
        code_server.answering.set()
        listener.stop(None).wait()


@pytest.fixture
def ephemeral(monkeypatch: pytest.MonkeyPatch) -> Iterator[DagsterInstance]:
    """Give an instance in memory, and little patience with code servers."""
    monkeypatch.setattr(pipeline_instance, "ANSWER_SECONDS", 1)
    with DagsterInstance.ephemeral() as made:
        yield made


@pytest.fixture
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the path of a socket, short enough for one."""
    return tmp_path_factory.mktemp("s") / "socket"


@pytest.fixture
def run(ephemeral: DagsterInstance, path: Path) -> DagsterRun:
    """Give a started run whose code server listens on ``path``."""
    address = json.dumps({"host": "localhost", "socket": str(path)})
    tags = {GRPC_INFO_TAG: address}
    return ephemeral.add_run(DagsterRun(job_name="any", status=DagsterRunStatus.STARTED, tags=tags))


def health(instance: DagsterInstance, run: DagsterRun) -> tuple[WorkerStatus, str]:
    """Return what the launcher says about a run."""
    launcher = PipelineRunLauncher()
    launcher.register_instance(instance)
    assert launcher.supports_check_run_worker_health
    result = launcher.check_run_worker_health(run)
    return result.status, result.msg or ""


def report_process(instance: DagsterInstance, run: DagsterRun, pid: int) -> None:
    """Record the process of a run as Dagster does when it starts one."""
    instance.report_engine_event("Started process", run, EngineEventData.in_process(pid))


def test_a_run_known_to_its_code_server_is_healthy(
    ephemeral: DagsterInstance, run: DagsterRun, path: Path
) -> None:
    """A code server that executes the run settles the question."""
    with serving(CodeServer({run.run_id}), path):
        assert health(ephemeral, run)[0] is WorkerStatus.RUNNING


def test_a_run_whose_code_server_is_gone_is_dead(
    ephemeral: DagsterInstance, run: DagsterRun
) -> None:
    """After a reboot nothing listens where the run was launched: it failed."""
    status, why = health(ephemeral, run)
    assert status is WorkerStatus.FAILED
    assert "does not answer" in why


def test_a_run_unknown_to_its_code_server_is_dead(
    ephemeral: DagsterInstance, run: DagsterRun, path: Path
) -> None:
    """A code server that came back at the same address does not know the run: it failed."""
    with serving(CodeServer(set()), path):
        assert health(ephemeral, run)[0] is WorkerStatus.FAILED


def test_a_run_survives_a_reload_of_the_definitions(
    ephemeral: DagsterInstance, run: DagsterRun, path: Path
) -> None:
    """The new code server does not know the run, but the run's own process lives."""
    report_process(ephemeral, run, os.getpid())
    with serving(CodeServer(set()), path):
        assert health(ephemeral, run)[0] is WorkerStatus.RUNNING


def test_a_dead_process_is_no_sign_of_life(
    ephemeral: DagsterInstance, run: DagsterRun, path: Path
) -> None:
    """The run's process has ended; that nobody reaped it yet makes no difference."""
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        stat = Path(f"/proc/{child.pid}/stat")
        if not stat.exists():
            pytest.skip("without /proc zombies cannot be told")
        eventually(lambda: ") Z" in stat.read_text())
        report_process(ephemeral, run, child.pid)
        with serving(CodeServer(set()), path):
            assert health(ephemeral, run)[0] is WorkerStatus.FAILED


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="start times are read in /proc")
def test_a_younger_process_of_the_same_number_is_no_sign_of_life() -> None:
    """A process that began after the run's reported itself is another one."""
    assert pipeline_instance._lives(os.getpid(), since=time.time())  # noqa: SLF001 - no other way
    assert not pipeline_instance._lives(os.getpid(), since=1.0)  # noqa: SLF001 - to be that old


def test_a_slow_code_server_fails_no_run(
    ephemeral: DagsterInstance, run: DagsterRun, path: Path
) -> None:
    """While the server's socket accepts connections, a missing answer is not a death."""
    slow = CodeServer({run.run_id})
    slow.answering.clear()
    with serving(slow, path):
        status, why = health(ephemeral, run)
        assert status is WorkerStatus.RUNNING
        assert "slow" in why


def test_a_run_without_a_code_server_is_not_ours_to_judge(ephemeral: DagsterInstance) -> None:
    """Runs executed by the command line report for themselves."""
    run = ephemeral.add_run(DagsterRun(job_name="any", status=DagsterRunStatus.STARTED))
    assert health(ephemeral, run)[0] is WorkerStatus.RUNNING


def test_trouble_of_dagsters_own_database_says_nothing_about_a_run(
    ephemeral: DagsterInstance,
    run: DagsterRun,
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """When the run's events cannot be read the error passes through, and the run is not failed."""

    def unreadable(*_arguments: object, **_filters: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(ephemeral, "all_logs", unreadable)
    with serving(CodeServer(set()), path), pytest.raises(ConnectionError):
        health(ephemeral, run)
