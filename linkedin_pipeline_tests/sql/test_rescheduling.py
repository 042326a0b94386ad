"""Moving and cancelling scheduled posts: until somebody has begun to publish them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from queue import Queue
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import errors, sql

from linkedin_pipeline_tests.sql.bank import Connection, rows, wait_until_blocked
from linkedin_pipeline_tests.sql.tables import (
    NEXT_YEAR,
    account,
    accounts,
    add,
    at_once,
    cells,
    person,
    put,
    schedule,
)

LATER = NEXT_YEAR.replace(tzinfo=UTC) + timedelta(days=2)


@pytest.fixture
def author(connection: Connection) -> UUID:
    """Give a profile with a connected account."""
    profile = person(connection)
    account(connection, profile)
    return profile


def cancel(connection: Connection, post: UUID) -> tuple[bool, str | None]:
    """Cancel a scheduled post."""
    [answer] = rows(
        connection, "select * from cancel_scheduled_post(scheduled_post_id => %s)", post
    )
    found: tuple[bool, str | None] = answer
    return found


def reschedule(connection: Connection, post: UUID, at: datetime | None) -> tuple[bool, str | None]:
    """Move a scheduled post."""
    [answer] = rows(
        connection,
        "select * from reschedule_post(scheduled_post_id => %s, scheduled_at => %s::timestamptz)",
        post,
        at,
    )
    found: tuple[bool, str | None] = answer
    return found


def test_a_production_post_goes_along(connection: Connection, author: UUID) -> None:
    """It is scheduled with its row, moves with it, and is ready again when that is cancelled."""
    batch = add(connection, "post_batches")
    draft = add(connection, "production_posts", author_id=author, status="body_gen", batch_id=batch)
    post = schedule(connection, author, production_post_id=draft)
    then = NEXT_YEAR.replace(tzinfo=UTC)

    def state() -> Any:
        return cells(connection, "production_posts", draft, "status", "publication_date")

    assert state() == ("scheduled", then)
    assert cells(connection, "post_batches", batch, "status") == "completed"
    with pytest.raises(errors.Error, match="on its way already") as refused:
        schedule(connection, author, production_post_id=draft)
    assert refused.value.sqlstate == "LP047"
    assert reschedule(connection, post, then + timedelta(days=1)) == (True, None)
    assert state() == ("scheduled", then + timedelta(days=1))
    assert cancel(connection, post) == (True, None)
    assert state() == ("ready", None)
    schedule(connection, author, production_post_id=draft)
    put(connection, "production_posts", draft, status="published")
    connection.execute("update scheduled_posts set status = 'cancelled'")
    with pytest.raises(errors.Error, match="on its way already"):
        schedule(connection, author, production_post_id=draft)


def test_a_draft_that_was_scheduled_again_goes_out_once(
    connection: Connection, author: UUID
) -> None:
    """The row that failed before cannot come back beside the new one, nor take it along."""
    draft = add(connection, "production_posts", author_id=author, status="ready")
    old = schedule(connection, author, production_post_id=draft)
    put(connection, "scheduled_posts", old, status="failed")
    schedule(connection, author, production_post_id=draft)
    done, reason = reschedule(connection, old, LATER)
    assert (done, "by another" in str(reason)) == (False, True)
    assert cancel(connection, old) == (True, None)
    assert cells(connection, "production_posts", draft, "status") == "scheduled"


def test_moving_waits_for_who_schedules_the_draft_again(
    connection: Connection, database_url: str, author: UUID
) -> None:
    """Of two persons who rescue a post that failed, each in their way, one does."""
    draft = add(connection, "production_posts", author_id=author, status="ready")
    old = schedule(connection, author, production_post_id=draft)
    put(connection, "scheduled_posts", old, status="failed")
    # nothing of the new row is in the draft's own columns, so that writing them does not wait
    connection.execute(
        "update production_posts set status = 'scheduled', publication_date = %s", [LATER]
    )
    askers: Queue[Connection] = Queue()
    with psycopg.connect(database_url) as other:
        schedule(other, author, production_post_id=draft, local_time=LATER.replace(tzinfo=None))

        def act(mine: Connection, number: int) -> tuple[bool, str | None] | None:
            if number:
                askers.put(mine)
                return reschedule(mine, old, LATER)
            wait_until_blocked(connection, askers.get(timeout=60))
            other.commit()
            return None

        _, answer = at_once(database_url, 2, act)
    assert answer == (False, "its production post goes out by another scheduled post")


COMMITTED = ["publishing", "published", "unconfirmed", "held"]


@pytest.mark.parametrize("state", COMMITTED)
@pytest.mark.parametrize("place", ["scheduled_posts", "scheduled_post_accounts"])
def test_a_committed_intent_is_neither_cancelled_nor_moved(
    connection: Connection, author: UUID, state: str, place: str
) -> None:
    """One account that is on its way is enough; the reason says what state that is."""
    account(connection, author)
    post = schedule(connection, author)
    connection.execute(
        sql.SQL("update {0} set status = %s where id = (select id from {0} limit 1)").format(
            sql.Identifier(place)
        ),
        [state],
    )
    seen = (
        "select xmin::text from scheduled_posts union all select xmin::text from "
        "scheduled_post_accounts"
    )
    before = rows(connection, seen)
    for done, reason in (
        cancel(connection, post),
        reschedule(connection, post, NEXT_YEAR.replace(tzinfo=UTC)),
    ):
        assert not done
        assert reason
    assert rows(connection, seen) == before


@pytest.mark.parametrize("state", ["failed", "missed"])
def test_what_did_not_go_out_can_be_moved_or_cancelled(
    connection: Connection, author: UUID, state: str
) -> None:
    """Moved, it is pending again, without the old error; an account taken out stays out."""
    account(connection, author)
    post = schedule(connection, author)
    out, tried = (a for a, _ in accounts(connection, post))
    connection.execute("update scheduled_posts set status = %s, error_message = 'no'", [state])
    connection.execute(
        "update scheduled_post_accounts set error_message = 'no', status = "
        "case unipile_account_id when %s then 'cancelled' else %s end",
        [out, state],
    )
    later = NEXT_YEAR.replace(tzinfo=UTC) + timedelta(days=2)
    assert reschedule(connection, post, later) == (True, None)
    told = cells(connection, "scheduled_posts", post, "status", "scheduled_at", "error_message")
    assert told == ("pending", later, None)
    assert accounts(connection, post) == [(out, "cancelled"), (tried, "pending")]
    connection.execute("update scheduled_posts set status = %s", [state])
    assert cancel(connection, post) == (True, None)
    assert {status for _, status in accounts(connection, post)} == {"cancelled"}


def test_a_cancelled_post_stays_cancelled(connection: Connection, author: UUID) -> None:
    """Cancelling again is done and writes nothing; moving it is refused with the remedy."""
    post = schedule(connection, author)
    assert cancel(connection, post) == (True, None)
    assert {status for _, status in accounts(connection, post)} == {"cancelled"}
    before = cells(connection, "scheduled_posts", post, "status", "updated_at")
    assert before[0] == "cancelled"
    assert cancel(connection, post) == (True, "it was cancelled before")
    done, reason = reschedule(connection, post, NEXT_YEAR.replace(tzinfo=UTC))
    assert (done, "schedule it anew" in str(reason)) == (False, True)
    assert cells(connection, "scheduled_posts", post, "status", "updated_at") == before


def test_unknown_posts_and_times_are_errors(connection: Connection, author: UUID) -> None:
    """They are not answers to act upon."""
    post = schedule(connection, author)
    later = NEXT_YEAR.replace(tzinfo=UTC)
    acts: list[tuple[Callable[[], object], str]] = [
        (lambda: cancel(connection, uuid4()), "LP048"),
        (lambda: reschedule(connection, uuid4(), later), "LP048"),
        (lambda: reschedule(connection, post, None), "LP043"),
        (lambda: reschedule(connection, post, datetime.now(UTC) - timedelta(minutes=6)), "LP043"),
    ]
    for act, code in acts:
        with pytest.raises(errors.Error) as refused:
            act()
        assert refused.value.sqlstate == code


TAKE = (
    "update scheduled_posts set status = 'publishing' where id in (select id from scheduled_posts "
    "where status = 'pending' order by id limit 1 for update skip locked) returning id"
)


@pytest.mark.parametrize("act", [cancel, lambda c, p: reschedule(c, p, LATER)])
def test_who_comes_while_a_publisher_commits_is_told_so(
    connection: Connection,
    database_url: str,
    author: UUID,
    act: Callable[[Connection, UUID], tuple[bool, str | None]],
) -> None:
    """The call waits for the publisher's short transaction and answers by what it wrote."""
    post = schedule(connection, author)
    with psycopg.connect(database_url) as publisher:
        assert rows(publisher, TAKE) == [(post,)]

        def ask(mine: Connection, number: int) -> tuple[bool, str | None] | None:
            if number:
                askers.put(mine)
                return act(mine, post)
            wait_until_blocked(connection, askers.get(timeout=60))
            publisher.commit()
            return None

        askers: Queue[Connection] = Queue()
        _, answer = at_once(database_url, 2, ask)
    assert answer == (False, "it is going out now")
    assert cells(connection, "scheduled_posts", post, "status") == "publishing"


def test_a_publisher_passes_over_a_post_that_is_being_cancelled(
    connection: Connection, database_url: str, author: UUID
) -> None:
    """It does not wait, and takes the post neither before nor after the commit."""
    post = schedule(connection, author)
    with psycopg.connect(database_url) as person_at_work:
        assert cancel(person_at_work, post) == (True, None)
        assert rows(connection, TAKE) == []
    assert rows(connection, TAKE) == []


def test_cancelling_and_publishing_never_both_win(
    connection: Connection, database_url: str, author: UUID
) -> None:
    """Over many posts: what was said to be cancelled is never taken, the rest was taken."""
    posts = [schedule(connection, author) for _ in range(60)]

    def act(mine: Connection, number: int) -> set[UUID]:
        if number < 2:
            order = posts if number else posts[::-1]
            return {post for post in order if cancel(mine, post)[0]}
        taken: set[UUID] = set()
        for _ in range(60):
            taken |= {p for (p,) in rows(mine, TAKE)}
        return taken

    one, two, *takers = at_once(database_url, 4, act)
    taken = set[UUID]().union(*takers)
    assert not (one | two) & taken
    assert one | two | taken == set(posts)
