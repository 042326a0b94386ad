"""The embedding models of the bank, and how well the search over their vectors works."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from linkedin_pipeline.database.connections import Connection, Database
from linkedin_pipeline.database.queries import query

SAMPLES: Final = 20
LEAST_RECALL: Final = 0.98
_FORGET: Final = 1_000


@dataclass(frozen=True, slots=True)
class Recall:
    """Which part of the true ten nearest posts the search finds, for one kind of filter."""

    filter: str
    sampled: int
    recall: float
    measured_at: datetime


def serving_model(database: Database) -> str | None:
    """Return the model whose vectors search reads; None on an empty bank."""
    return str(row[0]) if (row := _row(database, "serving")) and row[0] else None


def is_whole(database: Database, model: str) -> bool:
    """Tell whether a model that does not serve yet could be promoted now; changes nothing."""

    def work(connection: Connection) -> bool:
        with connection.transaction(force_rollback=True):
            row = connection.execute(query("promote_model"), (model,)).fetchone()
        return bool(row and row[0])

    return database.run(work)


def promote(
    database: Database, model: str, labels: Sequence[tuple[str, tuple[Any, ...]]] = ()
) -> bool:
    """Let ``model`` serve the search if its set is whole.

    ``labels`` are statements by name, with their arguments, that give the taxonomy its vectors of
    the model; they are part of the transaction.

    Raises:
        DatabaseDown: the database does not answer.
    """

    def work(connection: Connection) -> bool:
        with connection.transaction():
            row = connection.execute(query("promote_model"), (model,)).fetchone()
            if not (row and row[0]):
                return False
            for statement, arguments in labels:
                connection.execute(query(statement), arguments)
        return True

    return database.run(work)


def forget_retired(database: Database) -> int:
    """Delete some thousand vectors of retired models, so that the vacuum after it stays small."""
    row = _row(database, "forget_retired", _FORGET)
    return int(row[0]) if row else 0


def daily_recall(database: Database) -> Sequence[Recall]:
    """Return the newest measurement; makes one first when it is a day old or was too low.

    Takes about 0.3 s a sample at 100,000 posts; given up after five minutes.  When two ask at once
    the second gets the measurement of before.

    Raises:
        DatabaseDown: the database does not answer, or not in time.
    """

    def work(connection: Connection) -> list[Recall]:
        with connection.transaction():
            connection.execute(query("recall_timeout"))
            connection.execute(query("recall_measure"), {"samples": SAMPLES, "least": LEAST_RECALL})
        return [Recall(*row) for row in connection.execute(query("recall_newest"))]

    return database.run(work)


def _row(database: Database, name: str, *arguments: Any) -> tuple[Any, ...] | None:
    return database.run(lambda c: c.execute(query(name), arguments).fetchone())
