"""Answers that break the connection, and the server protocol that lets them."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any, cast

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

_TRANSPORT = "linkedin_pipeline.transport"


class OpenedProtocol(H11Protocol):
    """HTTP/1.1 that hands each request the transport it came through."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wrap the application for this connection."""
        super().connection_made(transport)
        served = self.app

        async def with_transport(scope: Scope, receive: Receive, send: Send) -> None:
            scope[_TRANSPORT] = transport
            await served(scope, receive, send)

        self.app = with_transport


class Reset(Response):
    """No answer: the client sees its connection reset."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Reset the connection and wait until it is gone."""
        transport = cast(asyncio.Transport, scope[_TRANSPORT])
        opened = transport.get_extra_info("socket")
        # no lingering: closing sends RST instead of FIN
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
        await _gone(receive)


class Truncated(Response):
    """Headers that promise a whole body, half of it, and the end of the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send half, close, and wait until the connection is gone."""
        await send(
            {
                "type": "http.response.start",
                "status": self.status_code,
                "headers": self.raw_headers,
            }
        )
        half = bytes(self.body[: len(self.body) // 2])
        await send({"type": "http.response.body", "body": half, "more_body": True})
        cast(asyncio.Transport, scope[_TRANSPORT]).close()
        await _gone(receive)


class Overlong(Response):
    """Headers that promise half of the body, and all of it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Send it past the server, which would not let it through, and close."""
        transport = cast(asyncio.Transport, scope[_TRANSPORT])
        promised = str(len(self.body) // 2).encode()
        lines = [
            name + b": " + (promised if name == b"content-length" else value)
            for name, value in self.raw_headers
        ]
        head = b"\r\n".join([f"HTTP/1.1 {self.status_code} OK".encode(), *lines])
        transport.write(head + b"\r\n\r\n" + bytes(self.body))
        transport.close()
        await _gone(receive)


class Endless(Response):
    """The body, and zeros after it for as long as the caller reads."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Send until the connection is gone."""
        await _start(self, send, promised=False)
        gone = asyncio.ensure_future(_gone(receive))
        await send({"type": "http.response.body", "body": bytes(self.body), "more_body": True})
        while not gone.done():
            more = {"type": "http.response.body", "body": bytes(65_536), "more_body": True}
            await asyncio.gather(send(more), asyncio.sleep(0))


class Dripping(Response):
    """The body, byte by byte with a pause between."""

    def __init__(self, *arguments: Any, pause: float) -> None:
        super().__init__(*arguments)
        self._pause = pause

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Send it all, or until the connection is gone."""
        await _start(self, send, promised=True)
        gone = asyncio.ensure_future(_gone(receive))
        for byte in bytes(self.body):
            await asyncio.wait({gone}, timeout=self._pause)
            if gone.done():
                return
            piece = {"type": "http.response.body", "body": bytes([byte]), "more_body": True}
            await send(piece)
        gone.cancel()
        await send({"type": "http.response.body", "body": b""})


async def _start(response: Response, send: Send, *, promised: bool) -> None:
    headers = [one for one in response.raw_headers if promised or one[0] != b"content-length"]
    await send({"type": "http.response.start", "status": response.status_code, "headers": headers})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
