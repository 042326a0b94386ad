"""Who may react and comment: counters that hold under load and follow each profile's own day."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from linkedin_pipeline_tests.sql.bank import Connection, rows, value, wait_until_blocked
from linkedin_pipeline_tests.sql.people import add, add_profile, at_once, refusal

TRY = "select try_engage(profile_id => %s, action_type => %s)"
CAN = "select can_profile_engage(profile_id => %s, action_type => %s)"
COUNT = "select increment_engagement_counter(profile_id => %s, action_type => %s)"
NOBODY = UUID(int=0)


def zone_at(hour: int) -> str:
    """Name a time zone in which the clock shows this hour now."""
    east = hour - datetime.now(UTC).hour
    east += 24 * (east < -12)
    return f"Etc/GMT{-east:+d}"  # whose signs are those of POSIX


def person(connection: Connection) -> UUID:
    """Insert a profile where it is noon, so that no day begins while the test runs."""
    return add_profile(connection, timezone=zone_at(12))


def settings(connection: Connection, profile: UUID, **columns: Any) -> None:
    """Give a profile settings."""
    add(connection, "engagement_settings", profile_id=profile, **columns)


def counters(connection: Connection, profile: UUID) -> tuple[int, int]:
    """Return the reactions and comments of the profile's day."""
    [(reactions, comments)] = rows(
        connection,
        "select reactions_today, comments_today from engagement_settings where profile_id = %s",
        profile,
    )
    return reactions, comments


def engage_at(connection: Connection, profile: UUID, moment: str) -> bool:
    """Try to react at an instant of the test's choice."""
    taken: bool = value(
        connection, "select count_engagement(%s, 'reaction', true, %s)", profile, moment
    )
    return taken


@pytest.mark.parametrize("ready", [True, False])
def test_fifty_sessions_take_twenty(
    connection: Connection, database_url: str, *, ready: bool
) -> None:
    """At a limit of 20 exactly 20 of 50 sessions may react, settings being there or not."""
    profile = person(connection)
    if ready:
        settings(connection, profile, max_reactions_per_day=20, reactions_today=0)
    taken = at_once(database_url, 50, lambda mine: value(mine, TRY, profile, "reaction"))
    assert (taken.count(True), taken.count(False)) == (20, 30)
    assert counters(connection, profile) == (20, 0)
    assert value(connection, CAN, profile, "reaction") is False
    assert value(connection, CAN, profile, "comment") is True


def test_sessions_that_begin_a_day_together_count_it_once(
    connection: Connection, database_url: str
) -> None:
    """When 20 sessions find yesterday's counters, one empties them and none is lost."""
    profile = person(connection)
    long_ago = datetime.now(UTC) - timedelta(days=3)
    settings(connection, profile, max_reactions_per_day=9, reactions_today=9, comments_today=5,
             last_reset_at=long_ago)  # fmt: skip
    taken = at_once(database_url, 20, lambda mine: value(mine, TRY, profile, "reaction"))
    assert taken.count(True) == 9
    assert counters(connection, profile) == (9, 0)


def test_counting_loses_nothing(connection: Connection, database_url: str) -> None:
    """What was done is counted from any number of sessions, beyond the limit too."""
    profile = person(connection)
    settings(connection, profile, max_comments_per_day=2)

    def count(mine: Connection) -> None:
        for _ in range(5):
            mine.execute(COUNT, [profile, "comment"])

    at_once(database_url, 10, count)
    assert counters(connection, profile) == (0, 50)
    assert value(connection, TRY, profile, "comment") is False


def test_limits_are_of_each_kind(connection: Connection) -> None:
    """Reactions and comments have a limit each; asking counts nothing."""
    profile = person(connection)
    settings(connection, profile, max_reactions_per_day=2, max_comments_per_day=1)
    assert [value(connection, CAN, profile, "comment") for _ in range(3)] == [True] * 3
    assert [value(connection, TRY, profile, "comment") for _ in range(2)] == [True, False]
    assert [value(connection, TRY, profile, "reaction") for _ in range(3)] == [True, True, False]
    assert counters(connection, profile) == (2, 1)


@pytest.mark.parametrize(("kind", "other"), [("react", "comment"), ("comment", "react")])
def test_a_switch_that_is_off(connection: Connection, kind: str, other: str) -> None:
    """Off means no, for that kind alone and whatever the limit; done by hand it still counts."""
    profile = person(connection)
    settings(connection, profile, **{f"auto_{kind}_enabled": False})
    actions = {"react": "reaction", "comment": "comment"}
    assert value(connection, CAN, profile, actions[kind]) is False
    assert value(connection, TRY, profile, actions[kind]) is False
    assert counters(connection, profile) == (0, 0)
    assert value(connection, TRY, profile, actions[other]) is True
    connection.execute(COUNT, [profile, actions[kind]])
    assert counters(connection, profile) == (1, 1)


def test_a_profile_without_settings_has_the_usual_limits(connection: Connection) -> None:
    """Asking makes no settings, the first action does: 20 reactions and 5 comments a day."""
    profile = person(connection)
    assert value(connection, CAN, profile, "comment") is True
    assert value(connection, "select count(*) from engagement_settings") == 0
    assert [value(connection, TRY, profile, "comment") for _ in range(6)] == [True] * 5 + [False]
    limits = "select max_reactions_per_day, max_comments_per_day from engagement_settings"
    assert rows(connection, limits) == [(20, 5)]


@pytest.mark.parametrize("call", [TRY, CAN, COUNT])
def test_wrong_arguments(connection: Connection, call: str) -> None:
    """An unknown profile and an unknown action are refused with what to write instead."""
    profile = person(connection)
    for nobody, name in ((NOBODY, str(NOBODY)), (None, "null")):
        code, message, hint = refusal(connection, call, nobody, "reaction")
        assert (code, message) == ("LP050", f"profile {name}: unknown")
        assert "profiles" in hint
    for action, name in (("share", "'share'"), ("Reaction", "'Reaction'"), (None, "null")):
        code, message, hint = refusal(connection, call, profile, action)
        assert (code, message) == ("LP051", f"action type: {name}")
        assert "'reaction' or 'comment'" in hint
    assert value(connection, "select count(*) from engagement_settings") == 0


def test_the_day_is_the_profiles_own(connection: Connection) -> None:
    """What was done two hours ago counts where it is noon, and no more where it is one o'clock."""
    for hour, free in ((12, False), (1, True)):
        profile = add_profile(connection, timezone=zone_at(hour))
        settings(connection, profile, max_reactions_per_day=1, reactions_today=1,
                 last_reset_at=datetime.now(UTC) - timedelta(hours=2))  # fmt: skip
        assert value(connection, CAN, profile, "reaction") is free
        assert value(connection, TRY, profile, "reaction") is free
        assert counters(connection, profile) == (1, 0)


DAYS = [
    # the day the summer time begins has 23 hours in Paris, and ends at 22:00 UTC
    ("Europe/Paris", "2026-03-28 22:59:59+00", "2026-03-28"),
    ("Europe/Paris", "2026-03-28 23:00+00", "2026-03-29"),
    ("Europe/Paris", "2026-03-29 21:59:59+00", "2026-03-29"),
    ("Europe/Paris", "2026-03-29 22:00+00", "2026-03-30"),
    # the day it ends has 25
    ("Europe/Paris", "2026-10-24 22:00+00", "2026-10-25"),
    ("Europe/Paris", "2026-10-25 22:59:59+00", "2026-10-25"),
    ("Europe/Paris", "2026-10-25 23:00+00", "2026-10-26"),
    # a day without a midnight: the clock goes from 24:00 to 01:00
    ("America/Sao_Paulo", "2018-11-04 02:59:59+00", "2018-11-03"),
    ("America/Sao_Paulo", "2018-11-04 03:00+00", "2018-11-04"),
    # half an hour of summer time, and a zone of 45 minutes
    ("Australia/Lord_Howe", "2026-04-05 13:29:59+00", "2026-04-05"),
    ("Australia/Lord_Howe", "2026-04-05 13:30+00", "2026-04-06"),
    ("Asia/Kathmandu", "2026-01-01 18:15+00", "2026-01-02"),
]


@pytest.mark.parametrize(("zone", "moment", "day"), DAYS)
def test_days_across_summer_time(connection: Connection, zone: str, moment: str, day: str) -> None:
    """The day of an instant is the one that a calendar on the wall there shows."""
    found = value(connection, "select local_day(%s::timestamptz, %s)", moment, zone)
    assert found == date.fromisoformat(day)


NIGHTS: list[tuple[str, Sequence[tuple[str, bool]]]] = [
    (
        "Europe/Paris",  # one action a day on three days, the middle one of 23 hours
        [
            ("2026-03-28 12:00+00", True),
            ("2026-03-28 22:59+00", False),
            ("2026-03-28 23:00+00", True),
            ("2026-03-29 21:59+00", False),
            ("2026-03-29 22:00+00", True),
        ],
    ),
    (
        "America/St_Johns",  # at 00:01 of the 7th the clock goes back to 23:01 of the 6th
        [
            ("2010-11-06 20:00+00", True),
            ("2010-11-07 02:30:30+00", True),  # 00:00:30 of the 7th
            ("2010-11-07 02:31+00", False),  # 23:01 of the 6th again
            ("2010-11-07 03:30+00", False),  # 00:00 of the 7th again
            ("2010-11-08 03:29+00", False),
            ("2010-11-08 03:30+00", True),
        ],
    ),
    (
        "UTC",  # a clock that was put back by a day, and came to the same midnight twice
        [
            ("2026-05-01 12:00+00", True),
            ("2026-05-02 00:00+00", True),
            ("2026-05-01 23:00+00", False),
            ("2026-05-02 00:01+00", False),
            ("2026-05-03 00:00+00", True),
        ],
    ),
]


@pytest.mark.parametrize(("zone", "night"), NIGHTS, ids=[zone for zone, _ in NIGHTS])
def test_counters_start_again_once_a_day(
    connection: Connection, zone: str, night: Sequence[tuple[str, bool]]
) -> None:
    """Each calendar day begins one count, also when the clock shows part of it twice."""
    profile = add_profile(connection, timezone=zone)
    settings(connection, profile, max_reactions_per_day=1, last_reset_at="2001-01-01")
    assert [(moment, engage_at(connection, profile, moment)) for moment, _ in night] == night


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "Europe/Paris\n"])
def test_an_unknown_zone_counts_as_utc_and_warns(connection: Connection, zone: str) -> None:
    """Whatever is stored as zone, engaging works, and the log of the server says what is wrong."""
    said: list[str] = []
    connection.add_notice_handler(lambda notice: said.append(notice.message_primary or ""))
    profile = add_profile(connection, timezone=zone)
    settings(connection, profile, max_reactions_per_day=1, last_reset_at="2001-01-01")
    assert engage_at(connection, profile, "2026-05-01 23:59+00") is True
    assert engage_at(connection, profile, "2026-05-01 23:59:59+00") is False
    assert engage_at(connection, profile, "2026-05-02 00:00+00") is True
    assert value(connection, CAN, profile, "comment") is True
    assert f"time zone {zone}: unknown, the day is that of UTC" in said


def test_who_waited_sees_what_was_counted(connection: Connection, database_url: str) -> None:
    """A caller that waits for the counters goes by what the other one wrote."""
    profile = person(connection)
    settings(connection, profile, max_reactions_per_day=1)
    with psycopg.connect(database_url) as first:
        assert value(first, TRY, profile, "reaction") is True

        with (
            psycopg.connect(database_url, autocommit=True) as second,
            ThreadPoolExecutor(1) as threads,
        ):
            answer = threads.submit(value, second, TRY, profile, "reaction")
            wait_until_blocked(connection, second)
            first.commit()
            assert answer.result(timeout=60) is False


def test_a_read_only_caller_may_ask(connection: Connection) -> None:
    """Asking works in a read-only transaction, which is what a GET request is."""
    profile = add_profile(connection, timezone="Mars/Olympus")
    settings(connection, profile)
    with connection.transaction():
        connection.execute("set transaction read only")
        assert value(connection, CAN, profile, "reaction") is True
        assert rows(connection, "select * from get_eligible_engagers(%s, 'x')", uuid4()) == []
