"""The sensor that asks for enrichment runs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg
import pytest
from dagster._core.test_utils import create_run_for_test

from linkedin_pipeline.defs.lanes import LANE_TAG
from linkedin_pipeline.defs.partitions import today
from linkedin_pipeline.defs.sensors import needs_flags
from linkedin_pipeline.domain.errors import DatabaseDown
from linkedin_pipeline.settings import Settings
from linkedin_pipeline.wiring import Providers

Connection = psycopg.Connection[Any]


def tick(instance: dg.DagsterInstance, providers: Providers) -> Any:
    """Evaluate the sensor once."""
    context = dg.build_sensor_context(instance=instance, resources={"providers": providers})
    return needs_flags(context)


def requested(result: Any) -> dict[str, dg.RunRequest]:
    """Return the run requests of a tick by lane."""
    assert isinstance(result, dg.SensorResult), result
    return {request.tags[LANE_TAG]: request for request in result.run_requests or []}


def insert(connection: Connection, days_ago: int = 0) -> None:
    """Insert a post of that many days ago."""
    connection.execute(
        "insert into viral_posts_bank (content, created_at) "
        "values ('Hello there', now() - make_interval(days => %s))",
        (days_ago,),
    )


def test_a_quiet_bank_starts_nothing(instance: dg.DagsterInstance, providers: Providers) -> None:
    """Without a flag the tick is skipped and says why."""
    result = tick(instance, providers)
    assert isinstance(result, dg.SkipReason)
    assert result.skip_message == "no post is flagged"


def test_a_new_post_asks_for_a_fresh_run(
    instance: dg.DagsterInstance, providers: Providers, connection: Connection
) -> None:
    """One run covers all stages of today's posts, without a run key."""
    insert(connection)
    requests = requested(tick(instance, providers))
    assert set(requests) == {"fresh"}
    run = requests["fresh"]
    assert run.run_key is None
    assert {key.to_user_string() for key in run.asset_selection or []} >= {"hooks", "embeddings"}
    assert run.tags["dagster/asset_partition_range_end"] == today().isoformat()


def test_old_posts_ask_for_a_backlog_run(
    instance: dg.DagsterInstance, providers: Providers, connection: Connection
) -> None:
    """Both lanes start at once; the backlog takes a block of at most 31 days."""
    insert(connection)
    for days in (40, 50, 200):
        insert(connection, days)
    requests = requested(tick(instance, providers))
    assert set(requests) == {"fresh", "backlog"}
    tags = requests["backlog"].tags
    assert tags["dagster/asset_partition_range_end"] == ((today() - timedelta(days=40)).isoformat())
    assert tags["dagster/asset_partition_range_start"] == (
        (today() - timedelta(days=70)).isoformat()
    )


def test_only_flagged_stages_and_what_follows(
    instance: dg.DagsterInstance, providers: Providers, connection: Connection
) -> None:
    """A post that only lacks its embedding starts no hook extraction."""
    insert(connection)
    connection.execute(
        "update viral_posts_bank set hook = 'Hello', needs_hook_classification = false, "
        "needs_topic_classification = false, needs_audience_classification = false"
    )
    run = requested(tick(instance, providers))["fresh"]
    keys = {key.to_user_string() for key in run.asset_selection or []}
    assert "embeddings" in keys
    assert "hooks" not in keys


@pytest.mark.parametrize("status", ["NOT_STARTED", "STARTING", "STARTED", "CANCELING"])
def test_a_lane_with_a_live_run_waits(
    instance: dg.DagsterInstance, providers: Providers, connection: Connection, status: str
) -> None:
    """At most one run a lane."""
    insert(connection)
    create_run_for_test(
        instance,
        job_name="enrichment",
        tags={LANE_TAG: "fresh"},
        status=dg.DagsterRunStatus(status),
    )
    result = tick(instance, providers)
    assert isinstance(result, dg.SkipReason)
    assert "fresh: run" in (result.skip_message or "")


def test_failing_runs_are_waited_out(
    instance: dg.DagsterInstance, providers: Providers, connection: Connection
) -> None:
    """After failures in a row the lane backs off instead of starting a run every tick."""
    insert(connection)
    for _ in range(3):
        run = create_run_for_test(
            instance,
            job_name="enrichment",
            tags={LANE_TAG: "fresh"},
            status=dg.DagsterRunStatus.STARTED,
        )
        instance.report_run_failed(run)
    result = tick(instance, providers)
    assert isinstance(result, dg.SkipReason)
    assert "3 failed runs in a row" in (result.skip_message or "")


def test_a_disabled_worker_starts_nothing(
    instance: dg.DagsterInstance, providers: Providers, connection: Connection
) -> None:
    """Work whose worker is switched off waits, and the tick names it."""
    insert(connection)
    connection.execute("update worker_feature_flags_v2 set is_enabled = false")
    result = tick(instance, providers)
    assert isinstance(result, dg.SkipReason)
    assert "switched off: " in (result.skip_message or "")
    assert "hooks" in (result.skip_message or "")


def test_work_that_waits_for_a_retry_starts_nothing(
    instance: dg.DagsterInstance, providers: Providers, connection: Connection
) -> None:
    """Backed-off work is not due."""
    insert(connection)
    connection.execute("update post_work set due_at = now() + interval '1 hour'")
    assert isinstance(tick(instance, providers), dg.SkipReason)


def test_an_absent_database_fails_the_tick(
    instance: dg.DagsterInstance, providers: Providers, tmp_path: Path
) -> None:
    """A sensor starts no server: the error is visible, and says what to do."""
    absent = replace(providers, settings=Settings(home=tmp_path / "home"))
    with pytest.raises(DatabaseDown, match="does not run"):
        tick(instance, absent)
