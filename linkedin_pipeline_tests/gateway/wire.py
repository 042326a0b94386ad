"""Bytes to and from a server, for what no well-behaved client sends."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

SECRET = "a-long-random-text-0123456789"
HOOKS = "/functions/v1/worker-extract-hooks-v2"
STATUS = "/functions/v1/orchestrator-v2?action=status"


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and body of an answer; no bytes at all are status 0."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)


@contextmanager
def connected(url: str) -> Iterator[socket.socket]:
    """Open a connection to the server at ``url``."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=120) as opened:
        yield opened


def head(path: str, *lines: str, method: str = "POST", secret: str | None = SECRET) -> bytes:
    """Return the head of a request, without the empty line at its end."""
    headers = [f"{method} {path} HTTP/1.1", "Host: gateway", *lines]
    if secret is not None:
        headers.append(f"X-Scheduler-Secret: {secret}")
    return "\r\n".join(headers).encode("latin-1") + b"\r\n"


def read(opened: socket.socket) -> Answer:
    """Read one answer."""
    received = b""
    while b"\r\n\r\n" not in received:
        piece = opened.recv(65536)
        if not piece:
            return Answer(0, {}, b"")
        received += piece
    top, _, body = received.partition(b"\r\n\r\n")
    first, *lines = top.decode("latin-1").split("\r\n")
    pairs = (line.partition(": ") for line in lines)
    headers = {name.lower(): value for name, _, value in pairs}
    length = int(headers.get("content-length", 0))
    while len(body) < length:
        body += opened.recv(65536)
    return Answer(int(first.split()[1]), headers, body)


def send(url: str, request: bytes) -> Answer:
    """Send bytes over a connection of their own and read one answer."""
    with connected(url) as opened:
        opened.sendall(request)
        return read(opened)
