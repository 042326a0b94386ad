"""``linkedin-pipeline enrich``: work off what is flagged, here and now."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import click

from linkedin_pipeline.commands import PATIENCE
from linkedin_pipeline.commands.output import console, json_option, print_json, stage_option
from linkedin_pipeline.domain.work import Outcome, Stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from linkedin_pipeline.database.connections import Database
    from linkedin_pipeline.defs.in_process import LocalRun


@click.command()
@stage_option
@click.option(
    "--max-posts",
    type=click.IntRange(min=1),
    help="Stop after about so many posts (in each stage, rounded up to a batch).",
)
@click.option(
    "--batch-api",
    is_flag=True,
    help="Ask OpenAI in batches: half the price, answers within a day.",
)
@click.option(
    "--wait/--no-wait",
    default=True,
    help="Wait for batches (the default), or leave them to a later call, or to Dagster.",
)
@json_option
def enrich(
    *, stage: str | None, max_posts: int | None, batch_api: bool, wait: bool, as_json: bool
) -> None:
    """Work off what is flagged, until nothing is.

    Runs the Dagster assets in this process. Waits for what is due within a minute, such as
    retries; leaves what is due later, and the work of workers that are switched off. Dead letters
    are reported and are no failure. Safe beside scripts/dev and other enrichments. Ctrl-C gives
    back what is in hand.

    With --batch-api posts wait for batches, which are looked at until they are over.
    An interrupted call loses nothing: the next one goes on with them, and Dagster does by itself.

    Exits with 1 when a run failed, or when a provider stayed away for longer than a minute.
    """
    from linkedin_pipeline.database.status import switches
    from linkedin_pipeline.wiring import build_providers

    providers = build_providers()
    with providers.database(patience=PATIENCE) as database:
        switches(database)  # says within seconds what a run would wait for: no database, no schema

    from linkedin_pipeline.commands.enriching import enrich_shown, show_rest, show_totals

    only = [Stage(stage)] if stage else list(Stage)
    watch = None
    if batch_api:
        from linkedin_pipeline.commands.batches import BatchWatch

        watch = BatchWatch(providers, only, wait=wait)
    to = console(stderr=as_json)
    started = time.monotonic()
    try:
        runs = enrich_shown(providers, to, only=only, max_posts=max_posts, watch=watch)
    except KeyboardInterrupt:
        to.print("Interrupted. What was in hand was given back; what was done stays done.")
        if watch:
            to.print("Open batches go on: linkedin-pipeline enrich --batch-api goes on with them.")
        sys.exit(1)
    with providers.database() as database:
        if as_json:
            print_json({**_document(database, runs, only), **(watch.document() if watch else {})})
        else:
            show_totals(to, runs, time.monotonic() - started)
            show_rest(to, database, only, runs)
            if watch:
                watch.show(to)
    if any(run.error for run in runs) or (runs and runs[-1].paused):
        sys.exit(1)


def _document(
    database: Database, runs: Sequence[LocalRun], only: Sequence[Stage]
) -> dict[str, Any]:
    from linkedin_pipeline.commands.enriching import totals
    from linkedin_pipeline.database.status import dead_letters, switches, work_left

    off = {switch.worker for switch in switches(database) if not switch.on}
    return {
        "runs": [
            {
                "run_id": run.run_id,
                "stages": run.stages,
                "first_day": run.days.first,
                "last_day": run.days.last,
                "seconds": round(run.seconds, 3),
                "error": run.error,
                "paused": run.paused,
            }
            for run in runs
        ],
        "stages": {
            stage: {str(outcome): int(counts[outcome]) for outcome in Outcome}
            for stage, counts in totals(runs).items()
        },
        "left": {s: work.pending for s, work in work_left(database).items() if s in only},
        "dead_letters": [
            {"stage": one.stage, "code": one.code, "number": one.number}
            for one in dead_letters(database)
            if one.stage in only
        ],
        "disabled": [stage for stage in only if stage.worker in off],
    }
