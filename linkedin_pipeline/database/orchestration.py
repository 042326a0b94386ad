"""What Dagster's own database says of its daemon, runs, schedules and sensors, without Dagster."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import psycopg

from linkedin_pipeline.database.queries import query
from linkedin_pipeline.database.urls import dagster_url
from linkedin_pipeline.domain.errors import PipelineError
from linkedin_pipeline.settings import Settings

T = TypeVar("T")

DAEMON_IS_DEAD = 120.0
"""Seconds without a heart-beat after which Dagster's daemon counts as stopped; it beats twice a
minute."""
NEWEST_RUNS = 2_000
"""How far back the last run of a job is looked for, in runs of all jobs."""


@dataclass(frozen=True, slots=True)
class Daemon:
    """Dagster's daemon; ``age`` is the seconds since its last heart-beat, where that is known."""

    state: Literal["running", "stopped", "unknown"]
    age: float | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class LastRun:
    """The last run of a job, and how many of its runs the last 24 hours saw, and saw fail.

    ``age`` is the seconds since it started, or was asked for; ``seconds`` what it took.
    """

    job: str
    run_id: str
    status: str
    age: float
    seconds: float | None
    runs: int
    failed: int


@dataclass(frozen=True, slots=True)
class LastTick:
    """The last tick of a schedule or sensor, whether it is on; all None when it never ticked.

    ``runs`` is how many runs it asked for, ``reason`` why it asked for none, or failed.
    """

    name: str
    kind: str
    on: bool
    status: str | None
    age: float | None
    runs: int
    reason: str | None


@dataclass(frozen=True, slots=True)
class Orchestration:
    """All of it; runs newest first, ticks by name.  None is what could not be read."""

    daemon: Daemon
    runs: list[LastRun] | None = None
    ticks: list[LastTick] | None = None


def orchestration(settings: Settings) -> Orchestration:
    """Read all of it; each of three statements is given up after 2 seconds.

    Starts no server and raises nothing: what cannot be found out is unknown.
    """
    return _read(
        settings,
        lambda connection: Orchestration(
            _daemon(connection),
            _last(connection, "last_runs", LastRun, {"newest": NEWEST_RUNS}),
            _last(connection, "last_ticks", LastTick),
        ),
    )


def daemon(settings: Settings) -> Daemon:
    """Look for a young heart-beat only; like `orchestration` otherwise."""
    return _read(settings, lambda connection: Orchestration(_daemon(connection))).daemon


def _read(settings: Settings, read: Callable[[psycopg.Connection], Orchestration]) -> Orchestration:
    try:
        url = dagster_url(settings, start=False)
        with psycopg.connect(
            url,
            autocommit=True,
            connect_timeout=2,
            options="-c statement_timeout=2000 -c default_transaction_read_only=on",
        ) as connection:
            return read(connection)
    except PipelineError as error:
        return Orchestration(Daemon("unknown", reason=f"{error.subject}: {error.value}"))
    except psycopg.Error as error:
        return Orchestration(Daemon("unknown", reason=_silence(error)))


def _daemon(connection: psycopg.Connection) -> Daemon:
    try:
        row = connection.execute(query("daemon_age")).fetchone()
    except psycopg.errors.UndefinedTable:
        return Daemon("stopped", reason="Dagster has never run on its database")
    except psycopg.Error as error:
        return Daemon("unknown", reason=_silence(error))
    age = row[0] if row else None
    if age is None:
        return Daemon("stopped", reason="it has never run")
    return Daemon("running" if age <= DAEMON_IS_DEAD else "stopped", age)


def _last(
    connection: psycopg.Connection, statement: str, made: Callable[..., T], values: Any = ()
) -> list[T] | None:
    try:
        return [made(*row) for row in connection.execute(query(statement), values).fetchall()]
    except psycopg.errors.UndefinedTable:
        return []
    except psycopg.Error:  # a later Dagster may write its rows in another way
        return None


def _silence(error: psycopg.Error) -> str:
    # no message: libpq's may quote the address
    return f"Dagster's database did not answer: {type(error).__name__}"
