"""Anthropic's answers, limits and faults, over real sockets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from linkedin_pipeline.adapters.anthropic_client import AnthropicClient, usage_of
from linkedin_pipeline.adapters.calls import CallFailed, FaultKind
from linkedin_pipeline.adapters.limiter import Quota
from linkedin_pipeline.domain.ai import Usage
from linkedin_pipeline.domain.errors import Misconfigured
from linkedin_pipeline.simulators.buckets import Limits
from linkedin_pipeline.simulators.faults import Fault, Kind
from linkedin_pipeline_tests.simulators.clients import AnthropicClient as Simulated

BODY: dict[str, Any] = {
    "model": "claude-opus-4-6",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "Speak of bread and ovens."}],
}


@pytest.fixture
def client(anthropic: Simulated) -> Iterator[AnthropicClient]:
    """Give a client of the simulator."""
    made = AnthropicClient("sk-secret", anthropic.url)
    with made.sdk:
        yield made


def test_an_answer_comes_with_usage_and_limits(
    anthropic: Simulated, client: AnthropicClient
) -> None:
    """The tokens are those that the provider billed, the limits those that it holds us to."""
    anthropic.simulator.behaviour.limits = Limits(50, 30_000)
    reply = client.post("/v1/messages", BODY)
    assert reply.value["stop_reason"] == "end_turn"
    [call] = anthropic.simulator.ledger.calls()
    assert reply.usage == Usage(call.usage.input_tokens, 0, call.usage.output_tokens)
    assert reply.quotas["requests"].limit == 50
    assert reply.quotas["tokens"].limit == 30_000
    assert reply.quotas["tokens"].remaining < 30_000


def test_cached_tokens_are_part_of_the_input(anthropic: Simulated, client: AnthropicClient) -> None:
    """Anthropic counts tokens written to its cache and read from it apart; the ledger does not."""
    rules = {"type": "text", "text": "rule " * 9_000, "cache_control": {"type": "ephemeral"}}
    usages = [client.post("/v1/messages", {**BODY, "system": [rules]}).usage for _ in range(2)]
    calls = anthropic.simulator.ledger.calls()
    assert [usage.input for usage in usages] == [call.usage.input_tokens for call in calls]
    assert [usage.cached for usage in usages] == [0, calls[1].usage.cached_tokens]
    assert usages[1].cached > 4_096


@pytest.mark.parametrize("usage", [None, [], {"input_tokens": "7", "output_tokens": None}])
def test_nonsense_in_place_of_usage_counts_nothing(usage: object) -> None:
    """What is missing or malformed counts 0."""
    assert usage_of({"usage": usage}) == Usage()


@pytest.mark.parametrize(
    ("fault", "kind", "silence"),
    [
        (Fault(Kind.OVERLOADED), FaultKind.OVERLOADED, None),
        (Fault(Kind.OVERLOADED, retry_after="7"), FaultKind.OVERLOADED, 7.0),
        (Fault(Kind.SERVER_ERROR), FaultKind.OVERLOADED, None),
        (Fault(Kind.BAD_GATEWAY), FaultKind.OVERLOADED, None),
        (Fault(Kind.RATE_LIMIT, retry_after="3"), FaultKind.BUSY, 3.0),
        (Fault(Kind.RATE_LIMIT), FaultKind.BUSY, None),
        (Fault(Kind.SPEND_LIMIT), FaultKind.SPENT, None),
        (Fault(Kind.BILLING), FaultKind.SPENT, None),
        (Fault(Kind.INVALID_KEY), FaultKind.REVOKED, None),
        (Fault(Kind.MODEL_NOT_FOUND), FaultKind.GONE, None),
        (Fault(Kind.BAD_REQUEST), FaultKind.REFUSED, None),
        (Fault(Kind.BAD_REQUEST, status=413), FaultKind.REFUSED, None),
        (Fault(Kind.RESET_BEFORE), FaultKind.UNREACHABLE, None),
        (Fault(Kind.RESET_AFTER), FaultKind.UNREACHABLE, None),
        (Fault(Kind.TRUNCATED), FaultKind.UNREACHABLE, None),
        (Fault(Kind.MALFORMED), FaultKind.UNREACHABLE, None),
    ],
    ids=lambda value: value.kind.value if isinstance(value, Fault) else None,
)
def test_faults_are_told_apart(
    anthropic: Simulated,
    client: AnthropicClient,
    fault: Fault,
    kind: FaultKind,
    silence: float | None,
) -> None:
    """Each is one request, with the silence it asked for, and without sentence or key."""
    anthropic.simulator.faults.add(fault)
    with pytest.raises(CallFailed) as caught:
        client.post("/v1/messages", BODY)
    assert caught.value.fault.kind is kind
    assert caught.value.fault.retry_after == silence
    assert "secret" not in caught.value.fault.reason
    assert "bread" not in caught.value.fault.reason
    assert len(anthropic.simulator.ledger.calls()) == 1


def test_a_refusal_names_its_code(anthropic: Simulated, client: AnthropicClient) -> None:
    """The more telling of the two words, and the request's id for the provider's support."""
    anthropic.simulator.faults.add(Fault(Kind.SPEND_LIMIT))
    with pytest.raises(CallFailed) as caught:
        client.post("/v1/messages", BODY)
    identity = anthropic.simulator.ledger.calls()[0].request_id
    said = f"HTTP 429 (enforced_spend_limit_reached, request {identity})"
    assert caught.value.fault.reason == said


@pytest.mark.parametrize("key", ["", "sk two", "clé"])
def test_a_key_that_no_header_carries_is_said_so(anthropic: Simulated, key: str) -> None:
    """It names the variable, never the value, and no request is made."""
    with pytest.raises(Misconfigured, match="ANTHROPIC_API_KEY") as caught:
        AnthropicClient(key, anthropic.url).post("/v1/messages", BODY)
    assert not key or key not in str(caught.value)
    assert anthropic.simulator.ledger.calls() == []


def test_a_closed_client_opens_again(anthropic: Simulated, client: AnthropicClient) -> None:
    """Closing it ends its connections, not its use."""
    before = client.sdk
    client.close()
    client.close()
    assert before.is_closed()
    client.post("/v1/messages", BODY)
    client.close()
    assert len(anthropic.simulator.ledger.calls()) == 1


def test_an_answer_that_does_not_come_is_not_waited_for(anthropic: Simulated) -> None:
    """After the timeout the provider counts as out of reach; it may have worked for money."""
    standing = anthropic.simulator.faults.add(Fault(Kind.HOLD))
    impatient = AnthropicClient("sk-secret", anthropic.url, timeout=0.2)
    with impatient.sdk, pytest.raises(CallFailed) as caught:
        impatient.post("/v1/messages", BODY)
    standing.release()
    assert caught.value.fault.kind is FaultKind.UNREACHABLE


def test_a_limit_of_all_tokens_goes_before_one_of_input_tokens() -> None:
    """Anthropic tells both; the former is the one in effect."""
    from linkedin_pipeline.adapters.anthropic_client import _quotas

    headers = {
        "anthropic-ratelimit-input-tokens-limit": "100",
        "anthropic-ratelimit-input-tokens-remaining": "90",
        "anthropic-ratelimit-tokens-limit": "50",
        "anthropic-ratelimit-tokens-remaining": "40",
    }
    assert _quotas(headers) == {"tokens": Quota(50, 40)}
