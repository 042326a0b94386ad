"""What callers that know only SQL asked for: rows of ``pipeline_requests``.

Raises (all functions): DatabaseDown when the database does not answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import psycopg

from linkedin_pipeline.database.connections import Connection, Database
from linkedin_pipeline.database.queries import query
from linkedin_pipeline.domain.errors import BadInput

MOST: Final = 100
"""Requests that one look takes; those that nobody has taken come first."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request that is not over; ``run_id`` is the run that serves it, once that is known."""

    id: UUID
    job: str
    started: bool
    run_id: str | None


def open_requests(database: Database) -> list[Request]:
    """Return the requests that are pending or started, pending ones first, the oldest first."""
    rows = database.run(lambda c: c.execute(query("open_requests"), (MOST,)).fetchall())
    return [Request(*row) for row in rows]


def start(database: Database, request: UUID) -> bool:
    """Take a pending request: from now on who asks again makes a new one.

    False when it is not pending any more, or its caller has not committed yet.
    """
    return database.run(lambda c: _move(c, request, "started"))


def refuse(database: Database, request: UUID, reason: str) -> bool:
    """End a pending request that cannot be served; ``reason`` says why and what to do."""
    return database.run(lambda c: _move(c, request, "failed", reason))


def complete_with(
    database: Database, request: UUID, make_due: Callable[[Connection], object]
) -> bool:
    """Make work due and complete a pending request, both in one transaction or neither.

    Raises:
        BadInput: the database refused what ``make_due`` sent; the request stays pending.
    """

    def work(connection: Connection) -> bool:
        with connection.transaction():
            taken = _move(connection, request, "completed")
            if taken:
                make_due(connection)
            return taken

    try:
        return database.run(work)
    except psycopg.Error as error:  # what `Database.run` did not take for an outage
        said = error.diag.message_primary or type(error).__name__
        remedy = error.diag.message_hint or "Look into the server's log."
        raise BadInput("the database", f"it refused ({said})", remedy) from error


def note_run(database: Database, request: UUID, run_id: str) -> None:
    """Write down which run serves a started request."""
    database.run(lambda c: c.execute(query("note_request_run"), (run_id, request)))


def end(database: Database, request: UUID, error: str | None) -> bool:
    """End a started request: completed, or failed with an ``error``."""
    arguments = {
        "request": request,
        "status": "failed" if error else "completed",
        "reason": error,
    }
    rows = database.run(lambda c: c.execute(query("end_started_request"), arguments).fetchall())
    return bool(rows)


def switched_off(database: Database, workers: Sequence[str]) -> list[str]:
    """Return those of ``workers`` that are switched off, in their order."""
    arguments = (list(workers),)
    rows = database.run(lambda c: c.execute(query("switched_off"), arguments).fetchall())
    return [row[0] for row in rows]


def _move(connection: Connection, request: UUID, status: str, reason: str | None = None) -> bool:
    arguments = {"request": request, "status": status, "reason": reason}
    return bool(connection.execute(query("move_pending_request"), arguments).fetchall())
