"""Text files as people have them: UTF-8 with or without a mark, UTF-16, and what is no text."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader, FileIO, TextIOWrapper
from pathlib import Path
from typing import IO

from linkedin_pipeline.domain.errors import BadInput

HEAD = 1 << 16
"""Bytes at the beginning by which a file is judged."""
LONGEST_LINE = 1 << 20
"""Characters; a longer line is no row, and reading one whole could take all memory."""

_UTF8_REMEDY = "Save it as UTF-8."


@contextmanager
def open_text(path: Path) -> Iterator[TextIOWrapper]:
    """Open a text file; bytes that are no UTF-8 after its beginning become lone surrogates.

    Raises:
        BadInput: it is missing, unreadable, a directory, empty, binary, or in another encoding.
    """
    try:
        file = BufferedReader(FileIO(path), HEAD)
    except OSError as error:
        raise unreadable(path, error) from error
    with file:
        try:
            encoding = _encoding(path, file.peek(HEAD))
        except OSError as error:
            raise unreadable(path, error) from error
        errors = "surrogateescape" if encoding.startswith("utf-8") else "strict"
        with TextIOWrapper(file, encoding=encoding, errors=errors) as text:
            yield text


def unreadable(path: Path, error: OSError) -> BadInput:
    """Return the expected error for a file that the system does not give."""
    return BadInput(
        str(path), error.strerror or "it cannot be read", "Name a JSON Lines or CSV file of posts."
    )


def lines(text: IO[str]) -> Iterator[tuple[int, str | None]]:
    """Yield the lines with their numbers from 1; None instead of one beyond all measure."""
    number = 0
    while line := text.readline(LONGEST_LINE):
        number += 1
        if len(line) < LONGEST_LINE or line.endswith("\n"):
            yield number, line
            continue
        while (rest := text.readline(LONGEST_LINE)) and not rest.endswith("\n"):
            pass
        yield number, None


def _encoding(path: Path, head: bytes) -> str:
    if not head:
        raise BadInput(str(path), "it is empty", "Name a JSON Lines or CSV file of posts.")
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise BadInput(str(path), "it is UTF-32 text", _UTF8_REMEDY)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if head.startswith(b"PK\x03\x04"):
        raise BadInput(
            str(path), "it is a ZIP archive", "Unpack it and name the file inside, as Shares.csv."
        )
    if b"\x00" in head:
        raise BadInput(str(path), "it is binary, or UTF-16 without a mark", _UTF8_REMEDY)
    try:
        # a piece of a longer file, or what has come through a pipe so far, may end in a character
        codecs.getincrementaldecoder("utf-8")().decode(head, len(head) < HEAD and path.is_file())
    except UnicodeDecodeError as error:
        raise BadInput(str(path), "it is not UTF-8 text", _UTF8_REMEDY) from error
    return "utf-8"
