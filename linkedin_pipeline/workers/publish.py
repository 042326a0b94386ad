"""A publishing pass: intent, one POST, record; what is not ready waits for the next pass."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from linkedin_pipeline.domain.errors import MediaRefused, PipelineError, ProviderDown
from linkedin_pipeline.domain.media import read_attachments
from linkedin_pipeline.domain.publications import (
    PAGES_WORKER,
    PUBLISH_WORKER,
    Accepted,
    Doubtful,
    Due,
    Kind,
    PostOutcome,
    Refusal,
    State,
    Unsent,
)
from linkedin_pipeline.domain.publishing import UnconfirmedPolicy
from linkedin_pipeline.domain.work import Outcome
from linkedin_pipeline.ports import Clock, WorkLog
from linkedin_pipeline.publishing_ports import MediaSource, PublicationDesk, Publisher
from linkedin_pipeline.workers.confirm import Confirmer
from linkedin_pipeline.workers.reconcile import reconcile
from linkedin_pipeline.workers.report import Stop

logger = logging.getLogger(__name__)

PERSONS = frozenset({Kind.SCHEDULED, Kind.PRODUCTION})
PAGES = frozenset({Kind.COMPANY})


@dataclass(frozen=True, slots=True)
class PublishLimits:
    """Bounds of a pass, in seconds; it is over before the next one begins.

    ``call`` is counted from before the intent is committed: not a byte is sent later, so a lease of
    ``lease`` has room to spare.  ``threads`` publish side by side, each for another account, so
    that a slow account delays nobody else.  ``unconfirmed``: what to do once absence is proved.
    """

    budget: float = 240.0
    call: float = 60.0
    lease: timedelta = timedelta(seconds=90)
    threads: int = 32
    media_delay: timedelta = timedelta(minutes=1)
    unconfirmed: UnconfirmedPolicy = "retry"


@dataclass(slots=True)
class PublishReport:
    """What a pass did; ``counts`` by who speaks (persons or pages) and by what came of it."""

    stop: Stop = Stop.EMPTY
    reason: str | None = None
    seconds: float = 0.0
    prepared: Mapping[str, int] = field(default_factory=dict)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    def of(self, kinds: Collection[Kind]) -> Mapping[str, int]:
        """Return the counts of some kinds of publications, without zeros."""
        found: Counter[str] = Counter()
        for (kind, what), number in self.counts.items():
            if kind in kinds:
                found[str(what)] += number
        return dict(sorted(found.items()))

    def outcomes(self) -> Mapping[Outcome, int]:
        """Return the counts in the words of post work, for the log row."""
        total = self.of(frozenset(Kind))
        rejected = total.get(State.FAILED, 0) + total.get(State.HELD, 0)
        done = total.get(State.PUBLISHED, 0)
        retried = total.get(State.UNCONFIRMED, 0) + total.get(State.PENDING, 0)
        return {Outcome.DONE: done, Outcome.REJECTED: rejected, Outcome.RETRIED: retried}

    def results(self) -> Mapping[str, object]:
        """Return a JSON-ready summary without texts."""
        return {
            "stop": str(self.stop),
            "reason": self.reason,
            "seconds": round(self.seconds, 3),
            "prepared": dict(self.prepared),
            "persons": self.of(PERSONS),
            "pages": self.of(PAGES),
        }


def publish_pass(
    desk: PublicationDesk,
    publisher: Publisher,
    media: MediaSource,
    log: WorkLog,
    clock: Clock,
    limits: PublishLimits,
    *,
    kinds: Collection[Kind] = frozenset(Kind),
    run_id: str | None = None,
) -> PublishReport:
    """Settle what is in doubt and publish what is due, until nothing is left or time is up.

    Any number of passes may run at once: of what is due each takes what the others have not.

    Raises:
        DatabaseDown: the database did not answer for long.  What was sent and not recorded becomes
            unconfirmed, and is looked for.
    """
    enabled = desk.enabled() & frozenset(kinds)
    if not enabled:
        return PublishReport(stop=Stop.DISABLED)
    row = log.start(PUBLISH_WORKER if enabled & PERSONS else PAGES_WORKER, run_id)
    run = _Pass(desk, publisher, media, clock, limits, enabled)
    error: BaseException | None = None
    try:
        run.work(lambda: log.beat(row))
    except BaseException as caught:  # interruptions too: the log row must say what happened
        error = caught
        raise
    finally:
        report = run.finish()
        why = None if error is None else type(error).__name__
        log.finish(row, report.outcomes(), report.results(), why)
    return report


class _Pass:
    """The calling thread alone asks for work; the others do it, a text or a doubt each."""

    def __init__(
        self,
        desk: PublicationDesk,
        publisher: Publisher,
        media: MediaSource,
        clock: Clock,
        limits: PublishLimits,
        kinds: Collection[Kind],
    ) -> None:
        self.desk = desk
        self.publisher = publisher
        self.media = media
        self.clock = clock
        self.limits = limits
        self.kinds = kinds
        self.confirmer = Confirmer(desk, publisher)
        self.report = PublishReport()
        self._started = clock.monotonic()
        self._threads = ThreadPoolExecutor(limits.threads, thread_name_prefix="publish")
        self._refused: set[UUID] = set()
        self._busy: dict[Future[Iterable[tuple[Kind, str]]], UUID | None] = {}

    def finish(self) -> PublishReport:
        """Wait for what was begun, and return the report."""
        self._threads.shutdown(wait=True, cancel_futures=True)
        self.report.seconds = self.clock.monotonic() - self._started
        return self.report

    def work(self, beat: Callable[[], None]) -> None:
        """Do all there is to do."""
        self.report.prepared = dict(self.desk.prepare(self.kinds))
        if self.desk.waits_for_accounts():
            self._refresh_accounts()
        while True:
            beat()
            self._begin()
            if not self._busy:
                break
            done, _ = wait(self._busy, timeout=5.0, return_when=FIRST_COMPLETED)
            for future in done:
                del self._busy[future]
                for kind, what in future.result():
                    self.report.counts[kind, what] += 1
        if self.report.stop is Stop.EMPTY and self._left() <= self.limits.call:
            self.report.stop = Stop.TIME

    def _left(self) -> float:
        return self.limits.budget - (self.clock.monotonic() - self._started)

    def _begin(self) -> None:
        """Hand out work to the threads that are free, as long as it can be finished in time."""
        free = self.limits.threads - len(self._busy)
        if free <= 0 or self._left() <= self.limits.call or self.report.stop is not Stop.EMPTY:
            return
        for doubtful in self.desk.doubtful(free):
            self._submit(self._settle, doubtful, None)
        free = self.limits.threads - len(self._busy)
        taken = self._refused.union(source for source in self._busy.values() if source is not None)
        for due in self.desk.due(free + len(taken), self.kinds) if free > 0 else ():
            if due.source_id not in taken and free > 0:
                self._submit(self._publish, due, due.source_id)
                free -= 1

    def _submit(
        self,
        work: Callable[..., Iterable[tuple[Kind, str]]],
        what: Due | Doubtful,
        source: UUID | None,
    ) -> None:
        self._busy[self._threads.submit(work, what)] = source

    def _refresh_accounts(self) -> None:
        try:
            self.desk.record_accounts(self.publisher.accounts())
        except ProviderDown as down:
            logger.warning("publish.accounts_unread reason=%s", down.value)
            return
        released = self.desk.prepare(self.kinds)
        self.report.prepared = {
            what: number + self.report.prepared.get(what, 0) for what, number in released.items()
        }

    def _publish(self, due: Due) -> Iterable[tuple[Kind, str]]:
        subject = str(due.source_id)
        try:
            attachments = read_attachments(due.attachments, subject)
            with self.media.fetch(attachments, subject) as files:
                if self._left() <= self.limits.call:
                    return []  # the next pass has the time for it
                deadline = self.clock.monotonic() + self.limits.call
                intent = self.desk.commit(due, files, self.limits.lease)
                if isinstance(intent, Refusal):
                    self._refused.add(due.source_id)  # what stands in its way may stand for long
                    logger.info("publish.not_now source=%s code=%s", subject, intent.code)
                    return [(due.kind, intent.code)]
                outcome: PostOutcome
                try:
                    outcome = self.publisher.post(intent, files, deadline)
                except ProviderDown as down:
                    outcome = Unsent(down.value, down.retry_after)
                    self.report.stop, self.report.reason = Stop.PAUSED, str(down)
                state = self.desk.record(intent, outcome)
        except MediaRefused as refused:
            self.desk.fail(due, f"nothing was sent: {refused}")
            return [(due.kind, State.FAILED)]
        except ProviderDown as down:
            self.desk.postpone(due, f"nothing was sent yet: {down}", self.limits.media_delay)
            return [(due.kind, State.PENDING)]
        if isinstance(outcome, Accepted) and state is State.PUBLISHING:
            state = self.confirmer.confirm(intent, outcome.post_id)
        logger.info("publish.%s publication=%s", state, intent.publication_id)
        return [(due.kind, state)]

    def _settle(self, doubtful: Doubtful) -> Iterable[tuple[Kind, str]]:
        try:
            what = reconcile(
                doubtful, self.desk, self.publisher, self.confirmer, self.limits.unconfirmed
            )
        except PipelineError:
            raise
        except Exception as error:  # noqa: BLE001 - one odd feed must not stop the others
            kind = type(error).__name__
            logger.warning(
                "publish.unsettled publication=%s error=%s", doubtful.intent.publication_id, kind
            )
            reason = f"its feed could not be read ({kind})"
            leave = self.desk.hold if doubtful.overdue else self.desk.look_again
            what = leave(doubtful.intent, reason)
        if what is doubtful.state is State.HELD:
            return []  # it was looked for once more, and nothing changed
        return [(doubtful.intent.kind, what)]
