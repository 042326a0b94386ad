"""Two well-known queues over PostgreSQL, each used the way its documentation calls fast."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import uuid4

import asyncpg
import procrastinate
import psycopg
import uvloop
from pgqueuer import qm
from pgqueuer.db import AsyncpgDriver
from pgqueuer.queries import EntrypointExecutionParameter, Queries
from pgqueuer.types import QueueExecutionMode

CHUNK = 1_000
"""Jobs of one statement when they are queued, which is not measured."""


async def _nothing(*_: object, **__: object) -> None:
    """Do no work."""


class _PgQueuer:
    def __init__(self, url: str, batch: int) -> None:
        self.url = url
        self.batch = batch
        uvloop.run(self._with(lambda queries: queries.install()))
        uvloop.run(self._with(lambda queries: queries.optimize_autovacuum()))

    async def _with(self, use: Callable[[Queries], Awaitable[object]]) -> None:
        connection = await asyncpg.connect(self.url)
        try:
            await use(Queries(AsyncpgDriver(connection)))
        finally:
            await connection.close()

    def fill(self, jobs: int) -> None:
        """Queue jobs."""

        async def fill(queries: Queries) -> None:
            await queries.clear_queue_log()
            for start in range(0, jobs, CHUNK):
                size = min(CHUNK, jobs - start)
                payloads = [uuid4().bytes for _ in range(size)]
                await queries.enqueue(["nothing"] * size, payloads, [0] * size)

        uvloop.run(self._with(fill))

    def left(self) -> int:
        """Count the jobs that are not done."""
        with psycopg.connect(self.url) as connection:
            [(left,)] = connection.execute("select count(*) from pgqueuer").fetchall()
        return int(left)


class PgQueuerWorker(_PgQueuer):
    """Its queue manager in drain mode; asyncpg and uvloop, as its own command uses."""

    name = "PgQueuer worker"
    how = "QueueManager.run(batch_size=…, mode=drain), asyncpg, uvloop, async no-op"

    def work(self) -> None:
        """Work everything off."""

        async def work(queries: Queries) -> None:
            manager = qm.QueueManager(queries)
            manager.entrypoint("nothing")(_nothing)
            await manager.run(batch_size=self.batch, mode=QueueExecutionMode.drain)

        uvloop.run(self._with(work))


class PgQueuerCalls(_PgQueuer):
    """Its two bulk statements one after the other, without the queue manager around them."""

    name = "PgQueuer calls"
    how = "Queries.dequeue and Queries.log_jobs in bulk, asyncpg, uvloop, no worker around them"

    def work(self) -> None:
        """Work everything off."""

        async def work(queries: Queries) -> None:
            entrypoints = {"nothing": EntrypointExecutionParameter(concurrency_limit=0)}
            manager = uuid4()
            while jobs := await queries.dequeue(
                batch_size=self.batch,
                entrypoints=entrypoints,
                queue_manager_id=manager,
                global_concurrency_limit=None,
                heartbeat_timeout=timedelta(seconds=30),
            ):
                await queries.log_jobs([(job, "successful", None) for job in jobs])

        uvloop.run(self._with(work))


class ProcrastinateWorker:
    """Its worker, as many jobs at a time as the others have in a batch."""

    name = "Procrastinate worker"
    how = "run_worker_async(concurrency=batch, wait=False, delete_jobs='always'), psycopg, uvloop"

    def __init__(self, url: str, batch: int) -> None:
        self.url = url
        self.batch = batch
        logging.getLogger("procrastinate").setLevel(logging.ERROR)
        self.app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url))
        self.task = self.app.task(name="nothing")(_nothing)
        uvloop.run(self._open(self._install))

    async def _install(self) -> None:
        await self.app.schema_manager.apply_schema_async()  # of the connector that is open now

    async def _open(self, use: Callable[[], Awaitable[object]]) -> None:
        # a connector and its pool belong to one event loop
        connector = procrastinate.PsycopgConnector(conninfo=self.url, min_size=4, max_size=10)
        with self.app.replace_connector(connector):
            async with self.app.open_async():
                await use()

    def fill(self, jobs: int) -> None:
        """Queue jobs."""

        async def fill() -> None:
            for start in range(0, jobs, CHUNK):
                size = min(CHUNK, jobs - start)
                await self.task.batch_defer_async(*({"post": str(uuid4())} for _ in range(size)))

        uvloop.run(self._open(fill))

    def work(self) -> None:
        """Work everything off."""
        uvloop.run(
            self._open(
                lambda: self.app.run_worker_async(
                    concurrency=self.batch,
                    wait=False,
                    delete_jobs="always",
                    install_signal_handlers=False,
                )
            )
        )

    def left(self) -> int:
        """Count the jobs that are not done."""
        with psycopg.connect(self.url) as connection:
            [(left,)] = connection.execute("select count(*) from procrastinate_jobs").fetchall()
        return int(left)
