"""What the text of a post is made of: words, blanks, emojis, tags, and what a reader sees as one.

Offsets and lengths count code points, as PostgreSQL's ``char_length`` does.
"""

from __future__ import annotations

import re
import unicodedata

_UNSEEN = "\u3164\uffa0\u2800"
"""Hangul fillers (letters to Unicode) and the Braille blank: typed to fake an empty line."""
_FORMAT = "\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff"
"""Soft hyphen, zero-width space and joiner, direction marks, byte order mark."""
_BLANK_CLASS = rf"\s\x00-\x1f\x7f-\x91\x93-\x9f{_FORMAT}{_UNSEEN}"
"""U+0092 is left out: in badly decoded text it is an apostrophe."""
_ENCLOSED = "\u24b6-\u24e9\U0001f130-\U0001f149\U0001f150-\U0001f169\U0001f170-\U0001f189"
"""Circled and squared Latin letters: symbols to Unicode, letters to a reader."""
_PICTURE_CLASS = (
    "\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u25aa\u25ab\u25b6\u25c0\u2600-\u27bf"
    "\u2900-\u297f\u2b00-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001f12f\U0001f18a-\U0001faff"
)
_JOINED_CLASS = "\u200d\ufe0e\ufe0f\u20e3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f"

_WORD = re.compile(rf"[^\W_0-9{_UNSEEN}\u115f\u1160]|[{_ENCLOSED}]|[0-9](?!\ufe0f?\u20e3)")
_NOT_BLANK = re.compile(rf"[^{_BLANK_CLASS}]")
_BLANKS = re.compile(rf"[{_BLANK_CLASS}]")
_DENSE = re.compile(
    "[\u0900-\u109f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"
)

_JAMO_LEAD = re.compile("[\u1100-\u115f\ua960-\ua97c]")
_JAMO_TAIL = re.compile("[\u1160-\u11ff\ud7b0-\ud7fb]")
_HANGUL = re.compile("[\u1100-\u115f\ua960-\ua97c\uac00-\ud7a3]")
_PREFIXED_SIGN = re.compile(
    "[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u0d4e\U000110bd\U000110cd\U000111c2\U000111c3]"
)
_VIRAMA = 9

EMOJIS = rf"(?:[0-9#*]\ufe0f?\u20e3|[{_PICTURE_CLASS}][{_PICTURE_CLASS}{_JOINED_CLASS}]*)"
"""A pattern for one run of emojis without blanks: sequences, flags and keycaps stay whole."""
_LABEL = re.compile(r"\W*?(?:[#\uff03]|https?://|www\.)")


def first_word(text: str, start: int = 0) -> int | None:
    """Find the first character at or after ``start`` that belongs to a word; None without one.

    A word is made of letters or digits of any script.  Letters of other alphabets that look bold,
    circled or squared count; digits of keycap emojis, emojis, punctuation and blank-looking letters
    do not.  So hashtags, links and numbers are words.
    """
    found = _WORD.search(text, start)
    return found.start() if found else None


def has_words(text: str) -> bool:
    """Tell whether there is anything to read: see `first_word` for what a word is."""
    return first_word(text) is not None


def letters(text: str) -> int:
    """Count what there is to read: the characters of words, dense scripts counting about double.

    Dense are ideographs, syllables, and scripts whose vowels are marks (Indic ones, Thai).
    """
    return len(_WORD.findall(text)) + len(_DENSE.findall(text))


def is_label(token: str) -> bool:
    """Tell whether ``token``, which holds no white space, is a hashtag or a link."""
    return _LABEL.match(token) is not None


def is_labels(text: str) -> bool:
    """Tell whether the words of ``text`` are hashtags and links only, or absent."""
    return all(is_label(token) or not has_words(token) for token in text.split())


def is_blank(character: str) -> bool:
    """Tell whether a reader sees nothing there: white space, controls, fillers, direction marks."""
    return _BLANKS.match(character) is not None


def skip_blanks(text: str, start: int = 0) -> int:
    """Move ``start`` to the next character that a reader sees, or to the end.

    Marks that would combine with the blank before them are skipped too.
    """
    while True:
        found = _NOT_BLANK.search(text, start)
        if found is None:
            return len(text)
        start = found.start()
        if not _extends(text[start]) or _WORD.match(text, start):
            return start
        start += 1


def trim_blanks(text: str, end: int) -> int:
    """Move ``end`` back to just after the last character that a reader sees, or to 0."""
    while end and is_blank(text[end - 1]):
        end -= 1
    return end


def may_cut(text: str, at: int) -> bool:
    """Tell whether cutting at ``at`` keeps what a reader sees as one character whole.

    Cautious: every place that Unicode's grapheme clusters (UAX 29) forbid answers False, and so do
    a few that they allow, as after any joiner or virama.  Marks, variation selectors, skin tones,
    joined emojis, flags, Hangul syllables and prefixed signs are kept.
    """
    if at <= 0 or at >= len(text):
        return True
    before, after = text[at - 1], text[at]
    if before == "\u200d" or _extends(after) or (before == "\r" and after == "\n"):
        return False
    if before.isascii() and after.isascii():
        return True
    if _is_flag_half(before) and _is_flag_half(after):
        return _flag_halves_before(text, at) % 2 == 0
    if _JAMO_TAIL.match(after) or (_JAMO_LEAD.match(before) and _HANGUL.match(after)):
        return False
    if unicodedata.combining(before) == _VIRAMA:
        return after.isspace()
    return _PREFIXED_SIGN.match(before) is None


def _extends(character: str) -> bool:
    if character.isascii():
        return False
    return (
        unicodedata.category(character) in {"Mn", "Me", "Mc"}
        or character in "\u200c\u200d\uff9e\uff9f\u0e33\u0eb3"
        or "\U0001f3fb" <= character <= "\U0001f3ff"
        or "\U000e0020" <= character <= "\U000e007f"
    )


def _is_flag_half(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _flag_halves_before(text: str, at: int) -> int:
    start = at
    while start and _is_flag_half(text[start - 1]):
        start -= 1
    return at - start
