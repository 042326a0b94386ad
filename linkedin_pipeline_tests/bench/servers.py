"""A server of its own for a measurement, with the durability of production."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from linkedin_pipeline.database import server
from linkedin_pipeline.database.migrate import migrate

_SETTINGS = {
    "shared_buffers": "2GB",
    "maintenance_work_mem": "2GB",
    "max_wal_size": "16GB",
    "checkpoint_timeout": "1h",  # a checkpoint in the middle would be charged to whoever was at it
    "random_page_cost": "1.1",
}


@contextmanager
def fresh_server(settings: dict[str, str] | None = None) -> Iterator[str]:
    """Start a server in a directory for temporary files, migrate, yield its URL, remove it."""
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o711)  # the account that runs root's server passes through
        home = Path(place) / "home"
        started = server.start(
            home, settings={**_SETTINGS, **(settings or {})}, die_with_parent=True
        )
        try:
            url = started.url(server.APPLICATION_DATABASE)
            migrate(url)
            yield url
        finally:
            server.stop(home)
