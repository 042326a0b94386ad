"""Readings that fail, are interrupted, or whose cursor dies: they go on, and nothing is doubled."""

from __future__ import annotations

from uuid import UUID

import pytest

from linkedin_pipeline.database.log import PostgresWorkLog
from linkedin_pipeline.database.syncs import PostgresSyncDesk
from linkedin_pipeline.domain.sync import FeedPage, SyncClaim, SyncOutcome
from linkedin_pipeline.simulators.edges_feeds import Feed
from linkedin_pipeline.workers.sync import drain_syncs
from linkedin_pipeline_tests.sql.bank import Connection, rows, value
from linkedin_pipeline_tests.sql.people import at_once
from linkedin_pipeline_tests.sync.reading import Line


def asked(line: Line) -> int:
    """Count the pages that Edges served."""
    return line.simulator.ledger.totals().accepted


def test_page_three_of_seven_fails_and_is_gone_on_with(line: Line) -> None:
    """What was read stays, the next reading begins at page three, and the counts are right."""
    line.add("ada", Feed(posts=140))
    line.fail("ada", 3, status=500)
    report = line.read()
    assert report.counts == {SyncOutcome.FAILED: 1}
    assert line.jobs() == [("failed", 2, 40, 40, 0, 0, 0, 0, 0, 0, 0)]
    assert (line.status("ada"), line.sync("ada", "consecutive_failures")) == ("error", 1)
    assert line.sync("ada", "last_error") == "Edges failed (status 500, GENERIC_ERROR)."
    assert line.sync("ada", "next_cursor") is not None
    assert line.read().counts == {}  # it waits
    line.rested()
    assert line.read().counts == {SyncOutcome.COMPLETED: 1}
    assert line.jobs() == [("completed", 7, 140, 140, 0, 0, 0, 0, 0, 0, 0)]
    assert asked(line) == 7
    assert line.posts() == 140
    distinct = "select count(distinct linkedin_post_id) from viral_posts_bank"
    assert value(line.connection, distinct) == 140
    assert line.sync("ada", "total_posts_scraped") == 140
    assert line.sync("ada", "consecutive_failures") == 0
    assert line.sync("ada", "last_error") is None


def test_a_failing_profile_does_not_stop_the_others(line: Line) -> None:
    """Each is its own trouble; after five in a row it is left alone until somebody resets it."""
    line.simulator.usual = Feed(posts=1)
    for name in ("ada", "bob", "eve"):
        line.add(name)
    line.fail("bob", 1, times=1000)
    for failures in range(1, 6):
        line.read()
        assert line.sync("bob", "consecutive_failures") == failures
        line.rested()
    assert [line.status(name) for name in ("ada", "bob", "eve")] == [
        *("completed", "error", "completed"),
    ]
    assert line.read(anyway=True).counts == {}
    assert line.a_week_later() == 2
    assert line.read().counts == {SyncOutcome.COMPLETED: 2}
    line.simulator.reset()
    bob = value(line.connection, "select id from profiles where linkedin_id = 'bob'")
    line.connection.execute("update profile_sync_status set sync_enabled = false")
    line.connection.execute("select reset_profile_sync(%s)", [bob])
    assert line.read().counts == {SyncOutcome.COMPLETED: 1}
    assert line.sync("bob", "consecutive_failures") == 0
    assert line.sync("bob", "sync_enabled") is True


def test_another_identifier_is_another_page_to_read(line: Line) -> None:
    """A changed linkedin_id forgets failures and cursor, and is read at once."""
    line.add("ada", Feed(posts=45))
    line.simulator.shows("ada-king", Feed(posts=3))
    line.fail("ada", 2)
    line.read()
    line.connection.execute("update profiles set linkedin_id = 'ada-king'")
    assert line.sync("ada-king", "next_cursor") is None
    assert line.sync("ada-king", "consecutive_failures") == 0
    assert line.read().counts == {SyncOutcome.COMPLETED: 1}
    assert line.posts() == 23


def test_a_reading_of_the_old_identifier_writes_nothing_more(line: Line) -> None:
    """Whoever reads a page that is no longer the profile's is told so by the token."""
    line.add("ada", Feed(posts=45))
    line.simulator.shows("ada-king", Feed(posts=1))
    feed = line.feed()
    page = feed.page

    class Renames:
        def page(self, claim: SyncClaim, cursor: str | None) -> FeedPage:
            found = page(claim, cursor)
            line.connection.execute("update profiles set linkedin_id = 'ada-king'")
            return found

    desk, log = PostgresSyncDesk(line.database), PostgresWorkLog(line.database)
    report = drain_syncs(desk, Renames(), log, line.clock, line.limits)
    assert report.counts[SyncOutcome.STALE] == 1
    # then it is due again, and its second reading renames to the same
    assert line.posts() == 1
    feed.close()


@pytest.mark.parametrize("known_to_us", [True, False])
def test_a_dead_cursor_begins_anew_without_doubles(line: Line, *, known_to_us: bool) -> None:
    """After a day a cursor is no good, whether we see that or Edges says so."""
    line.add("ada", Feed(posts=60))
    line.fail("ada", 3)
    line.read()
    if known_to_us:
        line.connection.execute(
            "update profile_sync_status set cursor_at = now() - interval '25 hours'"
        )
    else:
        line.connection.execute("update profile_sync_status set next_cursor = 'cursor=dead'")
    line.rested()
    assert line.read().counts == {SyncOutcome.COMPLETED: 1}
    assert line.posts() == 60
    assert [job[:4] for job in line.jobs()] == [("failed", 2, 40, 40), ("completed", 3, 60, 20)]
    assert line.sync("ada", "total_posts_scraped") == 60


def test_a_page_that_is_stored_twice_counts_once(line: Line) -> None:
    """An answer of the database that was lost makes the write run again: nothing is doubled."""
    line.add("ada", Feed(posts=3))
    desk, feed = PostgresSyncDesk(line.database), line.feed()
    [claim] = desk.claim(1, None)
    page = feed.page(claim, None)
    first, second = desk.store(claim, 0, page, 0), desk.store(claim, 0, page, 0)
    assert (first.held, first.added) == (True, 3)
    assert (second.held, second.added) == (True, 0)
    assert [job[:4] for job in line.jobs()] == [("running", 1, 3, 3)]
    assert desk.complete(claim, None)
    assert not desk.complete(claim, None)
    assert not desk.store(claim, 1, page, 0).held
    feed.close()


def test_a_reader_that_fell_silent_is_taken_over(line: Line) -> None:
    """Two minutes without a beat: the next pass goes on where it was."""
    line.add("ada", Feed(posts=45))
    desk, feed = PostgresSyncDesk(line.database), line.feed()
    [claim] = desk.claim(1, None, run_id="first")
    desk.store(claim, 0, feed.page(claim, None), 0)
    assert line.read().counts == {}
    desk.beat([claim])
    line.connection.execute(
        "update profile_sync_status set heartbeat_at = now() - interval '3 minutes'"
    )
    assert line.read(run_id="second").counts == {SyncOutcome.COMPLETED: 1}
    assert not desk.store(claim, 1, feed.page(claim, None), 0).held
    assert line.jobs() == [("completed", 3, 45, 45, 0, 0, 0, 0, 0, 0, 0)]
    assert asked(line) == 4
    assert rows(line.connection, "select dagster_run_id from sync_jobs") == [("second",)]
    feed.close()


def test_the_clock_ends_a_pass_between_two_pages(line: Line) -> None:
    """What is in hand when the time is up is given back, and the next pass goes on there."""
    line.add("ada", Feed(posts=100))
    report = line.read(budget=3.0)  # two pauses of two seconds between pages
    assert report.counts == {SyncOutcome.GIVEN_BACK: 1}
    assert line.status("ada") == "pending"
    assert line.sync("ada", "consecutive_failures") == 0
    assert line.jobs()[0][0] == "pending"
    line.read()
    assert line.jobs() == [("completed", 5, 100, 100, 0, 0, 0, 0, 0, 0, 0)]
    assert asked(line) == 5


def test_claims_side_by_side_share_the_profiles(line: Line, database_url: str) -> None:
    """Of many claims at once each profile is in one; held, excluded and unnamed ones in none."""
    for n in range(40):
        line.add(f"p{n:02}")

    def claim(connection: Connection) -> list[UUID]:
        asked = "select profile_id from claim_syncs(5, null, '{}', true, 'run')"
        return [key for _ in range(3) for (key,) in rows(connection, asked)]

    claimed = [key for keys in at_once(database_url, 4, claim) for key in keys]
    assert len(claimed) == len(set(claimed)) > 0
    desk = PostgresSyncDesk(line.database)
    left = [c.profile_id for c in desk.claim(100, None, anyway=True)]
    assert not set(left) & set(claimed)
    assert len(left) + len(claimed) == 40
    for free in desk.claim(100, None, anyway=True), desk.claim(100, ["profile-none"]):
        assert free == []
    eve = line.add("eve")
    assert desk.claim(100, None, [eve]) == []
    assert [c.profile_id for c in desk.claim(100, None)] == [eve]
