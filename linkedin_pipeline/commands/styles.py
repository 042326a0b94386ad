"""``linkedin-pipeline styles``: write down how profiles write, here and now."""

from __future__ import annotations

import logging
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from linkedin_pipeline.commands import PATIENCE
from linkedin_pipeline.commands.output import console, json_option, print_json
from linkedin_pipeline.domain.errors import BadInput
from linkedin_pipeline.domain.profiles import STYLE_WORKER, StyleOutcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from linkedin_pipeline.database.connections import Database
    from linkedin_pipeline.database.styles import StyleSubject
    from linkedin_pipeline.defs.style_runs import StyleRun
    from linkedin_pipeline.wiring import Providers

_FINE = {StyleOutcome.WRITTEN, StyleOutcome.UNCHANGED}
"""Outcomes after which a profile has the style of its present posts."""


@click.command()
@click.option(
    "--profile",
    metavar="ID",
    help="One profile only: id, partition key, LinkedIn identifier or name.",
)
@json_option
def styles(*, profile: str | None, as_json: bool) -> None:
    """Write styles anew whose posts have changed.

    Does now what is done every month: the styles of our own profiles with more than 20 posts, and
    whatever else is due. With --profile that of one profile, whoever it is. Unchanged posts cost
    nothing, and a style that cannot be written keeps its old text. Runs the Dagster job in this
    process; safe beside scripts/dev.

    Exits with 1 when a run failed, when no provider answers, and when the one profile has no style
    of its present posts now.
    """
    from linkedin_pipeline.commands.refusals import refuse_switched_off
    from linkedin_pipeline.database.people import named_profile
    from linkedin_pipeline.database.styles import style_subject
    from linkedin_pipeline.wiring import build_providers

    providers = build_providers()
    with providers.database(patience=PATIENCE) as database:
        subject = None
        if profile is not None:
            known = named_profile(database, profile, subject="--profile", names=True)
            subject = style_subject(database, known.id)
            if subject is None:
                raise BadInput("--profile", f"{profile!r} was erased meanwhile", "Add it again.")
        refuse_switched_off(database, STYLE_WORKER)
    # what failed is said at the end
    logging.getLogger("linkedin_pipeline.workers").setLevel(logging.ERROR)
    with providers.database() as database:
        try:
            fine = (
                _all(providers, database, as_json=as_json)
                if subject is None
                else _one(providers, database, subject, as_json=as_json)
            )
        except KeyboardInterrupt:
            console(stderr=as_json).print("Interrupted. What was written stays written.")
            fine = False
    if not fine:
        sys.exit(1)


def _all(providers: Providers, database: Database, *, as_json: bool) -> bool:
    from linkedin_pipeline.database.upkeep import make_styles_due
    from linkedin_pipeline.definitions import build_defs
    from linkedin_pipeline.defs.in_process import instance
    from linkedin_pipeline.defs.style_runs import write_styles

    to = console(stderr=as_json)
    made_due = make_styles_due(database)
    with instance() as dagster_instance:
        runs = write_styles(
            build_defs(providers),
            database,
            dagster_instance,
            on_run=lambda run: to.print(_line(run)),
        )
    if as_json:
        print_json({"made_due": made_due, **_document(runs)})
    for run in runs:
        if run.error:
            to.print(f"Run {run.run_id} failed: {run.error}", style="red")
        if run.paused:
            to.print(f"The rest waits: {run.paused}")
    return not any(run.error or run.paused for run in runs)


def _line(run: StyleRun) -> str:
    counts = [f"{n:,} {str(o).replace('_', ' ')}" for o, n in run.counts.items() if n]
    return f"Styles: {', '.join(counts) or 'none was due'} ({run.seconds:.1f} s)"


def _document(runs: Sequence[StyleRun]) -> dict[str, Any]:
    total: Counter[StyleOutcome] = Counter()
    for run in runs:
        total.update(run.counts)
    return {
        "runs": [
            {"run_id": run.run_id, "seconds": round(run.seconds, 3), "error": run.error}
            for run in runs
        ],
        **{str(outcome): total[outcome] for outcome in StyleOutcome},
        "paused": runs[-1].paused,
    }


def _one(providers: Providers, database: Database, subject: StyleSubject, *, as_json: bool) -> bool:
    from linkedin_pipeline.database.styles import PostgresStyleDesk, style_subject
    from linkedin_pipeline.definitions import build_defs
    from linkedin_pipeline.defs.in_process import instance
    from linkedin_pipeline.defs.style_runs import write_styles

    PostgresStyleDesk(database).request([subject.partition_key])
    with instance() as dagster_instance:
        (run,) = write_styles(
            build_defs(providers), database, dagster_instance, only=subject.partition_key
        )
    now = style_subject(database, subject.profile_id) or subject
    outcome = next((o for o, number in run.counts.items() if number), None)
    said = _said(run, outcome, now, providers.style_limits.min_posts)
    if as_json:
        print_json(
            {
                "profile": subject.profile_id,
                "outcome": outcome,
                "said": said,
                "run_id": run.run_id,
                "error": run.error,
            }
        )
    else:
        console().print(said)
    return outcome in _FINE or (outcome is None and now.held and not run.error)


def _said(run: StyleRun, outcome: StyleOutcome | None, now: StyleSubject, min_posts: int) -> str:
    """Say in a sentence or two what came of one profile's style."""
    if run.error:
        return f"Run {run.run_id} failed: {run.error}"
    if run.paused:
        return f"Not written, it waits: {run.paused}"
    if outcome is StyleOutcome.TOO_FEW:
        bare = now.posts - now.worded
        rest = f"; {bare:,} more wait for: linkedin-pipeline enrich" if bare else ""
        return (
            f"Not written: {now.worded:,} posts with a hook, {min_posts:,} are needed "
            f"(STYLE_MIN_POSTS){rest}."
        )
    if outcome is None:
        return (
            "Another run has it in hand: linkedin-pipeline status shows the last ones."
            if now.held
            else "Not written: nothing was due any more. Call it again."
        )
    return {
        StyleOutcome.WRITTEN: f"Written, from {now.worded:,} posts in {run.seconds:.1f} s.",
        StyleOutcome.UNCHANGED: "Unchanged: its style was written from these very posts.",
        StyleOutcome.STALE: "Somebody else has written it, or asked for it anew, meanwhile.",
        StyleOutcome.RETRIED: (
            f"Not written: it failed, and is tried again by itself. {now.incident or ''}".rstrip()
        ),
        StyleOutcome.REJECTED: f"Not written: {now.incident or 'the providers refuse its posts'}",
    }[outcome]
