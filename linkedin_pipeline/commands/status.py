"""``linkedin-pipeline status``: the operator's page."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from linkedin_pipeline.commands import PATIENCE
from linkedin_pipeline.commands.output import console, json_option, print_json
from linkedin_pipeline.domain.errors import PipelineError
from linkedin_pipeline.domain.work import Stage

if TYPE_CHECKING:
    from linkedin_pipeline.database.connections import Database
    from linkedin_pipeline.wiring import Providers


@click.command()
@json_option
def status(*, as_json: bool) -> None:
    """Show what waits, what failed and what the bank holds.

    Reads the database and nothing else, so it works while Dagster is down; it starts no server.
    Exits with 1 when the database does not answer or lacks parts of the schema.
    """
    from linkedin_pipeline.commands.status_page import show_page
    from linkedin_pipeline.wiring import build_providers

    page = read_page(build_providers())
    if as_json:
        print_json(page)
    else:
        show_page(console(), page)
    if page["database"]["error"]:
        sys.exit(1)


def read_page(providers: Providers) -> dict[str, Any]:
    """Return all that the page says, JSON-ready but for times; ``error`` is why parts are missing.

    Takes a few seconds at most, also when nothing answers.
    """
    from linkedin_pipeline.database.status import daemon
    from linkedin_pipeline.database.urls import home_directory

    settings = providers.settings
    place = "DATABASE_URL" if settings.database_url else str(home_directory(settings))
    page: dict[str, Any] = {
        "database": {"place": place, "missing": [], "error": None},
        "dagster": asdict(daemon(settings)),
        "providers": _providers(providers),
    }
    try:
        with providers.database(start=False, patience=PATIENCE) as database:
            _read(database, providers, page)
    except PipelineError as error:
        page["database"]["error"] = str(error)
    return page


def _read(database: Database, providers: Providers, page: dict[str, Any]) -> None:
    from linkedin_pipeline.database import status as read
    from linkedin_pipeline.database.batches import seen_batches

    page["database"]["missing"] = read.missing_schema(database)
    parts: Mapping[str, Callable[[], Any]] = {
        "stages": lambda: _stages(database),
        "dead_letters": lambda: [asdict(one) for one in read.dead_letters(database)],
        "drains": lambda: [
            {**asdict(one), "dead": one.is_dead} for one in read.last_drains(database)
        ],
        "batches": lambda: [asdict(one) for one in seen_batches(database)],
        "bank": lambda: asdict(read.bank_counts(database)),
        "embedding_models": lambda: [asdict(one) for one in read.model_counts(database)],
        "profiles": lambda: asdict(read.profile_counts(database, providers.style_limits.min_posts)),
        "models": lambda: _models(database, providers),
    }
    for name, part in parts.items():
        page[name] = part()


def _stages(database: Database) -> list[dict[str, Any]]:
    from linkedin_pipeline.database.status import dead_letters, switches, work_left

    on = {switch.worker: switch.on for switch in switches(database)}
    left = work_left(database)
    letters = dead_letters(database)
    return [
        {
            "stage": stage,
            "worker": stage.worker,
            "on": on.get(stage.worker, False),
            **(
                asdict(left[stage])
                if stage in left
                else {"pending": 0, "waiting": 0, "leased": 0, "oldest_due": None, "next_in": None}
            ),
            "dead_letters": sum(one.number for one in letters if one.stage == stage),
        }
        for stage in Stage
    ]


def _models(database: Database, providers: Providers) -> dict[str, Any]:
    """Return what paid models cost and what keeps them from being called."""
    from linkedin_pipeline.database import spending
    from linkedin_pipeline.database.ledger import pauses

    settings = providers.settings
    return {
        "spent_today_usd": spending.spent_today(database),
        "daily_budget_usd": settings.ai_daily_budget,
        "pauses": [asdict(one) for one in pauses(database)],
        "incidents": [asdict(one) for one in spending.incidents(database)],
        "ending": [asdict(one) for one in spending.shutdowns(database, settings.models)],
        "unpriced": spending.unpriced(database, settings.models),
        "spending": [asdict(one) for one in spending.spending(database)],
    }


def _providers(providers: Providers) -> dict[str, str | None]:
    """Return the model or account behind each service; None means "not configured"."""
    return {
        "embeddings": providers.embedder.model,
        "classification": providers.classifier.model,
        "styles": providers.style_writer.model,
        "publishing": None,
        "sync": None,
    }
