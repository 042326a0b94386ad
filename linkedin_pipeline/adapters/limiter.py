"""Keeps below a provider's rate limits, as the provider's own headers tell them."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from linkedin_pipeline.ports import Clock

REQUESTS = "requests"
TOKENS = "tokens"

LATEST = 16
"""Requests whose true size tells what the next one takes."""
LONGEST_NAP = 0.25
"""Seconds after which a waiting thread looks again: an answer may have brought better news."""


@dataclass(frozen=True, slots=True)
class Quota:
    """One limit as a response told it: so many a minute, so many left now."""

    limit: float
    remaining: float


class Crowded(Exception):
    """The queue for a model is longer than the caller's patience; ``seconds`` says how long."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


@dataclass(slots=True, eq=False)
class Turn:
    """One request; ``order`` counts the requests of its model as they left, None before that.

    ``bound`` is the most tokens that it can take, ``amounts`` what it is expected to take.
    """

    model: str
    bound: float
    amounts: dict[str, float]
    order: int | None = None


@dataclass(slots=True)
class _Bucket:
    """A token bucket that refills by ``limit`` a minute, as far as the last answers tell.

    ``order`` is that of the latest request whose answer told.
    """

    limit: float
    available: float
    seen: float
    order: int

    def refill(self, now: float) -> None:
        self.available = min(self.limit, self.available + (now - self.seen) * self.limit / 60)
        self.seen = now

    def need(self, amount: float) -> float:
        """Return what a request waits for: more than the limit is never there."""
        return min(amount, self.limit)


@dataclass(slots=True)
class _Line:
    """The requests of one model: those that wait, first come first served, and those under way."""

    buckets: dict[str, _Bucket] = field(default_factory=dict)
    waiting: list[Turn] = field(default_factory=list)
    under_way: list[Turn] = field(default_factory=list)
    sent: int = 0
    shares: deque[float] = field(default_factory=lambda: deque(maxlen=LATEST))

    @property
    def share(self) -> float:
        """The part of its bound that a request is expected to take: the most of late."""
        return max(self.shares, default=1.0)

    def expect(self, turn: Turn) -> None:
        """Say again what a request that has not left yet will take."""
        turn.amounts[TOKENS] = turn.bound * self.share


class RateLimiter:
    """One for each provider, shared by all threads of a process; counts each model apart.

    Nothing is known before the first answer, so nothing is held back until then.  What other
    processes use up shows in the next answer.

    Callers know upper bounds of tokens only, twice the truth and more.  A request that waits for
    all of it leaves too late: a bucket that is full meanwhile fills no further.  So it waits for
    the part that others took of late; a refusal makes bounds count in full for a while.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lines: dict[str, _Line] = {}
        self._lock = threading.Lock()

    def take(self, model: str, tokens: int, patience: float = math.inf) -> Turn:
        """Wait until a request of at most ``tokens`` fits; every `take` is followed by one `give`.

        Raises:
            Crowded: that would take longer than ``patience`` seconds; no `give` follows.
        """
        turn = Turn(model, float(tokens), {REQUESTS: 1.0, TOKENS: float(tokens)})
        until = self._clock.monotonic() + patience
        with self._lock:
            self._lines.setdefault(model, _Line()).waiting.append(turn)
        try:
            while wait := self._step(turn):
                if self._clock.monotonic() + wait > until:
                    raise Crowded(wait)
                self._clock.sleep(min(wait, LONGEST_NAP))
        except BaseException:
            with self._lock:
                self._lines[model].waiting.remove(turn)
            raise
        return turn

    def give(
        self,
        turn: Turn,
        quotas: Mapping[str, Quota] | None = None,
        *,
        sent: bool = True,
        used: int | None = None,
        refused: bool = False,
    ) -> None:
        """Say that a request is over and what its answer told of the limits, or was never sent.

        ``used`` are the tokens that it was billed, None where nobody said; ``refused`` says that it
        met the limit.
        """
        with self._lock:
            line, now = self._lines[turn.model], self._clock.monotonic()
            line.under_way.remove(turn)
            if refused and turn.amounts[TOKENS] < turn.bound:  # it was sent on an expectation
                line.shares.append(1.0)
            elif used and turn.bound:
                line.shares.append(min(used / turn.bound, 1.0))
            for kind, amount in turn.amounts.items():
                quota, bucket = (quotas or {}).get(kind), line.buckets.get(kind)
                if not sent and bucket is not None:
                    bucket.available += bucket.need(amount)
                elif quota is not None and quota.limit > 0:
                    line.buckets[kind] = _told(line, turn, quota, kind, now)

    def _step(self, turn: Turn) -> float:
        """Send a request on its way, or return the seconds until its turn may have come."""
        with self._lock:
            line, now = self._lines[turn.model], self._clock.monotonic()
            first = line.waiting[: line.waiting.index(turn) + 1]
            for one in first:
                line.expect(one)
            wait = 0.0
            for kind, bucket in line.buckets.items():
                bucket.refill(now)
                missing = sum(bucket.need(one.amounts[kind]) for one in first) - bucket.available
                wait = max(wait, missing * 60 / bucket.limit)
            if wait < 1e-9:  # rounding errors are no reason for a nap
                for kind, bucket in line.buckets.items():
                    bucket.available -= bucket.need(turn.amounts[kind])
                line.waiting.remove(turn)
                line.under_way.append(turn)
                line.sent += 1
                turn.order = line.sent
                return 0.0
            return wait


def _told(line: _Line, turn: Turn, quota: Quota, kind: str, now: float) -> _Bucket:
    """Return a bucket as the answer to ``turn`` tells it.

    Providers count a request when it comes in, so an answer does not know of those that left after
    its own request; the time since then is not credited.  Answers that overtook one another tell
    the less the older their request is, hence never that more is left than is known already.
    """
    order = turn.order or 0
    unknown = sum(other.amounts[kind] for other in line.under_way if (other.order or 0) > order)
    left = min(quota.remaining - unknown, quota.limit)
    known = line.buckets.get(kind)
    if known is not None and known.order > order and known.limit == quota.limit:
        known.refill(now)
        known.available = min(known.available, left)
        return known
    return _Bucket(quota.limit, left, now, order)
