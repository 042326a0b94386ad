"""Feeds and posts as Unipile shows them: how far a feed was read, and what could be read of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from linkedin_pipeline.adapters.unipile_errors import Unreadable
from linkedin_pipeline.adapters.unipile_feed import MOST_PAGES, Page, page_of, read_feed
from linkedin_pipeline.adapters.unipile_posts import instant, permalink, seen
from linkedin_pipeline.domain.errors import ProviderDown
from linkedin_pipeline.domain.publications import Feed

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
SINCE = NOW - timedelta(hours=1)


def item(number: int, minutes_ago: float | None, **rest: Any) -> dict[str, Any]:
    """Return a post of a feed."""
    at = None if minutes_ago is None else (NOW - timedelta(minutes=minutes_ago)).isoformat()
    identity = str(7_400_000_000 + number)
    names = {"id": identity, "social_id": f"urn:li:activity:{identity}"}
    return {"object": "Post", "text": f"Post {number}", "parsed_datetime": at, **names, **rest}


def read(*pages: Sequence[Any], last: Any = None) -> tuple[Feed, int]:
    """Read pages of items; the last one's cursor is ``last``.  Return the feed, and calls made."""
    asked: list[str | None] = []

    def fetch(cursor: str | None) -> Page:
        asked.append(cursor)
        number = int(cursor or 0)
        following = last if number + 1 == len(pages) else str(number + 1)
        return page_of({"object": "PostList", "items": list(pages[number]), "cursor": following})

    return read_feed(fetch, SINCE), len(asked)


def numbers(feed: Feed) -> list[int]:
    """Return the numbers of a feed's posts."""
    return [int(post.text.removeprefix("Post ")) for post in feed.posts]


def test_an_empty_feed_is_complete() -> None:
    """There is nothing more to read than nothing."""
    feed, calls = read([])
    assert (feed, calls) == (Feed([], complete=True), 1)


def test_a_feed_is_read_to_its_end() -> None:
    """Pages are followed until there is none, as long as they are new enough."""
    feed, calls = read([item(1, 5), item(2, 6)], [item(3, 7)])
    assert (numbers(feed), feed.complete, calls) == ([1, 2, 3], True, 2)


def test_a_feed_is_read_no_further_than_asked() -> None:
    """A page that ends before the time asked for is taken whole, and is the last."""
    feed, calls = read([item(1, 5), item(2, 70), item(3, 80)], [item(4, 90)])
    assert (numbers(feed), feed.complete, calls) == ([1, 2, 3], True, 1)


@pytest.mark.parametrize(
    "first",
    [
        pytest.param([item(1, 9_000), item(2, 5)], id="pinned"),
        pytest.param([item(1, 9_000)], id="pinned alone"),
        pytest.param([item(1, 5), item(2, 80), item(3, 6)], id="old in between"),
        pytest.param([item(1, 5), item(2, 6), item(3, 80, is_repost=True)], id="repost of old"),
        pytest.param([item(1, 5), item(2, 90), item(3, 6), item(4, 80)], id="in no order"),
        pytest.param([item(1, 5), item(2, None)], id="no date"),
        pytest.param([], id="nothing"),
    ],
)
def test_an_old_post_out_of_place_does_not_end_a_feed(first: list[Any]) -> None:
    """What is pinned, reposted or in no order does not prove that only older posts follow."""
    feed, calls = read(first, [item(9, 10)])
    assert numbers(feed)[-1] == 9
    assert (feed.complete, calls) == (True, 2)


def test_a_post_on_two_pages_is_one() -> None:
    """Pages shift while they are read."""
    feed, _ = read([item(1, 5), item(2, 6)], [item(2, 6), item(3, 7)])
    assert numbers(feed) == [1, 2, 3]


@pytest.mark.parametrize(
    "bad", [None, 7, "post", {}, {"id": "1"}, item(1, 5, text=7), item(1, 5, object="Error")]
)
def test_a_post_that_cannot_be_read_may_be_ours(bad: Any) -> None:
    """A feed with an unreadable item is not complete, though the rest of it is there."""
    if bad == {"id": "1"}:
        bad = {"text": "no id"}
    feed, _ = read([item(1, 5), bad, item(2, 6)])
    assert numbers(feed) == [1, 2]
    assert not feed.complete
    assert "1 of its posts could not be read" in (feed.trouble or "")


def test_a_cursor_that_goes_round_is_left() -> None:
    """A feed that leads back to where it was is not complete."""
    feed, calls = read([item(1, 5)], [item(2, 6)], last="1")
    assert (feed.complete, calls) == (False, 2)
    assert numbers(feed) == [1, 2]


def test_a_feed_without_end_is_left() -> None:
    """After enough pages a feed is left, and is not complete."""
    feed, calls = read(*[[item(n, 1)] for n in range(MOST_PAGES + 5)])
    assert (feed.complete, calls) == (False, MOST_PAGES)


@pytest.mark.parametrize("cursor", [7, {}, False])
def test_a_strange_cursor_is_no_end(cursor: Any) -> None:
    """Only null says that a feed ends."""
    feed, _ = read([item(1, 5)], last=cursor)
    assert not feed.complete


def test_a_feed_that_does_not_say_whether_it_ends_is_not_complete() -> None:
    """A page without a cursor may have been the last or not."""
    feed = read_feed(lambda _: page_of({"items": [item(1, 5)]}), SINCE)
    assert not feed.complete


def test_a_page_that_fails_ends_a_feed() -> None:
    """What was read is given, with the trouble; when nothing was read, there is no feed."""

    def fetch(cursor: str | None) -> Page:
        if cursor:
            raise ProviderDown("unipile", "HTTP 500", "Wait.")
        return Page([item(1, 5)], "1", is_last=False)

    feed = read_feed(fetch, SINCE)
    assert (numbers(feed), feed.complete) == ([1], False)
    assert feed.trouble == "page 2 could not be read: HTTP 500"
    with pytest.raises(ProviderDown):
        read_feed(lambda _: fetch("1"), SINCE)


@pytest.mark.parametrize("document", [None, [], {}, {"items": None}, {"items": {}}, "list"])
def test_what_is_no_list_is_no_page(document: Any) -> None:
    """An answer of another form is not taken for an empty feed."""
    with pytest.raises(Unreadable):
        page_of(document)


@pytest.mark.parametrize(
    ("given", "read_as"),
    [
        ("2026-11-26T12:00:00Z", NOW),
        ("2026-11-26T12:00:00.000Z", NOW),
        ("2026-11-26T13:00:00+01:00", NOW),
        ("2026-11-26T12:00:00.123456789Z", NOW.replace(microsecond=123456)),
        ("2026-11-26T12:00:00", None),
        ("2026-11-26", None),
        ("0001-01-01T00:00:00+23:59", None),
        ("3d", None),
        ("", None),
        (None, None),
        (1_800_000_000, None),
    ],
)
def test_times_are_read_or_left(given: Any, read_as: datetime | None) -> None:
    """A time without a zone could be hours off, so it is none."""
    assert instant(given) == read_as


@pytest.mark.parametrize(
    ("given", "trusted"),
    [
        ("https://www.linkedin.com/posts/ada_activity-7-x1Yz", True),
        ("https://linkedin.com/feed/update/urn:li:activity:7", True),
        ("http://www.linkedin.com/posts/a", False),
        ("https://www.linkedin.com.evil.example/posts/a", False),
        ("https://evil-linkedin.com/posts/a", False),
        ("https://www.linkedin.com@evil.example/a", False),
        ("https://evil.example\\@www.linkedin.com/a", False),
        ("https://www.linkedin.com:8443/a", False),
        ("https://www.linkedin.com:x/a", False),
        ("https://www.linkedin.com/<script>", False),
        ("javascript:alert(1)//www.linkedin.com", False),
        ("https://www.linkedin.com/" + "a" * 2_000, False),
        ("https://www.linkedin.com/a\nb", False),
        (None, False),
        (7, False),
    ],
)
def test_only_addresses_of_linkedin_are_trusted(given: Any, *, trusted: bool) -> None:
    """What a person will click on is LinkedIn's, over https, or nothing."""
    assert permalink(given) == (given if trusted else None)


def test_a_post_has_all_its_names() -> None:
    """The id, the social id and the numbers in them; a null text is none, not unreadable."""
    post = seen(
        {
            "id": "7400000001",
            "social_id": "urn:li:ugcPost:7400000002",
            "text": None,
            "author": {"id": "ACoAAada"},
        }
    )
    assert post.ids == {"7400000001", "urn:li:ugcPost:7400000002", "7400000002"}
    assert (post.text, post.at, post.author_id, post.post_id) == (
        "",
        None,
        "ACoAAada",
        "7400000001",
    )
    assert not post.is_repost
    assert seen(item(1, 1, is_repost=True)).is_repost
