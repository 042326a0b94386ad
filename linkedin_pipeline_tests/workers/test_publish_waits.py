"""What publishing leaves for later, ends, or hands to a person."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.publication_views import resolve
from linkedin_pipeline.domain.publications import (
    Accepted,
    Account,
    AccountDown,
    Ambiguous,
    PostOutcome,
    SeenPost,
)
from linkedin_pipeline.domain.publishing import PublishPolicy
from linkedin_pipeline_tests.publishing import LinkedIn, author, publish, schedule, state
from linkedin_pipeline_tests.sql.bank import Connection, rows

SPACED = PublishPolicy(settle=timedelta(0), spacing=timedelta(minutes=5))


def later(connection: Connection, minutes: int) -> None:
    """Let time pass for the ledger: what was sent lies further back."""
    rows(
        connection,
        "update publications set intent_at = intent_at - make_interval(mins => %s) returning 1",
        minutes,
    )


def test_after_an_outage_posts_go_out_spaced_and_in_order(
    connection: Connection, database: Database
) -> None:
    """Of twenty posts of one account that are late, each pass sends one, the oldest first."""
    linkedin = LinkedIn()
    profile, _ = author(connection)
    for number in range(20):
        schedule(connection, profile, f"Post {number}.", minutes_ago=180 - number * 9)
    for number in range(20):
        publish(database, linkedin, SPACED)
        assert [intent.text for intent in linkedin.posted] == [
            f"Post {earlier}." for earlier in range(number + 1)
        ]
        publish(database, linkedin, SPACED)
        later(connection, 5)
    assert set(linkedin.times().values()) == {1}


def test_too_late_is_missed(connection: Connection, database: Database) -> None:
    """A post that is later than the grace period is missed, with the reason, and not sent."""
    linkedin = LinkedIn()
    profile, _ = author(connection)
    old = schedule(connection, profile, "Old.", minutes_ago=7 * 60)
    young = schedule(connection, profile, "Young.", minutes_ago=5 * 60)
    publish(database, linkedin)
    assert state(connection, young) == ("published", None)
    status, reason = state(connection, old)
    assert status == "missed"
    assert "longer ago than" in (reason or "")
    assert [intent.text for intent in linkedin.posted] == ["Young."]


def test_a_disconnected_account_holds_its_posts(connection: Connection, database: Database) -> None:
    """A post of an account that must be reconnected waits, and goes out once it is OK again."""
    linkedin = LinkedIn(answers={"Hello.": [lambda _: AccountDown("CREDENTIALS", "log in")]})
    linkedin.listed = [Account("account-ada", "CREDENTIALS")]
    profile, account = author(connection)
    post = schedule(connection, profile, "Hello.")
    other = schedule(connection, profile, "Next.", minutes_ago=0.5)
    for _ in range(3):
        publish(database, linkedin)
    assert state(connection, post) == ("held", "log in")
    assert state(connection, other)[0] == "held"
    assert len(linkedin.posted) == 1
    linkedin.listed = [Account("account-ada", "OK")]
    publish(database, linkedin)
    assert state(connection, post) == ("published", None)
    assert state(connection, other) == ("published", None)
    assert rows(connection, "select status from unipile_accounts where id = %s", account) == [
        ("OK",)
    ]


def test_an_account_that_comes_back_too_late(connection: Connection, database: Database) -> None:
    """A post held for its account beyond the grace period is missed."""
    linkedin = LinkedIn(listed=[Account("account-ada", "CREDENTIALS")])
    profile, _ = author(connection, status="CREDENTIALS")
    post = schedule(connection, profile, "Hello.")
    publish(database, linkedin)
    assert state(connection, post)[0] == "held"
    rows(connection, "update publications set due_at = now() - interval '7 hours' returning 1")
    linkedin.listed = [Account("account-ada", "OK")]
    publish(database, linkedin)
    assert state(connection, post)[0] == "missed"
    assert linkedin.posted == []


def test_an_equal_text_is_held_for_a_person(connection: Connection, database: Database) -> None:
    """A text that this account published in the last 30 days waits for a decision."""
    linkedin = LinkedIn()
    profile, account = author(connection)
    rows(
        connection,
        "insert into published_posts (profile_id, unipile_account_id, content, published_at) "
        "values (%s, %s, 'Hello,  world.', now() - interval '29 days'), "
        "(%s, %s, 'Long ago.', now() - interval '31 days') returning 1",
        *(profile, account) * 2,
    )
    old = schedule(connection, profile, "Long ago.")
    post = schedule(connection, profile, "Hello, world.\n")
    again = schedule(connection, profile, "Long ago.", minutes_ago=0.5)
    for _ in range(2):
        publish(database, linkedin)
    assert state(connection, old) == ("published", None)
    for held in (post, again):
        status, reason = state(connection, held)
        assert status == "held"
        assert "the same text went out" in (reason or "")
    assert resolve(database, post, "retry") == (True, None)
    assert resolve(database, again, "cancel") == (True, None)
    publish(database, linkedin)
    assert state(connection, post) == ("published", None)
    assert state(connection, again)[0] == "cancelled"
    assert len(linkedin.posted) == 2


def test_switches_are_looked_at_before_every_post(
    connection: Connection, database: Database
) -> None:
    """Nothing goes out while the switch or the account is off; it is pending, not lost."""
    linkedin = LinkedIn()
    profile, account = author(connection)
    post = schedule(connection, profile, "Hello.", account=account)
    switch = "update worker_feature_flags_v2 set is_enabled = %s where worker_name = %s returning 1"
    rows(connection, switch, False, "publish_scheduled")
    publish(database, linkedin)
    rows(connection, switch, True, "publish_scheduled")
    rows(connection, "update unipile_accounts set is_active = false returning 1")
    publish(database, linkedin)
    assert linkedin.posted == []
    assert state(connection, post)[0] == "pending"
    rows(connection, "update unipile_accounts set is_active = true returning 1")
    publish(database, linkedin)
    assert state(connection, post) == ("published", None)


def test_switching_off_stops_a_pass_after_the_post_in_hand(
    connection: Connection, database: Database
) -> None:
    """What LinkedIn is taking counts; the others stay pending and go out once it is on again."""
    switch = "update worker_feature_flags_v2 set is_enabled = %s returning 1"

    def switched_off(make: Callable[[], SeenPost]) -> PostOutcome:
        rows(connection, switch, False)
        return Accepted(make().post_id)

    linkedin = LinkedIn(answers={text: [switched_off] for text in ("One.", "Two.", "Three.")})
    profile, account = author(connection)
    posts = [schedule(connection, profile, text, account=account) for text in linkedin.answers]
    publish(database, linkedin)
    assert len(linkedin.posted) == 1
    states = [state(connection, post)[0] for post in posts]
    assert sorted(states) == ["pending", "pending", "published"]
    rows(connection, switch, True)
    linkedin.answers.clear()
    publish(database, linkedin)
    assert [state(connection, post)[0] for post in posts] == ["published"] * 3


def test_edits_win_before_the_intent(connection: Connection, database: Database) -> None:
    """The text that goes out is the one that stands there when the intent is committed."""
    linkedin = LinkedIn()
    profile, account = author(connection)
    post = schedule(connection, profile, "First.", account=account)
    rows(
        connection, "update scheduled_posts set content = 'Second.' where id = %s returning 1", post
    )
    gone = schedule(connection, profile, "Cancelled by hand.", account=account)
    rows(
        connection,
        "update scheduled_posts set status = 'cancelled' where id = %s returning 1",
        gone,
    )
    deleted = schedule(connection, profile, "Deleted.", account=account)
    rows(connection, "delete from scheduled_posts where id = %s returning 1", deleted)
    publish(database, linkedin)
    assert [intent.text for intent in linkedin.posted] == ["Second."]
    assert state(connection, gone)[0] == "cancelled"


def test_after_the_intent_it_is_too_late(connection: Connection, database: Database) -> None:
    """Cancelling and moving say that it was too late, and change nothing."""
    linkedin = LinkedIn(answers={"Hello.": [lambda _: Ambiguous("no answer")]})
    profile, _ = author(connection)
    post = schedule(connection, profile, "Hello.")
    publish(database, linkedin, PublishPolicy(settle=timedelta(hours=1), spacing=timedelta(0)))
    assert state(connection, post)[0] == "unconfirmed"
    for change in (
        "select done from cancel_scheduled_post(%s)",
        "select done from reschedule_post(%s, now() + interval '1 day')",
    ):
        assert rows(connection, change, post) == [(False,)]
    assert state(connection, post)[0] == "unconfirmed"


def test_a_dead_publisher_leaves_an_unconfirmed_post(
    connection: Connection, database: Database
) -> None:
    """An intent whose publisher died is looked for, and sent once more only if it is not out."""
    linkedin = LinkedIn()
    for name, text in (("Ada", "Out."), ("Bob", "Not out.")):
        schedule(connection, author(connection, name)[0], text)
    _commit_and_die(connection, database)
    linkedin.plant("ACoaccount-ada", "Out.", datetime.now(UTC))
    for _ in range(4):
        publish(database, linkedin)
    assert linkedin.times() == {
        ("ACoaccount-ada", "Out."): 1,
        ("ACoaccount-bob", "Not out."): 1,
    }
    assert [intent.text for intent in linkedin.posted] == ["Not out."]


def _commit_and_die(connection: Connection, database: Database) -> None:
    """Commit every due intent, as a publisher that is killed before its calls."""

    class Killed(BaseException):
        pass

    def die(_: object) -> None:
        raise Killed

    dying = LinkedIn(answers={"Out.": [die], "Not out.": [die]})  # type: ignore[list-item]
    with pytest.raises(Killed):
        publish(database, dying)
    assert rows(connection, "select count(*) from publications where state = 'publishing'") == [
        (2,)
    ]
    rows(connection, "update publications set leased_until = now() returning 1")


def test_a_production_post_goes_out_through_its_plan_only(
    connection: Connection, database: Database
) -> None:
    """A draft goes out by itself when no scheduled post names it, else through that row alone."""
    linkedin = LinkedIn()
    profile, _ = author(connection)
    drafts = rows(
        connection,
        "insert into production_posts (author_id, status, final_content, publication_date) "
        "select %s, 'scheduled', t, now() - interval '1 minute' "
        "from unnest(array['Alone.', 'Planned.']) as t returning id, final_content",
        profile,
    )
    planned: UUID = next(key for key, text in drafts if text == "Planned.")
    post = schedule(connection, profile, "Planned, as planned.", minutes_ago=-60)
    rows(
        connection,
        "update scheduled_posts set production_post_id = %s where id = %s returning 1",
        planned,
        post,
    )
    publish(database, linkedin)
    assert [intent.text for intent in linkedin.posted] == ["Alone."]
    rows(connection, "update scheduled_posts set scheduled_at = now() returning 1")
    publish(database, linkedin)
    assert [intent.text for intent in linkedin.posted] == ["Alone.", "Planned, as planned."]
    assert rows(connection, "select distinct status from production_posts") == [("published",)]
    assert rows(connection, "select count(production_post_id) from published_posts") == [(2,)]
