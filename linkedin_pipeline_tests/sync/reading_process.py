"""A process that makes one pass until it is killed; started by tests.

Arguments: database URL and Edges' base URL.
"""

from __future__ import annotations

import sys

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.log import PostgresWorkLog
from linkedin_pipeline.database.syncs import PostgresSyncDesk
from linkedin_pipeline.settings import Endpoint, Settings
from linkedin_pipeline.wiring import build_providers
from linkedin_pipeline.workers.sync import drain_syncs


def main(url: str, base_url: str) -> None:
    """Make one pass."""
    providers = build_providers(
        Settings(database_url=url, edges=Endpoint("sk-simulated", base_url))
    )
    with Database(url) as database, providers.profile_feed(database) as feed:
        desk, log = PostgresSyncDesk(database), PostgresWorkLog(database)
        drain_syncs(desk, feed, log, providers.clock, providers.sync_limits)


if __name__ == "__main__":
    main(*sys.argv[1:])
