"""Which post of the bank, and which publication of ours, an item of a feed is."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from linkedin_pipeline.simulators.edges_feeds import Feed, post_id, post_text
from linkedin_pipeline_tests.sql.bank import add_post, rows, value
from linkedin_pipeline_tests.sql.people import add
from linkedin_pipeline_tests.sync.reading import Line

ACTIVITY = post_id("ada", 2) + 500_000
"""The activity's number of the second of three posts, written on 2024-01-01 at 20:00 UTC."""
LINKED = """
select linkedin_post_id, published_post_id from viral_posts_bank
where published_post_id is not null
"""


@pytest.mark.parametrize(
    "known",
    [
        {"post_url": f"https://www.linkedin.com/feed/update/urn:li:activity:{ACTIVITY}/"},
        {"post_url": f"https://www.linkedin.com/posts/ada_words-activity-{ACTIVITY}-xyz"},
        {"post_url": f"https://www.linkedin.com/feed/update/urn:li:share:{post_id('ada', 2)}/"},
        {"linkedin_post_id": str(post_id("ada", 2))},
        {"content": post_text("ada", 2)},
    ],
)
def test_a_post_that_came_otherwise_is_known_again(line: Line, known: dict[str, Any]) -> None:
    """By id, by any form of its address, and by its text where it has neither: not doubled."""
    ada = line.add("ada", Feed(posts=3))
    post = add_post(line.connection, author_id=ada, **{"content": "As it was imported.", **known})
    report = line.read()
    assert report.numbers["added"] == 2
    assert line.posts() == 3
    [(identity, content)] = rows(
        line.connection,
        "select linkedin_post_id, content from viral_posts_bank where id = %s",
        post,
    )
    assert (identity, content) == (str(post_id("ada", 2)), post_text("ada", 2))
    line.a_week_later()
    assert line.read().changed == []


def test_two_posts_with_one_text_are_two(line: Line) -> None:
    """A text that was posted twice, imported once without an address, is two posts in the end."""
    ada = line.add("ada", Feed(posts=3, texts={1: "Again.", 2: "Again."}))
    add_post(line.connection, "Again.", author_id=ada)
    line.read()
    assert line.posts() == 3
    identities = "select count(distinct linkedin_post_id) from viral_posts_bank"
    assert value(line.connection, identities) == 3


def publish(line: Line, profile: UUID, **columns: Any) -> UUID:
    """Add a publication of ours."""
    columns = {"content": "As we sent it.", "published_at": "2024-01-01 19:58+00", **columns}
    return add(line.connection, "published_posts", profile_id=profile, **columns)


@pytest.mark.parametrize(
    "known",
    [
        {"external_post_id": str(ACTIVITY)},
        {"external_post_id": f"urn:li:activity:{ACTIVITY}"},
        {"external_post_id": f"urn:li:share:{post_id('ada', 2)}"},
        {"post_url": f"https://www.linkedin.com/feed/update/urn:li:activity:{ACTIVITY}"},
        {"content": post_text("ada", 2).replace("\n\n", "  \n ")},
    ],
)
def test_what_we_published_is_linked(line: Line, known: dict[str, Any]) -> None:
    """By number, URN, address, or text and day; once, and the bank has it once."""
    ada = line.add("ada", Feed(posts=3))
    ours = publish(line, ada, **known)
    publish(line, ada, content="Another text.", external_post_id="7000000000000000000")
    line.read()
    assert rows(line.connection, LINKED) == [(str(post_id("ada", 2)), ours)]
    assert line.posts() == 3
    assert value(line.connection, "select count(*) from published_posts") == 2
    line.a_week_later()
    assert line.read().changed == []


def test_a_publication_that_is_confirmed_late_is_linked_then(line: Line) -> None:
    """A known post is linked when its publication turns up, without any new work."""
    ada = line.add("ada", Feed(posts=3))
    line.read()
    line.connection.execute("update viral_posts_bank set needs_embedding = false")
    ours = publish(line, ada, external_post_id=str(ACTIVITY))
    line.a_week_later()
    assert line.read().numbers["refreshed"] == 1
    assert rows(line.connection, LINKED) == [(str(post_id("ada", 2)), ours)]
    flagged = "select count(*) from viral_posts_bank where needs_embedding"
    assert value(line.connection, flagged) == 0


def test_the_same_text_published_twice_is_linked_one_to_one(line: Line) -> None:
    """Each publication is one post, and each post one publication; an old text is neither."""
    texts = dict.fromkeys((1, 2, 3), "Again.")
    ada = line.add("ada", Feed(posts=3, texts=texts))
    for at in ("2024-01-01 14:01+00", "2024-01-01 20:01+00", "2023-11-01 20:01+00"):
        publish(line, ada, content="Again.", published_at=at)
    line.read()
    assert line.posts() == 3
    assert len({ours for _, ours in rows(line.connection, LINKED)}) == 2
    line.a_week_later()
    assert line.read().changed == []


def test_publications_of_others_are_not_linked(line: Line) -> None:
    """Only the profile's own."""
    line.add("ada", Feed(posts=3))
    bob = line.add("bob", Feed(posts=0))
    publish(line, bob, external_post_id=str(ACTIVITY))
    line.read()
    assert rows(line.connection, LINKED) == []
