"""The health checks, executed as their job executes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import dagster as dg
import psycopg
import pytest

from linkedin_pipeline.defs.enrichment import viral_posts_bank
from linkedin_pipeline.defs.health import HEALTH_CHECKS, health_job, health_schedule
from linkedin_pipeline.domain.work import Stage
from linkedin_pipeline.settings import Settings
from linkedin_pipeline.wiring import Providers
from linkedin_pipeline_tests.sql.bank import (
    add_finished_post,
    add_post,
    change,
    claim,
    days_ago,
    reject,
    value,
)

Connection = psycopg.Connection[Any]

NAMES = {
    "nothing_overdue",
    "profiles_are_read",
    "nothing_lost",
    "few_dead_letters",
    "steady_label_mix",
    "no_dead_drain",
    "search_finds_the_nearest",
    "models_answer",
    "neighbours_agree_with_the_model",
}
SECRET = "Zanzibar quokka"


def definitions(providers: Providers) -> dg.Definitions:
    """Return definitions with the checks and nothing else."""
    return dg.Definitions(
        assets=[viral_posts_bank],
        asset_checks=HEALTH_CHECKS,
        jobs=[health_job],
        schedules=[health_schedule],
        resources={"providers": providers},
        executor=dg.in_process_executor,
    )


def examine(
    instance: dg.DagsterInstance, providers: Providers
) -> dict[str, dg.AssetCheckEvaluation]:
    """Run the job once and return what each check said."""
    job = definitions(providers).resolve_job_def("health_checks")
    result = job.execute_in_process(instance=instance)
    assert result.success
    return {said.check_name: said for said in result.get_asset_check_evaluations()}


def numbers(said: dg.AssetCheckEvaluation) -> dict[str, Any]:
    """Return the metadata of a check as plain values."""
    return {name: value.value for name, value in said.metadata.items()}


def late_work(connection: Connection) -> None:
    """Leave a post alone for twenty minutes."""
    add_post(connection, SECRET)
    connection.execute("update post_work set due_at = now() - interval '20 minutes'")


def lost_post(connection: Connection) -> None:
    """Lower a flag without a value."""
    change(connection, add_post(connection, SECRET), needs_embedding=False)


def dead_letters(connection: Connection) -> None:
    """Give up on five posts of a small bank."""
    for _ in range(5):
        add_post(connection, SECRET)
    reject(connection, claim(connection), Stage.HOOKS)


def moved_labels(connection: Connection, before: int = 50, recent: int = 50) -> None:
    """Give one topic to older posts, and another to new ones."""
    for topic, days, number in (("test old", 20, before), ("test new", 3, recent)):
        connection.execute(
            "with topic as (insert into topics (name) values (%s) returning id) "
            "insert into viral_posts_bank (content, topic_id, created_at) "
            "select %s, topic.id, %s from topic, generate_series(1, %s)",
            (topic, SECRET, days_ago(days), number),
        )


def open_log(connection: Connection) -> None:
    """Leave a log open without a beat."""
    connection.execute(
        "insert into task_execution_logs_v2 (worker_name, heartbeat_at, dagster_run_id) "
        "values ('worker_extract_hooks_v2', now() - interval '3 minutes', 'run-1')"
    )


def poor_search(connection: Connection) -> None:
    """Have measured a graph that misses half of the neighbours."""
    connection.execute(
        "insert into search_recall_log (filter, sampled, recall) values ('none', 20, 0.5)"
    )


def refused_key(connection: Connection) -> None:
    """Have a provider refuse our key."""
    connection.execute(
        "select pause_provider('openai', 'key_refused', 'HTTP 401', null, 60, 600, 'w')"
    )


FAILURES: dict[str, tuple[Callable[[Connection], None], str]] = {
    "nothing_overdue": (late_work, "hooks (1)"),
    "nothing_lost": (lost_post, "1 values are missing"),
    "few_dead_letters": (dead_letters, "5 of 5 posts"),
    "steady_label_mix": (moved_labels, "topic_classifications moved by 1.00, most of all test"),
    "no_dead_drain": (open_log, "1 drains died, the last of worker_extract_hooks_v2 in run run-1"),
    "models_answer": (refused_key, "HTTP 401"),
    "search_finds_the_nearest": (poor_search, "Recall at 10 is 0.500 with filter none"),
}


def test_a_healthy_bank_passes(
    instance: dg.DagsterInstance, providers: Providers, connection: Connection
) -> None:
    """Every check passes on an empty bank, and on one with new and finished posts."""
    assert {name for name, said in examine(instance, providers).items() if said.passed} == NAMES
    add_post(connection)
    add_finished_post(connection)
    assert {name for name, said in examine(instance, providers).items() if said.passed} == NAMES


@pytest.mark.parametrize("name", FAILURES)
def test_a_check_fails_on_what_it_is_for(
    instance: dg.DagsterInstance, providers: Providers, connection: Connection, name: str
) -> None:
    """It alone fails, says what it found and what to do, with its severity and no post text."""
    make, words = FAILURES[name]
    make(connection)
    said = examine(instance, providers)
    assert {other for other in said if not said[other].passed} == {name}
    error = name in {"nothing_overdue", "no_dead_drain"}
    assert said[name].severity is dg.AssetCheckSeverity("ERROR" if error else "WARN")
    assert words in (said[name].description or "")
    assert any(isinstance(number, int) and number > 0 for number in numbers(said[name]).values())
    assert SECRET not in str(said)


def test_a_log_that_sql_left_open(
    instance: dg.DagsterInstance, providers: Providers, connection: Connection
) -> None:
    """It is well for hours without a beat; after six the check fails and names no run."""
    log = value(connection, "select log_worker_start('sync_profiles')")
    late = "update task_execution_logs_v2 set started_at = now() - %s::interval where id = %s"
    connection.execute(late, ["5 hours", log])
    assert examine(instance, providers)["no_dead_drain"].passed
    connection.execute(late, ["7 hours", log])
    said = examine(instance, providers)["no_dead_drain"]
    assert not said.passed
    assert "the last of sync_profiles in no run, as SQL callers have none." in str(said.description)


def test_work_that_is_switched_off_is_shown_and_passes(
    instance: dg.DagsterInstance, providers: Providers, connection: Connection
) -> None:
    """Who switched a worker off knows that its work waits."""
    late_work(connection)
    connection.execute("update worker_feature_flags_v2 set is_enabled = false")
    said = examine(instance, providers)["nothing_overdue"]
    assert said.passed
    assert numbers(said)["switched_off_posts"] >= 2
    assert numbers(said)["hooks"] == 1
    assert numbers(said)["overdue_posts"] == 0


def test_few_dead_letters_pass(
    instance: dg.DagsterInstance, providers: Providers, connection: Connection
) -> None:
    """Fewer than five, or up to one in a hundred, are shown by reason and pass."""
    for _ in range(4):
        add_post(connection, SECRET)
    reject(connection, claim(connection), Stage.HOOKS)
    said = examine(instance, providers)["few_dead_letters"]
    assert said.passed
    assert numbers(said) | {"reasons": None} == {
        "dead_posts": 4,
        "dead_percent": 100.0,
        "posts": 4,
        "reasons": None,
    }
    assert "| hooks | no_words | 4 |" in numbers(said)["reasons"]

    connection.execute(
        "insert into viral_posts_bank (content) select 'x' from generate_series(1, 495)"
    )
    add_post(connection, SECRET, needs_embedding=True)
    reject(connection, claim(connection, limit=1), Stage.HOOKS)
    said = examine(instance, providers)["few_dead_letters"]
    assert said.passed
    assert numbers(said)["dead_percent"] == 1.0
    reject(connection, claim(connection, limit=1), Stage.HOOKS)
    assert not examine(instance, providers)["few_dead_letters"].passed


@pytest.mark.parametrize(("recent", "before"), [(49, 200), (200, 49)])
def test_a_label_mix_needs_fifty_posts_on_each_side(
    instance: dg.DagsterInstance,
    providers: Providers,
    connection: Connection,
    recent: int,
    before: int,
) -> None:
    """Below that nothing is said but the numbers."""
    moved_labels(connection, before, recent)
    said = examine(instance, providers)["steady_label_mix"]
    assert said.passed
    assert numbers(said)["topic_classifications_recent"] == recent
    assert numbers(said)["topic_classifications_before"] == before
    assert "topic_classifications_distance" not in numbers(said)


def test_a_label_mix_may_differ_by_chance(
    instance: dg.DagsterInstance, providers: Providers, connection: Connection
) -> None:
    """Sixty topics on few posts differ by more than 0.35 without any drift."""
    connection.execute(
        "with topic as (insert into topics (name) select 'test ' || n "
        "from generate_series(1, 60) n returning id, substr(name, 6)::int %% 3 as kind) "
        "insert into viral_posts_bank (content, topic_id, created_at) "
        "select %s, id, case when kind = 0 or kind = 1 and side = 0 then %s else %s end "
        "from topic, generate_series(0, 1) side",
        (SECRET, days_ago(3), days_ago(20)),
    )
    said = examine(instance, providers)["steady_label_mix"]
    assert said.passed
    distance = numbers(said)["topic_classifications_distance"]
    assert 0.35 < distance < numbers(said)["topic_classifications_chance"]


def test_a_closed_log_stays_in_view_for_an_hour(
    instance: dg.DagsterInstance, providers: Providers, connection: Connection
) -> None:
    """What sensor run_failures closed is still a drain that died."""
    open_log(connection)
    connection.execute(
        "update task_execution_logs_v2 set status = 'failed', completed_at = now(), "
        "error_message = 'its heart-beat stopped'"
    )
    said = examine(instance, providers)["no_dead_drain"]
    assert not said.passed
    assert numbers(said)["dead_drains"] == 1
    assert numbers(said)["open_logs"] == 0


def test_a_database_that_is_down_fails_every_check(
    instance: dg.DagsterInstance, providers: Providers, tmp_path: Any
) -> None:
    """The run succeeds, each check fails as an error with the reason, and no server is started."""
    for settings, words in (
        (Settings(home=tmp_path / "home"), "does not run"),
        (Settings(database_url="postgresql://nobody@127.0.0.1:1/none"), "no answer"),
    ):
        said = examine(instance, replace(providers, settings=settings))
        assert {name for name in said if not said[name].passed} == NAMES
        for check in said.values():
            assert check.severity is dg.AssetCheckSeverity.ERROR
            assert words in (check.description or "")


def test_a_schema_that_is_behind_fails_with_its_remedy(
    instance: dg.DagsterInstance, providers: Providers, connection: Connection
) -> None:
    """Who reads the check learns what to run."""
    connection.execute("drop table post_work cascade")
    said = examine(instance, providers)
    assert {name for name in said if not said[name].passed} == {"nothing_overdue"}
    assert "linkedin-pipeline db migrate" in (said["nothing_overdue"].description or "")


def test_the_job_looks_and_changes_nothing(
    instance: dg.DagsterInstance, providers: Providers
) -> None:
    """It runs exactly these checks, needs no partition and materialises nothing."""
    job = definitions(providers).resolve_job_def("health_checks")
    assert job.partitions_def is None
    result = job.execute_in_process(instance=instance)
    assert {said.check_name for said in result.get_asset_check_evaluations()} == NAMES
    assert not any(event.is_step_materialization for event in result.all_events)


def test_every_check_says_what_to_do() -> None:
    """The description is what a person reads before anything failed."""
    for check in HEALTH_CHECKS:
        for spec in check.check_specs:
            assert (spec.description or "").startswith("Fails when ")
            assert " Then " in (spec.description or "")


def test_the_schedule_ticks_every_quarter_of_an_hour(
    instance: dg.DagsterInstance, providers: Providers
) -> None:
    """It shares the job's name, runs by default, in UTC, and asks for one plain run a tick."""
    defs = definitions(providers)
    dg.Definitions.validate_loadable(defs)
    schedule = defs.resolve_schedule_def("health_checks")
    assert schedule.cron_schedule == "*/15 * * * *"
    assert schedule.execution_timezone == "UTC"
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
    assert schedule.job_name == "health_checks"
    with dg.build_schedule_context(
        instance=instance, scheduled_execution_time=datetime(2026, 3, 1, 12, 15, tzinfo=UTC)
    ) as context:
        [request] = schedule.evaluate_tick(context).run_requests or []
    assert request.run_key is None
    assert request.partition_key is None
