"""What models cost, what keeps them from being called, and what they need not be asked."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from linkedin_pipeline.database import spending
from linkedin_pipeline.database.cascade import agreements, decided
from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.ledger import pauses
from linkedin_pipeline.settings import Settings
from linkedin_pipeline.wiring import Providers


def models(database: Database, settings: Settings) -> dict[str, Any]:
    """Return what paid models cost and what keeps them from being called."""
    return {
        "spent_today_usd": spending.spent_today(database),
        "daily_budget_usd": settings.ai_daily_budget,
        "pauses": [asdict(one) for one in pauses(database)],
        "incidents": [asdict(one) for one in spending.incidents(database)],
        "ending": [asdict(one) for one in spending.shutdowns(database, settings.models)],
        "unpriced": spending.unpriced(database, settings.models),
        "spending": [asdict(one) for one in spending.spending(database)],
    }


def cascade(database: Database, providers: Providers) -> list[dict[str, Any]]:
    """Return what near neighbours decided, and how often the model says the same; [] when off."""
    threshold = providers.settings.classification_cascade
    if threshold is None:
        return []
    model = providers.classifier.model
    by_stage = {one.stage: asdict(one) for one in agreements(database, model, threshold)}
    return [
        {"threshold": threshold, **asdict(one), **by_stage[one.stage]}
        for one in decided(database, model)
    ]
