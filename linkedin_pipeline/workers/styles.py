"""The style drain: profiles whose style is due, one after the other."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from linkedin_pipeline.domain.errors import Misconfigured, ProviderDown
from linkedin_pipeline.domain.profiles import STYLE_WORKER, ProfileClaim, StyleOutcome
from linkedin_pipeline.domain.styles import analyse, inputs_hash
from linkedin_pipeline.domain.work import Outcome
from linkedin_pipeline.ports import Clock, StyleDesk, StyleWriter, WorkLog
from linkedin_pipeline.workers.report import Stop

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StyleLimits:
    """Bounds of a style drain; ``newest_posts`` of a profile are analysed, no more.

    A claim is never computed on for longer than its ``lease``: profiles are claimed one at a time,
    and a provider's call must be bounded by less.
    """

    min_posts: int = 5
    newest_posts: int = 200
    lease: timedelta = timedelta(minutes=3)
    budget: float = 60.0
    max_attempts: int = 5
    first_delay: timedelta = timedelta(seconds=30)
    longest_delay: timedelta = timedelta(days=1)


@dataclass(slots=True)
class StyleReport:
    """What a style drain did; ``changed`` lists the profiles whose style was written."""

    stop: Stop = Stop.EMPTY
    reason: str | None = None
    seconds: float = 0.0
    counts: Counter[StyleOutcome] = field(default_factory=Counter)
    changed: list[tuple[ProfileClaim, int]] = field(default_factory=list)

    def outcomes(self) -> Mapping[Outcome, int]:
        """Return the counts in the words of post work, for the log row."""
        retried, stale = self.counts[StyleOutcome.RETRIED], self.counts[StyleOutcome.STALE]
        done = sum(self.counts.values()) - retried - stale
        return {
            Outcome.DONE: done,
            Outcome.RETRIED: retried,
            Outcome.REJECTED: 0,
            Outcome.STALE: stale,
        }

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
    log: WorkLog,
    clock: Clock,
    limits: StyleLimits,
    *,
    only: Sequence[str] | None = None,
    run_id: str | None = None,
) -> StyleReport:
    """Write the style of each due profile; one whose posts have not changed costs nothing.

    A profile that fails keeps its style, waits (30 s, doubled each time, at most a day) and does
    not stop the others; after ``max_attempts`` it is an incident in ``ai_errors``.

    Raises:
        DatabaseDown: the database did not answer for long; the claim lapses with its lease.
    """
    report = StyleReport()
    if not desk.is_enabled():
        report.stop = Stop.DISABLED
        return report
    row = log.start(STYLE_WORKER, run_id)
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
                _settle(desk, writer, limits, claims[0], report)
    except BaseException as caught:  # interruptions too: the log row must say what happened
        error = caught
        raise
    finally:
        report.seconds = clock.monotonic() - started
        log.finish(
            row,
            report.outcomes(),
            report.results(),
            None if error is None else type(error).__name__,
        )
    return report


def _settle(
    desk: StyleDesk,
    writer: StyleWriter,
    limits: StyleLimits,
    claim: ProfileClaim,
    report: StyleReport,
) -> None:
    try:
        report.counts[_write(desk, writer, limits, claim, report)] += 1
    except ProviderDown as outage:
        desk.retry(claim, timedelta(seconds=outage.retry_after or 60.0), charge=False)
        report.stop, report.reason = Stop.PAUSED, str(outage)
    except BaseException:
        desk.retry(claim, timedelta(0), charge=False)
        raise


def _write(
    desk: StyleDesk,
    writer: StyleWriter,
    limits: StyleLimits,
    claim: ProfileClaim,
    report: StyleReport,
) -> StyleOutcome:
    posts = desk.posts(claim.profile_id, limits.newest_posts)
    if len(posts) < limits.min_posts:
        return StyleOutcome.TOO_FEW if desk.keep(claim) else StyleOutcome.STALE
    if claim.made_from == f"{writer.model} {inputs_hash(posts)}":
        return StyleOutcome.UNCHANGED if desk.keep(claim) else StyleOutcome.STALE
    try:
        analysis = analyse(posts)
        prompt = writer.write(analysis)
    except (ProviderDown, Misconfigured):
        raise
    except Exception as error:  # noqa: BLE001 - one profile must not stop the others
        logger.warning("style.failed profile=%s error=%s", claim.profile_id, type(error).__name__)
        delay = min(limits.first_delay * 2 ** (claim.attempt - 1), limits.longest_delay)
        incident = (
            f"{type(error).__name__} while the style was written, {claim.attempt} attempts"
            if claim.attempt >= limits.max_attempts
            else None
        )
        desk.retry(claim, delay, charge=True, incident=incident)
        return StyleOutcome.RETRIED
    if not desk.store(claim, prompt, {**analysis.as_json(), "model": writer.model}):
        return StyleOutcome.STALE
    report.changed.append((claim, len(posts)))
    return StyleOutcome.WRITTEN
