"""What a style writer hands back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WrittenStyle:
    """A style prompt, and the ``provider:model`` and prompt version that wrote it in the end.

    ``instead_of`` says which model should have written it and what kept it; None when it did.
    """

    prompt: str
    model: str
    instead_of: str | None = None


@dataclass(frozen=True, slots=True)
class StyleVector:
    """A style prompt's vector: 1,536 numbers of unit norm, and the model that made them."""

    numbers: Sequence[float]
    model: str
