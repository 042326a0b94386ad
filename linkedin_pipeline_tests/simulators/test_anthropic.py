"""Anthropic's messages: answers, thoughts, caching, versions, refusals."""

from __future__ import annotations

import json
from typing import Any

import anthropic as sdk
import httpx
import pytest

from linkedin_pipeline.simulators.buckets import Limits
from linkedin_pipeline.simulators.faults import Fault, Kind
from linkedin_pipeline.simulators.ledger import Usage
from linkedin_pipeline_tests.simulators.clients import (
    INSTRUCTIONS,
    POSTS,
    SCHEMA,
    STYLE_SCHEMA,
    AnthropicClient,
    blocks,
)

OPEN = {"type": "object", "properties": {}}
GOOD = {
    "model": "claude-opus-4-6",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "Bread."}],
}


def _raw(anthropic: AnthropicClient, document: object, **headers: str) -> httpx.Response:
    sent = {"x-api-key": "k", "anthropic-version": "2026-10-21"}
    sent.update({name.replace("_", "-"): value for name, value in headers.items()})
    return anthropic.http.post("/v1/messages", json=document, headers=sent)


def test_an_answer_is_a_text_of_the_prompts_words(anthropic: AnthropicClient) -> None:
    """One block, ended by itself, with usage that the ledger repeats."""
    message = anthropic.ask()
    [block] = message.content
    assert "bread" in block.text
    assert message.stop_reason == "end_turn"
    [call] = anthropic.simulator.ledger.calls()
    assert call.usage == Usage(message.usage.input_tokens, 0, 0, message.usage.output_tokens)
    assert (call.provider, call.model) == ("anthropic", "claude-opus-4-6")


def test_schemas_shape_the_answer(anthropic: AnthropicClient) -> None:
    """Labels for posts, or a style in one string."""
    said = [{"role": "user", "content": blocks(POSTS)}]
    config = {"format": {"type": "json_schema", "schema": SCHEMA}}
    labels = anthropic.ask(system=INSTRUCTIONS, messages=said, output_config=config)
    results = json.loads(labels.content[0].text)["results"]
    assert [(one["id"], one["topic"]) for one in results] == [("a", "Sailing"), ("b", "Cooking")]
    config = {"format": {"type": "json_schema", "schema": STYLE_SCHEMA}}
    style = anthropic.ask(output_config=config)
    assert json.loads(style.content[0].text).keys() == {"style"}


def test_thoughts_come_first_and_are_billed(anthropic: AnthropicClient) -> None:
    """Opus 5.5 always thinks, others when asked to; max_tokens counts thoughts too."""
    message = anthropic.ask(model="claude-opus-5-5", output_config={"effort": "low"})
    assert [block.type for block in message.content] == ["thinking", "text"]
    assert message.usage.output_tokens_details.thinking_tokens == 64
    assert message.usage.output_tokens > 64
    asked: list[dict[str, Any]] = [{"thinking": {"type": "adaptive"}}, {}]
    kinds = [[block.type for block in anthropic.ask(**rest).content] for rest in asked]
    assert kinds == [["thinking", "text"], ["text"]]
    anthropic.simulator.behaviour.thinking = True
    assert anthropic.ask().content[0].type == "thinking"
    cut = anthropic.ask(max_tokens=200)
    assert (cut.stop_reason, [block.type for block in cut.content]) == ("max_tokens", ["thinking"])


def test_marked_beginnings_are_cached(anthropic: AnthropicClient) -> None:
    """Written once, read afterwards, fresh tokens apart; below the model's least, silently not."""

    def ask(model: str, words: int) -> tuple[int, int, int]:
        rules = {"type": "text", "text": "rule " * words, "cache_control": {"type": "ephemeral"}}
        usage = anthropic.ask(model=model, system=[rules]).usage
        return (
            usage.cache_creation_input_tokens,
            usage.cache_read_input_tokens,
            usage.input_tokens,
        )

    first, second = ask("claude-opus-4-6", 4000), ask("claude-opus-4-6", 4000)
    assert first[0] == second[1] == 5001
    assert (first[1], second[0], first[2]) == (0, 0, second[2])
    assert ask("claude-opus-4-6", 3000)[:2] == ask("claude-opus-4-6", 3000)[:2] == (0, 0)
    assert ask("claude-sonnet-5-5", 1000)[0] == 1251
    assert ask("claude-sonnet-5-5", 1000)[1] == 1251
    usage = anthropic.simulator.ledger.totals().usage
    assert (usage.cached_tokens, usage.cache_write_tokens) == (5001 + 1251, 5001 + 1251)


def test_both_ways_to_send_a_key_and_both_versions(anthropic: AnthropicClient) -> None:
    """The client's bearer, older callers' header; without either, or without version, refused."""
    assert anthropic.ask().role == "assistant"
    assert _raw(anthropic, GOOD, anthropic_version="2023-06-01").status_code == 200
    keyless = anthropic.http.post("/v1/messages", json=GOOD)
    assert keyless.status_code == 401
    assert keyless.json()["error"]["type"] == "authentication_error"
    assert keyless.json()["request_id"] == keyless.headers["request-id"]
    assert _raw(anthropic, GOOD, anthropic_version="2020-01-01").status_code == 400
    headers = {"x-api-key": "k"}
    assert anthropic.http.post("/v1/messages", json=GOOD, headers=headers).status_code == 400
    anthropic.simulator.behaviour.accepted_keys = {"other"}
    with pytest.raises(sdk.AuthenticationError):
        anthropic.ask()


def test_sampling_parameters_are_of_the_past(anthropic: AnthropicClient) -> None:
    """Refused under the newest version; under the old one older models take them."""
    warm = {**GOOD, "temperature": 0.7}
    refused = _raw(anthropic, warm)
    assert refused.status_code == 400
    message = "temperature: Extra inputs are not permitted"
    assert refused.json()["error"] == {"type": "invalid_request_error", "message": message}
    assert _raw(anthropic, warm, anthropic_version="2023-06-01").status_code == 200
    newer = {**warm, "model": "claude-sonnet-5-5"}
    assert _raw(anthropic, newer, anthropic_version="2023-06-01").status_code == 400


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"colour": 1}, "colour: Extra inputs are not permitted"),
        ({"max_tokens": None}, "max_tokens: Field required"),
        ({"max_tokens": 0}, "max_tokens: Input should be greater"),
        ({"messages": []}, "at least one message"),
        ({"messages": [{"role": "system", "content": "x"}]}, r"messages.0.role"),
        ({"messages": [{"role": "user", "content": [{"type": "image"}]}]}, "messages.0.content.0"),
        (
            {"output_config": {"format": {"type": "json_schema", "schema": OPEN}}},
            "'additionalProperties' must be explicitly set to false",
        ),
        ({"output_config": {"effort": "none"}}, "output_config.effort"),
        ({"thinking": {"type": "hard"}}, "thinking.type"),
        ({"stream": True}, "stream"),
    ],
    ids=str,
)
def test_requests_that_anthropic_refuses(
    anthropic: AnthropicClient, change: dict[str, Any], message: str
) -> None:
    """Each with what is wrong, and without a bill."""
    answer = _raw(anthropic, {**GOOD, **change})
    assert answer.status_code == 400
    assert message in answer.json()["error"]["message"]
    assert anthropic.simulator.ledger.totals().usage == Usage()


def test_an_answer_cannot_be_begun_for_the_model(anthropic: AnthropicClient) -> None:
    """A last message of the assistant is refused."""
    said = [{"role": "user", "content": "Bread?"}, {"role": "assistant", "content": "{"}]
    with pytest.raises(sdk.BadRequestError, match="prefill"):
        anthropic.ask(messages=said)


def test_models_that_are_not_served(anthropic: AnthropicClient) -> None:
    """Unknown or retired: 404; the list names the others."""
    with pytest.raises(sdk.NotFoundError, match="model: claude-9"):
        anthropic.ask(model="claude-9")
    assert {one.id for one in anthropic.sdk.models.list()} >= {"claude-opus-5-5"}
    anthropic.simulator.behaviour.retired.add("claude-opus-5-5")
    with pytest.raises(sdk.NotFoundError):
        anthropic.sdk.models.retrieve("claude-opus-5-5")
    assert anthropic.sdk.models.retrieve("claude-opus-4-6").lifecycle == "active"


@pytest.mark.parametrize(
    ("kind", "status", "type_"),
    [
        (Kind.RATE_LIMIT, 429, "rate_limit_error"),
        (Kind.SPEND_LIMIT, 429, "rate_limit_error"),
        (Kind.BILLING, 402, "billing_error"),
        (Kind.BAD_REQUEST, 400, "invalid_request_error"),
        (Kind.INVALID_KEY, 401, "authentication_error"),
        (Kind.MODEL_NOT_FOUND, 404, "not_found_error"),
        (Kind.SERVER_ERROR, 500, "api_error"),
        (Kind.UNAVAILABLE, 503, "api_error"),
        (Kind.OVERLOADED, 529, "overloaded_error"),
    ],
)
def test_refusals_come_in_anthropics_form(
    anthropic: AnthropicClient, kind: Kind, status: int, type_: str
) -> None:
    """Status, type and request id; nothing is billed."""
    anthropic.simulator.faults.add(Fault(kind))
    with pytest.raises(sdk.APIStatusError) as caught:
        anthropic.ask()
    error = caught.value
    assert (error.status_code, error.type) == (status, type_)
    assert error.request_id == anthropic.simulator.ledger.calls()[0].request_id
    assert anthropic.simulator.ledger.totals().usage == Usage()


def test_a_spend_limit_says_so_and_not_when_to_come_back(anthropic: AnthropicClient) -> None:
    """The official client has a class of its own for it."""
    anthropic.simulator.faults.add(Fault(Kind.SPEND_LIMIT, retry_after="5"))
    with pytest.raises(sdk.RateLimitError) as caught:
        anthropic.ask()
    error: Any = caught.value
    assert error.body["error"]["details"] == {"error_code": "enforced_spend_limit_reached"}
    assert "retry-after" not in error.response.headers


def test_refusals_of_the_model(anthropic: AnthropicClient) -> None:
    """A refusal has no text; an empty answer has an empty one; a cut one says max_tokens."""
    anthropic.simulator.faults.add(Fault(Kind.REFUSAL))
    refused = anthropic.ask()
    assert (refused.stop_reason, refused.content) == ("refusal", [])
    assert refused.stop_details.type == "refusal"
    anthropic.simulator.faults.add(Fault(Kind.EMPTY))
    assert anthropic.ask().content[0].text == ""
    anthropic.simulator.faults.add(Fault(Kind.LENGTH))
    assert anthropic.ask().stop_reason == "max_tokens"


def test_rate_limits_with_their_headers(anthropic: AnthropicClient) -> None:
    """Two requests a minute, each model for itself; the headers say what is left and until when."""
    anthropic.simulator.behaviour.limits = Limits(2, 100_000)
    headers = _raw(anthropic, GOOD).headers
    assert headers["anthropic-ratelimit-requests-limit"] == "2"
    assert headers["anthropic-ratelimit-requests-remaining"] == "1"
    assert headers["anthropic-ratelimit-input-tokens-reset"].endswith("Z")
    anthropic.ask()
    with pytest.raises(sdk.RateLimitError, match="2 requests per minute") as caught:
        anthropic.ask()
    assert 1 <= int(caught.value.response.headers["retry-after"]) <= 30
    anthropic.ask(model="claude-sonnet-5-5")


def test_a_route_that_is_not_there(anthropic: AnthropicClient) -> None:
    """404 in Anthropic's form."""
    answer = anthropic.http.post("/v1/complete", headers={"x-api-key": "k"})
    assert answer.status_code == 404
    assert answer.json()["error"]["type"] == "not_found_error"
