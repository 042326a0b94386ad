"""Posts from JSON Lines files: one object a line, in the form of the shipped samples.

Required: ``author`` and ``content``.  Read when present: ``id``, ``name``, ``linkedin_id``,
``headline``, ``type`` (``internal`` or ``external_influencer``), ``posted_at`` (ISO 8601) or
``days_ago``, ``reactions``, ``comments``, ``shares``.  Other keys are ignored.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast, get_args

from linkedin_pipeline.domain.bank import AuthorType, NewPost, NewProfile
from linkedin_pipeline.domain.errors import BadInput


def read_posts(path: Path, now: datetime) -> Iterator[NewPost]:
    """Yield the posts of a file in its order; ``days_ago`` counts back from ``now``.

    Raises:
        BadInput: the file cannot be read, or a line is not such a post; names the line.
    """
    try:
        with path.open(encoding="utf-8-sig") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield _post(f"{path}, line {number}", line, now)
    except OSError as error:
        raise BadInput(
            str(path), error.strerror or "it cannot be read", "Name a JSON Lines file of posts."
        ) from error
    except UnicodeDecodeError as error:
        raise BadInput(str(path), "it is not UTF-8 text", "Save it as UTF-8.") from error


def _post(where: str, line: str, now: datetime) -> NewPost:
    try:
        values = json.loads(line)
    except json.JSONDecodeError as error:
        wrong = f"not JSON ({error.msg} in column {error.colno})"
        raise BadInput(where, wrong, "Write one JSON object a line.") from error
    except (ValueError, RecursionError) as error:  # numbers or brackets beyond all measure
        raise BadInput(where, "no JSON of a post", "Write one JSON object a line.") from error
    if not isinstance(values, dict):
        raise BadInput(where, "not a JSON object", "Write one JSON object a line.")
    read = _Reader(where, values)
    author = NewProfile(
        key=read.text("author"),
        full_name=read.optional("name") or read.text("author"),
        linkedin_id=read.optional("linkedin_id"),
        role=read.optional("headline"),
        type=read.author_type(),
    )
    content = read.text("content")
    return NewPost(
        key=read.key() or content,
        author=author,
        content=content,
        likes=read.count("reactions"),
        comments=read.count("comments"),
        shares=read.count("shares"),
        posted_at=read.moment(now),
    )


class _Reader:
    """Reads fields of one line and says which field of which line is wrong."""

    def __init__(self, where: str, values: dict[str, Any]) -> None:
        self.where = where
        self.values = values

    def text(self, key: str) -> str:
        value = self.optional(key)
        if not value or value.isspace():
            raise self.bad(key, "Give it as a text that is not empty.")
        return value

    def key(self) -> str | None:
        value = self.values.get("id")
        whole = isinstance(value, int) and not isinstance(value, bool)
        return str(value) if whole else self.optional("id")

    def author_type(self) -> AuthorType:
        value = self.optional("type") or "external_influencer"
        if value not in get_args(AuthorType):
            raise self.bad("type", f"Give it as one of: {', '.join(get_args(AuthorType))}.")
        return cast("AuthorType", value)

    def optional(self, key: str) -> str | None:
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, str) or "\x00" in value:
            raise self.bad(key, "Give it as a text without NUL characters.")
        try:
            value.encode("utf-8")
        except UnicodeEncodeError as error:
            raise self.bad(key, "Half of a surrogate pair cannot be stored.") from error
        return value

    def count(self, key: str) -> int:
        value = self.values.get(key)
        if value is None:
            return 0
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
            raise self.bad(key, "Give it as a whole number that is not negative.")
        return value

    def moment(self, now: datetime) -> datetime | None:
        text = self.optional("posted_at")
        if text:
            return self._try("posted_at", lambda: _in_utc(datetime.fromisoformat(text)))
        days = self.values.get("days_ago")
        if days is None:
            return None
        if isinstance(days, bool) or not isinstance(days, int | float) or not days >= 0:
            raise self.bad("days_ago", "Give it as a number of days that is not negative.")
        return self._try("days_ago", lambda: now - timedelta(days=days))

    def _try(self, key: str, make: Callable[[], datetime]) -> datetime:
        try:
            return make()
        except (ValueError, OverflowError) as error:
            raise self.bad(key, "Give a date as 2026-01-31T09:00:00Z, or days_ago.") from error

    def bad(self, key: str, remedy: str) -> BadInput:
        shown = repr(self.values.get(key))
        return BadInput(
            self.where, f"{key} is {shown[:60] + '…' if len(shown) > 60 else shown}", remedy
        )


def _in_utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
