"""Files of posts: JSON Lines in the form of the shipped samples, CSV, LinkedIn's Shares.csv.

JSON Lines and CSV name the same fields.  Required: ``author`` (unless all posts are of one known
profile) and ``content``.  Read when present: ``id``, ``name``, ``linkedin_id``, ``headline``,
``type`` (``internal`` or ``external_influencer``), ``posted_at`` (ISO 8601, in UTC unless it says
otherwise) or ``days_ago``, ``reactions``, ``comments``, ``shares``, ``post_url`` (or ``url``).
Others are ignored.  Rows are read one by one: memory does not grow with the file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from io import BufferedReader, TextIOWrapper
from pathlib import Path
from typing import Any

from linkedin_pipeline.adapters.post_fields import BadField, read_post
from linkedin_pipeline.adapters.post_tables import table_rows
from linkedin_pipeline.adapters.text_files import (
    HEAD,
    LONGEST_LINE,
    lines,
    open_text,
    unreadable,
)
from linkedin_pipeline.domain.bank import NewPost, NewProfile, SkippedRow
from linkedin_pipeline.domain.errors import BadInput

_ONE_A_LINE = "Write one JSON object a line."
_JSON_NAMES = {".jsonl", ".ndjson", ".json"}

Position = Callable[[int], None]
"""Is told how many bytes of the file have been read, before each row."""


def read_posts(path: Path, now: datetime) -> Iterator[NewPost]:
    """Yield the posts of a JSON Lines file in its order; ``days_ago`` counts back from ``now``.

    Raises:
        BadInput: the file cannot be read, or a line is not such a post; names the line.
    """
    with open_text(path) as text:
        for row in _reading(path, _json_rows(text, now, None)):
            if isinstance(row, SkippedRow):
                raise BadInput(f"{path}, line {row.line}", row.met, row.remedy)
            yield row


def import_rows(
    path: Path,
    now: datetime,
    author: NewProfile | None = None,
    position: Position = lambda _bytes: None,
) -> Iterator[NewPost | SkippedRow]:
    """Yield every row of a file of either form, those that are no posts with their reasons.

    Raises:
        BadInput: the file cannot be read or is no such file, or it does not say whose posts its
            posts are and no ``author`` is given.
    """
    with open_text(path) as text:
        file = text.buffer
        assert isinstance(file, BufferedReader)  # as open_text makes it
        table = _is_table(path, file.peek(HEAD).decode(text.encoding, "replace"))
        if table:
            text.reconfigure(newline="")
        rows = table_rows(path, text, now, author) if table else _json_rows(text, now, author)
        seekable = file.seekable()
        for row in _reading(path, rows):
            if seekable:
                position(file.tell())
            yield row


def _is_table(path: Path, head: str) -> bool:
    """Tell CSV from JSON Lines by the first character, whatever the file is called."""
    start = head.lstrip("\ufeff \t\r\n")[:1]
    if start == "[":
        raise BadInput(str(path), "it is one JSON array", _ONE_A_LINE)
    return start != "{" and path.suffix.lower() not in _JSON_NAMES


def _reading(path: Path, rows: Iterator[NewPost | SkippedRow]) -> Iterator[NewPost | SkippedRow]:
    try:
        yield from rows
    except OSError as error:
        raise unreadable(path, error) from error
    except UnicodeError as error:  # of UTF-16 only: bytes that are no UTF-8 fail their rows
        raise BadInput(str(path), "its UTF-16 text is damaged", "Save it as UTF-8.") from error


def _json_rows(
    text: TextIOWrapper, now: datetime, author: NewProfile | None
) -> Iterator[NewPost | SkippedRow]:
    for number, line in lines(text):
        if line is None:
            yield SkippedRow(
                number, "too_long", f"longer than {LONGEST_LINE:,} characters", _ONE_A_LINE
            )
        elif line.strip():
            try:
                yield read_post(_json_object(line), now, author)
            except BadField as wrong:
                yield SkippedRow(number, wrong.code, wrong.met, wrong.remedy)


def _json_object(line: str) -> dict[str, Any]:
    try:
        values = json.loads(line)
    except json.JSONDecodeError as error:
        wrong = f"not JSON ({error.msg} in column {error.colno})"
        raise BadField("no_json", wrong, _ONE_A_LINE) from error
    except (ValueError, RecursionError) as error:  # numbers or brackets beyond all measure
        raise BadField("no_json", "no JSON of a post", _ONE_A_LINE) from error
    if not isinstance(values, dict):
        raise BadField("no_json", "not a JSON object", _ONE_A_LINE)
    return values
