"""A simulated Edges, profiles in a database, and passes over them, for these tests."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from linkedin_pipeline.adapters.edges import FAILING, PROVIDER, EdgesFeed
from linkedin_pipeline.database.calls import PostgresCallLedger
from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.log import PostgresWorkLog
from linkedin_pipeline.database.syncs import PostgresSyncDesk
from linkedin_pipeline.simulators.edges import EdgesSimulator, PageTrouble
from linkedin_pipeline.simulators.edges_feeds import Feed
from linkedin_pipeline.workers.sync import SyncLimits, SyncReport, drain_syncs
from linkedin_pipeline_tests.sql.bank import Connection, rows, value
from linkedin_pipeline_tests.sql.people import add_profile

KEY = "sk-secret-of-edges"
JOB = """
select status, pages, posts_found, posts_added, posts_edited, posts_refreshed, posts_unchanged,
    reshares, others_posts, duplicates, unusable
from sync_jobs order by created_at
"""
FLAGGED = """
select count(*) from viral_posts_bank
where needs_hook_extraction or needs_embedding or needs_hook_classification
    or needs_topic_classification or needs_audience_classification
"""


@dataclass
class Clock:
    """Real time that never waits; remembers for how long it was asked to."""

    slept: list[float] = field(default_factory=list)
    skipped: float = 0.0

    def monotonic(self) -> float:
        """Return the time, with what was slept."""
        return time.monotonic() + self.skipped

    def sleep(self, seconds: float) -> None:
        """Let the time pass at once."""
        self.slept.append(seconds)
        self.skipped += seconds


@dataclass
class Line:
    """Profiles of a database that are read from a simulator."""

    simulator: EdgesSimulator
    base_url: str
    database: Database
    connection: Connection
    clock: Clock = field(default_factory=Clock)
    limits: SyncLimits = field(default_factory=lambda: SyncLimits(max_pages=10))

    def add(self, name: str, feed: Feed | None = None, **columns: Any) -> UUID:
        """Add a profile and what it shows."""
        if feed is not None:
            self.simulator.shows(name, feed)
        return add_profile(self.connection, name.capitalize(), linkedin_id=name, **columns)

    def feed(self) -> EdgesFeed:
        """Return what reads from the simulator."""
        ledger = PostgresCallLedger(self.database)
        doubted = ledger.paused_for(PROVIDER, FAILING)
        return EdgesFeed(KEY, self.base_url, ledger, self.clock, doubted=doubted)

    def read(self, desk: PostgresSyncDesk | None = None, **options: Any) -> SyncReport:
        """Make one pass."""
        bounds = {name: options.pop(name) for name in tuple(options) if hasattr(self.limits, name)}
        feed = self.feed()
        try:
            return drain_syncs(
                desk or PostgresSyncDesk(self.database),
                feed,
                PostgresWorkLog(self.database),
                self.clock,
                replace(self.limits, **bounds),
                **options,
            )
        finally:
            feed.close()

    def fail(self, name: str, page: int, **trouble: Any) -> PageTrouble:
        """Let a page of a profile fail, three times as every call is repeated twice."""
        return self.simulator.trouble(PageTrouble(name, page, **{"times": 3, **trouble}))

    def jobs(self) -> list[Any]:
        """Return the readings, oldest first."""
        return rows(self.connection, JOB)

    def status(self, name: str) -> str:
        """Return the state of a profile."""
        state = "select sync_status from profiles where linkedin_id = %s"
        return str(value(self.connection, state, name))

    def sync(self, name: str, column: str) -> Any:
        """Return a column of ``profile_sync_status``."""
        [found] = rows(
            self.connection,
            "select to_jsonb(s) from profile_sync_status s join profiles p on p.id = s.profile_id "
            "where p.linkedin_id = %s",
            name,
        )
        return found[0][column]

    def posts(self) -> int:
        """Count the bank."""
        return int(value(self.connection, "select count(*) from viral_posts_bank"))

    def a_week_later(self) -> int:
        """Let a week pass for all that was read, and make due what is; return how much is due."""
        self.connection.execute(
            "update profiles set last_sync_at = last_sync_at - interval '7 days'"
        )
        self.connection.execute(
            "update profile_sync_status set last_scraped_at = last_scraped_at - interval '7 days', "
            "last_error_at = last_error_at - interval '7 days'"
        )
        return int(value(self.connection, "select request_weekly_syncs()"))

    def rested(self) -> None:
        """Let the wait after failures pass."""
        self.connection.execute(
            "update profile_sync_status set last_error_at = last_error_at - interval '6 hours'"
        )
