"""What sensors ask the work table, and what a forced run asks of it."""

from __future__ import annotations

from uuid import UUID

from linkedin_pipeline.domain.work import Stage
from linkedin_pipeline_tests.sql.bank import (
    NEW,
    OVER,
    Connection,
    add_finished_post,
    add_post,
    claim,
    claim_one,
    days_ago,
    flagged,
    queued,
    read,
    rows,
    store_hooks,
    value,
)


def test_raise_flags_goes_through_the_days_in_chunks(connection: Connection) -> None:
    """Chunks of ids cover the posts of the days once, and end where there are no more."""
    inside = {add_finished_post_of(connection, age) for age in (1, 2, 3)}
    outside = {add_finished_post_of(connection, age) for age in (0, 4)}
    first, last, after, chunks = days_ago(3).date(), days_ago(1).date(), None, []
    while True:
        [(raised, after)] = rows(
            connection,
            "select * from raise_flags(%s, %s, %s, %s, 2)",
            "embeddings",
            first,
            last,
            after,
        )
        chunks.append(raised)
        if raised < 2:
            break
    assert chunks == [2, 1]
    assert all(queued(connection, post) == {Stage.EMBEDDINGS} for post in inside)
    assert all(flagged(connection, post) == set() for post in outside)


def add_finished_post_of(connection: Connection, age: int) -> UUID:
    """Add a post of some days ago that wants nothing."""
    post = add_finished_post(connection)
    connection.execute(
        "update viral_posts_bank set created_at = %s where id = %s", [days_ago(age), post]
    )
    return post


def test_raise_flags_leaves_wanted_posts_alone(connection: Connection) -> None:
    """A post that is flagged already keeps its claim, and is not written at all."""
    post = add_post(connection)
    held = claim_one(connection)
    before = read(connection, post, "updated_at")
    assert rows(
        connection, "select * from raise_flags('hooks', '2024-01-01', 'infinity', null, 10)"
    ) == [(1, post)]
    assert read(connection, post, "updated_at") == before
    assert store_hooks(connection, [held]) == {post: True}


def test_raise_flags_asks_no_type_of_a_missing_hook(connection: Connection) -> None:
    """Without a hook there is nothing to classify."""
    post = add_post(connection)
    value(
        connection,
        "select raised from raise_flags('hook_classifications', '2024-01-01', 'infinity', null, 9)",
    )
    assert flagged(connection, post) == NEW


def test_due_work_names_the_days_of_each_stage(connection: Connection) -> None:
    """The outermost days with unclaimed due work are reported, of the days asked for."""
    for age in (0, 1, 5, 9, 20):
        add_post(connection, created_at=days_ago(age))
    connection.execute("delete from post_work where stage not in ('hooks', 'embeddings')")
    claim(connection, Stage.EMBEDDINGS, days=(days_ago(1).date(), None))
    connection.execute(
        "update post_work set due_at = now() + interval '1 hour' "
        "where day = %s and stage = 'hooks'",
        [days_ago(20).date()],
    )
    found = rows(
        connection,
        "select stage::text, first_day, last_day from due_work(%s, %s) order by 1",
        days_ago(20).date(),
        days_ago(0).date(),
    )
    assert found == [
        ("embeddings", days_ago(20).date(), days_ago(5).date()),
        ("hooks", days_ago(9).date(), days_ago(0).date()),
    ]
    assert rows(
        connection,
        "select stage::text, first_day, last_day from due_work(%s, %s) order by 1",
        days_ago(9).date(),
        days_ago(5).date(),
    ) == [
        ("embeddings", days_ago(9).date(), days_ago(5).date()),
        ("hooks", days_ago(9).date(), days_ago(5).date()),
    ]


def test_due_work_counts_expired_leases(connection: Connection) -> None:
    """What a dead worker held is due again; what a live one holds is not."""
    add_post(connection)
    connection.execute("delete from post_work where stage <> 'hooks'")
    due = "select count(*) from due_work('2024-01-01', 'infinity')"
    claim(connection, lease=OVER)
    assert value(connection, due) == 1
    claim(connection)
    assert value(connection, due) == 0


def test_the_newest_day_is_the_newest_whatever_the_planner_believes(
    connection: Connection,
) -> None:
    """With statistics of a nearly empty table the days still come in their order."""
    for _ in range(8):
        add_post(connection)
    connection.execute("analyze post_work")
    for days in range(1, 81):
        add_post(connection, created_at=days_ago(days))
    (row,) = [
        row
        for row in connection.execute(
            "select stage::text, first_day, last_day from due_work("
            "(now() - interval '90 days')::date, (now() - interval '2 days')::date)"
        ).fetchall()
        if row[0] == "hooks"
    ]
    assert (row[2] - row[1]).days == 78
