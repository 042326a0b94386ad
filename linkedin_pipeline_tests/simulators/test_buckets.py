"""Rate limits on a clock that the test moves."""

from __future__ import annotations

from collections.abc import Iterator

import openai as sdk
import pytest

from linkedin_pipeline.simulators.buckets import Bucket, Limits, short_duration
from linkedin_pipeline.simulators.openai import OpenAISimulator
from linkedin_pipeline.simulators.simulator import Behaviour
from linkedin_pipeline_tests.simulators.clients import EMBEDDER, OpenAIClient, openai_client


class _Time:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def time() -> _Time:
    """Give a clock."""
    return _Time()


@pytest.fixture
def openai(time: _Time) -> Iterator[OpenAIClient]:
    """Give a simulator that takes 3 requests and 600 tokens a minute from each model."""
    behaviour = Behaviour(limits=Limits(3, 600))
    with openai_client(OpenAISimulator(behaviour, now=time)) as client:
        yield client


def _refused(openai: OpenAIClient, text: str = "a") -> sdk.RateLimitError:
    with pytest.raises(sdk.RateLimitError) as caught:
        openai.embed([text])
    return caught.value


def test_requests_run_out_and_come_back(openai: OpenAIClient, time: _Time) -> None:
    """The fourth request of a minute waits as long as it is told, to the millisecond."""
    for _ in range(3):
        openai.embed(["a"])
    error = _refused(openai)
    assert error.type == "requests"
    assert error.response.headers["retry-after"] == "20"
    assert error.response.headers["retry-after-ms"] == "20000"
    assert "try again in 20s" in str(error)
    time.now += 19.9
    assert _refused(openai).response.headers["retry-after-ms"] == "100"
    time.now += 0.1
    openai.embed(["a"])
    _refused(openai)


def test_refused_calls_take_nothing_out(openai: OpenAIClient, time: _Time) -> None:
    """Who keeps asking gets in as soon as who waits."""
    for _ in range(3):
        openai.embed(["a"])
    for _ in range(10):
        _refused(openai)
    time.now += 20
    openai.embed(["a"])
    assert openai.simulator.ledger.totals().usage.input_tokens == 4


def test_tokens_run_out_too(openai: OpenAIClient, time: _Time) -> None:
    """Of 600 tokens 500 are gone: 200 more have to wait for 100 of them, 10 seconds."""
    openai.embed(["a" * 2000])
    error = _refused(openai, "a" * 800)
    assert error.type == "tokens"
    assert error.response.headers["retry-after"] == "10"
    assert "Limit 600, Used 500, Requested 200" in str(error)
    time.now += 10
    openai.embed(["a" * 800])


def test_more_than_the_whole_bucket_can_never_pass(openai: OpenAIClient) -> None:
    """OpenAI says so, and does not say when to come back."""
    error = _refused(openai, "a" * 2404)
    assert "Request too large" in str(error)
    assert "retry-after" not in error.response.headers


def test_each_model_has_limits_of_its_own(openai: OpenAIClient) -> None:
    """A model that is worn out does not hold another up."""
    for _ in range(3):
        openai.embed(["a"])
    _refused(openai)
    openai.label(model="gpt-5.2", reasoning_effort="none")


def test_what_is_written_counts_as_well(openai: OpenAIClient, time: _Time) -> None:
    """Output drives the bucket below zero; the next call waits for it."""
    usage = openai.label(reasoning_effort="high").usage
    owed = usage.total_tokens - 600
    assert owed > 0
    answer = openai.post("/embeddings", {"model": EMBEDDER, "input": ["a"]})
    assert answer.status_code == 200
    with pytest.raises(sdk.RateLimitError) as caught:
        openai.label()
    wait = int(caught.value.response.headers["retry-after-ms"]) / 1000
    assert wait == pytest.approx((owed + usage.prompt_tokens) / 10, abs=0.01)
    time.now += wait
    openai.label()


def test_headers_say_what_is_left(openai: OpenAIClient, time: _Time) -> None:
    """Limit, remainder and time until full, for requests and tokens, in OpenAI's spelling."""
    headers = openai.post("/embeddings", {"model": EMBEDDER, "input": ["a" * 400]}).headers
    limits = {name[12:]: headers[name] for name in headers if name.startswith("x-ratelimit-")}
    assert limits == {
        "limit-requests": "3",
        "remaining-requests": "2",
        "reset-requests": "20s",
        "limit-tokens": "600",
        "remaining-tokens": "500",
        "reset-tokens": "10s",
    }
    time.now += 60
    assert (
        openai.post("/embeddings", {"model": EMBEDDER, "input": ["a"]}).headers[
            "x-ratelimit-remaining-tokens"
        ]
        == "599"
    )


def test_limits_may_change_at_any_time(openai: OpenAIClient) -> None:
    """New limits begin with full buckets."""
    for _ in range(3):
        openai.embed(["a"])
    openai.simulator.behaviour.limits = Limits(6, 600)
    openai.embed(["a"])


def test_a_bucket_can_hold_less_than_a_minute() -> None:
    """With a burst of a second the rate holds at once: 10 a second are 10 a second."""
    now, passed = 0.0, 0
    bucket = Bucket(600, 1, now)
    while now < 60:
        wait = bucket.wait(1, now)
        if wait == 0:
            bucket.take(1, now)
            passed += 1
        now += wait
    assert 600 <= passed <= 611


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0ms"), (0.0121, "13ms"), (1, "1s"), (59.2, "1m0s"), (360, "6m0s"), (3725, "62m5s")],
)
def test_durations_are_spelt_as_openai_spells_them(seconds: float, text: str) -> None:
    """Rounded up, so that who waits so long has waited enough."""
    assert short_duration(seconds) == text
