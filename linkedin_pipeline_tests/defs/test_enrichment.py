"""The post assets, materialised in process over a real database."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import dagster as dg
import psycopg

from linkedin_pipeline.definitions import build_defs
from linkedin_pipeline.defs.in_process import enrich
from linkedin_pipeline.defs.partitions import range_tags, today
from linkedin_pipeline.domain.work import DayRange
from linkedin_pipeline.wiring import Providers
from linkedin_pipeline_tests.fakes import HashEmbedder

Connection = psycopg.Connection[Any]


def run(
    instance: dg.DagsterInstance,
    providers: Providers,
    first: date,
    last: date,
    *assets: str,
    **tags: str,
) -> dg.ExecuteInProcessResult:
    """Run the enrichment job, or some of its assets, over a range of days."""
    job = build_defs(providers).resolve_job_def("enrichment")
    return job.execute_in_process(
        instance=instance,
        asset_selection=[dg.AssetKey(asset) for asset in assets] or None,
        tags={**range_tags(DayRange(first, last)), **tags},
    )


def insert(connection: Connection, content: str, days_ago: int) -> None:
    """Insert a post of that many days ago."""
    connection.execute(
        "insert into viral_posts_bank (content, created_at) "
        "values (%s, now() - make_interval(days => %s))",
        (content, days_ago),
    )


def test_a_range_is_one_run_with_the_numbers_of_each_day(
    instance: dg.DagsterInstance, providers: Providers, connection: Connection
) -> None:
    """Every day of the range has an event of its own, with its own counts."""
    for days_ago in (2, 2, 0):
        insert(connection, f"A post about hiring, {days_ago} days old.", days_ago)
    run(instance, providers, today() - timedelta(days=3), today(), "hooks")
    records = instance.fetch_materializations(dg.AssetKey("hooks"), limit=10).records
    done = {
        record.partition_key: record.asset_materialization.metadata["done"].value  # type: ignore[union-attr]
        for record in records
    }
    assert done == {
        (today() - timedelta(days=n)).isoformat(): number
        for n, number in ((3, 0), (2, 2), (1, 0), (0, 1))
    }


def test_a_run_keeps_to_its_days(
    instance: dg.DagsterInstance, providers: Providers, connection: Connection
) -> None:
    """Posts of other days stay flagged."""
    insert(connection, "Today's post.", 0)
    insert(connection, "An old post.", 9)
    run(instance, providers, today(), today())
    rows = connection.execute(
        "select content, hook, embedding_model from viral_posts_bank order by created_at"
    ).fetchall()
    assert rows == [
        ("An old post.", None, None),
        ("Today's post.", "Today's post.", "test:hash"),
    ]


def test_force_flags_the_range_again(
    instance: dg.DagsterInstance,
    providers: Providers,
    connection: Connection,
    embedder: HashEmbedder,
) -> None:
    """With the tag a run re-does its days; without it nothing that is done is done again."""
    insert(connection, "A post.", 0)
    run(instance, providers, today(), today(), "embeddings")
    run(instance, providers, today(), today(), "embeddings")
    assert len(embedder.asked) == 1
    run(instance, providers, today(), today(), "embeddings", **{"linkedin/force": "true"})
    assert len(embedder.asked) == 2


def test_a_post_without_words_is_a_dead_letter_not_a_failure(
    instance: dg.DagsterInstance, providers: Providers, connection: Connection
) -> None:
    """The run succeeds; the post's flags are lowered and the reason is kept."""
    insert(connection, "🎉🎉🎉", 0)
    assert run(instance, providers, today(), today(), "hooks", "embeddings").success
    rows = connection.execute("select stage, error_code from ai_errors order by stage").fetchall()
    assert rows == [("hooks", "no_words"), ("embeddings", "no_words")]


def test_a_run_leaves_a_log_row_with_its_id(
    instance: dg.DagsterInstance, providers: Providers, connection: Connection
) -> None:
    """task_execution_logs_v2 says which run did how much."""
    insert(connection, "A post.", 0)
    result = run(instance, providers, today(), today(), "hooks")
    rows = connection.execute(
        "select worker_name, status, items_found, items_processed, items_failed, dagster_run_id "
        "from task_execution_logs_v2"
    ).fetchall()
    assert rows == [("worker_extract_hooks_v2", "completed", 1, 1, 0, result.run_id)]


def test_no_post_text_reaches_dagster(
    instance: dg.DagsterInstance, providers: Providers, connection: Connection
) -> None:
    """Events and metadata carry counts only, so that a person can be erased."""
    insert(connection, "Zanzibar quokka", 0)
    result = run(instance, providers, today(), today())
    events = " ".join(str(record) for record in instance.all_logs(result.run_id))
    assert "quokka" not in events


def test_enrich_repeats_until_nothing_is_due(
    instance: dg.DagsterInstance, providers: Providers, connection: Connection
) -> None:
    """Blocks of at most 31 days follow each other until every day is done."""
    for days_ago in (0, 20, 45, 400):
        insert(connection, f"A post of {days_ago} days ago.", days_ago)
    runs = enrich(build_defs(providers), providers, instance)
    assert [local.error for local in runs] == [None] * len(runs)
    assert all(local.days.last - local.days.first < timedelta(days=31) for local in runs)
    left = connection.execute(
        "select count(*) from viral_posts_bank where hook is null or embedding is null"
    ).fetchone()
    assert left == (0,)
    assert enrich(build_defs(providers), providers, instance) == []
