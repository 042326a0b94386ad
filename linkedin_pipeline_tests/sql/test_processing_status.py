"""One row that says how far the bank is."""

from __future__ import annotations

from typing import Any

from linkedin_pipeline.domain.work import Stage
from linkedin_pipeline_tests.sql.bank import (
    Connection,
    add_finished_post,
    add_post,
    change,
    claim,
    days_ago,
    read,
    reject,
    rows,
)
from linkedin_pipeline_tests.sql.people import add_profile

COLUMNS = [
    "total_posts",
    "pending_hooks",
    "pending_embeddings",
    "pending_hook_classifications",
    "pending_topics",
    "pending_audiences",
    "oldest_pending_at",
    "dead_letters",
    "profiles_in_progress",
    "profiles_completed",
]


def status(connection: Connection) -> dict[str, Any]:
    """Return the row by column."""
    found = connection.execute("select * from get_processing_status()")
    names = [column.name for column in found.description or []]
    [row] = found.fetchall()
    return dict(zip(names, row, strict=True))


def test_an_empty_bank(connection: Connection) -> None:
    """All numbers are 0 and nothing is the oldest."""
    assert status(connection) == {**dict.fromkeys(COLUMNS, 0), "oldest_pending_at": None}
    assert list(status(connection)) == COLUMNS


def test_what_is_counted(connection: Connection) -> None:
    """Posts, what each stage has left, claimed or not, dead letters, and profiles by state."""
    add_finished_post(connection)
    add_post(connection, created_at=days_ago(9), hook="A hook.")
    add_post(connection, created_at=days_ago(9), needs_topic_classification=False)
    add_post(connection, created_at=days_ago(2))
    for state in ("pending", "scraping", "analyzing", "completed", "completed", "error"):
        add_profile(connection, sync_status=state)
    claim(connection, Stage.EMBEDDINGS, limit=1)
    reject(connection, claim(connection, Stage.AUDIENCE_CLASSIFICATIONS, limit=1),
           Stage.AUDIENCE_CLASSIFICATIONS)  # fmt: skip
    oldest = rows(connection, "select min(created_at) from viral_posts_bank")[0][0]
    assert list(status(connection).values()) == [4, 2, 3, 1, 2, 2, oldest, 1, 2, 2]


def test_the_oldest_is_one_that_waits(connection: Connection) -> None:
    """Older posts that want nothing do not count, nor does the hour at which work was queued."""
    old = add_finished_post(connection)
    change(connection, old, created_at=days_ago(40))
    new = add_post(connection, created_at=days_ago(3))
    assert status(connection)["oldest_pending_at"] == read(connection, new, "created_at")
    change(connection, old, needs_embedding=True)
    assert status(connection)["oldest_pending_at"] == read(connection, old, "created_at")
