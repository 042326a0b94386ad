"""Measuring style: what holds for every text."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkedin_pipeline.domain.posts import has_words
from linkedin_pipeline.domain.styles import StylePost, analyse, feature_vector
from linkedin_pipeline.domain.styles.habits import HABITS
from linkedin_pipeline.domain.styles.measures import measure
from linkedin_pipeline.domain.styles.text import lines, plain

HOSTILE = [" ", "\n", ".", "a.", "A.B", "-", "a-", "a'", "1.", "1️⃣", "@a", "#a ", "# ", "www."]
HOSTILE += ["🎉", "🇫", "\u200d", "\ufe0f", "\u0301", "漢", "क्षि", "...", "https://", "a.com/", "0,"]


@settings(deadline=None)
@given(st.text())
def test_every_text(content: str) -> None:
    """Any text is measured or has no word; its tokens keep its order."""
    for line in lines(plain(content)):
        starts = [token.start for token in line.tokens]
        assert starts == sorted(starts)
        assert all(token.text for token in line.tokens)
    found = measure(content)
    if found is None:
        return
    assert has_words(content)
    assert found.habits <= set(HABITS)
    assert sum(found.sentence_words) == sum(found.line_words) == found.sizes["words"]


@settings(deadline=None, max_examples=30)
@given(st.lists(st.text(max_size=80), max_size=8))
def test_every_profile(texts: list[str]) -> None:
    """Any posts give an analysis whose vector has no negative numbers."""
    found = analyse([StylePost(UUID(int=at), text) for at, text in enumerate(texts)])
    assert found.measured <= len(texts)
    assert len(feature_vector(found)) == len(feature_vector(analyse([])))
    assert all(each >= 0 for each in feature_vector(found))


@pytest.mark.parametrize("unit", HOSTILE)
def test_hostile_runs_come_to_an_end(unit: str) -> None:
    """A hundred thousand repetitions of anything are measured in bounded steps."""
    assert measure("start " + unit * 100_000) is not None
