"""Profiles to be read from LinkedIn, over PostgreSQL; SQL in 830_sync_claims and 835_sync_pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.queries import query
from linkedin_pipeline.domain.errors import BadInput
from linkedin_pipeline.domain.sync import (
    SYNC_WORKER,
    DueSyncs,
    FeedPage,
    FeedPost,
    PageStored,
    SyncClaim,
    Why,
)


class PostgresSyncDesk:
    """Meets `SyncDesk`; each call is one short transaction, safe in threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def is_enabled(self) -> bool:
        """Tell whether the worker is switched on."""
        return bool(_rows(self._database, "is_enabled", SYNC_WORKER)[0][0])

    def claim(
        self,
        limit: int,
        only: Sequence[str] | None,
        without: Sequence[UUID] = (),
        *,
        anyway: bool = False,
        run_id: str | None = None,
    ) -> Sequence[SyncClaim]:
        """Take up to ``limit`` due profiles, by priority and then by age."""
        keys = None if only is None else list(only)
        rows = _rows(self._database, "claim_syncs", limit, keys, list(without), anyway, run_id)
        return [SyncClaim(*row) for row in rows]

    def beat(self, claims: Sequence[SyncClaim]) -> None:
        """Say that the reader of these claims is alive."""
        held = [claim.profile_id for claim in claims], [claim.token for claim in claims]
        _rows(self._database, "beat_syncs", *held)

    def store(self, claim: SyncClaim, pages: int, page: FeedPage, duplicates: int) -> PageStored:
        """Write a page's posts and where to go on, in one transaction."""
        values = {
            "profile": claim.profile_id,
            "token": claim.token,
            "job": claim.job,
            "pages": pages,
            "posts": Jsonb([_as_json(post) for post in page.posts]),
            "next": page.next_cursor,
            "duplicates": duplicates,
            **{str(why): page.count(why) for why in Why},
        }
        rows = self._database.run(lambda c: c.execute(query("store_sync_page"), values).fetchall())
        return PageStored(*rows[0])

    def restart(self, claim: SyncClaim) -> SyncClaim | None:
        """Begin the reading anew, in a new row of ``sync_jobs``."""
        values = (claim.profile_id, claim.token, claim.job)
        job = _rows(self._database, "restart_sync", *values)[0][0]
        return None if job is None else replace(claim, job=job, cursor=None, pages=0)

    def analyze(self, claim: SyncClaim) -> bool:
        """Move the profile on to ``analyzing``."""
        return bool(_rows(self._database, "analyze_sync", claim.profile_id, claim.token)[0][0])

    def complete(self, claim: SyncClaim, remark: str | None) -> bool:
        """End the reading as ``completed``; a remark is kept as ``last_error``."""
        return self._end(claim, "completed", remark)

    def fail(self, claim: SyncClaim, reason: str) -> bool:
        """End the reading as ``error``."""
        return self._end(claim, "error", reason)

    def give_back(self, claim: SyncClaim, reason: str) -> bool:
        """Put the profile back to ``pending``; its cursor stays."""
        return self._end(claim, "pending", reason)

    def _end(self, claim: SyncClaim, outcome: str, said: str | None) -> bool:
        values = (claim.profile_id, claim.token, claim.job, outcome, said)
        return bool(_rows(self._database, "end_sync", *values)[0][0])


@dataclass(frozen=True, slots=True)
class SyncJob:
    """A row of ``sync_jobs``: how far a reading is, or how it ended."""

    status: str
    pages: int
    found: int
    added: int
    edited: int
    refreshed: int
    unchanged: int
    reshares: int
    others: int
    duplicates: int
    unusable: int
    error: str | None


@dataclass(frozen=True, slots=True)
class FailedSync:
    """A profile whose last reading failed."""

    partition_key: str
    failures: int
    reason: str


@dataclass(frozen=True, slots=True)
class SyncHealth:
    """Profiles that are to be read, those whose last reading failed, and those left alone."""

    profiles: int
    failing: int
    left_alone: int


def due(database: Database, *, anyway: bool = False) -> DueSyncs:
    """Return how many profiles wait to be read; with ``anyway`` those too that wait longer."""
    return DueSyncs(*_rows(database, "due_syncs", anyway)[0])


def request_weekly(database: Database) -> int:
    """Make due what was last read a week ago, in one step; return how many profiles are due."""
    return int(_rows(database, "request_weekly_syncs")[0][0])


def request(database: Database, partition_keys: Sequence[str]) -> None:
    """Make these profiles due, whenever they were last read."""
    keys = (list(partition_keys),)
    database.run(lambda c: c.execute(query("request_syncs"), keys))


def partition_to_sync(database: Database, profile_id: UUID) -> str:
    """Return the partition key of a profile that can be read.

    Raises:
        BadInput: there is no such profile, it has no LinkedIn identifier, is switched off or failed
            five times in a row.
    """
    rows = _rows(database, "profile_to_sync", profile_id)
    subject = f"profile {profile_id}"
    if not rows:
        raise BadInput(subject, "it is not in the bank", "Give the id of a row of profiles.")
    key, linkedin_id, enabled, failures = rows[0]
    if not (linkedin_id or "").strip():
        raise BadInput(subject, "it has no linkedin_id", "Give it what stands after /in/.")
    if not enabled or failures >= 5:
        why = "its sync is switched off" if not enabled else f"{failures} readings failed in a row"
        raise BadInput(subject, why, f"Run in SQL: select reset_profile_sync('{profile_id}')")
    return str(key)


def newest_job(database: Database, profile_id: UUID) -> SyncJob | None:
    """Return the newest reading of a profile."""
    rows = _rows(database, "newest_sync_job", profile_id)
    return SyncJob(*rows[0]) if rows else None


def jobs_of_run(database: Database, run_id: str) -> tuple[int, int, int]:
    """Return how many readings, pages and items a run has come to so far."""
    readings, pages, items = _rows(database, "sync_jobs_of_run", run_id)[0]
    return int(readings), int(pages), int(items)


def failed(database: Database, limit: int) -> list[FailedSync]:
    """Return the profiles whose last reading failed, the latest first."""
    return [FailedSync(*row) for row in _rows(database, "failed_syncs", limit)]


def by_status(database: Database) -> Mapping[str, int]:
    """Return how many profiles are in each state of their sync, or are never read, and why."""
    return dict(_rows(database, "profiles_by_sync_status"))


def sync_health(database: Database) -> SyncHealth:
    """Return how readings fare."""
    return SyncHealth(*_rows(database, "sync_health")[0])


def _as_json(post: FeedPost) -> dict[str, Any]:
    return {
        "id": post.id,
        "numbers": post.numbers,
        "url": post.url,
        "text": post.text,
        "posted_at": post.posted_at.isoformat() if post.posted_at else None,
        "metrics": dict(post.metrics),
    }


def _rows(database: Database, name: str, *arguments: Any) -> list[tuple[Any, ...]]:
    return database.run(lambda c: c.execute(query(name), arguments).fetchall())
