"""A real socket for the gateway."""

from __future__ import annotations

import logging
import resource
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.gateway.app import gateway
from linkedin_pipeline.gateway.graphql import Dagster
from linkedin_pipeline.gateway.protocol import HEAD_SECONDS, MOST_WAITING, BoundedProtocol, Bounds
from linkedin_pipeline.gateway.threads import Threads
from linkedin_pipeline.listening import BACKLOG, address, listen
from linkedin_pipeline.settings import Settings

MOST_HEAD = 16 * 1024
"""Bytes of a request's line and headers."""
_FILES_FOR_OTHERS = 200


class _Server(uvicorn.Server):
    """A server that says when it answers."""

    def __init__(self, app: ASGIApp, bounds: Bounds) -> None:
        protocol = type("Protocol", (BoundedProtocol,), {"bounds": bounds})
        super().__init__(
            uvicorn.Config(
                app,
                http=protocol,
                loop="asyncio",
                ws="none",
                lifespan="off",
                log_config=None,
                log_level=logging.CRITICAL,  # requests are logged by the application
                access_log=False,
                server_header=False,
                proxy_headers=False,
                backlog=BACKLOG,
                h11_max_incomplete_event_size=MOST_HEAD,
                timeout_graceful_shutdown=5,
            )
        )
        self.answers = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets=sockets)
        self.answers.set()


@contextmanager
def _server(
    settings: Settings, database: Database, head_seconds: float, most_waiting: int
) -> Iterator[_Server]:
    dagster, threads = Dagster(settings.dagster_webserver_url), Threads()
    try:
        app = gateway(settings, database, dagster, threads)
        yield _Server(app, Bounds(head_seconds, most_waiting))
    finally:
        threads.close()
        dagster.close()


def serve(settings: Settings, database: Database, listening: socket.socket) -> None:
    """Serve until Ctrl-C, which is raised as KeyboardInterrupt once everything is closed."""
    with _server(settings, database, HEAD_SECONDS, _room()) as server:
        server.run(sockets=[listening])


@contextmanager
def serving(
    settings: Settings,
    database: Database,
    *,
    head_seconds: float = HEAD_SECONDS,
    most_waiting: int = MOST_WAITING,
) -> Iterator[str]:
    """Serve on a free port of 127.0.0.1 in a thread, and give the URL."""
    with (
        listen("127.0.0.1", 0) as listening,
        _server(settings, database, head_seconds, most_waiting) as server,
    ):
        thread = threading.Thread(target=server.run, args=([listening],), name="gateway-server")
        thread.start()
        try:
            if not server.answers.wait(60):
                raise RuntimeError("the gateway did not start within a minute")
            yield address(listening)
        finally:
            server.should_exit = True
            thread.join()


def _room() -> int:
    """Take as many open files as the system gives; return how many connections may be idle."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    most = MOST_WAITING if hard == resource.RLIM_INFINITY else hard - _FILES_FOR_OTHERS
    return max(min(MOST_WAITING, most), 10)
