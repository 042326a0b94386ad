"""A profile's feed as LinkedIn shows it: which items are its own posts, and what each one says.

Whatever an item holds is data, and any of it may be missing, of another type or ill-meant: what
cannot be read is left out and counted, and never stops the items beside it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Any
from urllib.parse import unquote
from uuid import UUID

from linkedin_pipeline.domain.errors import BadInput
from linkedin_pipeline.domain.linkedin_urls import post_url, public_identifier

SYNC_WORKER = "sync_profiles"
"""The switch, log rows and incidents of reading profiles (CONTRACT 3.1)."""
LONGEST_TEXT = 100_000
"""Characters; LinkedIn's own limit is 3,000."""
_LONGEST_ID = 100
_LARGEST_COUNT = 10**12
_FIRST_YEAR = 2003
_NUMBER = re.compile(r"urn:li:(?:share|ugcPost|activity):([0-9]{5,25})(?![0-9])", re.ASCII)
_MEMBER = re.compile(r"AC[o-zA-Z]AA[\w-]{20}", re.ASCII)
"""LinkedIn's code of a member, which opens the profile as its public name does."""
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""What PostgreSQL cannot hold: NUL, and halves of characters."""


class SyncOutcome(StrEnum):
    """How the reading of one profile ended."""

    COMPLETED = "completed"
    FAILED = "failed"
    GONE = "gone"
    STALE = "stale"
    GIVEN_BACK = "given_back"


class PageFailed(Exception):
    """A page could not be had; the profile is tried again later.  No address, key or text in it."""


class CursorDied(Exception):
    """The place where a reading was to go on is no longer known; it begins anew."""


@dataclass(frozen=True, slots=True)
class SyncClaim:
    """A profile in this reader's hands; ``token`` fences what it writes.

    ``cursor`` says where an interrupted reading goes on, after ``pages`` stored pages; ``job`` is
    the row of ``sync_jobs`` that counts the reading.
    """

    profile_id: UUID
    partition_key: str
    linkedin_id: str
    token: int
    cursor: str | None
    job: UUID
    pages: int


@dataclass(frozen=True, slots=True)
class FeedPost:
    """A post of the profile's own; ``id`` is LinkedIn's.

    ``numbers`` are all the numbers that LinkedIn knows it by (share and activity differ).  Numbers
    of reactions are None where the feed does not say.
    """

    id: str
    numbers: tuple[str, ...]
    url: str | None
    text: str
    posted_at: datetime | None
    metrics: Mapping[str, int]


class Why(StrEnum):
    """Why an item of a feed is left out."""

    RESHARE = "reshares"
    OTHERS = "others"
    UNUSABLE = "unusable"


@dataclass(frozen=True, slots=True)
class FeedPage:
    """One page of a feed: the profile's own posts, and what was left out, by LinkedIn's id.

    ``next_cursor`` leads to the next page; None when this is the last one.
    """

    posts: Sequence[FeedPost] = ()
    left_out: Sequence[tuple[Why, str | None]] = ()
    next_cursor: str | None = None

    def count(self, why: Why) -> int:
        """Count the items that were left out for a reason."""
        return sum(one is why for one, _ in self.left_out)

    def without(self, seen: set[str]) -> FeedPage:
        """Return the page without items that were seen before, and remember those of it."""
        posts = [post for post in self.posts if _first(post.id, seen)]
        left_out = [item for item in self.left_out if item[1] is None or _first(item[1], seen)]
        return replace(self, posts=posts, left_out=left_out)

    def __len__(self) -> int:
        return len(self.posts) + len(self.left_out)


def _first(identity: str, seen: set[str]) -> bool:
    known = identity in seen
    seen.add(identity)
    return not known


@dataclass(frozen=True, slots=True)
class PageStored:
    """What storing a page changed in the bank; ``held`` is False when the claim was stale."""

    held: bool
    added: int = 0
    edited: int = 0
    refreshed: int = 0

    @property
    def changed(self) -> int:
        """How many rows were written."""
        return self.added + self.edited + self.refreshed


@dataclass(frozen=True, slots=True)
class DueSyncs:
    """How many profiles wait to be read; ``fresh``: one of them has not just failed."""

    number: int
    fresh: bool


def read_page(items: Sequence[Any], linkedin_id: str, next_cursor: str | None) -> FeedPage:
    """Sort the items of a page of the feed of the profile with that public identifier.

    A reshare is one by its type, where that is missing by its source.  A post is another's when its
    author is not the feed's owner, or the owner is not this profile, as far as either is known.
    """
    posts: list[FeedPost] = []
    left_out: list[tuple[Why, str | None]] = []
    for item in items:
        if not isinstance(item, Mapping):
            left_out.append((Why.UNUSABLE, None))
        elif _is_reshare(item):
            left_out.append((Why.RESHARE, _id_of(item)))
        elif _is_anothers(item, linkedin_id):
            left_out.append((Why.OTHERS, _id_of(item)))
        elif (post := _post(item)) is None:
            left_out.append((Why.UNUSABLE, _id_of(item)))
        else:
            posts.append(post)
    return FeedPage(posts, left_out, next_cursor)


def _is_reshare(item: Mapping[str, Any]) -> bool:
    kind = item.get("linkedin_post_type")
    if isinstance(kind, str) and kind.strip():
        return kind.strip().casefold() != "original"
    return bool(item.get("source_post"))


def _is_anothers(item: Mapping[str, Any], linkedin_id: str) -> bool:
    author, owner = _person(item.get("author")), _person(item.get("activity_author"))
    profile = _named(unquote(linkedin_id.strip()))
    return _differ(author, owner) or _differ(owner, profile) or _differ(author, profile)


def _person(given: Any) -> Mapping[str, str]:
    """Return what tells people apart, by kind: public name, member code, number."""
    if not isinstance(given, Mapping):
        return {}
    known: dict[str, str] = {}
    number = _identity(given.get("linkedin_profile_id"))
    if number and number.isdigit():
        known["number"] = number
    address = given.get("linkedin_profile_url")
    if isinstance(address, str):
        try:
            name = public_identifier(address)
        except BadInput:
            return known
        known |= _named(name)
    return known


def _named(identifier: str) -> dict[str, str]:
    if _MEMBER.match(identifier):
        return {"member": identifier}
    return {"name": identifier.lower()}


def _differ(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    shared = one.keys() & other.keys()
    return bool(shared) and not any(one[kind] == other[kind] for kind in shared)


def _post(item: Mapping[str, Any]) -> FeedPost | None:
    number, text = _id_of(item), item.get("content_text")
    activity = _identity(item.get("linkedin_activity_id"))
    if number is None or not isinstance(text, str) or not text.strip("\x00 \t\r\n"):
        return None
    given = item.get("linkedin_post_url")
    url = post_url(given) if isinstance(given, str) and given.isprintable() else None
    named = _NUMBER.search(url) if url else None
    if named is None:
        # another site's address, or none: LinkedIn finds a post by its activity's number
        named, url = None, None
        if activity and activity.isdigit():
            url = f"https://www.linkedin.com/feed/update/urn:li:activity:{activity}/"
    known = (number, activity, named[1] if named else None)
    return FeedPost(
        id=number,
        numbers=tuple(dict.fromkeys(one for one in known if one and one.isdigit())),
        url=url,
        text=_UNSTORABLE.sub("", text)[:LONGEST_TEXT],
        posted_at=_instant(item.get("published_date")),
        metrics={
            name: count
            for name, key in _METRICS.items()
            if (count := _count(item.get(key))) is not None
        },
    )


_METRICS = {"likes": "reaction_count", "comments": "comment_count", "shares": "repost_count"}


def _id_of(item: Mapping[str, Any]) -> str | None:
    return _identity(item.get("linkedin_post_id")) or _identity(item.get("linkedin_activity_id"))


def _identity(value: Any) -> str | None:
    """Return an id that may come as text, URN or number (Edges changed some in February 2026)."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if 0 <= value < 10**25 else None
    if not isinstance(value, str):
        return None
    named = _NUMBER.search(value)
    text = named[1] if named else value.strip()
    return text if text and len(text) <= _LONGEST_ID and text.isprintable() else None


def _count(value: Any) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 12:
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return min(max(value, 0), _LARGEST_COUNT)
    return None


def _instant(value: Any) -> datetime | None:
    """Return the time of an ISO date or time, or of seconds or milliseconds since 1970, in UTC."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            found = datetime.fromtimestamp(value / 1000 if value > 10**11 else value, UTC)
        elif isinstance(value, str) and len(value.strip()) == 10:
            found = datetime.combine(date.fromisoformat(value.strip()), time(), UTC)
        elif isinstance(value, str):
            found = datetime.fromisoformat(value.strip())
            found = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
        else:
            return None
    except (ValueError, OverflowError, OSError):
        return None
    return found if _FIRST_YEAR <= found.year < 9000 else None
