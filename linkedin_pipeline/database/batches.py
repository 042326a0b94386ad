"""Batches and what they ask, over PostgreSQL; SQL in 660_batches.sql."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from linkedin_pipeline.database.connections import Connection, Database
from linkedin_pipeline.database.queries import query
from linkedin_pipeline.database.queue import PostgresWorkQueue
from linkedin_pipeline.domain.ai import CallOutcome, Model, Permit, Plan, Purpose, Usage
from linkedin_pipeline.domain.batches import AskedPost, Batch, BatchLine, BatchState
from linkedin_pipeline.domain.work import Claim, DayRange, Stage
from linkedin_pipeline.ports import AiLedger

LEASE = timedelta(minutes=5)
"""How long a batch is ours without a word: one upload or one download, or a piece of it."""


class PostgresBatchStore:
    """Meets `BatchStore`; each call is one short transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self, batch: Batch, lines: Sequence[BatchLine], wait: timedelta) -> Batch | None:
        """Write the intent."""
        asked = [(number, q) for number, line in enumerate(lines) for q in line.questions]
        arguments = {
            "batch": batch.id,
            "provider": batch.model.provider,
            "model": batch.model.name,
            "purpose": str(batch.purpose),
            "stage": batch.stage,
            "call": batch.call_id,
            "sizes": list(batch.line_sizes),
            "wait": wait,
            "lease": LEASE,
            "posts": [question.post_id for _, question in asked],
            "stages": [str(question.stage) for _, question in asked],
            "tokens": [question.token for _, question in asked],
            "lines": [number for number, _ in asked],
            "places": [question.place for _, question in asked],
            "keys": [question.key for _, question in asked],
        }

        def work(connection: Connection) -> UUID | None:
            # repeated when the answer was lost: then it is there already
            found = connection.execute(query("batch_holder"), (batch.id,)).fetchone()
            row = found or connection.execute(query("open_batch"), arguments).fetchone()
            return row[0] if row else None

        holder = self._database.run(work)
        return None if holder is None else replace(batch, holder=holder)

    def take(self, done: Sequence[UUID]) -> Batch | None:
        """Take the open batch that was not looked at for longest."""
        rows = self._rows("take_batch", (list(done), LEASE))
        return _batch(rows[0]) if rows else None

    def advance(
        self,
        batch: Batch,
        state: BatchState | None = None,
        *,
        file_id: str | None = None,
        provider_batch_id: str | None = None,
    ) -> bool:
        """Record how far it came, and hold it on."""
        arguments = (batch.id, batch.holder, LEASE, state, file_id, provider_batch_id)
        return bool(self._rows("advance_batch", arguments)[0][0])

    def let_go(self, batch: Batch, *, extend: bool = True) -> None:
        """Leave it open until the next look."""
        self._rows("let_batch_go", (batch.id, batch.holder, extend))

    def close(
        self,
        batch: Batch,
        state: BatchState,
        *,
        error: str | None = None,
        answered: int = 0,
        discarded: int = 0,
        forget: bool = False,
        delay: timedelta = timedelta(0),
    ) -> bool:
        """End it and wake its posts."""
        how = (state, error, answered, discarded, forget, delay)
        return bool(self._rows("close_batch", (batch.id, batch.holder, *how))[0][0])

    def asked(self, batch: UUID, line: int) -> Sequence[AskedPost]:
        """Return what a line asks of posts that still exist, by place."""
        return [
            AskedPost(place, Stage(stage), bytes(key), post, content, hook)
            for place, stage, key, post, content, hook in self._rows("asked_in_line", (batch, line))
        ]

    def excluded(self, keys: Sequence[bytes]) -> AbstractSet[bytes]:
        """Return those that are answered already, or were asked by a batch in vain."""
        found = self._rows("not_for_a_batch", {"keys": list(keys)}) if keys else []
        return {bytes(key) for (key,) in found}

    def _rows(self, statement: str, arguments: Any) -> list[tuple[Any, ...]]:
        def work(connection: Connection) -> list[tuple[Any, ...]]:
            return connection.execute(query(statement), arguments).fetchall()

        return self._database.run(work)


class FreeCalls:
    """Meets `AiLedger` for calls that cost nothing, such as those of files and batches.

    They heed and make pauses like any other, and stand in no ledger.
    """

    def __init__(self, database: Database, ledger: AiLedger) -> None:
        self._database = database
        self._ledger = ledger

    def begin(self, plan: Plan) -> Permit:
        """Permit the call, unless its provider is paused."""
        scopes = {"provider": plan.model.provider, "model": str(plan.model)}
        row = self._database.run(lambda c: c.execute(query("free_call_pause"), scopes).fetchone())
        return Permit("paused", row[0], row[1]) if row else Permit("go", call_id=uuid4())

    def end(self, call_id: UUID, outcome: CallOutcome, usage: Usage, seconds: float) -> None:
        """Write nothing."""

    def pause(
        self,
        scope: str,
        code: str,
        reason: str,
        *,
        seconds: float | None = None,
        first: float = 15.0,
        longest: float = 600.0,
        worker: str | None = None,
    ) -> float:
        """Pause a provider or a model for everybody."""
        return self._ledger.pause(
            scope, code, reason, seconds=seconds, first=first, longest=longest, worker=worker
        )


class AnsweredQueue(PostgresWorkQueue):
    """A queue of the posts alone that batches have answered, on whatever day."""

    def claim(
        self, stage: Stage, limit: int, days: DayRange | None, lease: timedelta
    ) -> Sequence[Claim]:
        """Take up to ``limit`` answered posts."""
        del days
        return [Claim(*row) for row in self._rows("claim_answered", (stage, limit, lease))]


@dataclass(frozen=True, slots=True)
class SeenBatch:
    """A batch as people see it; ages are seconds, ``polled`` is None before the first look."""

    id: UUID
    model: str
    stage: Stage
    state: BatchState
    questions: int
    answered: int
    discarded: int
    error: str | None
    provider_batch_id: str | None
    age: float
    polled: float | None

    @property
    def is_open(self) -> bool:
        """Tell whether its posts wait for it."""
        return self.state not in {BatchState.ENDED, BatchState.FAILED}


def seen_batches(database: Database, since: datetime | None = None) -> list[SeenBatch]:
    """Return the batches that are open, or were made or ended ``since`` then, oldest first."""
    moment = {"since": since or datetime.max.replace(tzinfo=UTC)}
    rows = database.run(lambda c: c.execute(query("seen_batches"), moment).fetchall())
    return [SeenBatch(row[0], row[1], Stage(row[2]), BatchState(row[3]), *row[4:]) for row in rows]


def batched_posts(database: Database, run_id: str) -> int:
    """Return how many posts a run put into batches, in the stage that has most."""
    row = database.run(lambda c: c.execute(query("batched_by_run"), (run_id,)).fetchone())
    return row[0] if row else 0


def _batch(row: tuple[Any, ...]) -> Batch:
    return Batch(
        id=row[0],
        model=Model(row[1], row[2]),
        purpose=Purpose(row[3]),
        stage=Stage(row[4]),
        state=BatchState(row[5]),
        call_id=row[6],
        line_sizes=row[7],
        holder=row[8],
        input_file_id=row[9],
        provider_batch_id=row[10],
        created_at=row[11],
        age=row[12],
        overdue=row[13],
    )
