"""The work queue: the shared suite over PostgreSQL and over the fake that other tests use."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from uuid import UUID

import psycopg
import pytest

from linkedin_pipeline.database.connections import Connection, Database
from linkedin_pipeline.database.queue import BUSY_PAUSES, PostgresWorkQueue
from linkedin_pipeline.domain.embeddings import DIMENSIONS, Embedded
from linkedin_pipeline.domain.work import Settled
from linkedin_pipeline_tests.database.postgres_bank import PostgresBank
from linkedin_pipeline_tests.workers.bank import (
    EMBEDDINGS,
    HOOKS,
    LEASE,
    PAST_LEASE,
    posts,
    reject,
    store,
    take,
    take_one,
)
from linkedin_pipeline_tests.workers.memory_queue import MemoryQueue
from linkedin_pipeline_tests.workers.queue_behaviour import MONDAY, QueueBehaviour

R = TypeVar("R")


class TestMemoryQueue(QueueBehaviour):
    """The fake does what the suite says, so that engine tests prove something."""

    @pytest.fixture
    def bank(self) -> MemoryQueue:
        """Give the fake."""
        return MemoryQueue()


class Forgetful(Database):
    """A database whose first answer is lost on the way, after it has committed."""

    def run(self, work: Callable[[Connection], R]) -> R:
        """Do the work, lose the connection, and go on as usual."""

        def lossy(connection: Connection) -> R:
            result = work(connection)
            if not lost:
                lost.append(None)
                raise psycopg.OperationalError("the connection is lost")
            return result

        lost: list[None] = []
        return super().run(lossy)


class TestPostgresQueue(QueueBehaviour):
    """The real queue does what the suite says, and what only a database can get wrong."""

    @pytest.fixture
    def bank(
        self, database_url: str, connection: psycopg.Connection[tuple[object, ...]]
    ) -> Iterator[PostgresBank]:
        """Give a database of the test's own."""
        with Database(database_url) as database:
            yield PostgresBank(database_url, database, connection)

    def test_threads_never_share(self, bank: PostgresBank) -> None:
        """Claimers that run at the same moment get every post, each once."""
        ids = {bank.add(f"Post {number}.", MONDAY) for number in range(60)}
        start = threading.Barrier(4)

        def claim_all(_thread: int) -> list[UUID]:
            got: list[UUID] = []
            start.wait()
            while claims := bank.queue.claim(HOOKS, 3, None, LEASE):
                got += posts(claims)
            return got

        with ThreadPoolExecutor(4) as threads:
            got = [post for some in threads.map(claim_all, range(4)) for post in some]
        got += posts(take(bank))  # a claimer may have met only rows that others were locking
        assert len(got) == 60
        assert set(got) == ids

    def test_a_locked_post_is_waited_for(self, bank: PostgresBank) -> None:
        """A write-back that meets a lock succeeds when the lock goes within ten seconds."""
        post = bank.add("A post.", MONDAY)
        claim = take_one(bank)
        lock = bank.locked(post)
        lock.__enter__()

        def sleep(_seconds: float) -> None:
            lock.__exit__(None, None, None)

        with Database(bank.url) as database:
            queue = PostgresWorkQueue(database, sleep=sleep)
            assert queue.store_hooks([claim], ["A hook."]) == Settled(frozenset({post}))

    def test_a_locked_post_is_not_waited_for_long(self, bank: PostgresBank) -> None:
        """A write-back gives up after ten seconds, well within a lease."""
        post = bank.add("A post.", MONDAY)
        claim = take_one(bank)
        with bank.locked(post):
            assert store(bank, HOOKS, [claim]).busy == {post}
        assert bank.slept == list(BUSY_PAUSES)
        assert 5 <= sum(bank.slept) <= LEASE.total_seconds() / 2

    def test_a_lost_answer_to_a_write_back_loses_nothing(self, bank: PostgresBank) -> None:
        """A write-back that is repeated finds itself done: it reports stale, the value stays."""
        post = bank.add("A post.", MONDAY)
        claim = take_one(bank)
        with Forgetful(bank.url) as database:
            queue = PostgresWorkQueue(database)
            assert queue.store_hooks([claim], ["A hook."]) == Settled()
        assert bank.value(HOOKS, post) == "A hook."

    def test_a_lost_answer_to_a_claim_lapses(self, bank: PostgresBank) -> None:
        """A claim that is repeated leaves the posts of the first answer to their lease."""
        bank.add("A post.", MONDAY)
        with Forgetful(bank.url) as database:
            assert PostgresWorkQueue(database).claim(HOOKS, 1, None, LEASE) == []
        bank.pass_time(PAST_LEASE)
        assert take_one(bank).takeovers == 1

    def test_a_dead_letter_names_worker_and_run(self, bank: PostgresBank) -> None:
        """Who reads ai_errors finds the worker, the run, and a reference to quote."""
        bank.add("A post.", MONDAY)
        reject(bank, HOOKS, [take_one(bank)])
        row = bank.connection.execute(
            "select function_name, metadata, user_error_ref from ai_errors"
        ).fetchone()
        assert row is not None
        assert row[:2] == ("worker_extract_hooks_v2", {"dagster_run_id": "run 1"})
        assert str(row[2]).startswith("ERR-")

    @pytest.mark.parametrize("bad", [float("nan"), 0.0], ids=["not a number", "zero"])
    def test_a_vector_without_direction_is_refused(self, bank: PostgresBank, bad: float) -> None:
        """Such a vector fails its whole write-back, and none of it is kept."""
        bank.add("One.", MONDAY)
        bank.add("Two.", MONDAY)
        claims = take(bank, EMBEDDINGS)
        good = [1.0] + [0.0] * (DIMENSIONS - 1)
        with pytest.raises(psycopg.Error):
            bank.queue.store_embeddings(
                claims, [Embedded(good), Embedded([bad] * DIMENSIONS)], "test:bad"
            )
        assert [bank.value(EMBEDDINGS, claim.post_id) for claim in claims] == [None, None]
        assert store(bank, EMBEDDINGS, claims).held == posts(claims)
