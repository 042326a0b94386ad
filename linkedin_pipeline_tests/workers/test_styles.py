"""The style drain over a desk in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from linkedin_pipeline.domain.errors import ProviderDown
from linkedin_pipeline.domain.profiles import ProfileClaim, StyleOutcome
from linkedin_pipeline.domain.styles import StyleAnalysis, StylePost, inputs_hash
from linkedin_pipeline.domain.work import Outcome
from linkedin_pipeline.workers.report import Stop
from linkedin_pipeline.workers.styles import StyleLimits, StyleReport, drain_styles
from linkedin_pipeline_tests.fakes import PlainStyle

LIMITS = StyleLimits(min_posts=2)


@dataclass
class Desk:
    """Profiles to write, in order; remembers what was done with them."""

    profiles: dict[UUID, list[StylePost]]
    made_from: str | None = None
    attempt: int = 1
    enabled: bool = True
    stored: dict[UUID, str] = field(default_factory=dict)
    kept: list[UUID] = field(default_factory=list)
    retried: list[tuple[UUID, timedelta, bool, str | None]] = field(default_factory=list)
    taken: set[UUID] = field(default_factory=set)

    def is_enabled(self) -> bool:
        """Tell the switch."""
        return self.enabled

    def claim(
        self, limit: int, min_posts: int, only: Sequence[str] | None, lease: timedelta
    ) -> Sequence[ProfileClaim]:
        """Hand out the next profiles."""
        del min_posts, only, lease
        free = [key for key in self.profiles if key not in self.taken][:limit]
        self.taken.update(free)
        return [
            ProfileClaim(key, f"profile-{key.hex[:12]}", 1, self.attempt, self.made_from)
            for key in free
        ]

    def posts(self, profile_id: UUID, limit: int) -> Sequence[StylePost]:
        """Give the posts."""
        return self.profiles[profile_id][:limit]

    def store(self, claim: ProfileClaim, prompt: str, analysis: Mapping[str, object]) -> bool:
        """Keep the prompt."""
        self.stored[claim.profile_id] = f"{prompt} {analysis['model']}"
        return True

    def keep(self, claim: ProfileClaim) -> bool:
        """Note the profile."""
        self.kept.append(claim.profile_id)
        return True

    def retry(
        self, claim: ProfileClaim, delay: timedelta, *, charge: bool, incident: str | None = None
    ) -> bool:
        """Note what was asked."""
        self.retried.append((claim.profile_id, delay, charge, incident))
        return True


class Log:
    """Remembers how the row was closed."""

    def __init__(self) -> None:
        self.closed: list[tuple[int, int, str | None]] = []

    def start(self, worker: str, run_id: str | None) -> UUID:
        """Open a row."""
        assert worker == "worker_complete_profiles_v2"
        del run_id
        return uuid4()

    def beat(self, log: UUID) -> None:
        """Do nothing."""

    def finish(
        self,
        log: UUID,
        counts: Mapping[Outcome, int],
        results: Mapping[str, object],
        error: str | None,
    ) -> None:
        """Close the row."""
        del log, results
        self.closed.append((counts[Outcome.DONE], counts[Outcome.RETRIED], error))


class Still:
    """A clock that moves only when told."""

    now = 0.0

    def monotonic(self) -> float:
        """Return the time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Move."""
        self.now += seconds


def posts(number: int) -> list[StylePost]:
    """Return posts."""
    return [StylePost(uuid4(), f"Post number {n}. It says something.") for n in range(number)]


def drain(desk: Desk, writer: PlainStyle, log: Log | None = None) -> StyleReport:
    """Drain with a clock that stands still."""
    return drain_styles(desk, writer, log or Log(), Still(), LIMITS)


def test_due_profiles_get_a_style() -> None:
    """Each profile's prompt is stored with what wrote it, and listed as changed."""
    desk = Desk({uuid4(): posts(2), uuid4(): posts(3)})
    log = Log()
    report = drain(desk, PlainStyle(), log)
    assert set(desk.stored.values()) == {
        "Write like 2 posts. test:plain",
        "Write like 3 posts. test:plain",
    }
    assert [number for _, number in report.changed] == [2, 3]
    assert log.closed == [(2, 0, None)]


def test_unchanged_posts_cost_nothing() -> None:
    """With the same model and the same posts nobody is asked to write."""
    texts = posts(2)
    desk = Desk({uuid4(): texts}, made_from=f"test:plain {inputs_hash(texts)}")
    writer = PlainStyle()
    report = drain(desk, writer)
    assert writer.asked == 0
    assert desk.stored == {}
    assert len(desk.kept) == 1
    assert report.counts == {StyleOutcome.UNCHANGED: 1}


def test_another_model_writes_again() -> None:
    """What another model made from the same posts is not taken for this one's."""
    texts = posts(2)
    desk = Desk({uuid4(): texts}, made_from=f"test:other {inputs_hash(texts)}")
    assert drain(desk, PlainStyle()).counts == {StyleOutcome.WRITTEN: 1}


def test_too_few_posts_end_the_work() -> None:
    """A profile that lost posts since it was queued gets no style and no incident."""
    desk = Desk({uuid4(): posts(1)})
    assert drain(desk, PlainStyle()).counts == {StyleOutcome.TOO_FEW: 1}


def test_a_failing_profile_does_not_stop_the_others() -> None:
    """It is put back, charged, with a delay; after the last attempt it is an incident."""
    bad = uuid4()
    desk = Desk({bad: posts(2), uuid4(): posts(3)}, attempt=5)

    class Picky(PlainStyle):
        def write(self, analysis: StyleAnalysis) -> str:
            if analysis.measured == 2:
                raise ValueError("secret post text")
            return super().write(analysis)

    report = drain(desk, Picky())
    assert report.counts == {StyleOutcome.RETRIED: 1, StyleOutcome.WRITTEN: 1}
    ((profile, delay, charge, incident),) = desk.retried
    assert (profile, delay, charge) == (bad, timedelta(seconds=480), True)
    assert incident == "ValueError while the style was written, 5 attempts"


def test_an_outage_pauses_and_charges_nobody() -> None:
    """The drain ends; the profile waits as long as the provider asked."""

    class Out(PlainStyle):
        def write(self, analysis: StyleAnalysis) -> str:
            del analysis
            raise ProviderDown("the writer", "it sleeps", "Wait.", retry_after=7.0)

    desk = Desk({uuid4(): posts(2), uuid4(): posts(2)})
    report = drain(desk, Out())
    assert report.stop is Stop.PAUSED
    assert [(delay, charge) for _, delay, charge, _ in desk.retried] == [
        (timedelta(seconds=7), False)
    ]


def test_an_interruption_gives_the_claim_back() -> None:
    """Cancelled in the middle, the profile is due again at once and the log says why."""

    class Interrupted(PlainStyle):
        def write(self, analysis: StyleAnalysis) -> str:
            del analysis
            raise KeyboardInterrupt

    desk, log = Desk({uuid4(): posts(2)}), Log()
    with pytest.raises(KeyboardInterrupt):
        drain(desk, Interrupted(), log)
    assert [(delay, charge) for _, delay, charge, _ in desk.retried] == [(timedelta(0), False)]
    assert log.closed[0][2] == "KeyboardInterrupt"


def test_a_disabled_worker_writes_nothing() -> None:
    """Switched off it neither claims nor logs."""
    desk, log = Desk({uuid4(): posts(2)}, enabled=False), Log()
    assert drain_styles(desk, PlainStyle(), log, Still(), LIMITS).stop is Stop.DISABLED
    assert not desk.taken
    assert not log.closed
