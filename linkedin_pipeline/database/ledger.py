"""The ledger of paid calls and the answers that wait to be stored; SQL in 650_ai_calls.sql."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
from pgvector import Vector

from linkedin_pipeline.database.connections import Connection, Database
from linkedin_pipeline.database.queries import query
from linkedin_pipeline.domain.ai import BUDGET, LOCAL, CallOutcome, Model, Permit, Plan, Usage


class PostgresAiLedger:
    """Meets `AiLedger`; each call is one short transaction.

    ``budget`` is the most that may be spent in a UTC day, in US dollars; None for no limit.
    """

    def __init__(
        self, database: Database, *, budget: Decimal | None = None, run_id: str | None = None
    ) -> None:
        self._database = database
        self._budget = budget
        self._run_id = run_id

    def begin(self, plan: Plan) -> Permit:
        """Ask for permission; with a budget, callers take turns for a moment."""
        arguments = {
            "provider": plan.model.provider,
            "model": plan.model.name,
            "purpose": str(plan.purpose),
            "stage": plan.stage,
            "profile": plan.profile_id,
            "items": plan.items,
            "input": plan.input_tokens,
            "output": plan.output_tokens,
            "batch": plan.batch,
            "budget": self._budget,
            "run": self._run_id,
            "worker": plan.worker,
        }
        return Permit(*_rows(self._database, "begin_ai_call", arguments)[0])

    def end(self, call_id: UUID, outcome: CallOutcome, usage: Usage, seconds: float) -> None:
        """Write down outcome, tokens, cost and latency."""
        tokens = (usage.input, usage.cached, usage.output)
        _rows(self._database, "end_ai_call", (call_id, outcome, *tokens, round(seconds * 1000)))

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
        arguments = (scope, code, reason, seconds, first, longest, worker)
        return float(_rows(self._database, "pause_provider", arguments)[0][0])


class PostgresAnswerStore:
    """Meets `AnswerStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def vectors(self, keys: Sequence[bytes]) -> Mapping[bytes, Sequence[float]]:
        """Return kept vectors as numpy rows of float32."""
        rows = _rows(self._database, "kept_vectors", (list(keys),), binary=True) if keys else []
        return {bytes(key): vector.to_numpy() for key, vector in rows}

    def keep_vectors(self, answers: Mapping[bytes, Sequence[float]]) -> None:
        """Keep vectors; one that is kept already stays as it is."""
        vectors = [Vector(np.asarray(vector, np.float32)) for vector in answers.values()]
        self._write("keep_vectors", (list(answers), vectors))

    def labels(self, keys: Sequence[bytes]) -> Mapping[bytes, str]:
        """Return kept label names."""
        return {
            bytes(key): label for key, label in _rows(self._database, "kept_labels", (list(keys),))
        }

    def keep_labels(self, answers: Mapping[bytes, str], profile_id: UUID | None = None) -> None:
        """Keep label names, or a profile's style; one that is kept already stays as it is."""
        labels = (list(answers), list(answers.values()))
        if profile_id is None:
            self._write("keep_labels", labels)
        else:
            self._write("keep_style", (profile_id, *labels))

    def forget(self, keys: Sequence[bytes]) -> None:
        """Drop these answers, and what nobody asked for in a week."""
        self._write("forget_answers", (list(keys),))

    def _write(self, statement: str, arguments: Any) -> None:
        self._database.run(lambda c: c.execute(query(statement), arguments))


@dataclass(frozen=True, slots=True)
class Pause:
    """A provider, or a model written ``provider:model``, that nobody calls for ``left`` seconds.

    ``budget_usd`` is the daily budget that is used up, where that is the reason.
    """

    scope: str
    code: str
    reason: str
    since: datetime
    until: datetime
    left: float
    budget_usd: Decimal | None = None

    def holds(self, model: Model, budget: Decimal | None) -> bool:
        """Tell whether calls of a model wait because of it, with the daily ``budget`` of now.

        A used budget holds all paid models, until it is another one; so does the missing price of
        one model, as long as there is a budget.
        """
        if self.scope == BUDGET:
            return model.provider != LOCAL and self.budget_usd == budget
        unpriced = f"{BUDGET}:{model}" if budget is not None else str(model)
        return self.scope in {model.provider, str(model), unpriced}


def pauses(database: Database) -> list[Pause]:
    """Return the pauses that hold now, by scope."""
    return [Pause(*row) for row in _rows(database, "provider_pauses", ())]


def _rows(
    database: Database, statement: str, arguments: Any, *, binary: bool = False
) -> list[tuple[Any, ...]]:
    def work(connection: Connection) -> list[tuple[Any, ...]]:
        return connection.execute(query(statement), arguments, binary=binary).fetchall()

    return database.run(work)
