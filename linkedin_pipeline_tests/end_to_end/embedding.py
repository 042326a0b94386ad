"""A process that embeds flagged posts through OpenAI's adapter; started by tests.

Arguments: database URL, base URL, and ``hold`` to stop for ever between the answer and its
write-back.  Prints ``answered`` there, else how many posts were stored.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from datetime import timedelta

from linkedin_pipeline.adapters.calls import Caller
from linkedin_pipeline.adapters.limiter import RateLimiter
from linkedin_pipeline.adapters.openai_client import OpenAiClient
from linkedin_pipeline.adapters.openai_embedder import OpenAiEmbedder
from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.ledger import PostgresAiLedger, PostgresAnswerStore
from linkedin_pipeline.database.log import PostgresWorkLog
from linkedin_pipeline.database.queue import PostgresWorkQueue
from linkedin_pipeline.domain.ai import Model
from linkedin_pipeline.domain.embeddings import Embedded
from linkedin_pipeline.domain.work import Claim, Outcome, Settled
from linkedin_pipeline.ports import WorkQueue
from linkedin_pipeline.workers.engine import Limits, drain
from linkedin_pipeline.workers.stages import EmbeddingWorker
from linkedin_pipeline_tests.end_to_end.draining import RealClock


class Holding(EmbeddingWorker):
    """Never comes to store what it decided."""

    def store(
        self, queue: WorkQueue, claims: Sequence[Claim], values: Sequence[Embedded]
    ) -> Settled:
        """Say so and wait to be killed."""
        del queue, claims, values
        print("answered", flush=True)  # noqa: T201
        time.sleep(600)
        raise AssertionError


def embedder_over(database: Database, base_url: str) -> OpenAiEmbedder:
    """Return an embedder as a process of its own would make it."""
    clock = RealClock()
    caller = Caller(PostgresAiLedger(database), RateLimiter(clock), clock)
    model = Model("openai", "text-embedding-3-small")
    client = OpenAiClient("sk-simulated", base_url)
    return OpenAiEmbedder(model, client, caller, PostgresAnswerStore(database))


def embed_posts(
    database_url: str, base_url: str, *, hold: bool = False, lease: float = 30
) -> dict[Outcome, int]:
    """Drain the embeddings and return how the posts ended."""
    with Database(database_url) as database:
        embedder = embedder_over(database, base_url)
        worker = (Holding if hold else EmbeddingWorker)(embedder)
        queue, log = PostgresWorkQueue(database), PostgresWorkLog(database)
        limits = Limits(lease=timedelta(seconds=lease))
        return dict(drain(worker, queue, log, RealClock(), limits=limits).totals())


if __name__ == "__main__":
    print(embed_posts(sys.argv[1], sys.argv[2], hold="hold" in sys.argv, lease=1))  # noqa: T201
