"""Odd answers: nothing that one post or feed brings stops the others, or stays under way."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.publications import PostgresPublicationDesk
from linkedin_pipeline.domain.publications import (
    Accepted,
    BadContent,
    Duplicate,
    Feed,
    Intent,
    Kind,
    Limited,
    PostOutcome,
    SeenPost,
    Unclear,
)
from linkedin_pipeline_tests.publishing import QUICK, LinkedIn, author, publish, schedule, state
from linkedin_pipeline_tests.sql.bank import Connection, rows


class Unreadable(LinkedIn):
    """A LinkedIn whose answers to reading nobody foresaw."""

    def read_post(self, account: str, post_id: str) -> SeenPost | None:
        """Raise what no port raises."""
        raise KeyError(account, post_id)

    def read_feed(self, account: str, owner_id: str, since: datetime, *, is_company: bool) -> Feed:
        """Raise what no port raises."""
        raise KeyError(account, owner_id, since, is_company)


def test_an_odd_read_back_undoes_nothing(connection: Connection, database: Database) -> None:
    """A post whose read-back fails in an odd way is published all the same, with the reason."""
    profile, _ = author(connection)
    post = schedule(connection, profile, "Hello.")
    publish(database, Unreadable())
    assert state(connection, post) == ("published", None)
    assert rows(connection, "select reason from publications") == [
        ("it is out; its address could not be read (KeyError)",)
    ]


def test_an_odd_feed_is_a_persons_in_the_end(connection: Connection, database: Database) -> None:
    """A feed that fails in an odd way is read again, and after hours a person is asked."""
    profile, account = author(connection)
    post = schedule(connection, profile, "Hello.", account=account)
    desk = PostgresPublicationDesk(database, QUICK)
    (due,) = desk.due(1, list(Kind))
    assert isinstance(desk.commit(due, (), timedelta(0)), Intent)
    publish(database, Unreadable())
    assert state(connection, post)[0] == "unconfirmed"
    connection.execute(
        "update publications set next_check_at = now(), doubt_at = now() - interval '7 hours'"
    )
    publish(database, Unreadable())
    status, reason = state(connection, post)
    assert (status, reason) == ("held", "its feed could not be read (KeyError)")


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (BadContent("No\0 \ud800!"), "failed"),
        (Unclear("No\0 \ud800!"), "held"),
        (Limited("No\0 \ud800!", 60), "pending"),
        (Duplicate("No\0 \ud800!", "7\0"), "held"),
        (Accepted("7\0\ud800"), "published"),
    ],
)
def test_words_that_cannot_be_stored(
    connection: Connection, database: Database, outcome: PostOutcome, status: str
) -> None:
    """A definite answer is recorded, whatever characters are in it."""
    linkedin = LinkedIn(answers={"Hello.": [lambda _: outcome]})
    profile, _ = author(connection)
    post = schedule(connection, profile, "Hello.")
    for _ in range(2):
        publish(database, linkedin)
    assert state(connection, post)[0] == status
    assert len(linkedin.posted) == 1


def test_mentions_that_cannot_be_read(connection: Connection, database: Database) -> None:
    """A post with bad mentions fails; one whose publisher died over them stops no pass."""
    linkedin = LinkedIn()
    profile, account = author(connection)
    post = schedule(connection, profile, "Hello {{0}}.", 2, account=account)
    connection.execute("update scheduled_posts set mentions = '[{\"name\": 7}]'")
    rows(
        connection,
        "select code from scheduled_post_accounts a, commit_intent('scheduled', a.id, '[]', '[]', "
        "'0', '6 hours', '0', null)",
    )
    other = schedule(connection, author(connection, "Bob")[0], "Hello.", 1)
    for _ in range(4):
        publish(database, linkedin)
    assert state(connection, other) == ("published", None)
    status, reason = state(connection, post)
    assert status == "failed"
    assert "it has no name or no profile_id" in (reason or "")
    assert [intent.text for intent in linkedin.posted] == ["Hello."]
