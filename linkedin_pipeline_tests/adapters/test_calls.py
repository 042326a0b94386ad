"""The ladder of a paid call: what is tried again, what pauses whom, what it says."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from linkedin_pipeline.adapters.calls import Caller, CallFailed, Fault, FaultKind, Reply
from linkedin_pipeline.adapters.limiter import TOKENS, Quota, RateLimiter
from linkedin_pipeline.domain.ai import CallOutcome, Model, Permit, Plan, Purpose, Usage
from linkedin_pipeline.domain.errors import DatabaseDown, Misconfigured, ProviderDown, Rejected
from linkedin_pipeline_tests.adapters.virtual_time import MemoryLedger, VirtualClock

MODEL = Model("openai", "gpt-5-mini")
PLAN = Plan(MODEL, Purpose.CLASSIFICATION, "a_worker", 10, 1_000, 100)
ANSWER = Reply("answer", Usage(7, 2, 3))
ANSWERED, FAILED, UNKNOWN = CallOutcome


class Line:
    """A caller with its surroundings; ``asks`` are what the requests meet, in order."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.ledger = MemoryLedger(self.clock)
        self.limiter = RateLimiter(self.clock)
        self.caller = Caller(self.ledger, self.limiter, self.clock, jitter=lambda: 0.5)
        self.sent: list[float] = []

    def make(self, asks: Iterable[Fault | Reply[str] | Exception], plan: Plan = PLAN) -> str:
        """Make one call whose requests meet ``asks``."""
        left = iter(asks)

        def send() -> Reply[str]:
            self.sent.append(self.clock.now)
            met = next(left)
            if isinstance(met, Fault):
                raise CallFailed(met)
            if isinstance(met, Exception):
                raise met
            return met

        return self.caller.make(plan, send)


@pytest.fixture
def line() -> Line:
    """Give a caller that nothing has happened to."""
    return Line()


def fault(kind: FaultKind, retry_after: float | None = None) -> Fault:
    """Return a fault."""
    return Fault(kind, f"HTTP because of {kind}", retry_after)


def test_an_answer_is_written_down_with_its_tokens(line: Line) -> None:
    """One request, one row."""
    assert line.make([ANSWER]) == "answer"
    assert line.ledger.ended == [(ANSWERED, Usage(7, 2, 3))]


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        (FaultKind.OVERLOADED, FAILED),
        (FaultKind.GARBLED, FAILED),
        (FaultKind.UNREACHABLE, UNKNOWN),
    ],
)
def test_faults_of_the_provider_are_tried_again(
    line: Line, kind: FaultKind, outcome: CallOutcome
) -> None:
    """Three times, each a little later; what may have been paid for is told apart."""
    assert line.make([fault(kind)] * 3 + [ANSWER]) == "answer"
    assert line.sent == pytest.approx([0, 0.5, 1.5, 3.5])
    assert [one for one, _ in line.ledger.ended] == [outcome] * 3 + [ANSWERED]
    assert line.ledger.pauses == []


def test_an_outage_pauses_the_provider(line: Line) -> None:
    """Four requests of whatever mix of faults, then everybody waits: one incident, one code."""
    kinds = [FaultKind.OVERLOADED, FaultKind.UNREACHABLE, FaultKind.GARBLED, FaultKind.OVERLOADED]
    with pytest.raises(ProviderDown, match="HTTP because of overloaded") as down:
        line.make(map(fault, kinds))
    assert down.value.retry_after == 15
    assert line.ledger.pauses == [("openai", "provider_down", None, "a_worker")]


def test_what_a_bad_answer_billed_is_written_down(line: Line) -> None:
    """An answer of no use costs all the same."""
    bad = Fault(FaultKind.GARBLED, "too few", usage=Usage(5))
    line.make([bad, ANSWER])
    assert line.ledger.ended == [(FAILED, Usage(5)), (ANSWERED, Usage(7, 2, 3))]


def test_a_silence_is_kept_to_the_second(line: Line) -> None:
    """After 429 nobody calls before it is over, and then the call goes on."""
    assert line.make([fault(FaultKind.BUSY, 7.0), ANSWER]) == "answer"
    assert 7 <= line.sent[1] < 7.25
    assert line.ledger.pauses == [("openai", "rate_limited", 7.0, None)]


def test_an_overload_that_names_a_silence_is_heeded(line: Line) -> None:
    """503 with Retry-After pauses everybody for that long, and is no incident."""
    assert line.make([fault(FaultKind.OVERLOADED, 3.0), ANSWER]) == "answer"
    assert 3 <= line.sent[1] < 3.25
    assert line.ledger.pauses == [("openai", "provider_down", 3.0, None)]


def test_a_long_silence_pauses_the_stage(line: Line) -> None:
    """More than the patience is not waited out; the posts are due when it is over."""
    with pytest.raises(ProviderDown, match="HTTP because of rate_limited") as down:
        line.make([fault(FaultKind.BUSY, 31.0)])
    assert (down.value.retry_after, line.clock.now) == (31, 0)


def test_many_short_silences_end_too(line: Line) -> None:
    """The patience is for all of them together, and ten refusals are the most."""
    with pytest.raises(ProviderDown):
        line.make([fault(FaultKind.BUSY, 8.0)] * 20)
    assert len(line.sent) == 4
    line.sent.clear()
    with pytest.raises(ProviderDown):
        line.make([fault(FaultKind.BUSY, 0.1)] * 20)
    assert len(line.sent) == 10


@pytest.mark.parametrize(
    ("kind", "scope", "remedy"),
    [
        (FaultKind.REVOKED, "openai", "OPENAI_API_KEY"),
        (FaultKind.SPENT, "openai", "Add credit"),
        (FaultKind.MISPLACED, "openai", "OPENAI_BASE_URL"),
        (FaultKind.FORBIDDEN, "openai:gpt-5-mini", "CLASSIFICATION_MODEL"),
        (FaultKind.GONE, "openai:gpt-5-mini", "CLASSIFICATION_MODEL"),
    ],
)
def test_what_a_person_must_mend_is_not_tried_again(
    line: Line, kind: FaultKind, scope: str, remedy: str
) -> None:
    """One request, a pause of the provider or the model, an incident, and what to do."""
    with pytest.raises(ProviderDown, match=remedy) as down:
        line.make([fault(kind)])
    assert line.ledger.pauses == [(scope, kind, None, "a_worker")]
    assert down.value.retry_after == 60


def test_a_refused_input_is_rejected(line: Line) -> None:
    """Nobody waits: the caller finds out which part of it."""
    with pytest.raises(Rejected) as rejected:
        line.make([fault(FaultKind.REFUSED)])
    assert rejected.value.code == "refused_by_model"
    assert (len(line.sent), line.ledger.pauses) == (1, [])


def test_a_pause_made_by_others_is_waited_out(line: Line) -> None:
    """A short one; the rate limit is not charged for the request that did not leave."""
    line.limiter.give(line.limiter.take(MODEL.name, 0), {TOKENS: Quota(60, 60)})
    line.ledger.until = 20
    line.make([ANSWER], Plan(MODEL, Purpose.STYLE, "w", 1, 50))
    assert 20 <= line.clock.now < 21
    line.ledger.until = 1_000
    with pytest.raises(ProviderDown, match="paused: so it was said"):
        line.make([ANSWER])


@pytest.mark.parametrize("verdict", ["budget", "unpriced"])
def test_without_money_no_request_leaves(line: Line, verdict: str) -> None:
    """The posts come again in ten minutes at most, should the budget be raised."""
    line.ledger.verdict = Permit(verdict, 40_000, "all spent")
    with pytest.raises(ProviderDown, match=r"all spent.*AI_DAILY_BUDGET_USD") as down:
        line.make([ANSWER])
    assert (line.sent, down.value.retry_after) == ([], 600)


def test_a_crowd_at_the_rate_limit_pauses_the_stage(line: Line) -> None:
    """Two minutes are waited for a turn, not ten."""
    line.limiter.give(line.limiter.take(MODEL.name, 0), {TOKENS: Quota(60, 0)})
    line.limiter.take(MODEL.name, 60)
    line.limiter.take(MODEL.name, 60)
    for _ in range(2):
        line.limiter.give(line.limiter.take(MODEL.name, 0), {TOKENS: Quota(60, -120)})
    with pytest.raises(ProviderDown, match="no room for 180 seconds") as down:
        line.make([ANSWER], Plan(MODEL, Purpose.STYLE, "w", 1, 60))
    assert (line.sent, down.value.retry_after) == ([], 60)


def test_an_answer_is_kept_before_its_row_is_closed(line: Line) -> None:
    """A crash in between loses a number, not what was paid for."""
    kept: list[tuple[str, int]] = []
    line.caller.make(PLAN, lambda: ANSWER, lambda v: kept.append((v, len(line.ledger.ended))))
    assert kept == [("answer", 0)]


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(ZeroDivisionError(), UNKNOWN), (Misconfigured("KEY", "bad", "Mend it."), FAILED)],
)
def test_a_bug_is_passed_on(line: Line, error: Exception, outcome: CallOutcome) -> None:
    """Its row is closed, and the turn at the rate limit given back."""
    with pytest.raises(type(error)):
        line.make([error])
    assert line.ledger.ended == [(outcome, Usage())]
    line.limiter.give(line.limiter.take(MODEL.name, 0), {TOKENS: Quota(60, 60)})
    line.limiter.take(MODEL.name, 60)
    assert line.clock.now == 0


def test_a_bill_is_written_though_keeping_fails(line: Line) -> None:
    """What the provider answered was paid, whatever became of it here."""

    def fail(_value: str) -> None:
        raise DatabaseDown("the database", "away", "Wait.")

    with pytest.raises(DatabaseDown):
        line.caller.make(PLAN, lambda: ANSWER, fail)
    assert line.ledger.ended == [(ANSWERED, Usage(7, 2, 3))]


def test_a_lost_ledger_sends_nothing(line: Line) -> None:
    """Without permission no call is made."""

    def lost(_plan: Plan) -> Permit:
        raise DatabaseDown("the database", "away", "Wait.")

    line.ledger.begin = lost  # type: ignore[method-assign, assignment]
    with pytest.raises(DatabaseDown):
        line.make([ANSWER])
    assert line.sent == []
