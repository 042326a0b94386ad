"""What becomes of claims: settled by their verdicts, or given back; known until then."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeAlias
from uuid import UUID

from linkedin_pipeline.domain.work import (
    Claim,
    DayRange,
    Done,
    Outcome,
    Reject,
    Retry,
    Settled,
    Stage,
    Verdict,
)
from linkedin_pipeline.ports import Clock, WorkQueue
from linkedin_pipeline.workers.isolation import blame, isolate
from linkedin_pipeline.workers.report import DrainReport
from linkedin_pipeline.workers.stages import PostWorker

logger = logging.getLogger(__name__)

NOW = timedelta(0)
WRITERS: Mapping[Stage, int] = {Stage.EMBEDDINGS: 2}
"""How many connections write a stage's values at once: a vector's place in the graph takes nearly
all of the time that the database spends on a post, and one connection uses one core of it."""
LEAST_APIECE = 25
"""Values that are worth a statement of their own."""

_Decided: TypeAlias = Sequence[tuple[Claim, Any]]
_Judged: TypeAlias = Sequence[tuple[Claim, Verdict[Any]]]


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one drain.

    ``budget`` is the time in seconds after which no new batch is claimed; memory is bounded by
    ``batch_size`` posts times ``in_flight`` batches.  ``max_posts`` bounds how many posts the drain
    settles, None for as many as are due.
    """

    batch_size: int = 100
    in_flight: int = 2
    lease: timedelta = timedelta(seconds=30)
    budget: float = 60.0
    max_posts: int | None = None
    max_attempts: int = 5
    max_takeovers: int = 5
    first_delay: timedelta = timedelta(seconds=10)
    longest_delay: timedelta = timedelta(minutes=10)

    def delay(self, attempt: int) -> timedelta:
        """Return the back-off after ``attempt`` attempts: doubled each time, up to the longest."""
        doublings = min(max(attempt - 1, 0), 20)  # more would overflow a timedelta
        return min(self.first_delay * (1 << doublings), self.longest_delay)


@dataclass(slots=True)
class Settler:
    """Takes claims from the queue and ends them, for one drain; for one thread only.

    ``held`` has every claim that is neither settled nor given back, by token.
    """

    worker: PostWorker[Any]
    queue: WorkQueue
    clock: Clock
    limits: Limits
    report: DrainReport
    run_id: str | None
    held: dict[int, Claim] = field(default_factory=dict)

    def room(self, batches: int) -> int:
        """Return how many posts so many batches may have; none when the bound is reached."""
        most = batches * self.limits.batch_size
        if self.limits.max_posts is None:
            return most
        taken = sum(self.report.totals().values()) + len(self.held)
        return max(min(most, self.limits.max_posts - taken), 0)

    def claim(self, days: DayRange | None, batches: int = 1) -> Sequence[Claim]:
        """Claim posts for so many batches."""
        with self.report.timed(self.clock, "database"):
            claims = self.queue.claim(
                self.worker.stage, self.room(batches), days, self.limits.lease
            )
        self.held.update((claim.token, claim) for claim in claims)
        return claims

    def extend(self) -> None:
        """Begin the leases of all claims in hand anew."""
        if self.held:
            self.queue.extend(self.worker.stage, [*self.held.values()], self.limits.lease)

    def give_back(self, claims: Sequence[Claim], delay: timedelta = NOW) -> None:
        """Put work back, uncharged and uncounted, to be due after ``delay``."""
        if claims:
            self.queue.retry(self.worker.stage, claims, [delay] * len(claims), charge=False)
            self._let_go(claims)

    def settle(self, claims: Sequence[Claim], verdicts: Sequence[Verdict[Any]]) -> None:
        """Write back one verdict a claim, and count what was written.

        A value that the database refuses counts as a failure of its post alone.  Of claims of one
        post, as of a text and of the one that an edit put in its place, one at most still stands.
        """
        with self.report.timed(self.clock, "database"):
            for pairs in _each_post_once(zip(claims, verdicts, strict=True)):
                self._settle(pairs)

    def _settle(self, pairs: _Judged) -> None:
        done = [(claim, v.value) for claim, v in pairs if isinstance(v, Done)]
        failed = [(claim, v) for claim, v in pairs if not isinstance(v, Done)]
        for part, result in self._write(done):
            stored = [claim for claim, _ in part]
            if isinstance(result, Exception):
                failed.append((stored[0], blame(self.worker.stage, stored[0], result)))
            else:
                self._record(stored, result, Outcome.DONE)
        final = [(claim, self._final(claim, v)) for claim, v in failed]
        self._reject([(claim, v) for claim, v in final if isinstance(v, Reject)])
        self._retry([claim for claim, v in final if isinstance(v, Retry)])

    def _final(self, claim: Claim, verdict: Reject | Retry) -> Reject | Retry:
        if isinstance(verdict, Reject) or claim.attempt < self.limits.max_attempts:
            return verdict
        return Reject(verdict.code, f"{verdict.reason} (gave up after {claim.attempt} attempts)")

    def _write(self, done: _Decided) -> Iterator[tuple[_Decided, Settled | Exception]]:
        """Write values and yield what became of each part, several parts at once where it pays.

        What was written is yielded before an error that no post is to blame for is raised.
        """
        size = -(-len(done) // WRITERS.get(self.worker.stage, 1))
        if size < LEAST_APIECE or size == len(done):
            yield from isolate(done, self._store)
            return
        parts = [done[start : start + size] for start in range(0, len(done), size)]
        with ThreadPoolExecutor(len(parts), thread_name_prefix="write") as threads:
            writing = [threads.submit(lambda p: [*isolate(p, self._store)], part) for part in parts]
        for future in sorted(writing, key=lambda one: one.exception() is not None):
            yield from future.result()

    def _store(self, done: Sequence[tuple[Claim, Any]]) -> Settled:
        claims, values = zip(*done, strict=True)
        return self.worker.store(self.queue, claims, values)

    def _reject(self, rejects: Sequence[tuple[Claim, Reject]]) -> None:
        if rejects:
            claims, verdicts = zip(*rejects, strict=True)
            settled = self.queue.reject(self.worker.stage, claims, verdicts, self.run_id)
            self._record(claims, settled, Outcome.REJECTED)
            for claim, verdict in rejects:
                if claim.post_id in settled.held:
                    logger.warning(
                        "%s.rejected post=%s reason=%s",
                        *(self.worker.stage, claim.post_id, verdict.code),
                    )

    def _retry(self, claims: Sequence[Claim]) -> None:
        if claims:
            delays = [self.limits.delay(claim.attempt) for claim in claims]
            settled = self.queue.retry(self.worker.stage, claims, delays, charge=True)
            self._record(claims, settled, Outcome.RETRIED)

    def _record(self, claims: Sequence[Claim], settled: Settled, outcome: Outcome) -> None:
        self.report.count(claims, settled, outcome)
        # What was not written may still be ours (a busy row, a label that is gone): it would lapse,
        # and that would count against the post.
        left = [claim for claim in claims if claim.post_id not in settled.held]
        self.give_back(left, self.limits.first_delay)
        self._let_go(claims)

    def _let_go(self, claims: Sequence[Claim]) -> None:
        for claim in claims:
            self.held.pop(claim.token, None)


def _each_post_once(judged: Iterable[tuple[Claim, Verdict[Any]]]) -> Iterator[_Judged]:
    """Part claims so that no part has two of one post: a queue takes and answers one a post."""
    part: dict[UUID, tuple[Claim, Verdict[Any]]] = {}
    for claim, verdict in judged:
        if claim.post_id in part:
            yield [*part.values()]
            part = {}
        part[claim.post_id] = (claim, verdict)
    if part:
        yield [*part.values()]
