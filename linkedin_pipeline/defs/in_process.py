"""Runs of the Dagster assets in this process, recorded in the instance that dagster.yaml names."""

from __future__ import annotations

import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.instance.ref import InstanceRef

from linkedin_pipeline.database.batches import batched_posts
from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.flags import due_work
from linkedin_pipeline.database.status import drains_of, switches, work_left
from linkedin_pipeline.defs.batches import BATCH_TAG
from linkedin_pipeline.defs.enrichment import ENRICHMENT_ASSETS
from linkedin_pipeline.defs.lanes import with_followers
from linkedin_pipeline.defs.partitions import range_tags, today
from linkedin_pipeline.defs.stage_runs import MAX_POSTS_TAG
from linkedin_pipeline.domain.work import FIRST_DAY, DayRange, Outcome, Stage, newest_block
from linkedin_pipeline.settings import PROJECT_ROOT
from linkedin_pipeline.wiring import Providers
from linkedin_pipeline.workers.report import Stop

# Capturing would send this process's output, progress bars too, through a file and two helper
# processes a step, only to throw the file away with the temporary directory.
NO_CAPTURE = {
    "module": "dagster._core.storage.noop_compute_log_manager",
    "class": "NoOpComputeLogManager",
}
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
PATIENCE = 60.0
"""Seconds without anything done after which `enrich` stops waiting."""
LOOK_EVERY = 1.0
"""Seconds between two looks for due work while `enrich` waits."""


class Looked(Enum):
    """What a look at batches found: none that is open, some, or one that is over now."""

    NONE = auto()
    OPEN = auto()
    OVER = auto()


@dataclass(frozen=True, slots=True)
class LocalRun:
    """One run that ended; ``error`` is what made it fail, None when it succeeded.

    ``results`` has what each drain of it wrote into its log, by stage.
    """

    run_id: str
    error: str | None
    stages: Sequence[Stage]
    days: DayRange
    seconds: float
    results: Mapping[Stage, Mapping[str, Any]] = field(default_factory=dict)
    batched: int = 0

    @property
    def posts(self) -> int:
        """How many posts it settled, in the stage that settled most."""
        return max((_settled(results) for results in self.results.values()), default=0)

    @property
    def paused(self) -> Mapping[Stage, str]:
        """The stages whose provider was away, with what it said."""
        return {
            stage: str(results.get("reason"))
            for stage, results in self.results.items()
            if results.get("stop") == Stop.PAUSED
        }


@contextmanager
def instance(config_directory: Path = PROJECT_ROOT) -> Iterator[dg.DagsterInstance]:
    """Open the instance of ``dagster.yaml``; local artifacts go to a temporary directory."""
    with tempfile.TemporaryDirectory(prefix="linkedin_pipeline_") as scratch:
        reference = InstanceRef.from_dir(
            scratch, config_dir=str(config_directory), overrides={"compute_logs": NO_CAPTURE}
        )
        with dg.DagsterInstance.from_ref(reference) as opened:
            # Connections that are kept, as the web server's: Dagster opens one for every call
            # otherwise, and two runs over 61 days took 11 seconds instead of 7.
            opened.optimize_for_webserver(
                statement_timeout=60_000, pool_recycle=3_600, max_overflow=4
            )
            yield opened


def enrich(
    defs: dg.Definitions,
    providers: Providers,
    dagster_instance: dg.DagsterInstance,
    *,
    only: Collection[Stage] = tuple(ENRICHMENT_ASSETS),
    max_posts: int | None = None,
    on_run: Callable[[LocalRun], None] = lambda _run: None,
    on_wait: Callable[[float], None] = lambda _seconds: None,
    look: Callable[[], Looked] | None = None,
) -> list[LocalRun]:
    """Run the enrichment job on block after block, newest first, until nothing is flagged.

    Waits for what is due within a minute: retries, claims that others hold, a provider that is
    away.  Leaves later retries and switched-off workers, and stops after a run that failed.  With
    ``max_posts`` no stage takes more posts than that, over all runs.  ``on_wait`` hears of each
    wait, in seconds, before it begins.

    With ``look`` posts go into batches, and it is called when nothing is due: it looks at open
    batches and waits for them a while.  Of stages with batches ``max_posts`` bounds what is put
    into them, and nothing but their answers is stored.

    Raises:
        KeyboardInterrupt: SIGINT or SIGTERM came; the run at hand gave its claims back.
    """
    with providers.database() as database, signals() as interrupted:
        work = _Work(defs, providers, dagster_instance, database, [*only])
        taken = 0

        def go(days: Mapping[Stage, DayRange], most: int | None, batch: str | None) -> LocalRun:
            run = work.run(days, most, batch)
            if interrupted():
                raise KeyboardInterrupt
            on_run(run)
            return run

        while max_posts is None or taken < max_posts:
            days = work.due_days()
            if days:
                most = None if max_posts is None else max_posts - taken
                run = go(days, most, "true" if look else None)
                taken += run.posts + run.batched
                if run.error:
                    return work.runs
            elif not work.wait(on_wait) and (look is None or look() is Looked.NONE):
                return work.runs
        while look is not None and (seen := look()) is not Looked.NONE:
            while seen is Looked.OVER and (work.due_days() or work.wait(on_wait)):
                run = go(work.due_days(), max_posts, "answers")
                if run.error or not run.posts:
                    break
        return work.runs


class _Work:
    """What `enrich` knows between two runs."""

    def __init__(
        self,
        defs: dg.Definitions,
        providers: Providers,
        dagster_instance: dg.DagsterInstance,
        database: Database,
        stages: Sequence[Stage],
    ) -> None:
        self.job = defs.resolve_job_def("enrichment")
        self.providers = providers
        self.clock = providers.clock
        self.instance = dagster_instance
        self.database = database
        self.stages = stages
        self.runs: list[LocalRun] = []
        self.rests: dict[Stage, float] = {}  # until when a stage is left alone
        self.last_done = self.clock.monotonic()
        self.in_vain = 0

    def due_days(self) -> Mapping[Stage, DayRange]:
        """Return the days with due work of the stages that need not rest."""
        now = self.clock.monotonic()
        due = due_work(self.database, FIRST_DAY, today())
        return {
            stage: days
            for stage, days in due.days.items()
            if stage in self.stages and self.rests.get(stage, now) <= now
        }

    def run(
        self, days: Mapping[Stage, DayRange], most: int | None, batch: str | None = None
    ) -> LocalRun:
        """Run the job once, on the newest block of days."""
        block = newest_block(days.values())
        stages = with_followers(
            [stage for stage, span in days.items() if span.last >= block.first], self.stages
        )
        bound = {} if most is None else {MAX_POSTS_TAG: str(most)}
        if batch is not None:
            bound[BATCH_TAG] = batch
        started = time.monotonic()
        result = self.job.execute_in_process(
            instance=self.instance,
            asset_selection=[ENRICHMENT_ASSETS[stage] for stage in stages],
            tags={**range_tags(block), **bound},
            run_config=QUIET,
            raise_on_error=False,
        )
        run = LocalRun(
            result.run_id,
            error_of(result),
            stages,
            block,
            time.monotonic() - started,
            _results(self.database, result.run_id),
            batched_posts(self.database, result.run_id) if batch else 0,
        )
        self.runs.append(run)
        self._rest(run)
        return run

    def _rest(self, run: LocalRun) -> None:
        """Leave stages alone whose provider is away, or that had nothing to take after all."""
        now = self.clock.monotonic()
        if run.posts or run.batched:
            self.last_done, self.in_vain = now, 0
        else:
            self.in_vain += 1
        ahead = work_left(self.database)
        for stage in run.stages:
            given_back = ahead[stage].next_in if stage in run.paused and stage in ahead else None
            if given_back is not None:  # it is due again when the provider wished it
                self.rests[stage] = now + given_back
            elif self.in_vain:
                self.rests[stage] = now + LOOK_EVERY * 2.0**self.in_vain

    def wait(self, on_wait: Callable[[float], None]) -> bool:
        """Wait until there is work again; False when that would take too long."""
        now = self.clock.monotonic()
        ahead = work_left(self.database)
        off = {switch.worker for switch in switches(self.database) if not switch.on}
        waits = [until - now for stage, until in self.rests.items() if until > now]
        waits += [
            work.next_in
            for stage, work in ahead.items()
            if stage in self.stages and stage.worker not in off and work.next_in is not None
        ]
        wait = min(waits, default=None)
        if wait is None or now + wait > self.last_done + PATIENCE:
            return False
        on_wait(wait)
        while (left := now + wait - self.clock.monotonic()) > 0:
            self.clock.sleep(min(left, LOOK_EVERY))
            if self.due_days():
                break
        return True


def _results(database: Database, run_id: str) -> Mapping[Stage, Mapping[str, Any]]:
    drains = dict(drains_of(database, [run_id]))
    return {stage: drains[stage.worker] for stage in Stage if stage.worker in drains}


def _settled(results: Mapping[str, Any]) -> int:
    return sum(int(results.get(outcome, 0)) for outcome in Outcome)


@contextmanager
def signals() -> Iterator[Callable[[], bool]]:
    """Yield a function that tells whether SIGINT or SIGTERM came; both raise KeyboardInterrupt.

    Dagster puts handlers of its own in place while a run goes on: they interrupt steps, but forget
    a signal that comes between the last step and the end.  The wake-up descriptor sees them all.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    reader, writer = os.pipe()
    for end in (reader, writer):
        os.set_blocking(end, False)
    before = signal.getsignal(signal.SIGTERM)
    wakeup = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    signal.signal(signal.SIGTERM, signal.default_int_handler)

    def came() -> bool:
        # Dagster leaves SIGTERM with SIGINT's handler, which a shell in the background ignores
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            return bool({*os.read(reader, 4096)} & {signal.SIGINT, signal.SIGTERM})
        except BlockingIOError:
            return False

    try:
        yield came
    finally:
        signal.set_wakeup_fd(wakeup)
        signal.signal(signal.SIGTERM, before)
        os.close(reader)
        os.close(writer)


def error_of(result: dg.ExecuteInProcessResult) -> str | None:
    """Return the root cause of a failed run, without its stack trace."""
    for event in result.all_events:
        if event.is_step_failure:
            error = event.step_failure_data.error
            while error is not None and error.cause is not None:
                error = error.cause
            return error.message.strip() if error else "a step failed"
    return None if result.success else "the run failed before its first step"


def run_health_checks(
    defs: dg.Definitions, dagster_instance: dg.DagsterInstance
) -> Mapping[str, bool]:
    """Run the health checks in this process; return which passed, by name."""
    job = defs.resolve_job_def("health_checks")
    result = job.execute_in_process(
        instance=dagster_instance, run_config=QUIET, raise_on_error=False
    )
    return {check.check_name: check.passed for check in result.get_asset_check_evaluations()}
