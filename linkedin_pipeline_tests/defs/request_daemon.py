"""Dagster's sensor daemon in a process of its own, over one sensor, to be killed at a named step.

Arguments: the directory of the instance, the database's URL, a step of Dagster's daemon or "none".
Ends by itself once every request knows its run, unless it is killed before.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from pathlib import Path

import dagster as dg
import psycopg
from dagster._core.remote_origin import InProcessCodeLocationOrigin
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import InProcessWorkspaceLoadTarget
from dagster._daemon.sensor import execute_sensor_iteration

from linkedin_pipeline.defs.sql_requests import ByRun, sql_requests
from linkedin_pipeline.settings import Settings
from linkedin_pipeline.wiring import build_providers

QUEUE_ONLY = {
    "run_coordinator": {
        "module": "dagster.core.run_coordinator",
        "class": "QueuedRunCoordinator",
    }
}
"""Runs are made and wait: nobody takes them from the queue."""
WAITING = "select count(*) from pipeline_requests where dagster_run_id is null"


@dg.op
def publish_one() -> None:
    """Do nothing."""


@dg.job
def publish() -> None:
    """Run the op."""
    publish_one()


def definitions(database_url: str) -> dg.Definitions:
    """Return the sensor over a job."""
    return dg.Definitions(
        jobs=[publish],
        sensors=[sql_requests({"publish_scheduled": ByRun(publish)})],
        resources={"providers": build_providers(Settings(database_url=database_url))},
    )


def instance(directory: Path) -> dg.DagsterInstance:
    """Open the instance whose runs and ticks lie in the directory."""
    return dg.DagsterInstance.local_temp(str(directory), overrides=QUEUE_ONLY)


def main(directory: Path, database_url: str, step: str) -> None:
    """Iterate as the daemon does."""
    crash = {} if step == "none" else {"sql_requests": {step: signal.SIGKILL}}
    target = LoadableTargetOrigin(
        executable_path=sys.executable, python_file=__file__, attribute="defs"
    )
    with (
        instance(directory) as opened,
        psycopg.connect(database_url, autocommit=True) as connection,
        WorkspaceProcessContext(
            opened, InProcessWorkspaceLoadTarget(InProcessCodeLocationOrigin(target))
        ) as workspace,
    ):
        while connection.execute(WAITING).fetchone() != (0,):
            for error in execute_sensor_iteration(
                workspace, logging.getLogger("daemon"), None, None, debug_crash_flags=crash
            ):
                assert error is None, error
            time.sleep(0.2)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
elif url := os.environ.get("DATABASE_URL"):
    defs = definitions(url)
