"""Claims on writing styles, over PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.styles import PostgresStyleDesk
from linkedin_pipeline.domain.profiles import StyleIncident
from linkedin_pipeline.domain.styles import StyleVector, WrittenStyle

Connection = psycopg.Connection[Any]
LEASE = timedelta(minutes=1)
PLAIN = WrittenStyle("Write plainly.", "test")
MEASURED = {"model": "test", "inputs_hash": "abc"}
VECTOR = StyleVector([1.0, *[0.0] * 1535], "test:hash")


@pytest.fixture
def desk(database_url: str) -> Iterator[PostgresStyleDesk]:
    """Give a desk over a database of the test's own."""
    with Database(database_url) as database:
        yield PostgresStyleDesk(database)


def profile(connection: Connection, posts: int, *, hooks_done: bool = True) -> UUID:
    """Insert a profile with that many posts, whose hooks are classified unless asked otherwise."""
    row = connection.execute(
        "insert into profiles (full_name) values ('Ada') returning id"
    ).fetchone()
    assert row is not None
    made: UUID = row[0]
    connection.execute(
        "insert into viral_posts_bank (author_id, content, hook) "
        "select %s, 'Post ' || n, 'Post' from generate_series(1, %s) n",
        (made, posts),
    )
    if hooks_done:
        connection.execute("update viral_posts_bank set needs_hook_classification = false")
    return made


def test_a_profile_with_enough_posts_is_due(
    desk: PostgresStyleDesk, connection: Connection
) -> None:
    """The n-th post makes a profile without a style due; one post less does not."""
    profile(connection, 4)
    made = profile(connection, 5)
    claims = desk.claim(10, 5, None, LEASE)
    assert [claim.profile_id for claim in claims] == [made]
    assert claims[0].partition_key == f"profile-{made.hex[:12]}"
    assert claims[0].made_from is None


def test_recent_posts_get_their_hook_types_first(
    desk: PostgresStyleDesk, connection: Connection
) -> None:
    """Hook types are part of a style, so it waits for them, but not for ever."""
    profile(connection, 5, hooks_done=False)
    assert desk.due(5) == []
    connection.execute("update post_work set due_at = now() - interval '1 hour'")
    assert len(desk.due(5)) == 1


def test_a_claimed_profile_is_nobody_elses(desk: PostgresStyleDesk, connection: Connection) -> None:
    """A claim hides the profile until it is settled or its lease ends."""
    profile(connection, 5)
    assert len(desk.claim(10, 5, None, LEASE)) == 1
    assert desk.claim(10, 5, None, LEASE) == []
    assert desk.due(5) == []


def test_only_named_profiles_are_claimed(desk: PostgresStyleDesk, connection: Connection) -> None:
    """A run for one partition leaves the others alone."""
    profile(connection, 5)
    wanted = profile(connection, 5)
    claims = desk.claim(10, 5, [f"profile-{wanted.hex[:12]}"], LEASE)
    assert [claim.profile_id for claim in claims] == [wanted]


def test_a_stored_style_ends_the_work(desk: PostgresStyleDesk, connection: Connection) -> None:
    """Prompt, analysis and time are written, and the profile is not due any more."""
    made = profile(connection, 5)
    (claim,) = desk.claim(10, 5, None, LEASE)
    assert desk.store(claim, PLAIN, MEASURED, VECTOR)
    row = connection.execute(
        "select writing_style_prompt, style_analysis ->> 'inputs_hash', "
        "last_style_analysis_at is not null from profiles where id = %s",
        (made,),
    ).fetchone()
    assert row == ("Write plainly.", "abc", True)
    assert desk.due(5) == []


def test_a_requested_style_remembers_what_it_was_made_from(
    desk: PostgresStyleDesk, connection: Connection
) -> None:
    """Asked for again, the claim tells model and inputs, so that unchanged posts cost nothing."""
    made = profile(connection, 5)
    (claim,) = desk.claim(10, 5, None, LEASE)
    desk.store(claim, PLAIN, MEASURED, VECTOR)
    assert desk.request([f"profile-{made.hex[:12]}", "profile-000000000000"]) == 1
    (again,) = desk.claim(10, 5, None, LEASE)
    assert again.made_from == "test abc"
    assert desk.keep(again)
    row = connection.execute("select writing_style_prompt from profiles").fetchone()
    assert row == ("Write plainly.",)


def test_a_claim_that_was_taken_over_writes_nothing(
    desk: PostgresStyleDesk, connection: Connection
) -> None:
    """A worker that slept past its lease finds its token ended."""
    profile(connection, 5)
    (late,) = desk.claim(10, 5, None, timedelta(seconds=-1))
    (new,) = desk.claim(10, 5, None, LEASE)
    assert new.attempt == 2
    assert not desk.store(late, WrittenStyle("Old.", "m"), {}, VECTOR)
    assert not desk.retry(late, timedelta(0), charge=True)
    assert desk.store(new, WrittenStyle("New.", "m"), {}, VECTOR)
    row = connection.execute("select writing_style_prompt from profiles").fetchone()
    assert row == ("New.",)


def test_a_failing_profile_waits_and_is_one_incident(
    desk: PostgresStyleDesk, connection: Connection
) -> None:
    """Put back with a delay it is not due; its incident is kept once, until a style is written."""
    profile(connection, 5)
    for _ in range(2):
        (claim,) = desk.claim(10, 5, None, LEASE)
        assert desk.retry(
            claim, timedelta(0), charge=True, incident=StyleIncident("style_failed", "ValueError")
        )
    (claim,) = desk.claim(10, 5, None, LEASE)
    assert desk.retry(claim, timedelta(hours=1), charge=True)
    assert desk.due(5) == []
    open_incidents = "select count(*) from ai_errors where not is_resolved"
    assert connection.execute(open_incidents).fetchone() == (1,)
    connection.execute("update profile_work set due_at = now()")
    (claim,) = desk.claim(10, 5, None, LEASE)
    assert claim.attempt == 4
    desk.store(claim, PLAIN, {}, VECTOR)
    assert connection.execute(open_incidents).fetchone() == (0,)


def test_an_erased_profile_takes_its_work_along(
    desk: PostgresStyleDesk, connection: Connection
) -> None:
    """Deleting the profile ends the claim."""
    profile(connection, 5)
    (claim,) = desk.claim(10, 5, None, LEASE)
    connection.execute("delete from profiles")
    assert not desk.store(claim, PLAIN, {}, VECTOR)


def test_posts_come_newest_first_with_their_engagement(
    desk: PostgresStyleDesk, connection: Connection
) -> None:
    """Likes, comments and shares add up, missing ones count 0; posts without words are left out."""
    made = profile(connection, 0)
    connection.execute(
        "insert into viral_posts_bank (author_id, content, hook, metrics, original_post_date) "
        "values (%(author)s, 'Old', 'Old', '{}', '2025-01-01'), "
        """(%(author)s, 'New', 'New', '{"likes": 3.5, "shares": 2}', '2025-02-01'), """
        "(%(author)s, '🎉', null, '{}', '2025-03-01')",
        {"author": made},
    )
    posts = desk.posts(made, 10)
    assert [(post.content, post.engagement) for post in posts] == [("New", 5), ("Old", 0)]
    assert len(desk.posts(made, 1)) == 1


VECTORS = """
    select writing_style_prompt, writing_style_embedding is not null, writing_style_embedding_model
    from profiles
"""


def incidents(connection: Connection) -> list[Any]:
    """Read code, reason, outcome and state of every incident of the worker."""
    return connection.execute(
        "select error_code, error_message, metadata ->> 'outcome', is_resolved from ai_errors "
        "where profile_id is not null and function_name = 'worker_complete_profiles_v2'"
    ).fetchall()


def test_a_style_is_stored_with_its_vector(desk: PostgresStyleDesk, connection: Connection) -> None:
    """Prompt, vector and the vector's model are written together, and the next claim tells them."""
    made = profile(connection, 5)
    (claim,) = desk.claim(10, 5, None, LEASE)
    assert (claim.prompt, claim.embedded_by) == (None, None)
    desk.store(claim, PLAIN, MEASURED, VECTOR)
    assert connection.execute(VECTORS).fetchall() == [("Write plainly.", True, "test:hash")]
    desk.request([f"profile-{made.hex[:12]}"])
    (again,) = desk.claim(10, 5, None, LEASE)
    assert (again.prompt, again.embedded_by) == ("Write plainly.", "test:hash")
    desk.keep(again)
    assert connection.execute(VECTORS).fetchall() == [("Write plainly.", True, "test:hash")]


def test_a_style_without_its_vector_comes_up_again(
    desk: PostgresStyleDesk, connection: Connection
) -> None:
    """It is stored, the old style's vector goes, and the profile is due soon to get one."""
    made = profile(connection, 5)
    (claim,) = desk.claim(10, 5, None, LEASE)
    desk.store(claim, WrittenStyle("Old.", "test"), MEASURED, VECTOR)
    desk.request([f"profile-{made.hex[:12]}"])
    (claim,) = desk.claim(10, 5, None, LEASE)
    assert desk.store(claim, PLAIN, MEASURED, None)
    assert connection.execute(VECTORS).fetchall() == [("Write plainly.", False, None)]
    assert desk.due(5) == []
    assert connection.execute(
        "select due_at between now() and now() + interval '11 minutes' from profile_work"
    ).fetchall() == [(True,)]
    connection.execute("update profile_work set due_at = now()")
    (claim,) = desk.claim(10, 5, None, LEASE)
    assert (claim.attempt, claim.prompt, claim.embedded_by) == (1, "Write plainly.", None)
    assert desk.keep(claim, VECTOR)
    assert connection.execute(VECTORS).fetchall() == [("Write plainly.", True, "test:hash")]
    assert connection.execute("select count(*) from profile_work").fetchone() == (0,)


def test_a_live_claim_can_be_extended(desk: PostgresStyleDesk, connection: Connection) -> None:
    """Its lease ends later; a claim that was taken over cannot be brought back."""
    profile(connection, 5)
    (claim,) = desk.claim(10, 5, None, timedelta(seconds=-1))
    assert len(desk.due(5)) == 1
    assert desk.extend(claim, LEASE)
    assert desk.due(5) == []
    desk.extend(claim, timedelta(seconds=-1))
    desk.claim(10, 5, None, LEASE)
    assert not desk.extend(claim, LEASE)


def test_what_a_fallback_wrote_is_a_resolved_incident(
    desk: PostgresStyleDesk, connection: Connection
) -> None:
    """One row says why the first model did not write and that another one did."""
    profile(connection, 5)
    (claim,) = desk.claim(10, 5, None, LEASE)
    desk.retry(
        claim, timedelta(0), charge=False, incident=StyleIncident("style_fallback", "both down")
    )
    (claim,) = desk.claim(10, 5, None, LEASE)
    desk.store(claim, WrittenStyle("Plainly.", "b", "a: HTTP 529"), MEASURED, VECTOR)
    assert incidents(connection) == [
        ("style_fallback", "both down", "failed", True),
        ("style_fallback", "a: HTTP 529", "written", True),
    ]


def test_a_rejected_profile_waits_for_a_request(
    desk: PostgresStyleDesk, connection: Connection
) -> None:
    """It is one open incident and not due by itself; a request makes it due, a style ends both."""
    made = profile(connection, 5)
    (claim,) = desk.claim(10, 5, None, LEASE)
    assert desk.reject(claim, StyleIncident("style_refused", "both refuse"))
    assert desk.due(5) == []
    assert desk.claim(10, 5, None, LEASE) == []
    assert not desk.reject(claim, StyleIncident("style_refused", "too late"))
    assert incidents(connection) == [("style_refused", "both refuse", "failed", False)]
    desk.request([f"profile-{made.hex[:12]}"])
    (claim,) = desk.claim(10, 5, None, LEASE)
    desk.store(claim, PLAIN, MEASURED, VECTOR)
    assert incidents(connection) == [("style_refused", "both refuse", "failed", True)]
