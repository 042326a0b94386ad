"""Answers about labels that cannot be used, and whose fault that is."""

from __future__ import annotations

import pytest

from linkedin_pipeline.domain.ai import CallOutcome
from linkedin_pipeline.domain.errors import ProviderDown, Rejected
from linkedin_pipeline.domain.work import Done, Reject, Retry
from linkedin_pipeline.simulators.faults import Fault, Kind
from linkedin_pipeline_tests.adapters.labelling import (
    AUDIENCES,
    LABELS,
    RIGHT,
    TEXTS,
    TOPICS,
    Desk,
    MemoryLedger,
    claim,
    claims,
    inputs,
    isolated,
    names,
)


def fail(ai: Desk, kind: Kind, contains: str = "", times: int | None = None) -> None:
    """Let calls about a text go wrong."""
    ai.simulator.faults.add(Fault(kind, contains=contains, times=times))


def test_a_missing_result_is_asked_for_again(ai: Desk) -> None:
    """For the missing post alone; the others are kept and not sent again."""
    fail(ai, Kind.MISSING_ID, "patient cook", times=1)
    assert names(ai.classifier().classify(TOPICS, claims(), LABELS)) == RIGHT
    assert inputs(ai) == [6, 1]


def test_a_post_that_stays_missing_is_put_back(ai: Desk) -> None:
    """After one more call, and one that shows that the model is well; the others are done."""
    fail(ai, Kind.UNKNOWN_ID, "patient cook")
    verdicts = ai.classifier().classify(TOPICS, claims(), LABELS)
    assert names(verdicts) == ["Sailing", "missing_answer", "Hiring", "Sailing"]
    assert isinstance(verdicts[1], Retry)
    assert inputs(ai) == [6, 1, 2]
    assert len(ai.kept) == 3


def test_several_missing_posts_are_asked_for_together(ai: Desk) -> None:
    """Once more, with controls among them."""
    for text in ("patient cook", "Nine interviews"):
        fail(ai, Kind.MISSING_ID, text)
    verdicts = ai.classifier().classify(TOPICS, claims(), LABELS)
    assert names(verdicts) == ["Sailing", "missing_answer", "missing_answer", "Sailing"]
    assert inputs(ai) == [6, 4]


def test_results_that_contradict_one_another_are_missing(ai: Desk) -> None:
    """The post is asked about again."""
    fail(ai, Kind.DUPLICATE_ID, "patient cook", times=1)
    assert names(ai.classifier().classify(TOPICS, claims(), LABELS)) == RIGHT
    assert inputs(ai) == [6, 1]


def test_a_label_that_is_not_offered_is_missing(ai: Desk) -> None:
    """It is asked for again and never kept."""
    fail(ai, Kind.BAD_LABEL, "patient cook")
    verdicts = ai.classifier().classify(TOPICS, claims(), LABELS)
    assert names(verdicts)[1] == "missing_answer"
    assert set(ai.kept.values()) == {"Sailing", "Hiring"}


def test_a_label_that_only_another_stage_misses_is_left_to_it(ai: Desk) -> None:
    """Nobody asks again for what is not this stage's."""
    fail(ai, Kind.BAD_LABEL, "patient cook", times=1)
    posts = claims(also=[TOPICS])
    # the fault spoils the first kind that the schema names: the topic
    verdicts = ai.classifier().classify(AUDIENCES, posts, LABELS)
    assert all(isinstance(verdict, Done) for verdict in verdicts)
    assert (inputs(ai), len(ai.kept)) == ([6], 7)
    assert names(ai.classifier().classify(TOPICS, posts, LABELS)) == RIGHT
    assert inputs(ai) == [6, 1]


UNUSABLE = {
    Kind.REFUSAL: ("refused_by_model", Reject),
    Kind.CONTENT_FILTER: ("refused_by_model", Reject),
    Kind.INVALID_JSON: ("unreadable_answer", Retry),
    Kind.EMPTY: ("unreadable_answer", Retry),
    Kind.LENGTH: ("truncated", Retry),
}


@pytest.mark.parametrize("kind", UNUSABLE)
def test_an_answer_that_one_post_spoils(ai: Desk, kind: Kind) -> None:
    """Several posts are halved until that one is alone; it alone is judged, and all is billed."""
    code, verdict = UNUSABLE[kind]
    fail(ai, kind, "patient cook")
    with pytest.raises(Rejected) as caught:
        ai.classifier().classify(TOPICS, claims(), LABELS)
    assert caught.value.code == code
    found = isolated(ai.classifier(), TOPICS, claims(), LABELS)
    assert names(found) == ["Sailing", code, "Hiring", "Sailing"]
    assert isinstance(found[1], verdict)
    assert "patient" not in str(found[1])
    assert isinstance(ai.ledger, MemoryLedger)
    assert {outcome for outcome, _ in ai.ledger.ends} == {CallOutcome.ANSWERED}
    billed = sum(usage.output for _, usage in ai.ledger.ends)
    assert billed == ai.simulator.ledger.totals().usage.output_tokens


def test_a_cut_answer_gets_more_room(ai: Desk) -> None:
    """Once, for a post alone."""
    fail(ai, Kind.LENGTH, times=1)
    assert names(ai.classifier().classify(TOPICS, claims()[:1], LABELS)) == ["Sailing"]
    first, second = (call.document["max_completion_tokens"] for call in ai.calls())
    assert second == 4 * first


def test_an_unreadable_answer_is_asked_for_once_more(ai: Desk) -> None:
    """For a post alone."""
    fail(ai, Kind.INVALID_JSON, times=1)
    assert names(ai.classifier().classify(TOPICS, claims()[:1], LABELS)) == ["Sailing"]
    assert inputs(ai) == [1, 1]


@pytest.mark.parametrize(
    "kind", [Kind.REFUSAL, Kind.INVALID_JSON, Kind.EMPTY, Kind.LENGTH, Kind.BAD_REQUEST]
)
def test_a_model_that_answers_nothing_usable_is_out(ai: Desk, kind: Kind) -> None:
    """If it cannot label posts of our own, no post of anybody's is at fault."""
    fail(ai, kind)
    with pytest.raises(ProviderDown, match="posts of our own either") as caught:
        isolated(ai.classifier(), TOPICS, claims(), LABELS)
    assert caught.value.retry_after == 600
    assert "CLASSIFICATION_MODEL" in caught.value.remedy


def test_a_post_that_the_provider_refuses_is_found(ai: Desk) -> None:
    """A refused request, as opposed to a refused answer, is split alike."""
    fail(ai, Kind.BAD_REQUEST, "patient cook")
    found = isolated(ai.classifier(), TOPICS, claims(), LABELS)
    assert names(found) == ["Sailing", "refused_by_model", "Hiring", "Sailing"]
    assert isinstance(found[1], Reject)


def test_an_answer_whose_controls_are_wrong_is_not_used(ai: Desk) -> None:
    """Nothing of it is kept; the posts are asked about in smaller parts."""
    fail(ai, Kind.BAD_LABEL, times=1)  # strikes the first block
    with pytest.raises(Rejected) as caught:
        ai.classifier().classify(TOPICS, claims(), LABELS)
    assert caught.value.code == "disturbed_answer"
    assert ai.kept == {}


def test_a_post_that_was_put_back_is_asked_about_alone(ai: Desk) -> None:
    """One that only its worker's death brought back is not."""
    suspect, unlucky = claim(TEXTS[0], attempt=2), claim(TEXTS[1], attempt=3, takeovers=2)
    posts = [suspect, unlucky, claim(TEXTS[2])]
    assert names(ai.classifier().classify(TOPICS, posts, LABELS)) == RIGHT[:3]
    assert inputs(ai) == [4, 1]


def test_an_outage_is_nobodys_fault(ai: Desk) -> None:
    """It reaches the caller as it is."""
    fail(ai, Kind.INVALID_KEY)
    with pytest.raises(ProviderDown):
        ai.classifier().classify(TOPICS, claims(), LABELS)
