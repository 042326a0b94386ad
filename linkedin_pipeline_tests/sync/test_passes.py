"""Passes over due profiles: what is read, counted, left out, and in which states."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from linkedin_pipeline.database.syncs import PostgresSyncDesk
from linkedin_pipeline.domain.sync import SyncClaim, SyncOutcome
from linkedin_pipeline.simulators.edges_feeds import Feed, post_id, post_text
from linkedin_pipeline.workers.report import Stop
from linkedin_pipeline_tests.sql.bank import rows, value
from linkedin_pipeline_tests.sync.reading import FLAGGED, Line


def test_a_profile_is_read_to_its_end(line: Line) -> None:
    """Own posts are in the bank once; reshares, others' and duplicates are left out and counted."""
    profile = line.add("ada", Feed(posts=45, reshares=9, others=10, overlap=2))
    report = line.read()
    assert report.stop is Stop.EMPTY
    assert report.counts == {SyncOutcome.COMPLETED: 1}
    # items 9 18 27 36 45 are reshares, 10 20 30 40 another's; pages begin at 45, 27, 9
    assert line.jobs() == [("completed", 3, 49, 36, 0, 0, 0, 5, 4, 4, 0)]
    assert sum(line.jobs()[0][3:]) == line.jobs()[0][2]
    assert line.status("ada") == "completed"
    found = rows(
        line.connection,
        "select linkedin_post_id, content, author_id, metrics, post_url, original_post_date::text "
        "from viral_posts_bank order by linkedin_post_id limit 1",
    )
    number = post_id("ada", 1)
    assert found == [
        (
            str(number),
            post_text("ada", 1),
            profile,
            {"likes": 37, "comments": 11, "shares": 5},
            f"https://www.linkedin.com/feed/update/urn:li:activity:{number + 500_000}/",
            value(line.connection, "select timestamptz '2024-01-01 14:00+00'::text"),
        )
    ]
    status = rows(
        line.connection,
        "select total_posts_scraped, consecutive_failures, last_error, next_cursor, claim_token, "
        "scraping_started_at, heartbeat_at, last_scraped_at is not null, "
        "last_post_date::date::text from profile_sync_status",
    )
    assert status == [(36, 0, None, None, None, None, None, True, "2024-01-12")]
    assert value(line.connection, "select posts_count from profiles") == 36


def test_a_second_reading_of_unchanged_posts_writes_nothing(line: Line) -> None:
    """A thousand known posts: no new row, no flag, no row touched, and so no AI call."""
    line.add("ada", Feed(posts=1000))
    line.read(max_pages=50)
    assert line.posts() == 1000
    line.connection.execute(
        "update viral_posts_bank set needs_hook_extraction = false, needs_embedding = false, "
        "needs_topic_classification = false, needs_audience_classification = false"
    )
    before = rows(
        line.connection, "select ctid::text, xmin::text from viral_posts_bank order by id"
    )
    assert line.a_week_later() == 1
    report = line.read(max_pages=50)
    assert report.numbers["unchanged"] == 1000
    assert report.changed == []
    after = rows(line.connection, "select ctid::text, xmin::text from viral_posts_bank order by id")
    assert after == before
    assert value(line.connection, FLAGGED) == 0
    assert value(line.connection, "select count(*) from post_work") == 0


def test_new_numbers_are_no_new_work(line: Line) -> None:
    """Reactions are refreshed without a flag; a changed text is wanted again in every stage."""
    line.add("ada", Feed(posts=5))
    line.read()
    line.connection.execute(
        "update viral_posts_bank set hook = 'Nobody', needs_embedding = false, "
        "needs_topic_classification = false, needs_audience_classification = false"
    )
    line.connection.execute("update viral_posts_bank set needs_hook_classification = false")
    line.simulator.shows("ada", Feed(posts=5, likes=100))
    line.a_week_later()
    assert line.read().numbers["refreshed"] == 5
    assert value(line.connection, FLAGGED) == 0
    assert (
        value(line.connection, "select min((metrics ->> 'likes')::int) from viral_posts_bank") > 99
    )
    line.simulator.shows("ada", Feed(posts=5, likes=100, texts={3: "Another text."}))
    line.a_week_later()
    report = line.read()
    assert (report.numbers["edited"], report.numbers["unchanged"]) == (1, 4)
    assert value(line.connection, FLAGGED) == 1


def test_states_on_the_way(line: Line) -> None:
    """Pending, scraping, analyzing, completed; completed does not wait for enrichment."""
    line.add("ada", Feed(posts=5))
    line.connection.execute(
        "create table seen (at serial, state text); "
        "create function note() returns trigger language plpgsql as $$ begin "
        "insert into seen (state) values (new.sync_status); return null; end $$; "
        "create trigger note after update of sync_status on profiles for each row "
        "when (old.sync_status <> new.sync_status) execute function note()"
    )
    assert line.status("ada") == "pending"
    line.read()
    states = rows(line.connection, "select state from seen order by at")
    assert states == [("scraping",), ("analyzing",), ("completed",)]
    assert value(line.connection, FLAGGED) == 5


def test_pages_are_bounded(line: Line) -> None:
    """A long feed ends at the bound, and the next reading begins at the newest post again."""
    line.add("ada", Feed(posts=100))
    assert line.read(max_pages=2).numbers["pages"] == 2
    assert (line.posts(), line.status("ada")) == (40, "completed")
    assert line.sync("ada", "next_cursor") is None
    line.a_week_later()
    assert line.read(max_pages=2).numbers["unchanged"] == 40


def test_profiles_are_bounded_and_come_by_priority_then_age(line: Line) -> None:
    """A pass reads no more than it may, and the sensor has the rest read later."""
    line.simulator.usual = Feed(posts=1)
    for name in ("new", "low", "high", "newer"):
        line.add(name)
    line.connection.execute(
        "insert into profile_sync_status (profile_id, sync_priority) select id, "
        "case linkedin_id when 'high' then 1 when 'low' then 3 end from profiles "
        "where linkedin_id in ('high', 'low')"
    )
    assert line.read(max_profiles=1).stop is Stop.ENOUGH
    assert line.status("high") == "completed"
    line.read(max_profiles=2)
    assert [line.status(name) for name in ("new", "newer", "low")] == [
        *("completed", "completed", "pending"),
    ]


def test_nothing_to_read_is_a_success(line: Line) -> None:
    """An empty feed completes, told either way; gone and private ones are marked, others go on."""
    line.add("empty", Feed(posts=0))
    line.add("bare", Feed(posts=0, empty_label=""))
    line.add("gone", Feed(label="STATUS_404"))
    line.add("private", Feed(label="PROFILE_NOT_ACCESSIBLE"))
    line.add("ada", Feed(posts=3))
    report = line.read()
    assert report.counts == {SyncOutcome.COMPLETED: 3, SyncOutcome.GONE: 2}
    assert [line.status(name) for name in ("empty", "bare", "gone", "private", "ada")] == [
        *("completed", "completed", "error", "error", "completed"),
    ]
    assert "STATUS_404" in line.sync("gone", "last_error")
    assert "does not show" in line.sync("private", "last_error")
    assert line.sync("empty", "total_posts_scraped") == 0


def test_a_switched_off_worker_reads_nothing_more(line: Line) -> None:
    """The switch is looked at before each profile: what waits is given back."""
    line.simulator.usual = Feed(posts=45)
    for n in range(6):
        line.add(f"p{n}")
    line.connection.execute(
        "create function off() returns trigger language plpgsql as $$ begin "
        "update worker_feature_flags_v2 set is_enabled = false; return null; end $$; "
        "create trigger off after insert on viral_posts_bank execute function off()"
    )
    report = line.read(readers=1)
    assert report.stop is Stop.DISABLED
    assert report.counts[SyncOutcome.COMPLETED] == 1
    states = "select sync_status, count(*) from profiles group by 1 order by 1"
    assert rows(line.connection, states) == [("completed", 1), ("pending", 5)]
    assert line.read().stop is Stop.DISABLED


def test_a_feed_of_another_name_is_remarked(line: Line) -> None:
    """When every post is somebody else's, the reading is a success that says so."""
    line.add("ada", Feed(posts=3, renamed="ada-king"))
    assert line.read().counts == {SyncOutcome.COMPLETED: 1}
    assert line.posts() == 0
    assert "another public identifier" in line.sync("ada", "last_error")


class Overtaken(PostgresSyncDesk):
    """A desk whose second claim comes after a failure is recorded and before it is counted."""

    def __init__(self, line: Line) -> None:
        super().__init__(line.database)
        self.claims = 0
        self.again, self.recorded = threading.Event(), threading.Event()

    def claim(self, *arguments: Any, **options: Any) -> Sequence[SyncClaim]:
        """Let the first of what is claimed later wait for the failure."""
        self.claims += 1
        if self.claims == 2:
            self.again.set()
            assert self.recorded.wait(60)
        return super().claim(*arguments, **options)

    def fail(self, claim: SyncClaim, reason: str) -> bool:
        """Record a failure once something else is being claimed."""
        assert self.again.wait(60)
        try:
            return super().fail(claim, reason)
        finally:
            self.recorded.set()


def test_a_failure_is_tried_once_a_pass(line: Line) -> None:
    """Also when those that wait are read and something is claimed before the failure counts."""
    line.add("ada", Feed(posts=1))
    line.add("gone", Feed(label="STATUS_404"))
    report = line.read(Overtaken(line), anyway=True, readers=2)
    assert report.counts == {SyncOutcome.COMPLETED: 1, SyncOutcome.GONE: 1}
