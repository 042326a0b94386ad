"""How far two styles lie apart."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import sqrt

from linkedin_pipeline.domain.styles.analysis import StyleAnalysis
from linkedin_pipeline.domain.styles.habits import HABITS
from linkedin_pipeline.domain.styles.measures import MARKS, POST_BINS, SENTENCE_BINS, SHAPES
from linkedin_pipeline.domain.styles.words import FUNCTION_WORDS

_GROUPS: dict[str, tuple[str, ...]] = {
    "function_words": tuple(
        f"{language}:{word}" for language, words in FUNCTION_WORDS.items() for word in words
    ),
    "marks": MARKS,
    "shapes": tuple(f"{one} {other}" for one, other in product(SHAPES, SHAPES)),
    "sentence_lengths": tuple(map(str, range(len(SENTENCE_BINS) + 1))),
    "post_lengths": tuple(map(str, range(len(POST_BINS) + 1))),
}


def feature_vector(analysis: StyleAnalysis) -> Sequence[float]:
    """Lay out an analysis as numbers from 0 up, always as many and in the same order.

    Each is the square root of a share or of a rate per word: counts vary with the square root of
    their size, so that rare and frequent traits weigh alike without a scale learned from a corpus.
    Engagement and favourites have no part in it.
    """
    rates = (
        analysis.rates.get(group, {}).get(name, 0.0) / 1000
        for group, names in _GROUPS.items()
        for name in names
    )
    habits = (analysis.habits[name].posts if name in analysis.habits else 0.0 for name in HABITS)
    return tuple(sqrt(each) for each in (*rates, *habits))


def distance(one: Sequence[float], other: Sequence[float]) -> float:
    """Add up the differences of two vectors of `feature_vector`: 0 for equal styles.

    The sum of absolute differences, as in Burrows's Delta, tells authors apart better than the
    sum of squares: many small habits outvote one large one.
    """
    return sum(abs(a - b) for a, b in zip(one, other, strict=True))
