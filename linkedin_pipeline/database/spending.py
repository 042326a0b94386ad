"""What paid models cost, and what keeps them from being called: pure reads of bounded cost.

Raises (all functions): DatabaseDown when the database does not answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.queries import query
from linkedin_pipeline.domain.ai import LOCAL, Model

WARN_DAYS: Final = 60
"""How many days ahead a known shutdown is told."""


@dataclass(frozen=True, slots=True)
class Spending:
    """Calls of one month (UTC) and purpose; of one profile where they were made for one.

    Costs include what calls under way may still cost; ``today_usd`` is this UTC day's part.
    """

    month: str
    purpose: str | None
    profile_id: UUID | None
    profile: str | None
    calls: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    cost_usd: Decimal
    today_usd: Decimal


@dataclass(frozen=True, slots=True)
class Shutdown:
    """A configured model that its provider stops serving; ``days`` from today, negative: since."""

    model: str
    date: date
    days: int


@dataclass(frozen=True, slots=True)
class Incident:
    """A provider, or a model, that is the matter with something a person must mend."""

    code: str
    scope: str
    reason: str
    since: datetime


def spent_today(database: Database) -> Decimal:
    """Return the US dollars of this UTC day, with what calls under way may still cost."""
    return Decimal(_rows(database, "spent_today", ())[0][0])


def spending(database: Database) -> list[Spending]:
    """Return this month's and the last one's costs, newest month and dearest first."""
    return [Spending(*row) for row in _rows(database, "spending_by_month", ())]


def shutdowns(
    database: Database, models: Iterable[Model], within: int = WARN_DAYS
) -> list[Shutdown]:
    """Return those of ``models`` whose announced end is at most ``within`` days away."""
    return [Shutdown(*row) for row in _rows(database, "shutdowns", (*_names(models), within))]


def unpriced(database: Database, models: Iterable[Model]) -> list[str]:
    """Return those of ``models`` that no price is known of: their calls count as free."""
    return [row[0] for row in _rows(database, "unpriced", _names(models))]


def incidents(database: Database) -> list[Incident]:
    """Return what is the matter with providers, until they answer again; the oldest first."""
    return [Incident(*row) for row in _rows(database, "open_incidents", ())]


def _names(models: Iterable[Model]) -> tuple[Sequence[str], Sequence[str]]:
    paid = sorted({(model.provider, model.name) for model in models if model.provider != LOCAL})
    return [provider for provider, _ in paid], [name for _, name in paid]


def _rows(database: Database, name: str, arguments: Any) -> list[tuple[Any, ...]]:
    return database.run(lambda c: c.execute(query(name), arguments).fetchall())
