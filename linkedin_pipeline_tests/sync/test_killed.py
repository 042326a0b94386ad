"""A reader that is killed, or interrupted: what it had in hand is read by the next pass."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from linkedin_pipeline.domain.sync import SyncOutcome
from linkedin_pipeline.simulators.edges_feeds import Feed
from linkedin_pipeline.simulators.faults import Fault, Kind
from linkedin_pipeline_tests.sql.bank import rows, value
from linkedin_pipeline_tests.sync.reading import Line
from linkedin_pipeline_tests.waiting import eventually


@contextmanager
def reading(database_url: str, line: Line) -> Iterator[subprocess.Popen[str]]:
    """Start a process that reads; it is gone afterwards, whatever happens."""
    module = "linkedin_pipeline_tests.sync.reading_process"
    process = subprocess.Popen(
        [sys.executable, "-m", module, database_url, line.base_url],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_killed_reading_is_done_by_the_next_pass(line: Line, database_url: str) -> None:
    """SIGKILL on page two: minutes later, not next week, the reading goes on there."""
    line.add("ada", Feed(posts=60))
    with reading(database_url, line) as process:
        eventually(lambda: line.posts() == 20)
        line.simulator.faults.add(Fault(Kind.HOLD, provider="edges", contains="/in/ada"))
        eventually(lambda: len(line.simulator.ledger.calls()) == 2)
        process.send_signal(signal.SIGKILL)
        assert process.wait(60) == -signal.SIGKILL
    line.simulator.faults.clear()
    assert line.status("ada") == "scraping"
    assert line.sync("ada", "heartbeat_at") is not None
    assert line.read().counts == {}  # it might be alive
    line.connection.execute(
        "update profile_sync_status set heartbeat_at = heartbeat_at - interval '2 minutes'"
    )
    assert line.read().counts == {SyncOutcome.COMPLETED: 1}
    assert line.posts() == 60
    assert line.jobs() == [("completed", 3, 60, 60, 0, 0, 0, 0, 0, 0, 0)]
    assert line.sync("ada", "heartbeat_at") is None
    assert line.sync("ada", "scraping_started_at") is None


def test_the_cleaner_of_stuck_states_comes_first(line: Line, database_url: str) -> None:
    """Put back to pending by maintenance, it goes on there as well, and a zombie writes nothing."""
    line.add("ada", Feed(posts=60))
    line.simulator.faults.add(Fault(Kind.HOLD, provider="edges", contains="/in/ada"))
    with reading(database_url, line) as process:
        eventually(lambda: len(line.simulator.ledger.calls()) == 1)
        line.connection.execute(
            "update profile_sync_status set heartbeat_at = now() - interval '3 minutes', "
            "scraping_started_at = now() - interval '4 minutes'"
        )
        assert value(line.connection, "select cleanup_stuck_scraping_states()") == 1
        line.simulator.faults.clear()  # what was held answers now
        assert process.wait(60) == 0
    assert line.posts() == 0
    assert line.status("ada") == "pending"
    line.rested()
    assert line.read().counts == {SyncOutcome.COMPLETED: 1}
    assert line.posts() == 60


@pytest.mark.parametrize("number", [signal.SIGINT])
def test_an_interrupted_reading_is_given_back(
    line: Line, database_url: str, number: signal.Signals
) -> None:
    """Ctrl-C gives back what is in hand at once, charged to nobody."""
    line.add("ada", Feed(posts=60))
    line.add("bob", Feed(posts=1))
    line.simulator.faults.add(Fault(Kind.HOLD, provider="edges", contains="/in/ada"))
    with reading(database_url, line) as process:
        eventually(lambda: line.status("bob") == "completed")
        process.send_signal(number)
        eventually(lambda: line.status("ada") == "pending")
        line.simulator.faults.clear()
        process.wait(60)
    assert line.sync("ada", "consecutive_failures") == 0
    log = "select status, error_message from task_execution_logs_v2"
    assert rows(line.connection, log) == [("failed", "KeyboardInterrupt")]
    assert line.read().counts == {SyncOutcome.COMPLETED: 1}
