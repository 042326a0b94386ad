"""Erasing a person from both databases."""

from __future__ import annotations

from uuid import UUID

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.people import (
    Erased,
    erase_profile,
    erasures_to_clear,
    renew_statistics,
    texts_of,
)
from linkedin_pipeline.defs.erasing import clear_erased
from linkedin_pipeline.defs.in_process import instance
from linkedin_pipeline.domain.embeddings import embedded_text
from linkedin_pipeline.wiring import Providers


def erase_everywhere(providers: Providers, database: Database, profile: UUID) -> Erased:
    """Erase a person from the application's database, then from Dagster's.

    The first is one transaction, which also writes down that the rest is to be done.

    Raises:
        BadInput: there is no such profile, or something of it is being published.
    """
    embedder = providers.bound(database).embedder
    for texts in texts_of(database, profile):
        embedder.forget([embedded_text(text) for text in texts])
    erased = erase_profile(database, profile)
    finish(database)
    return erased


def finish(database: Database) -> int:
    """Do what is left to do for erased profiles: the planner's samples, Dagster's database.

    Returns how many profiles it was for.
    """
    if not erasures_to_clear(database):
        return 0
    renew_statistics(database)
    with instance() as dagster_instance:
        return clear_erased(database, dagster_instance)
