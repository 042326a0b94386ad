"""What one post does, in numbers that do not tell its subject."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from linkedin_pipeline.domain.hooks import extract_hook
from linkedin_pipeline.domain.styles.habits import (
    body_habits,
    closing_habits,
    list_habits,
    list_items,
    opening_habits,
)
from linkedin_pipeline.domain.styles.text import Token, has_dressed_letters, lines, plain
from linkedin_pipeline.domain.styles.words import (
    FAMILIAR,
    FUNCTION_WORDS,
    PERSONS,
    Language,
    language_of,
)

SENTENCE_BINS = (3, 5, 7, 9, 12, 15, 19, 24, 30, 40)
"""Words at which the next class of sentence lengths begins."""
POST_BINS = (5, 10, 15, 20, 30, 45, 70, 100, 150, 220)
"""Words at which the next class of post lengths begins."""
MARKS = (*",.!?:;-–—\"“”'‘’«»()[]&/*+%$€→•|", "...", "…", "emoji", "hashtag", "link", "mention")
SHAPES = (
    *("i", "we", "you", "they", "number", "emoji", "hashtag", "link", "mention", "dots"),
    *"fFwWX",
    *",.!?:;-\"'()&/_",
    *"^$",
)
"""What `_shape` tells apart, and ``^`` and ``$`` for the ends of a sentence."""
_FUNCTION = {language: frozenset(words) for language, words in FUNCTION_WORDS.items()}
_ONE_SHAPE = {"“": '"', "”": '"', "«": '"', "»": '"', "‘": "'", "’": "'", "–": "-", "—": "-"}
"""Marks that differ by keyboard only; `MARKS` keeps them apart."""
_MARK_SHAPES = frozenset(",.!?:;-\"'()&/")


@dataclass(frozen=True, slots=True)
class Measure:
    """One post, measured.

    ``sizes`` hold one number by name; ``counts`` hold groups of counts: function words, marks,
    persons, pairs of token shapes, classes of sentence and post length.  ``favourites`` name what
    the post has of its own choice: emojis, hashtags, first words.
    """

    language: Language | None
    sizes: Mapping[str, int]
    sentence_words: tuple[int, ...]
    line_words: tuple[int, ...]
    habits: frozenset[str]
    counts: Mapping[str, Counter[str]]
    favourites: Mapping[str, frozenset[str]]


def measure(content: str, hook: str | None = None) -> Measure | None:
    """Measure one post; None when there is no word in it.  The hook is cut out when not given."""
    laid_out = lines(plain(content))
    sentences = [sentence for line in laid_out for sentence in line.sentences]
    tokens = [token for sentence in sentences for token in sentence]
    words = [token for token in tokens if token.kind == "word"]
    if not words:
        return None
    language = language_of(word.lower for word in words)
    opening = _tokens(extract_hook(content) if hook is None else hook)
    items = list_items(laid_out)
    lengths = tuple(length for length in map(_words, sentences) if length)
    kinds = Counter(token.kind for token in tokens)
    return Measure(
        language=language,
        sizes={
            "words": len(words),
            "sentences": len(lengths),
            "lines": len(laid_out),
            "paragraphs": 1 + sum(line.after_blank for line in laid_out),
            "hook_words": _words(opening),
            "questions": sum(token.text == "?" for token in tokens),
            "emojis": kinds["emoji"],
            "hashtags": kinds["hashtag"],
            "list_items": sum(items.values()),
        },
        sentence_words=lengths,
        line_words=tuple(length for line in laid_out if (length := _words(line.tokens))),
        habits=frozenset(
            (
                *opening_habits(opening, language),
                *body_habits(laid_out, language),
                *closing_habits(laid_out, language),
                *list_habits(items),
                *(["has_dressed_letters"] if has_dressed_letters(content) else []),
            )
        ),
        counts={
            "function_words": Counter(_function_words(words, language)),
            "persons": Counter(_persons(words, language)),
            "marks": Counter(_marks(tokens)),
            "shapes": Counter(_shape_pairs(sentences, language)),
            "sentence_lengths": Counter(str(bisect_right(SENTENCE_BINS, n)) for n in lengths),
            "post_lengths": Counter((str(bisect_right(POST_BINS, len(words))),)),
        },
        favourites={
            "emojis": frozenset(token.text for token in tokens if token.kind == "emoji"),
            "hashtags": frozenset(token.text for token in tokens if token.kind == "hashtag"),
            "first_words": frozenset(token.text for token in opening[:1] if token.kind == "word"),
        },
    )


def _tokens(text: str | None) -> tuple[Token, ...]:
    return tuple(token for line in lines(plain(text or "")) for token in line.tokens)


def _words(tokens: Sequence[Token]) -> int:
    return sum(token.kind == "word" for token in tokens)


def _function_words(words: Sequence[Token], language: Language | None) -> Iterator[str]:
    if language:
        known = _FUNCTION[language]
        yield from (f"{language}:{word.lower}" for word in words if word.lower in known)


def _persons(words: Sequence[Token], language: Language | None) -> Iterator[str]:
    if language:
        table = PERSONS[language]
        yield from (table[word.lower] for word in words if word.lower in table)
    if language == "fr":
        yield from ("familiar" for word in words if word.lower in FAMILIAR)


def _marks(tokens: Sequence[Token]) -> Iterator[str]:
    for token in tokens:
        if token.kind == "mark" and token.text in MARKS:
            yield token.text
        elif token.kind == "dots":
            yield "…" if token.text == "…" else "..."
        elif token.kind in MARKS:
            yield token.kind


def _shape_pairs(sentences: Sequence[Sequence[Token]], language: Language | None) -> Iterator[str]:
    for sentence in sentences:
        shapes = ("^", *(_shape(token, language) for token in sentence), "$")
        yield from (f"{one} {other}" for one, other in pairwise(shapes))


def _shape(token: Token, language: Language | None) -> str:
    """Tell what a token is without its subject: which person, a function word, how it is cased."""
    if token.kind == "mark":
        mark = _ONE_SHAPE.get(token.text, token.text)
        return mark if mark in _MARK_SHAPES else "_"
    if token.kind != "word":
        return token.kind
    text, lower = token.text, token.lower
    if language and lower in PERSONS[language]:
        return PERSONS[language][lower]
    if language and lower in _FUNCTION[language]:
        return "f" if text[0].islower() else "F"
    if len(text) > 1 and text.isupper():
        return "X"
    return "W" if text[0].isupper() else "w"
