"""The ledger of calls that are not paid by the token; SQL in 640_provider_calls.sql."""

from __future__ import annotations

from uuid import UUID

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.queries import query
from linkedin_pipeline.domain.calls import CallEnd, CallPermit


class PostgresCallLedger:
    """Meets `CallLedger`; each call is one short transaction."""

    def __init__(self, database: Database, *, run_id: str | None = None) -> None:
        self._database = database
        self._run_id = run_id

    def begin(
        self, provider: str, operation: str, subject: str = "", profile_id: UUID | None = None
    ) -> CallPermit:
        """Ask for permission and open the call's row."""
        arguments = (provider, operation, subject, profile_id, self._run_id)
        row = self._database.run(
            lambda c: c.execute(query("begin_provider_call"), arguments).fetchone()
        )
        assert row is not None
        return CallPermit(*row)

    def end(self, call_id: UUID, end: CallEnd, status: int | None, seconds: float) -> None:
        """Close the call's row."""
        arguments = (call_id, end, status, round(seconds * 1000))
        self._database.run(lambda c: c.execute(query("end_provider_call"), arguments))

    def pause(
        self,
        provider: str,
        code: str,
        reason: str,
        *,
        seconds: float | None = None,
        worker: str | None = None,
    ) -> float:
        """Pause a provider for everybody."""
        arguments = (provider, code, reason, seconds, 60.0, 600.0, worker)
        row = self._database.run(lambda c: c.execute(query("pause_provider"), arguments).fetchone())
        assert row is not None
        return float(row[0])

    def paused_for(self, provider: str, code: str) -> bool:
        """Tell whether a provider was paused for that reason and has not answered since."""
        arguments = (provider, code)
        row = self._database.run(
            lambda c: c.execute(query("provider_doubted"), arguments).fetchone()
        )
        assert row is not None
        return bool(row[0])
