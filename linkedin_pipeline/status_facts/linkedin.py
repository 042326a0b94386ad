"""What goes out to LinkedIn and what comes in from there."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from linkedin_pipeline.database import publication_views as views
from linkedin_pipeline.database import syncs
from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.publishing_wiring import not_configured
from linkedin_pipeline.settings import Settings

FAILURES = 5


def publishing(database: Database, settings: Settings) -> dict[str, Any]:
    """Return what is due, in doubt or held, and the accounts that a person must reconnect."""
    return {
        "not_configured": not_configured(settings),
        **asdict(views.publishing_work(database)),
        "states": views.by_state(database),
        "accounts_down": [
            {"account": row["unipile_account_id"], "profile": row["profile"], "is": row["status"]}
            for row in views.accounts(database)
            if row["is_active"] and row["status"] != "OK"
        ],
    }


def sync(database: Database) -> dict[str, Any]:
    """Return how many profiles are to be read, how the others fare, and the latest failures."""
    return {
        "due": syncs.due(database).number,
        "states": syncs.by_status(database),
        **asdict(syncs.sync_health(database)),
        "failed": [asdict(one) for one in syncs.failed(database, FAILURES)],
    }
