"""The sensor that keeps failures where people look: a row in ``ai_errors`` for each failed run.

Dagster reads the annotations when it decorates, so they must not be postponed.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster_shared.error import SerializableErrorInfo

from linkedin_pipeline.database.incidents import (
    FailedRun,
    close_silent_logs,
    record_runs,
    unrecorded,
)
from linkedin_pipeline.defs.lanes import LANE_TAG
from linkedin_pipeline.domain.errors import PipelineError
from linkedin_pipeline.wiring import Providers
from linkedin_pipeline.workers.engine import DrainFailed

PAGE = 100
OVERLAP = timedelta(minutes=5)
"""How far back each tick looks again: a run's end is stored a little after its time stamp, by
computers whose clocks differ."""
LONGEST_LOOK_BACK = timedelta(days=7)
"""Where a sensor without a cursor begins."""
LONGEST_REASON = 500
CANCELED = "A person or a time limit canceled the run."
_ENDED_BADLY = [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


@dg.sensor(
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=(
        "Keeps failed and canceled runs of every job as rows of `ai_errors`, and closes drain logs "
        "whose heart-beat stopped. Starts nothing."
    ),
)
def run_failures(
    context: dg.SensorEvaluationContext, providers: dg.ResourceParam[Providers]
) -> dg.SkipReason:
    """Record what ended badly since the last tick, each run once, whatever the cursor says."""
    records = context.instance.get_run_records(
        dg.RunsFilter(statuses=_ENDED_BADLY, updated_after=_since(context.cursor)),
        limit=PAGE,
        order_by="update_timestamp",
        ascending=True,
    )
    with providers.database(start=False, patience=2.0) as database:
        new = set(unrecorded(database, [record.dagster_run.run_id for record in records]))
        recorded = record_runs(
            database,
            [
                _failed_run(context.instance, record)
                for record in records
                if record.dagster_run.run_id in new
            ],
        )
        closed = close_silent_logs(database)
    if records:
        context.update_cursor(_next_cursor(records[-1], full=len(records) == PAGE))
    if recorded or closed:
        return dg.SkipReason(f"recorded {recorded} failed runs, closed {closed} silent logs")
    return dg.SkipReason("no run failed and no drain went silent")


def _since(cursor: str | None) -> datetime:
    """Return the time after which runs are new; a cursor that says none is taken for lost."""
    try:
        return datetime.fromisoformat(cursor or "").astimezone(UTC)  # Dagster drops the zone
    except ValueError:
        return datetime.now(UTC) - LONGEST_LOOK_BACK


def _next_cursor(last: dg.RunRecord, *, full: bool) -> str:
    # after a full page the next begins right behind it, or the same page came again and again
    if full:
        return last.update_timestamp.isoformat()
    return (min(last.update_timestamp, datetime.now(UTC)) - OVERLAP).isoformat()


def _failed_run(instance: dg.DagsterInstance, record: dg.RunRecord) -> FailedRun:
    run = record.dagster_run
    canceled = run.status is dg.DagsterRunStatus.CANCELED
    details = {"lane": run.tags.get(LANE_TAG)}
    reason = CANCELED
    if not canceled:
        reason, details["step"] = why_it_failed(instance, run)
    return FailedRun(
        run_id=run.run_id,
        job=run.job_name,
        code="run_canceled" if canceled else "run_failed",
        reason=reason,
        metadata={name: value for name, value in details.items() if value},
        ended=record.update_timestamp,
    )


def why_it_failed(instance: dg.DagsterInstance, run: dg.DagsterRun) -> tuple[str, str | None]:
    """Return why a run failed, as its first error says, and the step that raised it.

    No post text: an error that is not ours is told by its name.
    """
    failures = instance.get_records_for_run(
        run.run_id,
        of_type={dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.RUN_FAILURE},
        limit=10,
    ).records
    for failure in failures:
        event = failure.event_log_entry.get_dagster_event()
        data = event.step_failure_data if event.is_step_failure else event.event_specific_data
        error = getattr(data, "error", None)  # a run may be marked as failed without any data
        if error is not None:
            return _root(error), event.step_key
    if run.tags.get("dagster/failure_reason") == "START_TIMEOUT":
        return "The run did not start in time.", None
    return "The run ended without an error: its process died, or was not to be had.", None


def _root(error: SerializableErrorInfo) -> str:
    """Return what the error says when it is one of ours, else the name of its root cause.

    Messages of other errors may quote a post, and posts stay in the bank.
    """
    for cause in _chain(error):
        kind, _, message = cause.message.partition(": ")
        if kind in _spoken():
            return f"{kind.rpartition('.')[2]}: {' '.join(message.split())}"[:LONGEST_REASON]
        root = cause
    return root.cls_name or "an error without a name"


def _chain(error: SerializableErrorInfo | None) -> Iterator[SerializableErrorInfo]:
    while error is not None:
        yield error
        error = error.cause


def _spoken() -> set[str]:
    """Return the full names of the errors whose message is made of our own words."""
    kinds: list[type[Exception]] = [DrainFailed, PipelineError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    return {f"{kind.__module__}.{kind.__qualname__}" for kind in kinds}
