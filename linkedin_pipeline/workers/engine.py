"""The drain: claim a batch, decide outside any transaction, write back, repeat.

One engine serves assets, the command line and the gateway.  The calling thread alone talks to the
queue and the log, heart-beats included; a small pool of threads decides.  Vectors it has written by
two more, and waits for both (`settling.WRITERS`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

from linkedin_pipeline.domain.errors import DatabaseDown, PipelineError, ProviderDown
from linkedin_pipeline.domain.work import Claim, DayRange, Reject, Verdict
from linkedin_pipeline.ports import Clock, WorkLog, WorkQueue
from linkedin_pipeline.workers.interruptible import first_done
from linkedin_pipeline.workers.isolation import decide_all, sketch
from linkedin_pipeline.workers.report import DrainReport, Stop
from linkedin_pipeline.workers.settling import Limits, Settler
from linkedin_pipeline.workers.stages import PostWorker

__all__ = ["DrainFailed", "Limits", "drain"]

T = TypeVar("T")

logger = logging.getLogger(__name__)

ISOLATE_AFTER = 2
"""Work whose workers died this often is decided alone, so that it can take nobody along."""
AT_ONCE = 200
"""Posts claimed, or written back, by one statement where batches are smaller or larger: a batch of
twenty pays the statement more than its posts, and one of a thousand keeps heart-beats waiting."""


class DrainFailed(Exception):
    """A bug ended a drain; says its kind and place, not its message, which may quote a post."""


def drain(
    worker: PostWorker[Any],
    queue: WorkQueue,
    log: WorkLog,
    clock: Clock,
    *,
    days: DayRange | None = None,
    limits: Limits | None = None,
    run_id: str | None = None,
    on_batch: Callable[[DrainReport], None] = lambda _report: None,
) -> DrainReport:
    """Work off what is due for one stage, until nothing is due or a bound is reached.

    Everything is committed batch by batch.  An interruption of the calling thread, of whatever
    kind, gives the claims in hand back before it goes on; threads that were deciding then finish
    unheard.  ``on_batch`` runs between heart-beats: it must take less than half a lease.

    Raises:
        DatabaseDown: the database did not answer for long; claims lapse with their leases.
        PipelineError: what only a person can mend; the posts were given back uncharged.
        DrainFailed: a bug made a whole batch fail; the posts were given back uncharged.
    """
    limits = limits or Limits()
    if worker.pace is not None:
        size, in_flight = worker.pace.batch_size, worker.pace.in_flight
        limits = replace(limits, batch_size=size, in_flight=in_flight)
    return _Drain(worker, queue, log, clock, limits, days, run_id, on_batch).run()


class _Drain:
    def __init__(
        self,
        worker: PostWorker[Any],
        queue: WorkQueue,
        log: WorkLog,
        clock: Clock,
        limits: Limits,
        days: DayRange | None,
        run_id: str | None,
        on_batch: Callable[[DrainReport], None],
    ) -> None:
        self.worker = worker
        self.stage = worker.stage
        self.queue = queue
        self.log = log
        self.clock = clock
        self.limits = limits
        self.days = days
        self.run_id = run_id
        self.on_batch = on_batch
        self.report = DrainReport(stage=self.stage)
        self.settler = Settler(worker, queue, clock, limits, self.report, run_id)
        self.deciding: dict[Future[Sequence[Verdict[Any]]], Sequence[Claim]] = {}
        self.stop: Stop | None = None
        self.alone = False  # only suspects are due: one of them at a time, beside nothing else
        self.started = self.last_beat = clock.monotonic()

    def run(self) -> DrainReport:
        if not self.queue.is_enabled(self.stage):
            self.report.stop = Stop.DISABLED
            return self.report
        threads = ThreadPoolExecutor(self.limits.in_flight, thread_name_prefix=self.stage)
        row = self.log.start(self.stage.worker, self.run_id)
        try:
            self._loop(row, threads)
        except BaseException as error:  # interruptions too: others should get the claims at once
            threads.shutdown(wait=False, cancel_futures=True)
            if not isinstance(error, DatabaseDown):
                held = [*self.settler.held.values()]
                self._try("give_back", lambda: self.settler.give_back(held))
            self._close(row, Stop.FAILED, _said(error))
            if isinstance(error, PipelineError) or not isinstance(error, Exception):
                raise
            failed = DrainFailed(f"{self.stage}: {sketch(error)}")
            raise failed.with_traceback(error.__traceback__) from None
        threads.shutdown()
        self._close(row, self.stop or Stop.EMPTY, None)
        return self.report

    def _loop(self, row: UUID, threads: ThreadPoolExecutor) -> None:
        while True:
            self._fill(threads)
            if not self.deciding:
                return
            finished = first_done(self.deciding, self._beat_every())
            self._stay_alive(row)
            self._finish(row, finished)

    def _fill(self, threads: ThreadPoolExecutor) -> None:
        """Claim batches, several at once if small, while there is room and no reason to stop."""
        while self.stop is None and (batches := self._room()):
            if self.clock.monotonic() >= self.started + self.limits.budget:
                self.stop = Stop.TIME
            elif not self.queue.is_enabled(self.stage):
                self.stop = Stop.DISABLED
            elif not self.settler.room(batches):
                if not self.deciding:  # what is in hand may yet turn out stale and leave room
                    self.stop = Stop.ENOUGH
                return
            elif claims := self.settler.claim(self.days, batches):
                for batch in _parts(self._choose(claims), self.limits.batch_size):
                    self.report.batches += 1
                    self.deciding[threads.submit(self._decide, batch)] = batch
            else:
                return

    def _room(self) -> int:
        """Return how many batches the next claim may have; none when enough are in hand."""
        free = (1 if self.alone else self.limits.in_flight) - len(self.deciding)
        return max(min(free, max(AT_ONCE // self.limits.batch_size, 1)), 0)

    def _choose(self, claims: Sequence[Claim]) -> Sequence[Claim]:
        """Return what may be decided together; bury or give back the rest.

        Posts suspected of killing their workers come last, one at a time and beside nothing else:
        whatever is in hand together with a killer comes under suspicion with it.
        """
        deadly = [c for c in claims if c.takeovers >= self.limits.max_takeovers]
        suspects = [c for c in claims if ISOLATE_AFTER <= c.takeovers < self.limits.max_takeovers]
        batch = [c for c in claims if c not in deadly and c not in suspects]
        self.alone = bool(suspects) and not batch
        if self.alone and not self.deciding:
            batch.append(suspects.pop(0))
        self.settler.give_back(suspects)
        died = "The worker died {} times while it held this post."
        verdicts = [Reject("worker_died", died.format(claim.takeovers)) for claim in deadly]
        self.settler.settle(deadly, verdicts)
        return batch

    def _decide(self, claims: Sequence[Claim]) -> Sequence[Verdict[Any]]:
        with self.report.timed(self.clock, "compute"):
            return decide_all(self.worker, claims)

    def _finish(self, row: UUID, finished: Collection[Future[Sequence[Verdict[Any]]]]) -> None:
        """Write back batches that were decided, together where they are small."""
        decided: list[tuple[Claim, Verdict[Any]]] = []
        bug: Exception | None = None
        for future in finished:
            claims = self.deciding.pop(future)
            try:
                decided += zip(claims, future.result(), strict=True)
            except ProviderDown as outage:
                self.stop = Stop.PAUSED
                self.report.reason = str(outage)
                pause = outage.retry_after
                delay = self.limits.first_delay if pause is None else timedelta(seconds=pause)
                self.settler.give_back(claims, delay)
            except Exception as error:  # noqa: BLE001 (raised when the others are written)
                bug = bug or error
        for part in _parts(decided, AT_ONCE):
            self.settler.settle([claim for claim, _ in part], [verdict for _, verdict in part])
            self.on_batch(self.report)
            self._stay_alive(row)
        if bug is not None:
            raise bug
        if finished and not decided:  # all were given back
            self.on_batch(self.report)

    def _beat_every(self) -> float:
        return self.limits.lease.total_seconds() / 3

    def _stay_alive(self, row: UUID) -> None:
        now = self.clock.monotonic()
        if now >= self.last_beat + self._beat_every():
            self.last_beat = now
            self.settler.extend()
            self.log.beat(row)

    def _close(self, row: UUID, stop: Stop, error: str | None) -> None:
        self.report.stop = stop
        self.report.seconds = self.clock.monotonic() - self.started
        counts, results = self.report.totals(), self.report.results()
        self._try("finish", lambda: self.log.finish(row, counts, results, error))

    def _try(self, what: str, action: Callable[[], object]) -> None:
        """Do what must not hide the error, or the success, that is on its way to the caller."""
        try:
            action()
        except Exception as error:  # noqa: BLE001 (see above)
            logger.warning("%s.%s_failed error=%s", self.stage, what, _said(error))


def _parts(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _said(error: BaseException) -> str:
    return str(error) if isinstance(error, PipelineError) else sketch(error)
