"""A post as style sees it: plain text, its lines, its sentences, and tokens of a few kinds."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from linkedin_pipeline.domain.posts import EMOJIS
from linkedin_pipeline.domain.sentences import sentence_ends

Kind = Literal["link", "hashtag", "mention", "emoji", "number", "dots", "word", "mark"]
MAX_CHARACTERS = 5_000
"""LinkedIn takes 3,000; what follows in a longer text is not measured."""

_BREAK = re.compile(r"\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x1f\x7f\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
)
_JOINED = "\ufe0e\ufe0f\u20e3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f"
_ONE_EMOJI = re.compile(
    rf"[\U0001f1e6-\U0001f1ff]{{2}}|.[{_JOINED}]*(?:\u200d+[^\u200d][{_JOINED}]*)*", re.DOTALL
)
_SYMBOL = re.compile(
    "[\u2122\u2139\u203c\u2049\u2190-\u21ff\u2300-\u2319\u25aa-\u25c0\u2713\u2715\u2717"
    "\u2736\u2756\u2794-\u27be\u2900-\u297f\u2b05-\u2b11]"
)
"""Arrows, ticks and signs: typed like punctuation unless a variation selector makes them emojis."""

_COMBINING = "\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed"
_VOWEL_SIGNS = "\u0900-\u0963\u0966-\u0dff\u0e00-\u0e7f"
_IDEOGRAPHS = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_LETTER = rf"[^\W\d_{_IDEOGRAPHS}]"
_WORD = rf"{_LETTER}(?:{_LETTER}|[{_COMBINING}{_VOWEL_SIGNS}])*"
_TOKEN = re.compile(
    r"(?P<link>(?:https?://|www\.)\S+|\b[a-z0-9-]{1,60}\.(?:com|net|org|ly|io|fr)\b(?:/\S*)?)"
    rf"|(?P<hashtag>[#＃]\d*[^\W\d][\w{_COMBINING}]*)"
    r"|(?P<mention>(?<!\w)@\w[\w.-]*)"
    rf"|(?P<emoji>{EMOJIS})"
    r"|(?P<number>\d+(?:[.,\u00a0\u202f]\d+)*)"
    r"|(?P<dots>\.{2,}|…)"
    rf"|(?P<word>(?=[^\W\d_])[{_IDEOGRAPHS}]|{_WORD}(?:['’‘`-]{_WORD})*)"
    r"|(?P<mark>[^\w\s])"
)
"""An ideograph counts as a word: its script writes no blanks to tell words by."""
_KINDS: dict[str, Kind] = {kind: kind for kind in get_args(Kind)}
_APOSTROPHES = str.maketrans("’‘`", "'''")
_ELISION = re.compile(r"((?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu)['’‘`])(.+)", re.IGNORECASE)


def _plain_letters() -> dict[int, str]:
    """Map letters that fake bold, italic or script type, and full-width ones, to plain ones."""
    styled = (*range(0x1D400, 0x1D800), *range(0x210A, 0x2135), *range(0xFF10, 0xFF5B))
    folded = {code: unicodedata.normalize("NFKC", chr(code)) for code in styled}
    return {code: text for code, text in folded.items() if len(text) == 1 and text.isalnum()}


_PLAIN = _plain_letters()


@dataclass(frozen=True, slots=True)
class Token:
    """One token; ``text`` as written but in plain letters, ``start`` its offset in the line."""

    kind: Kind
    text: str
    start: int

    @property
    def lower(self) -> str:
        """The text in small letters with straight apostrophes, for looking it up."""
        return self.text.translate(_APOSTROPHES).lower()


@dataclass(frozen=True, slots=True)
class Line:
    """One line that is not blank; ``after_blank`` tells whether an empty line stands before it."""

    sentences: tuple[tuple[Token, ...], ...]
    after_blank: bool

    @property
    def tokens(self) -> tuple[Token, ...]:
        """All tokens of the line, in order."""
        return tuple(token for sentence in self.sentences for token in sentence)


def plain(content: str) -> str:
    r"""Write ``content`` with plain letters, ``\n`` for every line break and nothing unseen.

    Joiners and variation selectors stay: emojis are made of them.  Reads `MAX_CHARACTERS`.
    """
    text = _BREAK.sub("\n", content[:MAX_CHARACTERS])
    return unicodedata.normalize("NFC", _UNSEEN.sub("", text).translate(_PLAIN))


def has_dressed_letters(content: str) -> bool:
    """Tell whether letters fake bold, italic or script type (𝗹𝗶𝗸𝗲 𝘁𝗵𝗶𝘀)."""
    return any(0x1D400 <= ord(each) < 0x1D800 for each in content[:MAX_CHARACTERS])


def lines(text: str) -> tuple[Line, ...]:
    """Split the answer of `plain` into lines with tokens, in time in proportion to the text."""
    found: list[Line] = []
    after_blank = False
    for raw in text.split("\n"):
        sentences = tuple(_sentences(raw.strip()))
        if sentences:
            found.append(Line(sentences, after_blank and bool(found)))
        after_blank = not sentences
    return tuple(found)


def _sentences(line: str) -> Iterator[tuple[Token, ...]]:
    tokens = tuple(_tokens(line))
    begin = 0
    for end in sentence_ends(line):
        until = begin
        while until < len(tokens) and tokens[until].start < end:
            until += 1
        if until > begin:
            yield tokens[begin:until]
        begin = until


def _tokens(line: str) -> Iterator[Token]:
    for match in _TOKEN.finditer(line):
        kind = _KINDS[match.lastgroup or "mark"]
        elided = _ELISION.fullmatch(match[0]) if kind == "word" else None
        if kind == "emoji":
            yield from _emojis(match[0], match.start())
        elif elided:
            yield Token(kind, elided[1], match.start())
            yield Token(kind, elided[2], match.start() + elided.end(1))
        else:
            yield Token(kind, match[0], match.start())


def _emojis(run: str, start: int) -> Iterator[Token]:
    for match in _ONE_EMOJI.finditer(run):
        symbol = len(match[0]) == 1 and _SYMBOL.match(match[0])
        yield Token("mark" if symbol else "emoji", match[0], start + match.start())
