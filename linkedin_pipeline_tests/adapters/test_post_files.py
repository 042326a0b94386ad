"""Posts from JSON Lines files, and what is said of a bad line."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from linkedin_pipeline.adapters.post_files import read_posts
from linkedin_pipeline.domain.bank import NewPost
from linkedin_pipeline.domain.errors import BadInput

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LEAST = {"author": "ada", "content": "Hiring is a product."}


def read(place: Path, *lines: str | dict[str, Any], encoding: str = "utf-8") -> list[NewPost]:
    """Write the lines into a file and read its posts."""
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path = place / "posts.jsonl"
    path.write_bytes("\n".join(texts).encode(encoding))
    return list(read_posts(path, NOW))


def test_author_and_content_are_enough(tmp_path: Path) -> None:
    """The author's key serves as name, the text as key of the post."""
    [post] = read(tmp_path, LEAST)
    assert (post.author.key, post.author.full_name, post.author.type) == (
        "ada",
        "ada",
        "external_influencer",
    )
    assert (post.content, post.key, post.posted_at) == (LEAST["content"], LEAST["content"], None)
    assert post.metrics == {}


def test_everything_that_a_line_may_say(tmp_path: Path) -> None:
    """Each key of the form reaches its field, and unknown ones are ignored."""
    [post] = read(
        tmp_path,
        {
            **LEAST,
            "id": "p1",
            "name": "Ada Lovelace",
            "linkedin_id": "ada-l",
            "headline": "Analyst",
            "type": "internal",
            "posted_at": "2026-02-01T10:00:00+02:00",
            "reactions": 3,
            "comments": 2,
            "shares": 1,
            "followers": 12,
        },
    )
    assert (post.key, post.author.full_name, post.author.linkedin_id) == (
        "p1",
        "Ada Lovelace",
        "ada-l",
    )
    assert (post.author.role, post.author.type) == ("Analyst", "internal")
    assert post.posted_at == datetime(2026, 2, 1, 8, tzinfo=UTC)
    assert post.metrics == {"likes": 3, "comments": 2, "shares": 1}


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({"posted_at": "2026-02-01"}, datetime(2026, 2, 1, tzinfo=UTC)),
        ({"posted_at": "2026-02-01T10:00:00Z"}, datetime(2026, 2, 1, 10, tzinfo=UTC)),
        ({"days_ago": 2}, NOW - timedelta(days=2)),
        ({"days_ago": 0.5}, NOW - timedelta(hours=12)),
        ({"posted_at": "2026-02-01", "days_ago": 2}, datetime(2026, 2, 1, tzinfo=UTC)),
        ({"posted_at": None, "days_ago": None}, None),
    ],
)
def test_times(tmp_path: Path, when: dict[str, Any], expected: datetime | None) -> None:
    """A date is read in UTC unless it says otherwise, and wins over a number of days."""
    [post] = read(tmp_path, {**LEAST, **when})
    assert post.posted_at == expected


def test_a_number_may_be_a_key(tmp_path: Path) -> None:
    """Ids from other systems are often numbers."""
    [one, other] = read(tmp_path, {**LEAST, "id": 7}, {**LEAST, "id": "7"})
    assert one.id == other.id


def test_blank_lines_and_a_byte_order_mark_are_passed_over(tmp_path: Path) -> None:
    """Files of Windows programs and files that end in an empty line are fine."""
    posts = read(tmp_path, LEAST, "", "  ", {**LEAST, "id": "2"}, "", encoding="utf-8-sig")
    assert len(posts) == 2


def test_line_separators_inside_a_text_end_no_line(tmp_path: Path) -> None:
    """U+2028 and its like, which JSON may carry as they are, are text."""
    text = "One\u2028two\u0085three."
    [post] = read(tmp_path, json.dumps({**LEAST, "content": text}, ensure_ascii=False))
    assert post.content == text


BAD_LINES = {
    "no json": ('{"author": ', r"not JSON \(.* in column \d+\)"),
    "brackets beyond measure": ("[" * 100_000, "no JSON of a post"),
    "a number beyond measure": (f'{{"days_ago": {"1" * 5000}}}', "no JSON of a post"),
    "not an object": ('["ada"]', "not a JSON object"),
    "no author": ('{"content": "Text."}', "author is None"),
    "no content": ('{"author": "ada"}', "content is None"),
    "blank content": ({**LEAST, "content": " \n "}, r"content is ' \\n '"),
    "content is a number": ({**LEAST, "content": 5}, "content is 5"),
    "content with NUL": ({**LEAST, "content": "a\x00b"}, "without NUL"),
    "half a character": ({**LEAST, "content": "\ud83d"}, "surrogate"),
    "id is a truth": ({**LEAST, "id": True}, "id is True"),
    "unknown type": ({**LEAST, "type": "intern"}, "one of: internal, external_influencer"),
    "negative number": ({**LEAST, "reactions": -1}, "reactions is -1"),
    "broken number": ({**LEAST, "comments": 1.5}, r"comments is 1\.5"),
    "number as text": ({**LEAST, "shares": "12"}, "shares is '12'"),
    "number too large to keep": ({**LEAST, "reactions": 2**60}, "reactions is"),
    "no date": ({**LEAST, "posted_at": "yesterday"}, "posted_at is 'yesterday'"),
    "date before all time": ({**LEAST, "posted_at": "0001-01-01T00:00:00+23:59"}, "posted_at"),
    "days in the future": ({**LEAST, "days_ago": -1}, "days_ago is -1"),
    "days as text": ({**LEAST, "days_ago": "3"}, "days_ago is '3'"),
    "endless days": ('{"author": "a", "content": "b", "days_ago": Infinity}', "days_ago is inf"),
    "no days": ('{"author": "a", "content": "b", "days_ago": NaN}', "days_ago is nan"),
}


@pytest.mark.parametrize(("line", "said"), BAD_LINES.values(), ids=BAD_LINES.keys())
def test_a_bad_line_is_named(tmp_path: Path, line: str | dict[str, Any], said: str) -> None:
    """The error gives file and line, the field and its value, and what to write instead."""
    with pytest.raises(BadInput, match=rf"posts\.jsonl, line 3: .*{said}"):
        read(tmp_path, LEAST, "", line, LEAST)


def test_a_long_value_is_cut(tmp_path: Path) -> None:
    """An error line stays a line."""
    with pytest.raises(BadInput) as caught:
        read(tmp_path, {**LEAST, "posted_at": "x" * 5000})
    assert len(str(caught.value)) < 300 + len(str(tmp_path))


def test_posts_before_the_bad_line_are_given(tmp_path: Path) -> None:
    """The file is read as it is asked for, not at once."""
    path = tmp_path / "posts.jsonl"
    path.write_text(f"{json.dumps(LEAST)}\nnonsense\n")
    assert len(list(islice(read_posts(path, NOW), 1))) == 1


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    """A missing file, a directory, and bytes that are no UTF-8."""
    with pytest.raises(BadInput, match="No such file"):
        list(read_posts(tmp_path / "nothing.jsonl", NOW))
    with pytest.raises(BadInput, match="directory"):
        list(read_posts(tmp_path, NOW))
    with pytest.raises(BadInput, match="not UTF-8"):
        read(tmp_path, json.dumps({**LEAST, "content": "é"}, ensure_ascii=False), encoding="cp1252")
