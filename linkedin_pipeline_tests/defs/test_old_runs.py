"""Old runs are deleted, and no asset looks any different for it.

Dagster reads the annotations when it decorates, so they must not be postponed.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy
from dagster._core.storage.event_log import SqlEventLogStorage
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable
from dagster._core.storage.partition_status_cache import get_and_update_asset_status_cache_value

from linkedin_pipeline.defs.in_process import QUIET
from linkedin_pipeline.defs.in_process import instance as configured
from linkedin_pipeline.defs.old_runs import Pruned, prune_runs
from linkedin_pipeline_tests.postgres import PostgresServer

NONE_TOO_YOUNG = timedelta(seconds=-1)
DAYS = dg.DailyPartitionsDefinition("2026-01-01")
FIRST, SECOND = "2026-01-01", "2026-01-02"


@dg.asset(partitions_def=DAYS)
def daily() -> None:
    """Stand for an asset of posts."""


@dg.asset
def whole() -> None:
    """Stand for an asset without partitions."""


@dg.asset_check(asset="whole")
def looks_well() -> dg.AssetCheckResult:
    """Stand for a check."""
    return dg.AssetCheckResult(passed=True)


@dg.op
def record_changes(context: dg.OpExecutionContext) -> None:
    """Record a profile's change, as the runs of styles do."""
    context.log_event(dg.AssetMaterialization("styles", partition="profile-a"))


@dg.job
def changes() -> None:
    """Run the op."""
    record_changes()


DEFS = dg.Definitions(
    assets=[daily, whole],
    asset_checks=[looks_well],
    jobs=[
        changes,
        dg.define_asset_job("days", selection=[daily]),
        dg.define_asset_job("wholes", selection=dg.AssetSelection.assets(whole)),
        dg.define_asset_job("checks", selection=dg.AssetSelection.checks(looks_well)),
    ],
    executor=dg.in_process_executor,
)


@pytest.fixture(params=["in memory", "on PostgreSQL"])
def instance(
    request: pytest.FixtureRequest,
    postgres_server: PostgresServer,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[dg.DagsterInstance]:
    """Give the instance of dagster.yaml, and one that forgets."""
    if request.param == "in memory":
        with dg.DagsterInstance.ephemeral() as opened:
            yield opened
        return
    with postgres_server.database() as url:
        monkeypatch.setenv("DAGSTER_DATABASE_URL", url)
        monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/unused")
        with configured() as opened:
            yield opened


def run(instance: dg.DagsterInstance, job: str, day: str | None = None) -> str:
    """Run a job and return the run's id."""
    result = DEFS.resolve_job_def(job).execute_in_process(
        instance=instance, partition_key=day, run_config=QUIET
    )
    return result.run_id


def made(instance: dg.DagsterInstance) -> set[str]:
    """Return the days that Dagster counts as materialized, computed anew."""
    storage = instance.event_log_storage
    assert isinstance(storage, SqlEventLogStorage)
    with storage.index_connection() as connection:
        connection.execute(sqlalchemy.text("update asset_keys set cached_status_data = null"))
    value = get_and_update_asset_status_cache_value(instance, daily.key, DAYS)
    assert value is not None
    return {*value.deserialize_materialized_partition_subsets(DAYS).get_partition_keys()}


def left(instance: dg.DagsterInstance) -> set[str]:
    """Return the ids of all runs."""
    return {one.run_id for one in instance.get_runs()}


def test_what_was_made_stays_made(instance: dg.DagsterInstance) -> None:
    """Runs whose materializations and evaluations are all superseded go, with every event."""
    old = [run(instance, "days", FIRST), run(instance, "wholes"), run(instance, "changes")]
    only = run(instance, "days", SECOND)
    new = [run(instance, "days", FIRST), run(instance, "wholes"), run(instance, "changes")]
    assert prune_runs(instance, keep=NONE_TOO_YOUNG) == Pruned(3, 4, finished=True)
    assert left(instance) == {only, *new}
    assert [instance.all_logs(gone) for gone in old] == [[], [], []]
    assert made(instance) == {FIRST, SECOND}
    for key in ("daily", "whole", "styles"):
        assert instance.fetch_materializations(dg.AssetKey(key), limit=9).records
    assert prune_runs(instance, keep=NONE_TOO_YOUNG) == Pruned(0, 4, finished=True)


def test_deleting_every_old_run_would_forget_what_was_made(instance: dg.DagsterInstance) -> None:
    """Why some are kept: without its run a day looks as if nobody had ever worked on it."""
    gone = run(instance, "days", FIRST)
    run(instance, "days", SECOND)
    assert made(instance) == {FIRST, SECOND}
    instance.delete_run(gone)
    assert made(instance) == {SECOND}


def test_the_newest_evaluation_of_a_check_stays(instance: dg.DagsterInstance) -> None:
    """Checks that run every quarter of an hour leave one run and one record when they are old."""
    runs = [run(instance, "checks") for _ in range(3)]
    assert prune_runs(instance, keep=NONE_TOO_YOUNG) == Pruned(2, 1, finished=True)
    assert left(instance) == {runs[-1]}
    storage = instance.event_log_storage
    assert isinstance(storage, SqlEventLogStorage)
    with storage.index_connection() as connection:
        rows = connection.execute(sqlalchemy.select(AssetCheckExecutionsTable.c.run_id)).fetchall()
    assert [row[0] for row in rows] == [runs[-1]]
    latest = storage.get_latest_asset_check_execution_by_key([looks_well.check_key])
    assert latest[looks_well.check_key].run_id == runs[-1]


def test_young_and_live_runs_stay(instance: dg.DagsterInstance) -> None:
    """Nothing is deleted before its time, or before it has ended."""
    for _ in range(2):
        run(instance, "wholes")
    live = instance.add_run(
        dg.DagsterRun(job_name="wholes", status=dg.DagsterRunStatus.STARTED)
    ).run_id
    assert prune_runs(instance) == Pruned(0, 0, finished=True)
    assert prune_runs(instance, keep=NONE_TOO_YOUNG) == Pruned(1, 1, finished=True)
    assert live in left(instance)


def test_it_stops_when_its_time_is_up_and_goes_on_the_next_time(
    instance: dg.DagsterInstance,
) -> None:
    """Newest first, as many as there is time for."""
    for _ in range(6):
        run(instance, "wholes")
    clock = count()
    assert not prune_runs(
        instance, keep=NONE_TOO_YOUNG, budget=4, monotonic=lambda: float(next(clock))
    ).finished
    assert 1 < len(left(instance)) < 6
    assert prune_runs(instance, keep=NONE_TOO_YOUNG).finished
    assert len(left(instance)) == 1


def test_more_than_a_page_of_runs(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page whose last run is deleted does not end the list."""
    monkeypatch.setattr("linkedin_pipeline.defs.old_runs.PAGE", 2)
    for _ in range(7):
        run(instance, "wholes")
    assert prune_runs(instance, keep=NONE_TOO_YOUNG) == Pruned(6, 1, finished=True)


def test_an_interruption_leaves_no_event_without_its_run(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between events and run, the run is still listed, and goes the next time."""
    for _ in range(2):
        run(instance, "wholes")

    def die(_: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(instance.run_storage, "delete_run", die)
        with pytest.raises(KeyboardInterrupt):
            prune_runs(instance, keep=NONE_TOO_YOUNG)
    [old] = [one for one in left(instance) if not instance.all_logs(one)]
    assert prune_runs(instance, keep=NONE_TOO_YOUNG) == Pruned(1, 1, finished=True)
    assert old not in left(instance)


def test_twice_at_once(instance: dg.DagsterInstance) -> None:
    """Two that prune beside each other end well and keep the same."""
    runs = [run(instance, "wholes") for _ in range(8)]
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda _: prune_runs(instance, keep=NONE_TOO_YOUNG), range(2)))
    prune_runs(instance, keep=NONE_TOO_YOUNG)
    assert left(instance) == {runs[-1]}


def test_what_a_run_printed_goes_with_it(tmp_path: Path) -> None:
    """The files of deleted runs are removed, those of others stay."""
    with dg.DagsterInstance.local_temp(str(tmp_path)) as local:
        old, new = (run(local, "wholes") for _ in range(2))
        printed = {one: tmp_path / "storage" / one / "compute_logs" / "x.out" for one in (old, new)}
        for path in printed.values():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("a line")
        assert prune_runs(local, keep=NONE_TOO_YOUNG) == Pruned(1, 1, finished=True)
        assert not printed[old].parent.parent.exists()
        assert printed[new].exists()
