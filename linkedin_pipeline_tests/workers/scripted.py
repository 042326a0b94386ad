"""Stand-ins for clock, log and worker, which a test can script."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from linkedin_pipeline.domain.work import Claim, Done, Outcome, Settled, Stage, Verdict
from linkedin_pipeline.ports import WorkQueue


@dataclass(slots=True)
class FakeClock:
    """Time that passes when a test says so."""

    now: float = 1000.0

    def monotonic(self) -> float:
        """Return the time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let the time pass."""
        self.now += seconds


@dataclass(frozen=True, slots=True)
class ClosedRow:
    """What a drain's row was closed with."""

    id: UUID
    counts: Mapping[Outcome, int]
    results: Mapping[str, object]
    error: str | None


class MemoryLog:
    """Meets `WorkLog`: remembers each drain's beats, and how it was closed."""

    def __init__(self) -> None:
        self.beats: Counter[UUID] = Counter()
        self.closed: list[ClosedRow] = []
        self.opened: list[tuple[str, str | None]] = []
        self.before_finish: Callable[[], None] = lambda: None

    def start(self, worker: str, run_id: str | None) -> UUID:
        """Open a row."""
        self.opened.append((worker, run_id))
        return uuid4()

    def beat(self, log: UUID) -> None:
        """Count the beat."""
        self.beats[log] += 1

    def finish(
        self,
        log: UUID,
        counts: Mapping[Outcome, int],
        results: Mapping[str, object],
        error: str | None,
    ) -> None:
        """Close the row."""
        self.before_finish()
        self.closed.append(ClosedRow(log, counts, results, error))


def everything_done(claims: Sequence[Claim]) -> Sequence[Verdict[str]]:
    """Decide as a worker without faults."""
    return [Done(f"The hook of: {claim.content}") for claim in claims]


class ScriptedWorker:
    """A hook worker that decides as a function says; ``batches`` has the texts it was asked."""

    stage = Stage.HOOKS
    model = "test:scripted"
    pace = None

    def __init__(
        self, decide: Callable[[Sequence[Claim]], Sequence[Verdict[str]]] = everything_done
    ) -> None:
        self._decide = decide
        self._lock = threading.Lock()
        self.batches: list[list[str]] = []

    def decide(self, claims: Sequence[Claim]) -> Sequence[Verdict[str]]:
        """Decide, after taking a note."""
        with self._lock:
            self.batches.append([claim.content for claim in claims])
        return self._decide(claims)

    def store(self, queue: WorkQueue, claims: Sequence[Claim], values: Sequence[str]) -> Settled:
        """Write the hooks."""
        return queue.store_hooks(claims, values)
