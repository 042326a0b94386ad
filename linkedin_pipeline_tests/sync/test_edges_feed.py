"""What the adapter makes of Edges' answers: where it goes, when it waits, whom it blames."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from linkedin_pipeline.domain.sync import SyncOutcome
from linkedin_pipeline.simulators.edges import ACTION
from linkedin_pipeline.simulators.edges_feeds import Feed
from linkedin_pipeline.simulators.faults import Fault, Kind
from linkedin_pipeline.workers.report import Stop
from linkedin_pipeline_tests.sql.bank import rows, value
from linkedin_pipeline_tests.sync.reading import KEY, Line

PAUSE = "select code, extract(epoch from until - now())::float8 from provider_pauses"


@contextmanager
def listener() -> Iterator[tuple[int, list[bytes]]]:
    """Listen on a port of its own; gives the port, and what was said to it."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def accept() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    connection.settimeout(5)
                    heard.append(b"connected")
                    heard.append(connection.recv(65536))

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield listening.getsockname()[1], heard
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(60)


EVIL = {
    "another host": ("http://localhost:{evil}{path}?cursor=x", "http://localhost:"),
    "another port": ("http://127.0.0.1:{evil}{path}?cursor=x", "http://127.0.0.1:"),
    "another scheme": ("https://127.0.0.1:{port}{path}?cursor=x", "https://127.0.0.1:"),
    "a user with the host's name": (
        "http://127.0.0.1:{port}@localhost:{evil}{path}?cursor=x",
        "http://localhost:",
    ),
    "a user": ("http://user@127.0.0.1:{port}{path}?cursor=x", "names a user"),
    "no scheme": ("//localhost:{evil}{path}?cursor=x", "(no scheme)://localhost:"),
    "a path alone": ("{path}?cursor=x", "(no scheme)://(no host)"),
    "a back slash": ("http://localhost:{evil}\\@127.0.0.1:{port}{path}?cursor=x", "odd characters"),
    "a blank": (
        "http://127.0.0.1:{port}{path}?cursor=x, http://localhost:{evil}/",
        "odd characters",
    ),
    "another action": ("http://127.0.0.1:{port}/v1/actions/other/run/live?cursor=x", "another act"),
    "steps up": ("http://127.0.0.1:{port}{path}/../../other?cursor=x", "another action"),
    "no query": ("http://127.0.0.1:{port}{path}", "another action"),
    "a bad port": ("http://127.0.0.1:x{path}?cursor=x", "it is none"),
}
ANY_PAGE = ("another host", "another scheme", "no scheme")


@pytest.mark.parametrize(
    ("kind", "page"), [(k, 1) for k in EVIL] + [(k, n) for k in ANY_PAGE for n in (2, 3)]
)
def test_an_ill_meant_next_page_is_refused(line: Line, kind: str, page: int) -> None:
    """Whichever page carries it, followed (1, 2) or not (3, where the reading ends anyway)."""
    form, said = EVIL[kind]
    port = urlsplit(line.base_url).port
    with listener() as (evil, heard):
        address = form.format(evil=evil, port=port, path=ACTION)
        line.add("ada", Feed(posts=60, next={page: address}))
        assert line.read(max_pages=3).counts == {SyncOutcome.FAILED: 1}
        assert heard == []
    assert said in line.sync("ada", "last_error")
    if "localhost" in said:
        assert f"localhost:{evil}" in line.sync("ada", "last_error")
    assert "refused" in line.sync("ada", "last_error")
    assert line.posts() == 20 * (page - 1)
    assert KEY not in str(rows(line.connection, "select * from profile_sync_status"))
    # mended, the reading goes on with the page that was refused
    line.simulator.shows("ada", Feed(posts=60))
    line.rested()
    assert line.read(max_pages=3).counts == {SyncOutcome.COMPLETED: 1}
    assert line.posts() == 60


def test_a_listener_would_hear_the_key(line: Line) -> None:
    """The listener of these tests hears what is said to it, or it would prove nothing."""
    with listener() as (port, heard):
        line.base_url = f"http://127.0.0.1:{port}/v1"
        line.add("ada")
        line.read()
    assert any(KEY.encode() in said for said in heard)


@pytest.mark.parametrize("status", [429, 424, 409])
def test_a_limit_silences_the_whole_account(line: Line, status: int) -> None:
    """Until Edges said, whatever the status: nobody calls, nobody is charged, all go on after."""
    line.simulator.usual = Feed(posts=1)
    for n in range(6):
        line.add(f"p{n}")
    until = (datetime.now(UTC) + timedelta(hours=3)).isoformat()
    line.fail("", 0, times=1, status=status, label="LIMIT_REACHED", postponed_until=until)
    report = line.read(readers=1)
    assert report.stop is Stop.PAUSED
    assert report.counts == {SyncOutcome.GIVEN_BACK: 1}
    [(code, left)] = rows(line.connection, PAUSE)
    assert code == "limit_reached"
    assert 3 * 3600 - 60 < left < 3 * 3600 + 60
    called = len(line.simulator.ledger.calls())
    assert line.read(anyway=True).stop is Stop.PAUSED
    assert len(line.simulator.ledger.calls()) == called == 1
    states = "select distinct sync_status from profiles"
    assert rows(line.connection, states) == [("pending",)]
    failures = "select max(consecutive_failures) from profile_sync_status"
    assert value(line.connection, failures) == 0
    line.connection.execute("update provider_pauses set until = now()")
    assert line.read().counts == {SyncOutcome.COMPLETED: 6}


def test_a_limit_without_a_time_lasts_a_day(line: Line) -> None:
    """A rolling day is what Edges documents."""
    line.add("ada")
    line.fail("ada", 1, times=1, status=424, label="LIMIT_REACHED", postponed_until="soon")
    line.read()
    assert 86_300 < value(line.connection, PAUSE.replace("code, ", "")) <= 86_400


def test_a_short_pause_is_waited_out(line: Line) -> None:
    """Retry-After of some seconds does not end the pass."""
    line.add("ada")
    line.simulator.faults.add(Fault(Kind.RATE_LIMIT, provider="edges", retry_after="2"))
    wait = line.clock.sleep

    def sleep(seconds: float) -> None:
        line.connection.execute("update provider_pauses set until = now()")
        wait(seconds)

    line.clock.sleep = sleep  # type: ignore[method-assign]
    report = line.read()
    assert report.stop is Stop.EMPTY
    assert report.counts == {SyncOutcome.GIVEN_BACK: 1, SyncOutcome.COMPLETED: 1}
    assert sum(line.clock.slept) == pytest.approx(2.0, abs=0.5)


@pytest.mark.parametrize(
    ("kind", "code"), [(Kind.INVALID_KEY, "key_refused"), (Kind.BILLING, "no_credit")]
)
def test_a_refused_key_is_one_incident(line: Line, kind: Kind, code: str) -> None:
    """Everybody waits, nobody is charged, and one row says what a person has to do."""
    line.simulator.usual = Feed(posts=1)
    for n in range(3):
        line.add(f"p{n}")
    line.simulator.faults.add(Fault(kind, provider="edges", times=None))
    assert line.read().stop is Stop.PAUSED
    incidents = "select function_name, error_code, is_resolved from ai_errors"
    assert rows(line.connection, incidents) == [("sync_profiles", code, False)]
    line.simulator.faults.clear()
    line.connection.execute("update provider_pauses set until = now()")
    assert line.read().counts == {SyncOutcome.COMPLETED: 3}
    assert rows(line.connection, incidents) == [("sync_profiles", code, True)]


def test_many_failures_in_a_row_are_an_outage(line: Line) -> None:
    """A provider that fails for everybody pauses, instead of charging ten thousand profiles."""
    line.simulator.usual = Feed(posts=1)
    for n in range(30):
        line.add(f"p{n:02}")
    line.fail("", 0, times=10_000, status=503)
    report = line.read(readers=1, longest_wait=0)
    assert report.stop is Stop.PAUSED
    assert report.counts == {SyncOutcome.FAILED: 9, SyncOutcome.GIVEN_BACK: 1}
    assert "many profiles failed in a row" in (report.reason or "")
    for failed, given_back in ((2, 1), (2, 1)):
        line.connection.execute("update provider_pauses set until = now()")
        counts = line.read(readers=1, longest_wait=0).counts
        assert counts == {SyncOutcome.FAILED: failed, SyncOutcome.GIVEN_BACK: given_back}
    line.simulator.reset()
    line.connection.execute("update provider_pauses set until = now()")
    assert line.read().counts == {SyncOutcome.COMPLETED: 30 - 13}


def test_an_unreachable_provider_charges_nobody(line: Line) -> None:
    """Without a connection nothing was asked, and no profile is to blame."""
    line.add("ada")
    line.base_url = "http://127.0.0.1:1/v1"
    assert line.read(longest_wait=0).stop is Stop.PAUSED
    assert line.sync("ada", "consecutive_failures") == 0


@pytest.mark.parametrize("fault", [Kind.RESET_AFTER, Kind.TRUNCATED, Kind.MALFORMED])
def test_a_broken_answer_is_asked_for_again(line: Line, fault: Kind) -> None:
    """Reading may be repeated: a connection that breaks once is no failure, nonsense is one."""
    line.add("ada", Feed(posts=3))
    line.simulator.faults.add(Fault(fault, provider="edges"))
    expected = SyncOutcome.FAILED if fault is Kind.MALFORMED else SyncOutcome.COMPLETED
    assert line.read().counts == {expected: 1}


def test_an_identifier_that_is_none_is_not_asked_for(line: Line) -> None:
    """What cannot stand in a profile's address is said so, and costs no call."""
    line.add("../../company/evil")
    line.add("josé", Feed(posts=0))
    line.simulator.shows("jos%c3%a9", Feed(posts=2))
    report = line.read()
    assert report.counts == {SyncOutcome.GONE: 1, SyncOutcome.COMPLETED: 1}
    assert len(line.simulator.ledger.calls()) == 1
    assert "linkedin_id" in line.sync("../../company/evil", "last_error")


def test_the_call_has_the_shape_that_edges_wants(line: Line) -> None:
    """One call a page, in the ledger by the profile's id; the key in its own header."""
    profile = line.add("ada", Feed(posts=3))
    line.read()
    [call] = line.simulator.ledger.calls()
    assert call.document == {
        "identity_mode": "managed",
        "input": {"linkedin_profile_url": "https://www.linkedin.com/in/ada"},
    }
    made = "select provider, operation, subject, profile_id, status, outcome from provider_calls"
    assert rows(line.connection, made) == [
        ("edges", "people-post-activity", str(profile), profile, 200, "answered")
    ]
