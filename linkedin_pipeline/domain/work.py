"""The words of post work: stages, claims, verdicts and outcomes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Generic, TypeAlias, TypeVar
from uuid import UUID

V = TypeVar("V")

FIRST_DAY = date(2024, 1, 1)
"""The first partition; earlier posts count to it (DESIGN decision 1)."""
LONGEST_BLOCK = timedelta(days=31)
"""The most days of one run: each day of its range gets an event, also those without a post."""


class Stage(StrEnum):
    """One kind of post work; the value is the name of its Dagster asset."""

    HOOKS = "hooks"
    EMBEDDINGS = "embeddings"
    HOOK_CLASSIFICATIONS = "hook_classifications"
    TOPIC_CLASSIFICATIONS = "topic_classifications"
    AUDIENCE_CLASSIFICATIONS = "audience_classifications"

    @property
    def worker(self) -> str:
        """The name of the stage's switch, log rows and dead letters (CONTRACT 3.1)."""
        return _WORKERS[self]


_WORKERS = {
    Stage.HOOKS: "worker_extract_hooks_v2",
    Stage.EMBEDDINGS: "worker_generate_embeddings_v2",
    Stage.HOOK_CLASSIFICATIONS: "worker_classify_hooks_v2",
    Stage.TOPIC_CLASSIFICATIONS: "worker_classify_topics_v2",
    Stage.AUDIENCE_CLASSIFICATIONS: "worker_classify_audiences_v2",
}


class Outcome(StrEnum):
    """How one claim of one post ended."""

    DONE = "done"
    RETRIED = "retried"
    REJECTED = "rejected"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class DayRange:
    """An inclusive range of UTC days that a drain confines itself to."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.first > self.last:
            raise ValueError(f"day range {self.first} to {self.last} runs backwards")


def newest_block(days: Iterable[DayRange]) -> DayRange:
    """Return the last days that hold work, as one block of at most 31 days."""
    ranges = list(days)
    last = max(r.last for r in ranges)
    first = min(r.first for r in ranges)
    return DayRange(max(first, last - LONGEST_BLOCK + timedelta(days=1)), last)


@dataclass(frozen=True, slots=True)
class Claim:
    """Work on one post, held until its lease ends; ``token`` fences the write-back.

    ``attempt`` counts from 1; ``takeovers`` counts claims of this work that ended without a word,
    as when a worker was killed.  ``content`` and ``hook`` were read after the claim was taken.
    ``also`` names the other stages that want a label of the post now.
    """

    post_id: UUID
    token: int
    day: date
    attempt: int
    takeovers: int
    content: str
    hook: str | None = None
    also: frozenset[Stage] = frozenset()


@dataclass(frozen=True, slots=True)
class Pace:
    """How many posts are decided together, and how many such batches at once."""

    batch_size: int
    in_flight: int


@dataclass(frozen=True, slots=True)
class Done(Generic[V]):
    """The value to store."""

    value: V


@dataclass(frozen=True, slots=True)
class Retry:
    """Try again later; costs the post an attempt."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Reject:
    """Never try this text again: a dead letter with a reason (no post text in it)."""

    code: str
    reason: str


Verdict: TypeAlias = Done[V] | Retry | Reject
"""What a worker decided about one claim."""


@dataclass(frozen=True, slots=True)
class Settled:
    """Which claims a write-back ended, by post: it is of one claim a post.

    ``held`` were written; ``busy`` were locked by somebody for too long and stay claimed until
    their lease ends.  A post in neither was stale, and nothing of it was written.
    """

    held: frozenset[UUID] = frozenset()
    busy: frozenset[UUID] = frozenset()
