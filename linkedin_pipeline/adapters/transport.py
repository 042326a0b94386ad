"""Connections with an end: httpx bounds each read, this bounds all of them together.

A server that trickles a byte every few seconds would hold a caller for as long as it likes.  So
every operation on the socket is given what is left of the call's time.

And a request may come too late: a process that was frozen must not publish when it wakes what
others have settled meanwhile.  So there is an instant from which on nothing is written any more.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Iterable
from contextvars import ContextVar
from typing import Any

import httpcore
import httpx

DEADLINE: ContextVar[float | None] = ContextVar("deadline", default=None)
"""When the call that this thread makes must be over, in seconds of ``time.monotonic()``."""
LAST_WRITE: ContextVar[float | None] = ContextVar("last_write", default=None)
"""From when on it writes nothing any more, on the same clock; an answer may still be read."""

_PIECE = 4096
"""Bytes that are written at once where there is a last instant: where the socket takes any, it
takes these without a wait, so that nothing can happen between the look at the clock and them."""


def remaining(timeout: float | None, late: type[Exception]) -> float | None:
    """Return the lesser of ``timeout`` and what is left of the deadline, in seconds.

    Raises:
        late: nothing is left.
    """
    return _before(DEADLINE.get(), timeout, late)


def _before(instant: float | None, timeout: float | None, late: type[Exception]) -> float | None:
    if instant is None:
        return timeout
    left = instant - time.monotonic()
    if left <= 0:
        raise late("the call took too long")
    return left if timeout is None else min(timeout, left)


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream
        self._has_written = False

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, remaining(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if LAST_WRITE.get() is None:
            self._has_written = True
            self._stream.write(buffer, remaining(timeout, httpcore.WriteTimeout))
            return
        view = memoryview(buffer)
        for start in range(0, len(view), _PIECE):
            self._wait_to_write(timeout)
            left = self._before_last_write(timeout)
            self._has_written = True
            self._stream.write(bytes(view[start : start + _PIECE]), left)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: Any,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = remaining(timeout, httpcore.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    def _before_last_write(self, timeout: float | None) -> float | None:
        # ConnectTimeout tells a caller that nothing was asked of the server
        late = httpcore.WriteTimeout if self._has_written else httpcore.ConnectTimeout
        return _before(LAST_WRITE.get(), remaining(timeout, late), late)

    def _wait_to_write(self, timeout: float | None) -> None:
        left = self._before_last_write(timeout)
        poll = select.poll()
        poll.register(self._stream.get_extra_info("socket"), select.POLLOUT)
        if not poll.poll(None if left is None else left * 1000):
            raise httpcore.WriteTimeout("the server takes nothing any more")


def _bind_kernel(opened: socket.socket) -> None:
    """Have the kernel keep to the last instant too: it repeats what we wrote until it is received.

    Without it a request that was written in time comes through minutes later, when the network is
    back, even if the process is gone.  Where there is no such option (not Linux), that stays so.
    """
    last = LAST_WRITE.get()
    if last is not None and hasattr(socket, "TCP_USER_TIMEOUT"):
        milliseconds = max(round((last - time.monotonic()) * 1000), 1)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)


class BoundedBackend(httpcore.NetworkBackend):
    """Opens connections whose every operation keeps to the deadline."""

    def __init__(self) -> None:
        self._backend = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Open a connection."""
        late = httpcore.ConnectTimeout
        left = _before(LAST_WRITE.get(), remaining(timeout, late), late)
        stream = self._backend.connect_tcp(host, port, left, local_address, socket_options)
        _bind_kernel(stream.get_extra_info("socket"))
        return _Stream(stream)

    def sleep(self, seconds: float) -> None:
        """Block; httpcore asks for it between tries to connect, of which there is one."""
        time.sleep(seconds)


class BoundedTransport(httpx.HTTPTransport):
    """httpx's transport over a `BoundedBackend`; ``keep`` is how many idle connections it keeps.

    With ``keep`` 0 no call can meet a connection that the server closed meanwhile, of which nobody
    could say whether it was served.
    """

    def __init__(self, backend: httpcore.NetworkBackend | None = None, *, keep: int = 0) -> None:
        super().__init__()
        self._pool = httpcore.ConnectionPool(  # httpx has no argument for the backend
            ssl_context=httpx.create_ssl_context(),
            max_connections=None,
            max_keepalive_connections=keep,
            network_backend=backend or BoundedBackend(),
        )
