"""Work, publications and money by day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from linkedin_pipeline.database.connections import Connection, Database
from linkedin_pipeline.database.queries import query
from linkedin_pipeline.database.status import bounded_read
from linkedin_pipeline.domain.ai import Purpose
from linkedin_pipeline.domain.work import Stage

DAYS: Final = 30

Series = Mapping[str, Sequence[float]]


@dataclass(frozen=True, slots=True)
class Trends:
    """The last days (UTC), oldest first, and a number for each of them by name.

    ``enriched``: posts that left each stage; ``published``: by profiles and by company pages;
    ``usd``: US dollars by purpose.
    """

    days: Sequence[date]
    enriched: Series
    published: Series
    usd: Series


def trends(database: Database, days: int = DAYS) -> Trends:
    """Return what happened on each of the last ``days``, today included.

    Raises:
        DatabaseDown: the database does not answer, or not in time.
    """

    def work(connection: Connection) -> Trends:
        dates = [row[0] for row in connection.execute(query("trend_days"), (days,))]
        workers = {stage.worker: str(stage) for stage in Stage}
        arguments = {"since": dates[0], "workers": list(workers)}

        def series(statement: str, names: Sequence[str]) -> Series:
            rows = connection.execute(query(statement), arguments).fetchall()
            return _series(rows, names, dates)

        enriched = series("enriched_by_day", list(workers))
        return Trends(
            days=dates,
            enriched={workers[name]: numbers for name, numbers in enriched.items()},
            published=series("published_by_day", ("profiles", "company pages")),
            usd=series("spent_by_day", [*map(str, Purpose)]),
        )

    return bounded_read(database, work)


def _series(rows: Sequence[Any], names: Sequence[str], dates: Sequence[date]) -> Series:
    """Return a number for every day: those ``names`` always, others when they have any."""
    found = {(name, day): float(number) for name, day, number in rows}
    others = sorted({name for name, _ in found} - set(names))
    return {name: [found.get((name, day), 0.0) for day in dates] for name in (*names, *others)}
