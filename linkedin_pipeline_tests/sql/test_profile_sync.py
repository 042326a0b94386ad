"""Profiles between two readings: which are due and in what order, which were left behind."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from linkedin_pipeline_tests.sql.bank import Connection, add_post, rows, value, wait_until_blocked
from linkedin_pipeline_tests.sql.people import add, add_profile, refusal

NOW = datetime.now(UTC)
CLEAN = "select cleanup_stuck_scraping_states()"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def aged(columns: dict[str, Any]) -> dict[str, Any]:
    """Turn ages into times."""
    now = datetime.now(UTC)
    return {
        name: now - given if isinstance(given, timedelta) else given
        for name, given in columns.items()
    }


def add_known(
    connection: Connection, name: str, profile: dict[str, Any] | None = None, **sync: Any
) -> UUID:
    """Insert a profile with a LinkedIn id and, where given, the state of its sync.

    A time may be given as its age: what is young at an import may be old when its test runs.
    """
    given = {"linkedin_id": name, **aged(profile or {})}
    key = add_profile(connection, name, **given)
    if sync:
        add(connection, "profile_sync_status", profile_id=key, **aged(sync))
    return key


def due(connection: Connection, most: int = 20) -> list[str]:
    """Return the names of the profiles that are due, in order."""
    found = rows(connection, "select * from get_profiles_to_sync(max_profiles => %s)", most)
    return [row[1] for row in found]


def test_what_is_known_of_a_due_profile(connection: Connection) -> None:
    """A row tells id, name, LinkedIn's id, the last reading and the priority."""
    first = add_known(connection, "ada")
    second = add_known(connection, "bob", last_scraped_at=NOW - DAY, sync_priority=3)
    found = connection.execute("select * from get_profiles_to_sync()")
    assert [column.name for column in found.description or []] == [
        *("profile_id", "full_name", "linkedin_id", "last_scraped_at", "sync_priority"),
    ]
    assert found.fetchall() == [
        (first, "ada", "ada", None, 2),
        (second, "bob", "bob", NOW - DAY, 3),
    ]


def test_order(connection: Connection) -> None:
    """Priority first, then those never read, then the oldest; no more than were asked for."""
    add_known(connection, "normal, lately", last_scraped_at=NOW - DAY)
    add_known(connection, "low, never", sync_priority=3)
    add_known(connection, "normal, long ago", last_scraped_at=NOW - 9 * DAY)
    add_known(connection, "normal, never")
    add_known(connection, "high, lately", sync_priority=1, last_scraped_at=NOW - DAY)
    add_known(connection, "normal, before", {"last_sync_at": NOW - 3 * DAY})
    order = [
        *("high, lately", "normal, never", "normal, long ago", "normal, before"),
        *("normal, lately", "low, never"),
    ]
    assert due(connection) == order
    assert due(connection, 2) == order[:2]


@pytest.mark.parametrize(
    ("profile", "sync", "expected"),
    [
        ({}, {}, True),
        ({"linkedin_id": None}, {}, False),
        ({"linkedin_id": " "}, {}, False),
        ({}, {"sync_enabled": False}, False),
        ({"sync_status": "scraping"}, {}, False),
        ({"sync_status": "scraping"}, {"last_scraped_at": 30 * DAY}, False),
        ({"sync_status": "completed"}, {}, True),
        ({"sync_status": "completed"}, {"last_scraped_at": 8 * DAY}, True),
        ({"sync_status": "completed"}, {"last_scraped_at": 6 * DAY}, False),
        ({"sync_status": "completed", "last_sync_at": 6 * DAY}, {}, False),
        ({"sync_status": "analyzing"}, {"last_scraped_at": HOUR}, False),
        ({"sync_status": "analyzing"}, {"last_scraped_at": 8 * DAY}, True),
        ({"sync_status": "error"}, {"last_scraped_at": DAY}, True),
    ],
)
def test_who_is_due(
    connection: Connection, profile: dict[str, Any], sync: dict[str, Any], *, expected: bool
) -> None:
    """With an id, enabled, not being read, and pending, in error or not read for a week."""
    add_known(connection, "ada", profile, **sync)
    assert due(connection) == (["ada"] if expected else [])


@pytest.mark.parametrize(
    ("failures", "ago", "expected"),
    [
        (0, timedelta(0), True),
        (1, 3 * MINUTE, False),
        (1, 6 * MINUTE, True),
        (2, 17 * MINUTE, False),
        (2, 21 * MINUTE, True),
        (4, 5 * HOUR, False),
        (4, 6 * HOUR, True),
        (4, None, True),
        (5, 100 * DAY, False),
        (5, None, False),
    ],
)
def test_failures_wait(
    connection: Connection, failures: int, ago: timedelta | None, *, expected: bool
) -> None:
    """Each failure in a row waits four times as long; after five somebody must look."""
    at = None if ago is None else datetime.now(UTC) - ago
    add_known(connection, "ada", consecutive_failures=failures, last_error_at=at)
    assert due(connection) == (["ada"] if expected else [])


@pytest.mark.parametrize("most", [0, -1, 10_001, None])
def test_wrong_numbers_of_profiles(connection: Connection, most: int | None) -> None:
    """Less than one and more than ten thousand are refused."""
    code, message, hint = refusal(connection, "select * from get_profiles_to_sync(%s)", most)
    assert (code, message) == ("LP059", f"max_profiles: {'null' if most is None else most}")
    assert "1 to 10000" in hint
    assert due(connection, 10_000) == []


def test_asking_changes_nothing(connection: Connection) -> None:
    """A read-only transaction may ask, and gets the same twice."""
    add_known(connection, "ada")
    with connection.transaction():
        connection.execute("set transaction read only")
        assert due(connection) == due(connection) == ["ada"]


SCRAPING = {"sync_status": "scraping"}
OLD = {**SCRAPING, "created_at": 30 * DAY}


@pytest.mark.parametrize(
    ("profile", "sync", "stuck"),
    [
        (OLD, {"scraping_started_at": 61 * MINUTE}, True),
        (OLD, {"scraping_started_at": 50 * MINUTE}, False),
        # it beats, and is too long at it
        (OLD, {"scraping_started_at": 2 * HOUR, "heartbeat_at": 0 * MINUTE}, True),
        (OLD, {"scraping_started_at": 9 * MINUTE, "heartbeat_at": 3 * MINUTE}, True),
        (OLD, {"scraping_started_at": 9 * MINUTE, "heartbeat_at": 0 * MINUTE}, False),
        # a beat of the reading before this one
        (OLD, {"scraping_started_at": 9 * MINUTE, "heartbeat_at": DAY}, False),
        (OLD, {"heartbeat_at": 3 * MINUTE}, True),
        (OLD, {"heartbeat_at": 0 * MINUTE, "updated_at": 0 * MINUTE}, False),
        # whoever set the state said nothing else
        (OLD, {"updated_at": 61 * MINUTE}, True),
        (OLD, {"updated_at": 50 * MINUTE}, False),
        (OLD, {"updated_at": 9 * HOUR, "last_error": "x"}, True),
        ({**OLD, "last_sync_at": 2 * HOUR}, {}, True),
        ({**OLD, "last_sync_at": MINUTE}, {}, False),
        (OLD, {}, True),
        (SCRAPING, {}, False),
        ({"sync_status": "analyzing", "created_at": DAY}, {"updated_at": DAY}, False),
        ({"sync_status": "error", "created_at": DAY}, {"updated_at": DAY}, False),
    ],
)
def test_who_is_stuck(
    connection: Connection, profile: dict[str, Any], sync: dict[str, Any], *, stuck: bool
) -> None:
    """Over an hour in scraping, or a heart-beat that stopped; never one that is alive."""
    key = add_known(connection, "ada", profile, **sync)
    assert value(connection, CLEAN) == int(stuck)
    state = value(connection, "select sync_status from profiles where id = %s", key)
    assert state == ("pending" if stuck else profile["sync_status"])


def test_a_stuck_profile_is_tried_again(connection: Connection) -> None:
    """It is pending with a failure that says why, its job is closed, and a new reading starts."""
    begun = {"scraping_started_at": 2 * HOUR, "heartbeat_at": HOUR}
    key = add_known(connection, "ada", OLD, **begun, consecutive_failures=1, next_cursor="page-3")
    for status in ("running", "completed"):
        add(connection, "sync_jobs", profile_id=key, status=status)
    assert value(connection, CLEAN) == 1
    assert rows(
        connection,
        "select scraping_started_at, heartbeat_at, last_error, consecutive_failures, next_cursor, "
        "last_error_at > now() - interval '1 minute' from profile_sync_status",
    ) == [(None, None, "The reading stopped without a word.", 2, "page-3", True)]
    assert rows(
        connection, "select status, completed_at is null, error_message from sync_jobs order by 1"
    ) == [("completed", True, None), ("failed", False, "The reading stopped without a word.")]
    assert due(connection) == []
    connection.execute("update profile_sync_status set last_error_at = now() - interval '1 day'")
    assert due(connection) == ["ada"]
    assert value(connection, CLEAN) == 0


def test_cleaners_side_by_side_count_once(connection: Connection, database_url: str) -> None:
    """What one cleaner puts back another one neither waits for nor counts as a second failure."""
    add_known(connection, "ada", OLD)
    with psycopg.connect(database_url) as first:
        assert value(first, CLEAN) == 1
        add_known(connection, "bob", OLD)
        connection.execute("set lock_timeout = '10s'")
        assert value(connection, CLEAN) == 1
        first.commit()
    assert value(connection, CLEAN) == 0
    failures = "select consecutive_failures from profile_sync_status"
    assert rows(connection, failures) == [(1,), (1,)]


def test_what_a_worker_holds_is_alive(connection: Connection, database_url: str) -> None:
    """A profile whose row is being written this moment is left alone, and not waited for."""
    add_known(connection, "ada", OLD, heartbeat_at=HOUR)
    with psycopg.connect(database_url) as worker:
        worker.execute("update profile_sync_status set heartbeat_at = now()")
        connection.execute("set lock_timeout = '30s'")
        assert value(connection, CLEAN) == 0
        worker.commit()
    assert value(connection, CLEAN) == 0


def stats(connection: Connection, profile: UUID) -> tuple[Any, ...]:
    """Compute and return a profile's numbers."""
    connection.execute("select update_profile_stats(profile_id => %s)", [profile])
    [numbers] = rows(
        connection, "select posts_count, avg_engagement from profiles where id = %s", profile
    )
    return tuple(numbers)


def test_statistics(connection: Connection) -> None:
    """Posts are counted and their likes, comments and shares averaged; without posts no mean."""
    ada, bob = add_profile(connection), add_profile(connection, posts_count=7, avg_engagement=9.0)
    assert stats(connection, ada) == (0, None)
    for numbers in ('{"likes": 5, "comments": 2, "shares": 1}', '{"likes": 3}', "{}"):
        add_post(connection, author_id=ada, metrics=numbers)
    posts, mean = stats(connection, ada)
    assert posts == 3
    assert mean == pytest.approx(11 / 3)
    assert stats(connection, bob) == (0, None)


def test_statistics_of_two_sessions(connection: Connection, database_url: str) -> None:
    """Whoever waits for the other's numbers counts the other's posts too."""
    ada = add_profile(connection)
    with (
        psycopg.connect(database_url) as first,
        psycopg.connect(database_url, autocommit=True) as second,
        ThreadPoolExecutor(1) as threads,
    ):
        add_post(first, author_id=ada)
        assert stats(first, ada)[0] == 1
        add_post(second, author_id=ada)
        counted = threads.submit(stats, second, ada)
        wait_until_blocked(connection, second)
        first.commit()
        assert counted.result(timeout=60)[0] == 2


@pytest.mark.parametrize("profile", [UUID(int=0), None])
def test_statistics_of_nobody(connection: Connection, profile: UUID | None) -> None:
    """An unknown profile is refused."""
    code, message, _ = refusal(connection, "select update_profile_stats(%s)", profile)
    assert (code, message) == ("LP050", f"profile {profile or 'null'}: unknown")
