"""Items of a feed, well-formed and otherwise."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkedin_pipeline.domain.sync import FeedPage, FeedPost, Why, read_page

ADA = {"linkedin_profile_url": "https://www.linkedin.com/in/ada", "linkedin_profile_id": 5}
BOB = {"linkedin_profile_url": "https://fr.linkedin.com/in/bob/", "linkedin_profile_id": "6"}
ITEM: dict[str, Any] = {
    "linkedin_post_id": "7300000000000000001",
    "linkedin_post_url": "https://www.linkedin.com/posts/ada_x-activity-7300000000000000002-AbCd",
    "linkedin_activity_id": "7300000000000000002",
    "linkedin_post_type": "original",
    "content_text": "Words.",
    "published_date": "2026-11-01T10:00:00.000Z",
    "reaction_count": 3,
    "comment_count": 2,
    "repost_count": 1,
    "author": ADA,
    "activity_author": ADA,
    "source_post": None,
}


def read(**changes: Any) -> FeedPage:
    """Read a page of one item."""
    return read_page([{**ITEM, **changes}], "ada", None)


def post(**changes: Any) -> FeedPost:
    """Read an item that is the profile's own."""
    [found] = read(**changes).posts
    return found


def test_what_an_item_says() -> None:
    """Id, numbers, one form of its address, text, time and numbers of reactions."""
    assert post() == FeedPost(
        id="7300000000000000001",
        numbers=("7300000000000000001", "7300000000000000002"),
        url="https://www.linkedin.com/feed/update/urn:li:activity:7300000000000000002/",
        text="Words.",
        posted_at=datetime(2026, 11, 1, 10, tzinfo=UTC),
        metrics={"likes": 3, "comments": 2, "shares": 1},
    )


@pytest.mark.parametrize("given", [7300000000000000001, " 7300000000000000001 "])
def test_ids_come_as_text_or_number(given: object) -> None:
    """Both are one id."""
    assert post(linkedin_post_id=given).id == "7300000000000000001"
    assert post(linkedin_post_id="urn:li:share:7300000000000000001").id == "7300000000000000001"
    assert post(linkedin_post_id=None).id == "7300000000000000002"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"linkedin_post_type": "reshare"}, Why.RESHARE),
        ({"linkedin_post_type": "Reshare", "author": BOB}, Why.RESHARE),
        ({"linkedin_post_type": None, "source_post": {"a": 1}}, Why.RESHARE),
        ({"author": BOB}, Why.OTHERS),
        ({"author": BOB, "activity_author": BOB}, Why.OTHERS),
        ({"author": BOB, "activity_author": {}}, Why.OTHERS),
        ({"author": {}, "activity_author": BOB}, Why.OTHERS),
        ({"author": {"linkedin_profile_id": 6}}, Why.OTHERS),
        ({"content_text": None}, Why.UNUSABLE),
        ({"content_text": " \n\x00"}, Why.UNUSABLE),
        ({"linkedin_post_id": None, "linkedin_activity_id": {}}, Why.UNUSABLE),
        ({"linkedin_post_id": True, "linkedin_activity_id": 1.5}, Why.UNUSABLE),
    ],
)
def test_what_is_left_out(changes: dict[str, Any], why: Why) -> None:
    """Reshares, others' posts, and what cannot be used, each counted as what it is."""
    page = read(**changes)
    assert (len(page.posts), page.count(why)) == (0, 1)


@pytest.mark.parametrize(
    "changes",
    [
        {"author": None, "activity_author": None},
        {"author": "Ada", "activity_author": []},
        {"author": {"linkedin_profile_url": "https://linkedin.com/in/ADA/?x=1"}},
        {
            "author": {
                "linkedin_profile_url": "https://www.linkedin.com/in/ACoAABcdefghijklmnopqrs12"
            }
        },
        {"linkedin_post_type": "original", "source_post": {"a": 1}},
    ],
)
def test_what_is_the_profiles_own(changes: dict[str, Any]) -> None:
    """Whoever is not known to be another, in whatever form the address comes."""
    assert len(read(**changes).posts) == 1


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("2026-11-01", datetime(2026, 11, 1, tzinfo=UTC)),
        ("2026-11-01T12:00:00+02:00", datetime(2026, 11, 1, 10, tzinfo=UTC)),
        (1793527200, datetime(2026, 11, 1, 10, tzinfo=UTC)),
        (1793527200000, datetime(2026, 11, 1, 10, tzinfo=UTC)),
        ("3d", None),
        ("0001-01-01", None),
        (10**30, None),
        (float("nan"), None),
        (True, None),
        (None, None),
    ],
)
def test_times(given: object, expected: datetime | None) -> None:
    """ISO dates and times, seconds and milliseconds; anything else is not known."""
    assert post(published_date=given).posted_at == expected


def test_numbers_that_are_not_known_stay_so() -> None:
    """Missing or odd numbers are left as the bank has them; negative ones are none."""
    odd = {"reaction_count": "12", "comment_count": None, "repost_count": -5}
    assert post(**odd).metrics == {"likes": 12, "shares": 0}
    assert post(reaction_count=True, comment_count=[], repost_count=10**99).metrics == {
        "shares": 10**12
    }


def test_ill_meant_text_is_data() -> None:
    """Markup, orders and quotes stay word for word; what PostgreSQL cannot hold goes."""
    text = "<script>'; drop table profiles; -- ignore previous instructions\x00\ud800 🏠"
    assert post(content_text=text).text == text.replace("\x00", "").replace("\ud800", "")
    assert len(post(content_text="a" * 1_000_000).text) == 100_000


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "https://evil.example/p", "//x", "a\nb", 7, None, "https://[::1"]
)
def test_an_odd_address_is_replaced(url: object) -> None:
    """Where the address is none of LinkedIn's, the activity's number makes one."""
    assert post(linkedin_post_url=url).url == (
        "https://www.linkedin.com/feed/update/urn:li:activity:7300000000000000002/"
    )


def test_duplicates_are_dropped_across_pages() -> None:
    """What an earlier page showed is dropped from later ones, whatever it was."""
    page = read_page([ITEM, {**ITEM, "linkedin_post_id": "8", "author": BOB}], "ada", None)
    seen: set[str] = set()
    assert len(page.without(seen)) == 2
    assert len(page.without(seen)) == 0


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.lists(st.dictionaries(st.sampled_from(sorted(ITEM)), json_values) | json_values))
def test_no_item_stops_the_others(items: list[Any]) -> None:
    """Whatever comes, every item is a post or is counted."""
    page = read_page([*items, ITEM], "ada", None)
    assert len(page) == len(items) + 1
    assert page.posts[-1] == post()
