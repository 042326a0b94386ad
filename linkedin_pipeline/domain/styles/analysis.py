"""The style of a profile: what its posts have in common, in numbers."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean, median, quantiles
from typing import Literal
from uuid import UUID

from linkedin_pipeline.domain.styles.favourites import favourites
from linkedin_pipeline.domain.styles.measures import Measure, measure
from linkedin_pipeline.domain.styles.words import Language

STYLE_VERSION = "1"
"""Grows when the same posts would be measured otherwise."""

_PER: dict[str, Literal["word", "known word", "sentence", "post", "all"]] = {
    "function_words": "word",
    "persons": "known word",
    "marks": "word",
    "shapes": "all",
    "sentence_lengths": "sentence",
    "post_lengths": "post",
}
"""What a group of counts is counted per: words, words of posts whose language is known, …

``all`` is the sum of the group itself.
"""
_LOUDEST = 8


@dataclass(frozen=True, slots=True)
class StylePost:
    """A post as the measuring of style wants it; ``engagement`` is likes + comments + shares."""

    post_id: UUID
    content: str
    hook: str | None = None
    hook_type: str | None = None
    engagement: int = 0

    @property
    def loudness(self) -> int:
        """How much readers reacted to the post, from 0 to 8: one more for each fourfold.

        The classes begin at 12, 60, 252, 1,020, … reactions, so that a like more or less says
        nothing new about a style, and a post with few of them is not told from one with none.
        """
        # the whole part of log4(engagement / 4 + 1), without rounding at the edges
        return min(_LOUDEST, ((max(self.engagement, 0) // 4 + 1).bit_length() - 1) // 2)


@dataclass(frozen=True, slots=True)
class Size:
    """How large something is over a profile's posts (or its sentences, or lines).

    ``low`` and ``high`` are the quartiles; ``weighted`` is the mean weighted by engagement, equal
    to ``mean`` for sentences and lines.
    """

    mean: float
    median: float
    low: float
    high: float
    weighted: float


@dataclass(frozen=True, slots=True)
class Share:
    """In what share of the posts something is so, each post counted once and by engagement."""

    posts: float
    weighted: float


@dataclass(frozen=True, slots=True)
class StyleAnalysis:
    """The style of a profile.

    ``measured`` posts of ``post_ids`` hold words; ``effective`` is the number of equal posts that
    the engagement weights are worth (Kish).  ``languages`` are shares of ``en``, ``fr``, ``other``.
    ``rates`` are groups of counts per 1,000: of words (``persons``: of words in English and French
    posts), except for ``sentence_lengths`` (of sentences), ``post_lengths`` (of posts) and
    ``shapes`` (of pairs).  What is nought is left out.
    """

    inputs_hash: str
    post_ids: tuple[UUID, ...]
    measured: int
    effective: float
    languages: Mapping[str, float]
    sizes: Mapping[str, Size]
    habits: Mapping[str, Share]
    hook_types: Mapping[str, Share]
    rates: Mapping[str, Mapping[str, float]]
    favourites: Mapping[str, Mapping[str, int]]

    @property
    def language(self) -> Language:
        """The author's main language of the two that prompts are written in."""
        return "fr" if self.languages.get("fr", 0) > self.languages.get("en", 0) else "en"

    def as_json(self) -> dict[str, object]:
        """Give plain data for ``profiles.style_analysis``; the same analysis, the same data."""
        post_ids = [str(post_id) for post_id in self.post_ids]
        return {"version": STYLE_VERSION, **asdict(self), "post_ids": post_ids}


def inputs_hash(posts: Iterable[StylePost]) -> str:
    """Hash all that an analysis depends on; the order of the posts is not part of it.

    That is id, content, hook, hook type and `StylePost.loudness` of each post.  The exact number
    of reactions is neither hashed nor measured: posts gain a like every hour, and a style must not
    be paid for again because of one.  Equal hashes therefore mean equal analyses, and a post that
    went from quiet to viral still counts as a change.  `STYLE_VERSION` is not an input: a new
    version re-queues nothing by itself.
    """
    lines = sorted(
        json.dumps([str(post.post_id), post.content, post.hook, post.hook_type, post.loudness])
        for post in posts
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def analyse(posts: Sequence[StylePost]) -> StyleAnalysis:
    """Measure the style of one profile's posts; no order, clock or chance has a part in it.

    Posts without a word are listed and not measured; no posts at all give an empty analysis.
    Takes time in proportion to the text, of each post the first 5,000 characters.
    """
    ordered = sorted(posts, key=lambda post: (post.post_id, post.content))
    pairs = [(post, measure(post.content, post.hook)) for post in ordered]
    measured = [(post, found) for post, found in pairs if found is not None]
    measures = [found for _, found in measured]
    weights = _weights([post for post, _ in measured])
    return StyleAnalysis(
        inputs_hash=inputs_hash(posts),
        post_ids=tuple(post.post_id for post in ordered),
        measured=len(measures),
        effective=round(1 / sum(each * each for each in weights), 2) if weights else 0.0,
        languages=_languages(measures),
        sizes=_sizes(measures, weights),
        habits=_shares([found.habits for found in measures], weights),
        hook_types=_hook_types([post.hook_type for post, _ in measured], weights),
        rates=_rates(measures),
        favourites=favourites([found.favourites for found in measures]),
    )


def _weights(posts: Sequence[StylePost]) -> list[float]:
    """Weigh posts by about the square root of their engagement; the weights add up to 1."""
    raw = [2**post.loudness for post in posts]
    return [each / sum(raw) for each in raw]


def _languages(measures: Sequence[Measure]) -> dict[str, float]:
    counts = Counter(found.language or "other" for found in measures)
    return {name: round(counts[name] / len(measures), 3) for name in sorted(counts)}


def _sizes(measures: Sequence[Measure], weights: Sequence[float]) -> dict[str, Size]:
    if not measures:
        return {}
    sizes = {
        name: _size([found.sizes[name] for found in measures], weights)
        for name in measures[0].sizes
    }
    sizes["sentence_words"] = _size([n for found in measures for n in found.sentence_words])
    sizes["line_words"] = _size([n for found in measures for n in found.line_words])
    return sizes


def _size(values: Sequence[float], weights: Sequence[float] = ()) -> Size:
    low, high = values[0], values[0]
    if len(values) > 1:
        low, _, high = quantiles(values, n=4, method="inclusive")
    mean = fmean(values)
    return Size(
        mean=round(mean, 2),
        median=round(median(values), 2),
        low=round(low, 2),
        high=round(high, 2),
        weighted=round(fmean(values, weights) if weights else mean, 2),
    )


def _shares(named: Sequence[frozenset[str]], weights: Sequence[float]) -> dict[str, Share]:
    return {
        name: Share(
            posts=round(fmean(name in each for each in named), 3),
            weighted=round(fmean([name in each for each in named], weights), 3),
        )
        for name in sorted(frozenset().union(*named))
    }


def _hook_types(types: Sequence[str | None], weights: Sequence[float]) -> dict[str, Share]:
    """Share out the classified posts; those not classified yet are left out."""
    classified = [
        (frozenset((name,)), weight) for name, weight in zip(types, weights, strict=True) if name
    ]
    return _shares([name for name, _ in classified], [weight for _, weight in classified])


def _rates(measures: Sequence[Measure]) -> dict[str, dict[str, float]]:
    words = sum(found.sizes["words"] for found in measures)
    known = sum(found.sizes["words"] for found in measures if found.language)
    sentences = sum(found.sizes["sentences"] for found in measures)
    rates = {}
    for group, per in _PER.items():
        counts: Counter[str] = Counter()
        for found in measures:
            counts.update(found.counts[group])
        total = {
            "word": words,
            "known word": known,
            "sentence": sentences,
            "post": len(measures),
            "all": counts.total(),
        }[per]
        rates[group] = {name: round(1000 * counts[name] / total, 2) for name in sorted(counts)}
    return rates
