"""A ledger and an answer store in memory, and what a test needs to call a simulated provider."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID, uuid4

from linkedin_pipeline.adapters.calls import Caller, CallLimits
from linkedin_pipeline.adapters.limiter import RateLimiter
from linkedin_pipeline.domain.ai import CallOutcome, Permit, Plan, Usage
from linkedin_pipeline.domain.styles import StyleAnalysis, StylePost, analyse
from linkedin_pipeline_tests.workers.scripted import FakeClock

PROFILE = UUID(int=7)


class MemoryLedger:
    """Allows every call; remembers plans, ends and pauses."""

    def __init__(self) -> None:
        self.plans: list[Plan] = []
        self.ends: list[tuple[CallOutcome, Usage]] = []
        self.pauses: list[tuple[str, str]] = []

    def begin(self, plan: Plan) -> Permit:
        """Allow it."""
        self.plans.append(plan)
        return Permit("go", call_id=uuid4())

    def end(self, call_id: UUID, outcome: CallOutcome, usage: Usage, seconds: float) -> None:
        """Note the end."""
        del call_id, seconds
        self.ends.append((outcome, usage))

    def pause(
        self,
        scope: str,
        code: str,
        reason: str,
        *,
        seconds: float | None = None,
        first: float = 15.0,
        longest: float = 600.0,
        worker: str | None = None,
    ) -> float:
        """Note the pause and hold nobody up."""
        del reason, longest, worker
        self.pauses.append((scope, code))
        return first if seconds is None else seconds


class MemoryAnswers:
    """Keeps texts; vectors are not asked for."""

    def __init__(self) -> None:
        self.texts: dict[bytes, str] = {}

    def vectors(self, keys: Sequence[bytes]) -> Mapping[bytes, Sequence[float]]:
        """Return none."""
        del keys
        return {}

    def keep_vectors(self, answers: Mapping[bytes, Sequence[float]]) -> None:
        """Keep none."""

    def labels(self, keys: Sequence[bytes]) -> Mapping[bytes, str]:
        """Return the kept texts of ``keys``."""
        return {key: self.texts[key] for key in keys if key in self.texts}

    def keep_labels(self, answers: Mapping[bytes, str], profile_id: UUID | None = None) -> None:
        """Keep texts; the first one of a key stays."""
        del profile_id
        self.texts = {**answers, **self.texts}

    def forget(self, keys: Sequence[bytes]) -> None:
        """Drop texts."""
        for key in keys:
            self.texts.pop(key, None)


def caller(ledger: MemoryLedger) -> Caller:
    """Return a caller whose waits take no time."""
    clock = FakeClock()
    return Caller(ledger, RateLimiter(clock), clock, CallLimits(tries=2))


def some_posts(*more: str) -> list[StylePost]:
    """Return five posts in English, newest first, and ``more`` before them."""
    texts = [
        *more,
        *(
            f"Number {n} is what I learnt about bread this week. Ovens want patience! Do you agree?"
            for n in range(5)
        ),
    ]
    return [StylePost(UUID(int=n), text, text[:40]) for n, text in enumerate(texts)]


def measured(posts: Sequence[StylePost]) -> StyleAnalysis:
    """Measure posts."""
    return analyse(posts)
