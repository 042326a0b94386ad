"""Flags and due work, as sensors, runs and people see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from uuid import UUID

from linkedin_pipeline.database.connections import Connection, Database
from linkedin_pipeline.database.queries import query
from linkedin_pipeline.domain.work import DayRange, Stage

CHUNK = 1000


@dataclass(frozen=True, slots=True)
class DueWork:
    """What waits: per stage the first and last day with unclaimed due work, switches included."""

    days: Mapping[Stage, DayRange]
    disabled: frozenset[Stage]


def due_work(database: Database, first: date, last: date) -> DueWork:
    """Return the stages with work that is due on posts of the given days.

    Reads the work table and the switches only; cost follows the number of days with work.
    """
    arguments = (first, last, list(Stage), [stage.worker for stage in Stage])
    rows = database.run(lambda c: c.execute(query("due_work"), arguments).fetchall())
    return DueWork(
        days={Stage(stage): DayRange(since, until) for stage, since, until, on in rows if on},
        disabled=frozenset(Stage(stage) for stage, _, _, on in rows if not on),
    )


def raise_flags(database: Database, stage: Stage, days: DayRange) -> int:
    """Flag all posts of the days for one stage, in chunks of 1,000; return how many.

    Raising a raised flag changes nothing, so that a repeat after an interruption is harmless.
    """
    raised, after = 0, None
    while True:
        number, after = database.run(partial(_raise_chunk, stage, days, after))
        raised += number
        if number < CHUNK:
            return raised


def _raise_chunk(
    stage: Stage, days: DayRange, after: UUID | None, connection: Connection
) -> tuple[int, UUID | None]:
    arguments = (stage, days.first, days.last, after, CHUNK)
    (row,) = connection.execute(query("raise_flags"), arguments).fetchall()
    return row[0], row[1]
