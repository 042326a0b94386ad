"""A webhook on a socket of this computer, which answers as a test wishes and counts what came."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

SECRET = "T0PSECRET"
"""A part of the address, in its path and its query."""

HANG, RESET = "hang", "reset"
TRICKLE = "trickle"
"""Answers that are none."""


class Webhook:
    """Takes messages; ``answers`` are used up in their order, the last one stays.

    An answer is a status, a status with headers, or one of `HANG`, `RESET`, `TRICKLE`.
    """

    def __init__(self, listening: socket.socket) -> None:
        self._listening = listening
        port = listening.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/services/{SECRET}?token={SECRET}"
        self.answers: list[Any] = [200]
        self.bodies: list[Mapping[str, Any]] = []
        self.heads: list[str] = []
        self.asked = threading.Event()
        self.released = threading.Event()

    def serve(self) -> None:
        """Answer each connection in a thread of its own until the socket is closed."""
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with connection:
            try:
                head, body = _request(connection)
                self.heads.append(head)
                self.bodies.append(json.loads(body))
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                self.asked.set()
                self._answer(connection, answer)
            except OSError:
                return

    def _answer(self, connection: socket.socket, answer: Any) -> None:
        if answer == RESET:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            return
        if answer == HANG:
            self.released.wait(60)
            return
        if answer == TRICKLE:
            while not self.released.wait(0.05):
                connection.sendall(b"H")
            return
        status, headers = answer if isinstance(answer, tuple) else (answer, {})
        lines = [f"HTTP/1.1 {status} X", "Content-Length: 2"]
        lines += [f"{name}: {text}" for name, text in headers.items()]
        connection.sendall(("\r\n".join(lines) + "\r\n\r\nok").encode())


def _request(connection: socket.socket) -> tuple[str, bytes]:
    data = b""
    while b"\r\n\r\n" not in data:
        data += _more(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    text = head.decode()
    length = int(text.lower().partition("content-length:")[2].split()[0])
    while len(body) < length:
        body += _more(connection)
    return text, body


def _more(connection: socket.socket) -> bytes:
    piece = connection.recv(65536)
    if not piece:
        raise ConnectionError
    return piece


@contextmanager
def webhook() -> Iterator[Webhook]:
    """Serve a webhook for the time of the block."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        served = Webhook(listening)
        threading.Thread(target=served.serve, daemon=True).start()
        try:
            yield served
        finally:
            served.released.set()
            listening.shutdown(socket.SHUT_RDWR)
