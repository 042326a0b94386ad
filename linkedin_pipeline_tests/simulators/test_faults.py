"""Faults on request: refusals in every form, broken connections, delays, and whom they strike."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from itertools import pairwise

import httpx
import openai as sdk
import pytest

from linkedin_pipeline.domain.errors import BadInput
from linkedin_pipeline.simulators.faults import Fault, Faults, Kind
from linkedin_pipeline.simulators.ledger import Usage
from linkedin_pipeline_tests.simulators.clients import EMBEDDER, POSTS, OpenAIClient
from linkedin_pipeline_tests.waiting import eventually

GOOD = {"model": EMBEDDER, "input": ["One text."]}


@pytest.mark.parametrize(
    ("fault", "headers"),
    [
        (Fault(Kind.RATE_LIMIT), {}),
        (Fault(Kind.RATE_LIMIT, retry_after="7"), {"retry-after": "7"}),
        (Fault(Kind.RATE_LIMIT, retry_after="86400"), {"retry-after": "86400"}),
        (Fault(Kind.RATE_LIMIT, retry_after="-5"), {"retry-after": "-5"}),
        (Fault(Kind.RATE_LIMIT, retry_after="soon"), {"retry-after": "soon"}),
        (Fault(Kind.RATE_LIMIT, retry_after_ms="250"), {"retry-after-ms": "250"}),
    ],
    ids=["missing", "seconds", "a day", "negative", "a word", "milliseconds"],
)
def test_rate_limits_say_when_to_come_back_in_every_form(
    openai: OpenAIClient, fault: Fault, headers: dict[str, str]
) -> None:
    """As the fault words it, sense or nonsense, and not at all when it says nothing."""
    openai.simulator.faults.add(fault)
    with pytest.raises(sdk.RateLimitError) as caught:
        openai.embed()
    sent = caught.value.response.headers
    assert {name: sent[name] for name in sent if name.startswith("retry-after")} == headers
    assert caught.value.code == "rate_limit_exceeded"
    assert caught.value.request_id == openai.simulator.ledger.calls()[-1].request_id


def test_a_rate_limit_may_name_a_date(openai: OpenAIClient) -> None:
    """An HTTP date, counted from the simulator's clock."""
    openai.simulator.faults.add(Fault(Kind.RATE_LIMIT, retry_after_date=90))
    header = openai.post("/embeddings", GOOD).headers["retry-after"]
    assert header.endswith(" GMT")
    away = parsedate_to_datetime(header).timestamp() - openai.simulator.ledger.calls()[0].at
    assert 88 <= away <= 91


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        (Kind.INSUFFICIENT_QUOTA, 429, "insufficient_quota"),
        (Kind.SPEND_LIMIT, 429, "insufficient_quota"),
        (Kind.BAD_REQUEST, 400, None),
        (Kind.INVALID_KEY, 401, "invalid_api_key"),
        (Kind.MODEL_NOT_FOUND, 404, "model_not_found"),
        (Kind.SERVER_ERROR, 500, None),
        (Kind.UNAVAILABLE, 503, None),
        (Kind.OVERLOADED, 529, None),
    ],
)
def test_refusals_come_in_openais_form_and_bill_nothing(
    openai: OpenAIClient, kind: Kind, status: int, code: str | None
) -> None:
    """Status and code as OpenAI sends them; the next call is fine again."""
    openai.simulator.faults.add(Fault(kind))
    with pytest.raises(sdk.APIStatusError) as caught:
        openai.embed()
    assert (caught.value.status_code, caught.value.code) == (status, code)
    openai.embed()
    first, second = openai.simulator.ledger.calls()
    assert (first.status, first.accepted, first.usage) == (status, False, Usage())
    assert (first.model, first.faults) == (EMBEDDER, (kind.value,))
    assert second.status == 200


def test_a_gateway_answers_in_html(openai: OpenAIClient) -> None:
    """Not everything that answers speaks JSON."""
    openai.simulator.faults.add(Fault(Kind.BAD_GATEWAY))
    answer = openai.post("/embeddings", GOOD)
    assert answer.status_code == 502
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.text.startswith("<html>")


def test_a_refusal_may_have_another_status(openai: OpenAIClient) -> None:
    """For what no kind names."""
    openai.simulator.faults.add(Fault(Kind.SERVER_ERROR, status=504))
    assert openai.post("/embeddings", GOOD).status_code == 504


def test_keys_are_checked(openai: OpenAIClient) -> None:
    """Any key will do until some are named; a key is never repeated in full."""
    assert httpx.post(f"{openai.url}/v1/embeddings", json=GOOD).status_code == 401
    openai.simulator.behaviour.accepted_keys = {"sk-other"}
    with pytest.raises(sdk.AuthenticationError) as caught:
        openai.embed()
    assert caught.value.code == "invalid_api_key"
    assert "sk-simulated" not in str(caught.value)
    openai.simulator.behaviour.accepted_keys = {"sk-simulated"}
    openai.embed()


def test_a_connection_reset_before_acceptance_bills_nothing(openai: OpenAIClient) -> None:
    """The client sees a reset; the ledger saw the call."""
    openai.simulator.faults.add(Fault(Kind.RESET_BEFORE))
    with pytest.raises(httpx.ReadError):
        openai.post("/embeddings", GOOD)
    [call] = openai.simulator.ledger.calls()
    assert (call.status, call.accepted, call.usage) == (None, False, Usage())


def test_a_connection_reset_after_acceptance_bills_everything(openai: OpenAIClient) -> None:
    """The work was done, the answer is lost; the next call on a new connection is fine."""
    openai.simulator.faults.add(Fault(Kind.RESET_AFTER))
    with pytest.raises(httpx.ReadError):
        openai.post("/embeddings", GOOD)
    [call] = openai.simulator.ledger.calls()
    assert (call.status, call.accepted) == (None, True)
    assert call.usage == Usage(input_tokens=3)
    assert openai.post("/embeddings", GOOD).status_code == 200
    assert openai.simulator.ledger.totals().usage == Usage(input_tokens=6)


def test_bodies_may_be_cut_or_broken(openai: OpenAIClient) -> None:
    """Half of the promised bytes, or all the promised bytes of half a document; both are billed."""
    openai.simulator.faults.add(Fault(Kind.TRUNCATED))
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
        openai.post("/embeddings", GOOD)
    openai.simulator.faults.add(Fault(Kind.MALFORMED))
    answer = openai.post("/embeddings", GOOD)
    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        answer.json()
    assert openai.simulator.ledger.totals().accepted == 2


def test_latency_keeps_the_caller_waiting(openai: OpenAIClient) -> None:
    """A caller that gives up has paid."""
    openai.simulator.faults.add(Fault(Kind.LATENCY, seconds=30))
    with pytest.raises(sdk.APITimeoutError):
        openai.sdk.with_options(timeout=0.2).embeddings.create(model=EMBEDDER, input=["a"])
    assert openai.simulator.ledger.totals().usage == Usage(input_tokens=1)


def test_an_answer_can_be_held_until_it_is_released(openai: OpenAIClient) -> None:
    """A call in flight is in the ledger; others pass it by; released, it is answered."""
    held = openai.simulator.faults.add(Fault(Kind.HOLD))
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(openai.embed, ["slow"])
        eventually(openai.simulator.ledger.calls)
        openai.embed(["fast"])
        assert not waiting.done()
        held.release()
        assert waiting.result(60).usage.prompt_tokens == 1


def test_faults_strike_as_often_as_they_say(openai: OpenAIClient) -> None:
    """Each n-th call; only so many times; only calls of a route; one refusal a call, in turn."""
    faults = openai.simulator.faults
    alternating = faults.add(Fault(Kind.RATE_LIMIT, every=2, times=None))
    statuses = [openai.post("/embeddings", GOOD).status_code for _ in range(6)]
    assert statuses == [200, 429] * 3
    assert (alternating.seen, alternating.struck) == (6, 3)
    faults.clear()
    faults.add(Fault(Kind.RATE_LIMIT, times=2))
    faults.add(Fault(Kind.SERVER_ERROR, route="/v1/embeddings"))
    faults.add(Fault(Kind.UNAVAILABLE, route="/v1/chat", times=None))
    faults.add(Fault(Kind.OVERLOADED, provider="anthropic", times=None))
    statuses = [openai.post("/embeddings", GOOD).status_code for _ in range(4)]
    assert statuses == [429, 429, 500, 200]
    with pytest.raises(sdk.InternalServerError):
        openai.label()


def test_a_fault_waits_for_a_call_that_has_a_place_for_it(openai: OpenAIClient) -> None:
    """A bad label is not used up by embeddings, nor a lost answer by a call that is refused."""
    lost = openai.simulator.faults.add(Fault(Kind.RESET_AFTER))
    assert openai.post("/embeddings", {}).status_code == 400
    assert lost.struck == 0
    openai.simulator.faults.clear()
    openai.simulator.faults.add(Fault(Kind.BAD_LABEL))
    refused = openai.simulator.faults.add(Fault(Kind.SERVER_ERROR))
    with pytest.raises(sdk.InternalServerError):
        openai.label()
    openai.embed()
    assert refused.spent
    assert "not in the list" in openai.label(POSTS).choices[0].message.content


def test_faults_and_ledger_over_http(openai: OpenAIClient) -> None:
    """The admin API adds, lists and clears faults, shows calls and totals, and starts anew."""
    http = openai.http
    wanted = [{"kind": "rate_limit", "times": 1, "retry_after": "3"}, {"kind": "shuffled"}]
    assert http.post("/_simulator/faults", json=wanted).status_code == 201
    assert openai.post("/embeddings", GOOD).headers["retry-after"] == "3"
    assert openai.post("/embeddings", GOOD).status_code == 200
    assert [one["struck"] for one in http.get("/_simulator/faults").json()] == [1, 1]
    ledger = http.get("/_simulator/ledger", params={"route": "embeddings"}).json()
    assert [call["status"] for call in ledger["calls"]] == [429, 200]
    assert ledger["totals"]["usage"]["input_tokens"] == 3
    assert "body" not in ledger["calls"][0]
    bodies = http.get("/_simulator/ledger", params={"bodies": "true"}).json()["calls"]
    assert json.loads(bodies[1]["body"]) == GOOD
    assert http.delete("/_simulator/faults").status_code == 204
    assert http.get("/_simulator/faults").json() == []
    assert http.post("/_simulator/reset").status_code == 204
    assert http.get("/_simulator/ledger").json()["calls"] == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("{", "not JSON"),
        ("[7]", "7 is not an object"),
        ('[{"kind": "shuffled"}, {"kind": "explosion"}]', "unknown kind 'explosion'"),
        ('{"kind": "latency", "colour": 1}', "unknown key 'colour'"),
        ('{"kind": "latency", "seconds": "2"}', "seconds cannot be '2'"),
        ('{"kind": "latency", "every": 0}', "every cannot be 0"),
        ('{"kind": "latency", "times": true}', "times cannot be True"),
        ('{"kind": "rate_limit", "retry_after": 3}', "retry_after cannot be 3"),
    ],
)
def test_faults_that_cannot_be_read_are_refused(
    openai: OpenAIClient, body: str, message: str
) -> None:
    """With what is wrong, and none of the list is added."""
    answer = openai.http.post("/_simulator/faults", content=body)
    assert answer.status_code == 400
    assert message in answer.json()["error"]
    assert openai.simulator.faults.standing() == []


def test_every_kind_can_be_asked_for_by_its_name() -> None:
    """Over the admin API as in Python; a fault without a kind is refused."""
    assert {Fault.from_json({"kind": str(kind)}).kind for kind in Kind} == set(Kind)
    with pytest.raises(BadInput, match="Known: latency"):
        Fault.from_json({})


def test_many_threads_get_a_fault_exactly_as_often_as_it_says() -> None:
    """No strike is lost or doubled between threads."""
    faults = Faults()
    standing = faults.add(Fault(Kind.RATE_LIMIT, times=50, every=2))

    def take(_: int) -> int:
        return len(faults.take("openai", "POST /v1/embeddings", list, [Kind.RATE_LIMIT]))

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(take, range(400))) == 50
    assert standing.seen == 100


def test_calls_are_in_the_ledger_in_order(openai: OpenAIClient) -> None:
    """With times that do not go back and ids of their own."""
    for _ in range(3):
        openai.embed()
    calls = openai.simulator.ledger.calls()
    assert all(one.at <= other.at for one, other in pairwise(calls))
    assert len({call.request_id for call in calls}) == 3
