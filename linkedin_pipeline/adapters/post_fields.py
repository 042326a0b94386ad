"""The fields of one row, of whatever file: read strictly, each with the reason when it is wrong."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast, get_args

from linkedin_pipeline.domain.bank import AuthorType, NewPost, NewProfile
from linkedin_pipeline.domain.linkedin_urls import post_url

LONGEST_KEY = 200
"""Characters of an id or identifier; PostgreSQL cannot index a text beyond about 2,700 bytes."""


class BadField(Exception):
    """What is wrong with a row: a code for machines, what was met, what to write instead."""

    def __init__(self, code: str, met: str, remedy: str) -> None:
        super().__init__(code)
        self.code = code
        self.met = met
        self.remedy = remedy


def read_post(values: Mapping[str, Any], now: datetime, author: NewProfile | None) -> NewPost:
    """Return the post that a row describes; ``author`` is whose all posts are, when given.

    Raises:
        BadField: something that is read is missing or cannot be used.
    """
    read = _Reader(values)
    if author is None:
        author = NewProfile(
            key=read.text("author", "no_author"),
            full_name=read.optional("name") or read.text("author", "no_author"),
            linkedin_id=read.short("linkedin_id"),
            role=read.optional("headline"),
            type=read.author_type(),
        )
    content = read.text("content", "no_text")
    url = read.url()
    return NewPost(
        key=read.key() or url or content,
        author=author,
        content=content,
        likes=read.count("reactions"),
        comments=read.count("comments"),
        shares=read.count("shares"),
        posted_at=read.moment(now),
        url=url,
    )


class _Reader:
    """Reads fields of one row and says which of them is wrong."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values

    def text(self, key: str, code: str) -> str:
        value = self.optional(key)
        if not value or value.isspace():
            raise self.bad(key, code, "Give it as a text that is not empty.")
        return value

    def key(self) -> str | None:
        value = self.values.get("id")
        whole = isinstance(value, int) and not isinstance(value, bool)
        return str(value) if whole else self.short("id")

    def author_type(self) -> AuthorType:
        value = self.optional("type") or "external_influencer"
        if value not in get_args(AuthorType):
            remedy = f"Give it as one of: {', '.join(get_args(AuthorType))}."
            raise self.bad("type", "bad_type", remedy)
        return cast("AuthorType", value)

    def optional(self, key: str) -> str | None:
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, str) or "\x00" in value:
            raise self.bad(key, "bad_text", "Give it as a text without NUL characters.")
        try:
            value.encode("utf-8")
        except UnicodeEncodeError as error:
            if "\udc80" <= value[error.start] <= "\udcff":  # what open_text makes of such bytes
                raise self.bad(key, "not_utf8", "Save the file as UTF-8.") from error
            raise self.bad(key, "bad_text", "Half of a surrogate pair cannot be stored.") from error
        return value

    def short(self, key: str) -> str | None:
        value = self.optional(key)
        if value is not None and len(value) > LONGEST_KEY:
            raise self.bad(key, "bad_id", f"Give it in at most {LONGEST_KEY} characters.")
        return value or None

    def url(self) -> str | None:
        given = self.optional("post_url") or self.optional("url")
        if not given or given.isspace():
            return None
        written = post_url(given)
        if written is None:
            raise self.bad("post_url", "bad_url", "Give it as https://www.linkedin.com/….")
        return written

    def count(self, key: str) -> int | None:
        value = self.values.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
            remedy = "Give it as a whole number that is not negative."
            raise self.bad(key, "bad_number", remedy)
        return value

    def moment(self, now: datetime) -> datetime | None:
        text = self.optional("posted_at")
        if text:
            written = text.strip().removesuffix(" UTC")
            return self._try("posted_at", lambda: _in_utc(datetime.fromisoformat(written)))
        days = self.values.get("days_ago")
        if days is None:
            return None
        if isinstance(days, bool) or not isinstance(days, int | float) or not days >= 0:
            remedy = "Give it as a number of days that is not negative."
            raise self.bad("days_ago", "bad_date", remedy)
        if not math.isfinite(days):
            raise self.bad("days_ago", "bad_date", "Give it as a finite number of days.")
        return self._try("days_ago", lambda: now - timedelta(days=days))

    def _try(self, key: str, make: Callable[[], datetime]) -> datetime:
        try:
            return make()
        except (ValueError, OverflowError) as error:
            remedy = "Give a date as 2026-01-31T09:00:00Z, or days_ago."
            raise self.bad(key, "bad_date", remedy) from error

    def bad(self, key: str, code: str, remedy: str) -> BadField:
        value = self.values.get(key)
        if key == "content" and isinstance(value, str) and not value.isspace():
            return BadField(code, f"content is a text of {len(value)} characters", remedy)
        shown = repr(value)
        return BadField(code, f"{key} is {shown[:60] + '…' if len(shown) > 60 else shown}", remedy)


def _in_utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
