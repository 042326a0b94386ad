"""Ten-line stand-ins for ports."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence

from linkedin_pipeline.domain.embeddings import DIMENSIONS
from linkedin_pipeline.domain.labels import Choice, Label
from linkedin_pipeline.domain.styles import StyleAnalysis
from linkedin_pipeline.domain.work import Claim, Stage


class HashEmbedder:
    """Unit vectors that depend on nothing but the text; remembers what it was asked for."""

    model = "test:hash"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """Return a vector a text."""
        self.asked.extend(texts)
        return [self._vector(text) for text in texts]

    @staticmethod
    def _vector(text: str) -> list[float]:
        digest = hashlib.sha512(text.encode()).digest()
        numbers = [byte - 127.5 for byte in digest] + [0.0] * (DIMENSIONS - len(digest))
        norm = math.sqrt(sum(number * number for number in numbers))
        return [number / norm for number in numbers]


class FirstLabel:
    """Chooses by the length of the text; always sure."""

    model = "test:length"

    def classify(
        self, stage: Stage, claims: Sequence[Claim], labels: Sequence[Label]
    ) -> Sequence[Choice]:
        """Return a choice a claim."""
        del stage
        return [Choice(labels[len(claim.content) % len(labels)].id, 1.0) for claim in claims]


class PlainStyle:
    """Writes a prompt that says how many posts it saw; remembers how often it was asked."""

    model = "test:plain"

    def __init__(self) -> None:
        self.asked = 0

    def write(self, analysis: StyleAnalysis) -> str:
        """Return a prompt."""
        self.asked += 1
        return f"Write like {analysis.measured} posts."
