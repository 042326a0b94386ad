"""A real socket for a simulator: in a thread for tests, in this one for the command line."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from linkedin_pipeline.listening import address, listen
from linkedin_pipeline.simulators.connections import OpenedProtocol


class _Server(uvicorn.Server):
    """A server that says when it answers."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=OpenedProtocol,
                loop="asyncio",
                ws="none",
                lifespan="off",
                log_config=None,
                log_level=logging.CRITICAL,
                access_log=False,
                server_header=False,
                timeout_keep_alive=75,  # longer than clients keep a connection that they do not use
                timeout_graceful_shutdown=1,  # an answer that is held must not hold the end up
            )
        )
        self.answers = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets=sockets)
        self.answers.set()


def serve(app: ASGIApp, listening: socket.socket) -> None:
    """Serve until Ctrl-C, which is raised as KeyboardInterrupt once everything is closed."""
    _Server(app).run(sockets=[listening])


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """Serve on a free port of 127.0.0.1 in a thread, and give the URL."""
    with listen("127.0.0.1", 0) as listening:
        server = _Server(app)
        thread = threading.Thread(target=server.run, args=([listening],), name="simulator")
        thread.start()
        try:
            if not server.answers.wait(60):
                raise RuntimeError("the simulator did not start within a minute")
            yield address(listening)
        finally:
            server.should_exit = True
            thread.join()
