"""Incidents: runs that failed, and drains that went silent, as people find them in the tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from psycopg.types.json import Jsonb

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.queries import query
from linkedin_pipeline.domain.bank import NAMESPACE

SILENCE = timedelta(minutes=2)
"""A drain beats every ten seconds; after this long without a beat it is dead."""
ABANDONED = timedelta(hours=6)
"""SQL callers do not beat; after this long without an end their logs are dead."""
HEART_BEAT_STOPPED = "its heart-beat stopped"
NEVER_ENDED = "nobody ended it for six hours"
"""Both are known to ``log_worker_end``, which a caller that was only late may still call."""


@dataclass(frozen=True, slots=True)
class FailedRun:
    """A run that failed or was canceled; ``reason`` and ``metadata`` carry no post text."""

    run_id: str
    job: str
    code: str
    reason: str
    metadata: Mapping[str, str]
    ended: datetime

    @property
    def key(self) -> UUID:
        """The id of its row in ``ai_errors``, the same however often the run is met."""
        return incident_key(self.run_id)


def incident_key(run_id: str) -> UUID:
    """Return the id of the one row in ``ai_errors`` that a run can have."""
    return uuid5(NAMESPACE, f"run {run_id}")


def unrecorded(database: Database, run_ids: Sequence[str]) -> list[str]:
    """Return the runs that have no row in ``ai_errors`` yet, in their order."""
    if not run_ids:
        return []
    keys = {run_id: incident_key(run_id) for run_id in run_ids}
    arguments = (list(keys.values()),)
    rows = database.run(lambda c: c.execute(query("known_runs"), arguments).fetchall())
    known = {row[0] for row in rows}
    return [run_id for run_id, key in keys.items() if key not in known]


def record_runs(database: Database, runs: Sequence[FailedRun]) -> int:
    """Add one row in ``ai_errors`` a run; return how many are new.  A repeat adds nothing."""
    if not runs:
        return 0
    arguments = (
        [run.key for run in runs],
        [run.job for run in runs],
        [run.code for run in runs],
        [run.reason for run in runs],
        [Jsonb({**run.metadata, "dagster_run_id": run.run_id}) for run in runs],
        [run.ended for run in runs],
    )
    return len(database.run(lambda c: c.execute(query("record_runs"), arguments).fetchall()))


def close_silent_logs(database: Database) -> int:
    """Close rows of ``task_execution_logs_v2`` whose worker went silent; return how many.

    Two minutes without a beat, or six hours without an end where nobody beats.  A drain that was
    only held up closes its own row as usual when it ends.
    """
    arguments = {
        "stopped": HEART_BEAT_STOPPED,
        "never_ended": NEVER_ENDED,
        "silent": SILENCE,
        "abandoned": ABANDONED,
    }
    return len(database.run(lambda c: c.execute(query("close_silent_logs"), arguments).fetchall()))
