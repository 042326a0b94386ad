"""5,000 posts against a token bucket: how near the drain comes to the rate that is allowed."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from linkedin_pipeline.adapters.calls import Caller, CallFailed, Fault, FaultKind, Reply
from linkedin_pipeline.adapters.limiter import Quota, RateLimiter
from linkedin_pipeline.domain.ai import Model, Plan, Purpose, Usage
from linkedin_pipeline.domain.errors import ProviderDown
from linkedin_pipeline.simulators.buckets import Buckets, Limits
from linkedin_pipeline_tests.adapters.virtual_time import MemoryLedger, VirtualClock

MODEL = Model("openai", "model")
POSTS = 5_000
Silence = Callable[[float | None], float | None]


@dataclass
class Server:
    """A provider with one token bucket and some latency; ``spoil`` makes it answer 429 anyway."""

    clock: VirtualClock
    limits: Limits
    headers: bool = True
    silence: Silence = lambda wait: wait
    every: int = 0
    latency: float = 0.4
    calls: int = 0
    refused: int = 0
    served: int = 0
    random: random.Random = field(default_factory=lambda: random.Random(5))

    def __post_init__(self) -> None:
        self.buckets = Buckets(self.clock.monotonic)

    def send(self, tokens: int) -> Reply[int]:
        """Answer one call."""
        self.calls += 1
        wait: float | None = 0.0
        if not (self.every and self.calls % self.every == 0):
            overdrawn = self.buckets.admit("", self.limits, tokens)
            wait = None if overdrawn is None else overdrawn.wait
            if overdrawn is None:
                self.served += tokens
                quotas = self._quotas()
                self.clock.sleep(self.latency * self.random.uniform(0.5, 2))
                return Reply(tokens, Usage(tokens), quotas)
        self.refused += 1
        quotas = self._quotas()
        self.clock.sleep(0.05)
        raise CallFailed(Fault(FaultKind.BUSY, "HTTP 429", self.silence(wait), quotas))

    def _quotas(self) -> dict[str, Quota]:
        gauges = self.buckets.gauges("", self.limits) if self.headers else {}
        return {what: Quota(gauge.limit, gauge.remaining) for what, gauge in gauges.items()}


def drain(server: Server, *, batch: int, tokens: int, bound: float, workers: int) -> float:
    """Send all posts, ``batch`` a call, and return the virtual seconds it took.

    ``bound`` is how many times the real tokens the caller's upper bound is.  What the ladder gives
    back is asked for again once it is due, as the queue does.
    """
    clock = server.clock
    caller = Caller(MemoryLedger(clock), RateLimiter(clock), clock, jitter=lambda: 0.5)
    plan = Plan(MODEL, Purpose.EMBEDDING, "worker", batch, int(tokens * bound))
    left = [POSTS // batch]

    def work() -> None:
        while left[0] > 0:
            left[0] -= 1
            try:
                caller.make(plan, lambda: server.send(tokens))
            except ProviderDown as down:
                left[0] += 1
                clock.sleep(down.retry_after or 10.0)

    return clock.run(work, workers)


def allowed(limits: Limits, *, calls: int, tokens: int) -> float:
    """Return the seconds that the rate itself asks for, the bucket full at first."""
    by_requests = calls * 60 / limits.requests_per_minute
    by_tokens = calls * tokens * 60 / limits.tokens_per_minute
    return max(by_requests, by_tokens) - limits.burst_seconds


@pytest.mark.parametrize("workers", [1, 4, 16])
@pytest.mark.parametrize(
    ("limits", "batch", "tokens", "bound"),
    [
        (Limits(requests_per_minute=60, burst_seconds=10), 10, 3_000, 2.4),
        (Limits(tokens_per_minute=200_000), 10, 3_000, 2.4),
        (Limits(tokens_per_minute=200_000), 50, 120_000, 2.4),
        (Limits(60, 200_000, 30), 10, 3_200, 1.2),
        (Limits(tokens_per_minute=700_000, burst_seconds=2), 20, 10_000, 2.5),
    ],
    ids=["requests", "tokens", "one request fills the bucket", "both", "bounds beyond the bucket"],
)
def test_the_allowed_rate_is_used(
    limits: Limits, batch: int, tokens: int, bound: float, workers: int
) -> None:
    """At least 97 % of it, and hardly a call is refused on the way."""
    server = Server(VirtualClock(), limits)
    took = drain(server, batch=batch, tokens=tokens, bound=bound, workers=workers)
    calls = POSTS // batch
    assert server.served == calls * tokens
    assert allowed(limits, calls=calls, tokens=tokens) / took >= 0.97
    assert server.refused <= max(calls * 0.02, workers)


@pytest.mark.parametrize("workers", [1, 3, 8])
@pytest.mark.parametrize("headers", [True, False], ids=["told", "untold"])
@pytest.mark.parametrize(
    "silence",
    [lambda wait: wait or 1.0, lambda _wait: None, lambda wait: math.ceil(wait or 1.0)],
    ids=["exact", "unnamed", "whole seconds"],
)
def test_alternating_refusals_cost_a_fifth_at_most(
    silence: Silence, *, headers: bool, workers: int
) -> None:
    """Every second call is answered 429 though it fits; with and without headers."""
    limits = Limits(requests_per_minute=30, burst_seconds=60)
    server = Server(VirtualClock(), limits, headers=headers, silence=silence, every=2)
    took = drain(server, batch=10, tokens=3_000, bound=2.4, workers=workers)
    assert server.served == POSTS // 10 * 3_000
    assert server.refused >= POSTS // 10 - 1
    assert took <= 1.2 * allowed(limits, calls=POSTS // 10, tokens=3_000)
