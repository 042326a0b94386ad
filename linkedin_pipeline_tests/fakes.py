"""Ten-line stand-ins for ports."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from uuid import UUID

from linkedin_pipeline.domain.embeddings import DIMENSIONS
from linkedin_pipeline.domain.labels import Choice, Label
from linkedin_pipeline.domain.styles import StyleAnalysis, StylePost, WrittenStyle
from linkedin_pipeline.domain.work import Claim, Done, Stage, Verdict


class HashEmbedder:
    """Unit vectors that depend on nothing but the text; remembers what it was asked for."""

    model = "test:hash"
    pace = None

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """Return a vector a text."""
        self.asked.extend(texts)
        return [self._vector(text) for text in texts]

    def forget(self, texts: Sequence[str]) -> None:
        """Keep nothing, forget nothing."""

    @staticmethod
    def _vector(text: str) -> list[float]:
        digest = hashlib.sha512(text.encode()).digest()
        numbers = [byte - 127.5 for byte in digest] + [0.0] * (DIMENSIONS - len(digest))
        norm = math.sqrt(sum(number * number for number in numbers))
        return [number / norm for number in numbers]


class FirstLabel:
    """Chooses by the length of the text; always sure."""

    model = "test:length"
    pace = None

    def classify(
        self, stage: Stage, claims: Sequence[Claim], taxonomy: Mapping[Stage, Sequence[Label]]
    ) -> Sequence[Verdict[Choice]]:
        """Return a choice a claim."""
        labels = taxonomy[stage]
        return [Done(Choice(labels[len(claim.content) % len(labels)].id, 1.0)) for claim in claims]

    def forget(
        self, stage: Stage, claims: Sequence[Claim], taxonomy: Mapping[Stage, Sequence[Label]]
    ) -> None:
        """Keep nothing, forget nothing."""


class PlainStyle:
    """Writes a prompt that says how many posts it saw; remembers how often it was asked."""

    model = "test:plain"

    def __init__(self) -> None:
        self.asked = 0

    def write(
        self, profile_id: UUID, analysis: StyleAnalysis, posts: Sequence[StylePost]
    ) -> WrittenStyle:
        """Return a prompt."""
        del profile_id, posts
        self.asked += 1
        return WrittenStyle(f"Write like {analysis.measured} posts.", self.model)

    def forget(self, profile_id: UUID, analysis: StyleAnalysis) -> None:
        """Keep nothing, forget nothing."""
