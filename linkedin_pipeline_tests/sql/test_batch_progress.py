"""The progress of batches: counted from their posts, whoever moves them and when."""

from __future__ import annotations

import random
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import errors

from linkedin_pipeline_tests.sql.bank import Connection, rows, value, wait_until_blocked
from linkedin_pipeline_tests.sql.tables import add, at_once, cells, put

UNWRITTEN = {
    "draft_input",
    "hook_gen",
    "hook_selected",
    "body_gen",
    "pending",
    "hooks_generating",
    "body_generating",
}


def batch(connection: Connection, *statuses: str) -> tuple[UUID, list[UUID]]:
    """Insert a batch with posts in these states, counted."""
    made = add(connection, "post_batches")
    posts = [add(connection, "production_posts", batch_id=made, status=s) for s in statuses]
    connection.execute("select update_batch_progress(%s)", [made])
    return made, posts


def progress(connection: Connection, made: UUID) -> tuple[int, int, str]:
    """Return completed, total and status, having checked that completed_at goes with it."""
    *found, at = cells(
        connection, "post_batches", made, "completed_posts", "total_posts", "status", "completed_at"
    )
    assert (at is not None) == (found[2] == "completed")
    completed, total, status = found
    return completed, total, status


def test_every_state_counts_or_does_not(connection: Connection) -> None:
    """Written posts count, whatever became of them afterwards."""
    states = [s for (s,) in rows(connection, "select unnest(enum_range(null::post_status))::text")]
    assert len(states) == 17
    made, [post] = batch(connection, "draft_input")
    for state in states:
        put(connection, "production_posts", post, status=state)
        assert progress(connection, made)[0] == (state not in UNWRITTEN), state


def test_a_batch_goes_from_pending_over_in_progress_to_completed(connection: Connection) -> None:
    """It begins with the first post that is worked on and is complete with the last one written."""
    made, [one, two] = batch(connection, "pending", "draft_input")
    assert progress(connection, made) == (0, 2, "pending")
    put(connection, "production_posts", one, status="hooks_generating")
    assert progress(connection, made) == (0, 2, "in_progress")
    put(connection, "production_posts", one, status="ready")
    assert progress(connection, made) == (1, 2, "in_progress")
    put(connection, "production_posts", two, status="validated")
    assert progress(connection, made) == (2, 2, "completed")


def test_the_time_of_completion_is_set_once_and_cleared(connection: Connection) -> None:
    """It stays while posts go on to be published, and goes when one is to be written again."""
    made, [post] = batch(connection, "body_generating")
    put(connection, "production_posts", post, status="ready")
    first = cells(connection, "post_batches", made, "completed_at")
    for status in ("scheduled", "publishing", "published"):
        put(connection, "production_posts", post, status=status)
        assert cells(connection, "post_batches", made, "completed_at") == first
    another = add(connection, "production_posts", status="ready")
    put(connection, "production_posts", another, batch_id=made)
    assert cells(connection, "post_batches", made, "completed_at") == first
    put(connection, "production_posts", post, status="body_generating")
    assert progress(connection, made) == (1, 2, "in_progress")
    put(connection, "production_posts", post, status="ready")
    assert cells(connection, "post_batches", made, "completed_at") > first


def test_an_empty_batch_is_pending(connection: Connection) -> None:
    """Nothing to write is not everything written."""
    made, [post] = batch(connection, "ready")
    assert progress(connection, made) == (1, 1, "completed")
    put(connection, "production_posts", post, batch_id=None)
    assert progress(connection, made) == (0, 0, "pending")


def test_a_post_that_moves_counts_for_both_batches(connection: Connection) -> None:
    """Also when its state changes in the same statement."""
    one, [post, _] = batch(connection, "ready", "pending")
    two, _ = batch(connection, "ready")
    put(connection, "production_posts", post, batch_id=two)
    assert progress(connection, one) == (0, 1, "pending")
    assert progress(connection, two) == (2, 2, "completed")
    put(connection, "production_posts", post, batch_id=one, status="body_gen")
    assert progress(connection, one) == (0, 2, "in_progress")
    assert progress(connection, two) == (1, 1, "completed")


def test_deleting_a_batch_leaves_its_posts(connection: Connection) -> None:
    """The trigger meets a batch that is gone, and says nothing."""
    made, [post, _] = batch(connection, "ready", "pending")
    connection.execute("delete from post_batches where id = %s", [made])
    assert cells(connection, "production_posts", post, "batch_id") is None


def test_an_edit_of_text_touches_no_batch(connection: Connection) -> None:
    """Neither other columns nor the same state written again make a new version of the batch."""
    made, [post, _] = batch(connection, "ready", "pending")
    before = value(connection, "select xmin::text from post_batches where id = %s", made)
    put(connection, "production_posts", post, final_content="Text.")
    put(connection, "production_posts", post, status="ready")
    put(connection, "production_posts", post, status="validated")
    assert value(connection, "select xmin::text from post_batches where id = %s", made) == before


def test_an_edit_of_text_waits_for_nobody_who_counts(
    connection: Connection, database_url: str
) -> None:
    """While one session holds the batch, another may write a post's text."""
    _, [one, two] = batch(connection, "pending", "pending")
    with psycopg.connect(database_url) as other:
        put(other, "production_posts", one, status="ready")
        connection.execute("set lock_timeout = '1s'")
        put(connection, "production_posts", two, final_content="Text.")


def test_any_update_brings_a_stale_count_up_to_date(connection: Connection) -> None:
    """Posts that were inserted or deleted since the last count are counted then."""
    made, [post] = batch(connection, "pending")
    gone = add(connection, "production_posts", batch_id=made, status="ready")
    put(connection, "production_posts", post, final_content="Text.")
    assert progress(connection, made) == (1, 2, "in_progress")
    connection.execute("delete from production_posts where id = %s", [gone])
    put(connection, "production_posts", post, final_content="Other text.")
    assert progress(connection, made) == (0, 1, "pending")


def test_counting_an_unknown_batch_is_an_error(connection: Connection) -> None:
    """It names the batch."""
    unknown = uuid4()
    with pytest.raises(errors.Error, match=f"batch {unknown}: unknown") as refused:
        connection.execute("select update_batch_progress(batch_id => %s)", [unknown])
    assert refused.value.sqlstate == "LP030"
    with pytest.raises(errors.Error) as refused:
        connection.execute("select update_batch_progress(null)")
    assert refused.value.sqlstate == "LP030"


def test_a_statement_counts_each_batch_once(connection: Connection) -> None:
    """An update of 10,000 copied posts makes one new version of their batch."""
    made = add(connection, "post_batches")
    with connection.cursor().copy("copy production_posts (batch_id) from stdin") as copy:
        for _ in range(10_000):
            copy.write_row([made])
    assert progress(connection, made) == (0, 0, "pending")  # COPY fires no trigger here
    connection.execute("select pg_stat_force_next_flush()")
    written = "select n_tup_upd from pg_stat_user_tables where relname = 'post_batches'"
    before = value(connection, written)
    connection.execute("update production_posts set status = 'ready'")
    assert progress(connection, made) == (10_000, 10_000, "completed")
    connection.execute("select pg_stat_force_next_flush()")
    assert value(connection, written) - before == 1


def test_two_sessions_that_finish_a_batch_complete_it(
    connection: Connection, database_url: str
) -> None:
    """The second waits for the first and counts its post, too."""
    made, [one, two] = batch(connection, "pending", "pending")
    with psycopg.connect(database_url) as first, psycopg.connect(database_url) as second:
        put(first, "production_posts", one, status="ready")

        def finish(_: Connection, number: int) -> None:
            if number:
                put(second, "production_posts", two, status="ready")
                second.commit()
            else:
                wait_until_blocked(connection, second)
                first.commit()

        at_once(database_url, 2, finish)
    assert progress(connection, made) == (2, 2, "completed")


def test_many_who_update_two_batches_at_once_count_right(
    connection: Connection, database_url: str
) -> None:
    """Statements over many posts of two batches neither deadlock nor lose a post."""
    made: list[Any] = [batch(connection, *["pending"] * 40) for _ in range(2)]
    posts = [post for _, of_batch in made for post in of_batch]

    def work(mine: Connection, number: int) -> None:
        chance = random.Random(number)
        own = posts[number::4]  # sessions share batches, not posts
        for _ in range(40):
            chance.shuffle(own)
            mine.execute(
                "update production_posts set status = %s, batch_id = "
                "case when random() < 0.2 then %s else batch_id end where id = any (%s)",
                [
                    chance.choice(["ready", "pending", "published", "body_gen"]),
                    chance.choice(made)[0],
                    own[:6],
                ],
            )

    at_once(database_url, 4, work)
    for batch_id, _ in made:
        counted = rows(
            connection,
            "select count(*) filter (where status in ('ready', 'published')), count(*) "
            "from production_posts where batch_id = %s",
            batch_id,
        )
        assert [progress(connection, batch_id)[:2]] == counted
