"""A queue with its surroundings, as the shared suite drives it, and the steps of its scenarios."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import date, timedelta
from typing import Protocol
from uuid import UUID

from linkedin_pipeline.domain.embeddings import DIMENSIONS, Embedded
from linkedin_pipeline.domain.work import Claim, Reject, Settled, Stage
from linkedin_pipeline.ports import WorkQueue

LEASE = timedelta(seconds=30)
PAST_LEASE = timedelta(seconds=31)
HALF_LEASE = timedelta(seconds=16)
NOW = timedelta(0)
MODEL = "test:behaviour"
HOOKS, EMBEDDINGS = Stage.HOOKS, Stage.EMBEDDINGS


class Bank(Protocol):
    """A queue with what stands around it: posts, other writers, and time."""

    @property
    def queue(self) -> WorkQueue:
        """The queue under test."""
        ...

    def add(self, content: str, day: date) -> UUID:
        """Add a post; it wants everything but the classification of a hook."""
        ...

    def delete(self, post: UUID) -> None:
        """Delete a post."""
        ...

    def edit(self, post: UUID, content: str) -> None:
        """Change a post's text."""
        ...

    def write(self, stage: Stage, post: UUID) -> None:
        """Write a hook or a vector, as somebody else would."""
        ...

    def flag(self, stage: Stage, post: UUID, *, up: bool) -> None:
        """Raise or lower a flag, as a person would."""
        ...

    def is_flagged(self, stage: Stage, post: UUID) -> bool:
        """Tell whether the work is wanted."""
        ...

    def value(self, stage: Stage, post: UUID) -> object:
        """Return the hook, or the vector as a sequence, or None."""
        ...

    def model(self, stage: Stage, post: UUID) -> str | None:
        """Return which model made the vector."""
        ...

    def dead_letters(self, post: UUID) -> Sequence[tuple[Stage, str, str]]:
        """Return unresolved dead letters: stage, code, reason."""
        ...

    def release(self, post: UUID) -> None:
        """Take the claim on a post's embedding away from whoever holds it."""
        ...

    def switch(self, stage: Stage, *, on: bool) -> None:
        """Switch a stage on or off."""
        ...

    def pass_time(self, time: timedelta) -> None:
        """Let the time pass, as far as the queue can tell."""
        ...

    def locked(self, post: UUID) -> AbstractContextManager[None]:
        """Keep a post locked, as somebody's open transaction would."""
        ...


def vector(number: int) -> list[float]:
    """Return a unit vector that can be told from others."""
    return [1.0 if place == number else 0.0 for place in range(DIMENSIONS)]


def value(stage: Stage, number: int = 0) -> object:
    """Return a value that can be told from others."""
    return f"Hook number {number}." if stage is HOOKS else vector(number)


def store(bank: Bank, stage: Stage, claims: Sequence[Claim], start: int = 0) -> Settled:
    """Write a value of its own for each claim, numbered from ``start``."""
    numbers = range(start, start + len(claims))
    if stage is HOOKS:
        return bank.queue.store_hooks(claims, [f"Hook number {n}." for n in numbers])
    return bank.queue.store_embeddings(claims, [Embedded(vector(n)) for n in numbers], MODEL)


def retry(bank: Bank, stage: Stage, claims: Sequence[Claim], _start: int = 0) -> Settled:
    """Put the work back."""
    return bank.queue.retry(stage, claims, [NOW] * len(claims), charge=True)


def reject(bank: Bank, stage: Stage, claims: Sequence[Claim], _start: int = 0) -> Settled:
    """Make dead letters."""
    return bank.queue.reject(stage, claims, [Reject("odd", "It is odd.")] * len(claims), "run 1")


def take(bank: Bank, stage: Stage = HOOKS, limit: int = 100) -> Sequence[Claim]:
    """Claim whatever is due."""
    return bank.queue.claim(stage, limit, None, LEASE)


def take_one(bank: Bank, stage: Stage = HOOKS) -> Claim:
    """Claim, and expect exactly one post."""
    (claim,) = take(bank, stage)
    return claim


def posts(claims: Sequence[Claim]) -> set[UUID]:
    """Return whose claims these are."""
    return {claim.post_id for claim in claims}


def taken_over(bank: Bank, stage: Stage, _post: UUID) -> None:
    """Let the lease end and somebody else claim the work."""
    bank.pass_time(PAST_LEASE)
    assert len(take(bank, stage)) == 1


def put_back(bank: Bank, stage: Stage, claims: Sequence[Claim]) -> None:
    """Give the work back, due at once."""
    bank.queue.retry(stage, claims, [NOW] * len(claims), charge=False)
