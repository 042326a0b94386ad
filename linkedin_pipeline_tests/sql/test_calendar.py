"""What the publishing calendar shows, and to whom."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from psycopg import errors

from linkedin_pipeline_tests.sql.bank import Connection, rows, value
from linkedin_pipeline_tests.sql.tables import account, add, cells, person, put

MONDAY = datetime(2026, 6, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)


def calendar(connection: Connection, first: Any = MONDAY, last: Any = MONDAY + 7 * DAY) -> Any:
    """Return the calendar's rows as dictionaries."""
    return [
        row
        for (row,) in rows(
            connection,
            "select to_jsonb(c) from get_publishing_calendar(from_time => %s::timestamptz, "
            "to_time => %s::timestamptz) as c",
            first,
            last,
        )
    ]


def test_the_calendar_shows_everything_that_goes_out(connection: Connection) -> None:
    """Scheduled posts with their accounts, drafts on their own, company posts; by time."""
    ada, grace = person(connection, "Ada", timezone="Asia/Tokyo"), person(connection, "Grace")
    scheduled = add(
        connection,
        "scheduled_posts",
        author_id=ada,
        content="One.",
        scheduled_at=MONDAY + DAY,
        timezone="Europe/Paris",
    )
    own, other = account(connection, ada), account(connection, grace)
    for place, status, text in ((own, "published", None), (other, "pending", "Uno.")):
        add(
            connection,
            "scheduled_post_accounts",
            scheduled_post_id=scheduled,
            unipile_account_id=place,
            status=status,
            content_override=text,
        )
    draft = add(
        connection,
        "production_posts",
        author_id=ada,
        status="scheduled",
        final_content="Two.",
        publication_date=MONDAY,
    )
    original = add(
        connection,
        "published_posts",
        profile_id=ada,
        scheduled_post_id=scheduled,
        post_url="https://example.com/1",
    )
    page = add(connection, "company_pages", name="Engines Ltd")
    company = add(
        connection,
        "company_published_posts",
        company_page_id=page,
        original_published_post_id=original,
        content="Three.",
        status="unconfirmed",
        scheduled_for=MONDAY + 2 * DAY,
    )
    for row in (found := calendar(connection)):
        row["goes_out_at"] = datetime.fromisoformat(row["goes_out_at"])
    empty: dict[str, Any] = {"company_page": None, "accounts": [], "post_url": None}
    common = {"author_id": str(ada), "author_name": "Ada", "published_at": None}
    assert found == [
        empty
        | common
        | {
            "kind": "production_post",
            "id": str(draft),
            "goes_out_at": MONDAY,
            "timezone": "Asia/Tokyo",
            "status": "scheduled",
            "content": "Two.",
        },
        empty
        | common
        | {
            "kind": "scheduled_post",
            "id": str(scheduled),
            "goes_out_at": MONDAY + DAY,
            "timezone": "Europe/Paris",
            "status": "pending",
            "content": "One.",
            "post_url": "https://example.com/1",
            "accounts": [
                {"account_id": str(own), "owner": "Ada", "status": "published", "content": "One."},
                {
                    "account_id": str(other),
                    "owner": "Grace",
                    "status": "pending",
                    "content": "Uno.",
                },
            ],
        },
        empty
        | common
        | {
            "kind": "company_post",
            "id": str(company),
            "goes_out_at": MONDAY + 2 * DAY,
            "timezone": "UTC",
            "status": "unconfirmed",
            "content": "Three.",
            "company_page": "Engines Ltd",
        },
    ]


def test_a_draft_that_a_scheduled_post_names_shows_once(connection: Connection) -> None:
    """As the scheduled post, for it goes out through that row only."""
    draft = add(connection, "production_posts", status="scheduled", publication_date=MONDAY)
    assert [row["kind"] for row in calendar(connection)] == ["production_post"]
    add(connection, "scheduled_posts", production_post_id=draft, scheduled_at=MONDAY)
    assert [row["kind"] for row in calendar(connection)] == ["scheduled_post"]


def test_drafts_show_from_the_day_they_are_scheduled(connection: Connection) -> None:
    """A date that somebody has in mind for an unwritten post is no appointment."""
    draft = add(connection, "production_posts", publication_date=MONDAY)
    shown = set()
    states = rows(connection, "select unnest(enum_range(null::post_status))::text")
    for (status,) in states:
        put(connection, "production_posts", draft, status=status)
        shown |= {row["status"] for row in calendar(connection)}
    assert shown == {
        "scheduled",
        "publishing",
        "published",
        "failed",
        "missed",
        "cancelled",
        "held",
        "unconfirmed",
    }


def test_the_span_includes_its_beginning_and_not_its_end(connection: Connection) -> None:
    """So that one week after the other shows everything once."""
    add(connection, "scheduled_posts", scheduled_at=MONDAY)
    add(connection, "production_posts", publication_date=MONDAY, status="scheduled")
    add(connection, "company_published_posts", scheduled_for=MONDAY)
    assert len(calendar(connection, MONDAY, MONDAY + DAY)) == 3
    assert calendar(connection, MONDAY - DAY, MONDAY) == []
    assert calendar(connection, MONDAY, MONDAY) == []


@pytest.mark.parametrize("span", [(None, MONDAY), (MONDAY, None), (MONDAY + DAY, MONDAY)])
def test_a_span_that_is_none_is_an_error(connection: Connection, span: Any) -> None:
    """Without both ends, or with the later one first."""
    with pytest.raises(errors.Error) as refused:
        calendar(connection, *span)
    assert refused.value.sqlstate == "LP049"


def test_a_reader_sees_the_calendar_and_no_more(connection: Connection) -> None:
    """As authenticated: no table behind it, no address, token or provider's id in it."""
    ada = person(connection, "Ada", email="ada@secret", invitation_token="secret-token")
    place = account(connection, ada, unipile_account_id="secret-account")
    post = add(
        connection,
        "scheduled_posts",
        author_id=ada,
        content="One.",
        scheduled_at=MONDAY,
        error_message="secret",
    )
    add(
        connection,
        "scheduled_post_accounts",
        scheduled_post_id=post,
        unipile_account_id=place,
        external_post_id="secret-post",
        error_message="secret",
    )
    connection.execute("set role authenticated")
    [shown] = calendar(connection)
    assert (shown["content"], shown["accounts"][0]["owner"]) == ("One.", "Ada")
    assert "secret" not in str(shown)
    with pytest.raises(errors.InsufficientPrivilege):
        cells(connection, "scheduled_posts", post, "content")
    connection.execute("reset role")
    connection.execute("set role anon")
    with pytest.raises(errors.InsufficientPrivilege):
        calendar(connection)
    connection.execute("reset role")
    assert value(
        connection,
        "select prosecdef from pg_proc where proname = 'get_publishing_calendar'",
    )
