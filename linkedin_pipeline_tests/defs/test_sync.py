"""Reading profiles as Dagster sees it: the week, the sensor, runs and events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import dagster as dg
import pytest

from linkedin_pipeline.definitions import build_defs
from linkedin_pipeline.defs.lanes import LANE_TAG
from linkedin_pipeline.defs.sync import needs_sync, scraped_posts, weekly_profile_sync
from linkedin_pipeline.defs.sync_health import profiles_are_read
from linkedin_pipeline.settings import Endpoint, Settings
from linkedin_pipeline.simulators.edges import EdgesSimulator, PageTrouble
from linkedin_pipeline.simulators.edges_feeds import Feed
from linkedin_pipeline.simulators.faults import Fault, Kind
from linkedin_pipeline.simulators.serving import serving
from linkedin_pipeline.wiring import Providers
from linkedin_pipeline.workers.sync import SyncLimits
from linkedin_pipeline_tests.sql.bank import Connection, rows, value
from linkedin_pipeline_tests.sql.people import add_profile
from linkedin_pipeline_tests.sync.reading import FLAGGED, Clock

WEEK_AGO = """
update profiles set last_sync_at = last_sync_at - interval '7 days';
update profile_sync_status set last_scraped_at = last_scraped_at - interval '7 days'
"""


@pytest.fixture
def edges() -> Iterator[tuple[EdgesSimulator, str]]:
    """Serve Edges."""
    simulator = EdgesSimulator()
    with serving(simulator) as url:
        yield simulator, f"{url}/v1"


@pytest.fixture
def reading(
    providers: Providers, edges: tuple[EdgesSimulator, str], database_url: str
) -> Providers:
    """Give providers that read from it."""
    settings = Settings(database_url=database_url, edges=Endpoint("sk-simulated", edges[1]))
    return replace(providers, settings=settings, clock=Clock())


def run(
    instance: dg.DagsterInstance, providers: Providers, **tags: str
) -> dg.ExecuteInProcessResult:
    """Run the job as the sensor would have it run."""
    job = build_defs(providers).resolve_job_def("profile_sync")
    return job.execute_in_process(instance=instance, tags={LANE_TAG: "sync", **tags})


def tick(instance: dg.DagsterInstance, providers: Providers) -> Any:
    """Evaluate the sensor; return its run request, or why it asks for none."""
    context = dg.build_sensor_context(instance=instance, resources={"providers": providers})
    found = needs_sync(context)
    if isinstance(found, dg.SensorResult):
        (request,) = found.run_requests or []
        return request
    assert isinstance(found, dg.SkipReason)
    return found.skip_message


def week(providers: Providers) -> str:
    """Evaluate the schedule; return what it says."""
    found = weekly_profile_sync(
        dg.build_schedule_context(
            resources={"providers": providers}, scheduled_execution_time=datetime.now(UTC)
        )
    )
    assert isinstance(found, dg.SkipReason)
    return found.skip_message or ""


def changed(instance: dg.DagsterInstance) -> list[str | None]:
    """Return the partitions with recorded posts, newest first."""
    records = instance.fetch_materializations(dg.AssetKey("scraped_posts"), limit=50).records
    return [record.partition_key for record in records]


def test_without_a_key_everything_says_so(
    instance: dg.DagsterInstance, providers: Providers, connection: Connection
) -> None:
    """Sensor and schedule skip with the reason, a run fails with it, and nothing is faked."""
    add_profile(connection, linkedin_id="ada")
    assert "EDGES_API_KEY is not set" in tick(instance, providers)
    assert "EDGES_API_KEY is not set" in week(providers)
    job = build_defs(providers).resolve_job_def("profile_sync")
    failed = job.execute_in_process(instance=instance, raise_on_error=False)
    assert not failed.success
    assert value(connection, "select sync_status from profiles") == "pending"


def test_a_new_profile_is_read_at_once(
    instance: dg.DagsterInstance, reading: Providers, connection: Connection
) -> None:
    """Pending asks for a run; the run records an event and a partition for what changed."""
    assert tick(instance, reading) == "no profile is due"
    add_profile(connection, linkedin_id="ada")
    add_profile(connection, "Bob")
    request = tick(instance, reading)
    assert request.job_name == "profile_sync"
    assert request.tags[LANE_TAG] == "sync"
    result = run(instance, reading)
    assert result.success
    key = value(connection, "select partition_key from profiles where linkedin_id = 'ada'")
    assert changed(instance) == [key]
    assert instance.get_dynamic_partitions("profiles") == [key]
    assert tick(instance, reading) == "no profile is due"
    log = "select worker_name, status, items_processed, dagster_run_id from task_execution_logs_v2"
    assert rows(connection, log) == [("sync_profiles", "completed", 1, result.run_id)]
    assert rows(connection, "select dagster_run_id from sync_jobs") == [(result.run_id,)]


def test_the_week_makes_due_and_unchanged_profiles_leave_no_event(
    instance: dg.DagsterInstance, reading: Providers, connection: Connection
) -> None:
    """After weeks of silence one catch-up each; nothing new means no event."""
    for name in ("ada", "bob"):
        add_profile(connection, linkedin_id=name)
    run(instance, reading)
    assert week(reading).startswith("0 profiles are due")
    for _ in range(2):
        connection.execute(WEEK_AGO)
    assert week(reading).startswith("2 profiles are due")
    assert week(reading).startswith("2 profiles are due")
    run(instance, reading)
    assert len(changed(instance)) == 2
    assert value(connection, "select count(*) from sync_jobs where status = 'completed'") == 4
    assert tick(instance, reading) == "no profile is due"


@pytest.mark.parametrize(
    ("profile", "sync", "due"),
    [
        ("sync_status = 'completed', last_sync_at = now() - interval '8 days'", "", 1),
        ("sync_status = 'completed', last_sync_at = now() - interval '6 days'", "", 0),
        # read in the hours after the last tick
        ("sync_status = 'completed', last_sync_at = now() - interval '6 days 20 hours'", "", 1),
        (
            "sync_status = 'completed', last_sync_at = now() - interval '8 days'",
            "last_scraped_at = now()",
            0,
        ),
        ("sync_status = 'error'", "consecutive_failures = 4", 1),
        ("sync_status = 'error'", "consecutive_failures = 5", 0),
        ("sync_status = 'completed'", "sync_enabled = false", 0),
        ("sync_status = 'completed', linkedin_id = ' '", "", 0),
        ("sync_status = 'scraping'", "", 0),
        ("sync_status = 'analyzing'", "", 1),
    ],
)
def test_whom_the_week_makes_due(connection: Connection, profile: str, sync: str, due: int) -> None:
    """With an id, enabled, fewer than five failures, and not read for a week."""
    add_profile(connection, linkedin_id="ada")
    connection.execute(f"update profiles set {profile}".encode())
    if sync:
        connection.execute("insert into profile_sync_status (profile_id) select id from profiles")
        connection.execute(f"update profile_sync_status set {sync}".encode())
    if "linkedin_id" in profile:
        connection.execute("update profiles set sync_status = 'completed'")
    assert value(connection, "select request_weekly_syncs()") == due
    waiting = value(connection, "select count(*) from profiles where sync_status = 'pending'")
    assert waiting == due


def test_a_run_for_one_partition_reads_that_profile(
    instance: dg.DagsterInstance, reading: Providers, connection: Connection
) -> None:
    """Materialised by hand it is read whenever it was last read, and the others are left alone."""
    for name in ("ada", "bob"):
        add_profile(connection, linkedin_id=name)
    key = value(connection, "select partition_key from profiles where linkedin_id = 'ada'")
    instance.add_dynamic_partitions("profiles", [key])
    for _ in range(2):
        dg.materialize(
            [scraped_posts],
            partition_key=key,
            instance=instance,
            resources={"providers": reading},
        )
    assert changed(instance) == [key]
    states = "select linkedin_id, sync_status from profiles order by 1"
    assert rows(connection, states) == [("ada", "completed"), ("bob", "pending")]
    assert value(connection, "select count(*) from sync_jobs") == 2


def test_failures_are_tried_again_together(
    instance: dg.DagsterInstance,
    reading: Providers,
    connection: Connection,
    edges: tuple[EdgesSimulator, str],
) -> None:
    """Soon after a pass those that failed wait for one another; a new profile waits for nobody."""
    add_profile(connection, linkedin_id="ada")
    edges[0].trouble(PageTrouble("ada", times=1000))
    run(instance, reading)
    assert tick(instance, reading) == "no profile is due"
    connection.execute("update profile_sync_status set last_error_at = now() - interval '1 hour'")
    assert "1 profiles that failed wait" in tick(instance, reading)
    add_profile(connection, linkedin_id="bob")
    assert isinstance(tick(instance, reading), dg.RunRequest)


def test_a_silence_that_edges_asked_for_is_kept(
    instance: dg.DagsterInstance,
    reading: Providers,
    connection: Connection,
    edges: tuple[EdgesSimulator, str],
) -> None:
    """The sensor asks for no run, and says why; a switched-off worker is said too."""
    add_profile(connection, linkedin_id="ada")
    edges[0].faults.add(Fault(Kind.SPEND_LIMIT))
    assert run(instance, reading).success
    said = tick(instance, reading)
    assert "1 profiles wait: Edges' limit for our account is reached" in said
    connection.execute("update worker_feature_flags_v2 set is_enabled = false")
    assert tick(instance, reading) == "sync_profiles is switched off"


def test_health_tells_of_many_failures(
    instance: dg.DagsterInstance,
    reading: Providers,
    connection: Connection,
    edges: tuple[EdgesSimulator, str],
) -> None:
    """Some failures are life; many are an incident, as is a key that is refused."""

    def finding() -> dg.AssetCheckResult:
        found = profiles_are_read(providers=reading)
        assert isinstance(found, dg.AssetCheckResult)
        return found

    for n in range(20):
        add_profile(connection, linkedin_id=f"p{n:02}")
    assert finding().passed
    for n in range(6):
        edges[0].trouble(PageTrouble(f"p{n:02}", times=3))
    run(instance, reading)
    said = finding()
    assert not said.passed
    assert "6 of 20 profiles failed" in (said.description or "")
    connection.execute("update profiles set sync_status = 'completed'")
    assert finding().passed
    add_profile(connection, linkedin_id="new")
    edges[0].faults.add(Fault(Kind.INVALID_KEY, times=None))
    run(instance, reading)
    assert "set EDGES_API_KEY" in (finding().description or "")


def test_a_month_without_changes(
    instance: dg.DagsterInstance,
    reading: Providers,
    connection: Connection,
    edges: tuple[EdgesSimulator, str],
) -> None:
    """As many runs a week as passes are needed, no post written, nothing to enrich, one event each.

    Three hundred profiles at 60 a pass are 5 runs a week, as ten thousand at 200 a pass are 50.
    """
    edges[0].usual = Feed(posts=2)
    connection.execute(
        "insert into profiles (full_name, linkedin_id) "
        "select 'P ' || n, 'p' || n from generate_series(1, 300) n"
    )
    reading = replace(reading, sync_limits=SyncLimits(max_profiles=60))

    def runs_until_done() -> int:
        runs = 0
        while isinstance(tick(instance, reading), dg.RunRequest):
            assert run(instance, reading).success
            runs += 1
        return runs

    assert runs_until_done() == 5
    assert value(connection, "select count(*) from viral_posts_bank") == 600
    connection.execute(
        "update viral_posts_bank set needs_hook_extraction = false, needs_embedding = false, "
        "needs_topic_classification = false, needs_audience_classification = false"
    )
    written = "select max(updated_at) from viral_posts_bank"
    before = value(connection, written)
    for _ in range(4):
        connection.execute(WEEK_AGO)
        assert week(reading).startswith("300 profiles are due")
        assert runs_until_done() == 5
    assert value(connection, written) == before
    assert value(connection, FLAGGED) == 0
    events = instance.get_materialized_partitions(dg.AssetKey("scraped_posts"))
    assert len(events) == 300
    assert len(edges[0].ledger.calls()) == 5 * 300


def test_a_request_by_sql_makes_the_week_due(
    instance: dg.DagsterInstance, reading: Providers, connection: Connection
) -> None:
    """``trigger_profile_sync()`` is served by the next tick, and needs_sync has the rest read."""
    add_profile(connection, linkedin_id="ada")
    run(instance, reading)
    connection.execute(WEEK_AGO)
    connection.execute("select trigger_profile_sync()")
    context = dg.build_sensor_context(instance=instance, resources={"providers": reading})
    build_defs(reading).resolve_sensor_def("sql_requests").evaluate_tick(context)
    assert rows(connection, "select status, error_message from pipeline_requests") == [
        ("completed", None)
    ]
    assert isinstance(tick(instance, reading), dg.RunRequest)
