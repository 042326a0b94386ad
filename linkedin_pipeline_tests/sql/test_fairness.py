"""Fresh posts and a backfill side by side: neither waits for the end of the other."""

from __future__ import annotations

from linkedin_pipeline_tests.sql.bank import (
    Connection,
    add_post,
    claim,
    days_ago,
    store_hooks,
    value,
)


def test_most_of_a_batch_is_new_and_the_rest_is_old(connection: Connection) -> None:
    """Three quarters of a claim come from the newest day backwards, the rest from the oldest on."""
    posts = {age: add_post(connection, created_at=days_ago(age)) for age in (400, 2, 0, 30, 9, 1)}
    ages = {post: age for age, post in posts.items()}
    assert {ages[c.post_id] for c in claim(connection, limit=4)} == {0, 1, 2, 400}
    assert {ages[c.post_id] for c in claim(connection, limit=4)} == {9, 30}


def test_the_share_of_old_work_keeps_to_the_days(connection: Connection) -> None:
    """The oldest day of a claim is that of its range, whatever lies before."""
    ages = {add_post(connection, created_at=days_ago(age)): age for age in range(12)}
    days = days_ago(9).date(), days_ago(1).date()
    assert {ages[c.post_id] for c in claim(connection, limit=8, days=days)} == {
        1,
        2,
        3,
        4,
        5,
        6,
    } | {
        8,
        9,
    }


def test_callers_who_take_one_post_starve_nobody(connection: Connection) -> None:
    """Of many claims of one post about a quarter go to the oldest day, the others to the newest."""
    for age in (0, 100):
        for _ in range(80):
            add_post(connection, created_at=days_ago(age))
    connection.execute("select setseed(0.5)")
    old = sum(claim(connection, limit=1)[0].day < days_ago(50).date() for _ in range(80))
    assert 10 < old < 30


def test_a_stream_of_new_posts_does_not_hold_up_a_backfill(connection: Connection) -> None:
    """While as many posts come as are claimed, those of long ago are worked off all the same."""
    for age in range(100, 120):
        add_post(connection, created_at=days_ago(age))
    for _ in range(10):
        for _ in range(8):
            add_post(connection)
        store_hooks(connection, claim(connection, limit=8))
    left = "select count(*) from post_work where stage = 'hooks' and day < current_date - 50"
    assert value(connection, left) == 0


def test_a_backfill_does_not_hold_up_new_posts(connection: Connection) -> None:
    """With any amount of old work, a post of today is in the next batch."""
    for age in range(100, 200):
        add_post(connection, created_at=days_ago(age))
    fresh = add_post(connection)
    assert fresh in {c.post_id for c in claim(connection, limit=4)}
