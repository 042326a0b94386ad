"""An in-memory work queue, which a test can script."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TypeVar
from uuid import UUID, uuid4

from linkedin_pipeline.domain.embeddings import Embedded
from linkedin_pipeline.domain.labels import Choice
from linkedin_pipeline.domain.work import Claim, DayRange, Reject, Settled, Stage
from linkedin_pipeline_tests.workers.scripted import FakeClock

V = TypeVar("V")

FIRST_STAGES = [stage for stage in Stage if stage is not Stage.HOOK_CLASSIFICATIONS]
"""What a new post wants; its hook is classified once there is one."""


@dataclass(slots=True)
class Work:
    """Work wanted on one post, as the work table has it."""

    day: date
    due: float
    token: int | None = None
    lease: float | None = None
    attempts: int = 0
    takeovers: int = 0


@dataclass(slots=True)
class Post:
    """One post; ``work`` has the stages that are flagged, ``values`` those that are written."""

    id: UUID
    day: date
    content: str
    work: dict[Stage, Work]
    values: dict[Stage, object] = field(default_factory=dict)
    models: dict[Stage, str] = field(default_factory=dict)
    letters: list[tuple[Stage, str, str]] = field(default_factory=list)


class MemoryQueue:
    """Meets `WorkQueue`, and is the bank around it.

    ``before`` has actions to run at the start of a method, by its name: they may raise, or change
    the bank.  ``calls`` counts calls, ``threads`` has the threads that made them, ``extended``
    the posts of each heart-beat, ``run_ids`` who rejected, and ``most_held`` is the largest number
    of claims that were ever held at once.
    """

    def __init__(self, clock: FakeClock | None = None) -> None:
        self.clock = clock or FakeClock()
        self.posts: dict[UUID, Post] = {}
        self.disabled: set[Stage] = set()
        self.locked_posts: set[UUID] = set()
        self.before: dict[str, Callable[[], None]] = {}
        self.calls: Counter[str] = Counter()
        self.threads: set[int] = set()
        self.most_held = 0
        self.extended: list[set[UUID]] = []
        self.run_ids: list[str | None] = []
        self._tokens = itertools.count(1)

    # The port.

    def is_enabled(self, stage: Stage) -> bool:
        """Tell whether the stage is switched on."""
        self._called("is_enabled")
        return stage not in self.disabled

    def claim(
        self, stage: Stage, limit: int, days: DayRange | None, lease: timedelta
    ) -> Sequence[Claim]:
        """Take due work, newest day first, then what is due longest."""
        self._called("claim")
        due = [
            (post, work)
            for post in self.posts.values()
            if (work := post.work.get(stage)) is not None
            and (days is None or days.first <= work.day <= days.last)
            and work.due <= self.clock.monotonic()
            and (work.lease is None or work.lease < self.clock.monotonic())
        ]
        due.sort(key=lambda pair: (-pair[1].day.toordinal(), pair[1].due))
        for _, work in due[:limit]:
            work.takeovers += work.token is not None
            work.attempts += 1
            work.token = next(self._tokens)
            work.lease = self.clock.monotonic() + lease.total_seconds()
        held = sum(w.token is not None for p in self.posts.values() for w in p.work.values())
        self.most_held = max(self.most_held, held)
        return [self._claim(post, work) for post, work in due[:limit]]

    def extend(self, stage: Stage, claims: Sequence[Claim], lease: timedelta) -> None:
        """Move the leases of claims that still stand."""
        self._called("extend")
        self.extended.append({claim.post_id for claim in claims})
        for claim in claims:
            if (work := self._standing(stage, claim)) is not None:
                work.lease = self.clock.monotonic() + lease.total_seconds()

    def store_hooks(self, claims: Sequence[Claim], hooks: Sequence[str]) -> Settled:
        """Write hooks; their classification is wanted then."""
        self._called("store_hooks")

        def store(post: Post, hook: str) -> None:
            post.values[Stage.HOOKS] = hook
            post.work[Stage.HOOK_CLASSIFICATIONS] = Work(post.day, self.clock.monotonic())

        return self._settle(Stage.HOOKS, claims, hooks, store)

    def store_embeddings(
        self,
        claims: Sequence[Claim],
        vectors: Sequence[Embedded],
        model: str,
        serving: str | None = None,
    ) -> Settled:
        """Write vectors and the model's name; no set serves beside it here."""
        del serving
        self._called("store_embeddings")
        written = [embedded.vector for embedded in vectors]
        return self._settle(Stage.EMBEDDINGS, claims, written, _keep(Stage.EMBEDDINGS, model))

    def lacking(self, model: str, claims: Sequence[Claim]) -> set[UUID]:
        """Lack nothing: no model serves here."""
        del model, claims
        return set()

    def store_labels(
        self, stage: Stage, claims: Sequence[Claim], choices: Sequence[Choice], model: str
    ) -> Settled:
        """Write labels and the model's name."""
        self._called("store_labels")
        return self._settle(stage, claims, choices, _keep(stage, model))

    def retry(
        self, stage: Stage, claims: Sequence[Claim], delays: Sequence[timedelta], *, charge: bool
    ) -> Settled:
        """Put work back; locked posts are no obstacle."""
        self._called("retry" if charge else "give_back")
        held = set()
        for claim, delay in zip(claims, delays, strict=True):
            if (work := self._standing(stage, claim)) is not None:
                work.due = self.clock.monotonic() + delay.total_seconds()
                work.token = work.lease = None
                work.attempts -= not charge
                held.add(claim.post_id)
        return Settled(frozenset(held))

    def reject(
        self, stage: Stage, claims: Sequence[Claim], verdicts: Sequence[Reject], run_id: str | None
    ) -> Settled:
        """Make dead letters."""
        self._called("reject")
        self.run_ids.append(run_id)

        def bury(post: Post, verdict: Reject) -> None:
            post.letters.append((stage, verdict.code, verdict.reason))

        return self._settle(stage, claims, verdicts, bury)

    # The bank around it, as the shared behaviour suite wants it.

    @property
    def queue(self) -> MemoryQueue:
        """The queue itself."""
        return self

    def add(self, content: str, day: date) -> UUID:
        """Add a post that wants what every new post wants."""
        work: dict[Stage, Work] = {
            stage: Work(day, self.clock.monotonic()) for stage in FIRST_STAGES
        }
        post = Post(uuid4(), day, content, work)
        self.posts[post.id] = post
        return post.id

    def delete(self, post: UUID) -> None:
        """Delete a post."""
        del self.posts[post]

    def edit(self, post: UUID, content: str) -> None:
        """Change a post's text: everything is wanted anew."""
        there = self.posts[post]
        if content != there.content:
            there.content = content
            for stage in {*FIRST_STAGES, *there.work}:
                there.work[stage] = Work(there.day, self.clock.monotonic())

    def write(self, stage: Stage, post: UUID) -> None:
        """Write a value, as somebody else would."""
        self.posts[post].values[stage] = "somebody else's"
        self.posts[post].work.pop(stage, None)

    def flag(self, stage: Stage, post: UUID, *, up: bool) -> None:
        """Raise or lower a flag, as a person would."""
        there = self.posts[post]
        if up:
            there.letters = [letter for letter in there.letters if letter[0] is not stage]
            there.work.setdefault(stage, Work(there.day, self.clock.monotonic()))
        else:
            there.work.pop(stage, None)

    def is_flagged(self, stage: Stage, post: UUID) -> bool:
        """Tell whether the work is wanted."""
        return stage in self.posts[post].work

    def value(self, stage: Stage, post: UUID) -> object:
        """Return what is written, or None."""
        return self.posts[post].values.get(stage)

    def model(self, stage: Stage, post: UUID) -> str | None:
        """Return which model made the value."""
        return self.posts[post].models.get(stage)

    def dead_letters(self, post: UUID) -> list[tuple[Stage, str, str]]:
        """Return unresolved dead letters: stage, code, reason."""
        return self.posts[post].letters

    def release(self, post: UUID) -> None:
        """Take the claim on a post's embedding away from whoever holds it."""
        work = self.posts[post].work[Stage.EMBEDDINGS]
        work.token = work.lease = None
        work.attempts -= 1

    def switch(self, stage: Stage, *, on: bool) -> None:
        """Switch a stage on or off."""
        (self.disabled.discard if on else self.disabled.add)(stage)

    def pass_time(self, time: timedelta) -> None:
        """Let the time pass."""
        self.clock.sleep(time.total_seconds())

    @contextmanager
    def locked(self, post: UUID) -> Iterator[None]:
        """Keep a post locked, as a long transaction would."""
        self.locked_posts.add(post)
        yield
        self.locked_posts.discard(post)

    # What both stand on.

    def _called(self, name: str) -> None:
        self.calls[name] += 1
        self.threads.add(threading.get_ident())
        if name in self.before:
            self.before[name]()

    def _standing(self, stage: Stage, claim: Claim) -> Work | None:
        post = self.posts.get(claim.post_id)
        work = post.work.get(stage) if post else None
        return work if work is not None and work.token == claim.token else None

    def _claim(self, post: Post, work: Work) -> Claim:
        assert work.token is not None
        hook = post.values.get(Stage.HOOKS)
        return Claim(
            *(post.id, work.token, work.day, work.attempts, work.takeovers, post.content),
            hook=None if hook is None else str(hook),
        )

    def _settle(
        self,
        stage: Stage,
        claims: Sequence[Claim],
        values: Sequence[V],
        write: Callable[[Post, V], None],
    ) -> Settled:
        assert len({claim.post_id for claim in claims}) == len(claims), "a post is named twice"
        standing = {
            claim.post_id: value
            for claim, value in zip(claims, values, strict=True)
            if self._standing(stage, claim) is not None
        }
        busy = self.locked_posts & standing.keys()
        for post_id in standing.keys() - busy:
            del self.posts[post_id].work[stage]
            write(self.posts[post_id], standing[post_id])
        return Settled(frozenset(standing.keys() - busy), frozenset(busy))


def _keep(stage: Stage, model: str) -> Callable[[Post, object], None]:
    def keep(post: Post, value: object) -> None:
        post.values[stage] = value
        post.models[stage] = model

    return keep
