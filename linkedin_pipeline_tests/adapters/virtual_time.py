"""Time that only passes while every worker sleeps, and a ledger that lives in memory."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from uuid import UUID, uuid4

from linkedin_pipeline.domain.ai import CallOutcome, Permit, Plan, Usage


class VirtualClock:
    """Meets `Clock` for one thread, or for workers of which one runs at a time, by time."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []
        self._lock = threading.Lock()
        self._numbers = count()
        self._sleeping: list[tuple[float, int, threading.Event]] = []

    def monotonic(self) -> float:
        """Return the time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let others go on until it is time."""
        assert seconds >= 0
        self.slept.append(seconds)
        woken = self._book(seconds)
        self._wake_next()
        assert woken.wait(60), "nobody woke a worker"

    def run(self, work: Callable[[], None], workers: int) -> float:
        """Do the same work in several threads at once and return the time it took."""
        started = self.now
        starts = [self._book(0.0) for _ in range(workers)]

        def one(start: threading.Event) -> None:
            assert start.wait(60), "nobody woke a worker"
            try:
                work()
            finally:
                self._wake_next()

        with ThreadPoolExecutor(workers) as threads:
            futures = [threads.submit(one, start) for start in starts]
            self._wake_next()
            for future in futures:
                future.result(120)
        return self.now - started

    def _book(self, seconds: float) -> threading.Event:
        woken = threading.Event()
        with self._lock:
            heapq.heappush(self._sleeping, (self.now + seconds, next(self._numbers), woken))
        return woken

    def _wake_next(self) -> None:
        with self._lock:
            if self._sleeping:
                at, _, woken = heapq.heappop(self._sleeping)
                self.now = max(self.now, at)
                woken.set()


class MemoryLedger:
    """Meets `AiLedger`; ``verdict`` other than ``go`` is given to every plan."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.verdict = Permit("go")
        self.plans: list[Plan] = []
        self.ended: list[tuple[CallOutcome, Usage]] = []
        self.pauses: list[tuple[str, str, float | None, str | None]] = []
        self.until = 0.0
        self._times = 0

    def begin(self, plan: Plan) -> Permit:
        """Return what is set, or the pause that holds."""
        self.plans.append(plan)
        if self.until > self.clock.now:
            return Permit("paused", self.until - self.clock.now, "so it was said")
        return Permit("go", call_id=uuid4()) if self.verdict.verdict == "go" else self.verdict

    def end(self, call_id: UUID, outcome: CallOutcome, usage: Usage, seconds: float) -> None:
        """Remember how a call ended."""
        del call_id, seconds
        self.ended.append((outcome, usage))
        if outcome is CallOutcome.ANSWERED:
            self._times = 0

    def pause(
        self,
        scope: str,
        code: str,
        reason: str,
        *,
        seconds: float | None = None,
        first: float = 15.0,
        longest: float = 600.0,
        worker: str | None = None,
    ) -> float:
        """Remember a pause and return its seconds."""
        del reason
        self.pauses.append((scope, code, seconds, worker))
        left = self.until - self.clock.now
        if seconds is None and left > 0:
            return left
        asked = min(first * 2.0**self._times, longest) if seconds is None else seconds
        self._times += left <= 0
        self.until = max(self.until, self.clock.now + asked)
        return self.until - self.clock.now
