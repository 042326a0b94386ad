r"""Texts as LinkedIn writes them into ``Shares.csv`` of the data that it hands out.

Three quirks, as owners of such files and programs that read them describe them; LinkedIn documents
none.  After the CSV is read,

- a line break inside a text stands as ``"\n"``, quotes included, so that an empty line looks like
  ``""`` on a line of its own;
- some files have one quote more before the first line and after the last one;
- in some, quotes of the author's own are doubled once more.

A text in which any line break stands bare was not written so, and is left alone.
"""

from __future__ import annotations

import re

_BREAK = '"\n"'
_QUOTES = re.compile('"+')


def plain_commentary(text: str) -> str:
    """Return the text as its author wrote it, empty when only quotes and breaks are in it.

    Line breaks of any kind become line feeds.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\n" in text and "\n" not in text.replace(_BREAK, ""):
        text = _unwrapped(text.replace(_BREAK, "\n"))
    runs = _QUOTES.findall(text)
    if len(runs) > 1 and all(len(run) % 2 == 0 for run in runs):
        text = text.replace('""', '"')
    return text if text.strip('" \n') else ""


def _unwrapped(text: str) -> str:
    # with quotes inside, those at both ends may well be the author's
    if len(text) > 1 and text[0] == text[-1] == '"' and '"' not in text[1:-1]:
        return text[1:-1]
    return text
