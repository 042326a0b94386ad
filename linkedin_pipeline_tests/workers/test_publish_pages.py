"""Posts of company pages: which originals they repeat, when, and what keeps them from it."""

from __future__ import annotations

from typing import LiteralString
from uuid import UUID

import pytest
from psycopg.types.json import Jsonb

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.publication_views import resolve
from linkedin_pipeline.domain.publications import Accepted, Account, Ambiguous
from linkedin_pipeline_tests.publishing import LinkedIn, author, publish, schedule, state
from linkedin_pipeline_tests.sql.bank import Connection, rows
from linkedin_pipeline_tests.sql.people import add


def page(connection: Connection, account: UUID | None, number: int = 1, **columns: object) -> UUID:
    """Add a page."""
    return add(
        connection,
        "company_pages",
        name=f"P{number}",
        organization_urn=f"urn:li:organization:{number}",
        admin_unipile_account_id=account,
        **columns,
    )


def rule(
    connection: Connection, profile: UUID, target: UUID, delay: int = 0, **columns: object
) -> UUID:
    """Add a rule."""
    return add(
        connection,
        "company_auto_post_rules",
        source_profile_id=profile,
        target_company_page_id=target,
        post_delay_minutes=delay,
        **columns,
    )


def posts(connection: Connection) -> list[tuple[str, str | None]]:
    """Return states and reasons of the pages' posts."""
    return rows(
        connection, "select status, error_message from company_published_posts order by created_at"
    )


def test_only_active_rules_of_active_pages_fire(connection: Connection, database: Database) -> None:
    """A rule that is off, of a page that is off, or of another author does not fire."""
    linkedin = LinkedIn()
    profile, account = author(connection)
    other, _ = author(connection, "Bob")
    rule(connection, profile, page(connection, account, 1), is_active=False)
    rule(connection, profile, page(connection, account, 2, is_active=False))
    rule(connection, other, page(connection, account, 3))
    rule(connection, profile, page(connection, account, 4))
    schedule(connection, profile, "Hello.")
    publish(database, linkedin)
    assert sorted(linkedin.times()) == [("4", "Hello."), ("ACoaccount-ada", "Hello.")]


@pytest.mark.parametrize(
    ("prefix", "suffix", "text"),
    [
        (None, None, "Hello."),
        ("", "", "Hello."),
        ("From us:", "#news", "From us:\n\nHello.\n\n#news"),
        ("From us: ", " #news", "From us: Hello. #news"),
        ("From us:\n", "\n#news", "From us:\nHello.\n#news"),
    ],
)
def test_prefix_and_suffix_bring_their_white_space(
    connection: Connection,
    database: Database,
    prefix: str | None,
    suffix: str | None,
    text: str,
) -> None:
    """A prefix or suffix stands a blank line apart, unless it brings white space."""
    linkedin = LinkedIn()
    profile, account = author(connection)
    rule(connection, profile, page(connection, account), add_prefix=prefix, add_suffix=suffix)
    schedule(connection, profile, "Hello.")
    publish(database, linkedin)
    assert linkedin.times()["1", text] == 1


ENDS: dict[str, tuple[LiteralString, str]] = {
    "rule off": ("update company_auto_post_rules set is_active = false", "rule is switched off"),
    "rule gone": ("delete from company_auto_post_rules", "rule was deleted"),
    "page off": ("update company_pages set is_active = false", "page is switched off"),
    "page without URN": ("update company_pages set organization_urn = null", "no organization_urn"),
    "parent gone": ("delete from published_posts", "original was deleted"),
}


@pytest.mark.parametrize("end", ENDS)
def test_what_ends_a_page_post_before_it_is_due(
    connection: Connection, database: Database, end: str
) -> None:
    """A post that waits is cancelled, with the reason, when what it rests on goes."""
    linkedin = LinkedIn()
    profile, account = author(connection)
    rule(connection, profile, page(connection, account), delay=60)
    schedule(connection, profile, "Hello.")
    publish(database, linkedin)
    assert posts(connection) == [("pending", None)]
    statement, reason = ENDS[end]
    connection.execute(statement)
    publish(database, linkedin)
    assert posts(connection) == [("pending", None)]
    connection.execute("update company_published_posts set scheduled_for = now()")
    publish(database, linkedin)
    ((status, said),) = posts(connection)
    assert status == "cancelled"
    assert reason in (said or "")
    assert len(linkedin.posted) == 1


def test_the_delay_counts_from_publication(connection: Connection, database: Database) -> None:
    """A delayed post is due so many minutes after the original went out."""
    profile, account = author(connection)
    rule(connection, profile, page(connection, account), delay=90)
    schedule(connection, profile, "Hello.", minutes_ago=300)
    publish(database, LinkedIn())
    (gap,) = rows(
        connection,
        "select c.scheduled_for - o.published_at = interval '90 minutes' "
        "from company_published_posts c join published_posts o "
        "on o.id = c.original_published_post_id",
    )
    assert gap == (True,)


def test_a_page_waits_for_its_account(connection: Connection, database: Database) -> None:
    """A page whose account is down holds its post, which goes out when the account is back."""
    linkedin = LinkedIn()
    profile, account = author(connection)
    _, admin = author(connection, "Bob", status="CREDENTIALS")
    linkedin.listed = [Account("account-ada", "OK"), Account("account-bob", "CREDENTIALS")]
    rule(connection, profile, page(connection, admin))
    post = schedule(connection, profile, "Hello.", account=account)
    for _ in range(2):
        publish(database, linkedin)
    assert state(connection, post)[0] == "published"
    ((status, reason),) = posts(connection)
    assert status == "held"
    assert "must be reconnected (CREDENTIALS)" in (reason or "")
    linkedin.listed = [Account("account-ada", "OK"), Account("account-bob", "OK")]
    publish(database, linkedin)
    assert posts(connection) == [("published", None)]
    assert linkedin.times()["1", "Hello."] == 1


def test_a_page_without_account_waits_for_one(connection: Connection, database: Database) -> None:
    """A page that nobody administers holds its post until it is given an account."""
    linkedin = LinkedIn(listed=[Account("account-ada", "OK")])
    profile, account = author(connection)
    target = page(connection, None)
    rule(connection, profile, target)
    schedule(connection, profile, "Hello.")
    for _ in range(2):
        publish(database, linkedin)
    ((status, reason),) = posts(connection)
    assert (status, reason) == ("held", "its page has no account that administers it")
    rows(connection, "update company_pages set admin_unipile_account_id = %s returning 1", account)
    publish(database, linkedin)
    assert posts(connection) == [("published", None)]


def test_a_page_gets_a_text_once(connection: Connection, database: Database) -> None:
    """Two rules for one page, two accounts of one plan: the page repeats it once."""
    linkedin = LinkedIn()
    profile, first = author(connection)
    second = add(
        connection,
        "unipile_accounts",
        profile_id=profile,
        unipile_account_id="account-two",
        status="OK",
    )
    target = page(connection, first)
    rule(connection, profile, target, add_prefix="Twice:")
    rule(connection, profile, target, add_prefix="Twice:")
    post = schedule(connection, profile, "Hello.", account=first)
    add(
        connection,
        "scheduled_post_accounts",
        scheduled_post_id=post,
        unipile_account_id=second,
    )
    for _ in range(3):
        publish(database, linkedin)
    assert state(connection, post) == ("published", None)
    assert linkedin.times() == {
        ("ACoaccount-ada", "Hello."): 1,
        ("ACoaccount-two", "Hello."): 1,
        ("1", "Twice:\n\nHello."): 1,
    }


def test_confirming_again_fires_nothing(connection: Connection, database: Database) -> None:
    """A rule never fires twice for one original, however often that is confirmed."""
    profile, account = author(connection)
    rule(connection, profile, page(connection, account), delay=60)
    schedule(connection, profile, "Hello.")
    publish(database, LinkedIn())
    again: LiteralString = (
        "select confirm_publication(id, token, null, null, null, null, null, 'x', null) "
        "from publications where kind = 'scheduled'"
    )
    assert rows(connection, again) == [("published",)]
    rows(connection, "select fire_company_rules(id) from published_posts")
    assert posts(connection) == [("pending", None)]
    connection.execute("delete from company_published_posts")
    assert rows(connection, again) == [("published",)]
    assert posts(connection) == []


def test_a_page_waits_while_the_original_is_in_doubt(
    connection: Connection, database: Database
) -> None:
    """Nothing is repeated before the original is known to be out; a person's word counts."""
    linkedin = LinkedIn(answers={"Hello.": [lambda _: Ambiguous("no answer")]}, trouble="cut")
    profile, account = author(connection)
    rule(connection, profile, page(connection, account))
    post = schedule(connection, profile, "Hello.")
    for _ in range(3):
        publish(database, linkedin)
    assert state(connection, post)[0] == "unconfirmed"
    assert posts(connection) == []
    assert resolve(database, post, "published") == (True, None)
    assert resolve(database, post, "published")[0] is False
    publish(database, linkedin)
    assert posts(connection) == [("published", None)]
    assert linkedin.times() == {("1", "Hello."): 1}


def test_what_the_original_had_is_carried_over(connection: Connection, database: Database) -> None:
    """Mentions, link and attachments of the original go to the page with the text."""
    linkedin = LinkedIn()
    profile, account = author(connection)
    rule(connection, profile, page(connection, account))
    post = schedule(connection, profile, "Hello {{0}}.", account=account)
    mentions = [{"name": "Bob", "profile_id": "ACoBob"}]
    attachments = ["https://imagedelivery.net/a/b/public"]
    connection.execute(
        "update scheduled_posts set mentions = %s, attachments = %s, external_link = %s "
        "where id = %s",
        [Jsonb(mentions), Jsonb(attachments), "https://example.com/", post],
    )
    publish(database, linkedin)
    personal, company = linkedin.posted
    assert company.as_organization == "1"
    assert company.mentions == personal.mentions != ()
    assert company.external_link == personal.external_link == "https://example.com/"
    assert rows(connection, "select attachments from company_published_posts") == [(attachments,)]


def test_posts_made_by_hand_go_out(connection: Connection, database: Database) -> None:
    """A page's post without rule or original goes out when it is due, at once without a time."""
    linkedin = LinkedIn()
    _, account = author(connection)
    target = page(connection, account)
    for text, when in (("Now.", "now"), ("Later.", "tomorrow"), ("Whenever.", None)):
        add(
            connection,
            "company_published_posts",
            company_page_id=target,
            content=text,
            scheduled_for=when,
        )
    for _ in range(2):
        publish(database, linkedin)
    assert linkedin.times() == {("1", "Now."): 1, ("1", "Whenever."): 1}


@pytest.mark.parametrize("answer", ["lost", "known"])
def test_a_page_post_outlives_the_author(
    connection: Connection, database: Database, answer: str
) -> None:
    """The author of the original is erased while the page's post is under way: it is settled."""
    _, admin = author(connection, "Bob")
    profile, _ = author(connection)
    rule(connection, profile, page(connection, admin), add_prefix="We:")
    schedule(connection, profile, "Hello.")

    def erase(make: object) -> object:
        connection.execute("delete from profiles where id = %s", [profile])
        made = make()  # type: ignore[operator]
        return Ambiguous("no answer") if answer == "lost" else Accepted(made.post_id)

    linkedin = LinkedIn(answers={"We:\n\nHello.": [erase]})  # type: ignore[list-item]
    for _ in range(3):
        publish(database, linkedin)
    assert posts(connection) == [("published", None)]
    assert linkedin.times()["1", "We:\n\nHello."] == 1
