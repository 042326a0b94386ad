"""A call that stops on its way and says where, to be frozen there from outside; run by a test.

Prints ``at PLACE``, waits for a line, goes on, and prints what came of the call.  Its deadline is
short and is printed before: a test that waits for it sees the same on any machine.
"""

from __future__ import annotations

import sys
import time
from typing import Any
from uuid import uuid4

import httpcore

from linkedin_pipeline.adapters.http import Call, HttpCaller
from linkedin_pipeline.adapters.transport import LAST_WRITE, BoundedBackend
from linkedin_pipeline.domain.calls import CallPermit

URL, PLACE = sys.argv[1:]
CONNECT = BoundedBackend.connect_tcp


def say(words: str) -> None:
    """Print a line at once."""
    print(words, flush=True)  # noqa: T201


def stop(place: str) -> None:
    """Wait for a line, at the place that was asked for."""
    if place == PLACE:
        say(f"at {place}")
        sys.stdin.readline()


class Ledger:
    """Permits everything, slowly."""

    def begin(self, *_: Any) -> CallPermit:
        """Permit a call."""
        stop("ledger")
        return CallPermit(uuid4())

    def end(self, *arguments: Any) -> None:
        """Say how the call ended."""
        say(f"ended {arguments[1]}")

    def pause(self, *_: Any, **__: Any) -> float:
        """Pause nothing."""
        return 0.0


class Body:
    """A file of two pieces; the deadline passes between them."""

    def __init__(self) -> None:
        self.pieces = [b"a" * 65536, b"b" * 65536]

    def read(self, _: int) -> bytes:
        """Return the next piece."""
        if len(self.pieces) == 1 and PLACE == "body":
            deadline = time.monotonic() + 0.1
            LAST_WRITE.set(deadline)
            say(f"deadline {deadline}")
            stop("body")
        return self.pieces.pop(0) if self.pieces else b""


def connect(*arguments: Any, **rest: Any) -> httpcore.NetworkStream:
    """Connect, and stop before anything is written."""
    stream = CONNECT(*arguments, **rest)
    stop("connection")
    return stream


def main() -> None:
    """Make the call."""
    setattr(BoundedBackend, "connect_tcp", connect)  # noqa: B010 - mypy forbids the assignment
    longest = 1.0 if PLACE in {"ledger", "connection"} else 3600.0
    deadline = time.monotonic() + longest
    say(f"deadline {deadline}")
    caller = HttpCaller("someone", URL, {}, Ledger(), longest=3600)
    files = [("file", ("name", Body(), "text/plain"))]
    try:
        answer = caller.send(Call("test", "POST", "/", files=files, deadline=deadline))
        say(f"answer {answer.status}")
    except Exception as error:  # noqa: BLE001 - the test compares it
        say(type(error).__name__)


if __name__ == "__main__":
    main()
