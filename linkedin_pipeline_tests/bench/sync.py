"""A month of weekly readings of many profiles in which nothing changes.

    scripts/bench sync [--profiles 10000] [--weeks 4] [--posts 3]

The sensor and the schedule are evaluated as Dagster would, runs are made in this process and
recorded in files; Edges is simulated in a process of its own.  Prints the runs
and seconds of each week, what was written, the calls of paid models, and this process's memory.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from typing import Any

import dagster as dg
import httpx
import psutil
import psycopg

from linkedin_pipeline.definitions import build_defs
from linkedin_pipeline.defs.in_process import QUIET
from linkedin_pipeline.defs.sync import needs_sync, weekly_profile_sync
from linkedin_pipeline.settings import Endpoint, Settings
from linkedin_pipeline.wiring import Providers, build_providers
from linkedin_pipeline_tests.bench.servers import fresh_server

WEEK_LATER = """
update profiles set last_sync_at = last_sync_at - interval '7 days';
update profile_sync_status set last_scraped_at = last_scraped_at - interval '7 days'
"""


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--profiles", type=int, default=10_000)
    parser.add_argument("--weeks", type=int, default=4)
    parser.add_argument("--posts", type=int, default=3)
    options = parser.parse_args()
    command = [sys.executable, "-m", "linkedin_pipeline.cli", "sandbox", "--port", "0"]
    sandbox = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ})
    assert sandbox.stdout is not None
    lines = [sandbox.stdout.readline().strip() for _ in range(6)]
    named = dict(line.removeprefix("export ").split("=", 1) for line in lines)
    try:
        with fresh_server() as url:
            measure(url, named["EDGES_BASE_URL"], options)
    finally:
        sandbox.send_signal(signal.SIGINT)
        sandbox.wait(60)


def measure(url: str, edges: str, options: argparse.Namespace) -> None:
    """Read all profiles once, then once a week."""
    httpx.post(
        f"{edges.removesuffix('/v1')}/_simulator/usual", json={"posts": options.posts}
    ).raise_for_status()
    settings = Settings(database_url=url, edges=Endpoint("sk-simulated", edges))
    providers = build_providers(settings)
    with (
        psycopg.connect(url, autocommit=True) as connection,
        tempfile.TemporaryDirectory() as directory,
        dg.DagsterInstance.local_temp(directory) as instance,
    ):
        connection.execute(
            "insert into profiles (full_name, linkedin_id) "
            "select 'P ' || n, 'p' || n from generate_series(1, %s) n",
            [options.profiles],
        )
        for week in range(options.weeks + 1):
            if week:
                connection.execute(WEEK_LATER)
                weekly_profile_sync(
                    dg.build_schedule_context(
                        resources={"providers": providers},
                        scheduled_execution_time=datetime.now(UTC),
                    )
                )
            before = _ask(connection, "select clock_timestamp()")
            started, runs = time.monotonic(), _runs(instance, providers)
            written = _ask(
                connection, "select count(*) from viral_posts_bank where updated_at > %s", before
            )
            memory = psutil.Process().memory_info().rss / 2**20
            print(
                f"week {week}: {runs} runs, {time.monotonic() - started:.0f} s, "
                f"{written} posts written, {memory:.0f} MB",
                flush=True,
            )
        print(f"paid calls: {_ask(connection, 'select count(*) from ai_usage_logs')}")
        print(f"calls of Edges: {_ask(connection, 'select count(*) from provider_calls')}")


def _runs(instance: dg.DagsterInstance, providers: Providers) -> int:
    """Do what the sensor asks for until it asks for nothing; return how often it asked."""
    job = build_defs(providers).resolve_job_def("profile_sync")
    runs = 0
    while True:
        context = dg.build_sensor_context(instance=instance, resources={"providers": providers})
        asked = needs_sync(context)
        if not isinstance(asked, dg.SensorResult):
            return runs
        (request,) = asked.run_requests or []
        job.execute_in_process(instance=instance, run_config=QUIET, tags=dict(request.tags))
        runs += 1


def _ask(connection: psycopg.Connection[Any], question: str, *values: Any) -> Any:
    [(answer,)] = connection.execute(question.encode(), values).fetchall()
    return answer


if __name__ == "__main__":
    main()
