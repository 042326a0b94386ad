"""Who is asked for a style, in which order, and what is kept of the answers."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import pytest

from linkedin_pipeline.adapters.fallback_styles import FallbackStyleWriter
from linkedin_pipeline.domain.errors import (
    AllProvidersDown,
    PipelineError,
    ProviderDown,
    Rejected,
)
from linkedin_pipeline.domain.styles import StyleAnalysis, StylePost, WrittenStyle
from linkedin_pipeline_tests.adapters.paid import PROFILE, MemoryAnswers, measured, some_posts

POSTS = some_posts()
ANALYSIS = measured(POSTS)
REFUSED = Rejected("style_refused", "the style prompt", "it refuses", "Wait.")


def down(seconds: float | None) -> ProviderDown:
    """Return an outage."""
    return ProviderDown("the provider", "HTTP 529", "Wait.", retry_after=seconds)


class Scripted:
    """Writes, or raises what it is told to; counts how often it was asked."""

    def __init__(self, model: str, error: PipelineError | None = None) -> None:
        self.model = model
        self.error = error
        self.asked = 0

    def write(
        self, profile_id: UUID, analysis: StyleAnalysis, posts: Sequence[StylePost]
    ) -> WrittenStyle:
        """Write or raise."""
        del profile_id, analysis, posts
        self.asked += 1
        if self.error is not None:
            raise self.error
        return WrittenStyle(f"Written by {self.model}.", self.model)

    def forget(self, profile_id: UUID, analysis: StyleAnalysis) -> None:
        """Keep nothing."""


class Pair:
    """Two writers with one store; `again` is another process with the same store."""

    def __init__(
        self,
        first: PipelineError | None = None,
        second: PipelineError | None = None,
        answers: MemoryAnswers | None = None,
    ) -> None:
        self.first, self.second = Scripted("a", first), Scripted("b", second)
        self.answers = answers or MemoryAnswers()
        self.writer = FallbackStyleWriter([self.first, self.second], self.answers)

    def again(self) -> Pair:
        """Return two other writers, neither of them down, over the same answers."""
        return Pair(answers=self.answers)

    def write(self) -> WrittenStyle:
        """Ask for a style."""
        return self.writer.write(PROFILE, ANALYSIS, POSTS)

    def asked(self) -> tuple[int, int]:
        """Return how often each was asked."""
        return self.first.asked, self.second.asked


def test_the_first_one_writes() -> None:
    """The second is not asked, and its name is not that of the pair."""
    pair = Pair()
    assert pair.write() == WrittenStyle("Written by a.", "a")
    assert pair.asked() == (1, 0)
    assert pair.writer.model == "a"


@pytest.mark.parametrize("error", [down(60), REFUSED])
def test_the_second_one_stands_in(error: PipelineError) -> None:
    """Its name and the first one's reason come with the style."""
    pair = Pair(error)
    assert pair.write() == WrittenStyle("Written by b.", "b", f"a: {error.value}")


def test_a_kept_answer_is_paid_once() -> None:
    """After a crash the same answer comes without a call, whoever gave it, the reason with it."""
    for error in (None, down(60), REFUSED):
        pair = Pair(error)
        written = pair.write()
        again = pair.again()
        assert again.write() == written
        assert again.asked() == (0, 0)


def test_a_refusal_is_paid_once() -> None:
    """While the second is down, the first is not asked again what it has refused."""
    pair = Pair(REFUSED, down(5))
    for _ in range(3):
        with pytest.raises(AllProvidersDown, match="a: it refuses; b: HTTP 529"):
            pair.write()
    assert pair.asked() == (1, 3)
    assert pair.again().write() == WrittenStyle("Written by b.", "b", "a: it refuses")


def test_other_posts_are_another_question() -> None:
    """So are another profile's, and a writer with another prompt."""
    pair = Pair()
    pair.write()
    other = some_posts("Another post.")
    pair.writer.write(PROFILE, measured(other), other)
    pair.writer.write(UUID(int=8), ANALYSIS, POSTS)
    assert pair.asked() == (3, 0)


def test_a_stored_style_is_forgotten() -> None:
    """Nothing is kept of it, nor of the first one's refusal."""
    pair = Pair(REFUSED)
    pair.write()
    assert len(pair.answers.texts) == 2
    pair.writer.forget(PROFILE, ANALYSIS)
    assert pair.answers.texts == {}


@pytest.mark.parametrize(
    ("first", "second", "wait"), [(60, 5, 5), (5, 60, 5), (None, 60, 60), (None, None, None)]
)
def test_when_both_are_down_the_sooner_decides(
    first: float | None, second: float | None, wait: float | None
) -> None:
    """The profile comes up again when the first of the two may be back."""
    with pytest.raises(AllProvidersDown) as caught:
        Pair(down(first), down(second)).write()
    assert caught.value.retry_after == wait


def test_what_both_refuse_is_rejected() -> None:
    """With the code they share, and both reasons."""
    cut = Rejected("style_truncated", "the style prompt", "no end", "Wait.")
    for second, code in ((REFUSED, "style_refused"), (cut, "style_unusable")):
        with pytest.raises(Rejected, match=f"a: it refuses; b: {second.value}") as caught:
            Pair(REFUSED, second).write()
        assert caught.value.code == code


@pytest.mark.parametrize("error", [down(60), REFUSED])
def test_one_alone_speaks_for_itself(error: PipelineError) -> None:
    """Without a fallback its own error comes through."""
    with pytest.raises(type(error)) as caught:
        FallbackStyleWriter([Scripted("a", error)], MemoryAnswers()).write(PROFILE, ANALYSIS, POSTS)
    assert caught.value is error
