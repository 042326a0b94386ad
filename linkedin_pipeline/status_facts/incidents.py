"""What a person should mend."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from linkedin_pipeline.database.alerts import open_incidents, undelivered
from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.settings import Settings

MOST = 10


def alerts(database: Database, settings: Settings) -> dict[str, Any]:
    """Return the open incidents, and what the webhook has not been told of them."""
    opened, newest = open_incidents(database, publishing=settings.unipile is not None, most=MOST)
    waiting = undelivered(database)
    return {
        "open": opened,
        "newest": [asdict(one) for one in newest],
        "webhook": settings.alert_webhook_url is not None,
        "undelivered": waiting.number,
        "oldest_undelivered_seconds": waiting.age,
        "error": waiting.error,
    }
