"""What is embedded of a post, and what counts as a vector worth storing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

DIMENSIONS = 1_536
"""The width of every stored vector."""
MAX_CHARACTERS = 3_000
NORM_TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True)
class Embedded:
    """A post's vector; ``serving`` is that of the model which serves the search meanwhile, if any.

    While another model's set is built, a post that is new or was edited needs both.
    """

    vector: Sequence[float]
    serving: Sequence[float] | None = None


def embedded_text(content: str) -> str:
    """Return what is embedded of a post: its first 3,000 characters, white space stripped first.

    Nothing is added; the text is the same for every model, so that their vectors compare.
    """
    return content.strip()[:MAX_CHARACTERS]


def pad(vector: Sequence[float]) -> list[float]:
    """Widen a vector to 1,536 numbers with zeros at the end; norms and cosines stay the same.

    Raises:
        ValueError: the vector is wider than that.
    """
    if len(vector) > DIMENSIONS:
        raise ValueError(f"a vector of {len(vector)} numbers does not fit into {DIMENSIONS}")
    return [*vector, *[0.0] * (DIMENSIONS - len(vector))]


def check_vector(vector: Sequence[float]) -> None:
    """Make sure of 1,536 finite numbers of unit norm, within a thousandth.

    That implies what the search's half-precision copy needs: not all zero, and no component beyond
    its range.  A bad vector is the fault of what made it, never of the post, hence no `Rejected`.

    Raises:
        ValueError: the width or the norm is wrong, or a number is not finite.
    """
    if len(vector) != DIMENSIONS:
        raise ValueError(f"a vector has {len(vector)} numbers, not {DIMENSIONS}")
    norm = math.hypot(*vector)
    if not abs(norm - 1.0) <= NORM_TOLERANCE:  # false for NaN, too
        raise ValueError(f"the norm of a vector is {norm:g}, not 1")
