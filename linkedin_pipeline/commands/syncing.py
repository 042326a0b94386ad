"""``linkedin-pipeline sync``: read due profiles from LinkedIn, here and now; or one of them."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import click

from linkedin_pipeline.commands import PATIENCE
from linkedin_pipeline.commands.output import console, json_option, print_json

if TYPE_CHECKING:
    from rich.console import Console

    from linkedin_pipeline.database.connections import Database
    from linkedin_pipeline.database.syncs import SyncJob
    from linkedin_pipeline.wiring import Providers

LINE_EVERY = 15.0
"""Seconds between two lines about a pass that goes on, where there is no terminal."""
LONGEST_WAIT = 300.0
"""Seconds to wait for somebody else's reading of the same profile."""
FAILURES_SHOWN = 10


@click.command()
@click.option(
    "--max-profiles",
    type=click.IntRange(min=1, max=100_000),
    help="Read no more profiles than this (SYNC_MAX_PROFILES by default).",
)
@json_option
def sync(*, max_profiles: int | None, as_json: bool) -> None:
    """Read the profiles that are due from LinkedIn, in one pass.

    Due are new profiles, those last read a week ago, and those whose last reading failed, without
    waiting for their next try. Not those that failed five times in a row. As long as Edges asked
    for silence nothing is read. Safe beside scripts/dev. Ctrl-C gives back what is in hand, and the
    next pass goes on there.

    Exits with 1 when syncing is not configured or switched off, when Edges stays away, or when the
    run failed. A profile that cannot be read is reported and is no failure of the pass.
    """
    from linkedin_pipeline.wiring import build_providers

    providers = build_providers()
    _refuse_unready(providers)
    from linkedin_pipeline.defs.sync import MAX_PROFILES_TAG, NOW_TAG

    tags = {NOW_TAG: "true"}
    if max_profiles is not None:
        tags[MAX_PROFILES_TAG] = str(max_profiles)
    to = console(stderr=as_json)
    try:
        run_id, error, results = _run(providers, to, tags)
    except KeyboardInterrupt:
        to.print("Interrupted. What was in hand was given back; what was read stays read.")
        sys.exit(1)
    with providers.database() as database:
        document = _document(database, run_id, error, results)
    if as_json:
        print_json(document)
    else:
        _show(to, document)
    if error or document["paused"]:
        sys.exit(1)


def sync_profile(providers: Providers, to: Console, profile_id: UUID) -> SyncJob:
    """Read one profile now, whenever it was last read, and show how far it is; return its reading.

    A reading by somebody else is waited for.  The row says how it ended: ``completed``, ``failed``
    with the reason, or ``pending`` when it will go on by itself.

    Raises:
        Misconfigured: syncing is not configured, or switched off.
        BadInput: there is no such profile, or it cannot be read.
        ProviderDown: Edges asked for silence.
        KeyboardInterrupt: somebody interrupted it; the profile was given back.
    """
    from linkedin_pipeline.database import syncs
    from linkedin_pipeline.defs.sync import PROFILE_TAG
    from linkedin_pipeline.domain.errors import Misconfigured

    _refuse_unready(providers)
    with providers.database() as database:
        key = syncs.partition_to_sync(database, profile_id)
        until = time.monotonic() + LONGEST_WAIT
        while True:
            run_id, error, _ = _run(providers, to, {PROFILE_TAG: key})
            if error:
                raise Misconfigured("the reading", error, f"See Dagster run {run_id}.")
            job = syncs.newest_job(database, profile_id)
            if job is not None and (job.status != "running" or time.monotonic() > until):
                return job
            while job is not None and job.status == "running" and time.monotonic() < until:
                time.sleep(1.0)
                job = syncs.newest_job(database, profile_id)


def _refuse_unready(providers: Providers) -> None:
    """Raise what stands in the way of reading anything."""
    from linkedin_pipeline.commands.refusals import refuse_switched_off
    from linkedin_pipeline.domain.errors import Misconfigured, ProviderDown
    from linkedin_pipeline.domain.sync import SYNC_WORKER

    if providers.settings.edges is None:
        raise Misconfigured(
            "EDGES_API_KEY",
            "it is not set, so no profile can be read",
            "Set it, or try it out with linkedin-pipeline sandbox.",
        )
    with providers.database(patience=PATIENCE) as database:
        refuse_switched_off(database, SYNC_WORKER)
        from linkedin_pipeline.defs.sync import paused

        if why := paused(database):
            raise ProviderDown("Edges", f"it is paused: {why}", "Profiles are read after that.")


def _run(
    providers: Providers, to: Console, tags: Mapping[str, str]
) -> tuple[str, str | None, Mapping[str, Any]]:
    """Run the job and show how far it is; return run id, error and what the pass wrote down."""
    from linkedin_pipeline.database.status import drains_of
    from linkedin_pipeline.definitions import build_defs
    from linkedin_pipeline.defs.in_process import instance
    from linkedin_pipeline.defs.local_jobs import run_job
    from linkedin_pipeline.defs.sync import profile_sync
    from linkedin_pipeline.domain.sync import SYNC_WORKER

    run_id = str(uuid4())
    with instance() as dagster_instance, _progress(providers, to, run_id):
        _, error = run_job(build_defs(providers), dagster_instance, profile_sync.name, tags, run_id)
    with providers.database() as database:
        drains = dict(drains_of(database, [run_id]))
    return run_id, error, drains.get(SYNC_WORKER, {})


@contextmanager
def _progress(providers: Providers, to: Console, run_id: str) -> Iterator[None]:
    """Show profiles and pages as they are read: a line that moves, or a line now and then."""
    over = threading.Event()
    with providers.database(start=False, patience=1.0) as database:
        if to.is_terminal:
            with to.status("Reading from LinkedIn …") as status:
                yield from _watched(database, run_id, over, 0.5, status.update)
        else:
            to.print("Reading from LinkedIn …")
            yield from _watched(database, run_id, over, LINE_EVERY, to.print)


def _watched(
    database: Database, run_id: str, over: threading.Event, every: float, say: Callable[[str], None]
) -> Iterator[None]:
    def watch() -> None:
        from linkedin_pipeline.database.syncs import jobs_of_run
        from linkedin_pipeline.domain.errors import PipelineError

        while not over.wait(every):
            try:
                profiles, pages, items = jobs_of_run(database, run_id)
            except PipelineError:
                continue
            say(f"Reading from LinkedIn: {profiles:,} profiles, {pages:,} pages, {items:,} posts")

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _document(
    database: Database, run_id: str, error: str | None, results: Mapping[str, Any]
) -> dict[str, Any]:
    from linkedin_pipeline.database import syncs
    from linkedin_pipeline.domain.sync import SyncOutcome
    from linkedin_pipeline.workers.report import Stop
    from linkedin_pipeline.workers.sync import NUMBERS

    left = syncs.due(database, anyway=True)
    posts = {name: results.get(f"posts_{name}", 0) for name in NUMBERS if name != "pages"}
    return {
        "run_id": run_id,
        "error": error,
        "stop": results.get("stop"),
        "paused": results.get("reason") if results.get("stop") == Stop.PAUSED else None,
        "profiles": {str(outcome): results.get(outcome, 0) for outcome in SyncOutcome},
        "pages": results.get("pages", 0),
        "posts": posts,
        "left": left.number,
        "failed": [
            {"partition_key": one.partition_key, "failures": one.failures, "reason": one.reason}
            for one in syncs.failed(database, FAILURES_SHOWN)
        ],
    }


def _show(to: Console, document: Mapping[str, Any]) -> None:
    profiles, posts = document["profiles"], document["posts"]
    if document["error"]:
        to.print(f"Run {document['run_id']} failed: {document['error']}", style="red")
    elif not any(profiles.values()):
        to.print("No profile is due: there was nothing to read.")
    else:
        said = ", ".join(f"{n:,} {name.replace('_', ' ')}" for name, n in profiles.items() if n)
        to.print(f"Profiles: {said}; {document['pages']:,} pages.")
        said = ", ".join(f"{n:,} {name}" for name, n in posts.items() if n)
        to.print(f"Posts: {said or 'none'}.")
    if profiles["failed"] or profiles["gone"]:
        for one in document["failed"]:
            to.print(f"  {one['partition_key']} ({one['failures']} in a row): {one['reason']}")
    if document["paused"]:
        to.print(document["paused"])
    if document["left"]:
        to.print(f"Left: {document['left']:,} profiles.")
