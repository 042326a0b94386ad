"""Sockets to serve on."""

from __future__ import annotations

import socket

from linkedin_pipeline.domain.errors import BadInput

BACKLOG = 1_024
"""Connections that the system completes while the program is at other things."""


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens; port 0 takes a free one.

    Raises:
        BadInput: the address cannot be listened on.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise BadInput(
            f"{host}:{port}",
            f"cannot be listened on ({error.strerror})",
            "Choose another --port (0 takes a free one) or --host.",
        ) from None
    # asyncio does so only for sockets that name their protocol; without it the second piece of an
    # answer waits 40 ms for the caller's delayed acknowledgement.  Accepted sockets inherit it.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def address(listening: socket.socket) -> str:
    """Return the URL of a listening socket."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
