"""Connections: reuse, patience while the server is away, and what is said when it runs out."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pgvector import Vector
from psycopg import errors
from psycopg.adapt import AdaptersMap

from linkedin_pipeline.database import server
from linkedin_pipeline.database.connections import Connection, Database, down
from linkedin_pipeline.database.queue import PostgresWorkQueue
from linkedin_pipeline.database.server import APPLICATION_DATABASE, Server
from linkedin_pipeline.domain.errors import DatabaseDown, Misconfigured, SchemaBehind
from linkedin_pipeline_tests.database.homes import homes, kill, start
from linkedin_pipeline_tests.postgres import PostgresServer
from linkedin_pipeline_tests.waiting import eventually
from linkedin_pipeline_tests.workers.bank import HOOKS, LEASE

NOWHERE = "postgresql://nobody:hunter2@127.0.0.1:1/nothing"


def backend(connection: Connection) -> int:
    """Return the number of the server's process behind a connection."""
    return int(connection.execute("select pg_backend_pid()").fetchall()[0][0])


def sessions(url: str) -> int:
    """Count the sessions that `Database` has in a database."""
    with psycopg.connect(url) as session:
        rows = session.execute(
            "select count(*) from pg_stat_activity "
            "where datname = current_database() and application_name = 'linkedin_pipeline'"
        ).fetchall()
    return int(rows[0][0])


class TestReuse:
    """Connections are kept for the next call, within bounds."""

    def test_a_connection_is_used_again(self, empty_database_url: str) -> None:
        """Calls that follow one another share one session."""
        with Database(empty_database_url) as database:
            assert database.run(backend) == database.run(backend)

    def test_threads_have_a_connection_each_and_few_are_kept(self, empty_database_url: str) -> None:
        """Calls at the same moment do not share a session; afterwards ``size`` of them stay."""
        together = threading.Barrier(4)

        def work(connection: Connection) -> int:
            together.wait()
            return backend(connection)

        with Database(empty_database_url, size=2) as database:
            with ThreadPoolExecutor(4) as threads:
                backends = list(threads.map(lambda _: database.run(work), range(4)))
            assert len(set(backends)) == 4
            eventually(lambda: sessions(empty_database_url) == 2)
        eventually(lambda: sessions(empty_database_url) == 0)

    @pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
    def test_a_connection_that_saw_an_error_is_not_used_again(
        self, empty_database_url: str, error: type[BaseException]
    ) -> None:
        """Whatever state it was left in, the next call does not inherit it."""

        def work(connection: Connection) -> None:
            connection.execute("begin")
            connection.execute("set local work_mem = '1MB'")
            raise error

        with Database(empty_database_url) as database:
            with pytest.raises(error):
                database.run(work)
            assert sessions(empty_database_url) == 0
            state = database.run(lambda c: c.info.transaction_status)
            assert state is psycopg.pq.TransactionStatus.IDLE

    def test_outside_of_its_block_it_cannot_be_used(self, empty_database_url: str) -> None:
        """A Database that was not entered, or was left, says so instead of connecting."""
        database = Database(empty_database_url)
        with pytest.raises(RuntimeError):
            database.run(backend)
        with database:
            database.run(backend)
        with pytest.raises(RuntimeError):
            database.run(backend)

    def test_a_vanished_server_is_noticed(self, empty_database_url: str) -> None:
        """The sockets ask for signs of life, so that no call hangs for hours."""
        with Database(empty_database_url) as database:
            parameters = database.run(lambda c: c.info.get_parameters())
        wait = int(parameters["keepalives_interval"]) * int(parameters["keepalives_count"])
        assert int(parameters["keepalives_idle"]) + wait < 30


def test_vectors_are_understood_wherever_the_extension_lives(
    postgres_server: PostgresServer, empty_database_url: str
) -> None:
    """An extension in a schema of its own is found, and vectors come back as numbers."""
    name = empty_database_url.rpartition("/")[2]
    with postgres_server.superuser(name) as session:
        session.execute("create schema elsewhere")
        session.execute("grant usage on schema elsewhere to public")
        session.execute("alter extension vector set schema elsewhere")
    with Database(empty_database_url) as database:
        (vector,) = database.run(lambda c: c.execute("select '[1,2]'::vector").fetchall()[0])
        assert list(vector.to_list()) == [1, 2]


@pytest.fixture(scope="module")
def directory() -> Iterator[Path]:
    """Give a directory for a server."""
    with homes() as made:
        yield made


@pytest.fixture
def running(directory: Path) -> Server:
    """Give a server that a test may kill."""
    return start(directory / "server")


class TestAServerThatDies:
    """Killed and started again underneath, with real signals."""

    def test_work_resumes_after_a_recovery(self, running: Server) -> None:
        """A call that finds the server dead has it started, and succeeds."""

        def recover() -> str | None:
            found = server.recover(running.home)
            return None if found is None else found.url(APPLICATION_DATABASE)

        with Database(running.url(APPLICATION_DATABASE), recover=recover) as database:
            database.run(lambda c: c.execute("create table kept as select 42 as answer"))
            kill(running.home)
            rows = database.run(lambda c: c.execute("select answer from kept").fetchall())
            assert rows == [(42,)]

    def test_a_server_that_dies_during_a_call_is_no_error(self, running: Server) -> None:
        """Work that the death interrupted is done again, from its start."""
        attempts: list[int] = []

        def work(connection: Connection) -> list[Any]:
            attempts.append(backend(connection))
            if len(attempts) == 1:
                kill(running.home)
            return connection.execute("select 1").fetchall()

        def somebody_starts_it() -> None:
            start(running.home)

        url = running.url(APPLICATION_DATABASE)
        with Database(url, recover=somebody_starts_it) as database:
            assert database.run(work) == [(1,)]
        assert len(attempts) == 2

    def test_one_dead_connection_tells_of_all(self, running: Server) -> None:
        """After a restart the kept connections are dead together: one failure, not one each."""
        together = threading.Barrier(3)
        attempts: list[None] = []

        def work(connection: Connection) -> None:
            attempts.append(None)
            backend(connection)

        with Database(running.url(APPLICATION_DATABASE)) as database:
            with ThreadPoolExecutor(3) as threads:
                list(threads.map(lambda _: database.run(lambda _c: together.wait()), range(3)))
            kill(running.home)
            start(running.home)
            database.run(work)
        assert len(attempts) == 2

    def test_a_recovery_may_name_another_address(self, running: Server) -> None:
        """The URL that a recovery returns is used from then on."""
        asked: list[None] = []

        def recover() -> str:
            asked.append(None)
            return running.url(APPLICATION_DATABASE)

        with Database(NOWHERE, recover=recover) as database:
            assert database.run(backend) == database.run(backend)
        assert len(asked) == 1

    def test_a_failed_recovery_is_said_at_once(self) -> None:
        """What recovery knows better is not waited for, nor hidden."""

        def recover() -> None:
            raise DatabaseDown("embedded PostgreSQL", "the disk is full", "Make room.")

        with (
            Database(NOWHERE, recover=recover) as database,
            pytest.raises(DatabaseDown, match="the disk is full"),
        ):
            database.run(backend)

    def test_the_servers_own_words_are_passed_on(self, running: Server) -> None:
        """A refused password is named as the reason, and not told."""
        url = running.url(APPLICATION_DATABASE).replace(running.password, "hunter2")
        with Database(url, patience=0.1) as database, pytest.raises(DatabaseDown) as caught:
            database.run(backend)
        assert "password authentication failed" in str(caught.value)
        assert "hunter2" not in "".join(traceback.format_exception(caught.value))


class TestPatience:
    """How long an absence is borne, and what is said then."""

    def test_it_runs_out(self) -> None:
        """A server that stays away is an expected error: reason and remedy, no secret."""
        asked: list[None] = []

        def recover() -> None:
            asked.append(None)

        with (
            Database(NOWHERE, recover=recover, patience=0.5) as database,
            pytest.raises(DatabaseDown) as caught,
        ):
            database.run(backend)
        assert len(asked) > 1
        assert "Connection refused" in str(caught.value)
        assert "DATABASE_URL" in caught.value.remedy
        assert "hunter2" not in "".join(traceback.format_exception(caught.value))

    def test_a_deadlock_is_tried_again_without_recovery(self, empty_database_url: str) -> None:
        """The victim of a deadlock goes on; the server is well and is left alone."""
        attempts: list[int] = []

        def work(connection: Connection) -> str:
            attempts.append(backend(connection))
            if len(attempts) == 1:
                raise errors.DeadlockDetected
            return "done"

        def recover() -> str:
            return pytest.fail("there is nothing to recover")

        with Database(empty_database_url, recover=recover) as database:
            assert database.run(work) == "done"
        assert len(attempts) == 2

    def test_other_errors_come_out_as_they_are(self, empty_database_url: str) -> None:
        """A mistake in a statement is not repeated, nor disguised."""
        attempts: list[None] = []

        def work(connection: Connection) -> None:
            attempts.append(None)
            connection.execute("select 1 / 0")

        with Database(empty_database_url) as database, pytest.raises(errors.DivisionByZero):
            database.run(work)
        assert len(attempts) == 1


@pytest.mark.parametrize("password", ["100%secret", "a b@secret"])
def test_a_password_that_is_not_encoded_is_not_told(password: str) -> None:
    """What libpq cannot read of an address may be the password: the variable is named instead."""
    url = f"postgresql://somebody:{password}@127.0.0.1:5432/bank"
    with Database(url) as database, pytest.raises(Misconfigured) as caught:
        database.run(backend)
    assert "secret" not in "".join(traceback.format_exception(caught.value))
    assert caught.value.subject == "DATABASE_URL"


def test_a_host_that_is_a_piece_of_the_password_is_not_told() -> None:
    """With an @ in the password the rest of it looks like a host: no host is quoted."""
    error = psycopg.OperationalError("failed to resolve host 'secret@db': Name not known")
    assert down(error).value == "no answer (its host name cannot be resolved)"


@pytest.mark.parametrize(
    "statement",
    [
        "select * from viral_posts_bank",
        "select is_worker_enabled('worker')",
        "select 'hooks'::post_stage",
        "select datname, shade from pg_database",
    ],
)
def test_what_is_missing_is_for_a_migration(empty_database_url: str, statement: str) -> None:
    """A missing table, function, type or column is said with the command that adds it."""
    with Database(empty_database_url) as database, pytest.raises(SchemaBehind) as caught:
        database.run(lambda c: c.execute(statement.encode()).fetchall())
    assert "does not exist" in caught.value.value
    assert "linkedin-pipeline db migrate" in caught.value.remedy


def test_a_queue_without_its_schema_says_so(empty_database_url: str) -> None:
    """The first thing that a drain asks of an empty database is answered with the remedy."""
    with Database(empty_database_url) as database:
        queue = PostgresWorkQueue(database)
        with pytest.raises(SchemaBehind):
            queue.is_enabled(HOOKS)
        with pytest.raises(SchemaBehind):
            queue.claim(HOOKS, 1, None, LEASE)


def test_connections_leave_nothing_behind(database_url: str) -> None:
    """The hundredth connection makes no class that the first has not made: psycopg keeps them."""

    def kept() -> int:
        with Database(database_url) as database:
            (row,) = database.run(lambda c: c.execute("select '[1,2]'::vector").fetchall())
        assert row[0] == Vector([1, 2])
        return len(AdaptersMap._optimised)  # noqa: SLF001 - nothing public tells

    first = kept()
    assert {kept() for _ in range(5)} == {first}
