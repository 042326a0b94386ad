"""Feeds of simulated LinkedIn profiles, made when they are asked for: ten thousand cost nothing.

Item ``n`` of a profile says the same whenever it is read; a feed that grows gets newer ones.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import Any

from linkedin_pipeline.domain.errors import BadInput

CURSOR_LIVES = 86_400.0
"""Seconds that a cursor may be used for."""
_FIRST_POST = datetime(2024, 1, 1, 8, tzinfo=UTC)
_OPENINGS = (
    "We stopped hiring for a quarter. It was the best decision of the year.",
    "Nobody reads your roadmap.",
    "Three numbers told us that the product was wrong.",
    "I was asked what I would do differently.",
    "Our best customer left, and they were right.",
)
_BODIES = (
    "We asked the people who leave early, and they all named the same page.",
    "What helped was a list of ten things that we would no longer do.",
    "It took a week to see it and an hour to mend it.",
)


@dataclass(frozen=True, slots=True)
class Feed:
    """What a profile shows: ``posts`` items, newest first.

    Every ``reshares``-th item is a reshare and every ``others``-th another author's (0: none).
    Each page repeats the last ``overlap`` items of the one before.  With ``numeric_ids`` ids are
    numbers instead of text.  ``likes`` is added to every item's reactions, ``texts`` replaces the
    text of items by number (1 is the oldest).  ``label`` makes every page fail with that error
    label.  ``next`` is the address of the following page as it stands, by the page (from 1) that
    carries it.  ``renamed`` is the public name that items give their owner.  ``empty_label`` is
    how an empty feed is told: NO_RESULT, or nothing for an empty list.
    """

    posts: int = 12
    reshares: int = 0
    others: int = 0
    overlap: int = 0
    numeric_ids: bool = False
    likes: int = 0
    texts: Mapping[int, str] = field(default_factory=dict)
    label: str = ""
    next: Mapping[int, str] = field(default_factory=dict)
    renamed: str = ""
    empty_label: str = "NO_RESULT"

    @classmethod
    def from_json(cls, document: object) -> Feed:
        """Read a feed from what the admin API was sent.

        Raises:
            BadInput: a key or a value is not usable.
        """
        if not isinstance(document, Mapping):
            raise BadInput("feed", f"{document!r} is not an object", 'Send {"posts": 140}.')
        kinds = {one.name: type(getattr(cls(), one.name)) for one in fields(cls)}
        read: dict[str, Any] = {}
        for name, value in document.items():
            kind = kinds.get(name)
            if kind is None:
                raise BadInput("feed", f"unknown key {name!r}", f"Known: {', '.join(kinds)}.")
            if type(value) is not kind:
                raise BadInput("feed", f"{name} cannot be {value!r}", "See the class Feed.")
            try:
                by_number = kind is dict
                read[name] = {int(k): str(v) for k, v in value.items()} if by_number else value
            except ValueError:
                raise BadInput(
                    "feed", f"{name} has a key that is no number", "Name items or pages by number."
                ) from None
        return cls(**read)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins: ``offset`` items were shown on ``page`` - 1 pages before it."""

    offset: int = 0
    page: int = 1
    issued: float = 0.0
    name: str = ""

    def opaque(self) -> str:
        """Return it as callers see it."""
        plain = json.dumps([self.offset, self.page, self.issued, self.name])
        return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")

    @classmethod
    def read(cls, given: str) -> Cursor | None:
        """Return what `opaque` made; None when it did not make this."""
        try:
            plain = base64.urlsafe_b64decode(given + "=" * (-len(given) % 4))
            offset, page, issued, name = json.loads(plain)
            return cls(int(offset), int(page), float(issued), str(name))
        except (binascii.Error, ValueError, TypeError):
            return None


def items_of(name: str, feed: Feed, offset: int, size: int) -> Sequence[dict[str, Any]]:
    """Return ``size`` items of a profile's feed, fewer at its end, from ``offset`` on."""
    numbers = range(feed.posts - offset, max(feed.posts - offset - size, 0), -1)
    return [_item(name, feed, number) for number in numbers]


def post_id(name: str, number: int) -> int:
    """Return LinkedIn's id of an item."""
    return 7_000_000_000_000_000_000 + zlib.crc32(name.encode()) * 1_000_000 + number


def post_text(name: str, number: int) -> str:
    """Return the text of an item, as long as the feed does not replace it."""
    opening, body = _OPENINGS[number % len(_OPENINGS)], _BODIES[number % len(_BODIES)]
    return f"{opening}\n\n{body}\n\nNote {number} of {name}."


def _item(name: str, feed: Feed, number: int) -> dict[str, Any]:
    identity = post_id(name, number)
    activity = identity + 500_000
    reshare = feed.reshares > 0 and number % feed.reshares == 0
    another = not reshare and feed.others > 0 and number % feed.others == 0
    owner = _person(feed.renamed or name)
    source = _person(f"{name}-admires")
    return {
        "linkedin_post_id": identity if feed.numeric_ids else str(identity),
        "linkedin_post_url": f"https://www.linkedin.com/posts/{name}_note-activity-{activity}-AbCd",
        "linkedin_activity_id": activity if feed.numeric_ids else str(activity),
        "linkedin_post_type": "reshare" if reshare else "original",
        "content_text": feed.texts.get(number, post_text(name, number)),
        "published_date": (_FIRST_POST + timedelta(hours=6 * number)).isoformat(),
        "reaction_count": number * 37 % 500 + feed.likes,
        "comment_count": number * 11 % 60,
        "repost_count": number * 5 % 20,
        "author": source if reshare or another else owner,
        "activity_author": owner,
        "source_post": {"linkedin_post_id": str(identity - 7)} if reshare else None,
    }


def _person(name: str) -> dict[str, Any]:
    return {
        "firstname": name.partition("-")[0].capitalize(),
        "lastname": "Simulated",
        "linkedin_profile_url": f"https://www.linkedin.com/in/{name}",
        "linkedin_profile_id": zlib.crc32(name.encode()),
    }
