"""Is a text in a feed what was sent?  The same words, however they are rendered."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

from linkedin_pipeline.domain.publications import Mention

SHORTEST_CUT = 60
"""Characters that a text which the feed cut off must still have to be told from others."""

# without what marks a cut text at its end
_URL = re.compile(r"(?:https?://|www\.|lnkd\.in/)\S+?(?=(?:\.\.\.)?(?:\s|$))", re.IGNORECASE)
_SHORTENED = re.compile(r"(?:https?://)?(?:www\.)?lnkd\.in/", re.IGNORECASE)
_LINKEDIN = re.compile(r"(?:\blinkedin\.com|\blnkd\.in)\b", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"\{\{([0-9]{1,4})\}\}")
_CUT = re.compile(r"\.\.\.\s*(?:(?:see |voir )?(?:more|plus))?$", re.IGNORECASE)
_INVISIBLE = {"Cf", "Cc"}
# joins and looks of characters: U+034F and the variation selectors, which are marks
_SELECTORS = re.compile("[\u034f\ufe00-\ufe0f\U000e0100-\U000e01ef]")


class Likeness(IntEnum):
    """How much a text of a feed is like one that was sent; the better, the less."""

    SAME = 1
    BEGINS_ALIKE = 2
    """The feed cut it off, and as far as it goes it is the same."""


class _Rendered(NamedTuple):
    words: str
    links: tuple[str, ...]


class Sent:
    """A text as it was sent, with the ways in which a feed may show its mentions."""

    def __init__(self, text: str, mentions: Sequence[Mention] = ()) -> None:
        ways = [_named(text, mentions), _named(text, mentions, "@"), text]
        self._ways = [_rendered(way) for way in dict.fromkeys(ways)]

    def likeness(self, shown: str) -> Likeness | None:
        """Say how much a text of a feed is like this one, None where it is another."""
        seen = _rendered(shown)
        ways = [way for way in self._ways if _links_agree(seen.links, way.links)]
        if any(seen == (way.words, seen.links) for way in ways if _as_many(seen, way)):
            return Likeness.SAME
        cut = _CUT.search(seen.words)
        beginning = seen.words[: cut.start()].rstrip() if cut else ""
        if len(beginning) >= SHORTEST_CUT and any(w.words.startswith(beginning) for w in ways):
            return Likeness.BEGINS_ALIKE
        return None


def normal(text: str, mentions: Sequence[Mention] = ()) -> str:
    """Return a text in the form in which what was sent and what a feed shows compare.

    Mentions become names, links a mark (LinkedIn shortens them), white space one blank; invisible
    characters go, compatibility forms become plain.
    """
    return _rendered(_named(text, mentions)).words


def same_text(shown: str, text: str, mentions: Sequence[Mention] = ()) -> bool:
    """Tell whether a feed's text is one that was sent, cut off perhaps."""
    return Sent(text, mentions).likeness(shown) is not None


def names_linkedin(text: str) -> bool:
    """Tell whether a text has a link to LinkedIn, or may have."""
    return _LINKEDIN.search(text) is not None


def _rendered(text: str) -> _Rendered:
    plain = unicodedata.normalize("NFKC", _visible(text))
    links = tuple(found[0] for found in _URL.finditer(plain))
    return _Rendered(" ".join(_URL.sub("<link>", plain).split()), links)


def _visible(text: str) -> str:
    kept = (c for c in text if c.isspace() or unicodedata.category(c) not in _INVISIBLE)
    return _SELECTORS.sub("", "".join(kept))


def _named(text: str, mentions: Sequence[Mention], sign: str = "") -> str:
    def name(found: re.Match[str]) -> str:
        place = int(found[1])
        return sign + mentions[place].name if place < len(mentions) else found[0]

    return _PLACEHOLDER.sub(name, text)


def _as_many(seen: _Rendered, way: _Rendered) -> bool:
    return len(seen.links) == len(way.links)


def _links_agree(seen: Sequence[str], sent: Sequence[str]) -> bool:
    """Tell whether links are the same, as far as shortened ones let one see."""
    return len(seen) <= len(sent) and all(
        _SHORTENED.match(one) or _SHORTENED.match(other) or _bare(one) == _bare(other)
        for one, other in zip(seen, sent, strict=False)
    )


def _bare(link: str) -> str:
    plain = re.sub(r"^https?://|^www\.", "", re.sub(r"^https?://", "", link.casefold()))
    return plain.rstrip(".,;:!?)]}»\"'/")
