"""A publishing pass over a real ledger: what goes out, what waits, what is settled by evidence."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.domain.publications import (
    AccountDown,
    Ambiguous,
    BadContent,
    Duplicate,
    Limited,
    PostOutcome,
    SeenPost,
    Unclear,
    Unsent,
)
from linkedin_pipeline.domain.publishing import PublishPolicy
from linkedin_pipeline_tests.publishing import LinkedIn, author, publish, schedule, state
from linkedin_pipeline_tests.sql.bank import Connection, rows


def lost(make: Callable[[], SeenPost]) -> PostOutcome:
    """Publish, and let the answer get lost."""
    make()
    return Ambiguous("no answer")


def refused(make: Callable[[], SeenPost]) -> PostOutcome:
    """Do nothing, and say nothing."""
    return Ambiguous("no answer")


def test_a_due_post_goes_out_once(connection: Connection, database: Database) -> None:
    """A due post is published, read back and recorded; another pass does nothing."""
    linkedin = LinkedIn()
    profile, _ = author(connection)
    post = schedule(connection, profile, "Hello.")
    publish(database, linkedin)
    publish(database, linkedin)
    assert linkedin.times() == {("ACoaccount-ada", "Hello."): 1}
    assert state(connection, post) == ("published", None)
    ((content, url, social),) = rows(
        connection, "select content, post_url, social_id from published_posts"
    )
    assert (content, url.rpartition("/")[2]) == ("Hello.", social)


def test_a_lost_answer_is_found_in_the_feed(connection: Connection, database: Database) -> None:
    """A post whose answer was lost is adopted from the feed and never sent again."""
    linkedin = LinkedIn(answers={"Hello.": [lost]})
    profile, _ = author(connection)
    post = schedule(connection, profile, "Hello.")
    for _ in range(3):
        publish(database, linkedin)
    assert linkedin.times() == {("ACoaccount-ada", "Hello."): 1}
    assert len(linkedin.posted) == 1
    assert state(connection, post) == ("published", None)


def test_proved_absence_is_tried_once_more(connection: Connection, database: Database) -> None:
    """A post that the feed proves absent is sent once more, and then held."""
    linkedin = LinkedIn(answers={"Hello.": [refused, refused]})
    profile, _ = author(connection)
    post = schedule(connection, profile, "Hello.")
    for _ in range(6):
        publish(database, linkedin)
    assert len(linkedin.posted) == 2
    status, reason = state(connection, post)
    assert status == "held"
    assert "a person decides" in (reason or "")


def test_nothing_is_sent_while_the_feed_may_lag(connection: Connection, database: Database) -> None:
    """Before the settle window is over, an empty feed proves nothing."""
    linkedin = LinkedIn(answers={"Hello.": [refused]})
    profile, _ = author(connection)
    post = schedule(connection, profile, "Hello.")
    slow = PublishPolicy(settle=timedelta(hours=1), spacing=timedelta(0))
    for _ in range(3):
        publish(database, linkedin, slow)
        rows(connection, "update publications set next_check_at = now() returning 1")
    assert len(linkedin.posted) == 1
    assert state(connection, post)[0] == "unconfirmed"


@pytest.mark.parametrize(
    ("outcome", "status", "again"),
    [
        (BadContent("too long"), "failed", 1),
        (AccountDown("CREDENTIALS", "log in again"), "held", 1),
        (Limited("slow down", 3600), "pending", 1),
        (Unsent("no connection", 3600), "pending", 1),
        (Unclear("what?"), "held", 1),
        (Duplicate("it is out", None), "held", 1),
    ],
)
def test_errors_by_meaning(
    connection: Connection, database: Database, outcome: PostOutcome, status: str, again: int
) -> None:
    """Each meaning of an answer has its state, with the provider's words, and no second POST."""
    linkedin = LinkedIn(answers={"Hello.": [lambda _make: outcome]})
    profile, _ = author(connection)
    post = schedule(connection, profile, "Hello.")
    for _ in range(3):
        publish(database, linkedin)
    found, reason = state(connection, post)
    assert found == status
    assert reason
    assert len(linkedin.posted) == again


def test_company_pages_follow(connection: Connection, database: Database) -> None:
    """Rules fire once: without delay in the same pass, with delay when it is over."""
    linkedin = LinkedIn()
    profile, account = author(connection)
    rows(
        connection,
        "with page as (insert into company_pages (name, organization_urn, "
        "admin_unipile_account_id) select 'P' || n, 'urn:li:organization:' || n, %s "
        "from generate_series(1, 2) n returning id, name) "
        "insert into company_auto_post_rules (source_profile_id, target_company_page_id, "
        "post_delay_minutes, add_prefix, add_suffix) "
        "select %s, id, case name when 'P1' then 0 else 60 end, 'From us:', '#news' from page "
        "returning 1",
        account,
        profile,
    )
    schedule(connection, profile, "Hello.")
    for _ in range(2):
        publish(database, linkedin)
    text = "From us:\n\nHello.\n\n#news"
    assert linkedin.times() == {("ACoaccount-ada", "Hello."): 1, ("1", text): 1}
    rows(connection, "update company_published_posts set scheduled_for = now() returning 1")
    publish(database, linkedin)
    assert linkedin.times()["2", text] == 1
    assert rows(connection, "select distinct status from company_published_posts") == [
        ("published",)
    ]


def test_what_a_person_says_is_out_proves_nothing_of_a_feed(
    connection: Connection, database: Database
) -> None:
    """A post that the feed shows in other words, and a person vouches for, makes no feed stale."""
    linkedin = LinkedIn()
    profile, _ = author(connection)
    first = schedule(connection, profile, "First.", minutes_ago=2)

    def changed(make: Callable[[], SeenPost]) -> PostOutcome:
        linkedin.plant("ACoaccount-ada", "In other words.")
        return Ambiguous("no answer")

    linkedin.answers = {"First.": [changed], "Second.": [refused]}
    publish(database, linkedin)
    assert state(connection, first)[0] == "held"
    rows(connection, "select done from resolve_publication(%s, 'published')", first)
    # what came to light before the second call
    rows(
        connection,
        "update publications set first_intent_at = first_intent_at - interval '1 hour', "
        "published_at = published_at - interval '1 hour' returning 1",
    )
    linkedin.feeds["ACoaccount-ada"].clear()
    linkedin.plant("ACoaccount-ada", "In other words.", datetime.now(UTC) - timedelta(hours=1))
    linkedin.plant("ACoaccount-ada", "From before.", datetime.now(UTC) - timedelta(hours=2))
    second = schedule(connection, profile, "Second.")
    publish(database, linkedin)
    assert state(connection, second)[0] == "published"
    assert [intent.text for intent in linkedin.posted] == ["First.", "Second.", "Second."]
