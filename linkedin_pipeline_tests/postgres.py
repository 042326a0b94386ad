"""A real PostgreSQL server for one test session, and databases on it.

The data lie in memory and nothing is flushed; the server ends with the process that started it,
however that ends.  Tests connect as a plain role that owns its databases, as in production: what
works only for a superuser fails here too.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import TupleRow

from linkedin_pipeline.database import server as embedded

OWNER = "linkedin_owner"
WEB_ROLES = ("anon", "authenticated", "service_role")
GIVEN = "TEST_POSTGRES_URL"
"""Names a superuser's URL of a server to throw away, to test against another version."""
_PREFIX = "linkedin_pipeline_tests-"
_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "shared_buffers": "64MB",
    "autovacuum": "off",  # tests that look at plans or dead rows say themselves when to vacuum
    # the owner makes the roles of the contract and must be able to become them in a test
    "createrole_self_grant": "set",
}


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """The running server of the session; both roles have the same password."""

    embedded: embedded.Server

    @property
    def password(self) -> str:
        """Return the password of the owner role and of the superuser."""
        return self.embedded.password

    def url(self, database: str, *, user: str = OWNER) -> str:
        """Return the URL of a database, for the owner role unless ``postgres`` is asked for."""
        return self.embedded.url(database).replace("//postgres:", f"//{user}:", 1)

    def superuser(self, database: str) -> psycopg.Connection[TupleRow]:
        """Open an autocommit connection as the superuser."""
        return psycopg.connect(self.url(database, user="postgres"), autocommit=True)

    def create(self, database: str, *, template: str = "template1") -> str:
        """Create a database as a copy of ``template`` and return its URL.

        ``template1`` holds extension vector and nothing else, ``template0`` nothing at all.
        """
        with self.superuser("postgres") as connection:
            connection.execute(
                sql.SQL("create database {} owner {} template {} strategy file_copy").format(
                    sql.Identifier(database), sql.Identifier(OWNER), sql.Identifier(template)
                )
            )
        return self.url(database)

    def drop(self, database: str) -> None:
        """Drop a database and whatever is still connected to it."""
        with self.superuser("postgres") as connection:
            connection.execute(
                sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(database))
            )

    @contextmanager
    def database(self, *, template: str = "template1") -> Iterator[str]:
        """Create a database with a name of its own, yield its URL, drop it."""
        name = f"test_{secrets.token_hex(6)}"
        try:
            yield self.create(name, template=template)
        finally:
            self.drop(name)


def ask(url: str, question: str) -> Any:
    """Return the first column of the first row of an answer, or None."""
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(question.encode()).fetchone()
        return None if row is None else row[0]


@contextmanager
def transaction(url: str, statement: str) -> Iterator[None]:
    """Hold what ``statement`` takes, locks for example, until the block ends."""
    with psycopg.connect(url) as connection:
        connection.execute(statement.encode())
        yield


@contextmanager
def running_server() -> Iterator[PostgresServer]:
    """Start a server below ``/dev/shm``, or the directory for temporary files; stop it after.

    ``TEST_POSTGRES_URL`` names another one to use instead.
    """
    if given := os.environ.get(GIVEN):
        yield from _given_server(given)
        return
    with _directory() as place:
        home = place / "home"
        server = PostgresServer(embedded.start(home, settings=_SETTINGS, die_with_parent=True))
        try:
            _prepare(server)
            yield server
        finally:
            embedded.stop(home)


def _prepare(server: PostgresServer) -> None:
    """Make the role that owns the databases, and the extension in the template of all."""
    with server.superuser("postgres") as connection:
        connection.execute(
            sql.SQL("create role {} login createrole password {}").format(
                sql.Identifier(OWNER), sql.Literal(server.password)
            )
        )
    with server.superuser("template1") as connection:
        connection.execute("create extension if not exists vector")


def _given_server(url: str) -> Iterator[PostgresServer]:
    """Use a server that runs already; what the tests make there is taken away before and after."""
    parts = urlsplit(url)
    if (parts.username, parts.hostname) != ("postgres", "127.0.0.1") or not parts.password:
        pytest.exit(f"{GIVEN} is not like postgresql://postgres:PASSWORD@127.0.0.1:PORT/", 4)
    found = embedded.Server(Path(), parts.port or 5432, Path(), "given", parts.password)
    server = PostgresServer(found)
    roles = sql.SQL(", ").join(map(sql.Identifier, WEB_ROLES))

    def take_away() -> None:
        with server.superuser("postgres") as connection:
            made = connection.execute(
                "select datname from pg_database where datdba = to_regrole(%s)", [OWNER]
            ).fetchall()
            for (database,) in made:
                server.drop(database)
            connection.execute(
                sql.SQL("drop role if exists {}, {}").format(sql.Identifier(OWNER), roles)
            )

    take_away()
    _prepare(server)
    with server.superuser("postgres") as connection:
        # servers before 16 know no createrole_self_grant
        for role in WEB_ROLES:
            connection.execute(sql.SQL("create role {}").format(sql.Identifier(role)))
        connection.execute(sql.SQL("grant {} to {}").format(roles, sql.Identifier(OWNER)))
    try:
        yield server
    finally:
        take_away()


@contextmanager
def _directory() -> Iterator[Path]:
    """Make a directory and lock it; remove it after, and those that killed sessions left."""
    memory = Path("/dev/shm")
    parent = memory if os.access(memory, os.W_OK | os.X_OK) else Path(tempfile.gettempdir())
    for left in parent.glob(f"{_PREFIX}*"):
        if (lock := _lock(left)) is not None:
            shutil.rmtree(left, ignore_errors=True)
            lock.close()
    fresh = Path(tempfile.mkdtemp(prefix=f"new_{_PREFIX}", dir=parent))
    fresh.chmod(0o711)  # the account that runs root's server passes through
    lock = _lock(fresh)
    place = fresh.rename(parent / fresh.name.removeprefix("new_"))  # locked before it can be found
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)
        if lock is not None:
            lock.close()


def _lock(place: Path) -> IO[bytes] | None:
    """Lock a directory of ours, or return None when its session lives."""
    try:
        file = (place / "lock").open("ab")
    except OSError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file
