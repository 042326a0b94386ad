"""No byte of a request is written after its deadline, whatever held the process up."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import pytest

from linkedin_pipeline.adapters import transport
from linkedin_pipeline.adapters.http import Call, HttpCaller, Unsent
from linkedin_pipeline.domain.calls import CallPermit
from linkedin_pipeline.domain.errors import DatabaseDown
from linkedin_pipeline.settings import PROJECT_ROOT
from linkedin_pipeline_tests.adapters.test_http import OK, server
from linkedin_pipeline_tests.waiting import eventually


class Listening:
    """A server that answers whatever looks like a whole request, and keeps what it received."""

    def __init__(self, listening: socket.socket) -> None:
        self.received: list[bytes] = []
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        self._listening = listening
        self.thread = threading.Thread(target=self._serve)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            whole = b""
            with connection:
                while piece := connection.recv(65536):
                    whole += piece
                    if whole.endswith(b"0\r\n\r\n"):
                        connection.sendall(OK)
                        break
            self.received.append(whole)


@contextmanager
def listening() -> Iterator[Listening]:
    """Serve on a free port; every connection has been read to its end afterwards."""
    with socket.create_server(("127.0.0.1", 0)) as opened:
        served = Listening(opened)
        served.thread.start()
        yield served
        opened.shutdown(socket.SHUT_RDWR)
        served.thread.join()


def call_frozen(url: str, place: str, *, freeze: bool = True) -> list[str]:
    """Freeze a call at a place until its deadline has passed; return what it said afterwards."""
    command = [sys.executable, "-m", "linkedin_pipeline_tests.adapters.frozen_call", url, place]
    with subprocess.Popen(
        command, cwd=PROJECT_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        deadline = 0.0
        if freeze:
            while (line := process.stdout.readline().strip()) != f"at {place}":
                assert line.startswith("deadline"), line
                deadline = float(line.split()[1])
            process.send_signal(signal.SIGSTOP)
        process.stdin.write("go on\n")
        process.stdin.flush()
        eventually(lambda: time.monotonic() > deadline)
        process.send_signal(signal.SIGCONT)
        return process.stdout.read().splitlines()


@pytest.mark.parametrize("place", ["ledger", "connection"])
def test_a_call_that_wakes_too_late_sends_nothing(place: str) -> None:
    """A process frozen between its intent and the first byte never makes the request."""
    with listening() as served:
        assert call_frozen(served.url, place) == ["ended unsent", "Unsent"]
    assert b"".join(served.received) == b""


def test_a_request_that_was_begun_is_not_finished_too_late() -> None:
    """What was written in part stays a part, and may have been understood: nobody knows."""
    with listening() as served:
        assert call_frozen(served.url, "body") == ["ended unknown", "Unanswered"]
    (received,) = served.received
    assert b"aaaa" in received
    assert b"bbbb" not in received


def test_a_call_in_time_is_made() -> None:
    """The same call without a delay reaches the server whole."""
    with listening() as served:
        assert call_frozen(served.url, "nowhere", freeze=False)[-1] == "answer 200"
    (received,) = served.received
    assert b"a" * 65536 in received
    assert b"b" * 65536 in received


class Ledger:
    """Permits calls; ``down`` names what the database does not do."""

    def __init__(self, down: str = "") -> None:
        self.down = down
        self.ended: list[Any] = []

    def begin(self, *_: Any) -> CallPermit:
        """Permit a call."""
        self._check("begin")
        return CallPermit(uuid4())

    def end(self, call_id: UUID, *rest: Any) -> None:
        """Close a call's row."""
        del call_id
        self._check("end")
        self.ended.append(rest)

    def pause(self, *_: Any, **__: Any) -> float:
        """Pause nothing."""
        return 0.0

    def _check(self, step: str) -> None:
        if step == self.down:
            raise DatabaseDown("the database", "away", "Wait.")


def test_an_answer_outlives_the_ledger(caplog: pytest.LogCaptureFixture) -> None:
    """An answer in hand is not lost because its row could not be closed."""
    with server(lambda s: s.sendall(OK)) as url:
        answer = HttpCaller("someone", url, {}, Ledger(down="end")).send(Call("a", "POST", "/"))
    assert answer.status == 200
    assert "call.not_recorded provider=someone outcome=answered" in caplog.text


def test_a_failure_outlives_the_ledger() -> None:
    """So it is with what is known of a call that failed."""
    with server(lambda _: None) as url:
        pass
    with pytest.raises(Unsent):
        HttpCaller("someone", url, {}, Ledger(down="end")).send(Call("a", "POST", "/"))


def test_without_permission_nothing_is_sent() -> None:
    """A call that the ledger cannot be asked about is not made."""
    seen: list[int] = []
    with server(lambda _: seen.append(1)) as url, pytest.raises(DatabaseDown):
        HttpCaller("someone", url, {}, Ledger(down="begin")).send(Call("a", "POST", "/"))
    assert seen == []


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="only Linux has the option")
def test_the_kernel_keeps_to_the_deadline() -> None:
    """What is written but not received dies in the kernel with the deadline, not minutes later."""
    with listening() as served:
        token = transport.LAST_WRITE.set(time.monotonic() + 3600)
        try:
            host, port = served.url.removeprefix("http://").split(":")
            stream = transport.BoundedBackend().connect_tcp(host, int(port))
        finally:
            transport.LAST_WRITE.reset(token)
        kept = stream.get_extra_info("socket").getsockopt(
            socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT
        )
        stream.close()
    assert 0 < kept <= 3_600_000
