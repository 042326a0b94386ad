"""The feeds behind a simulated Unipile: what is published, and how it comes to light."""

from __future__ import annotations

import re
import threading
from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count
from typing import Any
from zlib import crc32

from linkedin_pipeline.simulators.unipile_posts import Media, Mention

_FIRST_ID = 7_400_000_000_000_000_000
_STEP = 10  # between the ids of two posts; the digit between names the form of the id
FORMS = ("activity", "share", "ugcPost")


class Change(StrEnum):
    """What LinkedIn does to a text on its way into a feed."""

    LINKS = "links_changed"
    MENTIONS = "mentions_changed"
    SPACES = "spaces_changed"
    CUT = "text_cut"


def changed(text: str, mentions: Sequence[Mention], changes: Collection[Change]) -> str:
    """Return a text as a feed shows it."""
    if Change.MENTIONS in changes:
        for number, mention in enumerate(mentions):
            text = text.replace(f"{{{{{number}}}}}", mention.name)
    if Change.LINKS in changes:
        text = re.sub(r"https?://\S+", _short, text)
    if Change.SPACES in changes:
        text = re.sub(r"\s+", " ", text).strip()
    if Change.CUT in changes:
        text = text[: max(len(text) * 2 // 3, 1)].rstrip() + "…"
    return text


@dataclass(frozen=True, slots=True)
class Post:
    """A published post.

    ``author`` is the provider id of a person or the id of a page, whose feed shows it from
    ``visible_at`` on.  ``text`` is what was sent, ``shown`` what the feed shows.  ``by`` is ``api``
    or, when a person published it without us, ``hand``.
    """

    number: int
    author: str
    text: str
    shown: str
    at: float
    visible_at: float
    by: str = "api"
    account_id: str = ""
    as_organization: str | None = None
    mentions: tuple[Mention, ...] = ()
    media: tuple[Media, ...] = ()
    external_link: str | None = None
    request_id: str = ""

    @property
    def key(self) -> tuple[float, int]:
        """Its place in the feed."""
        return self.at, self.number

    @property
    def id(self) -> str:
        """The number of the activity."""
        return self.numbered("activity")

    @property
    def urn(self) -> str:
        """The social id."""
        return f"urn:li:activity:{self.id}"

    def numbered(self, form: str) -> str:
        """Return the number under which a form of URN knows it."""
        return str(_FIRST_ID + self.number * _STEP + FORMS.index(form))

    def as_json(self) -> dict[str, Any]:
        """Return the post for the admin API."""
        return {
            "post_id": self.id,
            "social_id": self.urn,
            "author": self.author,
            "account_id": self.account_id,
            "as_organization": self.as_organization,
            "text": self.text,
            "shown": self.shown,
            "at": self.at,
            "visible_at": self.visible_at,
            "by": self.by,
            "external_link": self.external_link,
            "sha256": [media.sha256 for media in self.media],
            "request_id": self.request_id,
        }


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a feed, newest first; ``before`` is where the next one goes on, if there is one."""

    posts: list[Post]
    before: tuple[float, int] | None


@dataclass(slots=True)
class _Feed:
    posts: list[Post] = field(default_factory=list)  # oldest first
    by_text: dict[str, list[Post]] = field(default_factory=dict)


class Feeds:
    """Every post by author; found by number, text or place without a search; thread-safe."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._numbers = count(1)
        self._posts: dict[int, Post] = {}
        self._feeds: dict[str, _Feed] = {}
        self._lock = threading.Lock()

    def publish(self, author: str, text: str, shown: str | None = None, **rest: Any) -> Post:
        """Publish a post, now unless ``at`` says when; ``delay`` seconds until it is seen."""
        at = rest.pop("at", None)
        at = self._now() if at is None else at
        visible_at = at + rest.pop("delay", 0.0)
        with self._lock:
            number = next(self._numbers)
            post = Post(
                number, author, text, text if shown is None else shown, at, visible_at, **rest
            )
            self._posts[number] = post
            feed = self._feeds.setdefault(author, _Feed())
            insort(feed.posts, post, key=lambda one: one.key)
            feed.by_text.setdefault(text, []).append(post)
        return post

    def clear(self) -> None:
        """Delete every post."""
        with self._lock:
            self._posts.clear()
            self._feeds.clear()

    def find(self, identity: str) -> Post | None:
        """Return the post that a number, or a URN with the number of its form, names."""
        form, _, digits = identity.removeprefix("urn:li:").rpartition(":")
        if not digits.isdigit() or (form or "activity") not in FORMS:
            return None
        number, rest = divmod(int(digits) - _FIRST_ID, _STEP)
        return self._posts.get(number) if rest == FORMS.index(form or "activity") else None

    def has_author(self, author: str) -> bool:
        """Tell whether an author has ever published."""
        return author in self._feeds

    def with_text(self, author: str, text: str) -> list[Post]:
        """Return the posts of an author with exactly this text, oldest first."""
        with self._lock:
            feed = self._feeds.get(author)
            return list(feed.by_text.get(text, ())) if feed else []

    def posts(self, author: str | None = None) -> list[Post]:
        """Return every post, or every one of an author, in the order of publication."""
        with self._lock:
            if author is None:
                return sorted(self._posts.values(), key=lambda one: one.key)
            feed = self._feeds.get(author)
            return list(feed.posts) if feed else []

    def counts(self, author: str | None = None) -> dict[tuple[str, str], int]:
        """Return how often each text was published, by author and text."""
        return dict(Counter((one.author, one.text) for one in self.posts(author)))

    def page(
        self,
        author: str,
        limit: int,
        before: tuple[float, int] | None = None,
        *,
        seen_at: float | None = None,
    ) -> Page:
        """Return a page of what a feed shows at an instant (now), older than ``before``."""
        instant = self._now() if seen_at is None else seen_at
        with self._lock:
            feed = self._feeds.get(author, _Feed()).posts
            start = (
                len(feed) if before is None else bisect_left(feed, before, key=lambda one: one.key)
            )
            found: list[Post] = []
            for index in range(start - 1, -1, -1):
                if feed[index].visible_at <= instant:
                    found.append(feed[index])
                if len(found) > limit:
                    break
        shown = found[:limit]
        return Page(shown, shown[-1].key if len(found) > limit else None)


def _short(found: re.Match[str]) -> str:
    return f"https://lnkd.in/{crc32(found[0].encode()):08x}"
