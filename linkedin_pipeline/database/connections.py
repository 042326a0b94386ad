"""Connections to the application database: reused, patient, and honest about what went wrong."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from types import TracebackType
from typing import Any, Self, TypeVar

import psycopg
from pgvector import Vector
from pgvector.psycopg.vector import (
    VectorBinaryDumper,
    VectorBinaryLoader,
    VectorDumper,
    VectorLoader,
)
from psycopg import errors
from psycopg.types import TypeInfo

from linkedin_pipeline.database.queries import query
from linkedin_pipeline.domain.errors import DatabaseDown, Misconfigured, SchemaBehind

R = TypeVar("R")
Connection = psycopg.Connection[Any]

logger = logging.getLogger(__name__)

_BEHIND = (
    errors.UndefinedTable,
    errors.UndefinedColumn,
    errors.UndefinedFunction,
    errors.UndefinedObject,
)


class Database:
    """Autocommit connections, made when needed: every statement is a transaction of its own.

    ``recover`` is called when the server does not answer, before the next try: it may start an
    embedded server that died, and returns its URL, which can have changed, or None.  After
    ``patience`` seconds without an answer `DatabaseDown` is raised.  Up to ``size`` connections
    are kept for reuse: enough for a drain's threads, as a new one costs more than what it is for.
    Safe in threads; not across fork.

    Why no pool of psycopg's: it connects in the background, so the reason of a failure is lost,
    and its doubling pauses left a server that was back unused for 28 seconds.
    """

    def __init__(
        self,
        url: str,
        *,
        recover: Callable[[], str | None] = lambda: None,
        patience: float = 60.0,
        size: int = 16,
        connect_timeout: int = 5,
    ) -> None:
        self._url = url
        self._recover = recover
        self._patience = patience
        self._size = size
        self._connect_timeout = connect_timeout
        self._lock = threading.Lock()
        self._idle: list[Connection] = []
        self._open = False

    def __enter__(self) -> Self:
        self._open = True
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open = False
        self._close_idle()

    def run(self, work: Callable[[Connection], R]) -> R:
        """Give ``work`` a connection and return its result; try again while the server is away.

        ``work`` may run more than once: an answer that was lost on the way counts as not given,
        though the server may have committed.  A write-back that is repeated so finds its claims
        ended and reports them as stale; a claim that is repeated so leaves the posts of the first
        answer to lapse with their leases.  Neither loses or doubles a value.

        Raises:
            DatabaseDown: the server did not answer within the patience.
            SchemaBehind: a table, column, function or type is missing.
            Misconfigured: the URL cannot be read, or its user may not do this.
        """
        deadline = time.monotonic() + self._patience
        pause = 0.1
        while True:
            try:
                with self._connection() as connection:
                    return work(connection)
            except _BEHIND as error:
                raise SchemaBehind(
                    "the application database",
                    f"it lacks what this version needs ({error.diag.message_primary})",
                    "Run: linkedin-pipeline db migrate",
                ) from error
            except errors.InsufficientPrivilege as error:
                raise Misconfigured(
                    "DATABASE_URL",
                    f"its user lacks a privilege ({error.diag.message_primary})",
                    "Connect as the owner of the database.",
                ) from None
            except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                if time.monotonic() + pause > deadline:
                    raise down(error) from None  # libpq's text may have a piece of the URL
                logger.info("database.away error=%s", _reason(error))
                if not isinstance(error, errors.DeadlockDetected | errors.SerializationFailure):
                    self._close_idle()
                    self._url = self._recover() or self._url
                time.sleep(pause)
                pause = min(pause * 2, 2.0)

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """Give a connection for the time of the block, for what cannot be tried again.

        Raises:
            DatabaseDown: the server did not answer, or went away within the block.
        """
        try:
            with self._connection() as connection:
                yield connection
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            raise down(error) from None

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        connection = self._take() or self._connect()
        try:
            yield connection
        except BaseException:
            connection.close()  # in an unknown state
            raise
        self._keep(connection)

    def _take(self) -> Connection | None:
        if not self._open:
            raise RuntimeError("a Database is used outside of its with block")
        with self._lock:
            return self._idle.pop() if self._idle else None

    def _keep(self, connection: Connection) -> None:
        with self._lock:
            if self._open and len(self._idle) < self._size:
                self._idle.append(connection)
                return
        connection.close()

    def _connect(self) -> Connection:
        try:
            connection = psycopg.connect(
                self._url,
                autocommit=True,
                connect_timeout=self._connect_timeout,
                application_name="linkedin_pipeline",
                # a server that vanished is noticed in 25 seconds, not in the system's two hours
                keepalives_idle=10,
                keepalives_interval=5,
                keepalives_count=3,
            )
        except psycopg.ProgrammingError:
            # libpq quotes what it cannot read, the password perhaps
            raise Misconfigured(
                "DATABASE_URL",
                "it is not a connection string that PostgreSQL's library can read",
                "Write it as postgresql://user:password@host:5432/database, with special "
                "characters of the password percent-encoded.",
            ) from None
        try:
            _prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _close_idle(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()


def down(error: Exception) -> DatabaseDown:
    """Return the expected error for a server that does not answer; carries no password."""
    return DatabaseDown(
        "the application database",
        f"no answer ({_reason(error)})",
        "Check that it runs and that DATABASE_URL is right; work in hand is taken up again.",
    )


def _reason(error: Exception) -> str:
    """Return the server's own words, or what follows the address in those of libpq."""
    if isinstance(error, psycopg.Error) and error.diag.message_primary:
        return error.diag.message_primary
    if "failed to resolve host" in str(error):
        return "its host name cannot be resolved"  # an @ in a password makes that a part of it
    failures = [line for line in str(error).splitlines() if "failed: " in line]
    return failures[-1].rpartition("failed: ")[2] if failures else type(error).__name__


def _prepare(connection: Connection) -> None:
    # psycopg prepares after five uses and pins the plan; claims and searches want a fresh one
    connection.prepare_threshold = None
    # the extension may live in a schema of its own, as on Supabase
    connection.execute(query("search_path"))
    info = TypeInfo.fetch(connection, "vector")
    if info is None:
        # an empty database has no vector type yet; what needs it fails with SchemaBehind
        logger.debug("database.no_vector_type")
        return
    # pgvector's own ``register_vector`` (0.5) makes classes for every connection, and psycopg keeps
    # each for good: 0.13 MB for a run of a few connections
    info.register(connection)
    for dumper in _vector_dumpers(info.oid):
        connection.adapters.register_dumper(Vector, dumper)
        connection.adapters.register_dumper("numpy.ndarray", dumper)
    connection.adapters.register_loader(info.oid, VectorLoader)
    connection.adapters.register_loader(info.oid, VectorBinaryLoader)


@cache  # as many as there are databases
def _vector_dumpers(oid: int) -> tuple[type[VectorDumper], type[VectorBinaryDumper]]:
    """Return what writes vectors, text and binary, for the type's number in a database."""
    return (
        type("VectorTextDumper", (VectorDumper,), {"oid": oid}),
        type("VectorBytesDumper", (VectorBinaryDumper,), {"oid": oid}),
    )
