"""The system as a person runs it: real processes, real signals, nothing replaced."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import psutil
import pytest

from linkedin_pipeline_tests.end_to_end.dev import Dev, dev_environment, wait_for

WAVE = 400
UNFINISHED = (
    "select count(*) from viral_posts_bank where needs_hook_extraction or needs_embedding "
    "or needs_hook_classification or needs_topic_classification or needs_audience_classification"
)
INSERT_WAVE = (
    "insert into viral_posts_bank (content) "
    "select 'Wave %s, post number ' || n || E': we hired a salesperson.\\n' "
    "|| repeat('What we learned on the way is worth a few more lines. ', 20) "
    "from generate_series(1, %s) n"
)


@pytest.fixture(scope="module")
def dev() -> Iterator[Dev]:
    """Give a running `dagster dev`, shared by the tests of this file."""
    with dev_environment() as started:
        started.start()
        yield started


def test_an_inserted_post_is_enriched(dev: Dev) -> None:
    """A plain insert gets hook, embedding and labels without anybody doing anything."""
    dev.query("insert into viral_posts_bank (content) values ('We lost our best client.\n\nWhy?')")
    wait_for("the enrichment", lambda: dev.number(UNFINISHED) == 0)
    rows = dev.query("select hook, embedding_model, vector_dims(embedding) from viral_posts_bank")
    assert rows == [("We lost our best client.", "local:use-multilingual-v3", 1536)]
    rows = dev.query(
        "select hook_type_model, topic_model, audience_model from viral_posts_bank "
        "where hook_type_id is not null and topic_id is not null and audience_id is not null"
    )
    assert rows == [("local:use-multilingual-v3/nearest-1",) * 3]


def test_a_flag_raised_by_hand_redoes_exactly_that(dev: Dev) -> None:
    """needs_embedding = true computes the embedding again and nothing else."""
    before = dev.number("select count(*) from task_execution_logs_v2")
    extracted = dev.query("select hook_extracted_at from viral_posts_bank")
    dev.query("update viral_posts_bank set needs_embedding = true")
    wait_for("the new embedding", lambda: dev.number(UNFINISHED) == 0)
    assert dev.query("select hook_extracted_at from viral_posts_bank") == extracted
    wait_for(
        "the log row",
        lambda: dev.number("select count(*) from task_execution_logs_v2") > before,
    )


def test_a_profile_with_enough_posts_gets_its_style(dev: Dev) -> None:
    """The fifth post of a profile makes its style due; its partition appears in Dagster."""
    dev.query(
        "with ada as (insert into profiles (full_name) values ('Ada') returning id) "
        "insert into viral_posts_bank (author_id, content) "
        "select ada.id, 'Lesson ' || n || E'. Ship small.\\nAsk why. Then ask again.' "
        "from ada, generate_series(1, 5) n"
    )
    wait_for(
        "the style",
        lambda: dev.number("select count(*) from profiles where writing_style_prompt is not null"),
    )
    key = dev.query("select partition_key from profiles")[0][0]

    def recorded() -> object:
        asset = dev.graphql(
            """
            query { assetOrError(assetKey: {path: ["style_prompts"]}) {
              ... on Asset { assetMaterializations(limit: 5) { partition } }
            } }
            """
        )["assetOrError"]
        return {"partition": key} in asset.get("assetMaterializations", [])

    wait_for("the event of its partition", recorded)


def test_a_switched_off_worker_stops_and_finishes_later(dev: Dev) -> None:
    """Embedding is switched off in the middle: the other stages go on; on again, it finishes."""
    dev.query(INSERT_WAVE % (9, WAVE))
    wait_for("the run to be busy", lambda: 0 < _embedded(dev, 9) < WAVE)
    switch = (
        "update worker_feature_flags_v2 set is_enabled = %s "
        "where worker_name = 'worker_generate_embeddings_v2'"
    )
    dev.query(switch, (False,))
    others = (
        "select count(*) from viral_posts_bank where needs_hook_extraction "
        "or needs_hook_classification or needs_topic_classification "
        "or needs_audience_classification"
    )
    wait_for("the other stages", lambda: dev.number(others) == 0)
    assert _embedded(dev, 9) < WAVE
    dev.query(switch, (True,))
    wait_for("the rest", lambda: dev.number(UNFINISHED) == 0)


def test_new_metrics_start_nothing(dev: Dev) -> None:
    """An update of other columns raises no flag and queues no work."""
    dev.query("""update viral_posts_bank set metrics = '{"likes": 5}'""")
    assert dev.number("select count(*) from post_work") == 0


def test_edits_during_a_run_leave_nothing_of_the_old_text(dev: Dev) -> None:
    """However edits and drains interleave, every hook belongs to the text beside it."""
    dev.query(
        "insert into viral_posts_bank (content) "
        "select 'Version 0 of post ' || n || '.' from generate_series(1, 300) n"
    )
    for version in range(1, 12):
        dev.query(
            "update viral_posts_bank set content = regexp_replace(content, '^Version \\d+', %s) "
            "where content like 'Version%%'",
            (f"Version {version}",),
        )
    wait_for("all hooks", lambda: dev.number(UNFINISHED) == 0)
    assert dev.number("select count(*) from viral_posts_bank where hook = content") >= 300
    assert (
        dev.number(
            "select count(*) from viral_posts_bank "
            "where content like 'Version%' and hook is distinct from content"
        )
        == 0
    )


def test_a_killed_run_loses_nothing_and_repeats_one_batch_at_most(dev: Dev) -> None:
    """SIGKILL of the run's process in the middle: the next run finishes what is left."""
    dev.query(INSERT_WAVE % (1, WAVE))
    wait_for("the run to be busy", lambda: 0 < _embedded(dev, 1) < WAVE)
    doomed = _run_processes(dev)
    assert doomed, "no run process found"
    for process in doomed:
        process.kill()
    done = _embedded(dev, 1)
    last_log = dev.query("select now()")[0][0]
    wait_for("the rest", lambda: _embedded(dev, 1) == WAVE and dev.number(UNFINISHED) == 0)
    wait_for("the logs to close", lambda: not _open_logs(dev, last_log))
    redone = dev.number(
        "select coalesce(sum(items_processed), 0) from task_execution_logs_v2 "
        "where worker_name = 'worker_generate_embeddings_v2' and started_at > %s",
        (last_log,),
    )
    assert redone <= WAVE - done + 200, "more was done again than the batches in flight"
    assert dev.number("select count(*) from ai_errors where post_id is not null") == 0


def test_a_killed_postmaster_is_back_by_itself(dev: Dev) -> None:
    """SIGKILL of the database server: it is started again, and the work goes on."""
    dev.query(INSERT_WAVE % (2, WAVE))
    wait_for("the run to be busy", lambda: 0 < _embedded(dev, 2) < WAVE)
    (pid_file,) = dev.home.glob("**/postmaster.pid")
    os.kill(int(pid_file.read_text().split()[0]), signal.SIGKILL)
    wait_for("the rest", lambda: _embedded(dev, 2) == WAVE and dev.number(UNFINISHED) == 0)
    assert dev.process is not None
    assert dev.process.poll() is None, "dagster dev ended with the database"
    assert dev.number("select count(*) from ai_errors where post_id is not null") == 0


def test_everything_killed_at_once_is_taken_up_after_a_restart(dev: Dev) -> None:
    """Run, code server and daemon die together; after a start nothing is lost or stuck."""
    dev.query(INSERT_WAVE % (3, WAVE))
    wait_for("the run to be busy", lambda: 0 < _embedded(dev, 3) < WAVE)
    dev.kill()
    dev.start()
    wait_for("the rest", lambda: _embedded(dev, 3) == WAVE and dev.number(UNFINISHED) == 0)
    assert dev.number("select count(*) from ai_errors where post_id is not null") == 0


def test_a_backfill_of_a_year_is_one_run(dev: Dev) -> None:
    """The UI's backfill of 366 days makes one run for the block, and it succeeds."""
    days = dev.query(
        "select to_char(d, 'YYYY-MM-DD') from generate_series(date '2024-01-01', "
        "date '2024-12-31', interval '1 day') d"
    )
    launched = dev.graphql(
        """
        mutation ($names: [String!]!) {
          launchPartitionBackfill(backfillParams: {
            assetSelection: [{path: ["hooks"]}], partitionNames: $names
          }) { __typename ... on LaunchBackfillSuccess { backfillId } }
        }
        """,
        names=[day for (day,) in days],
    )["launchPartitionBackfill"]
    assert launched["__typename"] == "LaunchBackfillSuccess", launched
    backfill = launched["backfillId"]

    def runs() -> list[str]:
        found = dev.graphql(
            """
            query ($tag: String!) {
              runsOrError(filter: {tags: [{key: "dagster/backfill", value: $tag}]}) {
                ... on Runs { results { status } }
              }
            }
            """,
            tag=backfill,
        )
        return [run["status"] for run in found["runsOrError"]["results"]]

    wait_for("the backfill", lambda: runs() and set(runs()) <= {"SUCCESS", "FAILURE", "CANCELED"})
    assert runs() == ["SUCCESS"]


def test_ctrl_c_stops_everything(dev: Dev) -> None:
    """After SIGINT no process of it is left."""
    processes = dev.tree()
    dev.stop()
    _, alive = psutil.wait_procs(processes, timeout=60)
    assert not alive


def _embedded(dev: Dev, wave: int) -> int:
    return dev.number(
        "select count(*) from viral_posts_bank where not needs_embedding and content like %s",
        (f"Wave {wave},%",),
    )


def _open_logs(dev: Dev, since: object) -> int:
    return dev.number(
        "select count(*) from task_execution_logs_v2 where status = 'running' and started_at > %s",
        (since,),
    )


def _run_processes(dev: Dev) -> list[psutil.Process]:
    """Return the processes that execute runs: children of the code server."""
    servers = [p for p in dev.tree() if "grpc" in p.cmdline()]
    return [child for p in servers for child in p.children() if "grpc" not in child.cmdline()]
