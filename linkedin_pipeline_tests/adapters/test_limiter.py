"""The queue at a provider's rate limit, on a clock that the tests own."""

from __future__ import annotations

import pytest

from linkedin_pipeline.adapters.limiter import REQUESTS, TOKENS, Crowded, Quota, RateLimiter
from linkedin_pipeline_tests.adapters.virtual_time import VirtualClock

MODEL = "embedder"


@pytest.fixture
def clock() -> VirtualClock:
    """Give a clock."""
    return VirtualClock()


@pytest.fixture
def limiter(clock: VirtualClock) -> RateLimiter:
    """Give a limiter that knows nothing yet."""
    return RateLimiter(clock)


def told(limiter: RateLimiter, **quotas: Quota) -> None:
    """Let one small request be answered with these limits."""
    limiter.give(limiter.take(MODEL, 0), quotas)


def test_nothing_is_held_back_before_the_first_answer(
    limiter: RateLimiter, clock: VirtualClock
) -> None:
    """A server that names no limits is never waited for."""
    for _ in range(1_000):
        limiter.give(limiter.take(MODEL, 1_000_000))
    assert clock.now == 0


def test_a_request_waits_until_its_tokens_are_there(
    limiter: RateLimiter, clock: VirtualClock
) -> None:
    """600 a minute are ten a second: what is missing is waited for, to the second."""
    told(limiter, tokens=Quota(600, 100))
    limiter.take(MODEL, 60)
    assert clock.now == 0
    limiter.take(MODEL, 60)
    assert clock.now == pytest.approx(2)


def test_requests_are_counted_beside_tokens(limiter: RateLimiter, clock: VirtualClock) -> None:
    """The scarcer of the two decides."""
    told(limiter, requests=Quota(60, 1), tokens=Quota(600_000, 600_000))
    limiter.take(MODEL, 1)
    limiter.take(MODEL, 1)
    assert clock.now == pytest.approx(1)


def test_more_than_the_limit_waits_for_all_of_it(limiter: RateLimiter, clock: VirtualClock) -> None:
    """An upper bound above a whole minute's tokens is sent when the bucket is full."""
    told(limiter, tokens=Quota(600, 0))
    limiter.take(MODEL, 10_000)
    assert clock.now == pytest.approx(60)


def test_each_model_has_limits_of_its_own(limiter: RateLimiter, clock: VirtualClock) -> None:
    """Another model of the provider does not wait."""
    told(limiter, tokens=Quota(600, 0))
    limiter.take("another", 600)
    assert clock.now == 0


def test_an_answer_does_not_know_of_what_left_after_its_request(
    limiter: RateLimiter, clock: VirtualClock
) -> None:
    """What is under way and left later is taken off what the answer says is left."""
    first = limiter.take(MODEL, 10)
    limiter.take(MODEL, 90)
    limiter.give(first, {TOKENS: Quota(600, 100)})
    limiter.take(MODEL, 20)
    assert clock.now == pytest.approx(1)


def test_what_left_before_is_known_to_the_answer(limiter: RateLimiter, clock: VirtualClock) -> None:
    """It is not taken off twice."""
    limiter.take(MODEL, 90)
    second = limiter.take(MODEL, 10)
    limiter.give(second, {TOKENS: Quota(600, 100)})
    limiter.take(MODEL, 100)
    assert clock.now == 0


def test_an_answer_that_was_overtaken_gives_nothing_back(
    limiter: RateLimiter, clock: VirtualClock
) -> None:
    """The older request's answer knows less: it may lower what is left, never raise it."""
    first, second = limiter.take(MODEL, 10), limiter.take(MODEL, 90)
    limiter.give(second, {TOKENS: Quota(600, 10)})
    limiter.give(first, {TOKENS: Quota(600, 100)})
    limiter.take(MODEL, 20)
    assert clock.now == pytest.approx(1)


def test_a_request_that_was_never_sent_is_given_back(
    limiter: RateLimiter, clock: VirtualClock
) -> None:
    """A pause met after the turn came costs nothing of the limit."""
    told(limiter, tokens=Quota(600, 100))
    limiter.give(limiter.take(MODEL, 100), sent=False)
    limiter.take(MODEL, 100)
    assert clock.now == 0


def test_a_queue_beyond_the_patience_is_not_joined(
    limiter: RateLimiter, clock: VirtualClock
) -> None:
    """The caller hears at once how long it would be, and leaves no trace."""
    told(limiter, tokens=Quota(600, 0))
    with pytest.raises(Crowded) as crowd:
        limiter.take(MODEL, 300, patience=20)
    assert crowd.value.seconds == pytest.approx(30)
    assert clock.now == 0
    limiter.take(MODEL, 10)
    assert clock.now == pytest.approx(1)


def test_turns_come_in_order(limiter: RateLimiter, clock: VirtualClock) -> None:
    """A small request does not overtake a large one that would then wait for ever."""
    told(limiter, tokens=Quota(600, 0))
    order: list[int] = []
    sizes = iter([100, 1, 50])

    def work() -> None:
        size = next(sizes)
        limiter.take(MODEL, size)
        order.append(size)

    assert clock.run(work, 3) == pytest.approx(15.1)
    assert order == [100, 1, 50]


def test_a_better_answer_shortens_the_wait(limiter: RateLimiter, clock: VirtualClock) -> None:
    """Estimates are upper bounds; those that wait hear within a quarter of a second."""
    told(limiter, tokens=Quota(600, 0))
    under_way = limiter.take(MODEL, 0)
    roles = iter(["waits", "answers"])

    def work() -> None:
        if next(roles) == "waits":
            limiter.take(MODEL, 600)
        else:
            clock.sleep(1)
            limiter.give(under_way, {TOKENS: Quota(600, 590)})

    assert clock.run(work, 2) == pytest.approx(2, abs=0.25)


@pytest.mark.parametrize("quota", [Quota(0, 0), Quota(-1, -1)])
def test_a_limit_of_nothing_is_no_limit(
    limiter: RateLimiter, clock: VirtualClock, quota: Quota
) -> None:
    """Some servers write 0 or -1 for unlimited."""
    told(limiter, **{TOKENS: quota, REQUESTS: quota})
    limiter.take(MODEL, 1_000_000)
    assert clock.now == 0


def test_a_request_waits_for_what_others_took_of_their_bounds(
    limiter: RateLimiter, clock: VirtualClock
) -> None:
    """The most of late: half, then a quarter too; nothing is known of answers that bill nothing."""
    for used in (50, 25, 0, None):
        limiter.give(limiter.take(MODEL, 100), {TOKENS: Quota(600, 100)}, used=used)
    limiter.take(MODEL, 200)
    assert clock.now == 0
    limiter.take(MODEL, 200)
    assert clock.now == pytest.approx(10)


def test_after_a_refusal_bounds_count_in_full(limiter: RateLimiter, clock: VirtualClock) -> None:
    """The provider may count otherwise than it bills; sixteen answers later it is forgotten."""
    limiter.give(limiter.take(MODEL, 100), {TOKENS: Quota(600, 100)}, used=10)
    limiter.give(limiter.take(MODEL, 100), {TOKENS: Quota(600, 100)}, refused=True)
    limiter.give(limiter.take(MODEL, 100), {TOKENS: Quota(600, 0)}, used=10)
    limiter.take(MODEL, 100)
    assert clock.now == pytest.approx(10)
    for _ in range(16):
        limiter.give(limiter.take(MODEL, 0), {TOKENS: Quota(600, 0)})
    for _ in range(16):
        limiter.give(limiter.take(MODEL, 100), {TOKENS: Quota(600, 600)}, used=10)
    limiter.give(limiter.take(MODEL, 0), {TOKENS: Quota(600, 0)})
    before = clock.now
    limiter.take(MODEL, 100)
    assert clock.now - before == pytest.approx(1)
