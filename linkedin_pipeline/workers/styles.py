"""The style drain: profiles whose style is due, one after the other."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

from linkedin_pipeline.domain.embeddings import check_vector, embedded_text
from linkedin_pipeline.domain.errors import AllProvidersDown, Misconfigured, ProviderDown, Rejected
from linkedin_pipeline.domain.profiles import (
    STYLE_WORKER,
    ProfileClaim,
    StyleIncident,
    StyleOutcome,
)
from linkedin_pipeline.domain.styles import (
    StyleAnalysis,
    StylePost,
    StyleVector,
    WrittenStyle,
    analyse,
    inputs_hash,
)
from linkedin_pipeline.domain.work import Outcome
from linkedin_pipeline.ports import Clock, Embedder, StyleDesk, StyleWriter, WorkLog
from linkedin_pipeline.workers.interruptible import first_done
from linkedin_pipeline.workers.report import Stop

logger = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StyleLimits:
    """Bounds of a style drain; ``newest_posts`` of a profile are analysed, no more.

    A claim is extended, and the drain's heart beats, every third of ``lease`` while a model thinks,
    so that a call may take as long as it needs and a killed worker's profile is soon free.
    """

    min_posts: int = 5
    newest_posts: int = 200
    lease: timedelta = timedelta(seconds=60)
    budget: float = 60.0
    max_attempts: int = 5
    first_delay: timedelta = timedelta(seconds=30)
    longest_delay: timedelta = timedelta(days=1)


@dataclass(slots=True)
class StyleReport:
    """What a style drain did.

    ``changed`` lists the profiles whose style was written, each with the number of its posts and
    the model that wrote it.
    """

    stop: Stop = Stop.EMPTY
    reason: str | None = None
    seconds: float = 0.0
    counts: Counter[StyleOutcome] = field(default_factory=Counter)
    changed: list[tuple[ProfileClaim, int, str]] = field(default_factory=list)

    def outcomes(self) -> Mapping[Outcome, int]:
        """Return the counts in the words of post work, for the log row."""
        others = {
            Outcome.RETRIED: self.counts[StyleOutcome.RETRIED],
            Outcome.REJECTED: self.counts[StyleOutcome.REJECTED],
            Outcome.STALE: self.counts[StyleOutcome.STALE],
        }
        return {Outcome.DONE: sum(self.counts.values()) - sum(others.values()), **others}

    def results(self) -> Mapping[str, object]:
        """Return a JSON-ready summary without names or texts."""
        return {
            "stop": str(self.stop),
            "reason": self.reason,
            "seconds": round(self.seconds, 3),
            **{str(outcome): self.counts[outcome] for outcome in StyleOutcome},
        }


def drain_styles(
    desk: StyleDesk,
    writer: StyleWriter,
    embedder: Embedder,
    log: WorkLog,
    clock: Clock,
    limits: StyleLimits,
    *,
    only: Sequence[str] | None = None,
    run_id: str | None = None,
) -> StyleReport:
    """Write the style of each due profile; one whose posts have not changed costs nothing.

    A profile that fails keeps its style, waits (30 s, doubled each time, at most a day) and does
    not stop the others; after ``max_attempts`` it is an incident in ``ai_errors``.  One whose posts
    are refused is an incident at once, and is not asked about again until somebody requests it.

    Raises:
        DatabaseDown: the database did not answer for long; the claim lapses with its lease.
    """
    if not desk.is_enabled():
        return StyleReport(stop=Stop.DISABLED)
    row = log.start(STYLE_WORKER, run_id)
    drain = _Drain(desk, writer, embedder, log, row, limits)
    report = drain.report
    error: BaseException | None = None
    started = clock.monotonic()
    try:
        while report.stop is Stop.EMPTY:
            log.beat(row)
            if clock.monotonic() - started >= limits.budget:
                report.stop = Stop.TIME
            elif not desk.is_enabled():
                report.stop = Stop.DISABLED
            else:
                claims = desk.claim(1, limits.min_posts, only, limits.lease)
                if not claims:
                    break
                drain.settle(claims[0])
    except BaseException as caught:  # interruptions too: the log row must say what happened
        error = caught
        raise
    finally:
        drain.close()
        report.seconds = clock.monotonic() - started
        log.finish(
            row,
            report.outcomes(),
            report.results(),
            None if error is None else type(error).__name__,
        )
    return report


class _Drain:
    """One thread thinks; the calling one alone keeps claim and log alive, and settles."""

    def __init__(
        self,
        desk: StyleDesk,
        writer: StyleWriter,
        embedder: Embedder,
        log: WorkLog,
        row: UUID,
        limits: StyleLimits,
    ) -> None:
        self.desk = desk
        self.writer = writer
        self.embedder = embedder
        self.log = log
        self.row = row
        self.limits = limits
        self.report = StyleReport()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="styles")

    def close(self) -> None:
        """Let the thread go; what it still thinks about is heard by nobody."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def settle(self, claim: ProfileClaim) -> None:
        """Decide about one profile and end its claim."""
        try:
            self.report.counts[self._decide(claim)] += 1
        except ProviderDown as outage:
            several = isinstance(outage, AllProvidersDown)
            incident = StyleIncident("style_fallback", outage.value) if several else None
            delay = timedelta(seconds=outage.retry_after or 60.0)
            self.desk.retry(claim, delay, charge=False, incident=incident)
            self.report.stop, self.report.reason = Stop.PAUSED, str(outage)
        except BaseException:
            self.desk.retry(claim, timedelta(0), charge=False)
            raise

    def _decide(self, claim: ProfileClaim) -> StyleOutcome:
        posts = self.desk.posts(claim.profile_id, self.limits.newest_posts)
        try:
            if len(posts) < self.limits.min_posts:
                return self._keep(claim, StyleOutcome.TOO_FEW)
            if claim.made_from == f"{self.writer.model} {inputs_hash(posts)}":
                return self._keep(claim, StyleOutcome.UNCHANGED)
            return self._write(claim, posts)
        except (ProviderDown, Misconfigured):
            raise
        except Exception as error:  # noqa: BLE001 - one profile must not stop the others
            kind = type(error).__name__
            logger.warning("style.failed profile=%s error=%s", claim.profile_id, kind)
            delay = min(
                self.limits.first_delay * 2 ** (claim.attempt - 1), self.limits.longest_delay
            )
            incident = StyleIncident(
                "style_failed", f"{kind} while the style was written, {claim.attempt} attempts"
            )
            final = claim.attempt >= self.limits.max_attempts
            self.desk.retry(claim, delay, charge=True, incident=incident if final else None)
            return StyleOutcome.RETRIED

    def _write(self, claim: ProfileClaim, posts: Sequence[StylePost]) -> StyleOutcome:
        analysis = self._think(claim, lambda: analyse(posts))
        try:
            written, vector = self._think(claim, lambda: self._ask(claim, analysis, posts))
        except Rejected as refusal:
            incident = StyleIncident(refusal.code, refusal.value)
            held = self.desk.reject(claim, incident)
            self.writer.forget(claim.profile_id, analysis)
            return StyleOutcome.REJECTED if held else StyleOutcome.STALE
        measured = {**analysis.as_json(), "model": self.writer.model, "written_by": written.model}
        held = self.desk.store(claim, written, measured, vector)
        # of a stale one too: the profile is erased, or somebody else's by now
        self.writer.forget(claim.profile_id, analysis)
        if vector is not None:
            self.embedder.forget([embedded_text(written.prompt)])
        if not held:
            return StyleOutcome.STALE
        self.report.changed.append((claim, len(posts), written.model))
        return StyleOutcome.WRITTEN

    def _ask(
        self, claim: ProfileClaim, analysis: StyleAnalysis, posts: Sequence[StylePost]
    ) -> tuple[WrittenStyle, StyleVector | None]:
        written = self.writer.write(claim.profile_id, analysis, posts)
        try:
            return written, self._embed(written.prompt)
        except Exception as error:  # noqa: BLE001 - the style is there, the vector can wait
            kind = type(error).__name__
            logger.warning("style.not_embedded profile=%s error=%s", claim.profile_id, kind)
            return written, None

    def _keep(self, claim: ProfileClaim, outcome: StyleOutcome) -> StyleOutcome:
        """Leave the style as it is; give it the vector that it lacks."""
        prompt = claim.prompt
        if prompt is None or claim.embedded_by == self.embedder.model:
            return outcome if self.desk.keep(claim) else StyleOutcome.STALE
        try:
            vector = self._think(claim, lambda: self._embed(prompt))
        except ProviderDown as outage:  # which keeps no other profile from its style
            delay = timedelta(seconds=outage.retry_after or 60.0)
            self.desk.retry(claim, delay, charge=False)
            return StyleOutcome.RETRIED
        held = self.desk.keep(claim, vector)
        self.embedder.forget([embedded_text(prompt)])
        return outcome if held else StyleOutcome.STALE

    def _embed(self, prompt: str) -> StyleVector:
        (numbers,) = self.embedder.embed([embedded_text(prompt)])
        check_vector(numbers)
        return StyleVector(numbers, self.embedder.model)

    def _think(self, claim: ProfileClaim, work: Callable[[], T]) -> T:
        """Do in the thread what takes long, and hold the claim meanwhile."""
        future = self._thread.submit(work)
        while not first_done([future], self.limits.lease.total_seconds() / 3):
            self.desk.extend(claim, self.limits.lease)
            self.log.beat(self.row)
        return future.result()
