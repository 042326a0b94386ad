"""What the health checks look at: pure reads of bounded cost, with numbers and ids, no post text.

Each function reads in one read-only transaction of its own that gives up after 20 seconds.

Raises (all functions): DatabaseDown when the database does not answer, or not in time.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from linkedin_pipeline.database.connections import Connection, Database
from linkedin_pipeline.database.incidents import (
    ABANDONED,
    HEART_BEAT_STOPPED,
    NEVER_ENDED,
    SILENCE,
)
from linkedin_pipeline.database.queries import query
from linkedin_pipeline.domain.labels import LABEL_STAGES
from linkedin_pipeline.domain.work import Stage

LATE: Final = timedelta(minutes=15)
MOST_OVERDUE: Final = 10_000
MOST_LOST: Final = 1_000
MOST_DRAINS: Final = 100
"""Where counting stops; a number that large means "at least"."""
MOST_BYTES: Final = 2**30
"""How much of the bank is read for want of an index: all of some 300,000 to 2,000,000 posts."""
RECENT: Final = timedelta(days=7)
BEFORE: Final = timedelta(days=28)
CLOSED: Final = timedelta(hours=1)
_TIMEOUT: Final = "20s"
_BEYOND_CHANCE: Final = 4.0


@dataclass(frozen=True, slots=True)
class Overdue:
    """Work of one stage that nobody took up for `LATE`, though it was free: the oldest's age."""

    stage: Stage
    enabled: bool
    posts: int
    oldest_minutes: float


@dataclass(frozen=True, slots=True)
class Lost:
    """Posts of one stage with neither value, flag nor dead letter; ``example`` is one of them."""

    stage: Stage
    posts: int
    example: UUID


@dataclass(frozen=True, slots=True)
class DeadLetterCount:
    """Unresolved dead letters of one stage that share a reason."""

    stage: Stage
    code: str
    number: int


@dataclass(frozen=True, slots=True)
class DeadLetterShare:
    """Posts with an unresolved dead letter of any stage, of all posts; the largest group first."""

    posts: int
    bank: int
    groups: Sequence[DeadLetterCount]

    @property
    def percent(self) -> float:
        """The share of the bank, 0 to 100."""
        return 100.0 * self.posts / self.bank if self.bank else 0.0


@dataclass(frozen=True, slots=True)
class LabelMix:
    """How many posts got each label of one stage: in the last days, and in the time before."""

    stage: Stage
    recent: Mapping[str, int]
    before: Mapping[str, int]

    @property
    def sizes(self) -> tuple[int, int]:
        """Labelled posts, recent and before."""
        return sum(self.recent.values()), sum(self.before.values())

    @property
    def moves(self) -> Mapping[str, float]:
        """How far each label's share moved, -1 to 1, the farthest first; empty without posts."""
        recent, before = self.sizes
        if not recent or not before:
            return {}
        moves = {
            label: self.recent.get(label, 0) / recent - self.before.get(label, 0) / before
            for label in {*self.recent, *self.before}
        }
        return dict(sorted(moves.items(), key=lambda move: (-abs(move[1]), move[0])))

    @property
    def distance(self) -> float:
        """Total variation distance: half the sum of the shares' moves, 0 (same) to 1 (disjoint)."""
        return sum(abs(move) for move in self.moves.values()) / 2

    @property
    def chance(self) -> float:
        """The distance that two samples of one and the same mix exceed about once in a thousand.

        Small samples of many labels differ by chance alone: with 30 labels and 50 posts a side the
        mean is 0.41.  Each share's difference is taken as normal with the pooled variance; this is
        the mean of half the sum of their absolute values plus four standard deviations.
        """
        recent, before = self.sizes
        if not recent or not before:
            return 1.0
        shares = [
            (self.recent.get(label, 0) + self.before.get(label, 0)) / (recent + before)
            for label in {*self.recent, *self.before}
        ]
        variances = [share * (1 - share) * (1 / recent + 1 / before) for share in shares]
        mean = sum(math.sqrt(2 / math.pi * variance) for variance in variances) / 2
        spread = math.sqrt((1 - 2 / math.pi) * sum(variances)) / 2
        return min(mean + _BEYOND_CHANCE * spread, 1.0)


@dataclass(frozen=True, slots=True)
class DeadDrain:
    """A drain without a heart-beat; ``closed`` once its log row was closed for it.

    Where nobody beats, ``last_beat`` is the start.
    """

    worker: str
    run_id: str | None
    last_beat: datetime
    closed: bool


def overdue(database: Database, stages: Sequence[Stage]) -> list[Overdue]:
    """Return the stages with free work that was due for more than 15 minutes.

    Waits for retries and live claims do not count.  Counts at most 10,000 posts a stage.
    """
    rows = read(database, "health_overdue", late=LATE, cap=MOST_OVERDUE)
    found = {Stage(row[0]): Overdue(Stage(row[0]), *row[1:]) for row in rows}
    return [found[stage] for stage in stages if stage in found]


def readable_percent(database: Database) -> float:
    """Return how much of the bank may be passed over, 100 until it outgrows `MOST_BYTES`."""
    [(percent,)] = read(database, "health_part", bytes=MOST_BYTES)
    return float(percent)


def lost_work(database: Database, percent: float) -> list[Lost]:
    """Return the stages with posts that have no value and that nothing asks for any more.

    A dead letter explains itself; a hook type is missed only where there is a hook.  Counts at most
    1,000 over all stages.  Looks at the given part of the bank, 0 to 100, a new one each time.
    """
    rows = read(database, "health_lost", cap=MOST_LOST, percent=percent)
    return sorted((Lost(Stage(row[0]), *row[1:]) for row in rows), key=lambda lost: lost.stage)


def dead_letter_share(database: Database) -> DeadLetterShare:
    """Return unresolved dead letters by stage and reason, and how much of the bank they are."""
    groups = [
        DeadLetterCount(Stage(row[0]), *row[1:]) for row in read(database, "health_dead_letters")
    ]
    [(posts, bank)] = read(database, "health_dead_posts")
    return DeadLetterShare(posts, bank, groups)


def label_mixes(database: Database, percent: float) -> list[LabelMix]:
    """Return the mix of each kind of label on posts created in the last 7 days and the 28 before.

    Looks at the given part of the bank, 0 to 100, a new one each time.
    """
    rows = read(database, "health_label_mix", recent=RECENT, before=BEFORE, percent=percent)
    return [
        LabelMix(
            stage,
            recent={label: number for at, label, number, _ in rows if at == stage and number},
            before={label: number for at, label, _, number in rows if at == stage and number},
        )
        for stage in LABEL_STAGES
    ]


def dead_drains(database: Database) -> list[DeadDrain]:
    """Return drains that are silent for two minutes, or were closed for it in the last hour.

    Logs of SQL callers, which do not beat, count after six hours.  The latest beat first, at most
    100.
    """
    rows = read(
        database,
        "health_dead_drains",
        silent=SILENCE,
        abandoned=ABANDONED,
        closings=[HEART_BEAT_STOPPED, NEVER_ENDED],
        closed=CLOSED,
        cap=MOST_DRAINS,
    )
    return [DeadDrain(*row) for row in rows]


def read(database: Database, name: str, **arguments: Any) -> list[tuple[Any, ...]]:
    """Run a named statement in a read-only transaction that gives up after 20 seconds."""

    def work(connection: Connection) -> list[tuple[Any, ...]]:
        with connection.transaction():
            connection.execute(query("health_reading"), {"timeout": _TIMEOUT})
            return connection.execute(query(name), arguments).fetchall()

    return database.run(work)
