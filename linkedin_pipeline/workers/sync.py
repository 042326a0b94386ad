"""A pass over the profiles that are due: several read side by side, within bounds."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

from linkedin_pipeline.domain.errors import DatabaseDown
from linkedin_pipeline.domain.sync import SYNC_WORKER, SyncClaim, SyncOutcome
from linkedin_pipeline.domain.work import Outcome
from linkedin_pipeline.ports import Clock, WorkLog
from linkedin_pipeline.sync_ports import ProfileFeed, SyncDesk
from linkedin_pipeline.workers.interruptible import first_done
from linkedin_pipeline.workers.report import Stop
from linkedin_pipeline.workers.syncing import Reader, Reading

NUMBERS = (
    *("pages", "added", "edited", "refreshed", "unchanged"),
    *("reshares", "others", "duplicates", "unusable"),
)
"""What a reading counts."""


@dataclass(frozen=True, slots=True)
class SyncLimits:
    """Bounds of a pass: profiles, pages of each, and seconds until it takes up no more.

    ``readers`` profiles are read at once, of ``claims`` taken together: to find what is due
    costs the more the more is due.  Claims and log are kept alive every ``beat`` seconds; a
    pause of the provider of up to ``longest_wait`` seconds is waited out, if time is left.
    """

    max_profiles: int = 200
    max_pages: int = 5
    readers: int = 4
    claims: int = 40
    budget: float = 2400.0
    beat: float = 10.0
    longest_wait: float = 60.0


@dataclass(slots=True)
class SyncReport:
    """What a pass did; ``changed`` and ``failed`` list the profiles that a person may look at."""

    stop: Stop = Stop.EMPTY
    reason: str | None = None
    seconds: float = 0.0
    counts: Counter[SyncOutcome] = field(default_factory=Counter)
    numbers: Counter[str] = field(default_factory=Counter)
    changed: list[Reading] = field(default_factory=list)
    failed: list[Reading] = field(default_factory=list)

    def add(self, reading: Reading) -> None:
        """Count a reading."""
        self.counts[reading.outcome] += 1
        self.numbers.update(reading.numbers)
        if reading.changed:
            self.changed.append(reading)
        if reading.outcome in {SyncOutcome.FAILED, SyncOutcome.GONE}:
            self.failed.append(reading)

    def outcomes(self) -> Mapping[Outcome, int]:
        """Return the counts in the words of post work, for the log row."""
        return {
            Outcome.DONE: self.counts[SyncOutcome.COMPLETED],
            Outcome.RETRIED: self.counts[SyncOutcome.FAILED],
            Outcome.REJECTED: self.counts[SyncOutcome.GONE],
            Outcome.STALE: self.counts[SyncOutcome.STALE],
        }

    def results(self) -> Mapping[str, object]:
        """Return a JSON-ready summary without names or texts."""
        return {
            "stop": str(self.stop),
            "reason": self.reason,
            "seconds": round(self.seconds, 3),
            **{str(outcome): self.counts[outcome] for outcome in SyncOutcome},
            **{f"posts_{n}" if n != "pages" else n: self.numbers[n] for n in NUMBERS},
        }


def drain_syncs(
    desk: SyncDesk,
    feed: ProfileFeed,
    log: WorkLog,
    clock: Clock,
    limits: SyncLimits,
    *,
    only: Sequence[str] | None = None,
    anyway: bool = False,
    run_id: str | None = None,
) -> SyncReport:
    """Read the profiles that are due, of the given partition keys or all, until a bound is met.

    A profile that fails waits (5 minutes, then four times as long each time, five times in a row)
    and does not stop the others; with ``anyway`` those that wait are read too.  When the provider
    asks for silence, what is in hand is given back and nobody is charged.

    Raises:
        DatabaseDown: the database did not answer for long; the claims lapse.
    """
    if not desk.is_enabled():
        return SyncReport(stop=Stop.DISABLED)
    row = log.start(SYNC_WORKER, run_id)
    a_pass = _Pass(desk, feed, log, row, clock, limits)
    report = a_pass.report
    error: BaseException | None = None
    started = clock.monotonic()
    try:
        a_pass.run(only, run_id, anyway=anyway)
    except BaseException as caught:  # interruptions too: the log row must say what happened
        error = caught
        raise
    finally:
        a_pass.close()
        report.seconds = clock.monotonic() - started
        kind = None if error is None else type(error).__name__
        log.finish(row, report.outcomes(), report.results(), kind)
    return report


class _Pass:
    """The calling thread claims, keeps alive and counts; the readers' threads read."""

    def __init__(
        self,
        desk: SyncDesk,
        feed: ProfileFeed,
        log: WorkLog,
        row: UUID,
        clock: Clock,
        limits: SyncLimits,
    ) -> None:
        self.desk = desk
        self.log = log
        self.row = row
        self.clock = clock
        self.limits = limits
        self.report = SyncReport()
        self._over = threading.Event()
        self._deadline = clock.monotonic() + limits.budget
        self._reader = Reader(desk, feed, limits.max_pages, self._is_over)
        self._threads = ThreadPoolExecutor(limits.readers, thread_name_prefix="sync")
        self._waiting: deque[SyncClaim] = deque()
        self._reading: dict[Future[Reading], SyncClaim] = {}
        self._outage: float | None = None
        self._beaten = clock.monotonic()

    def run(self, only: Sequence[str] | None, run_id: str | None, *, anyway: bool) -> None:
        """Read until nothing is due or a bound is met."""
        while True:
            self._look()
            if not self._over.is_set():
                self._start(only, run_id, anyway=anyway)
            else:
                self._give_back_waiting()
            if self._reading:
                self._settle()
            elif self._outage is None or not self._wait_out():
                return

    def close(self) -> None:
        """Give back what is in hand; what threads still wait for is heard by nobody."""
        self._over.set()
        self._threads.shutdown(wait=False, cancel_futures=True)
        with suppress(DatabaseDown):  # then the claims lapse by themselves
            for claim in (*self._waiting, *self._reading.values()):
                self.desk.give_back(claim, "The pass was interrupted.")

    def _is_over(self) -> bool:
        return self._over.is_set() or self.clock.monotonic() >= self._deadline

    def _look(self) -> None:
        if self._over.is_set():
            return
        if self._is_over():
            self.report.stop = Stop.TIME
            self._over.set()
        elif not self.desk.is_enabled():
            self.report.stop = Stop.DISABLED
            self._over.set()

    def _start(self, only: Sequence[str] | None, run_id: str | None, *, anyway: bool) -> None:
        free = self.limits.readers - len(self._reading)
        settled = sum(self.report.counts.values()) - self.report.counts[SyncOutcome.GIVEN_BACK]
        left = self.limits.max_profiles - settled - len(self._reading)
        if not self._waiting and free:
            most = min(self.limits.claims, left)
            if most > 0:
                # who just failed is not tried again at once, whatever else waits no longer; and
                # those in hand may have failed already
                tried = [reading.claim.profile_id for reading in self.report.failed]
                tried += [claim.profile_id for claim in self._reading.values()]
                claims = self.desk.claim(most, only, tried, anyway=anyway, run_id=run_id)
                self._waiting.extend(claims)
                self.report.stop = Stop.EMPTY
            else:
                self.report.stop = Stop.ENOUGH
        for _ in range(min(free, len(self._waiting))):
            claim = self._waiting.popleft()
            self._reading[self._threads.submit(self._reader.read, claim)] = claim

    def _settle(self) -> None:
        done = first_done(self._reading, self.limits.beat)
        if self.clock.monotonic() - self._beaten >= self.limits.beat:
            self._beaten = self.clock.monotonic()
            self.desk.beat([*self._waiting, *self._reading.values()])
            self.log.beat(self.row)
        for future in done:
            reading = future.result()
            del self._reading[future]
            self.report.add(reading)
            if reading.outage is not None:
                self._outage = max(reading.outage.retry_after or 60.0, self._outage or 0.0)
                self.report.stop, self.report.reason = Stop.PAUSED, str(reading.outage)
                self._over.set()

    def _give_back_waiting(self) -> None:
        while self._waiting:
            self.desk.give_back(self._waiting[0], "The pass had to end.")
            self._waiting.popleft()

    def _wait_out(self) -> bool:
        """Wait for a provider that asked for a short silence; False when it is too long for us."""
        outage, self._outage = self._outage or 0.0, None
        if outage > self.limits.longest_wait or self.clock.monotonic() + outage >= self._deadline:
            return False
        until = self.clock.monotonic() + outage
        while (left := until - self.clock.monotonic()) > 0:
            self.clock.sleep(min(left, self.limits.beat))
            self.log.beat(self.row)
        self._over.clear()
        self.report.stop, self.report.reason = Stop.EMPTY, None
        return True
