"""What each stage of post work does with a batch of claims."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Protocol, TypeVar
from uuid import UUID

from linkedin_pipeline.domain.embeddings import Embedded, embedded_text
from linkedin_pipeline.domain.hooks import extract_hook
from linkedin_pipeline.domain.posts import has_words
from linkedin_pipeline.domain.work import Claim, Done, Pace, Reject, Settled, Stage, Verdict
from linkedin_pipeline.ports import Embedder, WorkQueue

V = TypeVar("V")

NO_WORDS = Reject("no_words", "The post has no words: nothing can be read or embedded.")


class PostWorker(Protocol[V]):
    """One stage: decides a value for each claim, and knows where the values are kept."""

    @property
    def stage(self) -> Stage:
        """The stage whose claims it takes."""
        ...

    @property
    def model(self) -> str:
        """What makes the values: ``provider:model``."""
        ...

    @property
    def pace(self) -> Pace | None:
        """How many posts it likes to be given at once; None for the drain's own pace."""
        ...

    def decide(self, claims: Sequence[Claim]) -> Sequence[Verdict[V]]:
        """Return one verdict a claim, in order; called from several threads, no transaction.

        Raises:
            ProviderDown: nothing could be decided and no post is at fault.
            Rejected: some post of the batch is refused; the caller finds out which.
        """
        ...

    def store(self, queue: WorkQueue, claims: Sequence[Claim], values: Sequence[V]) -> Settled:
        """Write the values of decided claims back."""
        ...


class HookWorker:
    """Extracts hooks: pure text, no provider."""

    stage = Stage.HOOKS
    model = "local:text-rules"
    pace = None

    def decide(self, claims: Sequence[Claim]) -> Sequence[Verdict[str]]:
        """Return each post's hook; a post without words is rejected."""
        hooks = [extract_hook(claim.content) for claim in claims]
        return [NO_WORDS if hook is None else Done(hook) for hook in hooks]

    def store(self, queue: WorkQueue, claims: Sequence[Claim], values: Sequence[str]) -> Settled:
        """Write the hooks."""
        return queue.store_hooks(claims, values)


@dataclass(frozen=True, slots=True)
class ServingSet:
    """The vectors that search reads while another model's are being built.

    ``lacking`` returns the posts of which it has no vector of today's text; called from threads.
    """

    embedder: Embedder
    lacking: Callable[[Sequence[Claim]], AbstractSet[UUID]]


class EmbeddingWorker:
    """Embeds posts through the configured provider.

    With ``serving``, posts that are new or were edited since get a vector of the serving model too,
    so that its set stays whole until it is replaced.
    """

    stage = Stage.EMBEDDINGS

    def __init__(self, embedder: Embedder, serving: ServingSet | None = None) -> None:
        self.embedder = embedder
        self.serving = serving
        self.model = embedder.model
        self.pace = embedder.pace

    def decide(self, claims: Sequence[Claim]) -> Sequence[Verdict[Embedded]]:
        """Return each post's vector; a post without words is rejected."""
        texts = {claim: embedded_text(claim.content) for claim in claims}
        worded = {claim: text for claim, text in texts.items() if has_words(text)}
        vectors = _embed(self.embedder, worded)
        second: Mapping[Claim, Sequence[float]] = {}
        if self.serving is not None and worded:
            lacking = self.serving.lacking(list(worded))
            short = {claim: text for claim, text in worded.items() if claim.post_id in lacking}
            second = _embed(self.serving.embedder, short)
        return [
            Done(Embedded(vectors[claim], second.get(claim))) if claim in vectors else NO_WORDS
            for claim in claims
        ]

    def store(
        self, queue: WorkQueue, claims: Sequence[Claim], values: Sequence[Embedded]
    ) -> Settled:
        """Write the vectors and the models' names."""
        serving = self.serving.embedder if self.serving else None
        name = serving.model if serving else None
        settled = queue.store_embeddings(claims, values, self.model, name)
        ended = [claim for claim in claims if claim.post_id not in settled.busy]
        for embedder in filter(None, (self.embedder, serving)):
            embedder.forget([embedded_text(claim.content) for claim in ended])
        return settled


def _embed(embedder: Embedder, texts: Mapping[Claim, str]) -> Mapping[Claim, Sequence[float]]:
    embedded = embedder.embed(list(texts.values())) if texts else ()
    return dict(zip(texts, embedded, strict=True))
