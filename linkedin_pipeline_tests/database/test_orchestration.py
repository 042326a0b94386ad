"""Dagster's own database, read without Dagster."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import psycopg
import pytest
from dagster import DagsterRun, DagsterRunStatus
from dagster._core.remote_origin import (
    ManagedGrpcPythonEnvCodeLocationOrigin,
    RemoteInstigatorOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    InstigatorType,
    SensorInstigatorData,
    TickData,
    TickStatus,
)
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._daemon.types import DaemonHeartbeat
from dagster_postgres import DagsterPostgresStorage
from dagster_shared.error import SerializableErrorInfo

from linkedin_pipeline.database.orchestration import daemon, orchestration
from linkedin_pipeline.settings import Settings
from linkedin_pipeline_tests.postgres import PostgresServer, transaction

HEARTBEATS = "create table daemon_heartbeats (daemon_type text, body text)"


def beat(url: str, seconds_ago: float) -> None:
    """Leave a heart-beat as Dagster writes it."""
    body = f'{{"__class__": "DaemonHeartbeat", "timestamp": {time.time() - seconds_ago}}}'
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("insert into daemon_heartbeats values ('SENSOR', %s)", (body,))


def test_the_daemon_runs_while_its_heart_beats(empty_database_url: str) -> None:
    """No table or no row: never started; a young beat: running; an old one: stopped."""
    settings = Settings(dagster_database_url=empty_database_url)
    assert (daemon(settings).state, daemon(settings).age) == (
        "stopped",
        None,
    )
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        connection.execute(HEARTBEATS)
    assert (daemon(settings).state, daemon(settings).age) == (
        "stopped",
        None,
    )
    beat(empty_database_url, 600)
    assert daemon(settings).state == "stopped"
    assert daemon(settings).age == pytest.approx(600, abs=60)
    beat(empty_database_url, 5)
    assert daemon(settings).state == "running"


def test_dagsters_own_heart_beat_is_read(empty_database_url: str) -> None:
    """Table and form are those of the installed Dagster."""
    url = empty_database_url.replace("postgresql://", "postgresql+psycopg2://")
    storage = DagsterPostgresStorage(url)
    storage.run_storage.add_daemon_heartbeat(DaemonHeartbeat(time.time(), "SENSOR", "id", []))
    assert daemon(Settings(dagster_database_url=empty_database_url)).state == "running"


def test_an_unreachable_dagster_is_unknown(postgres_server: PostgresServer, tmp_path: Path) -> None:
    """No server, a wrong password, no embedded server: never an error, and no password shown."""
    refused = f"postgresql://me:secret@127.0.0.1:{postgres_server.embedded.port}/postgres"
    closed = "postgresql://me:secret@127.0.0.1:9/dagster"
    for url in (refused, closed):
        found = daemon(Settings(dagster_database_url=url))
        assert found.state == "unknown"
        assert "secret" not in (found.reason or "")
    assert daemon(Settings(home=tmp_path)).state == "unknown"


def test_a_heart_beat_of_another_form_is_unknown(empty_database_url: str) -> None:
    """A later Dagster may write its rows in another way."""
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        connection.execute(HEARTBEATS)
        connection.execute("insert into daemon_heartbeats values ('SENSOR', 'not json')")
    assert daemon(Settings(dagster_database_url=empty_database_url)).state == "unknown"


@pytest.fixture
def storage(empty_database_url: str) -> DagsterPostgresStorage:
    """Give the installed Dagster's own storage, empty."""
    url = empty_database_url.replace("postgresql://", "postgresql+psycopg2://")
    return DagsterPostgresStorage(url)


def record(storage: DagsterPostgresStorage, name: str, *ticks: TickData, on: bool = True) -> None:
    """Write down a sensor and its ticks, as the daemon does."""
    where = ManagedGrpcPythonEnvCodeLocationOrigin(LoadableTargetOrigin(module_name="a"), "a")
    origin = RemoteInstigatorOrigin(RemoteRepositoryOrigin(where, "__repository__"), name)
    status = InstigatorStatus.DECLARED_IN_CODE if on else InstigatorStatus.STOPPED
    state = InstigatorState(origin, InstigatorType.SENSOR, status, SensorInstigatorData())
    storage.schedule_storage.add_instigator_state(state)
    for tick in ticks:
        storage.schedule_storage.create_tick(
            tick._replace(
                instigator_origin_id=state.instigator_origin_id,
                instigator_name=name,
                selector_id=state.selector_id,
            )
        )


def tick(seconds_ago: float, status: TickStatus, **more: Any) -> TickData:
    """Return a tick of that age."""
    return TickData("", "", InstigatorType.SENSOR, status, time.time() - seconds_ago, **more)


def test_the_last_tick_of_each_sensor(
    storage: DagsterPostgresStorage, empty_database_url: str
) -> None:
    """Its age, what came of it, and whether it is on; a failure with its cause."""
    error = SerializableErrorInfo("It broke.", [], None)
    record(
        storage,
        "asks",
        tick(900, TickStatus.SKIPPED),
        tick(60, TickStatus.SUCCESS, run_ids=["a", "b"]),
    )
    record(storage, "breaks", tick(30, TickStatus.FAILURE, error=error))
    record(storage, "skips", tick(5, TickStatus.SKIPPED, skip_reason="Nothing is due."))
    record(storage, "stopped", on=False)
    found = orchestration(Settings(dagster_database_url=empty_database_url))
    assert found.ticks is not None
    seen = {one.name: (one.kind, one.on, one.status, one.runs, one.reason) for one in found.ticks}
    assert seen == {
        "asks": ("sensor", True, "success", 2, None),
        "breaks": ("sensor", True, "failure", 0, "It broke."),
        "skips": ("sensor", True, "skipped", 0, "Nothing is due."),
        "stopped": ("sensor", False, None, 0, None),
    }
    ages = {one.name: one.age for one in found.ticks}
    assert ages["asks"] == pytest.approx(60, abs=50)
    assert ages["stopped"] is None


def test_the_last_run_of_each_job(storage: DagsterPostgresStorage, empty_database_url: str) -> None:
    """The newest first, with how many of the day failed; older runs are not of the day."""
    runs = storage.run_storage
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        for job, run_id, status, ago in (
            ("enrich", "1", DagsterRunStatus.FAILURE, 90_000),
            ("enrich", "2", DagsterRunStatus.FAILURE, 500),
            ("publish", "3", DagsterRunStatus.SUCCESS, 400),
            ("enrich", "4", DagsterRunStatus.SUCCESS, 300),
        ):
            runs.add_run(DagsterRun(job_name=job, run_id=run_id, status=status))
            connection.execute(
                "update runs set start_time = %s, end_time = %s where run_id = %s",
                (time.time() - ago, time.time() - ago + 7, run_id),
            )
        runs.add_run(DagsterRun(job_name="sync", run_id="5", status=DagsterRunStatus.NOT_STARTED))
    found = orchestration(Settings(dagster_database_url=empty_database_url)).runs
    assert found is not None
    assert [(one.job, one.run_id, one.status, one.runs, one.failed) for one in found] == [
        ("sync", "5", "not_started", 1, 0),
        ("enrich", "4", "success", 2, 1),
        ("publish", "3", "success", 1, 0),
    ]
    assert found[1].seconds == pytest.approx(7, abs=1)
    assert found[1].age == pytest.approx(300, abs=60)
    assert found[0].seconds is None
    assert found[0].age == pytest.approx(0, abs=60)


def test_a_database_without_dagsters_tables_has_no_runs(empty_database_url: str) -> None:
    """Dagster has not run yet: that is no trouble."""
    found = orchestration(Settings(dagster_database_url=empty_database_url))
    assert (found.runs, found.ticks) == ([], [])


def test_rows_of_another_form_are_unknown_alone(
    storage: DagsterPostgresStorage, empty_database_url: str
) -> None:
    """What a later Dagster writes in another way takes nothing else with it."""
    record(storage, "asks", tick(5, TickStatus.SKIPPED))
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        connection.execute("update job_ticks set tick_body = 'not json'")
    found = orchestration(Settings(dagster_database_url=empty_database_url))
    assert (found.daemon.state, found.runs, found.ticks) == ("stopped", [], None)


def test_a_dagster_that_is_locked_up_is_given_up(
    storage: DagsterPostgresStorage, empty_database_url: str
) -> None:
    """Nothing of it is waited for long, and what can be read is."""
    storage.run_storage.add_daemon_heartbeat(DaemonHeartbeat(time.time(), "SENSOR", "id", []))
    with transaction(empty_database_url, "lock table runs in access exclusive mode"):
        found = orchestration(Settings(dagster_database_url=empty_database_url))
    assert (found.daemon.state, found.runs, found.ticks) == ("running", None, [])
