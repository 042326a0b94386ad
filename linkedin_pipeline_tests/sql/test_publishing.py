"""Scheduling posts: when a local time is, where a post goes, and until when it can be changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg import errors
from psycopg.types.json import Jsonb

from linkedin_pipeline_tests.sql.bank import Connection, rows, value
from linkedin_pipeline_tests.sql.tables import (
    NEXT_YEAR,
    account,
    accounts,
    add,
    at_once,
    cells,
    person,
    schedule,
)


def at(text: str) -> datetime:
    """Read an instant in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
def author(connection: Connection) -> UUID:
    """Give a profile with a connected account."""
    profile = person(connection)
    account(connection, profile)
    return profile


INSTANTS = [
    ("2026-07-01 09:00", "Europe/Paris", "2026-07-01 07:00"),
    ("2026-12-01 09:00", "Europe/Paris", "2026-12-01 08:00"),
    # a time that is skipped moves forward by what is skipped
    ("2026-03-29 02:00", "Europe/Paris", "2026-03-29 01:00"),
    ("2026-03-29 02:30", "Europe/Paris", "2026-03-29 01:30"),
    ("2026-03-29 03:00", "Europe/Paris", "2026-03-29 01:00"),
    ("2026-03-08 02:30", "America/New_York", "2026-03-08 07:30"),
    ("2026-10-04 02:10", "Australia/Lord_Howe", "2026-10-03 15:40"),
    ("2026-10-04 02:30", "Australia/Adelaide", "2026-10-03 17:00"),
    ("2018-11-04 00:30", "America/Sao_Paulo", "2018-11-04 03:30"),
    ("2011-12-30 12:00", "Pacific/Apia", "2011-12-30 22:00"),
    # of one that comes twice the first counts
    ("2026-10-25 01:59:59", "Europe/Paris", "2026-10-24 23:59:59"),
    ("2026-10-25 02:00", "Europe/Paris", "2026-10-25 00:00"),
    ("2026-10-25 02:59:59", "Europe/Paris", "2026-10-25 00:59:59"),
    ("2026-10-25 03:00", "Europe/Paris", "2026-10-25 02:00"),
    ("2026-11-01 01:30", "America/New_York", "2026-11-01 05:30"),
    ("2026-04-05 01:29", "Australia/Lord_Howe", "2026-04-04 14:29"),
    ("2026-04-05 01:30", "Australia/Lord_Howe", "2026-04-04 14:30"),
    ("2026-04-05 01:59", "Australia/Lord_Howe", "2026-04-04 14:59"),
    ("2026-04-05 02:00", "Australia/Lord_Howe", "2026-04-04 15:30"),
    ("2026-04-05 02:30", "Australia/Adelaide", "2026-04-04 16:00"),
    ("2018-02-17 23:30", "America/Sao_Paulo", "2018-02-18 01:30"),
    ("1969-09-30 12:00", "Pacific/Kwajalein", "1969-09-30 01:00"),
    # zones of half hours and of none
    ("2026-07-01 12:00", "Asia/Kolkata", "2026-07-01 06:30"),
    ("2026-01-01 12:00", "Australia/Adelaide", "2026-01-01 01:30"),
    ("2026-07-01 12:00", "Asia/Kathmandu", "2026-07-01 06:15"),
    ("2026-07-01 12:00", "UTC", "2026-07-01 12:00"),
]


def test_a_local_time_is_one_instant(connection: Connection) -> None:
    """What the clocks of the zone show, also on the days that they are changed."""
    for session_zone in ("UTC", "Asia/Tokyo"):  # the session's zone has no say
        connection.execute("select set_config('timezone', %s, false)", [session_zone])
        for local, zone, instant in INSTANTS:
            found = value(
                connection, "select local_instant(local_time => %s, zone => %s)", local, zone
            )
            assert found == at(instant), (local, zone)


def test_a_post_is_scheduled_with_all_that_was_given(connection: Connection, author: UUID) -> None:
    """The instant, the zone as the database of zones writes it, and the accounts."""
    other = account(connection, person(connection, "Grace"), status="CREDENTIALS")
    summer = NEXT_YEAR.replace(month=7, day=1, hour=9, minute=0, second=0)
    if summer < NEXT_YEAR:
        summer = summer.replace(year=NEXT_YEAR.year + 1)
    post = schedule(
        connection,
        author,
        local_time=summer,
        timezone="europe/PARIS",
        unipile_account_ids=[other, other],
        mentions=Jsonb([{"name": "Grace"}]),
        external_link="https://example.com",
        attachments=Jsonb(["a.png"]),
    )
    assert cells(
        connection,
        "scheduled_posts",
        post,
        *("author_id", "content", "scheduled_at", "timezone", "status"),
        *("mentions", "external_link", "attachments"),
    ) == (
        *(author, "Hello.", summer.replace(hour=7, tzinfo=UTC), "Europe/Paris", "pending"),
        *([{"name": "Grace"}], "https://example.com", ["a.png"]),
    )
    assert accounts(connection, post) == [(other, "pending")]


def test_without_accounts_it_goes_to_the_authors_own(connection: Connection, author: UUID) -> None:
    """To all that are active, connected and of LinkedIn, and nowhere else."""
    second = account(connection, author)
    account(connection, author, is_active=False)
    account(connection, author, status="DISCONNECTED")
    account(connection, author, provider="MAIL")
    account(connection, person(connection, "Grace"))
    post = schedule(connection, author, unipile_account_ids=None, mentions=None, attachments=None)
    assert [a for a, _ in accounts(connection, post)][1:] == [second]
    assert len(accounts(connection, post)) == 2
    assert cells(connection, "scheduled_posts", post, "mentions", "attachments") == ([], [])


BAD: list[tuple[dict[str, Any], str]] = [
    ({"author_id": None}, "LP040"),
    ({"author_id": uuid4()}, "LP040"),
    ({"content": " \n"}, "LP041"),
    ({"content": None}, "LP041"),
    ({"timezone": "Europe/Pariss"}, "LP042"),
    ({"timezone": "FOO+3"}, "LP042"),
    ({"timezone": "CEST"}, "LP042"),
    ({"timezone": "+02:00"}, "LP042"),
    ({"timezone": ""}, "LP042"),
    ({"timezone": None}, "LP042"),
    ({"timezone": "Factory"}, "LP042"),
    ({"local_time": None}, "LP043"),
    ({"local_time": "infinity"}, "LP043"),
    ({"local_time": "2020-01-01 12:00"}, "LP043"),
    ({"unipile_account_ids": []}, "LP044"),
    ({"unipile_account_ids": [uuid4()]}, "LP045"),
    ({"mentions": Jsonb({})}, "LP046"),
    ({"attachments": Jsonb("a.png")}, "LP046"),
    ({"production_post_id": uuid4()}, "LP047"),
]


def test_bad_input_is_refused_and_nothing_is_scheduled(
    connection: Connection, author: UUID
) -> None:
    """The error has a code of its own and says what to do."""
    for given, code in BAD:
        with pytest.raises(errors.Error) as refused:
            schedule(connection, author, **given)
        assert refused.value.sqlstate == code, given
        assert refused.value.diag.message_hint
        assert rows(connection, "select from scheduled_posts") == []


def test_an_author_without_a_connected_account_is_an_error(connection: Connection) -> None:
    """Nothing could publish the post; an inactive account named by id is refused as well."""
    lonely = person(connection)
    off = account(connection, lonely, is_active=False)
    for given, code in (({}, "LP044"), ({"unipile_account_ids": [off]}, "LP045")):
        with pytest.raises(errors.Error) as refused:
            schedule(connection, lonely, **given)
        assert refused.value.sqlstate == code


def test_a_time_that_is_just_over_is_accepted(connection: Connection, author: UUID) -> None:
    """Who schedules for now is not refused because a minute has passed."""
    just_over = datetime.now(UTC) - timedelta(minutes=2)
    post = schedule(connection, author, local_time=just_over.replace(tzinfo=None))
    assert cells(connection, "scheduled_posts", post, "scheduled_at") == just_over


def test_a_production_post_of_another_author_is_refused(
    connection: Connection, author: UUID
) -> None:
    """One without an author may be taken."""
    other = add(connection, "production_posts", author_id=person(connection, "Grace"))
    with pytest.raises(errors.Error) as refused:
        schedule(connection, author, production_post_id=other)
    assert refused.value.sqlstate == "LP047"
    schedule(connection, author, production_post_id=add(connection, "production_posts"))


def test_a_production_post_is_scheduled_once_by_many(
    connection: Connection, database_url: str, author: UUID
) -> None:
    """Of eight sessions one gets it, and it will go out once."""
    draft = add(connection, "production_posts", author_id=author, status="ready")

    def attempt(mine: Connection, _: int) -> str:
        try:
            schedule(mine, author, production_post_id=draft)
        except errors.Error as error:
            return error.sqlstate or ""
        return "done"

    answers = at_once(database_url, 8, attempt)
    assert sorted(answers) == ["LP047"] * 7 + ["done"]
    assert value(connection, "select count(*) from scheduled_posts") == 1


def test_the_service_can_do_all_of_it(connection: Connection, author: UUID) -> None:
    """As service_role: batches, chats, schedules and what their triggers write."""
    connection.execute("set role service_role")
    configs = Jsonb([{"author_id": str(author)}])
    batch = value(connection, "select create_post_batch('May', %s)", configs)
    [(draft,)] = rows(connection, "select id from production_posts")
    post = schedule(connection, author, production_post_id=draft)
    assert cells(connection, "post_batches", batch, "status") == "completed"
    assert value(connection, "select done from cancel_scheduled_post(%s)", post)
    session = add(connection, "chat_sessions")
    add(connection, "chat_messages", session_id=session, content="Hello.")
    assert cells(connection, "chat_sessions", session, "title") == "Hello."
    invited = person(connection, "Grace", invitation_status="sent")
    account(connection, invited)
    assert cells(connection, "profiles", invited, "invitation_status") == "accepted"
    assert value(connection, "select call_publish_scheduled()")
    connection.execute("reset role")
