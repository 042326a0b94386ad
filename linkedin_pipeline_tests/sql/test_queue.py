"""Claims: who gets which posts, for how long, and what comes back."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import psycopg
import pytest

from linkedin_pipeline.domain.work import Stage
from linkedin_pipeline_tests.sql.bank import (
    MINUTE,
    OVER,
    Connection,
    Held,
    add_post,
    change,
    claim,
    claim_one,
    days_ago,
    flagged,
    keys,
    retry,
    rows,
    store_hooks,
    value,
)

HOUR = timedelta(hours=1)


def test_a_claim_brings_what_the_work_needs(connection: Connection) -> None:
    """A claim names the post, its day, its text and hook, and counts from one."""
    post = add_post(connection, "Text.", hook="Hook.", created_at=days_ago(3))
    held = claim_one(connection, Stage.TOPIC_CLASSIFICATIONS)
    assert (held.post_id, held.content, held.hook) == (post, "Text.", "Hook.")
    assert (held.day, held.attempts, held.takeovers) == (days_ago(3).date(), 1, 0)


def test_claimed_work_is_not_given_twice(connection: Connection) -> None:
    """While a lease lasts nobody else gets the post for that stage; other stages do."""
    add_post(connection)
    claim_one(connection)
    assert claim(connection) == []
    claim_one(connection, Stage.EMBEDDINGS)


def test_eight_callers_never_hold_the_same_post(connection: Connection, database_url: str) -> None:
    """Eight sessions that claim at once share 400 posts out without overlap or remainder."""
    for _ in range(400):
        add_post(connection)
    start = threading.Barrier(8)

    def take_all(_: int) -> list[Held]:
        with psycopg.connect(database_url, autocommit=True) as mine:
            start.wait()
            taken: list[Held] = []
            while batch := claim(mine, limit=7):
                taken += batch
            return taken

    with ThreadPoolExecutor(8) as threads:
        shares = list(threads.map(take_all, range(8)))
    # a caller that met only locked rows may have stopped early; what it left is still there
    held = [c for share in shares for c in share] + claim(connection, limit=400)
    assert len({c.post_id for c in held}) == len(held) == 400
    assert len({c.token for c in held}) == 400


def test_a_locked_row_is_passed_over(connection: Connection, database_url: str) -> None:
    """Claiming never waits for a work row that another transaction has locked."""
    add_post(connection)
    free = add_post(connection)
    with psycopg.connect(database_url) as other:
        other.execute("select from post_work where post_id <> %s for update", [free])
        connection.execute("set statement_timeout = '30s'")
        assert [c.post_id for c in claim(connection)] == [free]


@pytest.mark.parametrize("limit", [None, 0, -1, 10_001])
def test_a_claim_of_no_sensible_size_is_refused(connection: Connection, limit: int | None) -> None:
    """Claims take 1 to 10,000 posts; anything else says so, and how to do it right."""
    statement = "select * from get_posts_needing_embedding(%s)"
    with pytest.raises(psycopg.Error, match=r"max_posts .*: not a number from 1 to 10000") as told:
        rows(connection, statement, limit)
    assert told.value.sqlstate == "LP080"
    assert told.value.diag.message_hint
    add_post(connection)
    assert len(rows(connection, statement, 10_000)) == 1


@pytest.mark.parametrize("missing", ["null, 1, null, null, '1 s'", "'hooks', 1, null, null, null"])
def test_a_claim_without_stage_or_lease_is_refused(connection: Connection, missing: str) -> None:
    """A claim that would take nothing, or hold it for no time at all, is an error."""
    with pytest.raises(psycopg.Error, match="a claim needs both") as told:
        connection.execute(f"select * from claim_work({missing})".encode())
    assert told.value.sqlstate == "LP081"


def claim_one_of(connection: Connection) -> UUID:
    """Claim one of several posts; return which it was."""
    [held] = claim(connection, limit=1)
    return held.post_id


def test_a_batch_spans_days(connection: Connection) -> None:
    """The limit counts posts, not days: what a few days have makes one batch."""
    posts = {add_post(connection, created_at=days_ago(age)) for age in (0, 0, 1, 1, 2)}
    assert {c.post_id for c in claim(connection, limit=5)} == posts


def test_a_claim_keeps_to_its_days(connection: Connection) -> None:
    """Claims confined to a range, both ends included, leave work outside it alone."""
    posts = {age: add_post(connection, created_at=days_ago(age)) for age in range(6)}
    first, last = days_ago(3).date(), days_ago(1).date()
    held = claim(connection, days=(first, last))
    assert {c.post_id for c in held} == {posts[1], posts[2], posts[3]}
    assert {c.post_id for c in claim(connection, days=(None, first))} == {posts[4], posts[5]}
    assert {c.post_id for c in claim(connection, days=(last, None))} == {posts[0]}


@pytest.mark.parametrize(
    ("created", "day"),
    [
        ("1999-12-31 23:59+00", date(2024, 1, 1)),
        ("2024-01-01 00:30+01", date(2024, 1, 1)),
        ("2025-03-01 00:30+01", date(2025, 2, 28)),
        ("2025-02-28 23:30-05", date(2025, 3, 1)),
        ("2199-01-01 00:00+00", None),
        ("infinity", None),
        ("-infinity", date(2024, 1, 1)),
    ],
)
def test_work_belongs_to_the_utc_day(
    connection: Connection, created: str, day: date | None
) -> None:
    """The day is that of created_at in UTC, held within the first partition and today."""
    connection.execute("set timezone = 'Asia/Tokyo'")
    before = datetime.now(UTC).date()
    add_post(connection, created_at=created)
    assert claim_one(connection).day in ({day} if day else {before, datetime.now(UTC).date()})


def test_work_is_due_in_order(connection: Connection) -> None:
    """Within a day what has waited longest comes first, and what is not due not at all."""
    late, early, soon = (add_post(connection) for _ in range(3))
    for post, due in ((late, -1), (early, -2), (soon, 1)):
        connection.execute(
            "update post_work set due_at = now() + %s where post_id = %s", [due * HOUR, post]
        )
    assert [claim_one_of(connection) for _ in range(2)] == [early, late]
    assert claim(connection) == []


def test_an_expired_lease_is_taken_over_and_counted(connection: Connection) -> None:
    """Work of a caller that died goes to the next one, which learns how often that happened."""
    add_post(connection)
    first = claim_one(connection, lease=OVER)
    second = claim_one(connection, lease=OVER)
    third = claim_one(connection)
    assert [first.takeovers, second.takeovers, third.takeovers] == [0, 1, 2]
    assert [first.attempts, second.attempts, third.attempts] == [1, 2, 3]
    assert len({first.token, second.token, third.token}) == 3


def test_a_heart_beat_keeps_a_lease(connection: Connection) -> None:
    """A holder that reports in time keeps its work beyond the first lease."""
    add_post(connection)
    held = claim_one(connection, lease=OVER)
    assert extend(connection, [held]) == {held.post_id}
    assert claim(connection) == []
    assert value(connection, "select release_stale_embedding_locks()") == 0
    assert store_hooks(connection, [held]) == {held.post_id: True}


def extend(connection: Connection, claims: list[Held]) -> set[UUID]:
    """Move leases forward by a minute; return the posts whose claims still stood."""
    found = rows(
        connection, "select extend_claims(%s, %s, %s, %s)", Stage.HOOKS, *keys(claims), MINUTE
    )
    return {post for (post,) in found}


def test_a_heart_beat_does_not_revive_a_lost_claim(connection: Connection) -> None:
    """What was taken over or given back is not the old holder's any more."""
    add_post(connection)
    lost = claim_one(connection, lease=OVER)
    taken = claim_one(connection, lease=OVER)
    assert extend(connection, [lost]) == set()
    retry(connection, [taken])
    assert extend(connection, [taken]) == set()
    claim_one(connection)


def test_a_heart_beat_waits_for_nobody(connection: Connection, database_url: str) -> None:
    """Leases whose rows somebody has locked are left out, the others move on."""
    locked, free = add_post(connection), add_post(connection)
    held = claim(connection)
    with psycopg.connect(database_url) as other:
        other.execute("select from post_work where post_id = %s for update", [locked])
        connection.execute("set statement_timeout = '30s'")
        assert extend(connection, held) == {free}


@pytest.mark.parametrize(("charge", "attempts"), [(True, 2), (False, 1)])
def test_a_retry_comes_back_when_it_is_due(
    connection: Connection,
    charge: bool,  # noqa: FBT001 (a parameter of the test)
    attempts: int,
) -> None:
    """Work put back waits out its delay; an attempt that is not charged did not happen."""
    post = add_post(connection)
    held = claim_one(connection)
    assert retry(connection, [held], delay=HOUR, charge=charge) == {post}
    assert claim(connection) == []
    assert Stage.HOOKS in flagged(connection, post)
    connection.execute("update post_work set due_at = now()")
    again = claim_one(connection)
    assert (again.attempts, again.takeovers) == (attempts, 0)


def test_an_edit_of_waiting_work_makes_it_due(connection: Connection) -> None:
    """New text does not wait out the back-off of the old, nor inherit its attempts."""
    post = add_post(connection)
    retry(connection, [claim_one(connection)], delay=HOUR)
    connection.execute("update viral_posts_bank set content = 'New.' where id = %s", [post])
    assert claim_one(connection).attempts == 1


@pytest.mark.parametrize(
    ("name", "stage"),
    [
        ("hook_extraction", Stage.HOOKS),
        ("embedding", Stage.EMBEDDINGS),
        ("classification", Stage.HOOK_CLASSIFICATIONS),
        ("topic_classification", Stage.TOPIC_CLASSIFICATIONS),
        ("audience_classification", Stage.AUDIENCE_CLASSIFICATIONS),
    ],
)
def test_the_claim_functions_of_the_contract(
    connection: Connection, name: str, stage: Stage
) -> None:
    """The named functions claim for callers that know only SQL: text, hook, and a token."""
    post = add_post(connection, "Text.", hook="Hook.", needs_hook_classification=True)
    change(connection, post, needs_hook_extraction=stage is Stage.HOOKS)
    found = connection.execute(f"select * from get_posts_needing_{name}(max_posts => 5)".encode())
    assert [column.name for column in found.description or ()][:4] == [
        *("post_id", "content", "hook", "claim_token"),
    ]
    [(*what, token)] = found.fetchall()
    assert what == [post, "Text.", "Hook."]
    held = "select stage::text, lease_until - now() between '4 min' and '5 min' from post_work"
    assert rows(connection, held + " where token = %s", token) == [(stage, True)]
    assert rows(connection, "select * from claim_work(%s, 5, null, null, '1 s')", stage) == []


def test_the_examples_in_the_comments_run(connection: Connection) -> None:
    """What a comment gives as its example works as it stands, for every queue function."""
    comments = rows(
        connection,
        "select proname, obj_description(oid, 'pg_proc') from pg_proc "
        "where pronamespace = 'public'::regnamespace "
        "and (proname like 'get\\_posts\\_needing%%' or proname like 'release\\_%%')",
    )
    assert len(comments) == 7
    for _, comment in comments:
        connection.execute(comment.partition("Example: ")[2].encode()).fetchall()


def test_the_claim_functions_take_at_most_what_is_asked(connection: Connection) -> None:
    """max_posts bounds a claim, 100 when it is not given."""
    for _ in range(105):
        add_post(connection)
    assert len(rows(connection, "select from get_posts_needing_hook_extraction(3)")) == 3
    assert len(rows(connection, "select from get_posts_needing_hook_extraction()")) == 100


def test_release_gives_an_embedding_back(connection: Connection) -> None:
    """A released embedding can be claimed at once, uncharged; one that nobody holds cannot."""
    post = add_post(connection)
    assert value(connection, "select release_embedding_lock(%s)", post) is False
    claim_one(connection, Stage.EMBEDDINGS)
    assert value(connection, "select release_embedding_lock(%s)", post) is True
    assert value(connection, "select release_embedding_lock(%s)", post) is False
    assert claim_one(connection, Stage.EMBEDDINGS).attempts == 1


def test_release_stale_gives_back_every_stage(connection: Connection) -> None:
    """Expired leases of all stages go back and are counted as takeovers; live ones stay."""
    add_post(connection)
    claim_one(connection, Stage.HOOKS, OVER)
    claim_one(connection, Stage.TOPIC_CLASSIFICATIONS, OVER)
    claim_one(connection, Stage.EMBEDDINGS)
    assert value(connection, "select release_stale_embedding_locks()") == 2
    assert claim_one(connection, Stage.HOOKS).takeovers == 1
    assert claim(connection, Stage.EMBEDDINGS) == []
