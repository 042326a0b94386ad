"""What near neighbours say of labels, and how often the model says the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.queries import query
from linkedin_pipeline.domain.cascade import CASCADED, Audit, Vote, cascade_of
from linkedin_pipeline.domain.work import Stage

NEWEST: Final = 200
"""How many of the latest audits of a stage an agreement is made of."""


class PostgresNeighbours:
    """Meets `Neighbours`; safe in threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def votes(
        self, stage: Stage, model: str, posts: Sequence[UUID], threshold: float
    ) -> Mapping[UUID, Vote]:
        """Return the labels that neighbours agree on, by post; one pass over the graph each."""
        rows = self._rows("cascade_votes", (stage, list(posts), model, threshold))
        return {post: Vote(label, similarity) for post, label, similarity in rows}

    def record(self, stage: Stage, model: str, audits: Sequence[Audit]) -> None:
        """Write what both said; of a post that is gone nothing."""
        posts, similarities, ours, theirs = (
            [audit.post_id for audit in audits],
            [audit.vote.similarity for audit in audits],
            [audit.vote.label for audit in audits],
            [audit.label for audit in audits],
        )
        self._rows("cascade_record", (stage, model, posts, similarities, ours, theirs))

    def _rows(self, statement: str, values: Any) -> list[tuple[Any, ...]]:
        return self._database.run(lambda c: c.execute(query(statement), values).fetchall())


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of the latest audits of a stage, how often neighbours and model said the same."""

    stage: Stage
    audits: int
    agreed: int

    @property
    def share(self) -> float:
        """The agreement, 0 to 1; 1 without audits."""
        return self.agreed / self.audits if self.audits else 1.0


@dataclass(frozen=True, slots=True)
class Decided:
    """How many posts have a label of a stage from their neighbours, and how many from the model."""

    stage: Stage
    neighbours: int
    model: int


def agreements(database: Database, model: str, threshold: float) -> Sequence[Agreement]:
    """Return the agreement of a model with neighbours as near as ``threshold``, by stage.

    Of each stage the latest `NEWEST` audits count.

    Raises:
        DatabaseDown: the database does not answer.
    """
    values = {
        "stages": [str(stage) for stage in CASCADED],
        "model": model,
        "threshold": threshold,
        "newest": NEWEST,
    }
    rows = database.run(lambda c: c.execute(query("cascade_agreement"), values).fetchall())
    return [Agreement(Stage(row[0]), *row[1:]) for row in rows]


def decided(database: Database, model: str) -> Sequence[Decided]:
    """Return who decided, by stage; reads the whole bank.

    Raises:
        DatabaseDown: the database does not answer.
    """
    values = {"model": model, "cascade": cascade_of(model)}
    rows = database.run(lambda c: c.execute(query("cascade_decided"), values).fetchall())
    return [Decided(Stage(row[0]), *row[1:]) for row in rows]
