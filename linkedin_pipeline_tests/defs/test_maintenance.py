"""Housekeeping as Dagster runs it: jobs, schedules, what is logged, what a failure leaves alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import dagster as dg
import psycopg
import pytest

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.incidents import close_silent_logs
from linkedin_pipeline.database.upkeep import start_log
from linkedin_pipeline.definitions import build_defs, defs
from linkedin_pipeline.defs import maintenance as housekeeping
from linkedin_pipeline.defs.in_process import QUIET
from linkedin_pipeline.domain.upkeep import Upkeep
from linkedin_pipeline.domain.work import Stage
from linkedin_pipeline.wiring import Providers
from linkedin_pipeline_tests.sql.bank import OVER, add_post, claim, reject
from linkedin_pipeline_tests.sql.people import add_profile

Connection = psycopg.Connection[Any]

LOGS = """
    select worker_name, status, results, error_message, dagster_run_id
    from task_execution_logs_v2 where worker_name like 'maintenance%' order by worker_name
"""


def run(
    instance: dg.DagsterInstance, providers: Providers, job: str = "maintenance"
) -> dg.ExecuteInProcessResult:
    """Run a job of the maintenance in this process."""
    return (
        build_defs(providers)
        .resolve_job_def(job)
        .execute_in_process(instance=instance, run_config=QUIET, raise_on_error=False)
    )


def metadata(result: dg.ExecuteInProcessResult, op: str) -> dict[str, Any]:
    """Return what an op said of its output."""
    [event] = [
        event for event in result.all_events if event.is_successful_output and event.step_key == op
    ]
    return {key: entry.value for key, entry in event.step_output_data.metadata.items()}


def look(providers: Providers) -> dg.RunRequest | dg.SkipReason:
    """Evaluate the hourly schedule once."""
    context = dg.build_schedule_context(resources={"providers": providers})
    answer = housekeeping.hourly_release(context)
    assert isinstance(answer, dg.RunRequest | dg.SkipReason)
    return answer


def test_every_day_each_task_leaves_a_row_and_counts(
    instance: dg.DagsterInstance, providers: Providers, connection: Connection
) -> None:
    """Old rows go, wrong numbers are mended, troubles are summed up; twice finds nothing to do."""
    add_profile(connection, posts_count=3)
    add_post(connection, "🎉")
    reject(connection, claim(connection), Stage.HOOKS, "It quotes the post.")
    connection.execute(
        "insert into task_execution_logs_v2 (worker_name, status, completed_at) "
        "values ('worker_extract_hooks_v2', 'completed', now() - interval '31 days')"
    )
    connection.execute(
        "insert into provider_calls (created_at) values (now() - interval '100 days')"
    )
    first = run(instance, providers)
    assert first.success
    assert metadata(first, "prune_worker_logs") == {"deleted": 1}
    assert metadata(first, "prune_ledgers")["provider_calls"] == 1
    assert metadata(first, "refresh_profile_stats") == {"refreshed": 1}
    troubles = metadata(first, "sum_up_troubles")
    assert (troubles["open"], troubles["new_today"]) == (1, 1)
    [reason] = troubles["reasons"]
    assert (reason["what"], reason["code"], len(reason["newest"])) == ("hooks", "no_words", 1)
    assert "quotes" not in str(troubles)
    rows = connection.execute(LOGS).fetchall()
    assert [row[0] for row in rows] == sorted(
        set(Upkeep) - {Upkeep.STALE_LEASES, Upkeep.STUCK_SCRAPING}
    )
    assert {(status, error, run_id) for _, status, _, error, run_id in rows} == {
        ("completed", None, first.run_id)
    }
    assert {name: results for name, _, results, _, _ in rows}[Upkeep.OPEN_TROUBLES] == troubles

    again = run(instance, providers)
    assert again.success
    assert metadata(again, "prune_worker_logs") == {"deleted": 0}
    assert metadata(again, "refresh_profile_stats") == {"refreshed": 0}


@pytest.mark.parametrize("broken", ["prune_ledgers", "open_troubles", "cleanup_old_worker_logs_v2"])
def test_a_task_that_fails_hides_no_other(
    instance: dg.DagsterInstance, providers: Providers, connection: Connection, broken: str
) -> None:
    """The run fails, its row says by what, and every other task was done."""
    connection.execute(f"alter function {broken} rename to gone".encode())
    assert not run(instance, providers).success
    rows = connection.execute(LOGS).fetchall()
    assert len(rows) == 6
    assert [(status, error) for _, status, _, error, _ in rows if status != "completed"] == [
        ("failed", "SchemaBehind")
    ]


def test_twice_at_once_does_each_thing_once(providers: Providers, connection: Connection) -> None:
    """Two runs beside each other both succeed."""
    connection.execute(
        "insert into provider_calls (created_at) "
        "select now() - interval '100 days' from generate_series(1, 25000)"
    )
    for number in range(20):
        add_profile(connection, posts_count=number + 1)

    def one(_: int) -> dg.ExecuteInProcessResult:
        with dg.DagsterInstance.ephemeral() as mine:
            return run(mine, providers)

    with ThreadPoolExecutor(2) as threads:
        results = list(threads.map(one, range(2)))
    assert all(result.success for result in results)
    deleted = [metadata(result, "prune_ledgers")["provider_calls"] for result in results]
    assert sum(deleted) == 25_000
    assert connection.execute("select sum(posts_count) from profiles").fetchone() == (0,)


def test_a_task_that_does_not_beat_is_not_taken_for_dead(
    database: Database, connection: Connection
) -> None:
    """Minutes of silence are none; after six hours its log is closed, should it have died."""
    start_log(database, Upkeep.OLD_RUNS, "run-1")
    for age, closed in (("30 minutes", 0), ("7 hours", 1)):
        connection.execute(
            "update task_execution_logs_v2 set started_at = now() - %s::interval", (age,)
        )
        assert close_silent_logs(database) == closed


def test_keys_of_profiles_that_are_gone_are_forgotten(
    instance: dg.DagsterInstance, providers: Providers, connection: Connection
) -> None:
    """Those of living profiles stay."""
    add_profile(connection)
    [(living,)] = connection.execute("select partition_key from profiles").fetchall()
    instance.add_dynamic_partitions("profiles", [living, "profile-000000000000"])
    result = run(instance, providers)
    assert metadata(result, "forget_partition_keys") == {"forgotten": 1}
    assert instance.get_dynamic_partitions("profiles") == [living]


def test_what_is_stuck_is_released_every_hour(
    instance: dg.DagsterInstance, providers: Providers, connection: Connection
) -> None:
    """A run is asked for only when there may be something, and gives it back."""
    quiet = look(providers)
    assert isinstance(quiet, dg.SkipReason)
    assert "nothing is held" in (quiet.skip_message or "")
    add_post(connection)
    claim(connection, lease=OVER)
    profile = add_profile(connection, sync_status="scraping")
    connection.execute(
        "insert into profile_sync_status (profile_id, scraping_started_at) "
        "values (%s, now() - interval '2 hours')",
        (profile,),
    )
    assert isinstance(look(providers), dg.RunRequest)
    result = run(instance, providers, "release_stuck")
    assert metadata(result, "release_stale_leases") == {"released": 1}
    assert metadata(result, "put_back_stuck_scraping") == {"put_back": 1}
    assert isinstance(look(providers), dg.SkipReason)


def test_a_live_claim_stays(
    instance: dg.DagsterInstance, providers: Providers, connection: Connection
) -> None:
    """Neither the tick nor the run touches work in hand."""
    add_post(connection)
    claim(connection)
    assert isinstance(look(providers), dg.SkipReason)
    result = run(instance, providers, "release_stuck")
    assert metadata(result, "release_stale_leases") == {"released": 0}


def test_schedules_run_by_default_in_utc() -> None:
    """All of them, at quiet hours, and housekeeping waits for everything else."""
    for name, cron in {
        "monthly_style_refresh": "0 3 1 * *",
        "daily_maintenance": "20 4 * * *",
        "hourly_release": "50 * * * *",
    }.items():
        schedule = defs.resolve_schedule_def(name)
        assert schedule.cron_schedule == cron
        assert schedule.execution_timezone == "UTC"
        assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
    for job in ("maintenance", "release_stuck"):
        assert defs.resolve_job_def(job).tags["dagster/priority"] == "-1"
