"""How late a post may be, how close two may follow, and which text counts as out already."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, LiteralString
from uuid import UUID

import pytest

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.publication_views import resolve
from linkedin_pipeline.domain.errors import ProviderDown
from linkedin_pipeline.domain.publications import Account, AccountDown, Ambiguous, BadContent
from linkedin_pipeline.domain.publishing import PublishPolicy
from linkedin_pipeline_tests.publishing import (
    LinkedIn,
    NoMedia,
    author,
    publish,
    schedule,
    state,
)
from linkedin_pipeline_tests.sql.bank import Connection, rows, value
from linkedin_pipeline_tests.sql.people import add

SPACED = PublishPolicy(settle=timedelta(0), spacing=timedelta(minutes=5))
GAP: LiteralString = "update publications set intent_at = intent_at - make_interval(secs => %s)"
OBSTACLE: LiteralString = (
    "select o.code from scheduled_post_accounts a left join lateral intent_obstacle('scheduled', "
    "a.id, '6 hours', %s) o on true where a.scheduled_post_id = %s"
)


def code(connection: Connection, post: UUID, spacing: str = "0") -> str | None:
    """Return what stands in the way of a post."""
    found: str | None = value(connection, OBSTACLE, spacing, post)
    return found


def test_the_end_of_the_grace_period(connection: Connection) -> None:
    """A post is missed from the first instant after the grace period on, not at its end."""
    profile, account = author(connection)
    post = schedule(connection, profile, "Hello.", account=account)
    move: LiteralString = "update scheduled_posts set scheduled_at = now() - %s::interval"
    for late, expected in (("6 hours", None), ("6 hours 0.000001 s", "missed")):
        with connection.transaction():  # now() stands still
            connection.execute(move, [late])
            assert code(connection, post) == expected


def test_spacing_is_per_account(connection: Connection, database: Database) -> None:
    """Another account, or a page through the same account, does not wait for this one."""
    linkedin = LinkedIn()
    profile, account = author(connection)
    other, _ = author(connection, "Bob")
    page = add(
        connection,
        "company_pages",
        organization_urn="urn:li:organization:1",
        admin_unipile_account_id=account,
    )
    add(connection, "company_published_posts", company_page_id=page, content="Page.")
    schedule(connection, profile, "One.", 3)
    schedule(connection, profile, "Two.", 2)
    schedule(connection, other, "Other.", 1)
    publish(database, linkedin, SPACED)
    assert {intent.text for intent in linkedin.posted} == {"One.", "Other.", "Page."}
    connection.execute(GAP, [299])
    publish(database, linkedin, SPACED)
    assert len(linkedin.posted) == 3
    connection.execute(GAP, [2])
    publish(database, linkedin, SPACED)
    assert [intent.text for intent in linkedin.posted[3:]] == ["Two."]


@pytest.mark.parametrize(
    ("outcome", "goes"), [(Ambiguous("no answer"), False), (BadContent("no"), True)]
)
def test_spacing_counts_what_may_be_out(
    connection: Connection,
    database: Database,
    outcome: Any,
    goes: bool,  # noqa: FBT001
) -> None:
    """After a post in doubt the next one waits; after one that was refused it does not."""
    linkedin = LinkedIn(answers={"One.": [lambda _: outcome]}, trouble="cut")
    profile, _ = author(connection)
    schedule(connection, profile, "One.", 3)
    schedule(connection, profile, "Two.", 2)
    publish(database, linkedin, SPACED)
    assert ("Two." in [intent.text for intent in linkedin.posted]) == goes


def test_what_is_postponed_does_not_block(connection: Connection, database: Database) -> None:
    """While the media of one post are away the next of the account goes out."""

    class Away(NoMedia):
        def fetch(self, attachments: Any, subject: str) -> Any:
            if attachments:
                raise ProviderDown("media", "away", "It is tried again.")
            return super().fetch(attachments, subject)

    linkedin = LinkedIn()
    profile, account = author(connection)
    first = schedule(connection, profile, "First.", 3, account=account)
    connection.execute(
        "update scheduled_posts set attachments = '[\"https://imagedelivery.net/a\"]'"
    )
    schedule(connection, profile, "Second.", 2, account=account)
    for _ in range(2):
        publish(database, linkedin, media=Away())
    assert [intent.text for intent in linkedin.posted] == ["Second."]
    status, reason = state(connection, first)
    assert (status, "nothing was sent yet" in (reason or "")) == ("pending", True)
    connection.execute("update publications set not_before = now() where state = 'pending'")
    publish(database, linkedin)
    assert [intent.text for intent in linkedin.posted] == ["Second.", "First."]


def test_a_revived_post_is_not_late(connection: Connection, database: Database) -> None:
    """A missed post that a person lets go out goes out; lateness counts from the decision."""
    linkedin = LinkedIn()
    profile, _ = author(connection)
    post = schedule(connection, profile, "Hello.", 60 * 24)
    publish(database, linkedin)
    assert state(connection, post)[0] == "missed"
    connection.execute(
        "insert into scheduled_post_accounts (scheduled_post_id, unipile_account_id) "
        "select %s, id from unipile_accounts on conflict do nothing",
        [post],
    )
    assert resolve(database, post, "retry") == (True, None)
    connection.execute("update publications set revived_at = now() - interval '5 hours'")
    assert code(connection, post) is None
    publish(database, linkedin)
    assert state(connection, post) == ("published", None)


def test_switched_off_for_longer_than_the_grace_period(
    connection: Connection, database: Database
) -> None:
    """What was due while publishing was off waits, and is missed when it is on again."""
    linkedin = LinkedIn()
    profile, account = author(connection)
    post = schedule(connection, profile, "Hello.", 60 * 24, account=account)
    flag: LiteralString = "update worker_feature_flags_v2 set is_enabled = %s"
    connection.execute(flag, [False])
    publish(database, linkedin)
    assert state(connection, post)[0] == "pending"
    connection.execute(flag, [True])
    publish(database, linkedin)
    assert state(connection, post)[0] == "missed"
    assert linkedin.posted == []


def test_held_for_an_account_in_time(connection: Connection, database: Database) -> None:
    """A held post is released within the grace period of its time, not of its release."""
    linkedin = LinkedIn(answers={"Hello.": [lambda _: AccountDown("CREDENTIALS", "log in")]})
    linkedin.listed = [Account("account-ada", "CREDENTIALS")]
    profile, _ = author(connection)
    post = schedule(connection, profile, "Hello.", 5 * 60)
    publish(database, linkedin)
    assert state(connection, post) == ("held", "log in")
    linkedin.listed = [Account("account-ada", "OK")]
    publish(database, linkedin)
    assert state(connection, post) == ("published", None)


def out(connection: Connection, account: UUID, text: str, ago: str) -> None:
    """Record a post that went out."""
    connection.execute(
        "insert into published_posts (profile_id, unipile_account_id, content, published_at) "
        "select profile_id, id, %s, now() - %s::interval from unipile_accounts where id = %s",
        [text, ago, account],
    )


@pytest.mark.parametrize(
    ("text", "ago", "expected"),
    [
        ("Hello, world.", "29 days 23:59:59", "duplicate"),
        ("  Hello,\n\tworld. ", "1 day", "duplicate"),
        ("Hello, world.", "30 days", None),
        ("Hello world.", "1 day", None),
        ("hello, world.", "1 day", None),
    ],
)
def test_an_equal_text_counts_for_thirty_days(
    connection: Connection, text: str, ago: str, expected: str | None
) -> None:
    """A text is equal whatever its white space; after 30 days it may go out again."""
    profile, account = author(connection)
    post = schedule(connection, profile, "Hello, world.", account=account)
    with connection.transaction():
        out(connection, account, text, ago)
        assert code(connection, post) == expected


def test_an_equal_text_of_another_account(connection: Connection, database: Database) -> None:
    """What another account or a page published does not count, what a twin in doubt did does."""
    linkedin = LinkedIn(answers={"Hello.": [lambda _: Ambiguous("no answer")]}, trouble="cut")
    profile, account = author(connection)
    _, other = author(connection, "Bob")
    out(connection, other, "Hello.", "1 day")
    post = schedule(connection, profile, "Hello.", account=account)
    publish(database, linkedin)
    assert state(connection, post)[0] == "unconfirmed"
    twin = schedule(connection, profile, "Hello.", account=account)
    publish(database, linkedin)
    assert state(connection, twin)[0] == "held"
    assert resolve(database, post, "cancel") == (True, None)
    assert resolve(database, twin, "retry") == (True, None)
    publish(database, linkedin)
    assert state(connection, twin) == ("published", None)


def test_an_equal_text_of_a_page(connection: Connection, database: Database) -> None:
    """A page's text counts for that page alone, and a person may let it go out again."""
    linkedin = LinkedIn()
    profile, account = author(connection)
    pages = [
        add(
            connection,
            "company_pages",
            organization_urn=f"urn:li:organization:{number}",
            admin_unipile_account_id=account,
        )
        for number in range(2)
    ]
    out(connection, account, "Hello.", "1 day")
    for page in (*pages, pages[0]):
        add(connection, "company_published_posts", company_page_id=page, content="Hello.")
        publish(database, linkedin)
    assert linkedin.times() == {("0", "Hello."): 1, ("1", "Hello."): 1}
    ((held,),) = rows(connection, "select id from company_published_posts where status = 'held'")
    assert resolve(database, held, "retry") == (True, None)
    publish(database, linkedin)
    assert linkedin.times()["0", "Hello."] == 2
    del profile
