"""The hook of a post: its opening, verbatim, as a reader meets it before "see more".

LinkedIn folds a post after about three lines: some 210 characters on a desktop, 140 on a phone.
Within that, the hook is the first sentence or line; a very short one ("Stop.", an emoji, "Hot
take:") takes along what it leads to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from linkedin_pipeline.domain.posts import (
    EMOJIS,
    first_word,
    has_words,
    is_blank,
    is_label,
    is_labels,
    letters,
    may_cut,
    skip_blanks,
    trim_blanks,
)
from linkedin_pipeline.domain.sentences import sentence_ends

MAX_CHARACTERS = 300
FOLD = 210
"""Nothing is added to a readable hook beyond what a reader sees."""
_WINDOW = 1_200
_HEAD = 4_000
"""How far leading lines of hashtags are skipped."""
_DECORATION = 60
"""Characters without a word that an opening may start with."""
_SHORT = 15
"""Letters under which an opening says too little alone: "I got fired." """
_TINY = 6
"""Letters under which it takes along even what must be cut: "Stop." """
_LEAD_IN = 30
"""Letters under which a line that ends in a colon leads in to its next line."""

_LINE = re.compile(r"[^\n\r\x0b\x0c\x85\u2028\u2029]+")
_ITEM = re.compile(rf"(?:[-–—•·▪▫◦‣*+>]|\(?(?:\d{{1,2}}|[A-Za-z])[.)](?!\w)|{EMOJIS})\s*")
_EMOJIS = re.compile(EMOJIS)
_NUMBERED = re.compile(r"\(?\d{1,2}[.)]\s")
_ENDED = re.compile(r"[.!?:。！？؟۔।][\"'”’»)\]\s]*$")
_BUTTON = re.compile(r"(?:…|\.\.\.)?\s*(?:see more|see translation|voir plus|voir la traduction)")
_BUTTON_TAIL = re.compile(r"\s*(?:…|\.\.\.)\s*(?:see more|voir plus)\s*$")
_BLANK = re.compile(r"\s")
_CLAUSE = re.compile(r"\s*[,;，；、](?=\s|[^\x00-\x7f])|:(?=\s)|\s+[–—-]+(?=\s)|…(?=\s)")
_LINKING = (
    " a an the and or of in on at to for from by with about its our my your their this that is are"
    " le la les un une des du de et ou en au aux à sur pour par avec ce cette son sa ses nos vos "
)
"""Words that need the one after them, each between blanks."""
_PAIRS = {"“": "”", "«": "»", "(": ")", "「": "」"}


@dataclass(frozen=True, slots=True)
class _Sentence:
    """One sentence with words; offsets into the text at hand.

    ``opens_line`` and ``closes_line`` tell whether it is the first or last of its line.
    """

    start: int
    end: int
    opens_line: bool
    closes_line: bool


def extract_hook(content: str) -> str | None:
    """Cut the hook out of a post; None exactly when `posts.has_words` finds no word in it.

    The answer is a stretch of ``content``, unchanged, of 1 to 300 characters with at least one
    word, without blanks at its ends.  It starts where the post starts, except that lines of mere
    hashtags or links, lines of mere punctuation and long runs of decoration are passed over.  It
    ends with a sentence or a line; one that is too long is cut after a clause, else after a word,
    and inside a word only when that word alone is too long.  Takes time in proportion to the post.
    """
    start = _start(content)
    if start is None:
        return None
    text = content[start : start + _WINDOW]
    end = _end(text, list(_sentences(text)))
    return text[: _without_trailing_labels(text, _cut(text, end))]


def _start(content: str) -> int | None:
    """Find where the opening starts: at its emojis or its first line that says something."""
    word = first_word(content)
    if word is None:
        return None
    start = _at_decoration(content, word)
    kept = None
    for line in _LINE.finditer(content, start, start + _HEAD):
        if not has_words(line[0]):
            if kept is None and _EMOJIS.search(line[0]):
                kept = line.start()
        elif is_labels(line[0]):
            kept = None
        else:
            start = line.start() if kept is None else kept
            break
    word = first_word(content, start)
    return None if word is None else _at_decoration(content, word, start)


def _at_decoration(content: str, word: int, earliest: int = 0) -> int:
    """Go back from the first word over the emojis and punctuation that belong to it."""
    start = skip_blanks(content, earliest)
    if word - start <= _DECORATION:
        return start
    near = word - _DECORATION
    gap = max(
        (at for at in range(near, word) if is_blank(content[at]) and may_cut(content, at + 1)),
        default=None,
    )
    return word if gap is None else skip_blanks(content, gap)


def _sentences(text: str) -> Iterator[_Sentence]:
    """Split into sentences; one without words is part of what follows it."""
    begin = 0
    for line in _LINE.finditer(text):
        opens_line = True
        ends = list(sentence_ends(line[0]))
        for offset in ends:
            end = trim_blanks(text, line.start() + offset)
            if end > begin and has_words(text[begin:end]):
                yield _Sentence(skip_blanks(text, begin), end, opens_line, offset == ends[-1])
                begin = end
                opens_line = False


def _end(text: str, sentences: Sequence[_Sentence]) -> int:
    """Choose after which sentence the hook ends."""
    last = sentences[0]
    for following in sentences[1:]:
        if not _leads_on(text, last, following):
            break
        last = following
    return _close_pairs(text, last.end, sentences)


def _leads_on(text: str, last: _Sentence, following: _Sentence) -> bool:
    """Tell whether the opening up to ``last`` needs the sentence after it."""
    opening = text[: last.end]
    said = letters(opening)
    piece = text[following.start : following.end]
    if is_labels(piece) or _BUTTON.fullmatch(piece.lower()) or _is_item(text, following):
        return False
    if said < _TINY:
        return True
    if said < _SHORT:
        return following.end <= MAX_CHARACTERS
    if following.end > FOLD or not last.closes_line:
        return False
    if opening.endswith((":", "：")):
        return said < _LEAD_IN and not any(character.isdecimal() for character in opening)
    if piece.startswith(("…", "...")):
        return True
    return opening.endswith(",") or (piece[0].islower() and not _ENDED.search(opening))


def _is_item(text: str, sentence: _Sentence) -> bool:
    """Tell whether a sentence is an item of a list, by its mark or by that of the next line."""
    if not sentence.opens_line:
        return _NUMBERED.match(text, sentence.start) is not None
    mark = _ITEM.match(text, sentence.start)
    if mark is None:
        return False
    if not _EMOJIS.match(mark[0]):
        return True
    rest = text[sentence.end :]
    return any(line[0].lstrip().startswith(mark[0][0]) for line in _LINE.finditer(rest))


def _close_pairs(text: str, end: int, sentences: Sequence[_Sentence]) -> int:
    """Move on to where an open quotation or bracket is closed, when a reader still sees that."""
    if not _is_open(text[:end]):
        return end
    later = (sentence.end for sentence in sentences if end < sentence.end <= FOLD)
    return next((other for other in later if not _is_open(text[:other])), end)


def _is_open(text: str) -> bool:
    unclosed = any(text.count(left) > text.count(right) for left, right in _PAIRS.items())
    return unclosed or text.count('"') % 2 == 1


def _cut(text: str, end: int) -> int:
    """Bring ``end`` down to the limit, at a clause, a blank, or what a reader sees as one."""
    if end <= MAX_CHARACTERS:
        return end
    half = MAX_CHARACTERS // 2
    clauses = [
        clause.end() if clause[0] in {":", "…"} else clause.start()
        for clause in _CLAUSE.finditer(text, half, MAX_CHARACTERS + 1)
    ]
    if clauses:
        return min(clauses[-1], MAX_CHARACTERS)
    word = first_word(text) or 0
    blanks = (at for at in range(MAX_CHARACTERS, word, -1) if text[at].isspace())
    blank = next(blanks, 0)
    too_long = not _BLANK.search(text, blank + 1, blank + 2 + MAX_CHARACTERS)
    if blank == 0 or (blank < half and too_long):
        seams = (at for at in range(MAX_CHARACTERS, word, -1) if may_cut(text, at))
        return next(seams, MAX_CHARACTERS)
    return blank


def _without_trailing_labels(text: str, end: int) -> int:
    """Leave out a link or a run of hashtags at the end, unless nothing else is there."""
    button = _BUTTON_TAIL.search(text, 0, end)
    if button and has_words(text[: button.start()]):
        end = button.start()
    tokens = list(re.finditer(r"\S+", text[:end]))
    plain = len(tokens)
    for index in range(len(tokens) - 1, -1, -1):
        if is_label(tokens[index][0]):
            plain = index
        elif has_words(tokens[index][0]):
            break
    else:
        return trim_blanks(text, end)
    labels = [token for token in tokens[plain:] if is_label(token[0])]
    if not labels:
        return trim_blanks(text, end)
    before = tokens[plain - 1]
    if f" {before[0].lower()} " in _LINKING or letters(text[: before.end()]) < _SHORT:
        end = max(labels[0].end(), end if len(labels) == 1 else 0)
    elif len(labels) > 1 or not labels[0][0].startswith(("#", "＃")):
        end = before.end()
    return trim_blanks(text, end)
