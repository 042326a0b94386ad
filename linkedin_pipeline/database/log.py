"""The drain log over PostgreSQL: rows of task_execution_logs_v2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.queries import query
from linkedin_pipeline.domain.work import Outcome


class PostgresWorkLog:
    """Meets `WorkLog`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def start(self, worker: str, run_id: str | None) -> UUID:
        """Open a row in state ``running``."""
        row = self._database.run(
            lambda c: c.execute(query("start_log"), (worker, run_id)).fetchone()
        )
        assert row is not None  # insert … returning
        log: UUID = row[0]
        return log

    def beat(self, log: UUID) -> None:
        """Move heartbeat_at to now."""
        self._database.run(lambda c: c.execute(query("beat_log"), (log,)))

    def finish(
        self,
        log: UUID,
        counts: Mapping[Outcome, int],
        results: Mapping[str, object],
        error: str | None,
    ) -> None:
        """Close the row; found counts every claim, failed those retried or rejected."""
        values: dict[str, Any] = {
            "log": log,
            "status": "failed" if error else "completed",
            "found": sum(counts.values()),
            "processed": counts[Outcome.DONE],
            "failed": counts[Outcome.RETRIED] + counts[Outcome.REJECTED],
            "results": Jsonb(dict(results)),
            "error": error,
        }
        self._database.run(lambda c: c.execute(query("finish_log"), values))
