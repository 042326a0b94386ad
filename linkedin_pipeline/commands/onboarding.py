"""The way of a new profile: read from LinkedIn, enriched, described."""

from __future__ import annotations

import time
from dataclasses import dataclass
from uuid import UUID

from rich.console import Console

from linkedin_pipeline.commands.enriching import enrich_shown, show_totals
from linkedin_pipeline.commands.syncing import sync_profile
from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.people import ListedProfile, list_profiles
from linkedin_pipeline.database.styles import PostgresStyleDesk
from linkedin_pipeline.definitions import build_defs
from linkedin_pipeline.defs.in_process import instance
from linkedin_pipeline.defs.style_runs import write_styles
from linkedin_pipeline.domain.errors import BadInput, Misconfigured, ProviderDown
from linkedin_pipeline.domain.profiles import partition_key
from linkedin_pipeline.wiring import Providers

NOT_CONFIGURED = "not configured"


@dataclass(frozen=True, slots=True)
class Onboarded:
    """How far a profile came; ``sync`` says how reading it from LinkedIn went."""

    sync: str
    posts: int
    style: bool
    error: str | None = None


def onboard(providers: Providers, database: Database, profile: UUID, to: Console) -> Onboarded:
    """Read a profile's posts, enrich what is flagged, and write its style; say each step.

    What is configured is done; what is not is said, and the rest goes on with what is in the bank.
    """
    sync = read_from_linkedin(providers, profile, to)
    started = time.monotonic()
    runs = enrich_shown(providers, to)
    show_totals(to, runs, time.monotonic() - started)
    error = next((run.error for run in runs if run.error), None)
    now = _look(database, profile)
    needed = providers.style_limits.min_posts
    if error is None and now.posts >= needed:
        key = partition_key(profile)
        PostgresStyleDesk(database).request([key])
        with instance() as dagster_instance:
            (run,) = write_styles(build_defs(providers), database, dagster_instance, only=key)
        error = run.error
        now = _look(database, profile)
    if error:
        to.print(f"A run failed: {error}", style="red")
    elif now.has_style:
        to.print(f"Its style is written, from {now.posts:,} posts.")
    elif now.posts < needed:
        to.print(f"It has {now.posts:,} posts; its style is written when it has {needed:,}.")
    else:
        to.print("Its style is not written yet: linkedin-pipeline status says why.")
    return Onboarded(sync, now.posts, now.has_style, error)


def read_from_linkedin(providers: Providers, profile: UUID, to: Console) -> str:
    """Read a profile from LinkedIn when that is configured; return what came of it."""
    if providers.settings.edges is None:
        to.print(
            "Sync is not configured: set EDGES_API_KEY to read posts from LinkedIn; "
            "import posts with linkedin-pipeline import FILE --profile ID."
        )
        return NOT_CONFIGURED
    try:
        job = sync_profile(providers, to, profile)
    except (Misconfigured, ProviderDown) as error:  # the rest goes on with what is in the bank
        to.print(f"It was not read from LinkedIn: {error}", style="red")
        return "failed"
    if job.status != "completed":
        why = job.error or "it goes on by itself"
        to.print(f"Its reading from LinkedIn is {job.status}: {why}", style="red")
    return job.status


def _look(database: Database, profile: UUID) -> ListedProfile:
    found = list_profiles(database, profile)
    if not found:
        raise BadInput("profiles add", f"{profile} was erased meanwhile", "Add it again.")
    return found[0]
