"""What each stage of post work does with a batch of claims."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from linkedin_pipeline.domain.embeddings import embedded_text
from linkedin_pipeline.domain.hooks import extract_hook
from linkedin_pipeline.domain.posts import has_words
from linkedin_pipeline.domain.work import Claim, Done, Reject, Settled, Stage, Verdict
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

    def decide(self, claims: Sequence[Claim]) -> Sequence[Verdict[str]]:
        """Return each post's hook; a post without words is rejected."""
        hooks = [extract_hook(claim.content) for claim in claims]
        return [NO_WORDS if hook is None else Done(hook) for hook in hooks]

    def store(self, queue: WorkQueue, claims: Sequence[Claim], values: Sequence[str]) -> Settled:
        """Write the hooks."""
        return queue.store_hooks(claims, values)


class EmbeddingWorker:
    """Embeds posts through the configured provider."""

    stage = Stage.EMBEDDINGS

    def __init__(self, embedder: Embedder) -> None:
        self.embedder = embedder
        self.model = embedder.model

    def decide(self, claims: Sequence[Claim]) -> Sequence[Verdict[Sequence[float]]]:
        """Return each post's vector; a post without words is rejected."""
        texts = {claim: embedded_text(claim.content) for claim in claims}
        worded = {claim: text for claim, text in texts.items() if has_words(text)}
        embedded = self.embedder.embed(list(worded.values())) if worded else ()
        vectors = dict(zip(worded, embedded, strict=True))
        return [Done(vectors[claim]) if claim in vectors else NO_WORDS for claim in claims]

    def store(
        self, queue: WorkQueue, claims: Sequence[Claim], values: Sequence[Sequence[float]]
    ) -> Settled:
        """Write the vectors and the model's name."""
        return queue.store_embeddings(claims, values, self.embedder.model)
