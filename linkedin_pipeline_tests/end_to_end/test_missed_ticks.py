"""Schedules whose time passed while nothing ran, or while the database was away.

Dagster's own scheduler evaluates the schedules in a code server, on a clock of the test's.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg
import pytest
from dagster._core.scheduler.instigation import InstigatorTick, TickStatus
from dagster._core.scheduler.scheduler import DagsterDaemonScheduler
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import ModuleTarget
from dagster._daemon.daemon import SchedulerDaemon
from dagster._scheduler.scheduler import launch_scheduled_runs

from linkedin_pipeline.defs.in_process import instance as configured
from linkedin_pipeline.settings import PROJECT_ROOT
from linkedin_pipeline_tests.postgres import PostgresServer
from linkedin_pipeline_tests.sql.people import add_profile

Connection = psycopg.Connection[Any]

MADE = "made 1 styles due; needs_style has them written"


class Scheduler:
    """The daemon's part of a scheduler: one look at a time that the test chooses."""

    def __init__(self, instance: dg.DagsterInstance, workspace: WorkspaceProcessContext) -> None:
        self.instance = instance
        self.workspace = workspace

    def look(self, at: datetime) -> None:
        """Evaluate what is due at that time, as configured in dagster.yaml."""
        scheduler = self.instance.scheduler
        assert isinstance(scheduler, DagsterDaemonScheduler)
        for _ in launch_scheduled_runs(
            self.workspace,
            logging.getLogger(SchedulerDaemon.daemon_type()),
            end_datetime_utc=at,
            iteration_times={},
            max_catchup_runs=scheduler.max_catchup_runs,
            max_tick_retries=scheduler.max_tick_retries,
        ):
            pass

    def ticks(self) -> list[InstigatorTick]:
        """Return the ticks of the monthly schedule, newest first."""
        context = self.workspace.create_request_context()
        [location] = context.code_locations
        [repository] = location.get_repositories().values()
        schedule = repository.get_schedule("monthly_style_refresh")
        return list(self.instance.get_ticks(schedule.get_remote_origin_id(), schedule.selector_id))


@pytest.fixture
def scheduler(
    postgres_server: PostgresServer,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Scheduler]:
    """Give the scheduler of the instance of dagster.yaml, over the project's definitions."""
    target = ModuleTarget("linkedin_pipeline.definitions", None, str(PROJECT_ROOT), None)
    with postgres_server.database() as url:
        monkeypatch.setenv("DAGSTER_DATABASE_URL", url)
        monkeypatch.setenv("DATABASE_URL", database_url)
        monkeypatch.setenv("LINKEDIN_PIPELINE_HOME", str(tmp_path))
        with (
            configured() as instance,
            WorkspaceProcessContext(instance, target) as workspace,
        ):
            yield Scheduler(instance, workspace)


def test_a_month_is_missed_once_and_a_failure_is_made_good(
    scheduler: Scheduler, connection: Connection
) -> None:
    """After months of silence one refresh; one that failed is tried until it succeeds.

    Neither is done twice.
    """
    profile = add_profile(connection, type="internal")
    connection.execute(
        "insert into viral_posts_bank (author_id, content) "
        "select %s, 'Post ' || n from generate_series(1, 21) n",
        (profile,),
    )
    scheduler.look(datetime(2027, 1, 15, tzinfo=UTC))
    assert scheduler.ticks() == []

    late = datetime(2027, 4, 2, 12, tzinfo=UTC)
    scheduler.look(late)
    scheduler.look(late + timedelta(minutes=1))
    [tick] = scheduler.ticks()
    assert datetime.fromtimestamp(tick.timestamp, UTC) == datetime(2027, 4, 1, 3, tzinfo=UTC)
    assert (tick.status, tick.tick_data.skip_reason) == (TickStatus.SKIPPED, MADE)
    assert connection.execute("select count(*) from profile_work").fetchone() == (1,)

    connection.execute("alter function make_styles_due rename to away")
    due = datetime(2027, 5, 1, 3, tzinfo=UTC)
    for minute in (0, 1, 2):
        scheduler.look(due + timedelta(minutes=minute))
        assert scheduler.ticks()[0].status is TickStatus.FAILURE
    connection.execute("alter function away rename to make_styles_due")
    scheduler.look(due + timedelta(minutes=3))
    scheduler.look(due + timedelta(minutes=4))
    newest, before = scheduler.ticks()
    assert (newest.timestamp, newest.status) == (due.timestamp(), TickStatus.SKIPPED)
    assert newest.tick_data.skip_reason == MADE
    assert before.timestamp == tick.timestamp
