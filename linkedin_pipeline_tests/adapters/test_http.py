"""Calls over plain HTTP: bounded, recorded, honest about whether the provider may have acted."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from linkedin_pipeline.adapters.http import Answer, Call, HttpCaller, Unanswered, Unsent, repeated
from linkedin_pipeline.database.calls import PostgresCallLedger
from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.domain.errors import ProviderDown
from linkedin_pipeline_tests.sql.bank import Connection, rows

POST = Call("test", "POST", "/posts?secret=hunter2", subject="a", body={"text": "words"})
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@contextmanager
def server(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """Serve one connection after the other; yields the address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def accept() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    try:
                        connection.recv(65536)
                        talk(connection)
                    except OSError:
                        pass

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)


def caller(database: Database, url: str, longest: float = 30.0) -> HttpCaller:
    """Return a caller of a provider at ``url``."""
    ledger = PostgresCallLedger(database, run_id="run")
    return HttpCaller("someone", url, {"X-API-KEY": "hunter2"}, ledger, longest=longest)


def calls(connection: Connection) -> list[tuple[object, ...]]:
    """Return the ledger."""
    return rows(
        connection,
        "select provider, operation, subject, status, outcome, dagster_run_id from provider_calls",
    )


def test_an_answer_is_recorded(connection: Connection, database: Database) -> None:
    """An answer comes back with its document, and its row in the ledger is closed."""
    with server(lambda s: s.sendall(OK)) as url:
        answer = caller(database, url).send(POST)
    assert (answer.status, answer.fields) == (200, {})
    assert calls(connection) == [("someone", "test", "a", 200, "answered", "run")]


def test_an_error_is_an_answer(connection: Connection, database: Database) -> None:
    """A status of failure comes back, with a body that is no JSON, and counts as refused."""
    body = b"HTTP/1.1 503 No\r\nContent-Length: 6\r\n\r\n<html>"
    with server(lambda s: s.sendall(body)) as url:
        answer = caller(database, url).send(POST)
    assert (answer.status, answer.document, answer.fields) == (503, None, {})
    assert calls(connection)[0][3:5] == (503, "refused")


def test_without_a_connection_nothing_was_sent(connection: Connection, database: Database) -> None:
    """A port where nobody listens cannot have acted, and the error names no address."""
    with server(lambda _: None) as url:
        pass
    with pytest.raises(Unsent) as failed:
        caller(database, url).send(POST)
    assert "127.0.0.1" not in str(failed.value)
    assert calls(connection)[0][3:5] == (None, "unsent")


@pytest.mark.parametrize(
    "answer",
    [b"", b"HTTP/1.1 200", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", b"nonsense\r\n\r\n"],
)
def test_a_broken_answer_may_have_worked(
    connection: Connection, database: Database, answer: bytes
) -> None:
    """Whoever took the request and gave no whole answer may have acted."""
    with server(lambda s: s.sendall(answer)) as url, pytest.raises(Unanswered):
        caller(database, url).send(POST)
    assert calls(connection)[0][3:5] == (None, "unknown")


@pytest.mark.parametrize(
    "head", [b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"HTTP/1.1"]
)
def test_a_trickling_server_is_left(
    connection: Connection, database: Database, head: bytes
) -> None:
    """A server that sends a byte now and then cannot hold a call beyond its end."""

    def trickle(connection: socket.socket) -> None:
        connection.sendall(head)
        while True:
            connection.sendall(b" ")
            time.sleep(0.05)

    with server(trickle) as url, pytest.raises(Unanswered):
        caller(database, url, longest=0.5).send(POST)
    assert calls(connection)[0][4] == "unknown"


def test_an_endless_answer_is_left(connection: Connection, database: Database) -> None:
    """An answer without an end is cut off instead of filling the memory."""

    def pour(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b" " * 1_000_000)

    with server(pour) as url, pytest.raises(Unanswered, match="no end"):
        caller(database, url).send(POST)


def test_a_redirect_is_not_followed(database: Database) -> None:
    """The key goes to nobody else."""
    seen: list[bytes] = []
    with server(lambda _: seen.append(b"asked")) as other:
        moved = f"HTTP/1.1 307 Go\r\nLocation: {other}\r\nContent-Length: 0\r\n\r\n".encode()
        with server(lambda s: s.sendall(moved)) as url:
            assert caller(database, url).send(POST).status == 307
    assert seen == []


def test_a_paused_provider_is_not_called(connection: Connection, database: Database) -> None:
    """While a provider is paused nobody connects, and the reason is told."""
    PostgresCallLedger(database).pause("someone", "rate_limited", "it said so", seconds=60)
    with pytest.raises(ProviderDown, match="it said so") as refused:
        caller(database, "http://127.0.0.1:1").send(POST)
    assert 50 < (refused.value.retry_after or 0) <= 60
    assert calls(connection) == []


def test_an_answer_ends_an_expired_pause(connection: Connection, database: Database) -> None:
    """Once it answers, the pause and its incident are over."""
    ledger = PostgresCallLedger(database)
    ledger.pause("someone", "key_refused", "it refused", seconds=0, worker="publish_scheduled")
    assert rows(connection, "select is_resolved from ai_errors") == [(False,)]
    with server(lambda s: s.sendall(OK)) as url:
        caller(database, url).send(POST)
    assert rows(connection, "select count(*) from provider_pauses") == [(0,)]
    assert rows(connection, "select is_resolved from ai_errors") == [(True,)]


def test_addresses_are_not_logged(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    """No log line holds the query of an address, whatever level a program logs at."""
    caplog.set_level(logging.DEBUG)
    with server(lambda s: s.sendall(OK)) as url:
        caller(database, url).send(POST)
    assert "hunter2" not in caplog.text


def test_a_repeatable_call_is_repeated() -> None:
    """Failures of the provider are tried again a bounded number of times, then they stand."""
    answers: Iterator[Answer | Unanswered] = iter(
        [Answer(500, {}, None), Unanswered("reset"), Answer(200, {}, None)]
    )

    def attempt() -> Answer:
        met = next(answers)
        if isinstance(met, Exception):
            raise met
        return met

    slept: list[float] = []
    assert repeated(attempt, slept.append).status == 200
    assert slept == [0.5, 1.0]

    def fail() -> Answer:
        slept.append(0)
        raise Unsent("away")

    with pytest.raises(Unsent):
        repeated(fail, lambda _: None)
    assert slept.count(0) == 3
