"""The shipped samples keep the form that the demo and the classifiers rely on."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from datetime import UTC, datetime

import pytest

from linkedin_pipeline import samples
from linkedin_pipeline.samples import SamplePost, SampleProfile


@pytest.fixture(scope="module")
def posts() -> list[SamplePost]:
    """Read the posts once."""
    return samples.posts()


@pytest.fixture(scope="module")
def profiles() -> list[SampleProfile]:
    """Read the profiles once."""
    return samples.profiles()


def words(text: str) -> str:
    """Return ``text`` without its hashtags."""
    return re.sub(r"#\w+", "", text)


def test_every_line_is_a_post_with_all_keys(posts: list[SamplePost]) -> None:
    """Each line parses and has exactly the documented keys, with some text."""
    assert len(posts) >= 150
    for post in posts:
        assert set(post) == SamplePost.__required_keys__
        assert post["content"].strip()
        assert 0 <= post["days_ago"] <= 60
        assert min(post["reactions"], post["comments"], post["shares"], post["followers"]) >= 0


def test_ids_are_unique(posts: list[SamplePost]) -> None:
    """No two posts share an id."""
    assert len({post["id"] for post in posts}) == len(posts)


def test_posts_are_dated_back_from_the_day_they_are_loaded(posts: list[SamplePost]) -> None:
    """A post without a date is placed days_ago whole days before now, oldest first."""
    now = datetime(2025, 3, 31, 12, tzinfo=UTC)
    dates = [samples.posted_at(post, now) for post in posts]
    assert all(post["posted_at"] is None for post in posts)
    assert dates == sorted(dates)
    assert (now - dates[0]).days == posts[0]["days_ago"] >= 45
    assert (now - dates[-1]).days <= 2


def test_both_languages_have_their_share(posts: list[SamplePost]) -> None:
    """About three posts in five are English, nearly all others French."""
    languages = Counter(post["lang"] for post in posts)
    assert 0.5 <= languages["en"] / len(posts) <= 0.7
    assert 0.3 <= languages["fr"] / len(posts) <= 0.45


def test_every_author_is_a_profile_with_several_posts(
    posts: list[SamplePost], profiles: list[SampleProfile]
) -> None:
    """Posts repeat what the profile of their author says; each profile has 8 to 20 posts."""
    by_author = {profile["author"]: profile for profile in profiles}
    assert 10 <= len(by_author) == len(profiles) <= 14
    assert len({profile["linkedin_id"] for profile in profiles}) == len(profiles)
    assert sum(profile["type"] == "internal" for profile in profiles) >= 2
    for author, count in Counter(post["author"] for post in posts).items():
        assert 8 <= count <= 20, author
    for post in posts:
        profile = by_author[post["author"]]
        assert post["name"] == profile["name"]
        assert post["linkedin_id"] == profile["linkedin_id"]
        assert post["type"] == profile["type"]
        assert post["headline"] == profile["headline"]
        assert post["followers"] == profile["followers"]


def test_hashtags_are_those_of_the_text(posts: list[SamplePost]) -> None:
    """Each listed hashtag stands in the text."""
    for post in posts:
        for tag in post["hashtags"]:
            assert f"#{tag}" in post["content"].lower(), post["id"]


def test_awkward_posts_are_among_them(posts: list[SamplePost]) -> None:
    """Each kind of text that tends to break a pipeline occurs at least once."""
    texts = [post["content"] for post in posts]
    letters = [text for text in texts if any(c.isalpha() for c in text)]
    assert 1 <= len(texts) - len(letters) <= 2, "emojis only"
    kinds = {
        "hashtags only": any(not any(c.isalpha() for c in words(text)) for text in letters),
        "one line": any("\n" not in text and len(text) < 100 for text in letters),
        "over 3,000 characters": any(len(text) > 3000 for text in texts),
        "right to left": any(unicodedata.bidirectional(text[0]) in {"R", "AL"} for text in texts),
        "emoji first": any(unicodedata.category(text[0]) == "So" for text in letters),
        "mathematical bold": any("MATHEMATICAL" in unicodedata.name(text[0], "") for text in texts),
        "decomposed accents": any(unicodedata.normalize("NFC", text) != text for text in texts),
        "French spaces": any("«\u00a0" in text and "\u202f!" in text for text in texts)
        or any("«\u00a0" in text and "\u202f;" in text for text in texts),
        "list first": any(re.match(r"[-–•] ", text) for text in texts),
        "URL and mention": any("https://" in text and "@" in text for text in texts),
        "order for an AI": any("ignore all previous instructions" in t.lower() for t in texts),
        "capitals": any(text.upper() == text for text in letters),
        "very short lines": any(max(map(len, text.split("\n"))) <= 20 for text in letters),
    }
    assert [kind for kind, present in kinds.items() if not present] == []


def test_one_text_is_by_two_authors(posts: list[SamplePost]) -> None:
    """The same text occurs twice, under different names."""
    authors: dict[str, list[str]] = {}
    for post in posts:
        authors.setdefault(post["content"], []).append(post["author"])
    shared = [names for names in authors.values() if len(names) > 1]
    assert len(shared) == 1
    assert len(set(shared[0])) == 2
