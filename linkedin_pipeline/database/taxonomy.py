"""The taxonomy over PostgreSQL: editable rows, embedded again once they were edited."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, Final
from uuid import UUID

from pgvector import Vector

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.queries import query
from linkedin_pipeline.domain.classifications import centroid, phrases
from linkedin_pipeline.domain.embeddings import embedded_text
from linkedin_pipeline.domain.errors import ProviderDown
from linkedin_pipeline.domain.labels import Label
from linkedin_pipeline.domain.work import Stage
from linkedin_pipeline.ports import Embedder

logger = logging.getLogger(__name__)

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
        call embeds it again.  While the embedder is out such rows come without a vector: who reads
        texts can choose by them all the same.

        Raises:
            DatabaseDown: the database does not answer.
        """
        rows = self._rows(stage)
        outdated = self._outdated(rows)
        try:
            fresh = self._vectors(outdated)
        except ProviderDown as outage:
            logger.warning("taxonomy.not_embedded table=%s reason=%s", TABLES[stage], outage.value)
            fresh = {}
        if fresh:
            statement, arguments = self._update(stage, rows, fresh)
            self._database.run(lambda c: c.execute(query(statement), arguments))
            self._embedder.forget([text for parts in outdated.values() for text in parts])
        labels = []
        for row in rows:
            stored = () if row[0] in outdated else row[3].to_list()
            vector = fresh.get(row[0], stored)
            model = self._embedder.model if len(vector) else ""
            labels.append(Label(row[0], row[1], row[2], vector, tuple(row[6]), model))
        return labels

    def embedded(self) -> tuple[Sequence[tuple[str, tuple[Any, ...]]], Sequence[str]]:
        """Return the statements, with arguments, that give all outdated rows their vectors.

        For a transaction of the caller's: the names are those of `queries.query`.  The texts that
        come with them are the embedder's to forget when it is over.

        Raises:
            ProviderDown: the embedder is out.
        """
        updates, texts = [], []
        for stage in TABLES:
            rows = self._rows(stage)
            outdated = self._outdated(rows)
            if fresh := self._vectors(outdated):
                updates.append(self._update(stage, rows, fresh))
                texts += [text for parts in outdated.values() for text in parts]
        return updates, texts

    def _rows(self, stage: Stage) -> Sequence[tuple[Any, ...]]:
        name = f"{TABLES[stage]}_labels"
        return self._database.run(lambda c: c.execute(query(name)).fetchall())

    def _outdated(self, rows: Sequence[tuple[Any, ...]]) -> Mapping[UUID, Sequence[str]]:
        """Return the phrases of rows whose vector is missing, another model's or an old text's."""
        return {
            row[0]: [embedded_text(phrase) for phrase in phrases(row[2])]
            for row in rows
            if row[3] is None or (row[4], row[5]) != (self._embedder.model, _hash(row[2]))
        }

    def _update(
        self, stage: Stage, rows: Sequence[tuple[Any, ...]], fresh: Mapping[UUID, Sequence[float]]
    ) -> tuple[str, tuple[Any, ...]]:
        hashes = {row[0]: _hash(row[2]) for row in rows}
        return f"{TABLES[stage]}_embed", (
            self._embedder.model,
            list(fresh),
            [Vector(list(vector)) for vector in fresh.values()],
            [hashes[key] for key in fresh],
        )

    def _vectors(self, texts: Mapping[UUID, Sequence[str]]) -> dict[UUID, list[float]]:
        """Embed the phrases of all labels in one go, so that a provider's requests are filled."""
        if not texts:
            return {}
        embedded = iter(self._embedder.embed([text for parts in texts.values() for text in parts]))
        return {key: centroid(list(islice(embedded, len(parts)))) for key, parts in texts.items()}


def _hash(text: str) -> str:
    return hashlib.sha256(f"{COMPOSITION}\n{text}".encode()).hexdigest()
