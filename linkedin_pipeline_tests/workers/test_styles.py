"""The style drain over a desk in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from linkedin_pipeline.domain.errors import AllProvidersDown, ProviderDown, Rejected
from linkedin_pipeline.domain.profiles import StyleIncident, StyleOutcome
from linkedin_pipeline.domain.styles import (
    StyleAnalysis,
    StylePost,
    WrittenStyle,
    inputs_hash,
)
from linkedin_pipeline.domain.work import Outcome
from linkedin_pipeline.workers.report import Stop
from linkedin_pipeline.workers.styles import StyleLimits, StyleReport, drain_styles
from linkedin_pipeline_tests.fakes import HashEmbedder, PlainStyle
from linkedin_pipeline_tests.workers.memory_desk import Desk, Log, Still

LIMITS = StyleLimits(min_posts=2)


def posts(number: int) -> list[StylePost]:
    """Return posts."""
    return [StylePost(uuid4(), f"Post number {n}. It says something.") for n in range(number)]


def drain(
    desk: Desk,
    writer: PlainStyle,
    log: Log | None = None,
    embedder: HashEmbedder | None = None,
    limits: StyleLimits = LIMITS,
) -> StyleReport:
    """Drain with a clock that stands still."""
    embedder = embedder or HashEmbedder()
    return drain_styles(desk, writer, embedder, log or Log(), Still(), limits)


class Failing(PlainStyle):
    """Fails for every profile, or for those with so many posts."""

    def __init__(self, error: BaseException, number: int | None = None) -> None:
        super().__init__()
        self.error = error
        self.number = number
        self.forgotten: list[UUID] = []

    def write(
        self, profile_id: UUID, analysis: StyleAnalysis, posts: Sequence[StylePost]
    ) -> WrittenStyle:
        """Raise."""
        if self.number in {None, len(posts)}:
            raise self.error
        return super().write(profile_id, analysis, posts)

    def forget(self, profile_id: UUID, analysis: StyleAnalysis) -> None:
        """Note the profile."""
        del analysis
        self.forgotten.append(profile_id)


class NoEmbedder(HashEmbedder):
    """Is down."""

    def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """Raise."""
        del texts
        raise ProviderDown("the embedder", "it sleeps", "Wait.", retry_after=9.0)


def test_due_profiles_get_a_style() -> None:
    """Each profile's prompt is stored with what wrote it, and listed as changed."""
    desk = Desk({uuid4(): posts(2), uuid4(): posts(3)})
    log = Log()
    report = drain(desk, PlainStyle(), log)
    assert set(desk.stored.values()) == {
        "Write like 2 posts. test:plain test:plain",
        "Write like 3 posts. test:plain test:plain",
    }
    assert [(number, model) for _, number, model in report.changed] == [
        (2, "test:plain"),
        (3, "test:plain"),
    ]
    assert log.closed == [(2, 0, None)]


def test_a_style_comes_with_its_vector() -> None:
    """The prompt is embedded by the configured embedder, and stored with that one's name."""
    desk, embedder = Desk({uuid4(): posts(2)}), HashEmbedder()
    drain(desk, PlainStyle(), embedder=embedder)
    (vector,) = desk.vectors
    assert vector is not None
    assert vector.model == "test:hash"
    assert embedder.asked == ["Write like 2 posts."]
    assert vector.numbers == HashEmbedder().embed(["Write like 2 posts."])[0]


def test_an_embedder_that_is_down_costs_no_style() -> None:
    """A paid style is stored without its vector, and the drain goes on."""
    desk = Desk({uuid4(): posts(2), uuid4(): posts(2)})
    report = drain(desk, PlainStyle(), embedder=NoEmbedder())
    assert desk.vectors == [None, None]
    assert report.counts == {StyleOutcome.WRITTEN: 2}
    assert report.stop is Stop.EMPTY


def test_a_missing_vector_is_made_without_writing_again() -> None:
    """A style without a vector of today's embedder gets one; one that has it costs nothing."""
    texts = posts(2)
    made_from = f"test:plain {inputs_hash(texts)}"
    for embedded_by, wanted in (
        (None, ["Plainly."]),
        ("test:old", ["Plainly."]),
        ("test:hash", []),
    ):
        desk = Desk({uuid4(): texts}, made_from, prompt="Plainly.", embedded_by=embedded_by)
        writer, embedder = PlainStyle(), HashEmbedder()
        assert drain(desk, writer, embedder=embedder).counts == {StyleOutcome.UNCHANGED: 1}
        assert (writer.asked, embedder.asked) == (0, wanted)
        assert [vector is not None for vector in desk.vectors] == [bool(wanted)]


def test_a_vector_that_cannot_be_made_yet_keeps_nobody_waiting() -> None:
    """The profile waits uncharged; others get their styles."""
    texts = posts(2)
    desk = Desk({uuid4(): texts, uuid4(): posts(2)}, f"test:plain {inputs_hash(texts)}")
    desk.prompt = "Plainly."
    report = drain(desk, PlainStyle(), embedder=NoEmbedder())
    assert report.counts == {StyleOutcome.RETRIED: 1, StyleOutcome.WRITTEN: 1}
    assert [each[1:] for each in desk.retried] == [(timedelta(seconds=9), False, None)]


def test_a_claim_lives_while_a_model_thinks() -> None:
    """However long the call takes, the lease is extended and the heart beats."""
    desk, log = Desk({uuid4(): posts(2)}), Log()

    class Slow(PlainStyle):
        def write(
            self, profile_id: UUID, analysis: StyleAnalysis, posts: Sequence[StylePost]
        ) -> WrittenStyle:
            assert desk.extended.wait(60)
            return super().write(profile_id, analysis, posts)

    limits = StyleLimits(min_posts=2, lease=timedelta(milliseconds=30))
    assert drain(desk, Slow(), log, limits=limits).counts == {StyleOutcome.WRITTEN: 1}
    assert log.beats > 2  # one before each look at the desk


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
    report = drain(desk, Failing(ValueError("secret post text"), 2))
    assert report.counts == {StyleOutcome.RETRIED: 1, StyleOutcome.WRITTEN: 1}
    ((profile, delay, charge, incident),) = desk.retried
    assert (profile, delay, charge) == (bad, timedelta(seconds=480), True)
    assert incident is not None
    assert incident.reason == "ValueError while the style was written, 5 attempts"


def test_refused_posts_are_an_incident_at_once() -> None:
    """No second try is paid for; what was kept of the answer is dropped; the others go on."""
    bad = uuid4()
    desk, log = Desk({bad: posts(2), uuid4(): posts(3)}), Log()
    writer = Failing(Rejected("style_refused", "the style", "both refuse", "Wait."), 2)
    report = drain(desk, writer, log)
    assert report.counts == {StyleOutcome.REJECTED: 1, StyleOutcome.WRITTEN: 1}
    assert report.outcomes()[Outcome.REJECTED] == 1
    assert desk.rejected == [(bad, StyleIncident("style_refused", "both refuse"))]
    assert bad in writer.forgotten
    assert desk.retried == []
    assert log.closed == [(1, 0, None)]


@pytest.mark.parametrize("kind", [ProviderDown, AllProvidersDown])
def test_an_outage_pauses_and_charges_nobody(kind: type[ProviderDown]) -> None:
    """The drain ends; the profile waits as long as asked; a fallback that failed is an incident."""
    desk = Desk({uuid4(): posts(2), uuid4(): posts(2)})
    report = drain(desk, Failing(kind("the writer", "it sleeps", "Wait.", retry_after=7.0)))
    assert report.stop is Stop.PAUSED
    incident = StyleIncident("style_fallback", "it sleeps") if kind is AllProvidersDown else None
    assert [each[1:] for each in desk.retried] == [(timedelta(seconds=7), False, incident)]


def test_an_interruption_gives_the_claim_back() -> None:
    """Cancelled in the middle, the profile is due again at once and the log says why."""
    desk, log = Desk({uuid4(): posts(2)}), Log()
    with pytest.raises(KeyboardInterrupt):
        drain(desk, Failing(KeyboardInterrupt()), log)
    assert [each[1:] for each in desk.retried] == [(timedelta(0), False, None)]
    assert log.closed[0][2] == "KeyboardInterrupt"


def test_switching_off_stops_a_drain_between_profiles() -> None:
    """The style in hand is stored; no other is begun."""
    desk = Desk({uuid4(): posts(2), uuid4(): posts(3)})

    class SwitchesOff(PlainStyle):
        def write(
            self, profile_id: UUID, analysis: StyleAnalysis, posts: Sequence[StylePost]
        ) -> WrittenStyle:
            desk.enabled = False
            return super().write(profile_id, analysis, posts)

    assert drain(desk, SwitchesOff()).stop is Stop.DISABLED
    assert (len(desk.stored), len(desk.taken)) == (1, 1)


def test_a_disabled_worker_writes_nothing() -> None:
    """Switched off it neither claims nor logs."""
    desk, log = Desk({uuid4(): posts(2)}, enabled=False), Log()
    assert drain(desk, PlainStyle(), log).stop is Stop.DISABLED
    assert not desk.taken
    assert not log.closed
