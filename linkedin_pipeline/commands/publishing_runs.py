"""A publishing pass with an audience."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from rich.console import Console

from linkedin_pipeline.commands.output import print_json
from linkedin_pipeline.database.publication_views import by_state
from linkedin_pipeline.database.status import drains_of
from linkedin_pipeline.definitions import build_defs
from linkedin_pipeline.defs.in_process import instance
from linkedin_pipeline.defs.local_jobs import run_job
from linkedin_pipeline.wiring import Providers
from linkedin_pipeline.workers.report import Stop


def pass_shown(providers: Providers, to: Console, *, as_json: bool) -> bool:
    """Run the job ``publish`` in this process and say what it did; False when it failed.

    Raises:
        PipelineError: the database does not answer, or a setting cannot be used.
    """
    logging.getLogger("linkedin_pipeline.workers").setLevel(logging.ERROR)
    with instance() as dagster_instance:
        run_id, error = run_job(build_defs(providers), dagster_instance, "publish")
    with providers.database() as database:
        results: Mapping[str, Any] = next((r for _, r in drains_of(database, [run_id])), {})
        left = by_state(database)
    if as_json:
        print_json({"run_id": run_id, "error": error, **results, "open": left})
    elif error:
        to.print(f"The pass failed: {error}")
    elif not results:
        to.print("Publishing is switched off: linkedin-pipeline flags enable publish_scheduled")
    else:
        _show(to, results)
    if not as_json:
        for state, number in left.items():
            to.print(f"{number} {state}. See: linkedin-pipeline publications")
    return error is None and results.get("stop") in {None, Stop.EMPTY, Stop.DISABLED}


def _show(to: Console, results: Mapping[str, Any]) -> None:
    moved = {what: number for what, number in results.get("prepared", {}).items() if number}
    lines = {"before": moved, "persons": results["persons"], "pages": results["pages"]}
    if not any(lines.values()):
        to.print("Nothing was to be done.")
    for who, counts in lines.items():
        if counts:
            to.print(f"{who}: " + ", ".join(f"{number} {what}" for what, number in counts.items()))
    if results.get("reason"):
        to.print(f"It stopped: {results['reason']}")
