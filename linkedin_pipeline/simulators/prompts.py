"""A prompt as a model sees it: instructions, what the user said, the posts in it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from html import unescape

_OPENING = re.compile(r"<([A-Za-z][\w-]*)\b[^<>]*?\bid=\"([^\"<>\n]+)\"[^<>]*>")
_CODED = re.compile(r"^(- ([A-Za-z]\w*) \"((?:[^\"\\]|\\.)*)\": .*)$", re.MULTILINE)
_WORD = re.compile(r"\w{3,}")


@dataclass(frozen=True, slots=True)
class Block:
    """A post in the prompt: ``<anything … id="7" …>its text</anything>``."""

    id: str
    text: str


@dataclass(frozen=True)
class Prompt:
    """Everything that was said to a model: by the developer, and by the user."""

    instructions: str
    user: str

    @cached_property
    def blocks(self) -> list[Block]:
        """The posts, in order; the text of one ends at its closing tag."""
        return self._read[0]

    @cached_property
    def codes(self) -> dict[str, tuple[str, str]]:
        """Names and descriptions by code, where the instructions list ``- CODE "NAME": …``."""
        return {code: (name, line) for line, code, name in _CODED.findall(self.instructions)}

    @cached_property
    def outside(self) -> str:
        """What the user said outside every block."""
        return self._read[1]

    @cached_property
    def _read(self) -> tuple[list[Block], str]:
        blocks, outside, at = list[Block](), list[str](), 0
        while opening := _OPENING.search(self.user, at):
            outside.append(self.user[at : opening.start()])
            closing = self.user.find(f"</{opening[1]}", opening.end())
            end = len(self.user) if closing < 0 else closing
            blocks.append(Block(opening[2], _plain(self.user[opening.end() : end])))
            at = end
            if closing >= 0:
                at = self.user.find(">", closing) + 1 or len(self.user)
        outside.append(self.user[at:])
        return blocks, "\n".join(outside)


def _plain(text: str) -> str:
    """Return what a model would understand: a post is itself, however the prompt escapes it."""
    text = unescape(text).strip()
    if text.startswith(("{", '"')):
        try:
            return "\n".join(strings(json.loads(text)))
        except ValueError:
            return text
    return text


def words(text: str) -> set[str]:
    """Return the words of three letters and more, folded."""
    return set(_WORD.findall(text.casefold()))


def frequent_words(text: str, number: int) -> list[str]:
    """Return the longer words that a text uses most, the first met first among equals."""
    long = (word for word in _WORD.findall(text.casefold()) if len(word) > 4)
    return [word for word, _ in Counter(long).most_common(number)]


def strings(document: object) -> Iterable[str]:
    """Yield every string in a JSON document, keys left out."""
    if isinstance(document, str):
        yield document
    elif isinstance(document, dict):
        for value in document.values():
            yield from strings(value)
    elif isinstance(document, list):
        for value in document:
            yield from strings(value)
