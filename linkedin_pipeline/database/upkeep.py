"""Housekeeping over PostgreSQL; what is deleted is decided by sql/routines/890_upkeep.

Each call is one transaction that is given up after two minutes, safe beside another like it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from linkedin_pipeline.database.connections import Connection, Database
from linkedin_pipeline.database.queries import query
from linkedin_pipeline.domain.upkeep import Upkeep

STATEMENT_TIMEOUT = "120s"
LEDGER_ROWS = 10_000
"""Rows of each table that one call of `prune_ledgers` deletes at most."""
PROFILES = 1_000
"""Profiles that one call of `refresh_profile_stats` counts at most."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Unresolved dead letters or incidents alike; ``newest`` are ids of ``ai_errors``.

    ``what`` is the stage, or what met them where there is none; no text is among it.
    """

    what: str
    code: str
    number: int
    new_today: int
    newest: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class Stuck:
    """Whether something may be left behind: claims past their lease, profiles being scraped."""

    leases: bool
    scraping: bool


def start_log(database: Database, which: Upkeep, run_id: str | None) -> UUID:
    """Open a row in the log that is dead after six hours, for a task does not beat.

    `PostgresWorkLog.finish` closes it.
    """
    row: UUID = _rows(database, "start_upkeep", which, run_id)[0][0]
    return row


def make_styles_due(database: Database) -> int:
    """Make the styles of our own profiles with more than 20 posts due; return how many."""
    return int(_rows(database, "make_styles_due")[0][0])


def anything_stuck(database: Database) -> Stuck:
    """Look whether there is anything to put back."""
    return Stuck(*_rows(database, "anything_stuck")[0])


def release_stale_leases(database: Database) -> int:
    """Give back post work that was held past its lease; return how much."""
    return int(_rows(database, "release_stale_leases")[0][0])


def put_back_stuck_scraping(database: Database) -> int:
    """Put profiles back whose reading stopped without a word; return how many."""
    return int(_rows(database, "put_back_stuck_scraping")[0][0])


def prune_worker_logs(database: Database) -> int:
    """Delete logs that ended over 30 days ago; return how many."""
    return int(_rows(database, "prune_worker_logs")[0][0])


def prune_ledgers(database: Database, most: int = LEDGER_ROWS) -> Mapping[str, int]:
    """Delete at most ``most`` old rows of each ledger; return how many by table."""
    return dict(_rows(database, "prune_ledgers", most))


def refresh_profile_stats(database: Database, most: int = PROFILES) -> int:
    """Count anew the posts of ``most`` profiles whose numbers are wrong; return of how many."""
    return int(_rows(database, "refresh_profile_stats", most)[0][0])


def open_troubles(database: Database) -> list[Trouble]:
    """Sum up the unresolved dead letters and incidents, most frequent first, 50 kinds at most."""
    return [Trouble(*row) for row in _rows(database, "open_troubles")]


def keys_without_profile(database: Database, keys: Sequence[str]) -> list[str]:
    """Return those partition keys whose profile is gone."""
    return [row[0] for row in _rows(database, "keys_without_profile", list(keys))]


def _rows(database: Database, name: str, *arguments: Any) -> list[tuple[Any, ...]]:
    def work(connection: Connection) -> list[tuple[Any, ...]]:
        with connection.transaction():
            connection.execute(query("bounded"), (STATEMENT_TIMEOUT,))
            return connection.execute(query(name), arguments).fetchall()

    return database.run(work)
