"""A bank of synthetic posts whose vectors lie in clusters, as texts on a few subjects do."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import numpy.typing as npt
import psycopg
from pgvector import HalfVector
from pgvector.psycopg import register_vector

MODEL = "bench:clusters"
CLUSTERS = 200
TOPICS = 20
AUTHORS = 300
_WIDTH = 1_536
_INDEX = (
    "create index post_vectors_odd on post_vectors using hnsw (embedding halfvec_cosine_ops) "
    "with (m = 24, ef_construction = 64) where model_id % 2 = 1"
)

Rows = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Bank:
    """What was filled in: vectors to ask with, and the cluster of each."""

    topics: tuple[UUID, ...]
    queries: Rows
    asked: npt.NDArray[np.int64]
    build_seconds: float
    index_bytes: int
    source: Clusters

    def topic_of(self, cluster: int) -> int:
        """Return the place in ``topics`` of a cluster's topic: ten clusters share one."""
        return int(cluster) // (CLUSTERS // TOPICS)


class Clusters:
    """Draws vectors: a cluster's centre, a common part, and noise with a decaying spectrum."""

    def __init__(self, seed: int = 7) -> None:
        self._random = np.random.default_rng(seed)
        self._centres = _unit(self._random.normal(size=(CLUSTERS, _WIDTH)))
        self._common = _unit(self._random.normal(size=(1, _WIDTH)))
        self._scale = np.arange(1, _WIDTH + 1) ** -0.4
        self._scale /= np.linalg.norm(self._scale)
        turned, _ = np.linalg.qr(self._random.normal(size=(_WIDTH, _WIDTH)))
        self._turn = turned.astype(np.float32)

    def draw(self, number: int) -> tuple[npt.NDArray[np.int64], Rows]:
        """Return so many clusters and a vector of unit norm in each."""
        clusters = self._random.integers(0, CLUSTERS, number)
        noise = self._random.normal(size=(number, _WIDTH)) * self._scale
        rows = (
            0.75 * self._centres[clusters]
            + 0.75 * noise.astype(np.float32) @ self._turn
            + 0.4 * self._common
        )
        return clusters, _unit(rows)


def _unit(rows: npt.NDArray[Any]) -> Rows:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def fill(connection: psycopg.Connection[Any], posts: int, queries: int) -> Bank:
    """Load enriched posts past the triggers, build the index, return what to ask with."""
    register_vector(connection)
    source = Clusters()
    random = np.random.default_rng(8)
    connection.execute("drop index post_vectors_odd")
    connection.execute("select register_embedding_model(%s)", [MODEL])
    authors = [
        row[0]
        for row in connection.execute(
            "insert into profiles (full_name) select 'A' from generate_series(1, %s) returning id",
            [AUTHORS],
        )
    ]
    topics = [
        row[0]
        for row in connection.execute("select id from topics order by name limit %s", [TOPICS])
    ]
    rank = 1 / np.arange(1, AUTHORS + 1)
    connection.execute("set session_replication_role = replica")
    for start in range(0, posts, 2_000):
        clusters, vectors = source.draw(min(2_000, posts - start))
        ids = [uuid4() for _ in clusters]
        chosen = random.choice(AUTHORS, len(ids), p=rank / rank.sum())
        likes = (10 / (random.random(len(ids)) + 1e-6)).astype(int)
        with (
            connection.cursor() as cursor,
            cursor.copy(
                "copy viral_posts_bank (id, author_id, content, hook, metrics, topic_id, "
                "needs_hook_extraction, needs_embedding, needs_topic_classification, "
                "needs_audience_classification) from stdin"
            ) as copy,
        ):
            for post, who, cluster, liked in zip(ids, chosen, clusters, likes, strict=True):
                topic = topics[int(cluster) // (CLUSTERS // TOPICS)]
                text = f"word{cluster} " * 150
                copy.write_row(
                    (post, authors[who], text, "hook", f'{{"likes": {liked}}}', topic, *[False] * 4)
                )
        with (
            connection.cursor() as cursor,
            cursor.copy(
                "copy post_vectors (post_id, model_id, embedding) from stdin (format binary)"
            ) as copy,
        ):
            copy.set_types(["uuid", "int2", "halfvec"])
            for post, vector in zip(ids, vectors, strict=True):
                copy.write_row((post, 1, HalfVector(vector)))
    connection.execute("set session_replication_role = origin")
    started = time.perf_counter()
    connection.execute(_INDEX)
    seconds = time.perf_counter() - started
    connection.execute("vacuum analyze")
    row = connection.execute("select pg_relation_size('post_vectors_odd')").fetchone()
    assert row is not None
    asked, drawn = source.draw(queries)
    return Bank(tuple(topics), drawn, asked, seconds, row[0], source)
