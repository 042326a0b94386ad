"""The one way to call a paid model: permission, rate limit, retries, cost.

    CallFailed(Fault)    what `send` raises; its kind decides:
    ├── BUSY             asked for silence (429): everybody waits, then again
    ├── OVERLOADED       a fault of the provider's (5xx, 529)         } again, a little later;
    ├── UNREACHABLE      no answer, though it may have worked for money } in the end the provider
    ├── GARBLED          an answer of no use, billed all the same     } is paused: an incident
    ├── REVOKED          our key is refused            }
    ├── SPENT            no credit is left             } the provider is paused: an incident
    ├── MISPLACED        nothing answers at this address }
    ├── FORBIDDEN        our key may not use this model }  the model is paused: an incident
    ├── GONE             no such model any more         }
    └── REFUSED          this input: `Rejected`, and the caller finds out which part of it

SDK retries are off, Dagster's too: nothing else repeats a call.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

from linkedin_pipeline.adapters.limiter import Crowded, Quota, RateLimiter
from linkedin_pipeline.domain.ai import CallOutcome, Permit, Plan, Purpose, Usage
from linkedin_pipeline.domain.errors import PipelineError, ProviderDown, Rejected
from linkedin_pipeline.ports import AiLedger, Clock

T = TypeVar("T")


class FaultKind(StrEnum):
    """What kind of failure a call met; see the module's tree."""

    BUSY = "rate_limited"
    OVERLOADED = "overloaded"
    UNREACHABLE = "unreachable"
    GARBLED = "bad_answer"
    REVOKED = "key_refused"
    SPENT = "no_credit"
    MISPLACED = "wrong_address"
    FORBIDDEN = "not_permitted"
    GONE = "model_gone"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Fault:
    """A failed call: ``reason`` says what was met, without key or post text.

    ``retry_after`` is the silence it asked for, in seconds; None when it named none or an absurd
    one.  ``quotas`` are the rate limits that came with it, ``usage`` what it billed nevertheless.
    """

    kind: FaultKind
    reason: str
    retry_after: float | None = None
    quotas: Mapping[str, Quota] = field(default_factory=dict)
    usage: Usage = field(default_factory=Usage)


class CallFailed(Exception):
    """Raised by ``send``; never leaves this module."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.reason)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Reply(Generic[T]):
    """An answer: its value, the tokens billed, the rate limits told."""

    value: T
    usage: Usage
    quotas: Mapping[str, Quota] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CallLimits:
    """Bounds of one call with its retries.

    Silences of up to ``patience`` seconds together are waited out by the caller; a longer one
    pauses the stage, and so does a queue at the rate limit of more than ``queue_patience``.
    ``tries`` bounds requests that failed for the provider's own reasons, ``busy_tries`` those that
    met a rate limit.
    """

    patience: float = 30.0
    tries: int = 4
    busy_tries: int = 10
    first_delay: float = 0.5
    longest_delay: float = 8.0
    queue_patience: float = 120.0


_OUTAGE = "provider_down"
"""One code for all ways of an outage, so that it is one incident whatever each try meets."""
_FAULTS = {FaultKind.OVERLOADED, FaultKind.UNREACHABLE, FaultKind.GARBLED}
_OF_THE_MODEL = {FaultKind.GONE, FaultKind.FORBIDDEN}
_OUT = "The posts wait until it is back"
_REMEDY = {
    FaultKind.BUSY: "The posts wait; nobody's attempt is charged.",
    FaultKind.OVERLOADED: f"{_OUT}.",
    FaultKind.UNREACHABLE: f"{_OUT}; check {{url}} if it stays away.",
    FaultKind.GARBLED: f"{_OUT}; check that {{url}} speaks as the provider does.",
    FaultKind.REVOKED: "Set a valid {key}; the posts wait and go on by themselves.",
    FaultKind.SPENT: "Add credit or raise the limit at the provider; the posts wait.",
    FaultKind.MISPLACED: "Check {url}: nothing answers there; the posts wait.",
    FaultKind.FORBIDDEN: "Let the project of {key} use it, or name another in {setting}.",
    FaultKind.GONE: "Name another model in {setting}; the posts wait.",
}
_SETTINGS = {
    Purpose.EMBEDDING: "EMBEDDING_MODEL",
    Purpose.CLASSIFICATION: "CLASSIFICATION_MODEL",
    Purpose.STYLE: "STYLE_MODEL or STYLE_FALLBACK_MODEL",
}


class Caller:
    """Makes the calls of one provider; safe to share between threads."""

    def __init__(
        self,
        ledger: AiLedger,
        limiter: RateLimiter,
        clock: Clock,
        limits: CallLimits | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._ledger = ledger
        self._limiter = limiter
        self._clock = clock
        self._limits = limits or CallLimits()
        self._jitter = jitter

    def make(
        self,
        plan: Plan,
        send: Callable[[], Reply[T]],
        keep: Callable[[T], None] = lambda _value: None,
    ) -> T:
        """Call the provider and return the value of its answer; ``send`` makes one request.

        ``keep`` is given the value before anything else is done with it, the ledger's closing of
        the call included: a crash in between costs a row that says less, not the answer.

        Raises:
            ProviderDown: no call may be made, or none succeeds; nobody's post is at fault.
            Rejected: the provider refuses this input.
        """
        tries = _Tries()
        while True:
            reply = self._try(plan, send, keep, tries)
            if reply is not None:
                return reply.value

    def _try(
        self,
        plan: Plan,
        send: Callable[[], Reply[T]],
        keep: Callable[[T], None],
        tries: _Tries,
    ) -> Reply[T] | None:
        """Make one request and return its answer, or None when it is worth another try now."""
        try:
            tokens = plan.input_tokens + plan.output_tokens
            turn = self._limiter.take(plan.model.name, tokens, self._limits.queue_patience)
        except Crowded as crowd:
            raise self._crowded(plan, crowd.seconds) from None
        quotas: Mapping[str, Quota] = {}
        usage, sent = Usage(), False
        fault: Fault | None = None
        try:
            permit = self._ledger.begin(plan)  # last, so that a fresh pause is heeded
            if permit.call_id is not None:
                sent = True
                started = self._clock.monotonic()
                outcome, ended = CallOutcome.UNKNOWN, None
                try:
                    reply = send()
                    ended = self._clock.monotonic()
                    outcome, usage, quotas = CallOutcome.ANSWERED, reply.usage, reply.quotas
                    keep(reply.value)
                    return reply
                except PipelineError:
                    if ended is None:
                        outcome = CallOutcome.FAILED  # never sent: a key that no header can carry
                    raise
                except CallFailed as failure:
                    fault = failure.fault
                    quotas, usage = fault.quotas, fault.usage
                    if fault.kind is not FaultKind.UNREACHABLE:
                        outcome = CallOutcome.FAILED
                finally:
                    seconds = (ended or self._clock.monotonic()) - started
                    self._ledger.end(permit.call_id, outcome, usage, seconds)
        finally:
            refused = fault is not None and fault.kind is FaultKind.BUSY
            used = usage.input + usage.output
            self._limiter.give(turn, quotas, sent=sent, used=used, refused=refused)
        if fault is not None:
            self._after(plan, fault, tries)
        else:
            self._heed(plan, permit, tries)
        return None

    def _after(self, plan: Plan, fault: Fault, tries: _Tries) -> None:
        """Wait before the next try, or raise."""
        if fault.kind is FaultKind.REFUSED:
            remedy = "Edit the post, or leave it as it is."
            raise Rejected("refused_by_model", _subject(plan), fault.reason, remedy)
        if fault.kind is FaultKind.BUSY:
            tries.busy += 1
            pause = self._pause(plan, fault, first=1.0)
            again = tries.busy < self._limits.busy_tries
        elif fault.kind in _FAULTS:
            tries.failed += 1
            again = tries.failed < self._limits.tries
            if again and fault.retry_after is None:
                longest = self._limits.longest_delay
                delay = min(self._limits.first_delay * 2 ** (tries.failed - 1), longest)
                self._clock.sleep(delay * (0.75 + self._jitter() / 2))
                return
            pause = self._pause(plan, fault, first=15.0, incident=not again)
        else:
            pause = self._pause(plan, fault, first=60.0, incident=True)
            again = False
        # the next permission tells for how long: other threads may have learnt more
        if not again or tries.waited + pause > self._limits.patience:
            raise ProviderDown(
                _subject(plan), fault.reason, _remedy(fault.kind, plan), retry_after=pause
            )

    def _pause(self, plan: Plan, fault: Fault, *, first: float, incident: bool = False) -> float:
        # who reads of an incident, in a check or a skip reason, is to know what to do about it
        reason = f"{fault.reason}. {_remedy(fault.kind, plan)}" if incident else fault.reason
        return self._ledger.pause(
            str(plan.model) if fault.kind in _OF_THE_MODEL else plan.model.provider,
            _OUTAGE if fault.kind in _FAULTS else str(fault.kind),
            reason,
            seconds=fault.retry_after,
            first=first,
            longest=60.0 if fault.kind is FaultKind.BUSY else 600.0,
            worker=plan.worker if incident else None,
        )

    def _heed(self, plan: Plan, permit: Permit, tries: _Tries) -> None:
        """Wait out a pause, or raise because no call may be made."""
        if permit.verdict == "paused":
            tries.waited += permit.wait
            if tries.waited <= self._limits.patience:
                # not all at the same moment, when it is over
                self._clock.sleep(permit.wait + min(permit.wait, 1.0) * self._jitter() / 4)
                return
            said, wait, remedy = f"paused: {permit.said}", permit.wait, "The posts wait."
        else:
            # asked again soon, so that a raised budget is noticed
            said, wait = permit.said, min(permit.wait, 600.0)
            remedy = (
                "Raise AI_DAILY_BUDGET_USD, or wait for the next UTC day; the posts wait."
                if permit.verdict == "budget"
                else "Add its list price to ai_model_pricing (0 for a model of your own), or unset "
                "AI_DAILY_BUDGET_USD; the posts wait."
            )
        raise ProviderDown(_subject(plan), said, remedy, retry_after=wait)

    def _crowded(self, plan: Plan, seconds: float) -> ProviderDown:
        return ProviderDown(
            _subject(plan),
            f"its rate limit has no room for {seconds:.0f} seconds",
            _REMEDY[FaultKind.BUSY],
            retry_after=min(seconds, 60.0),  # the others in the queue may be gone by then
        )


@dataclass(slots=True)
class _Tries:
    """What one call has met so far; ``waited`` are the seconds of pauses that were waited out."""

    failed: int = 0
    busy: int = 0
    waited: float = 0.0


def _subject(plan: Plan) -> str:
    return f"{plan.model} ({plan.purpose})"


def _remedy(kind: FaultKind, plan: Plan) -> str:
    provider = plan.model.provider.upper()
    return _REMEDY[kind].format(
        url=f"{provider}_BASE_URL", key=f"{provider}_API_KEY", setting=_SETTINGS[plan.purpose]
    )
