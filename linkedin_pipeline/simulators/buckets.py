"""Rate limits as the providers enforce them: token buckets that refill all the time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil


@dataclass(frozen=True, slots=True)
class Limits:
    """What each model may be asked a minute; a bucket holds ``burst_seconds`` worth of it."""

    requests_per_minute: float = 30_000
    tokens_per_minute: float = 150_000_000
    burst_seconds: float = 60


class Bucket:
    """A store that refills at a steady rate up to its size; it starts full."""

    def __init__(self, per_minute: float, burst_seconds: float, now: float) -> None:
        self.per_minute = per_minute
        self.size = max(per_minute * burst_seconds / 60, 1.0)
        self._level = self.size
        self._at = now

    def level(self, now: float) -> float:
        """Return what it holds; below zero when more was taken than it had."""
        passed = max(now - self._at, 0.0)
        self._level = min(self.size, self._level + passed * self.per_minute / 60)
        self._at = now
        return self._level

    def wait(self, amount: float, now: float) -> float:
        """Return the seconds until it holds ``amount``."""
        missing = amount - self.level(now)
        # a hair of tolerance: a caller that waits exactly as told must not meet a rounding error
        return missing * 60 / self.per_minute if missing > 1e-6 else 0.0

    def take(self, amount: float, now: float) -> None:
        """Take ``amount`` out, whether or not it is there."""
        self._level = self.level(now) - amount


@dataclass(frozen=True, slots=True)
class Gauge:
    """What one bucket says to a caller: limit a minute, what is left, seconds until full."""

    limit: int
    remaining: int
    reset: float


@dataclass(frozen=True, slots=True)
class Overdrawn:
    """Why a call is not let in: which bucket, and seconds until it could be (None: never)."""

    what: str
    limit: int
    used: int
    requested: int
    wait: float | None


class Buckets:
    """A pair of buckets, requests and tokens, for each model."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._pairs: dict[str, tuple[Limits, Bucket, Bucket]] = {}

    def admit(self, model: str, limits: Limits, tokens: int) -> Overdrawn | None:
        """Take one request and its tokens out, or nothing at all and say what is missing."""
        now = self._now()
        requests, volume = self._of(model, limits, now)
        for what, bucket, amount in (("requests", requests, 1), ("tokens", volume, tokens)):
            wait = bucket.wait(amount, now)
            if wait > 0:
                limit = int(bucket.per_minute)
                used = int(bucket.size - bucket.level(now))
                never = amount > bucket.size
                return Overdrawn(what, limit, used, amount, None if never else wait)
        requests.take(1, now)
        volume.take(tokens, now)
        return None

    def charge(self, model: str, limits: Limits, tokens: int) -> None:
        """Take the tokens of an answer out; the next caller waits for them if need be."""
        now = self._now()
        self._of(model, limits, now)[1].take(tokens, now)

    def gauges(self, model: str, limits: Limits) -> dict[str, Gauge]:
        """Return what ``requests`` and ``tokens`` have left."""
        now = self._now()
        requests, volume = self._of(model, limits, now)
        return {
            what: Gauge(
                int(bucket.per_minute),
                max(int(bucket.level(now)), 0),
                bucket.wait(bucket.size, now),
            )
            for what, bucket in (("requests", requests), ("tokens", volume))
        }

    def clear(self) -> None:
        """Fill every bucket."""
        self._pairs.clear()

    def _of(self, model: str, limits: Limits, now: float) -> tuple[Bucket, Bucket]:
        known = self._pairs.get(model)
        if known is None or known[0] != limits:  # limits were changed: start anew
            burst = limits.burst_seconds
            known = (
                limits,
                Bucket(limits.requests_per_minute, burst, now),
                Bucket(limits.tokens_per_minute, burst, now),
            )
            self._pairs[model] = known
        return known[1], known[2]


def short_duration(seconds: float) -> str:
    """Write a duration as OpenAI's headers do: ``120ms``, ``1s``, ``6m0s``."""
    if seconds < 1:
        return f"{ceil(seconds * 1000)}ms"
    minutes, rest = divmod(ceil(seconds), 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"
