"""Which habits go with the reactions that posts draw, beyond chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

from linkedin_pipeline.domain.styles.analysis import Share, StyleAnalysis
from linkedin_pipeline.domain.styles.habits import BODIES, OPENINGS

LEAST_POSTS = 10
"""Posts under which nothing is compared."""
_STANDARD_ERRORS = 2.5
"""What counts as beyond chance: some 40 habits are compared, and 2 would let two of them pass."""
_LEAST_EITHER = 3
"""Posts that must have a habit, and that must lack it, to compare the two."""
_UNEQUAL = 0.001
"""How unequal weights must be: under it, rounding makes up the difference."""
_SHORTER, _LONGER = 0.8, 1.25
"""Ratios of mean lengths, by engagement and plain, beyond which length is worth a word."""
_MOST = 3


@dataclass(frozen=True, slots=True)
class Contrast:
    """Habits more and less frequent in posts that drew more reactions, the surest first.

    ``words`` is the mean length by engagement where it differs, else None.
    """

    bodies: tuple[str, ...]
    missing: tuple[str, ...]
    openings: tuple[str, ...]
    hook_types: tuple[str, ...]
    words: float | None


def compare(analysis: StyleAnalysis) -> Contrast | None:
    """Compare the shares by engagement with the plain ones; None when the posts are too few."""
    if analysis.measured < LEAST_POSTS:
        return None
    gains = _gains(analysis, analysis.habits)
    words = analysis.sizes["words"]
    same = _SHORTER < words.weighted / words.mean < _LONGER
    return Contrast(
        bodies=_surest({habit: gains.get(habit, 0.0) for habit in BODIES}),
        missing=_surest({habit: -gains.get(habit, 0.0) for habit in BODIES}),
        openings=_surest({habit: gains.get(habit, 0.0) for habit in OPENINGS}),
        hook_types=_surest(_gains(analysis, analysis.hook_types)),
        words=None if same else words.weighted,
    )


def _gains(analysis: StyleAnalysis, shares: Mapping[str, Share]) -> dict[str, float]:
    return {name: _gain(analysis, share) for name, share in shares.items()}


def _gain(analysis: StyleAnalysis, share: Share) -> float:
    """Give how many standard errors the share by engagement lies above the plain one.

    The error is the one to expect if engagement had nothing to do with the habit.
    """
    unequal = 1 / analysis.effective - 1 / analysis.measured
    fewer = min(share.posts, 1 - share.posts) * analysis.measured
    if unequal < _UNEQUAL or round(fewer) < _LEAST_EITHER:
        return 0.0
    return (share.weighted - share.posts) / sqrt(share.posts * (1 - share.posts) * unequal)


def _surest(gains: Mapping[str, float]) -> tuple[str, ...]:
    found = [name for name, gain in gains.items() if gain > _STANDARD_ERRORS]
    return tuple(sorted(found, key=lambda name: -gains[name])[:_MOST])
