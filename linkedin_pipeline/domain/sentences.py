"""Where a sentence of a post ends, when nobody kept to the rules of typing.

One pass over one line, without memory of grammar: a full stop that may be an abbreviation's ends
nothing unless the next word looks like a beginning.  A missed end makes a sentence longer, a false
one cuts it in two, so doubt answers "no end".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from linkedin_pipeline.domain.posts import EMOJIS, letters

_SOLID = "。！？｡؟۔।॥"
"""Marks that end a sentence with or without a space after them."""
_MARK = re.compile(
    r"(?P<link>(?:https?://|www\.)\S*[^\s.,;:!?…»”\"')\]])"
    rf"|(?P<stop>[.!?…‼⁇⁈⁉❗❓❕❔‽．{_SOLID}]+[\ufe0e\ufe0f]*)"
    rf"|(?P<emojis>{EMOJIS})"
)
_CLOSING = re.compile(r"(?:[\"'”’»›)\]}」』】）〉》]|[ \u00a0\u2009\u202f]+»(?![^\s.,;:!?…)]))*")
_EMOJI_TAIL = re.compile(rf"(?:\s*{EMOJIS})+")
_BULLET = re.compile("[0-9#*]\ufe0f?\u20e3|[→⇒➔➜➡➤▶►☞👉👇⬇⤵✅✓✔☑❌✖❎🔹🔸🔷🔶🔺🔻🟢🔴📌]")
_HEART = re.compile("[❤♥💓-💟🖤🤍🤎🧡]")
_OPENING = re.compile(r"[\s\"'“”‘«»‹(\[{¿¡„「『（*_~•·–—-]*")
_QUOTES = '"“‘«„‹「『'
_NEXT_WORD = re.compile(r"[^\W\d_]+")
_LAST_TOKEN = re.compile(r"[^\W_]+(?:[.&][^\W_]+)*$")
_DOTTED = re.compile(r"[^\W\d_]{1,3}(?:\.[^\W\d_]{1,3})+")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NEVER = _words("e.g i.e eg ie cf vs viz approx ca p.ex incl resp")
_TITLES = _words(
    "mr mrs ms mx dr prof sen rep gov gen col lt capt sgt rev hon messrs m mm mme mmes mlle mgr pr"
    " mt ft fr herr hr dott ing"
)
_BEFORE_NUMBERS = _words(
    "no nos nr n vol p pp art ch sec fig al bd av"
    " jan feb mar apr jun jul aug sep sept oct nov dec janv févr avr juil déc"
)
_AT_TIMES = _words("inc corp ltd co llc plc bros jr sr st ave dept univ phd")
"""Abbreviations that also end sentences."""
_BEGINNERS = _words(
    "the this that these those we it i he she they you my our your his her their its a an and but"
    " so if when what why how who where here there in on at for from to as with after before not"
    " no yes all every most many some is are do does don can let now then today"
    " le la les l un une des ce cet cette ces c je j nous vous il elle ils elles on mon ma mes"
    " notre nos votre vos son sa ses leur leurs et mais ou donc or car si quand que qui pourquoi"
    " comment où voici voilà dans sur en à au aux pour par avec après avant pas non oui tout tous"
    " toute toutes chaque puis alors aujourd"
)
_READABLE = 15
"""Letters before an emoji may end a sentence by itself."""


def sentence_ends(line: str) -> Iterator[int]:
    """Yield the offset just after each sentence of a line, in order, the line's end last.

    ``line`` holds no line break.  Marks, what closes after them (quotes, brackets, French spaced
    ``»``) and emojis that follow belong to the sentence; blanks do not.  An emoji ends a sentence
    by itself when a capital letter follows, and so does a link.
    """
    begin = 0
    for mark in _MARK.finditer(line):
        if mark.start() < begin:
            continue
        if mark["stop"]:
            end = _end_at_stop(line, begin, mark)
        elif mark["emojis"]:
            end = _end_at_emojis(line, begin, mark)
        else:
            end = mark.end() if _capital_follows(line, mark.end()) else None
        if end is not None and end < len(line):
            yield end
            begin = end
    yield len(line)


def _end_at_emojis(line: str, begin: int, mark: re.Match[str]) -> int | None:
    if _HEART.match(mark[0]) or letters(line[begin : mark.start()]) < _READABLE:
        return None
    tail = _EMOJI_TAIL.match(line, mark.start())
    end = tail.end() if tail else mark.end()
    if not _capital_follows(line, end):
        return None
    return mark.start() if _BULLET.match(mark[0]) else end


def _end_at_stop(line: str, begin: int, mark: re.Match[str]) -> int | None:
    closing = _CLOSING.match(line, mark.end())
    end = closing.end() if closing else mark.end()
    tail = _EMOJI_TAIL.match(line, end)
    if tail and (tail.end() == len(line) or not _BULLET.match(tail[0].strip())):
        return end if line[tail.end() :].startswith((":", ",", ";")) else tail.end()
    if tail or end == len(line):
        return end
    if mark[0][-1] in _SOLID:
        return end
    if not line[end].isspace():
        return end if _begins_without_space(line, mark, end) else None
    if not _may_begin(line, end):
        return None
    if mark[0] == "." and _abbreviates(line, begin, mark.start(), end):
        return None
    return end


def _after_opening(line: str, at: int) -> int:
    found = _OPENING.match(line, at)
    return found.end() if found else at


def _capital_follows(line: str, at: int) -> bool:
    following = _after_opening(line, at)
    return following < len(line) and line[at].isspace() and line[following].isupper()


def _may_begin(line: str, at: int) -> bool:
    following = _after_opening(line, at)
    if following == len(line):
        return True
    character = line[following]
    if character in ".…" and line[following - 1] in _QUOTES:
        return True
    if character.islower():
        links = ("http://", "https://", "www.")
        return _writes_without_capitals(line) or line.startswith(links, following)
    return character not in ",;:)]}%/.!?…»"


def _writes_without_capitals(line: str) -> bool:
    """Judge by the first word: whoever begins small will do so after each full stop."""
    word = _NEXT_WORD.search(line)
    return word is not None and word[0].islower()


def _begins_without_space(line: str, mark: re.Match[str], end: int) -> bool:
    if not line[end].isupper() or mark.start() == 0 or not line[mark.start() - 1].islower():
        return False
    word = _NEXT_WORD.match(line, end)
    return mark[0] != "." or (word is not None and word[0].lower() in _BEGINNERS)


def _abbreviates(line: str, begin: int, stop: int, end: int) -> bool:
    token = _LAST_TOKEN.search(line[max(begin, stop - 24) : stop])
    if token is None:
        return False
    text = token[0]
    lowered = text.lower()
    if text.isdecimal() or (len(text) == 1 and text != "I"):
        first = letters(line[begin : stop - len(text)]) == 0
        return first or (text.isalpha() and not _beginner_follows(line, end))
    if lowered in _NEVER or (lowered in _TITLES and text[0].isupper()):
        return True
    if lowered in _BEFORE_NUMBERS and line[_after_opening(line, end) :][:1].isdecimal():
        return True
    if lowered in _AT_TIMES or _DOTTED.fullmatch(text):
        return not _beginner_follows(line, end)
    return False


def _beginner_follows(line: str, at: int) -> bool:
    following = _after_opening(line, at)
    word = _NEXT_WORD.match(line, following)
    if word is None:
        return not line[following : following + 1].isdecimal()
    return word[0][0].isupper() and word[0].lower() in _BEGINNERS
