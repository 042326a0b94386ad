"""What a drain did, counted by day."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from uuid import UUID

from linkedin_pipeline.domain.work import Claim, Outcome, Settled, Stage
from linkedin_pipeline.ports import Clock

LATEST = 1000
"""How many of the written posts a report remembers, for the checks that follow a drain."""


class Stop(StrEnum):
    """Why a drain ended."""

    EMPTY = "nothing due"
    TIME = "time budget used"
    ENOUGH = "bound on posts reached"
    DISABLED = "worker disabled"
    PAUSED = "provider paused"
    FAILED = "failed"


@dataclass(slots=True)
class DrainReport:
    """Counts by day and outcome, and where the seconds went.

    A claim that was given back unjudged is not counted, as when the provider paused.  ``written``
    has the posts written last.  ``spent`` sums over threads, so its parts may exceed ``seconds``,
    the wall time.
    """

    stage: Stage
    stop: Stop = Stop.EMPTY
    reason: str | None = None
    batches: int = 0
    seconds: float = 0.0
    days: dict[date, Counter[Outcome]] = field(default_factory=lambda: defaultdict(Counter))
    written: deque[UUID] = field(default_factory=lambda: deque(maxlen=LATEST))
    spent: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def count(self, claims: Sequence[Claim], settled: Settled, outcome: Outcome) -> None:
        """Count each claim as ``outcome``, or as stale, or as retried when its row was busy."""
        for claim in claims:
            if claim.post_id in settled.held:
                self.days[claim.day][outcome] += 1
                if outcome is Outcome.DONE:
                    self.written.append(claim.post_id)
            elif claim.post_id in settled.busy:
                self.days[claim.day][Outcome.RETRIED] += 1
            else:
                self.days[claim.day][Outcome.STALE] += 1

    @contextmanager
    def timed(self, clock: Clock, part: str) -> Iterator[None]:
        """Add the time of the block to ``spent[part]``; safe in several threads."""
        started = clock.monotonic()
        try:
            yield
        finally:
            with self._lock:
                self.spent[part] += clock.monotonic() - started

    def totals(self) -> Mapping[Outcome, int]:
        """Return the number of posts by outcome, every outcome present."""
        return {o: sum(counts[o] for counts in self.days.values()) for o in Outcome}

    def results(self) -> Mapping[str, object]:
        """Return a JSON-ready summary without any post text."""
        return {
            "stop": str(self.stop),
            "reason": self.reason,
            "batches": self.batches,
            "seconds": round(self.seconds, 3),
            "compute_seconds": round(self.spent["compute"], 3),
            "database_seconds": round(self.spent["database"], 3),
            **{str(outcome): number for outcome, number in self.totals().items()},
        }
