"""What the health checks of publishing look at: pure reads, with ids and counts, no post text.

Raises (all functions): DatabaseDown when the database does not answer, or not in time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.health import read

LATE: Final = timedelta(minutes=10)
"""Two passes, and the time of one."""
UNCONFIRMED: Final = timedelta(hours=1)
MOST_EXAMPLES: Final = 20


@dataclass(frozen=True, slots=True)
class OverduePosts:
    """Posts that a worker should have published `LATE` ago, and the minutes of the oldest."""

    worker: str
    enabled: bool
    posts: int
    oldest_minutes: float


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """A post of which nobody knows whether it is out; minutes of doubt, of how many."""

    source: str
    id: UUID
    minutes: float
    total: int


@dataclass(frozen=True, slots=True)
class Duplicate:
    """An id of a provider's that several rows of one account or page have; one of how many."""

    table: str
    external_id: str
    rows: int
    total: int


def overdue_posts(database: Database) -> list[OverduePosts]:
    """Return the workers of publishing with posts due for more than 10 minutes."""
    return [OverduePosts(*row) for row in read(database, "publishing_overdue", late=LATE)]


def unconfirmed_posts(database: Database) -> list[Unconfirmed]:
    """Return posts unconfirmed for over an hour, the oldest first, at most 20."""
    rows = read(database, "publishing_unconfirmed", late=UNCONFIRMED, most=MOST_EXAMPLES)
    return [Unconfirmed(*row) for row in rows]


def duplicates(database: Database) -> list[Duplicate]:
    """Return external ids that come twice for one account, or among company posts; at most 20."""
    rows = read(database, "duplicate_publications", most=MOST_EXAMPLES)
    return [Duplicate(*row) for row in rows]
