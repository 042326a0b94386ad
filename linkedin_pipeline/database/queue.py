"""The work queue over PostgreSQL; claims and write-backs are functions of 300_queue.sql."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import numpy as np
from pgvector import Vector

from linkedin_pipeline.database.connections import Connection, Database
from linkedin_pipeline.database.queries import query
from linkedin_pipeline.domain.embeddings import Embedded
from linkedin_pipeline.domain.labels import LABEL_STAGES, Choice
from linkedin_pipeline.domain.work import Claim, DayRange, Reject, Settled, Stage

BUSY_PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3.0, 4.0)
"""Seconds before a write-back tries again because somebody else has the post's row locked: ten
altogether, as the caller must keep the leases of its other claims alive."""


class PostgresWorkQueue:
    """Meets `WorkQueue`; each call is one short transaction, safe in threads."""

    def __init__(self, database: Database, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._database = database
        self._sleep = sleep

    def is_enabled(self, stage: Stage) -> bool:
        """Tell whether the stage's worker is switched on."""
        rows = self._rows("is_enabled", (stage.worker,))
        return bool(rows[0][0])

    def claim(
        self, stage: Stage, limit: int, days: DayRange | None, lease: timedelta
    ) -> Sequence[Claim]:
        """Take up to ``limit`` due posts: most of them newest day first, a quarter oldest first."""
        first, last = (days.first, days.last) if days else (None, None)
        values = {"stage": stage, "limit": limit, "first": first, "last": last, "lease": lease}
        labels = list(LABEL_STAGES) if stage in LABEL_STAGES else []
        rows = self._rows("claim", {**values, "labels": labels})
        return [replace(Claim(*row[:-1]), also=frozenset(map(Stage, row[-1]))) for row in rows]

    def extend(self, stage: Stage, claims: Sequence[Claim], lease: timedelta) -> None:
        """Move the ends of live claims' leases; posts that somebody has locked are left out."""
        self._rows("extend", (stage, *_keys(claims), lease))

    def store_hooks(self, claims: Sequence[Claim], hooks: Sequence[str]) -> Settled:
        """Write hooks, lower the flag, end the claims."""
        values = dict(zip(claims, hooks, strict=True))
        return self._settle(
            "store_hooks", claims, lambda left: (*_keys(left), [values[c] for c in left])
        )

    def store_embeddings(
        self,
        claims: Sequence[Claim],
        vectors: Sequence[Embedded],
        model: str,
        serving: str | None = None,
    ) -> Settled:
        """Write vectors, sent as binary arrays (text costs a hundred times as much)."""
        values = dict(zip(claims, vectors, strict=True))

        def parameters(left: Sequence[Claim]) -> tuple[Any, ...]:
            new = [_binary(values[claim].vector) for claim in left]
            others = [values[claim].serving for claim in left]
            old = [None if other is None else _binary(other) for other in others]
            second = old if serving is not None and any(one is not None for one in old) else None
            return (*_keys(left), new, model, second, serving if second else None)

        return self._settle("store_embeddings", claims, parameters)

    def lacking(self, model: str, claims: Sequence[Claim]) -> AbstractSet[UUID]:
        """Return the posts of which the serving model has no vector of today's text."""
        posts = [claim.post_id for claim in claims]
        rows = self._rows("lacking_serving", {"model": model, "posts": posts})
        return {row[0] for row in rows}

    def store_labels(
        self, stage: Stage, claims: Sequence[Claim], choices: Sequence[Choice], model: str
    ) -> Settled:
        """Write labels that are still active, with their confidences and models."""
        values = dict(zip(claims, choices, strict=True))
        return self._settle(
            "store_labels",
            claims,
            lambda left: (
                stage,
                *_keys(left),
                [values[claim].label for claim in left],
                [values[claim].confidence for claim in left],
                [values[claim].model or model for claim in left],
            ),
        )

    def retry(
        self, stage: Stage, claims: Sequence[Claim], delays: Sequence[timedelta], *, charge: bool
    ) -> Settled:
        """Put work back; touches only the narrow work rows."""
        waits = dict(zip(claims, delays, strict=True))
        rows = self._rows(
            "retry", (stage, *_keys(claims), [waits[claim] for claim in claims], charge)
        )
        return Settled(held=frozenset(row[0] for row in rows))

    def reject(
        self, stage: Stage, claims: Sequence[Claim], verdicts: Sequence[Reject], run_id: str | None
    ) -> Settled:
        """Make dead letters."""
        reasons = dict(zip(claims, verdicts, strict=True))
        return self._settle(
            "reject",
            claims,
            lambda left: (
                stage,
                *_keys(left),
                [reasons[claim].code for claim in left],
                [reasons[claim].reason for claim in left],
                stage.worker,
                run_id,
            ),
        )

    def _settle(
        self,
        statement: str,
        claims: Sequence[Claim],
        parameters: Callable[[Sequence[Claim]], tuple[Any, ...]],
    ) -> Settled:
        """Run a write-back, and again for the posts that were locked by somebody else."""
        held: set[Any] = set()
        left = list(claims)
        for pause in (0.0, *BUSY_PAUSES):
            if pause:
                self._sleep(pause)
            answers = dict(self._rows(statement, parameters(left)))
            held.update(post for post, written in answers.items() if written)
            left = [c for c in left if answers.get(c.post_id) is False]
            if not left:
                break
        return Settled(frozenset(held), frozenset(claim.post_id for claim in left))

    def _rows(self, statement: str, parameters: Any) -> list[tuple[Any, ...]]:
        def work(connection: Connection) -> list[tuple[Any, ...]]:
            return connection.execute(query(statement), parameters).fetchall()

        return self._database.run(work)


def _binary(vector: Sequence[float]) -> Vector:
    return Vector(np.asarray(vector, np.float32))


def _keys(claims: Sequence[Claim]) -> tuple[list[Any], list[int]]:
    return [claim.post_id for claim in claims], [claim.token for claim in claims]
