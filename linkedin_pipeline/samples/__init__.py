"""Sample posts and their authors, all of the project's own writing.

README.md beside this file says what each key means.  Nothing is read at import time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Literal, TypedDict, cast

AuthorType = Literal["internal", "external_influencer"]


class SamplePost(TypedDict):
    """One line of posts.jsonl; ``expected_*`` name a label of the taxonomy or are null."""

    id: str
    author: str
    name: str
    linkedin_id: str
    type: AuthorType
    headline: str
    followers: int
    content: str
    posted_at: str | None
    days_ago: int
    age_text: str
    reactions: int
    comments: int
    shares: int
    hashtags: list[str]
    media_type: str
    lang: str
    expected_topic: str | None
    expected_audience: str | None
    expected_hook_type: str | None


class SampleProfile(TypedDict):
    """One line of profiles.jsonl; ``author`` is the key that posts refer to."""

    author: str
    name: str
    linkedin_id: str
    type: AuthorType
    lang: str
    timezone: str
    followers: int
    headline: str
    voice: str


def posts_file() -> Traversable:
    """Return posts.jsonl itself, for code that reads any file of this form."""
    return files(__name__) / "posts.jsonl"


def posts() -> list[SamplePost]:
    """Read every sample post, oldest first."""
    return [cast(SamplePost, row) for row in _rows(posts_file())]


def profiles() -> list[SampleProfile]:
    """Read every sample author."""
    return [cast(SampleProfile, row) for row in _rows(files(__name__) / "profiles.jsonl")]


def posted_at(post: SamplePost, now: datetime) -> datetime:
    """Return when ``post`` counts as published: ``days_ago`` whole days before ``now``."""
    return now - timedelta(days=post["days_ago"])


def _rows(file: Traversable) -> Iterator[object]:
    # Not splitlines(): it would also cut at U+2028 and its like inside a post.
    for line in file.read_text(encoding="utf-8").split("\n"):
        if line:
            yield json.loads(line)
