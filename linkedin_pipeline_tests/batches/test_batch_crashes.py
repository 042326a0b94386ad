"""Processes that die on the way of a batch, and processes that meet: nothing is paid twice."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from linkedin_pipeline.settings import PROJECT_ROOT
from linkedin_pipeline.simulators.faults import Fault, Kind
from linkedin_pipeline_tests.batches.backfill import (
    LIVE,
    Backfill,
    abandon,
    add_posts,
    backfill,
    batches,
    due,
)
from linkedin_pipeline_tests.sql.bank import Connection, rows, value
from linkedin_pipeline_tests.waiting import eventually

PROCESS = [sys.executable, "-m", "linkedin_pipeline_tests.batches.process"]


def killed(ai: Backfill, database_url: str, what: str, held: str) -> None:
    """Kill a process while it waits for the answer of a call that was obeyed."""
    hold = ai.simulator.faults.add(Fault(Kind.HOLD, route=held))
    process = subprocess.Popen(
        [*PROCESS, database_url, ai.url, what], cwd=PROJECT_ROOT, stdout=subprocess.DEVNULL
    )
    try:
        eventually(lambda: bool(ai.calls(held)) or process.poll() is not None, within=100)
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()
        hold.release()


@pytest.mark.parametrize(
    ("held", "state"), [("POST /v1/files", "preparing"), ("POST /v1/batches", "uploaded")]
)
def test_a_kill_before_the_record_repeats_nothing(
    ai: Backfill, connection: Connection, database_url: str, held: str, state: str
) -> None:
    """Uploaded or started, and killed before it was written down: it is found by our id.

    Until the dead process's hold on the batch lapses, the batch is left to it; its posts wait.
    """
    add_posts(connection, 3)
    killed(ai, database_url, "submit", held)
    assert batches(connection) == [(state, 3, 0, 0)]
    assert (due(connection), ai.submit().batches, ai.collect().looked) == (0, [], 0)
    abandon(connection)
    assert ai.finish().answered == 3
    assert ai.drain() == {"done": 3}
    assert (len(ai.calls("POST /v1/files")), len(ai.calls("POST /v1/batches"))) == (1, 1)
    assert (len(ai.calls("BATCH")), ai.calls(LIVE)) == (1, [])
    billed = ai.simulator.ledger.totals("BATCH").usage.input_tokens
    assert rows(connection, "select outcome, input_tokens from ai_usage_logs") == [
        ("answered", billed)
    ]


def test_a_kill_while_results_are_read_loses_none(
    ai: Backfill, connection: Connection, database_url: str
) -> None:
    """Between the record and the end: another process reads them again, and bills them once."""
    add_posts(connection, 3)
    ai.simulator.behaviour.batch_polls = 1
    ai.submit()
    killed(ai, database_url, "collect", "/content")
    assert batches(connection) == [("submitted", 3, 0, 0)]
    abandon(connection)
    assert ai.finish().answered == 3
    assert ai.drain() == {"done": 3}
    assert (len(ai.calls("POST /v1/files")), len(ai.calls("POST /v1/batches"))) == (1, 1)
    assert value(connection, "select sum(input_tokens) from ai_usage_logs") == (
        ai.simulator.ledger.totals("BATCH").usage.input_tokens
    )


def test_a_kill_before_the_upload_costs_nothing(ai: Backfill, connection: Connection) -> None:
    """An intent of which nothing is found at the provider is undone: its posts go into another."""
    add_posts(connection, 3)
    ai.simulator.faults.add(Fault(Kind.RESET_BEFORE, route="POST /v1/files", times=None))
    with pytest.raises(Exception, match="no answer"):
        ai.submit()
    ai.simulator.faults.clear()
    connection.execute("delete from provider_pauses")
    abandon(connection)
    ai.collect()
    assert rows(connection, "select state, error from ai_batches") == [
        ("failed", "nothing of it was uploaded")
    ]
    assert rows(connection, "select outcome, reserved_usd from ai_usage_logs") == [("failed", 0)]
    assert ai.submit().posts == 3
    assert ai.finish().answered == 3


def test_two_that_send_at_once_share_the_posts(
    ai: Backfill, connection: Connection, database_url: str
) -> None:
    """Each post is in one batch, and in one line of what was uploaded."""
    add_posts(connection, 80)
    start = threading.Barrier(2)

    def send() -> None:
        with backfill(ai.simulator, database_url, ai.url) as process:
            start.wait(60)
            while process.submit(most=10).batches:
                pass

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert value(connection, "select count(*) from ai_batch_items") == 80
    assert value(connection, "select count(distinct post_id) from ai_batch_items") == 80
    while value(connection, "select count(*) from ai_batches where state = 'submitted'"):
        ai.collect()
    assert sum(len(body["input"]) for body in ai.lines()) == 80
    assert ai.drain() == {"done": 80}
    assert ai.calls(LIVE) == []
