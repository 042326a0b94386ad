"""All areas together, read at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any, TypeAlias

from linkedin_pipeline.database import status as read
from linkedin_pipeline.database.batches import seen_batches
from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.orchestration import orchestration
from linkedin_pipeline.database.urls import home_directory
from linkedin_pipeline.domain.errors import PipelineError
from linkedin_pipeline.status_facts import (
    PATIENCE,
    configuration,
    incidents,
    linkedin,
    models,
    work,
)
from linkedin_pipeline.wiring import Providers

Part: TypeAlias = Callable[[Database], Any]


def read_page(providers: Providers, more: Mapping[str, Part] | None = None) -> dict[str, Any]:
    """Return all that the page says, JSON-ready but for times; ``error`` is why parts are missing.

    ``more`` are parts of the caller's own, by name.  Takes a few seconds at most, also when nothing
    answers, and starts no server.
    """
    settings = providers.settings
    place = "DATABASE_URL" if settings.database_url else str(home_directory(settings))
    dagster = asdict(orchestration(settings))
    page: dict[str, Any] = {
        "database": {"place": place, "missing": [], "error": None},
        "dagster": dagster["daemon"],
        "runs": dagster["runs"],
        "ticks": dagster["ticks"],
        "providers": configuration.services(providers),
        "not_configured": configuration.not_configured(settings),
    }
    try:
        with providers.database(start=False, patience=PATIENCE) as database:
            _read(database, providers, page, more or {})
    except PipelineError as error:
        page["database"]["error"] = str(error)
    return page


def _read(
    database: Database, providers: Providers, page: dict[str, Any], more: Mapping[str, Part]
) -> None:
    settings = providers.settings
    page["database"]["missing"] = read.missing_schema(database)
    parts: Mapping[str, Callable[[], Any]] = {
        "stages": lambda: work.stages(database),
        "dead_letters": lambda: [asdict(one) for one in read.dead_letters(database)],
        "leases": lambda: [asdict(one) for one in read.leases(database)],
        "flags": lambda: [asdict(one) for one in read.switches(database)],
        "drains": lambda: work.drains(database),
        "maintenance": lambda: work.maintenance(database),
        "batches": lambda: [asdict(one) for one in seen_batches(database)],
        "alerts": lambda: incidents.alerts(database, settings),
        "models": lambda: models.models(database, settings),
        "publishing": lambda: linkedin.publishing(database, settings),
        "sync": lambda: linkedin.sync(database),
        "cascade": lambda: models.cascade(database, providers),
        **{name: partial(part, database) for name, part in more.items()},
        # what takes longest comes last: a part that is given up ends the reading
        "embedding_models": lambda: [asdict(one) for one in read.model_counts(database)],
        "profiles": lambda: asdict(read.profile_counts(database, providers.style_limits.min_posts)),
        "bank": lambda: asdict(read.bank_counts(database)),
    }
    for name, part in parts.items():
        page[name] = part()
