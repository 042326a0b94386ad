"""What the core asks of the outside, as Protocols; adapters and the database meet them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Protocol
from uuid import UUID

from linkedin_pipeline.domain.bank import NewPost
from linkedin_pipeline.domain.labels import Choice, Label
from linkedin_pipeline.domain.profiles import ProfileClaim
from linkedin_pipeline.domain.styles import StyleAnalysis, StylePost
from linkedin_pipeline.domain.work import Claim, DayRange, Outcome, Reject, Settled, Stage


class Clock(Protocol):
    """Time as an argument, so that tests own it."""

    def monotonic(self) -> float:
        """Return seconds that only grow, from an arbitrary start."""
        ...

    def sleep(self, seconds: float) -> None:
        """Block for ``seconds``."""
        ...


class Embedder(Protocol):
    """Texts in, unit vectors out."""

    @property
    def model(self) -> str:
        """The ``provider:model`` name stored beside every vector it makes."""
        ...

    def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """Embed texts, in order: one vector of 1,536 finite numbers of unit norm for each.

        Raises:
            ProviderDown: nothing was embedded and no text is at fault.
        """
        ...


class Classifier(Protocol):
    """Posts in, labels out."""

    @property
    def model(self) -> str:
        """The ``provider:model`` and prompt version stored beside every label it chooses."""
        ...

    def classify(
        self, stage: Stage, claims: Sequence[Claim], labels: Sequence[Label]
    ) -> Sequence[Choice]:
        """Choose one of ``labels`` for each claim, in order.

        Raises:
            ProviderDown: nothing was chosen and no post is at fault.
        """
        ...


class Taxonomy(Protocol):
    """The labels that may be given today."""

    def labels(self, stage: Stage) -> Sequence[Label]:
        """Return the active labels of a stage with up-to-date vectors; edited rows are embedded."""
        ...


class StyleWriter(Protocol):
    """An analysis in, a style prompt out."""

    @property
    def model(self) -> str:
        """The ``provider:model`` and prompt version that wrote the prompt."""
        ...

    def write(self, analysis: StyleAnalysis) -> str:
        """Write the style prompt of one profile.

        Raises:
            ProviderDown: nothing was written and the profile is not at fault.
        """
        ...


class StyleDesk(Protocol):
    """Profiles whose style is due; claims as in `WorkQueue`."""

    def is_enabled(self) -> bool:
        """Tell whether the worker is switched on."""
        ...

    def claim(
        self, limit: int, min_posts: int, only: Sequence[str] | None, lease: timedelta
    ) -> Sequence[ProfileClaim]:
        """Take up to ``limit`` due profiles, of the given partition keys or of all."""
        ...

    def posts(self, profile_id: UUID, limit: int) -> Sequence[StylePost]:
        """Return a profile's newest posts that have words."""
        ...

    def store(self, claim: ProfileClaim, prompt: str, analysis: Mapping[str, object]) -> bool:
        """Write a style and end the claim; False when the claim was stale."""
        ...

    def keep(self, claim: ProfileClaim) -> bool:
        """End the claim and leave the style as it is; False when the claim was stale."""
        ...

    def retry(
        self, claim: ProfileClaim, delay: timedelta, *, charge: bool, incident: str | None = None
    ) -> bool:
        """Put the profile back, with one row in ``ai_errors`` when ``incident`` says why."""
        ...


class PostArchive(Protocol):
    """The bank of posts."""

    def add(self, posts: Iterable[NewPost]) -> int:
        """Add posts and their authors; return how many posts were not there yet."""
        ...


class WorkQueue(Protocol):
    """Flagged post work, claimed and settled; safe for any number of callers side by side.

    A claim goes stale when its input changes, somebody else writes the value, the flag is lowered,
    or the claim is released or taken over.  Settling a stale claim writes nothing and is no error.

    An answer that was lost on the way makes the call run again: what it had settled then looks
    stale, what it had claimed lapses with its lease.  So a stale count may hold written posts.

    Raises (all methods): DatabaseDown when the database does not answer for a while.
    """

    def is_enabled(self, stage: Stage) -> bool:
        """Tell whether the stage's worker is switched on."""
        ...

    def claim(
        self, stage: Stage, limit: int, days: DayRange | None, lease: timedelta
    ) -> Sequence[Claim]:
        """Take up to ``limit`` due posts of the range, or of all days, for ``lease``."""
        ...

    def extend(self, stage: Stage, claims: Sequence[Claim], lease: timedelta) -> None:
        """Move the ends of live claims' leases to ``lease`` from now."""
        ...

    def store_hooks(self, claims: Sequence[Claim], hooks: Sequence[str]) -> Settled:
        """Write hooks, lower the flag, end the claims."""
        ...

    def store_embeddings(
        self, claims: Sequence[Claim], vectors: Sequence[Sequence[float]], model: str
    ) -> Settled:
        """Write vectors with their model's name, lower the flag, end the claims."""
        ...

    def store_labels(
        self, stage: Stage, claims: Sequence[Claim], choices: Sequence[Choice], model: str
    ) -> Settled:
        """Write labels; one that is no longer active counts as stale."""
        ...

    def retry(
        self, stage: Stage, claims: Sequence[Claim], delays: Sequence[timedelta], *, charge: bool
    ) -> Settled:
        """Put work back, due after its delay; with ``charge`` false the attempt does not count."""
        ...

    def reject(
        self, stage: Stage, claims: Sequence[Claim], verdicts: Sequence[Reject], run_id: str | None
    ) -> Settled:
        """Lower the flag and keep one dead letter a post, with its reason."""
        ...


class WorkLog(Protocol):
    """The record of drains that people and checks read: one row a drain."""

    def start(self, worker: str, run_id: str | None) -> UUID:
        """Open a row in state ``running`` for a worker of CONTRACT 3.1."""
        ...

    def beat(self, log: UUID) -> None:
        """Say that the drain is alive."""
        ...

    def finish(
        self,
        log: UUID,
        counts: Mapping[Outcome, int],
        results: Mapping[str, object],
        error: str | None,
    ) -> None:
        """Close the row as ``completed``, or as ``failed`` when there is an error."""
        ...
