"""What the label stages decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import uuid4

import pytest

from linkedin_pipeline.domain.errors import ProviderDown
from linkedin_pipeline.domain.labels import LABEL_STAGES, Choice, Label
from linkedin_pipeline.domain.work import Claim, Done, Settled, Stage, Verdict
from linkedin_pipeline.workers.labels import NO_HOOK, LabelWorker
from linkedin_pipeline.workers.stages import NO_WORDS
from linkedin_pipeline_tests.fakes import FirstLabel
from linkedin_pipeline_tests.workers.memory_queue import MemoryQueue

TOPICS, AUDIENCES, HOOKS = LABEL_STAGES
LABELS = [Label(uuid4(), name, name, [1.0]) for name in ("A", "B", "C")]
TAXONOMY = dict.fromkeys(LABEL_STAGES, LABELS)

each_stage = pytest.mark.parametrize("stage", LABEL_STAGES, ids=str)


class Remembering(FirstLabel):
    """Remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[Stage, list[str]]] = []

    def classify(
        self, stage: Stage, claims: Sequence[Claim], taxonomy: Mapping[Stage, Sequence[Label]]
    ) -> Sequence[Verdict[Choice]]:
        """Return a choice a claim."""
        self.asked.append((stage, [claim.content for claim in claims]))
        return super().classify(stage, claims, taxonomy)


def claim_of(content: str, hook: str | None = "A hook.") -> Claim:
    """Return a claim on a text."""
    return Claim(uuid4(), 1, date(2025, 3, 3), 1, 0, content, hook)


def label_for(content: str) -> Done[Choice]:
    """Return what the fake decides for a text."""
    return Done(Choice(LABELS[len(content) % len(LABELS)].id, 1.0))


@each_stage
def test_each_post_gets_its_own_choice(stage: Stage) -> None:
    """Choices are in the order of claims, made in one call, with gaps where a post is refused."""
    texts = ["One.", "🎉", "Three.", "Fifteen.", "…", "Thirty-one."]
    classifier = Remembering()
    verdicts = LabelWorker(stage, classifier, TAXONOMY).decide([claim_of(text) for text in texts])
    worded = [text for text in texts if text not in {"🎉", "…"}]
    assert verdicts == [label_for(text) if text in worded else NO_WORDS for text in texts]
    assert classifier.asked == [(stage, worded)]


@each_stage
def test_without_words_there_is_nothing_to_classify(stage: Stage) -> None:
    """A batch of such posts costs no call, whatever its hooks."""
    classifier = Remembering()
    claims = [claim_of("…"), claim_of("", None), claim_of("🎉🎉", "A hook.")]
    assert LabelWorker(stage, classifier, TAXONOMY).decide(claims) == [NO_WORDS] * 3
    assert classifier.asked == []


@pytest.mark.parametrize("hook", [None, ""])
def test_without_a_hook_there_is_no_hook_type(hook: str | None) -> None:
    """The post is rejected for that stage, and its neighbours are not."""
    claims = [claim_of("Text."), claim_of("No hook.", hook)]
    verdicts = LabelWorker(HOOKS, FirstLabel(), TAXONOMY).decide(claims)
    assert verdicts == [label_for("Text."), NO_HOOK]


@pytest.mark.parametrize("stage", [TOPICS, AUDIENCES], ids=str)
def test_topic_and_audience_need_no_hook(stage: Stage) -> None:
    """They are read from the text."""
    assert LabelWorker(stage, FirstLabel(), TAXONOMY).decide([claim_of("Text.", None)]) == [
        label_for("Text.")
    ]


@each_stage
def test_without_an_active_label_the_stage_pauses(stage: Stage) -> None:
    """No post is charged: somebody has to add a label first, and is told which kind."""
    classifier = Remembering()
    with pytest.raises(ProviderDown, match=str(stage)) as caught:
        LabelWorker(stage, classifier, {stage: []}).decide([claim_of("Text."), claim_of("…")])
    assert "switch one on" in caught.value.remedy
    assert classifier.asked == []


@pytest.mark.parametrize("lost", [-1, 1])
def test_a_wrong_number_of_choices_is_an_error(lost: int) -> None:
    """Rather none than each post its neighbour's label."""

    class Miscounting(FirstLabel):
        def classify(
            self, stage: Stage, claims: Sequence[Claim], taxonomy: Mapping[Stage, Sequence[Label]]
        ) -> Sequence[Verdict[Choice]]:
            choices = list(super().classify(stage, claims, taxonomy))
            return choices[:lost] if lost < 0 else [*choices, choices[0]]

    with pytest.raises(ValueError, match="zip"):
        LabelWorker(TOPICS, Miscounting(), TAXONOMY).decide([claim_of("One."), claim_of("Two.")])


@each_stage
def test_labels_are_stored_under_the_classifiers_name(stage: Stage) -> None:
    """Stage, claims, choices and model reach the queue together."""
    calls: list[tuple[object, ...]] = []

    class Queue(MemoryQueue):
        def store_labels(
            self, stage: Stage, claims: Sequence[Claim], choices: Sequence[Choice], model: str
        ) -> Settled:
            calls.append((stage, claims, choices, model))
            return Settled(held=frozenset(claim.post_id for claim in claims))

    claims = [claim_of("Text.")]
    choices = [Choice(LABELS[0].id, 0.5)]
    settled = LabelWorker(stage, FirstLabel(), TAXONOMY).store(Queue(), claims, choices)
    assert settled.held == {claims[0].post_id}
    assert calls == [(stage, claims, choices, "test:length")]
