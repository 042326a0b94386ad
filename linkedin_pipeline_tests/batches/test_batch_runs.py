"""Batches as Dagster and the command line see them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from linkedin_pipeline.definitions import build_defs
from linkedin_pipeline.defs.batches import BATCH_TAG, collect_batches, open_batches
from linkedin_pipeline.defs.partitions import range_tags, today
from linkedin_pipeline.domain.work import DayRange
from linkedin_pipeline_tests.batches.backfill import (
    EMBEDDINGS,
    LIVE,
    LIVE_LABELS,
    Backfill,
    add_posts,
    batches,
    due,
)
from linkedin_pipeline_tests.postgres import PostgresServer
from linkedin_pipeline_tests.sql.bank import Connection, rows, value
from linkedin_pipeline_tests.terminal import Terminal

DONE = (
    "select count(*) from viral_posts_bank where embedding is not null and hook is not null "
    "and topic_id is not null and audience_id is not null and hook_type_id is not null"
)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """Give a Dagster instance in memory."""
    with dg.DagsterInstance.ephemeral() as opened:
        yield opened


@pytest.fixture(scope="module")
def dagster_url(postgres_server: PostgresServer) -> Iterator[str]:
    """Give a database for Dagster, whose tables are made once."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture
def terminal(ai: Backfill, database_url: str, dagster_url: str, tmp_path: Path) -> Terminal:
    """Give a command line over a bank of the test's own, with a key for the simulator."""
    return Terminal(
        {
            "DATABASE_URL": database_url,
            "DAGSTER_DATABASE_URL": dagster_url,
            "LINKEDIN_PIPELINE_HOME": str(tmp_path),
            "OPENAI_API_KEY": "sk-simulated",
            "OPENAI_BASE_URL": f"{ai.url}/v1",
            "CLASSIFICATION_MODEL": "openai:gpt-5-mini",
        }
    )


def run(ai: Backfill, instance: dg.DagsterInstance, *keys: str) -> dg.ExecuteInProcessResult:
    """Run assets of today with the tag of batch mode."""
    job = build_defs(ai.providers).resolve_job_def("enrichment")
    tags = {**range_tags(DayRange(today(), today())), BATCH_TAG: "true"}
    return job.execute_in_process(
        instance=instance, asset_selection=[dg.AssetKey(key) for key in keys], tags=tags
    )


def tick(ai: Backfill, instance: dg.DagsterInstance) -> dg.RunRequest | dg.SkipReason:
    """Evaluate the sensor once."""
    context = dg.build_sensor_context(instance=instance, resources={"providers": ai.providers})
    result = open_batches(context)
    assert isinstance(result, dg.RunRequest | dg.SkipReason)
    return result


def test_a_run_with_the_tag_sends_a_batch(
    ai: Backfill, instance: dg.DagsterInstance, connection: Connection
) -> None:
    """Instead of calling; the sensor then asks for looks, and the job keeps the answers."""
    add_posts(connection, 3)
    quiet = tick(ai, instance)
    assert isinstance(quiet, dg.SkipReason)
    assert quiet.skip_message == "no batch is open"
    assert run(ai, instance, str(EMBEDDINGS)).success
    assert batches(connection) == [("submitted", 3, 0, 0)]
    young = tick(ai, instance)
    assert isinstance(young, dg.SkipReason)
    assert "within five minutes" in (young.skip_message or "")
    connection.execute("update ai_batches set polled_at = now() - interval '6 minutes'")
    assert isinstance(tick(ai, instance), dg.RunRequest)
    before = len(ai.calls("GET"))
    for _ in range(2):
        assert collect_batches.execute_in_process(
            instance=instance, resources={"providers": ai.providers}
        ).success
    assert len(ai.calls("GET")) > before
    assert batches(connection) == [("ended", 3, 3, 0)]
    assert due(connection) == 3
    result = run(ai, instance, str(EMBEDDINGS))
    assert result.success
    assert value(connection, "select count(embedding) from viral_posts_bank") == 3
    assert ai.calls(LIVE) == []


def test_the_command_waits_and_stores(
    ai: Backfill, terminal: Terminal, connection: Connection
) -> None:
    """Everything flagged is done in the end, without one call at full price for a post."""
    add_posts(connection, 3, "Post {}: interviews, candidates and hiring.")
    result = terminal.run("enrich", "--batch-api")
    assert (result.returncode, result.stderr) == (0, "")
    assert value(connection, DONE) == 3
    assert re.search(r"^Waiting for \d batch(es)? \(\d+ questions\)", result.stdout, re.MULTILINE)
    assert ": hooks 3 done; 3 posts put into batches (" in result.stdout
    assert result.stdout.count(" ended, begun ") == len(batches(connection))
    assert ai.calls(LIVE_LABELS) == []
    # the taxonomy is embedded at once: no post waits for it
    texts = [text for call in ai.calls(LIVE) for text in call.document["input"]]
    assert not any("interviews, candidates" in text for text in texts)
    assert rows(connection, "select * from post_work") == []
    assert rows(connection, "select distinct state from ai_batches") == [("ended",)]


def test_the_command_may_leave_and_come_back(
    ai: Backfill, terminal: Terminal, connection: Connection
) -> None:
    """Without waiting it says what is open, as `status` does; a bound holds for the whole way."""
    add_posts(connection, 5)
    only = ("enrich", "--stage", "embeddings", "--batch-api")
    first = terminal.run(*only, "--max-posts", "2", "--no-wait")
    assert first.returncode == 0
    assert re.search(
        r"^Batch batch_\d+: embeddings, submitted, begun .*; 2 questions$",
        first.stdout,
        re.MULTILINE,
    )
    assert "Batches that posts wait for" in terminal.invoke("status").output
    second = terminal.run(*only, "--max-posts", "1", "--json")
    assert second.returncode == 0
    assert value(connection, "select count(embedding) from viral_posts_bank") == 3
    assert (len(ai.calls("POST /v1/batches")), ai.calls(LIVE)) == (2, [])


def test_without_a_model_that_has_batches_it_is_said(database_url: str, tmp_path: Path) -> None:
    """Local models have none: the message names the settings, and nothing is done."""
    bare = Terminal({"DATABASE_URL": database_url, "LINKEDIN_PIPELINE_HOME": str(tmp_path)})
    result = bare.invoke("enrich", "--batch-api")
    assert result.exit_code == 1
    assert "EMBEDDING_MODEL is local:" in result.output
    assert "Set OPENAI_API_KEY" in result.output
