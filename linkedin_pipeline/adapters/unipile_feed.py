"""A feed read page by page, as far as it has to be, and honest about where it could not.

A feed is complete when its end was seen, or a post that is older than what was asked for in a place
where only older ones follow.  The first post proves nothing, it may be pinned; nor does a feed that
is not in order; nor does a repost, which may carry the date of what it repeats.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple

from linkedin_pipeline.adapters.unipile_errors import Unreadable
from linkedin_pipeline.adapters.unipile_posts import seen
from linkedin_pipeline.domain.errors import ProviderDown
from linkedin_pipeline.domain.feed import MARGIN
from linkedin_pipeline.domain.publications import Feed, SeenPost

MOST_PAGES = 20
"""Pages, of 100 posts each, after which a feed is left unread."""


class Page(NamedTuple):
    """Items of a list, and where it goes on; ``is_last`` when it says that it does not."""

    items: list[Any]
    cursor: str | None
    is_last: bool


def page_of(document: Any) -> Page:
    """Read a page of a list.

    Raises:
        Unreadable: it is none.
    """
    items = document.get("items") if isinstance(document, dict) else None
    if not isinstance(items, list):
        raise Unreadable("the answer is not a list")
    cursor = document.get("cursor")
    named = cursor if isinstance(cursor, str) and cursor else None
    return Page(items, named, "cursor" in document and cursor in (None, ""))


def read_feed(fetch: Callable[[str | None], Page], since: datetime) -> Feed:
    """Read pages until one reaches back beyond ``since`` or ends the feed.

    Raises:
        ProviderDown: the first page could not be read.
    """
    shown: list[SeenPost] = []
    unreadable = 0
    cursors: set[str] = set()
    cursor: str | None = None
    trouble, complete = f"it has more than {MOST_PAGES} pages", False
    for number in range(MOST_PAGES):
        try:
            page = fetch(cursor)
        except ProviderDown as error:
            if number == 0:
                raise
            trouble = f"page {number + 1} could not be read: {error.value}"
            break
        for item in page.items:
            try:
                shown.append(seen(item))
            except Unreadable:
                unreadable += 1
        if page.is_last or _reaches(shown, since):
            complete = True
            break
        if page.cursor is None or page.cursor in cursors:
            trouble = "it does not say how it goes on"
            break
        cursor = page.cursor
        cursors.add(cursor)
    if unreadable:
        complete, trouble = False, f"{unreadable} of its posts could not be read"
    return Feed(_once(shown), complete, None if complete else trouble)


def _reaches(shown: list[SeenPost], since: datetime) -> bool:
    times = [post.at for post in shown[1:] if post.at is not None and not post.is_repost]
    in_order = all(later + MARGIN >= earlier for later, earlier in pairwise(times))
    return bool(times) and in_order and times[-1] < since


def _once(shown: list[SeenPost]) -> list[SeenPost]:
    met: set[str] = set()
    kept = []
    for post in shown:
        if not post.ids & met:
            kept.append(post)
        met |= post.ids
    return kept
