"""Dagster's storage: where it is, and how it outlives a database server that dies."""

from __future__ import annotations

import shutil
import socketserver
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import sqlalchemy
from dagster import DagsterEventType, DagsterInstance, DagsterRun
from dagster._core.instance.ref import InstanceRef
from dagster._serdes import deserialize_value, serialize_value
from sqlalchemy.exc import OperationalError

from linkedin_pipeline.database import server
from linkedin_pipeline.instance import PipelineRunLauncher, PipelineStorage, storage_url
from linkedin_pipeline.settings import PROJECT_ROOT, Settings
from linkedin_pipeline_tests.database.homes import homes, kill, start
from linkedin_pipeline_tests.waiting import eventually

UNUSED = "postgresql://nobody@127.0.0.1:1/unused"


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """Give the home of the server that all tests here share."""
    with homes() as directory:
        yield directory / "home"


@pytest.fixture
def environment(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the environment name the home, with its server running, and no Dagster database."""
    start(home)
    monkeypatch.setenv("LINKEDIN_PIPELINE_HOME", str(home))
    monkeypatch.setenv("DATABASE_URL", UNUSED)  # so that no application schema is migrated


@pytest.fixture
def dagster(environment: None, tmp_path: Path) -> Iterator[DagsterInstance]:
    """Give the instance that the project's dagster.yaml describes."""
    shutil.copy(PROJECT_ROOT / "dagster.yaml", tmp_path)
    with DagsterInstance.from_config(str(tmp_path)) as made:
        yield made


class Rude(socketserver.TCPServer):
    """Closes every connection without a word."""

    allow_reuse_address = True


def engine_of(dagster: DagsterInstance) -> sqlalchemy.Engine:
    """Return the engine of the run storage."""
    engine = vars(dagster.run_storage)["_engine"]
    assert isinstance(engine, sqlalchemy.Engine)
    return engine


def test_dagster_yaml_names_our_classes_and_works_without_configuration(
    dagster: DagsterInstance,
) -> None:
    """The project's dagster.yaml gives our storage and launcher, and a short start time-out."""
    assert isinstance(dagster.run_launcher, PipelineRunLauncher)
    assert engine_of(dagster).url.database == "dagster"
    assert dagster.run_monitoring_enabled
    assert dagster.run_monitoring_start_timeout_seconds == 60
    assert not dagster.run_retries_enabled
    dagster.add_run(DagsterRun(job_name="any"))
    assert dagster.get_runs_count() >= 1


def test_a_process_that_dagster_starts_rebuilds_the_same_storage(
    dagster: DagsterInstance,
) -> None:
    """The serialized instance, which runs and code servers get, leads to the same tables."""
    run = dagster.add_run(DagsterRun(job_name="handed_down"))
    reference = deserialize_value(serialize_value(dagster.get_ref()), InstanceRef)
    with DagsterInstance.from_ref(reference) as rebuilt:
        assert isinstance(rebuilt.run_launcher, PipelineRunLauncher)
        found = rebuilt.get_run_by_id(run.run_id)
        assert found
        assert found.job_name == "handed_down"
        rebuilt.report_engine_event("written by a child", run)
    assert dagster.all_logs(run.run_id, of_type=DagsterEventType.ENGINE_EVENT)


def test_a_database_of_the_environment_keeps_its_options() -> None:
    """A named URL gets Dagster's driver, keeps its options, and is not healed by us."""
    named = "postgresql://dagster:secret@db.example:5433/dagster?sslmode=require"
    expected = named.replace("postgresql:", "postgresql+psycopg2:")
    assert storage_url(Settings(dagster_database_url=named), start=True) == expected
    assert storage_url(Settings(dagster_database_url=named), start=False) == expected


def test_every_storage_survives_a_killed_server(dagster: DagsterInstance, home: Path) -> None:
    """After SIGKILL of the postmaster the next call of each storage starts it and succeeds."""
    run = dagster.add_run(DagsterRun(job_name="before"))
    kill(home)
    assert dagster.run_storage.has_run(run.run_id)
    kill(home)
    dagster.report_engine_event("after", run)
    kill(home)
    assert dagster.schedule_storage
    assert list(dagster.schedule_storage.all_instigator_state()) == []


def test_the_web_servers_pool_survives_a_killed_server(
    dagster: DagsterInstance, home: Path
) -> None:
    """Connections that the web server keeps open are tested before use and replaced."""
    dagster.optimize_for_webserver(statement_timeout=5000, pool_recycle=3600, max_overflow=5)
    run = dagster.add_run(DagsterRun(job_name="before"))
    for _ in range(2):
        kill(home)
        with engine_of(dagster).connect() as connection:
            assert connection.scalar(sqlalchemy.text("select count(*) from runs"))
        dagster.report_engine_event("after", run)


def test_live_events_survive_a_killed_server(dagster: DagsterInstance, home: Path) -> None:
    """Who watches a run in the web page still gets its events after the server was killed."""
    run = dagster.add_run(DagsterRun(job_name="watched"))
    seen: list[str] = []

    def note(entry: Any, _cursor: str) -> None:
        seen.append(entry.get_dagster_event().message)

    dagster.watch_event_logs(run.run_id, None, note)
    dagster.report_engine_event("one", run)
    eventually(lambda: seen == ["one"])
    kill(home)
    dagster.report_engine_event("two", run)
    eventually(lambda: seen == ["one", "two"])
    dagster.end_watch_event_logs(run.run_id, note)


def test_a_moved_port_is_followed(dagster: DagsterInstance, home: Path) -> None:
    """When the recovered server had to move, connections go to its new port."""
    old = engine_of(dagster).url.port
    assert old
    kill(home)
    with Rude(("127.0.0.1", old), socketserver.BaseRequestHandler) as other_program:
        Thread(target=other_program.serve_forever, daemon=True).start()
        for _ in range(2):
            with engine_of(dagster).connect() as connection:
                assert connection.scalar(sqlalchemy.text("select 1")) == 1
        other_program.shutdown()
    moved = server.attach(home)
    assert moved
    assert moved.port != old


def test_a_stopped_server_is_left_alone(
    dagster: DagsterInstance, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a connection nor a process that Dagster starts brings back a stopped server."""
    server.stop(home)
    with pytest.raises(OperationalError):
        engine_of(dagster).connect()
    monkeypatch.setattr(sys, "argv", ["dagster", "api", "grpc", "--instance-ref", "{}"])
    with pytest.raises(Exception, match="does not run"):
        DagsterInstance.from_ref(dagster.get_ref())
    assert server.attach(home) is None


def test_a_process_that_a_person_starts_starts_the_server(environment: None, home: Path) -> None:
    """Making the storage in a process of one's own starts a server that was stopped."""
    server.stop(home)
    storage = PipelineStorage.from_config_value(None, {})
    assert server.attach(home)
    assert storage.run_storage.get_runs_count() >= 0
