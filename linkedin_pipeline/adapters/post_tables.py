"""Posts in CSV: with our own column names, or LinkedIn's ``Shares.csv``.

``Shares.csv`` is part of what LinkedIn hands out under "Get a copy of your data" (also named
``Shares_NUMBER.csv``).  Its columns: ``Date`` (UTC, as ``2026-05-01 10:00:00``), ``ShareLink``,
``ShareCommentary`` (empty for reshares without words), ``SharedUrl``, ``MediaUrl``, ``Visibility``.
Whose posts they are it does not say, nor how they were received.  Learned from files that people
published and programs that read them; LinkedIn documents none of it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from linkedin_pipeline.adapters.post_fields import BadField, read_post
from linkedin_pipeline.adapters.text_files import lines
from linkedin_pipeline.domain.bank import NewPost, NewProfile, SkippedRow
from linkedin_pipeline.domain.errors import BadInput
from linkedin_pipeline.domain.shares import plain_commentary

_SHARES = {"date": "posted_at", "sharelink": "post_url", "sharecommentary": "content"}
_WHOLE = {"reactions", "comments", "shares"}
_DELIMITERS = ",;\t"


def table_rows(
    path: Path, text: TextIOWrapper, now: datetime, author: NewProfile | None
) -> Iterator[NewPost | SkippedRow]:
    """Yield the rows of a table; line numbers are those where a row begins.

    Raises:
        BadInput: the first line does not name the columns, or whose posts they are is not said.
    """
    source = (line or "" for _, line in lines(text))
    first = next((line for line in source if line.strip()), "")
    names, delimiter = _header(first)
    shares = "sharecommentary" in names
    if not shares and "content" not in names:
        raise BadInput(
            str(path),
            "its first line names no column content or ShareCommentary",
            "Name a JSON Lines or CSV file of posts, or LinkedIn's Shares.csv.",
        )
    if author is None and (shares or "author" not in names):
        raise BadInput(
            str(path),
            "it does not say whose posts these are",
            "Name the profile with --profile ID; linkedin-pipeline profiles lists them.",
        )
    rows = csv.reader(source, delimiter=delimiter)
    begun = 2
    while True:
        try:
            cells = next(rows, None)
        except csv.Error:
            # the reader starts afresh with the next line
            yield SkippedRow(
                begun,
                "bad_quotes",
                "a field without an end",
                'Close it with ", and double every ".',
            )
            begun = rows.line_num + 2
            continue
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            yield _row(begun, names, cells, now, author, shares=shares)
        begun = rows.line_num + 2


def _header(line: str) -> tuple[list[str], str]:
    """Return the column names in small letters, and what separates them."""
    best: tuple[list[str], str] = ([], ",")
    for delimiter in _DELIMITERS:
        try:
            cells = next(csv.reader([line], delimiter=delimiter), [])
        except csv.Error:
            continue
        if len(cells) > len(best[0]):
            best = ([cell.strip().lstrip("\ufeff").lower() for cell in cells], delimiter)
    return best


def _row(
    line: int,
    names: Sequence[str],
    cells: Sequence[str],
    now: datetime,
    author: NewProfile | None,
    *,
    shares: bool,
) -> NewPost | SkippedRow:
    try:
        if len(cells) < len(names) or any(cell.strip() for cell in cells[len(names) :]):
            met = f"{len(cells)} columns instead of {len(names)}"
            raise BadField("bad_columns", met, "Quote texts that hold separators or quotes.")
        values = dict(zip(names, cells, strict=False))
        return read_post(_of_shares(values) if shares else _typed(values), now, author)
    except BadField as wrong:
        return SkippedRow(line, wrong.code, wrong.met, wrong.remedy)


def _of_shares(values: Mapping[str, str]) -> dict[str, Any]:
    row = {ours: values.get(theirs, "") for theirs, ours in _SHARES.items()}
    return {**row, "content": plain_commentary(row["content"]).strip()}


def _typed(values: Mapping[str, str]) -> dict[str, Any]:
    """Return the cells as JSON would have them: empty ones absent, numbers as numbers."""
    row: dict[str, Any] = {name: cell for name, cell in values.items() if cell.strip()}
    for name in _WHOLE & row.keys():
        if re.fullmatch(r"\s*[0-9]{1,16}\s*", row[name]):
            row[name] = int(row[name])
    if re.fullmatch(r"\s*[0-9]{1,9}(?:\.[0-9]{1,9})?\s*", row.get("days_ago", "")):
        row["days_ago"] = float(row["days_ago"])
    return row
