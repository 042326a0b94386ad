"""Labels from a model of OpenAI's, over a real socket: what is asked, and what is kept."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import pytest

from linkedin_pipeline.adapters.chat_profiles import PROFILES, ModelProfile, profile_of
from linkedin_pipeline.domain.ai import CallOutcome, Model, Usage
from linkedin_pipeline.domain.errors import DatabaseDown, Misconfigured
from linkedin_pipeline.domain.labels import LABEL_STAGES
from linkedin_pipeline.domain.work import Done
from linkedin_pipeline.ports import Classifier
from linkedin_pipeline_tests.adapters.labelling import (
    AUDIENCES,
    HOOKS,
    LABELS,
    RIGHT,
    TEXTS,
    TOPICS,
    Desk,
    MemoryLedger,
    claim,
    claims,
    inputs,
    label,
    names,
)


def asked(ai: Desk, place: int = -1) -> list[str]:
    """Return which kinds of label a call asked for."""
    form = ai.calls()[place].document["response_format"]["json_schema"]
    assert form["strict"] is True
    properties = form["schema"]["properties"]["results"]["items"]["properties"]
    return [name for name in properties if name != "id"]


def test_one_call_labels_several_posts(ai: Desk) -> None:
    """In order, with a prompt version in the name and no confidence, which nobody would know."""
    classifier: Classifier = ai.classifier()
    verdicts = classifier.classify(TOPICS, claims(), LABELS)
    assert names(verdicts) == RIGHT
    assert {verdict.value.confidence for verdict in verdicts if isinstance(verdict, Done)} == {None}
    assert classifier.model == "openai:gpt-5-mini/labels-2"
    assert classifier.pace == PROFILES["gpt-5-mini"].pace
    assert inputs(ai) == [6]
    assert classifier.classify(TOPICS, [], LABELS) == []


def test_the_call_is_planned_and_billed(ai: Desk) -> None:
    """The plan's bounds hold; the ledger has the tokens that the simulator counted."""
    ai.classifier().classify(TOPICS, claims(also=[AUDIENCES]), LABELS)
    assert isinstance(ai.ledger, MemoryLedger)
    [plan], [(outcome, usage)] = ai.ledger.plans, ai.ledger.ends
    counted = ai.calls()[0].usage
    assert outcome is CallOutcome.ANSWERED
    assert (usage.input, usage.output) == (counted.input_tokens, counted.output_tokens)
    assert plan.input_tokens >= usage.input > 0
    assert plan.output_tokens >= usage.output > 0
    assert plan.output_tokens == ai.calls()[0].document["max_completion_tokens"]
    assert (plan.items, plan.worker) == (4, TOPICS.worker)


def test_all_that_is_wanted_is_chosen_at_once(ai: Desk) -> None:
    """The other stages find their labels without a call, in another process too."""
    posts = [claim(text, hook=text[:20], also=LABEL_STAGES) for text in TEXTS]
    ai.classifier().classify(TOPICS, posts, LABELS)
    assert asked(ai) == ["topic", "audience", "hook"]
    for stage in (AUDIENCES, HOOKS):
        verdicts = ai.classifier().classify(stage, posts, LABELS)
        assert all(isinstance(verdict, Done) for verdict in verdicts)
    assert len(ai.calls()) == 1


def test_what_nobody_wants_is_not_asked_or_kept(ai: Desk) -> None:
    """Nor what this run is not for, what has no labels, or the type of a hook that is not there."""
    ai.classifier().classify(TOPICS, claims(also=[HOOKS]), LABELS)
    assert asked(ai) == ["topic"]
    assert len(ai.kept) == 4
    some = {TOPICS: LABELS[TOPICS], HOOKS: []}
    ai.classifier().classify(TOPICS, [claim("New. Sea.", also=LABEL_STAGES)], some)
    assert asked(ai) == ["topic"]
    mixed = [claim("Sea and wind.", also=[AUDIENCES]), claim("Ovens and bread.")]
    ai.classifier().classify(TOPICS, mixed, LABELS)
    assert asked(ai) == ["topic", "audience"]
    assert len(ai.kept) == 4 + 1 + 3


def test_a_profile_may_keep_kinds_apart(ai: Desk) -> None:
    """Merging, controls and the pace are settings of a model."""
    profile = ModelProfile(merge=False, controls=False)
    ai.classifier(profile=profile).classify(TOPICS, claims(also=LABEL_STAGES), LABELS)
    assert asked(ai) == ["topic"]
    assert inputs(ai) == [4]


def test_hook_types_are_chosen_by_openings(ai: Desk) -> None:
    """Only the opening is sent."""
    post = claim("Why a figure? And then the sea.", hook="Why a figure?")
    verdicts = ai.classifier().classify(HOOKS, [post], LABELS)
    assert names(verdicts, HOOKS) == ["Number"]
    user = ai.calls()[0].document["messages"][1]["content"]
    assert "Why a figure?" in user
    assert "the sea" not in user


@pytest.mark.parametrize(
    ("model", "parameters"),
    [
        ("gpt-5-mini", {"reasoning_effort": "minimal", "verbosity": "low"}),
        ("gpt-5.2", {"reasoning_effort": "none", "verbosity": "low"}),
        ("gpt-6.1-terra", {"reasoning_effort": "none", "verbosity": "low"}),
        ("gpt-6-luna", {"reasoning_effort": "none", "verbosity": "low"}),
    ],
)
def test_models_are_asked_as_they_like_it(
    ai: Desk, model: str, parameters: Mapping[str, str]
) -> None:
    """The simulator takes the parameters, and the model does not think."""
    verdicts = ai.classifier(Model("openai", model)).classify(TOPICS, claims(), LABELS)
    assert names(verdicts) == RIGHT
    [call] = ai.calls()
    assert parameters.items() <= call.document.items()
    assert call.usage.reasoning_tokens == 0


def test_other_models_are_asked_for_less() -> None:
    """A dated name is its family's; unknown ones get no effort, and room to think."""
    assert profile_of("gpt-5-mini-2025-08-07") is PROFILES["gpt-5-mini"]
    unknown = profile_of("gpt-7")
    assert (unknown.bound, unknown.parameters) == ("max_completion_tokens", {})
    for model in ("llama3.3:70b", "gpt-oss:20b", "mistral-small"):
        compatible = profile_of(model)
        assert compatible.bound == "max_tokens"
        assert "reasoning_effort" not in compatible.parameters
        assert compatible.thinking_tokens >= 1_000


def test_too_many_labels_are_an_error_before_any_call(ai: Desk) -> None:
    """Of the stage itself; another stage's are left to that stage."""
    many = [label(str(number)) for number in range(1_001)]
    with pytest.raises(Misconfigured, match="1001 active rows"):
        ai.classifier().classify(TOPICS, claims(), {**LABELS, TOPICS: many})
    assert ai.calls() == []
    verdicts = ai.classifier().classify(
        TOPICS, claims(also=[AUDIENCES]), {**LABELS, AUDIENCES: many}
    )
    assert names(verdicts) == RIGHT


def test_an_answer_is_paid_once(ai: Desk) -> None:
    """A second worker with the same posts makes no call, until the answers are forgotten."""
    posts = claims()
    ai.classifier().classify(TOPICS, posts, LABELS)
    assert names(ai.classifier().classify(TOPICS, posts, LABELS)) == RIGHT
    assert len(ai.calls()) == 1
    ai.classifier().forget(TOPICS, posts[:2], LABELS)
    ai.classifier().classify(TOPICS, posts, LABELS)
    assert inputs(ai) == [6, 4]


def test_an_answer_is_kept_before_its_call_is_closed(ai: Desk) -> None:
    """Whatever happens between the two, it is not paid again."""

    class Dying(MemoryLedger):
        def end(self, call_id: UUID, outcome: CallOutcome, usage: Usage, seconds: float) -> None:
            del call_id, outcome, usage, seconds
            raise DatabaseDown("the database", "gone", "Wait.")

    dying = Desk(ai.simulator, ai.client, ai.answers, Dying())
    with pytest.raises(DatabaseDown):
        dying.classifier().classify(TOPICS, claims(), LABELS)
    assert names(ai.classifier().classify(TOPICS, claims(), LABELS)) == RIGHT
    assert len(ai.calls()) == 1


def test_forgetting_a_stage_leaves_the_others(ai: Desk) -> None:
    """What is stored for one stage may still be wanted by the next."""
    posts = claims(also=[AUDIENCES])
    classifier = ai.classifier()
    classifier.classify(TOPICS, posts, LABELS)
    classifier.forget(TOPICS, posts, LABELS)
    assert len(ai.kept) == 4
    classifier.classify(AUDIENCES, posts, LABELS)
    assert len(ai.calls()) == 1
    classifier.forget(AUDIENCES, posts, LABELS)
    assert ai.kept == {}


@pytest.mark.parametrize("change", ["text", "hook", "labels", "description", "model"])
def test_an_answer_to_another_question_is_not_used(ai: Desk, change: str) -> None:
    """Another text, hook, set of labels, description or model is another question."""
    text = "Bread and boats."
    ai.classifier().classify(HOOKS, [claim(text, hook="Bread")], LABELS)
    hooks = list(LABELS[HOOKS])
    if change == "labels":
        hooks.append(label("Joke"))
    if change == "description":
        hooks[0] = label(hooks[0].name, "something else")
    model = Model("openai", "gpt-5.2" if change == "model" else "gpt-5-mini")
    asked_again = claim(
        "Bread and ovens." if change == "text" else text,
        hook="Bread and" if change == "hook" else "Bread",
    )
    ai.classifier(model).classify(HOOKS, [asked_again], {**LABELS, HOOKS: hooks})
    assert len(ai.calls()) == 2
