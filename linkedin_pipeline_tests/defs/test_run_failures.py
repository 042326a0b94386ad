"""The sensor that keeps failed runs and closes silent logs, over runs that really failed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import psycopg
import pytest
from dagster._core.events import JobFailureData, RunFailureReason
from dagster._core.test_utils import create_run_for_test

from linkedin_pipeline.defs import run_failures as module
from linkedin_pipeline.defs.lanes import LANE_TAG
from linkedin_pipeline.defs.run_failures import OVERLAP, run_failures
from linkedin_pipeline.domain.errors import DatabaseDown, PipelineError, ProviderDown
from linkedin_pipeline.settings import Settings
from linkedin_pipeline.wiring import Providers
from linkedin_pipeline.workers.engine import DrainFailed
from linkedin_pipeline_tests.sql.bank import rows, value

Connection = psycopg.Connection[Any]

SECRET = "Zanzibar quokka"
STARTED = dg.DagsterRunStatus.STARTED
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def run_that_raises(
    instance: dg.DagsterInstance, error: Callable[[], None], **tags: str
) -> dg.ExecuteInProcessResult:
    """Run a job of one step that calls ``error``."""

    @dg.op
    def first_step() -> None:
        error()

    @dg.job(executor_def=dg.in_process_executor)
    def doomed() -> None:
        first_step()

    return doomed.execute_in_process(
        instance=instance, raise_on_error=False, tags=tags, run_config=QUIET
    )


def tick(
    instance: dg.DagsterInstance, providers: Providers, cursor: str | None = None
) -> tuple[str, str | None]:
    """Evaluate the sensor once; return what it said and its cursor."""
    context = dg.build_sensor_context(
        instance=instance, cursor=cursor, resources={"providers": providers}
    )
    result = run_failures(context)
    assert isinstance(result, dg.SkipReason)
    return result.skip_message or "", context.cursor


def incidents(connection: Connection) -> list[Any]:
    """Return what is kept of each run."""
    return rows(
        connection,
        "select function_name, error_code, error_message, metadata from ai_errors "
        "order by created_at",
    )


def raise_foreign() -> None:
    """Raise what nobody expected, with post text in it, as a cause of something else."""
    try:
        raise KeyError(SECRET)
    except KeyError as error:
        raise ValueError(SECRET) from error


def test_a_quiet_instance_records_nothing(
    instance: dg.DagsterInstance, providers: Providers, connection: Connection
) -> None:
    """Runs that succeeded are nobody's concern."""
    run_that_raises(instance, lambda: None)
    assert tick(instance, providers)[0] == "no run failed and no drain went silent"
    assert incidents(connection) == []


def test_a_failed_run_is_kept_without_post_text(
    instance: dg.DagsterInstance, providers: Providers, connection: Connection
) -> None:
    """Its row names the job, the kind of the root cause, the run, the step and the lane."""
    result = run_that_raises(instance, raise_foreign, **{LANE_TAG: "fresh"})
    assert not result.success
    assert tick(instance, providers)[0] == "recorded 1 failed runs, closed 0 silent logs"
    assert incidents(connection) == [
        (
            "doomed",
            "run_failed",
            "KeyError",
            {"dagster_run_id": result.run_id, "lane": "fresh", "step": "first_step"},
        )
    ]
    everything = value(connection, "select string_agg(e::text, ' ') from ai_errors e")
    assert "quokka" not in everything
    assert str(value(connection, "select user_error_ref from ai_errors")).startswith("ERR-")


class HomeMade(PipelineError):
    """An error of ours that another module defines."""


def foreign_lookalike() -> Exception:
    """Return an error whose bare name is that of one of ours."""
    kind: type[Exception] = type("DatabaseDown", (Exception,), {})
    return kind(SECRET)


SAID: dict[str, tuple[Exception, str]] = {
    "ours": (
        DatabaseDown("the database", "no\nanswer", "Check it."),
        "DatabaseDown: the database: no answer. Check it.",
    ),
    "ours, of another module": (HomeMade("a", "b", "C."), "HomeMade: a: b. C."),
    "a drain's": (DrainFailed("hooks: KeyError at x:1"), "DrainFailed: hooks: KeyError at x:1"),
    "a namesake": (foreign_lookalike(), "DatabaseDown"),
    "somebody's": (RuntimeError(f"DatabaseDown: {SECRET}"), "RuntimeError"),
}


@pytest.mark.parametrize(("error", "words"), SAID.values(), ids=SAID.keys())
def test_only_our_own_errors_are_quoted(
    instance: dg.DagsterInstance,
    providers: Providers,
    connection: Connection,
    error: Exception,
    words: str,
) -> None:
    """Ours are made of our own words and say what to do; of others the name is kept."""

    def fail() -> None:
        raise error

    run_that_raises(instance, fail)
    tick(instance, providers)
    assert [row[2] for row in incidents(connection)] == [words]


def test_our_error_is_quoted_though_a_foreign_one_caused_it(
    instance: dg.DagsterInstance, providers: Providers, connection: Connection
) -> None:
    """What we made of the cause says more than the cause's name."""

    def fail() -> None:
        try:
            raise_foreign()
        except ValueError as error:
            raise ProviderDown("the provider", "no answer", "Wait.") from error

    run_that_raises(instance, fail)
    tick(instance, providers)
    [row] = incidents(connection)
    assert row[2] == "ProviderDown: the provider: no answer. Wait."


def test_a_long_reason_is_cut(
    instance: dg.DagsterInstance, providers: Providers, connection: Connection
) -> None:
    """A row stays readable."""

    def fail() -> None:
        raise DatabaseDown("the database", "x" * 2000, "Check it.")

    run_that_raises(instance, fail)
    tick(instance, providers)
    assert value(connection, "select char_length(error_message) from ai_errors") == 500


def test_runs_that_ended_without_an_error_are_kept(
    instance: dg.DagsterInstance, providers: Providers, connection: Connection
) -> None:
    """A process that died, a run that never started and a canceled one say so, whatever the job."""
    killed, late, canceled = (
        create_run_for_test(instance, job_name=job, status=STARTED)
        for job in ("enrichment", "styles", "health_checks")
    )
    instance.report_run_failed(killed, SECRET)
    instance.report_run_failed(
        late, SECRET, JobFailureData(None, failure_reason=RunFailureReason.START_TIMEOUT)
    )
    instance.report_run_canceled(canceled, SECRET)
    tick(instance, providers)
    assert [row[:3] for row in incidents(connection)] == [
        (
            "enrichment",
            "run_failed",
            "The run ended without an error: its process died, or was not to be had.",
        ),
        ("styles", "run_failed", "The run did not start in time."),
        ("health_checks", "run_canceled", "A person or a time limit canceled the run."),
    ]


def test_a_run_that_failed_before_its_first_step_is_kept(
    instance: dg.DagsterInstance, providers: Providers, connection: Connection
) -> None:
    """The reason is the run's own, by name."""

    @dg.resource
    def broken(_context: dg.InitResourceContext) -> None:
        raise LookupError(SECRET)

    @dg.op(required_resource_keys={"broken"})
    def first_step() -> None: ...

    @dg.job(resource_defs={"broken": broken}, executor_def=dg.in_process_executor)
    def unlucky() -> None:
        first_step()

    result = unlucky.execute_in_process(instance=instance, raise_on_error=False, run_config=QUIET)
    tick(instance, providers)
    assert incidents(connection) == [
        ("unlucky", "run_failed", "LookupError", {"dagster_run_id": result.run_id})
    ]


@pytest.mark.parametrize("lost", [None, "", "gibberish"])
def test_a_run_is_kept_once_also_when_the_cursor_is_lost(
    instance: dg.DagsterInstance, providers: Providers, connection: Connection, lost: str | None
) -> None:
    """Ticks repeat; a row that a person has dealt with stays as they left it."""
    run_that_raises(instance, raise_foreign)
    _, cursor = tick(instance, providers)
    connection.execute("update ai_errors set is_resolved = true")
    for again in (cursor, lost):
        assert tick(instance, providers, again)[0] == "no run failed and no drain went silent"
    assert rows(connection, "select is_resolved from ai_errors") == [(True,)]
    run_that_raises(instance, raise_foreign)
    assert tick(instance, providers, lost)[0].startswith("recorded 1 ")


def test_the_cursor_follows_the_runs(instance: dg.DagsterInstance, providers: Providers) -> None:
    """It stays a little behind the newest run, and still when nothing failed."""
    assert tick(instance, providers)[1] is None
    run_that_raises(instance, raise_foreign)
    [record] = instance.get_run_records()
    _, cursor = tick(instance, providers)
    assert cursor == (record.update_timestamp - OVERLAP).isoformat()
    assert tick(instance, providers, cursor)[1] == cursor


def test_runs_before_the_cursor_are_not_read_again(
    instance: dg.DagsterInstance, providers: Providers, connection: Connection
) -> None:
    """However the cursor's time is written."""
    run_that_raises(instance, raise_foreign)
    later = datetime.now(UTC) + timedelta(seconds=1)
    elsewhere = later.astimezone(datetime.strptime("-0900", "%z").tzinfo)
    for cursor in (later, elsewhere):
        tick(instance, providers, cursor.isoformat())
    assert incidents(connection) == []


def test_many_failures_are_worked_off_page_by_page(
    instance: dg.DagsterInstance,
    providers: Providers,
    connection: Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A page that is full does not come again, so that a storm of failures ends up complete."""
    monkeypatch.setattr(module, "PAGE", 2)
    for _ in range(5):
        run = create_run_for_test(instance, job_name="enrichment", status=STARTED)
        instance.report_run_failed(run)
    cursor = None
    for _ in range(3):
        _, cursor = tick(instance, providers, cursor)
    assert len(incidents(connection)) == 5


def test_silent_logs_are_closed(
    instance: dg.DagsterInstance, providers: Providers, connection: Connection
) -> None:
    """A log left open by a dead drain ends as failed; one that beats stays open."""
    connection.execute(
        "insert into task_execution_logs_v2 (worker_name, heartbeat_at) values "
        "('dead', now() - interval '3 minutes'), ('alive', now())"
    )
    assert tick(instance, providers)[0] == "recorded 0 failed runs, closed 1 silent logs"
    assert rows(
        connection,
        "select worker_name, status, error_message from task_execution_logs_v2 order by 1",
    ) == [("alive", "running", None), ("dead", "failed", "its heart-beat stopped")]


def test_an_absent_database_fails_the_tick(
    instance: dg.DagsterInstance, providers: Providers, tmp_path: Any
) -> None:
    """The error is visible, no server is started, and no run is passed over."""
    run_that_raises(instance, raise_foreign)
    away = replace(providers, settings=Settings(home=tmp_path / "home"))
    context = dg.build_sensor_context(instance=instance, resources={"providers": away})
    with pytest.raises(DatabaseDown, match="does not run"):
        run_failures(context)
    assert context.cursor is None


def test_the_sensor_runs_by_default_and_starts_nothing(providers: Providers) -> None:
    """It ticks at least every thirty seconds, under its name, and has no job."""
    defs = dg.Definitions(sensors=[run_failures], resources={"providers": providers})
    dg.Definitions.validate_loadable(defs)
    sensor = defs.resolve_sensor_def("run_failures")
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
    assert (sensor.minimum_interval_seconds or 99) <= 30
    assert not sensor.has_jobs
