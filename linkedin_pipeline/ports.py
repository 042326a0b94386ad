"""What the core asks of the outside, as Protocols; adapters and the database meet them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import timedelta
from typing import Protocol
from uuid import UUID

from linkedin_pipeline.domain.ai import CallOutcome, Permit, Plan, Usage
from linkedin_pipeline.domain.bank import Added, NewPost
from linkedin_pipeline.domain.embeddings import Embedded
from linkedin_pipeline.domain.labels import Choice, Label
from linkedin_pipeline.domain.profiles import ProfileClaim, StyleIncident
from linkedin_pipeline.domain.styles import StyleAnalysis, StylePost, StyleVector, WrittenStyle
from linkedin_pipeline.domain.work import (
    Claim,
    DayRange,
    Outcome,
    Pace,
    Reject,
    Settled,
    Stage,
    Verdict,
)


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

    @property
    def pace(self) -> Pace | None:
        """How many texts it likes to be given at once; None for the engine's own pace."""
        ...

    def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """Embed texts, in order: one vector of 1,536 finite numbers of unit norm for each.

        Raises:
            ProviderDown: not all was embedded and no text is at fault.
            Rejected: some text is refused; what was embedded before costs nothing when asked again.
        """
        ...

    def forget(self, texts: Sequence[str]) -> None:
        """Say that the vectors of these texts are stored where they belong."""
        ...


class Classifier(Protocol):
    """Posts in, labels out."""

    @property
    def model(self) -> str:
        """The ``provider:model`` and prompt version stored beside every label it chooses."""
        ...

    @property
    def pace(self) -> Pace | None:
        """How many posts it likes to be given at once; None for the engine's own pace."""
        ...

    def classify(
        self, stage: Stage, claims: Sequence[Claim], taxonomy: Mapping[Stage, Sequence[Label]]
    ) -> Sequence[Verdict[Choice]]:
        """Choose one of the stage's labels for each claim, in order.

        ``taxonomy`` has the labels of every stage that this run is for: what ``claim.also`` wants
        may be chosen in the same breath, to be at hand when that stage asks.

        Raises:
            ProviderDown: not all was chosen and no post is at fault.
            Rejected: some post is refused; what was chosen before costs nothing when asked again.
        """
        ...

    def forget(
        self, stage: Stage, claims: Sequence[Claim], taxonomy: Mapping[Stage, Sequence[Label]]
    ) -> None:
        """Say that the choices for these claims are stored where they belong."""
        ...


class Taxonomy(Protocol):
    """The labels that may be given today."""

    def labels(self, stage: Stage) -> Sequence[Label]:
        """Return the active labels of a stage with up-to-date vectors; edited rows are embedded."""
        ...


class StyleWriter(Protocol):
    """An analysis and the posts behind it in, a style prompt out."""

    @property
    def model(self) -> str:
        """The ``provider:model`` and prompt version that is asked first."""
        ...

    def write(
        self, profile_id: UUID, analysis: StyleAnalysis, posts: Sequence[StylePost]
    ) -> WrittenStyle:
        """Write the style prompt of one profile.

        Raises:
            ProviderDown: nothing was written and the profile is not at fault.
            Rejected: this profile's posts are refused, or nothing of use is made of them.
        """
        ...

    def forget(self, profile_id: UUID, analysis: StyleAnalysis) -> None:
        """Say that the style is stored where it belongs, or given up."""
        ...


class AiLedger(Protocol):
    """Permission, cost and pauses of paid calls, shared by all processes; safe in threads.

    Raises (all methods): DatabaseDown when the database does not answer for a while.
    """

    def begin(self, plan: Plan) -> Permit:
        """Ask whether a call may be made now; ``go`` opens its row in ``ai_usage_logs``."""
        ...

    def end(self, call_id: UUID, outcome: CallOutcome, usage: Usage, seconds: float) -> None:
        """Close the call's row; an answer ends an expired pause and its incidents."""
        ...

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
        """Have nobody call ``provider`` or ``provider:model`` for a while; return the seconds.

        Without ``seconds`` the pause is ``first``, doubled each time in a row up to ``longest``.
        With ``worker`` it is an incident, of which ``ai_errors`` gets one row.
        """
        ...


class AnswerStore(Protocol):
    """Paid answers that are not stored in a post yet; keys are `domain.ai.answer_key`."""

    def vectors(self, keys: Sequence[bytes]) -> Mapping[bytes, Sequence[float]]:
        """Return the kept vectors of ``keys``, 1,536 numbers each."""
        ...

    def keep_vectors(self, answers: Mapping[bytes, Sequence[float]]) -> None:
        """Keep vectors, before anything else is done with them."""
        ...

    def labels(self, keys: Sequence[bytes]) -> Mapping[bytes, str]:
        """Return the kept label names of ``keys``."""
        ...

    def keep_labels(self, answers: Mapping[bytes, str], profile_id: UUID | None = None) -> None:
        """Keep label names, before anything else is done with them.

        ``profile_id`` says whose style it is: it goes with the profile, and is not kept at all once
        the profile is erased.
        """
        ...

    def forget(self, keys: Sequence[bytes]) -> None:
        """Drop answers that were stored where they belong, and those older than a week."""
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

    def extend(self, claim: ProfileClaim, lease: timedelta) -> bool:
        """Move the end of a live claim's lease to ``lease`` from now; False when it was stale."""
        ...

    def store(
        self,
        claim: ProfileClaim,
        written: WrittenStyle,
        analysis: Mapping[str, object],
        vector: StyleVector | None,
    ) -> bool:
        """Write a style and end the claim; False when the claim was stale.

        Without its vector the profile is due again soon, to get one.  A style that a fallback wrote
        is one row in ``ai_errors``, resolved.
        """
        ...

    def keep(self, claim: ProfileClaim, vector: StyleVector | None = None) -> bool:
        """End the claim and leave the style as it is, its vector apart; False when stale."""
        ...

    def retry(
        self,
        claim: ProfileClaim,
        delay: timedelta,
        *,
        charge: bool,
        incident: StyleIncident | None = None,
    ) -> bool:
        """Put the profile back; of incidents alike one row stays open in ``ai_errors``."""
        ...

    def reject(self, claim: ProfileClaim, incident: StyleIncident) -> bool:
        """Put the profile aside until its style is requested; one open row in ``ai_errors``."""
        ...


class PostArchive(Protocol):
    """The bank of posts."""

    def add(self, posts: Iterable[NewPost]) -> Added:
        """Add posts and their authors, refresh those that are known; say what that did."""
        ...


class WorkQueue(Protocol):
    """Flagged post work, claimed and settled; safe for any number of callers side by side.

    A claim goes stale when its input changes, somebody else writes the value, the flag is lowered,
    or the claim is released or taken over.  Settling a stale claim writes nothing and is no error.
    Two claims of one post are settled one after the other: together no value is taken of either.

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
        self,
        claims: Sequence[Claim],
        vectors: Sequence[Embedded],
        model: str,
        serving: str | None = None,
    ) -> Settled:
        """Write vectors with their model's name, lower the flag, end the claims.

        ``serving`` names the model of the second vectors, which go to the set that it searches.
        """
        ...

    def lacking(self, model: str, claims: Sequence[Claim]) -> AbstractSet[UUID]:
        """Return the posts of which ``model``, if it serves, has no vector of today's text."""
        ...

    def store_labels(
        self, stage: Stage, claims: Sequence[Claim], choices: Sequence[Choice], model: str
    ) -> Settled:
        """Write labels; one that is no longer active counts as stale.

        ``model`` chose those that do not say another.
        """
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
