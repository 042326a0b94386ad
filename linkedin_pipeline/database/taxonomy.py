"""The taxonomy over PostgreSQL: editable rows, embedded again once they were edited."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

from pgvector import Vector

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.queries import query
from linkedin_pipeline.domain.classifications import centroid, phrases
from linkedin_pipeline.domain.embeddings import embedded_text
from linkedin_pipeline.domain.labels import Label
from linkedin_pipeline.domain.work import Stage
from linkedin_pipeline.ports import Embedder

TABLES: Final[Mapping[Stage, str]] = {
    Stage.HOOK_CLASSIFICATIONS: "hook_types",
    Stage.TOPIC_CLASSIFICATIONS: "topics",
    Stage.AUDIENCE_CLASSIFICATIONS: "audiences",
}

COMPOSITION: Final = "centroid-1"
"""How a vector is made of a label's text; part of the hash, as another way needs new vectors."""


class PostgresTaxonomy:
    """Meets `Taxonomy`.

    A label's vector is the direction between those of its phrases (`classifications.phrases`).
    """

    def __init__(self, database: Database, embedder: Embedder) -> None:
        self._database = database
        self._embedder = embedder

    def labels(self, stage: Stage) -> Sequence[Label]:
        """Return the active labels by name; rows whose text or model changed are embedded first.

        A row edited while it is embedded keeps the hash of the text that was embedded, so the next
        call embeds it again.

        Raises:
            ProviderDown: a row must be embedded and the embedder is out; nothing was stored.
            DatabaseDown: the database does not answer.
        """
        table = TABLES[stage]
        rows = self._database.run(lambda c: c.execute(query(f"{table}_labels")).fetchall())
        hashes = {row[0]: _hash(row[2]) for row in rows}
        fresh = {
            row[0]: self._vector(row[2])
            for row in rows
            if row[3] is None or (row[4], row[5]) != (self._embedder.model, hashes[row[0]])
        }
        if fresh:
            arguments = (
                self._embedder.model,
                list(fresh),
                [Vector(vector) for vector in fresh.values()],
                [hashes[key] for key in fresh],
            )
            self._database.run(lambda c: c.execute(query(f"{table}_embed"), arguments))
        return [
            Label(
                id=row[0],
                name=row[1],
                text=row[2],
                vector=fresh[row[0]] if row[0] in fresh else row[3].to_list(),
                keywords=tuple(row[6]),
            )
            for row in rows
        ]

    def _vector(self, text: str) -> list[float]:
        parts = [embedded_text(phrase) for phrase in phrases(text)]
        return centroid(self._embedder.embed(parts))


def _hash(text: str) -> str:
    return hashlib.sha256(f"{COMPOSITION}\n{text}".encode()).hexdigest()
