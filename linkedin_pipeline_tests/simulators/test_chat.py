"""OpenAI's chat completions: labels, plain answers, refusals, tokens, faults in the answer."""

from __future__ import annotations

import json
from typing import Any

import openai as sdk
import pytest

from linkedin_pipeline.simulators.faults import Fault, Kind
from linkedin_pipeline.simulators.ledger import Usage
from linkedin_pipeline_tests.simulators.clients import (
    AUDIENCES,
    POSTS,
    SCHEMA,
    STYLE_SCHEMA,
    TOPICS,
    OpenAIClient,
    strict,
)


def _results(completion: Any) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = json.loads(completion.choices[0].message.content)["results"]
    return results


def test_each_post_gets_the_labels_that_share_its_words(openai: OpenAIClient) -> None:
    """One result a post, by id, with the topic that the instructions describe with its words."""
    completion = openai.label()
    results = _results(completion)
    assert [(one["id"], one["topic"]) for one in results] == [("a", "Sailing"), ("b", "Cooking")]
    assert {one["audience"] for one in results} <= set(AUDIENCES)
    assert completion.choices[0].finish_reason == "stop"
    assert _results(openai.label()) == results


def test_ids_may_be_integers(openai: OpenAIClient) -> None:
    """The schema decides how an id is written."""
    schema = json.loads(json.dumps(SCHEMA))
    schema["properties"]["results"]["items"]["properties"]["id"] = {"type": "integer"}
    completion = openai.label({"7": POSTS["a"]}, response_format=strict(schema))
    assert _results(completion)[0]["id"] == 7


def test_other_schemas_are_filled_too(openai: OpenAIClient) -> None:
    """One string property gets a short text of the input's words; no schema, the same in plain."""
    text = "Bread and ovens. Ovens and bread, every morning."
    said: dict[str, Any] = {"messages": [{"role": "user", "content": text}]}
    styled = openai.label(response_format=strict(STYLE_SCHEMA), **said)
    plain = openai.label(response_format={"type": "text"}, **said)
    style = json.loads(styled.choices[0].message.content)["style"]
    assert style == plain.choices[0].message.content
    assert "ovens, bread" in style or "bread, ovens" in style


def test_usage_is_the_ledgers(openai: OpenAIClient) -> None:
    """Tokens of the answer add up, and the ledger holds the same."""
    usage = openai.label(reasoning_effort="low").usage
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    assert usage.completion_tokens_details.reasoning_tokens == 64
    [call] = openai.simulator.ledger.calls()
    assert call.usage == Usage(usage.prompt_tokens, 0, 0, usage.completion_tokens, 64)
    assert (call.model, call.inputs, call.status) == ("gpt-5-mini", 2, 200)
    assert call.document["reasoning_effort"] == "low"


def test_a_long_beginning_seen_before_is_cached(openai: OpenAIClient) -> None:
    """In steps of 128 tokens, from 1,024 on, for the same model only."""
    long = "A rule of the house. " * 300
    said = [
        [{"role": "developer", "content": long}, {"role": "user", "content": text}]
        for text in ("One post.", "Another post.")
    ]
    openai.label(messages=said[0])
    cached = openai.label(messages=said[1]).usage.prompt_tokens_details.cached_tokens
    assert cached >= 1024
    assert cached % 128 == 0
    other = openai.label(messages=said[1], model="gpt-6-luna", reasoning_effort="none")
    assert other.usage.prompt_tokens_details.cached_tokens == 0
    assert openai.simulator.ledger.totals().usage.cached_tokens == cached
    short = openai.label().usage, openai.label().usage
    assert short[1].prompt_tokens_details.cached_tokens == 0


def test_thinking_can_eat_all_the_tokens(openai: OpenAIClient) -> None:
    """The default effort of gpt-5-mini leaves nothing of 100 tokens: no text, cut off."""
    completion = openai.label(reasoning_effort=sdk.omit, max_completion_tokens=100)
    assert completion.choices[0].finish_reason == "length"
    assert completion.choices[0].message.content == ""
    assert completion.usage.completion_tokens_details.reasoning_tokens == 100
    cut = openai.label(max_completion_tokens=10)
    assert cut.choices[0].finish_reason == "length"
    assert len(cut.choices[0].message.content) == 40
    assert cut.usage.completion_tokens == 10


@pytest.mark.parametrize(
    ("rest", "code", "param"),
    [
        ({"temperature": 0.2}, "unsupported_value", "temperature"),
        (
            {"model": "gpt-6-luna", "reasoning_effort": "low", "top_p": 0.5},
            "unsupported_value",
            "top_p",
        ),
        (
            {"model": "gpt-5.2", "reasoning_effort": "low", "temperature": 0},
            "unsupported_value",
            "temperature",
        ),
        ({"reasoning_effort": "none"}, "unsupported_value", "reasoning_effort"),
        ({"max_tokens": 100}, "unsupported_parameter", "max_tokens"),
        ({"messages": []}, None, "messages"),
        ({"response_format": strict({"type": "array", "items": {}})}, None, "response_format"),
        ({"response_format": {"type": "json_object"}}, None, "response_format"),
        ({"extra_body": {"colour": "red"}}, None, None),
    ],
    ids=lambda value: str(value)[:40],
)
def test_requests_that_openai_refuses(
    openai: OpenAIClient, rest: dict[str, Any], code: str | None, param: str | None
) -> None:
    """Each with the parameter at fault, and without a bill."""
    with pytest.raises(sdk.BadRequestError) as caught:
        openai.label(**rest)
    assert (caught.value.code, caught.value.param) == (code, param)
    assert openai.simulator.ledger.totals().usage == Usage()


def test_a_cool_model_takes_a_temperature(openai: OpenAIClient) -> None:
    """gpt-5.2 does while it does not think, which is its default."""
    rest: dict[str, Any] = {"model": "gpt-5.2", "reasoning_effort": sdk.omit, "temperature": 0}
    assert len(_results(openai.label(**rest))) == 2


def test_strict_schemas_must_be_strict(openai: OpenAIClient) -> None:
    """Every property required, no other allowed, at any depth."""
    for spoil in ("required", "additionalProperties"):
        schema = json.loads(json.dumps(SCHEMA))
        del schema["properties"]["results"]["items"][spoil]
        with pytest.raises(sdk.BadRequestError, match=f"'{spoil}' is required"):
            openai.label(response_format=strict(schema))


def test_models_that_are_not_served(openai: OpenAIClient) -> None:
    """Unknown, retired, or for embeddings only: 404; the list shows who ends when."""
    for model in ("gpt-99", "text-embedding-3-small"):
        with pytest.raises(sdk.NotFoundError):
            openai.label(model=model)
    ends = {one.id: one.shutdown_date for one in openai.sdk.models.list()}
    assert ends["gpt-5-mini"] == "2026-12-11"
    assert ends["gpt-6.1-terra"] is None
    openai.simulator.behaviour.retired.add("gpt-5-mini")
    with pytest.raises(sdk.NotFoundError) as caught:
        openai.label()
    assert caught.value.code == "model_not_found"
    with pytest.raises(sdk.NotFoundError):
        openai.sdk.models.retrieve("gpt-5-mini")
    assert openai.sdk.models.retrieve("gpt-5.2").id == "gpt-5.2"


def _after(openai: OpenAIClient, kind: Kind, contains: str = "") -> Any:
    openai.simulator.faults.add(Fault(kind, contains=contains))
    completion = openai.label()
    assert openai.simulator.ledger.calls()[-1].faults == (kind.value,)
    return completion


def test_bad_results_strike_the_post_that_a_fault_names(openai: OpenAIClient) -> None:
    """A label outside the enum, a result twice, none, and one for a post that nobody sent."""
    bad = _results(_after(openai, Kind.BAD_LABEL, "patient cook"))
    assert [one["topic"] in TOPICS for one in bad] == [True, False]
    twice = _results(_after(openai, Kind.DUPLICATE_ID))
    assert [one["id"] for one in twice] == ["a", "a", "b"]
    assert twice[0]["topic"] != twice[1]["topic"]
    assert [one["id"] for one in _results(_after(openai, Kind.MISSING_ID, "calm"))] == ["b"]
    unknown = _results(_after(openai, Kind.UNKNOWN_ID, "patient cook"))
    assert [one["id"] for one in unknown] == ["a", "no-such-post"]
    assert [one["id"] for one in _results(openai.label())] == ["a", "b"]


def test_answers_that_end_badly(openai: OpenAIClient) -> None:
    """Refused, cut, filtered, empty, or not JSON, as OpenAI says each."""
    refused = _after(openai, Kind.REFUSAL).choices[0]
    assert (refused.message.content, bool(refused.message.refusal)) == (None, True)
    cut = _after(openai, Kind.LENGTH).choices[0]
    assert cut.finish_reason == "length"
    filtered = _after(openai, Kind.CONTENT_FILTER).choices[0]
    assert filtered.finish_reason == "content_filter"
    wrong = _after(openai, Kind.INVALID_JSON).choices[0]
    assert wrong.finish_reason == "stop"
    for choice in (cut, filtered, wrong):
        with pytest.raises(ValueError, match=r"line 1"):
            json.loads(choice.message.content)
    empty = _after(openai, Kind.EMPTY)
    assert empty.choices[0].message.content == ""
    assert empty.usage.completion_tokens == 0
