"""Counts that people look at: pure reads, each given up after 20 seconds.

Raises (all functions): DatabaseDown when the database does not answer, or not in time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from linkedin_pipeline.database.connections import Connection, Database
from linkedin_pipeline.database.incidents import ABANDONED, SILENCE
from linkedin_pipeline.database.migration_history import pending
from linkedin_pipeline.database.queries import query
from linkedin_pipeline.domain.upkeep import Upkeep
from linkedin_pipeline.domain.work import Stage

R = TypeVar("R")

STATEMENT_TIMEOUT = "20s"


@dataclass(frozen=True, slots=True)
class StageWork:
    """Flagged work of one stage: ``pending`` is all of it.

    Of that ``waiting`` is not due yet, ``leased`` is in somebody's hands.  ``oldest_due`` is since
    when work could have been taken; ``next_in`` the seconds until more of it can be.
    """

    pending: int
    waiting: int
    leased: int
    oldest_due: datetime | None
    next_in: float | None


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """Unresolved dead letters of one stage that share a reason; ``example`` is one message."""

    stage: Stage
    code: str
    number: int
    example: str


@dataclass(frozen=True, slots=True)
class Leases:
    """Work of one kind in somebody's hands; the first lease ends in ``ends_in`` seconds."""

    kind: str
    held: int
    ends_in: float


@dataclass(frozen=True, slots=True)
class BankCounts:
    """Posts, their authors, and how many posts carry each derived value."""

    posts: int
    authors: int
    hooks: int
    embeddings: int
    hook_types: int
    topics: int
    audiences: int


@dataclass(frozen=True, slots=True)
class ProfileCounts:
    """Profiles, those that have a style, and those whose style is due."""

    profiles: int
    styles: int
    due: int


@dataclass(frozen=True, slots=True)
class ModelCount:
    """An embedding model, its state, and how many vectors of it are stored."""

    name: str
    state: str
    vectors: int


@dataclass(frozen=True, slots=True)
class Switch:
    """A worker's switch."""

    worker: str
    on: bool
    description: str


@dataclass(frozen=True, slots=True)
class Drain:
    """The last drain of a worker; ages are seconds since its start and its last heart-beat.

    SQL callers do not beat; the silence of theirs begins with the start.
    """

    worker: str
    status: str
    age: float
    silence: float
    beats: bool
    results: Mapping[str, Any]
    error: str | None

    @property
    def is_dead(self) -> bool:
        """Tell whether it says "running" but no process is behind it any more."""
        patience = SILENCE if self.beats else ABANDONED
        return self.status == "running" and self.silence > patience.total_seconds()


def work_left(database: Database) -> Mapping[Stage, StageWork]:
    """Return the flagged work of each stage that has any, in the order of the stages."""
    found = {row[0]: StageWork(*row[1:]) for row in _rows(database, "work_left")}
    return {stage: found[stage] for stage in Stage if stage in found}


def dead_letters(database: Database) -> list[DeadLetters]:
    """Return unresolved dead letters by stage and reason."""
    return [DeadLetters(Stage(row[0]), *row[1:]) for row in _rows(database, "dead_letters")]


def bank_counts(database: Database) -> BankCounts:
    """Count what the bank holds."""
    return BankCounts(*_rows(database, "bank_counts")[0])


def profile_counts(database: Database, min_posts: int) -> ProfileCounts:
    """Count profiles and styles; a first style is due from ``min_posts`` posts on."""
    return ProfileCounts(*_rows(database, "profile_counts", min_posts)[0])


def model_counts(database: Database) -> list[ModelCount]:
    """Return the embedding models in the order in which they became known."""
    return [ModelCount(*row) for row in _rows(database, "model_counts")]


def leases(database: Database) -> list[Leases]:
    """Return the leases that hold now: on posts by stage, styles, publications and alerts."""
    return [Leases(*row) for row in _rows(database, "leases")]


def switches(database: Database) -> list[Switch]:
    """Return all switches by name."""
    return [Switch(*row) for row in _rows(database, "switches")]


def drains_of(database: Database, run_ids: Sequence[str]) -> list[tuple[str, Mapping[str, Any]]]:
    """Return worker name and results of each drain that the runs made, oldest first."""
    return [(row[0], row[1]) for row in _rows(database, "drains_of_runs", list(run_ids))]


def last_drains(database: Database) -> list[Drain]:
    """Return the last drain of each worker that has drained, by worker."""
    return [Drain(*row) for row in _rows(database, "last_drains")]


def last_upkeep(database: Database) -> list[Drain]:
    """Return the last time of each task of the maintenance, of those that were ever done."""
    return [Drain(*row) for row in _rows(database, "last_upkeep", [*map(str, Upkeep)])]


def missing_schema(database: Database) -> tuple[str, ...]:
    """Name what the database lacks of this version's SQL; empty when it is current."""
    return bounded_read(database, pending)


def _rows(database: Database, name: str, *arguments: Any) -> list[tuple[Any, ...]]:
    return bounded_read(database, lambda c: c.execute(query(name), arguments).fetchall())


def bounded_read(database: Database, read: Callable[[Connection], R]) -> R:
    """Give ``read`` a read-only transaction and 20 seconds for each statement."""

    def work(connection: Connection) -> R:
        with connection.transaction():
            connection.execute(query("status_reading"), (STATEMENT_TIMEOUT,))
            return read(connection)

    return database.run(work)
