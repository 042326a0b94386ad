"""Files to import, row by row: CSV, LinkedIn's Shares.csv, and files that are broken."""

from __future__ import annotations

import codecs
import json
import os
import threading
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from linkedin_pipeline.adapters import text_files
from linkedin_pipeline.adapters.post_files import import_rows
from linkedin_pipeline.domain.bank import NewPost, NewProfile, SkippedRow
from linkedin_pipeline.domain.errors import BadInput

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ADA = NewProfile("ada", "", known=uuid4())
SHARES = "Date,ShareLink,ShareCommentary,SharedUrl,MediaUrl,Visibility"
URL = "https://www.linkedin.com/feed/update/urn%3Ali%3Ashare%3A730000000000000000"
SECRET = "the words of a post"


def read(
    place: Path,
    text: str | bytes,
    name: str = "posts.csv",
    author: NewProfile | None = None,
) -> list[NewPost | SkippedRow]:
    """Write a file and read its rows."""
    path = place / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(import_rows(path, NOW, author))


def reasons(rows: list[NewPost | SkippedRow]) -> list[tuple[int, str]]:
    """Return line and code of what was skipped."""
    return [(row.line, row.code) for row in rows if isinstance(row, SkippedRow)]


def contents(rows: list[NewPost | SkippedRow]) -> list[str]:
    """Return the texts of what was not skipped."""
    return [row.content for row in rows if isinstance(row, NewPost)]


def test_a_table_has_the_fields_of_json_lines(tmp_path: Path) -> None:
    """Each column reaches its field; empty cells are absent, unknown columns ignored."""
    text = (
        " Content ,AUTHOR,id,name,linkedin_id,headline,type,posted_at,reactions,comments,"
        "shares,post_url,colour\r\n"
        f'"One, and\r\ntwo.",ada,7,Ada L.,ada-l,Analyst,internal,2026-02-01,3,,1,{URL}1,red\r\n'
        "Three.,ada,,,,,,,,,,,\r\n"
    )
    first, second = read(tmp_path, text)
    assert isinstance(first, NewPost)
    assert isinstance(second, NewPost)
    assert (first.content, first.key, first.posted_at) == (
        "One, and\r\ntwo.",
        "7",
        datetime(2026, 2, 1, tzinfo=UTC),
    )
    assert first.author == NewProfile("ada", "Ada L.", "ada-l", "Analyst", "internal")
    assert first.metrics == {"likes": 3, "shares": 1}
    assert first.url == "https://www.linkedin.com/feed/update/urn:li:share:7300000000000000001/"
    assert (second.key, second.metrics, second.url) == ("Three.", {}, None)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_tables_of_other_countries(tmp_path: Path, separator: str) -> None:
    """Semicolons and tabs separate, as spreadsheets of some countries write."""
    rows = [["author", "content", "reactions"], ["ada", '"a, b; c"', "5"]]
    [post] = read(tmp_path, "\n".join(map(separator.join, rows)))
    assert isinstance(post, NewPost)
    assert (post.content, post.likes) == ("a, b; c", 5)


def test_linkedin_s_own_export(tmp_path: Path) -> None:
    """Wrapped lines, doubled quotes, times in UTC; reshares without words are counted apart."""
    text = (
        f"{SHARES}\n"
        f'2026-05-01 10:00:00,{URL}1,"First line.""\n""""\n""Second ""word"" here.",,,PUBLIC\n'
        f"2026-05-02 11:00:00 UTC,{URL}2,Plain.,https://a.example,https://m.example,PUBLIC\n"
        f"2026-05-03 12:00:00,{URL}3,,,,MEMBER_NETWORK\n"
        f'2026-05-04 13:00:00,{URL}4,"""""",,,MEMBER_NETWORK\n'
        f"yesterday,{URL}5,Text.,,,MEMBER_NETWORK\n"
        f"2026-05-06 13:00:00,,No address.,,,MEMBER_NETWORK\n"
    )
    rows = read(tmp_path, text, "Shares_12345.csv", ADA)
    assert contents(rows) == [
        'First line.\n\nSecond "word" here.',
        "Plain.",
        "No address.",
    ]
    assert reasons(rows) == [(6, "no_text"), (7, "no_text"), (8, "bad_date")]
    first, second = rows[:2]
    assert isinstance(first, NewPost)
    assert isinstance(second, NewPost)
    assert (first.author, first.metrics) == (ADA, {})
    assert first.posted_at == datetime(2026, 5, 1, 10, tzinfo=UTC)
    assert second.posted_at == datetime(2026, 5, 2, 11, tzinfo=UTC)
    assert first.url == "https://www.linkedin.com/feed/update/urn:li:share:7300000000000000001/"


def test_a_known_profile_needs_no_author(tmp_path: Path) -> None:
    """With --profile the author's columns and fields are not asked for, nor looked at."""
    [post] = read(tmp_path, "content\nText.\n", author=ADA)
    assert isinstance(post, NewPost)
    assert post.author == ADA
    [post] = read(tmp_path, '{"content": "Text.", "author": 5}', "x.jsonl", ADA)
    assert isinstance(post, NewPost)
    assert post.author == ADA


WRONG_ROWS = {
    "no text": (" ,ada,1,,,", "no_text"),
    "no author": ("Text.,,1,,,", "no_author"),
    "number": ("Text.,ada,1,,many,", "bad_number"),
    "negative number": ("Text.,ada,1,,-1,", "bad_number"),
    "date": ("Text.,ada,1,31/12/2025,,", "bad_date"),
    "address": ("Text.,ada,1,,,linkedin", "bad_url"),
    "long id": (f"Text.,ada,{'1' * 201},,,", "bad_id"),
    "too few columns": ("Text.,ada", "bad_columns"),
    "too many columns": ("Text.,ada,1,,,,surplus", "bad_columns"),
    "bytes of another encoding": ("caf\udce9,ada,1,,,", "not_utf8"),
    "nul": ("a\x00b,ada,1,,,", "bad_text"),
}


@pytest.mark.parametrize(("row", "code"), WRONG_ROWS.values(), ids=WRONG_ROWS.keys())
def test_a_wrong_row_is_skipped_alone(tmp_path: Path, row: str, code: str) -> None:
    """Its line and reason are known; the rows around it are read."""
    # what only the beginning of a file may not hold comes after it
    before = "\n".join(f"Before {n}.,ada,b{n},,," for n in range(5000))
    text = f"content,author,id,posted_at,reactions,url\n{before}\n{row}\nAfter.,ada,2,,,,\n"
    rows = read(tmp_path, text.encode("utf-8", "surrogateescape"))
    assert reasons(rows) == [(5002, code)]
    assert contents(rows)[-1] == "After."


def test_a_quote_without_an_end(tmp_path: Path) -> None:
    """It swallows no more than a field may hold; what comes after it is read again."""
    lines = [f"Row {n} of some words.,ada" for n in range(20_000)]
    lines[3] = '"Row 3 has no end,ada'
    rows = read(tmp_path, "\n".join(["content,author", *lines]))
    assert (5, "bad_quotes") in reasons(rows)
    assert len(contents(rows)) > 10_000
    assert contents(rows)[-1] == "Row 19999 of some words."


def test_a_line_beyond_measure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is skipped without being read whole, and the next one is a line of its own."""
    monkeypatch.setattr(text_files, "LONGEST_LINE", 100)
    good = json.dumps({"author": "ada", "content": "Short."})
    rows = read(tmp_path, f"{good}\n{'x' * 1000}\n{good}\n", "x.jsonl")
    assert reasons(rows) == [(2, "too_long")]
    assert len(contents(rows)) == 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_encodings_that_files_come_in(tmp_path: Path, encoding: str, name: str) -> None:
    """UTF-8 with and without a mark, UTF-16 with one in both orders."""
    text = f"author,content\nada,Été 🎉 {SECRET}\n"
    if name == "a.jsonl":
        text = json.dumps({"author": "ada", "content": f"Été 🎉 {SECRET}"}, ensure_ascii=False)
    mark = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}.get(encoding, b"")
    rows = read(tmp_path, mark + text.encode(encoding), name)
    assert contents(rows) == [f"Été 🎉 {SECRET}"]


BROKEN = {
    "empty": (b"", "x.csv", "it is empty"),
    "binary": (b"\x89PNG\r\n\x1a\n\x00\x00", "x.csv", "it is binary"),
    "archive": (b"PK\x03\x04rest", "x.zip", "it is a ZIP archive"),
    "utf-16 without a mark": ("author,content".encode("utf-16-le"), "x.csv", "UTF-16 without"),
    "utf-32": (codecs.BOM_UTF32_LE + "a".encode("utf-32-le"), "x.csv", "UTF-32"),
    "cp1252": ("author,content\nada,é".encode("cp1252"), "x.csv", "it is not UTF-8"),
    "half of utf-16": (codecs.BOM_UTF16_LE + b"a\x00,\x00\x00\xd8", "x.csv", "UTF-16 text is"),
    "no header": (f"{SECRET},ada\n".encode(), "x.csv", "names no column content"),
    "another table": (b"First Name,Last Name\nAda,L\n", "x.csv", "names no column content"),
    "whose posts": (b"content\nText.\n", "x.csv", "does not say whose posts"),
    "whose shares": (f"{SHARES}\n".encode(), "Shares.csv", "does not say whose posts"),
    "json array": (b'[{"content": "x"}]', "x.json", "it is one JSON array"),
}


@pytest.mark.parametrize(("data", "name", "said"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_file_is_said(tmp_path: Path, data: bytes, name: str, said: str) -> None:
    """One error with what it is and what to do, and no text of a post in it."""
    with pytest.raises(BadInput, match=said) as caught:
        read(tmp_path, data, name)
    assert SECRET not in str(caught.value)


def test_what_is_no_file_is_said(tmp_path: Path) -> None:
    """Missing, and a directory."""
    for path, said in ((tmp_path / "none.csv", "No such file"), (tmp_path, "directory")):
        with pytest.raises(BadInput, match=said):
            list(import_rows(path, NOW))


def generated(number: int) -> Iterator[str]:
    """Yield lines of posts."""
    for n in range(number):
        yield json.dumps({"author": "ada", "id": n, "content": f"Post {n}. " + "word " * 100})


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """Rows are read as they are asked for, from a pipe too: 11 MB need less than one."""
    pipe = tmp_path / "posts"
    os.mkfifo(pipe)

    def write() -> None:
        with pipe.open("w") as file:
            file.writelines(line + "\n" for line in generated(20_000))

    writer = threading.Thread(target=write)
    writer.start()
    tracemalloc.start()
    try:
        count = sum(1 for row in import_rows(pipe, NOW) if isinstance(row, NewPost))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        writer.join()
    assert count == 20_000
    assert peak < 1_000_000
