"""What each stage of post work decides."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from linkedin_pipeline.domain.embeddings import Embedded
from linkedin_pipeline.domain.work import Claim, Done, Settled, Stage
from linkedin_pipeline.workers.stages import NO_WORDS, EmbeddingWorker, HookWorker, PostWorker
from linkedin_pipeline_tests.fakes import HashEmbedder
from linkedin_pipeline_tests.workers.memory_queue import MemoryQueue

MONDAY = date(2025, 3, 3)


def claims_of(*texts: str) -> list[Claim]:
    """Return a claim a text."""
    return [Claim(uuid4(), n, MONDAY, 1, 0, text) for n, text in enumerate(texts)]


def test_hooks_are_taken_from_the_text() -> None:
    """Each post gets its own opening, verbatim; one without words is rejected."""
    texts = "We hired nobody for a year.\n\nThen we did.", "🎉🎉", "Nobody asked me."
    assert HookWorker().decide(claims_of(*texts)) == [
        Done("We hired nobody for a year."),
        NO_WORDS,
        Done("Nobody asked me."),
    ]


def test_posts_are_embedded_in_one_call() -> None:
    """The posts with words are embedded together, and each gets its own vector."""
    embedder = HashEmbedder()
    verdicts = EmbeddingWorker(embedder).decide(claims_of("One.", "…", " Two. ", ""))
    assert embedder.asked == ["One.", "Two."]
    one, two = HashEmbedder().embed(["One.", "Two."])
    assert verdicts == [
        Done(Embedded(one)),
        NO_WORDS,
        Done(Embedded(two)),
        NO_WORDS,
    ]


def test_without_words_nothing_is_asked() -> None:
    """A batch without words costs no call."""

    class Costly(HashEmbedder):
        def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
            pytest.fail(f"asked for {texts}")

    assert EmbeddingWorker(Costly()).decide(claims_of("…", "")) == [NO_WORDS, NO_WORDS]


@pytest.mark.parametrize("lost", [-1, 1])
def test_a_wrong_number_of_vectors_is_an_error(lost: int) -> None:
    """Rather none than each post its neighbour's vector."""

    class Miscounting(HashEmbedder):
        def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
            vectors = list(super().embed(texts))
            return vectors[:lost] if lost < 0 else [*vectors, vectors[0]]

    with pytest.raises(ValueError, match="zip"):
        EmbeddingWorker(Miscounting()).decide(claims_of("One.", "Two."))


def test_values_go_where_the_stage_keeps_them() -> None:
    """Hooks are stored as hooks, vectors with the embedder's model."""
    queue = MemoryQueue()
    post = queue.add("A post.", MONDAY)
    workers: list[PostWorker[Any]] = [HookWorker(), EmbeddingWorker(HashEmbedder())]
    for worker in workers:
        claims = [Claim(post, 1, MONDAY, 1, 0, "A post.")]
        queue.posts[post].work[worker.stage].token = 1
        (verdict,) = worker.decide(claims)
        assert isinstance(verdict, Done)
        assert worker.store(queue, claims, [verdict.value]) == Settled(frozenset({post}))
    assert queue.value(Stage.HOOKS, post) == "A post."
    assert queue.model(Stage.EMBEDDINGS, post) == "test:hash"
