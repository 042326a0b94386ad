"""Style prompts as a Dagster asset, and the sensor that asks for them."""

from __future__ import annotations

from typing import Any

import dagster as dg
import psycopg

from linkedin_pipeline.definitions import build_defs
from linkedin_pipeline.defs.lanes import LANE_TAG
from linkedin_pipeline.defs.styles import needs_style, style_prompts
from linkedin_pipeline.wiring import Providers

Connection = psycopg.Connection[Any]


def profile(connection: Connection, posts: int) -> str:
    """Insert a profile with that many finished posts and return its partition key."""
    row = connection.execute(
        "insert into profiles (full_name) values ('Ada Lovelace') returning id, partition_key"
    ).fetchone()
    assert row is not None
    connection.execute(
        "insert into viral_posts_bank (author_id, content, hook) "
        "select %s, 'Post ' || n, 'Post' from generate_series(1, %s) n",
        (row[0], posts),
    )
    connection.execute("update viral_posts_bank set needs_hook_classification = false")
    return str(row[1])


def run(
    instance: dg.DagsterInstance, providers: Providers, partition: str | None = None
) -> dg.ExecuteInProcessResult:
    """Run the styles job, or materialise the asset for one partition."""
    if partition is None:
        job = build_defs(providers).resolve_job_def("styles")
        return job.execute_in_process(instance=instance)
    return dg.materialize(
        [style_prompts],
        partition_key=partition,
        instance=instance,
        resources={"providers": providers},
    )


def changed(instance: dg.DagsterInstance) -> list[str | None]:
    """Return the partitions with a recorded style, newest first."""
    records = instance.fetch_materializations(dg.AssetKey("style_prompts"), limit=50).records
    return [record.partition_key for record in records]


def test_one_run_records_each_profile_that_changed(
    instance: dg.DagsterInstance, providers: Providers, connection: Connection
) -> None:
    """Profiles with enough posts get a style and an event each; unchanged ones get neither."""
    keys = {profile(connection, 5), profile(connection, 6)}
    profile(connection, 4)
    assert run(instance, providers).success
    assert set(changed(instance)) == keys
    run(instance, providers)
    assert len(changed(instance)) == 2
    assert connection.execute(
        "select count(*) from profiles where writing_style_prompt is not null"
    ).fetchone() == (2,)


def test_a_run_for_one_partition_asks_for_that_profile(
    instance: dg.DagsterInstance, providers: Providers, connection: Connection
) -> None:
    """Materialised by hand, an unchanged style costs nothing; a changed one is written anew."""
    key = profile(connection, 5)
    run(instance, providers)
    instance.add_dynamic_partitions("profiles", [key])
    run(instance, providers, key)
    assert changed(instance) == [key]
    connection.execute("update viral_posts_bank set content = content || ' and more'")
    connection.execute("update post_work set due_at = now() - interval '1 hour'")
    run(instance, providers, key)
    assert changed(instance) == [key, key]


def test_the_log_row_counts_profiles(
    instance: dg.DagsterInstance, providers: Providers, connection: Connection
) -> None:
    """The drain leaves a row like those of post work."""
    profile(connection, 5)
    result = run(instance, providers)
    rows = connection.execute(
        "select worker_name, status, items_processed, dagster_run_id from task_execution_logs_v2"
    ).fetchall()
    assert rows == [("worker_complete_profiles_v2", "completed", 1, result.run_id)]


def tick(instance: dg.DagsterInstance, providers: Providers) -> Any:
    """Evaluate the sensor once."""
    context = dg.build_sensor_context(instance=instance, resources={"providers": providers})
    return needs_style(context)


def test_due_profiles_ask_for_one_run(
    instance: dg.DagsterInstance, providers: Providers, connection: Connection
) -> None:
    """One run for all, and partitions for those that have none yet; no name goes to Dagster."""
    keys = {profile(connection, 5), profile(connection, 5)}
    known = min(keys)
    instance.add_dynamic_partitions("profiles", [known])
    result = tick(instance, providers)
    assert isinstance(result, dg.SensorResult)
    (request,) = result.run_requests or []
    assert request.tags[LANE_TAG] == "styles"
    assert "partition" not in " ".join(request.tags)
    (added,) = result.dynamic_partitions_requests or []
    assert set(added.partition_keys) == keys - {known}


def test_nothing_due_or_switched_off_is_a_skip(
    instance: dg.DagsterInstance, providers: Providers, connection: Connection
) -> None:
    """The tick says which of the two it is."""
    result = tick(instance, providers)
    assert isinstance(result, dg.SkipReason)
    assert result.skip_message == "no style is due"
    profile(connection, 5)
    connection.execute("update worker_feature_flags_v2 set is_enabled = false")
    result = tick(instance, providers)
    assert isinstance(result, dg.SkipReason)
    assert "switched off" in (result.skip_message or "")
