"""HTTP/1.1 that does not wait for slow callers.

uvicorn bounds how long a connection may be idle after an answer, and nothing else: a caller that
sends its headers byte by byte, or nothing at all, holds a connection for ever.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from linkedin_pipeline.gateway.answers import CORS, SECURITY, envelope, new_request_id

HEAD_SECONDS = 10.0
MOST_WAITING = 4_000


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long a head may take to arrive, and how many connections may be without one.

    One more than that, and the one that has waited longest goes: a caller of good will sends its
    head at once, so it is never that one.  ``waiting`` holds them, the oldest first.
    """

    head_seconds: float = HEAD_SECONDS
    most_waiting: int = MOST_WAITING
    waiting: dict[BoundedProtocol, asyncio.TimerHandle] = field(default_factory=dict)


class BoundedProtocol(H11Protocol):
    """A connection that ends when no whole request head comes in time."""

    bounds = Bounds()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a head."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        """Wait no more once a request is being served."""
        super().handle_events()
        cycle: RequestResponseCycle | None = self.cycle  # none before the first request
        if cycle is not None and not cycle.response_complete:
            self._stop_waiting()

    def on_response_complete(self) -> None:
        """Wait for the next head; what is left of the body must arrive in that time, too."""
        self._await_head()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP, or has too large a head, as every other error."""
        request_id = new_request_id()
        body = json.dumps(envelope("bad_request", msg, request_id)).encode()
        headers = {
            **CORS,
            **SECURITY,
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "X-Request-Id": request_id,
            "Connection": "close",
        }
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            response = h11.Response(status_code=400, headers=list(headers.items()), reason=b"")
            for event in (response, h11.Data(data=body), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _await_head(self) -> None:
        self._stop_waiting()
        waiting = self.bounds.waiting
        if len(waiting) >= self.bounds.most_waiting:
            oldest = next(iter(waiting))
            oldest._give_up()  # noqa: SLF001 - another connection of this class
        waiting[self] = self.loop.call_later(self.bounds.head_seconds, self._give_up)

    def _stop_waiting(self) -> None:
        timer = self.bounds.waiting.pop(self, None)
        if timer is not None:
            timer.cancel()

    def _give_up(self) -> None:
        self._stop_waiting()
        # closing would wait for a caller that does not read what it was sent
        self.transport.abort()
