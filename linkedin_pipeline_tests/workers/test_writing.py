"""Vectors are written by two connections at once, and nothing else changes for that."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import date
from uuid import UUID

import pytest

from linkedin_pipeline.domain.embeddings import Embedded
from linkedin_pipeline.domain.errors import DatabaseDown
from linkedin_pipeline.domain.work import Claim, Outcome, Settled
from linkedin_pipeline.workers.engine import Limits, drain
from linkedin_pipeline.workers.report import DrainReport
from linkedin_pipeline.workers.stages import EmbeddingWorker
from linkedin_pipeline_tests.fakes import HashEmbedder
from linkedin_pipeline_tests.workers.bank import EMBEDDINGS
from linkedin_pipeline_tests.workers.memory_queue import MemoryQueue
from linkedin_pipeline_tests.workers.scripted import MemoryLog

MONDAY = date(2025, 3, 3)


class Watched(MemoryQueue):
    """Remembers the sizes of its write-backs; each of the first ``together`` waits for the other.

    Posts whose text says so are refused, or take the database down.
    """

    def __init__(self, together: int = 1) -> None:
        super().__init__()
        self.sizes: list[int] = []
        self.writers: set[str] = set()
        self._barrier = threading.Barrier(together)
        self._lock = threading.Lock()

    def store_embeddings(
        self,
        claims: Sequence[Claim],
        vectors: Sequence[Embedded],
        model: str,
        serving: str | None = None,
    ) -> Settled:
        """Write, after the others have come as far."""
        self._barrier.wait(timeout=60)
        with self._lock:
            self.sizes.append(len(claims))
            self.writers.add(threading.current_thread().name)
            if any("down" in claim.content for claim in claims):
                raise DatabaseDown("the database", "no answer", "Wait.")
            if any("bad" in claim.content for claim in claims):
                raise ArithmeticError("invalid value")
            return super().store_embeddings(claims, vectors, model, serving)


def fill(queue: MemoryQueue, number: int, *odd: str) -> list[UUID]:
    """Add posts, odd ones last; return their ids."""
    return [queue.add(text, MONDAY) for text in (*(f"post {n}" for n in range(number)), *odd)]


def embed(queue: MemoryQueue) -> DrainReport:
    """Drain the embeddings in one batch."""
    worker = EmbeddingWorker(HashEmbedder())
    return drain(worker, queue, MemoryLog(), queue.clock, limits=Limits(batch_size=200))


def test_two_connections_write_vectors_at_once() -> None:
    """Each write-back waits for the other one here: one after the other would never end."""
    queue = Watched(together=2)
    posts = fill(queue, 101)
    report = embed(queue)
    assert sorted(queue.sizes) == [50, 51]
    assert len(queue.writers) == 2
    assert report.days[MONDAY] == {Outcome.DONE: 101}
    assert set(report.written) == set(posts)
    assert not any(queue.is_flagged(EMBEDDINGS, post) for post in posts)


def test_few_vectors_are_one_statement() -> None:
    """Two would cost more than they save."""
    queue = Watched()
    fill(queue, 48)
    assert embed(queue).totals()[Outcome.DONE] == 48
    assert queue.sizes == [48]


def test_a_vector_that_is_refused_holds_up_no_other_in_either_part() -> None:
    """It alone is charged, and every other counts as written."""
    queue = Watched()
    fill(queue, 99, "bad")
    report = embed(queue)
    assert report.days[MONDAY] == {Outcome.DONE: 99, Outcome.RETRIED: 1}


def test_what_was_written_counts_when_the_other_part_fails() -> None:
    """The database goes away for one of the two."""
    queue, log = Watched(), MemoryLog()
    fill(queue, 99, "down")
    worker = EmbeddingWorker(HashEmbedder())
    with pytest.raises(DatabaseDown):
        drain(worker, queue, log, queue.clock, limits=Limits(batch_size=200))
    assert log.closed[0].counts[Outcome.DONE] == 50
