"""What a plan shows of its publications, what must be found out, and what nothing leaves open."""

from __future__ import annotations

import json
from itertools import combinations_with_replacement
from typing import LiteralString
from uuid import UUID

import pytest

from linkedin_pipeline_tests.publishing import author, schedule, state
from linkedin_pipeline_tests.sql.bank import Connection, rows, value
from linkedin_pipeline_tests.sql.people import add, at_once

URGENT = (
    "unconfirmed",
    "held",
    "failed",
    "missed",
    "publishing",
    "pending",
    "cancelled",
    "published",
)
COMMIT: LiteralString = (
    "select publication_id, token from commit_intent(%s, %s, %s, '[]', '1 minute', '6 hours', "
    "'0', null)"
)
CLAIM: LiteralString = "select publication_id, checks from claim_doubtful(10, '0', '1 hour')"
PREPARE: LiteralString = (
    "select what, number from prepare_publishing('{scheduled,production,company}', '6 hours', "
    "null) where number > 0"
)


def committed(connection: Connection, source: UUID, kind: str = "scheduled") -> tuple[UUID, int]:
    """Commit an intent; return the publication and its token."""
    ((key, token),) = rows(connection, COMMIT, kind, source, "[]")
    assert key is not None
    return key, token


def settle(connection: Connection, key: UUID, token: int, state: str, doubt: str | None) -> str:
    """Record an answer."""
    answer: str = value(
        connection,
        "select settle_publication(%s, %s, %s, 'so it is', null, %s, null, null, '0', null)",
        key,
        token,
        state,
        doubt,
    )
    return answer


@pytest.mark.parametrize(("one", "two"), combinations_with_replacement(URGENT, 2))
def test_a_plan_shows_the_most_urgent(connection: Connection, one: str, two: str) -> None:
    """A scheduled post, and the draft that it names, show the most urgent state with its reason."""
    profile, account = author(connection)
    _, other = author(connection, "Bob")
    draft = add(connection, "production_posts", author_id=profile, status="scheduled")
    post = schedule(connection, profile, "Hello.")
    rows(
        connection,
        "update scheduled_posts set production_post_id = %s returning 1",
        draft,
    )
    keys = []
    for target in (account, other):
        source = add(
            connection,
            "scheduled_post_accounts",
            scheduled_post_id=post,
            unipile_account_id=target,
        )
        keys.append(committed(connection, source)[0])
    for order in ((one, two), (two, one)):
        for key, word in zip(keys, order, strict=True):
            rows(connection, "select move_publication(%s, %s, %s)", key, word, f"it is {word}")
        worst = min(order, key=URGENT.index)
        reason = None if worst in {"publishing", "published"} else f"it is {worst}"
        assert state(connection, post) == (worst, reason)
        shown = rows(connection, "select status::text, error_message from production_posts")
        assert shown == [("scheduled" if worst == "pending" else worst, reason)]
        (at,) = rows(connection, "select published_at is not null from scheduled_posts")
        assert at == (worst == "published",)


def test_a_new_plan_of_a_draft_is_what_it_shows(connection: Connection) -> None:
    """What becomes of an older plan later does not change a draft that was scheduled anew."""
    profile, account = author(connection)
    draft = add(connection, "production_posts", author_id=profile, status="scheduled")
    old = schedule(connection, profile, "Hello.", account=account)
    connection.execute("update scheduled_posts set production_post_id = %s", [draft])
    key, token = committed(connection, value(connection, "select id from scheduled_post_accounts"))
    settle(connection, key, token, "failed", None)
    new = schedule(connection, profile, "Anew.", -60, account=account)
    connection.execute(
        "update scheduled_posts set production_post_id = %s where id = %s", [draft, new]
    )
    connection.execute("update production_posts set status = 'scheduled', error_message = null")
    assert rows(connection, "select * from resolve_publication(%s, 'cancel')", old) == [
        (True, None)
    ]
    shown = rows(connection, "select status::text, error_message from production_posts")
    assert shown == [("scheduled", None)]


@pytest.mark.parametrize("late", [False, True])
def test_a_plan_without_any_account(connection: Connection, late: bool) -> None:  # noqa: FBT001
    """Without an active account of its author a plan waits with the reason, then it is missed."""
    profile = add(connection, "profiles", full_name="Ada")
    draft = add(connection, "production_posts", author_id=profile, status="scheduled")
    post = schedule(connection, profile, "Hello.", 60 * 24 if late else 1)
    connection.execute("update scheduled_posts set production_post_id = %s", [draft])
    rows(connection, PREPARE)
    reason = "its author has no active LinkedIn account"
    assert state(connection, post) == ("missed" if late else "pending", reason)
    shown = rows(connection, "select status::text, error_message from production_posts")
    assert shown == [("missed" if late else "scheduled", reason)]


def test_an_account_that_is_deleted_before(connection: Connection) -> None:
    """A post whose account was deleted fails, with the reason."""
    profile, account = author(connection)
    post = schedule(connection, profile, "Hello.", account=account)
    connection.execute("delete from unipile_accounts")
    source = value(connection, "select id from scheduled_post_accounts")
    rows(connection, COMMIT, "scheduled", source, "[]")
    assert state(connection, post) == ("failed", "its account was removed")


def test_an_account_that_is_deleted_in_flight(connection: Connection) -> None:
    """A post that went out through an account that is gone since is recorded without it."""
    profile, account = author(connection)
    post = schedule(connection, profile, "Hello.", account=account)
    key, token = committed(connection, value(connection, "select id from scheduled_post_accounts"))
    connection.execute("delete from unipile_accounts")
    rows(connection, "select accept_publication(%s, %s, '7', null)", key, token)
    confirm: LiteralString = (
        "select confirm_publication(%s, %s, null, null, null, null, null, 'out', null)"
    )
    assert value(connection, confirm, key, token) == "confirmed"
    assert state(connection, post) == ("published", None)
    assert rows(connection, "select unipile_account_id, content from published_posts") == [
        (None, "Hello.")
    ]


def test_a_plan_that_is_deleted_while_it_is_held(connection: Connection) -> None:
    """What waits for an account is cancelled when its plan is deleted: no pass comes for it."""
    profile, account = author(connection)
    schedule(connection, profile, "Hello.", account=account)
    key, token = committed(connection, value(connection, "select id from scheduled_post_accounts"))
    rows(
        connection,
        "select settle_publication(%s, %s, 'held', 'x', 'account', null, null, null, null, null)",
        key,
        token,
    )
    connection.execute("delete from scheduled_posts")
    assert dict(rows(connection, PREPARE)) == {"cancelled": 1}
    assert value(connection, "select state from publications") == "cancelled"


def test_a_row_set_back_by_hand_is_put_right(connection: Connection) -> None:
    """A row that somebody sets to pending after its intent shows the truth again."""
    profile, account = author(connection)
    post = schedule(connection, profile, "Hello.", account=account)
    key, token = committed(connection, value(connection, "select id from scheduled_post_accounts"))
    rows(connection, "select accept_publication(%s, %s, '7', null)", key, token)
    connection.execute("update scheduled_posts set status = 'pending'")
    connection.execute("update scheduled_post_accounts set status = 'pending'")
    assert dict(rows(connection, PREPARE)) == {"restored": 1}
    assert state(connection, post)[0] == "publishing"
    assert rows(connection, PREPARE) == []


def test_a_plan_that_is_moved_starts_anew(connection: Connection) -> None:
    """A failed post that a person moves loses retries and decisions that were for the old plan."""
    profile, account = author(connection)
    post = schedule(connection, profile, "Hello.", account=account)
    source = value(connection, "select id from scheduled_post_accounts")
    key, token = committed(connection, source)
    settle(connection, key, token, "failed", None)
    rows(connection, "select * from resolve_publication(%s, 'retry')", key)
    settle(connection, *committed(connection, source), "failed", None)
    assert rows(connection, "select done from reschedule_post(%s, now())", post) == [(True,)]
    _, newer = committed(connection, source)
    assert newer > token
    assert rows(connection, "select may_repeat, revived_at, retries from publications") == [
        (False, None, 0)
    ]


def doubtful(connection: Connection, number: int = 6) -> None:
    """Leave so many posts in doubt."""
    for place in range(number):
        profile, account = author(connection, f"A{place}")
        post = schedule(connection, profile, "Hello.", account=account)
        source = value(
            connection, "select id from scheduled_post_accounts where scheduled_post_id = %s", post
        )
        settle(connection, *committed(connection, source), "unconfirmed", "no_answer")


def test_a_doubt_is_given_to_one(connection: Connection, database_url: str) -> None:
    """Reconcilers at once share what is in doubt; nobody is given the same within a minute."""
    doubtful(connection)
    shares = at_once(database_url, 4, lambda c: rows(c, CLAIM.replace("10", "3")))
    given = [key for share in shares for key, _ in share]
    given += [key for key, _ in rows(connection, CLAIM)]
    assert len(given) == len(set(given)) == 6
    assert rows(connection, CLAIM) == []
    connection.execute("update publications set next_check_at = next_check_at - interval '59 s'")
    assert rows(connection, CLAIM) == []
    connection.execute("update publications set next_check_at = next_check_at - interval '1 s'")
    assert {checks for _, checks in rows(connection, CLAIM)} == {2}


def test_a_doubt_without_its_plan_is_settled(connection: Connection) -> None:
    """What is in doubt is looked for after its plan was deleted, and recorded."""
    doubtful(connection, 1)
    connection.execute("delete from scheduled_posts")
    ((key, token),) = rows(
        connection, "select publication_id, token from claim_doubtful(1, '0', '1 hour')"
    )
    confirm: LiteralString = (
        "select confirm_publication(%s, %s, '7', null, null, null, null, 'found', null)"
    )
    assert value(connection, confirm, key, token) == "confirmed"
    assert rows(connection, "select content, scheduled_post_id from published_posts") == [
        ("Hello.", None)
    ]


def test_who_reads_back_may_die(connection: Connection) -> None:
    """What was accepted and not confirmed is given to another reader, when the first is dead."""
    profile, account = author(connection)
    schedule(connection, profile, "Hello.", account=account)
    key, token = committed(connection, value(connection, "select id from scheduled_post_accounts"))
    rows(connection, "select accept_publication(%s, %s, '7', null)", key, token)
    assert rows(connection, CLAIM) == []
    connection.execute(
        "update publications set next_check_at = now(), leased_until = now() - interval '1 s'"
    )
    assert rows(connection, PREPARE) == []
    assert rows(connection, CLAIM) == [(key, 1)]


def test_a_missing_address_is_looked_for_a_while(connection: Connection) -> None:
    """What is out without an address is looked for less and less often, and at last no more."""
    profile, account = author(connection)
    schedule(connection, profile, "Hello.", account=account)
    key, token = committed(connection, value(connection, "select id from scheduled_post_accounts"))
    waits = []
    confirm: LiteralString = (
        "select confirm_publication(%s, %s, '7', null, null, null, null, 'out', null)"
    )
    for _ in range(30):
        rows(connection, confirm, key, token)
        wait = value(
            connection,
            "select round(extract(epoch from next_check_at - clock_timestamp()) / 60)::integer "
            "from publications",
        )
        if wait is None:
            break
        waits.append(wait)
        connection.execute("update publications set next_check_at = now()")
        assert len(rows(connection, CLAIM)) == 1
    assert waits == sorted(waits)
    assert (waits[0], waits[-1], len(waits)) == (5, 60, 12)
    assert json.dumps(rows(connection, "select count(*) from published_posts")) == "[[1]]"
