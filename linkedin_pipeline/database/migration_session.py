"""The connection that migrates: server and extension checked, limits set, one holder at a time."""

from __future__ import annotations

import logging
import re
import time
from dataclasses import dataclass
from typing import Any, TypeAlias

import psycopg
from psycopg import conninfo, errors
from psycopg.rows import TupleRow

from linkedin_pipeline.domain.errors import DatabaseDown, Misconfigured

Connection: TypeAlias = psycopg.Connection[TupleRow]

OLDEST_SERVER = 15
OLDEST_VECTOR = (0, 8, 0)
SOUND_VECTOR = (0, 8, 4)
"""Before it, pgvector has known HNSW corruption and overflow bugs (its changelog)."""

_LOG = logging.getLogger(__name__)
_TURN = 0x6C705F6D69677261
_UPGRADE = "Install pgvector 0.8.4 or newer for this server, then: alter extension vector update."


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds, for what.

    ``turn``: for another process that migrates.  ``lock``: for a lock inside a transaction, short
    because everybody else queues behind the waiter; tried ``attempts`` times, ``pause`` apart.
    ``concurrent_lock``: for a lock outside a transaction, where waiting blocks nobody.
    """

    turn: float = 120
    lock: float = 5
    concurrent_lock: float = 600
    attempts: int = 4
    pause: float = 2


def connect(url: str) -> Connection:
    """Open an autocommit connection without statement time-outs to a server new enough.

    Raises:
        DatabaseDown: it does not answer or refuses the log-in; no password in the message.
        Misconfigured: the URL cannot be parsed, or the server is older than PostgreSQL 15.
    """
    given = _parse(url)
    given.setdefault("connect_timeout", 10)
    try:
        connection = psycopg.connect(
            **{**given, "application_name": "linkedin-pipeline migrate"},
            autocommit=True,
            prepare_threshold=None,
        )
    except psycopg.OperationalError as error:
        said = " ".join(str(error).split()).rstrip(".")
        raise DatabaseDown("the database", said, "Start it, or correct DATABASE_URL.") from None
    if connection.info.server_version < OLDEST_SERVER * 10_000:
        version = connection.info.parameter_status("server_version")
        connection.close()
        raise Misconfigured(
            "the database server",
            f"it is PostgreSQL {version}",
            f"PostgreSQL {OLDEST_SERVER} or newer is needed.",
        )
    try:
        _set(connection, "statement_timeout", "0")
        _set(connection, "idle_in_transaction_session_timeout", "0")
    except BaseException:
        connection.close()
        raise
    return connection


def take_turn(connection: Connection, patience: Patience) -> None:
    """Hold the advisory lock that serialises migrations until the connection closes.

    Asks again and again instead of waiting inside one statement: a waiting statement holds a
    snapshot, and ``create index concurrently`` in the process ahead waits for every snapshot.

    Raises:
        DatabaseDown: another process still holds it after ``patience.turn`` seconds.
    """
    until = time.monotonic() + patience.turn
    while True:
        row = connection.execute("select pg_try_advisory_lock(%s)", [_TURN]).fetchone()
        if row is not None and row[0]:
            return
        if time.monotonic() >= until:
            raise DatabaseDown(
                "the database",
                f"another process has been migrating it for {patience.turn:g} s",
                "Wait for it, or end it (pg_locks, locktype advisory), then migrate again.",
            )
        time.sleep(0.2)


def prepare_vector(connection: Connection) -> None:
    """Make sure that extension vector is there and loaded, and that names resolve to it.

    Sets ``search_path`` to ``public`` and the extension's schema.  Loads the library, for only then
    may a plain role write ``create function … set hnsw.…`` (measured: permission denied before).

    Raises:
        Misconfigured: the extension is missing and cannot be made, or is too old.
    """
    found = _vector(connection) or _create_vector(connection)
    schema, version = found
    numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:3])
    if numbers < OLDEST_VECTOR:
        raise Misconfigured("extension vector", f"it is {version}, too old", _UPGRADE)
    if numbers < SOUND_VECTOR:
        _LOG.warning("vector.old version=%s known index bugs; %s", version, _UPGRADE)
    _set(connection, "search_path", "public" if schema == "public" else f"public, {schema}")
    connection.execute("select '[1]'::vector")


def limit_lock_wait(connection: Connection, seconds: float) -> None:
    """Let the statements that follow wait at most ``seconds`` for a lock."""
    _set(connection, "lock_timeout", f"{max(1, round(seconds * 1000))}ms")


def _parse(url: str) -> dict[str, Any]:
    try:
        given = conninfo.conninfo_to_dict(url)
        # A bare @ in a password makes its tail part of the host, which libpq's messages show.
        usable = "@" not in str(given.get("host", ""))
    except psycopg.ProgrammingError:
        usable = False
    if not usable:
        raise Misconfigured(
            "the database URL",
            "it cannot be parsed",
            "Write it as postgresql://user:password@host:5432/database, with %40 for an @ in the "
            "password (the value is not shown, it may hold one).",
        )
    return given


def _set(connection: Connection, name: str, value: str) -> None:
    connection.execute("select set_config(%s, %s, false)", [name, value])


def _vector(connection: Connection) -> tuple[str, str] | None:
    return connection.execute(
        "select quote_ident(n.nspname), e.extversion from pg_extension e "
        "join pg_namespace n on n.oid = e.extnamespace where e.extname = 'vector'"
    ).fetchone()


def _create_vector(connection: Connection) -> tuple[str, str]:
    offered = connection.execute(
        "select default_version from pg_available_extensions where name = 'vector'"
    ).fetchone()
    if offered is None:
        raise Misconfigured("extension vector", "this server does not have it", _UPGRADE)
    try:
        connection.execute("create extension if not exists vector schema public")
    except errors.InsufficientPrivilege:
        raise Misconfigured(
            "extension vector",
            "this user may not create it",
            "Let a superuser run in this database: create extension vector.",
        ) from None
    made = _vector(connection)
    assert made is not None  # it was created one statement ago
    return made
