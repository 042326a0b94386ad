"""A host of images on this computer, and a ledger of calls in memory."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterable
from typing import Any, Self
from uuid import UUID, uuid4

from linkedin_pipeline.adapters.media import HttpMediaSource
from linkedin_pipeline.adapters.media_guard import addresses_of
from linkedin_pipeline.domain.calls import CallEnd, CallPermit
from linkedin_pipeline.domain.media import AllowedHost, Attachment
from linkedin_pipeline.publishing_ports import CallLedger

Talk = Callable[[socket.socket], None]


def answer(body: bytes, *headers: str, status: int = 200, length: int | None = None) -> bytes:
    """Return an answer; ``length`` is what it claims, when that is not the truth."""
    claimed = len(body) if length is None else length
    head = "\r\n".join([f"HTTP/1.1 {status} X", f"Content-Length: {claimed}", *headers])
    return f"{head}\r\n\r\n".encode() + body


def moved(where: str, *headers: str) -> bytes:
    """Return a redirect."""
    return answer(b"", f"Location: {where}", *headers, status=302)


class Site:
    """Answers by path, the last answer of a path again and again; remembers each request."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.answers: dict[str, list[bytes | Talk]] = {}
        self.requests: list[str] = []
        self.connections = 0
        self._context = context
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self.origin = f"{'https' if context else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def has(self, path: str, *answers: bytes | Talk) -> str:
        """Put answers at a path and return its address."""
        self.answers[path] = list(answers)
        return self.origin + path

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            try:
                with connection:
                    self._serve(connection)
            except OSError:
                pass

    def _serve(self, connection: socket.socket) -> None:
        if self._context is not None:
            with self._context.wrap_socket(connection, server_side=True) as wrapped:
                self._talk(wrapped)
        else:
            self._talk(connection)

    def _talk(self, connection: socket.socket) -> None:
        request = connection.recv(65536).decode()
        self.requests.append(request)
        path = request.split(" ")[1].partition("?")[0]
        answers = self.answers.get(path) or [answer(b"", status=404)]
        chosen = answers.pop(0) if len(answers) > 1 else answers[0]
        if callable(chosen):
            chosen(connection)
        else:
            connection.sendall(chosen)


class MemoryLedger:
    """Permits every call and remembers how it ended: host, end, status."""

    def __init__(self) -> None:
        self.ended: list[tuple[str, CallEnd, int | None]] = []
        self._open: dict[UUID, str] = {}

    def begin(
        self, provider: str, operation: str, subject: str = "", profile_id: UUID | None = None
    ) -> CallPermit:
        """Permit."""
        del profile_id
        assert (provider, operation) == ("media", "fetch")
        call = uuid4()
        self._open[call] = subject
        return CallPermit(call)

    def end(self, call_id: UUID, end: CallEnd, status: int | None, seconds: float) -> None:
        """Remember."""
        del seconds
        self.ended.append((self._open.pop(call_id), end, status))

    def pause(self, *_: Any, **__: Any) -> float:
        """Pause nobody."""
        raise AssertionError("a host that fails is nobody else's pause")


def source(
    *hosts: str, ledger: CallLedger | None = None, slept: list[float] | None = None, **more: Any
) -> HttpMediaSource:
    """Return a source that may fetch from these hosts, 127.0.0.1 when none is named."""
    allowed = [AllowedHost.parse(host) for host in hosts or ("127.0.0.1",)]
    sleep = (slept if slept is not None else []).append
    more.setdefault("resolve", addresses_of)
    return HttpMediaSource(allowed, ledger or MemoryLedger(), sleep, **more)


def attached(addresses: Iterable[str]) -> list[Attachment]:
    """Return the attachments of these addresses."""
    return [Attachment(address) for address in addresses]
