"""Phrases of labels, the direction between vectors, and honest choices."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkedin_pipeline.domain.classifications import MAX_PHRASES, centroid, choose, phrases

LOG_ODDS = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40)


def test_a_text_is_split_where_it_enumerates() -> None:
    """Lines, commas, colons, semicolons and sentences part phrases; inner marks do not."""
    text = "Pay\nSalaire\nPay: asking for a raise, 2,500 euros; offers. What now? It's no e-mail…"
    assert phrases(text) == [
        "Pay",
        "Salaire",
        "asking for a raise",
        "2,500 euros",
        "offers",
        "What now",
        "It's no e-mail",
    ]


def test_a_bulleted_line_is_one_phrase() -> None:
    """An example keeps its commas and its full stop."""
    assert phrases('Quote\n• "No," she said. He left.\n•no bullet, no example') == [
        "Quote",
        '"No," she said. He left.',
        "•no bullet",
        "no example",
    ]


def test_a_phrase_counts_once() -> None:
    """A name that is the same in both languages has no double weight."""
    assert phrases("Question\nQuestion\nA question, Question") == ["Question", "A question"]


@pytest.mark.parametrize("text", ["", "?!", "…\n, ,\n•  "])
def test_a_text_without_words_is_its_own_phrase(text: str) -> None:
    """There is always something to embed."""
    assert phrases(text) == [text]


def test_an_endless_description_is_cut() -> None:
    """At most 256 phrases count, the first ones."""
    assert phrases(", ".join(f"phrase {n}" for n in range(10_000))) == [
        f"phrase {n}" for n in range(MAX_PHRASES)
    ]


def test_a_centroid_points_between_its_vectors() -> None:
    """It has unit norm and the same angle to two unit vectors."""
    assert centroid([[1.0, 0.0], [0.0, 1.0]]) == pytest.approx([math.sqrt(0.5)] * 2)
    assert centroid([[0.0, 2.0]]) == pytest.approx([0.0, 1.0])
    assert centroid([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]) == pytest.approx(
        [2 / math.sqrt(5), 1 / math.sqrt(5)]
    )


@pytest.mark.parametrize(
    ("vectors", "said"),
    [([], "no vectors"), ([[1.0, 0.0], [-1.0, 0.0]], "cancel"), ([[1.0], [1.0, 0.0]], "zip")],
    ids=["none", "opposites", "ragged"],
)
def test_what_has_no_centroid_is_an_error(vectors: list[list[float]], said: str) -> None:
    """Rather no vector than one that means nothing."""
    with pytest.raises(ValueError, match=said):
        centroid(vectors)


def test_the_likeliest_is_chosen_with_its_probability() -> None:
    """Log-odds of ln 3 against 0 are three to one."""
    place, confidence = choose([0.0, math.log(3.0)])
    assert place == 1
    assert confidence == pytest.approx(0.75)


def test_an_only_label_is_certain_and_equals_share() -> None:
    """Among one there is no doubt; five alike have a fifth each, and the first is taken."""
    assert choose([-40.0]) == (0, 1.0)
    place, confidence = choose([2.0] * 5)
    assert place == 0
    assert confidence == pytest.approx(0.2)


@pytest.mark.parametrize("log_odds", [[], [0.0, math.nan], [math.inf], [-math.inf, 0.0]])
def test_nonsense_is_not_chosen_from(log_odds: list[float]) -> None:
    """No label at all and numbers that are none are errors, not choices."""
    with pytest.raises(ValueError, match="cannot choose"):
        choose(log_odds)


@given(LOG_ODDS)
def test_a_choice_is_a_probability_of_the_maximum(log_odds: list[float]) -> None:
    """The confidence is never under an equal share, never over 1, and never of another label."""
    place, confidence = choose(log_odds)
    assert log_odds[place] == max(log_odds)
    assert 1 / len(log_odds) <= confidence * (1 + 1e-12)
    assert confidence <= 1.0


@given(LOG_ODDS, st.integers(-1000, 1000))
def test_only_differences_count(log_odds: list[float], shift: int) -> None:
    """What is added to all labels changes nothing."""
    _, confidence = choose(log_odds)
    _, shifted = choose([number + shift for number in log_odds])
    assert shifted == pytest.approx(confidence, abs=1e-6)


@given(st.text(max_size=300))
def test_phrases_hold_words_of_the_text(text: str) -> None:
    """Every phrase is a stretch of the text without blanks at its ends, or all of it."""
    found = phrases(text)
    assert found
    assert len(set(found)) == len(found)
    assert all(phrase in text for phrase in found)
    assert found == [text] or all(phrase == phrase.strip() != "" for phrase in found)
