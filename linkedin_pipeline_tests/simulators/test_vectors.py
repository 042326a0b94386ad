"""Embeddings made of words."""

from __future__ import annotations

import numpy as np
import pytest

from linkedin_pipeline.simulators.vectors import embedding

BREAD = "Bread wants a hot oven and a patient cook."
OVEN = "A patient cook keeps the oven hot for bread."
SEA = "Our boats left the harbour with a northern wind."


def _nearness(one: str, other: str) -> float:
    return float(embedding("m", one) @ embedding("m", other))


def test_texts_that_share_words_are_near() -> None:
    """The same words in another order are far nearer than other words."""
    assert _nearness(BREAD, OVEN) > 0.7
    assert abs(_nearness(BREAD, SEA)) < 0.25


def test_the_same_text_has_the_same_vector_in_its_model_only() -> None:
    """A vector is a function of model and text; two models agree on nothing."""
    assert np.array_equal(embedding("m", BREAD), embedding("m", BREAD))
    assert abs(float(embedding("m", BREAD) @ embedding("other", BREAD))) < 0.2


@pytest.mark.parametrize("text", ["", " ", "🎉", "…", "a", "\ud83d", BREAD * 50])
@pytest.mark.parametrize("dimensions", [1, 8, 1536])
def test_every_vector_is_finite_and_of_unit_length(text: str, dimensions: int) -> None:
    """Whatever the text and however few dimensions are wanted."""
    vector = embedding("m", text, dimensions)
    assert vector.shape == (dimensions,)
    assert vector.dtype == np.float32
    assert float(np.linalg.norm(vector)) == pytest.approx(1, abs=1e-5)
