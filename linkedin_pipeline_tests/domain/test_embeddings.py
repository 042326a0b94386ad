"""What is embedded of a post, and which vectors may be stored."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkedin_pipeline.domain.embeddings import (
    DIMENSIONS,
    MAX_CHARACTERS,
    check_vector,
    embedded_text,
    pad,
)


def unit(*components: float) -> list[float]:
    """Return a vector of the right width that begins with these components."""
    return [*components, *[0.0] * (DIMENSIONS - len(components))]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("plain", "plain"),
        (" \n\u00a0two  lines\nof it\t ", "two  lines\nof it"),
        ("", ""),
        (" " * 9 + "x" * 4_000, "x" * 3_000),
        ("é" * 3_000 + "!", "é" * 3_000),
        ("a" + " " * 2_999 + "b", "a" + " " * 2_999),
    ],
)
def test_embedded_text(content: str, text: str) -> None:
    """White space goes first, then what is beyond the first 3,000 characters, nothing else."""
    assert embedded_text(content) == text


@given(st.text(max_size=50), st.integers(0, 200))
@settings(deadline=None)
def test_embedded_text_is_a_bounded_stretch_of_the_post(content: str, times: int) -> None:
    """Nothing is added and the limit holds, whatever the post."""
    text = embedded_text(content * times)
    assert len(text) <= MAX_CHARACTERS
    assert text in content * times


def test_pad_keeps_norms_and_cosines() -> None:
    """Zeros at the end change neither lengths nor angles."""
    one, other = pad([0.6, 0.8]), pad([1.0, 0.0])
    assert one == unit(0.6, 0.8)
    assert math.hypot(*one) == 1.0
    assert sum(a * b for a, b in zip(one, other, strict=True)) == 0.6
    assert pad(one) == one


def test_pad_refuses_what_is_too_wide() -> None:
    """A vector of another model's width is not cut silently."""
    with pytest.raises(ValueError, match="1537"):
        pad([0.0] * (DIMENSIONS + 1))


@pytest.mark.parametrize("vector", [unit(1.0), unit(-0.6, 0.8), unit(0.9995), unit(1.0005)])
def test_unit_vectors_pass(vector: list[float]) -> None:
    """A norm of one, give or take a thousandth, is good."""
    check_vector(vector)


@pytest.mark.parametrize(
    ("vector", "message"),
    [
        ([1.0], "1 numbers"),
        ([], "0 numbers"),
        (unit(1.0)[:-1], "1535"),
        (unit(0.0), "norm"),
        (unit(0.998), "norm"),
        (unit(1.002), "norm"),
        (unit(70_000.0), "norm"),
        (unit(1e300), "norm"),
        (unit(math.nan), "nan"),
        (unit(1.0, math.inf), "inf"),
        (unit(math.inf, -math.inf), "inf"),
        (unit(math.inf, math.nan), "norm"),
    ],
)
def test_other_vectors_are_refused(vector: list[float], message: str) -> None:
    """Wrong width, no direction, no unit norm, numbers that are none: all are errors."""
    with pytest.raises(ValueError, match=message):
        check_vector(vector)
