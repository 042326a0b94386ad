"""Styles written in this process, as runs of the job that the sensor asks for."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import dagster as dg

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.status import drains_of
from linkedin_pipeline.defs.in_process import QUIET, error_of, signals
from linkedin_pipeline.domain.profiles import STYLE_WORKER, StyleOutcome
from linkedin_pipeline.workers.report import Stop


@dataclass(frozen=True, slots=True)
class StyleRun:
    """One run that ended; ``error`` is what made it fail, None when it succeeded.

    ``results`` is what its drain wrote into the log: counts by outcome, why it stopped.
    """

    run_id: str
    error: str | None
    seconds: float
    results: Mapping[str, Any]

    @property
    def counts(self) -> Mapping[StyleOutcome, int]:
        """How many profiles ended in which way."""
        return {outcome: int(self.results.get(outcome, 0)) for outcome in StyleOutcome}

    @property
    def paused(self) -> str | None:
        """Why the providers do not answer, when that is why it stopped."""
        return self.results.get("reason") if self.results.get("stop") == Stop.PAUSED else None


def write_styles(
    defs: dg.Definitions,
    database: Database,
    dagster_instance: dg.DagsterInstance,
    *,
    only: str | None = None,
    on_run: Callable[[StyleRun], None] = lambda _run: None,
) -> list[StyleRun]:
    """Run the job until no style is due, or only that of the partition key ``only``, once.

    A run takes a minute at most; where its time was up another follows.  A style that failed is
    left for when it is due again.

    Raises:
        KeyboardInterrupt: SIGINT or SIGTERM came; the profile at hand was given back.
    """
    job = defs.resolve_job_def("styles")
    chosen = {"ops": {"write_due_styles": {"config": {"only": [only]}}}} if only else {}
    runs: list[StyleRun] = []
    with signals() as interrupted:
        while not runs or runs[-1].results.get("stop") == Stop.TIME:
            started = time.monotonic()
            result = job.execute_in_process(
                instance=dagster_instance, run_config={**QUIET, **chosen}, raise_on_error=False
            )
            if interrupted():
                raise KeyboardInterrupt
            results = dict(drains_of(database, [result.run_id])).get(STYLE_WORKER, {})
            seconds = time.monotonic() - started
            runs.append(StyleRun(result.run_id, error_of(result), seconds, results))
            on_run(runs[-1])
            if only or runs[-1].error:
                break
    return runs
