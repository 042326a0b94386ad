"""Enrichment with an audience: bars or lines while it works, a table of what it did."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from linkedin_pipeline.commands.batches import BatchWatch
from linkedin_pipeline.commands.output import plain_table, show_dead_letters, show_table
from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.status import StageWork, dead_letters, switches, work_left
from linkedin_pipeline.definitions import build_defs
from linkedin_pipeline.defs.enrichment import ENRICHMENT_ASSETS
from linkedin_pipeline.defs.in_process import LocalRun, enrich, instance
from linkedin_pipeline.domain.errors import PipelineError
from linkedin_pipeline.domain.work import Outcome, Stage
from linkedin_pipeline.wiring import Providers


def enrich_shown(
    providers: Providers,
    console: Console,
    *,
    only: Collection[Stage] = tuple(ENRICHMENT_ASSETS),
    max_posts: int | None = None,
    watch: BatchWatch | None = None,
) -> list[LocalRun]:
    """Work off what is flagged: bars on a terminal, elsewhere a line for each run and each wait.

    Raises:
        PipelineError: the database does not answer, or a setting cannot be used.
        KeyboardInterrupt: somebody interrupted it; claims were given back.
    """
    # rejected posts are reported at the end, from the bank
    logging.getLogger("linkedin_pipeline.workers").setLevel(logging.ERROR)
    with instance() as dagster_instance, _bars(providers, console, only) as say:
        return enrich(
            build_defs(providers),
            providers,
            dagster_instance,
            only=only,
            max_posts=max_posts,
            on_run=lambda run: say(_line(run)),
            on_wait=lambda seconds: say(f"Nothing is due for {seconds:.0f} s: waiting."),
            look=partial(watch.look, console.print) if watch else None,
        )


@contextmanager
def _bars(
    providers: Providers, console: Console, only: Collection[Stage]
) -> Iterator[Callable[[str], None]]:
    """Yield a function for lines; on a terminal bars say it better than most of them."""
    if not console.is_terminal:
        yield console.print
        return
    over = threading.Event()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with (
        providers.database(start=False, patience=1.0) as database,
        Progress(*columns, console=console, transient=True) as progress,
    ):
        thread = threading.Thread(target=_watch, args=(database, progress, only, over), daemon=True)
        thread.start()
        try:
            yield lambda _line: None
        finally:
            over.set()
            thread.join()


def _watch(
    database: Database, progress: Progress, only: Collection[Stage], over: threading.Event
) -> None:
    bars: dict[Stage, Any] = {}
    pause = 0.0
    while not over.wait(pause):
        started = time.monotonic()
        try:
            left = work_left(database)
        except PipelineError:
            left = None
        pause = max(0.3, 5 * (time.monotonic() - started))  # counting must not become the work
        if left is None:
            continue
        for stage, work in left.items():
            if stage not in bars and stage in only:
                bars[stage] = progress.add_task(str(stage), total=work.pending)
        for stage, bar in bars.items():
            pending = left[stage].pending if stage in left else 0
            total = max(progress.tasks[bar].total or 0, pending)
            progress.update(bar, total=total, completed=total - pending)


def totals(runs: Sequence[LocalRun]) -> Mapping[Stage, Mapping[str, float]]:
    """Return outcomes and seconds by stage, summed over the runs, in the order of the stages."""
    sums: dict[Stage, Counter[str]] = {}
    for run in runs:
        for stage, results in run.results.items():
            numbers = {k: v for k, v in results.items() if isinstance(v, int | float)}
            sums.setdefault(stage, Counter()).update(numbers)
    return {stage: sums[stage] for stage in Stage if stage in sums}


def show_totals(console: Console, runs: Sequence[LocalRun], seconds: float) -> None:
    """Print what each stage did, and which runs failed."""
    if not runs:
        console.print("Nothing is due: there was nothing to do.")
        return
    numbers = (*map(str, Outcome), "seconds")
    table = plain_table("stage", *numbers, right=numbers)
    for stage, counts in totals(runs).items():
        table.add_row(
            str(stage),
            *(f"{counts[outcome]:,.0f}" for outcome in Outcome),
            f"{counts['seconds']:.1f}",
        )
    plural = "s" if len(runs) > 1 else ""
    console.print(f"Enriched in {len(runs)} Dagster run{plural}, {seconds:.1f} s:")
    show_table(console, table)
    for run in runs:
        if run.error:
            console.print(f"Run {run.run_id} failed: {run.error}", style="red")


def show_rest(
    console: Console, database: Database, only: Collection[Stage], runs: Sequence[LocalRun]
) -> None:
    """Print what is left: dead letters, switched-off workers, and work that waits."""
    letters = [asdict(one) for one in dead_letters(database) if one.stage in only]
    if letters:
        console.print("Dead letters, not to be tried again:")
        show_dead_letters(console, letters)
    off = {switch.worker for switch in switches(database) if not switch.on}
    paused = runs[-1].paused if runs else {}
    for stage, work in work_left(database).items():
        if stage in only:
            console.print(_left(stage, work, off=stage.worker in off, paused=paused.get(stage)))


def _left(stage: Stage, work: StageWork, *, off: bool, paused: str | None) -> str:
    posts = f"Left: {work.pending:,} × {stage}"
    if off:
        return f"{posts}: {stage.worker} is switched off (linkedin-pipeline flags)."
    if paused:
        return f"{posts}: {paused}"
    if work.waiting + work.leased == work.pending:
        parts = [
            f"{work.waiting:,} wait for a retry" if work.waiting else "",
            f"{work.leased:,} are in other hands" if work.leased else "",
        ]
        soon = f", the next in {work.next_in:.0f} s" if work.next_in is not None else ""
        return f"{posts}: {', '.join(part for part in parts if part)}{soon}."
    return f"{posts}."


def _line(run: LocalRun) -> str:
    days = f"{run.days.first}" + (f" to {run.days.last}" if run.days.last > run.days.first else "")
    parts = []
    for stage, results in run.results.items():
        counts = ", ".join(f"{results[o]} {o}" for o in Outcome if results.get(o))
        if counts or not run.batched:
            parts.append(f"{stage} {counts or 'nothing'}")
    if run.batched:
        parts.append(f"{run.batched:,} post{'s' if run.batched > 1 else ''} put into batches")
    ended = f"failed: {run.error}" if run.error else "; ".join(parts)
    return f"{days}: {ended} ({run.seconds:.1f} s)"
