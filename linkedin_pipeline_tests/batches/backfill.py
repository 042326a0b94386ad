"""Batch mode over a bank and a simulator of OpenAI, without Dagster: send, look, store."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from linkedin_pipeline.batch_wiring import BatchMode, batch_mode
from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.log import PostgresWorkLog
from linkedin_pipeline.database.queue import PostgresWorkQueue
from linkedin_pipeline.database.taxonomy import PostgresTaxonomy
from linkedin_pipeline.domain.ai import Model
from linkedin_pipeline.domain.labels import LABEL_STAGES, Label
from linkedin_pipeline.domain.work import Outcome, Stage
from linkedin_pipeline.settings import Endpoint, Settings
from linkedin_pipeline.simulators.ledger import Call
from linkedin_pipeline.simulators.openai import OpenAISimulator
from linkedin_pipeline.wiring import Providers, build_providers
from linkedin_pipeline.workers.batch_results import Collected
from linkedin_pipeline.workers.batches import Submitted
from linkedin_pipeline.workers.engine import drain
from linkedin_pipeline.workers.labels import LabelWorker
from linkedin_pipeline.workers.stages import EmbeddingWorker
from linkedin_pipeline_tests.fakes import HashEmbedder
from linkedin_pipeline_tests.sql.bank import Connection, add_post, rows, value

EMBEDDINGS = Stage.EMBEDDINGS
TOPICS, AUDIENCES, HOOK_TYPES = LABEL_STAGES
LIVE = "POST /v1/embeddings"
LIVE_LABELS = "POST /v1/chat/completions"


def settings(database_url: str, openai_url: str) -> Settings:
    """Return settings of a bank whose models are a simulated OpenAI's."""
    return Settings(
        database_url=database_url,
        openai=Endpoint("sk-simulated", f"{openai_url}/v1"),
        embedding_model=Model.parse("openai:text-embedding-3-small"),
        classification_model=Model.parse("openai:gpt-5-mini"),
    )


@dataclass
class Backfill:
    """A process of its own, as far as the database and the provider can tell."""

    simulator: OpenAISimulator
    url: str
    database: Database
    providers: Providers

    def taxonomy(self) -> dict[Stage, Sequence[Label]]:
        """Return today's labels; their vectors cost nothing and mean nothing here."""
        read = PostgresTaxonomy(self.database, HashEmbedder())
        return {stage: read.labels(stage) for stage in LABEL_STAGES}

    @property
    def mode(self) -> BatchMode:
        """Batch mode as a new process would make it."""
        mode = batch_mode(self.providers, self.database, self.taxonomy, "run-1")
        assert mode is not None
        return mode

    def submit(self, stage: Stage = EMBEDDINGS, most: int | None = None) -> Submitted:
        """Put due posts into batches."""
        mode = self.mode
        asker = mode.asker(stage)
        assert asker is not None
        return mode.sender.submit(asker, stage, None, most)

    def collect(self) -> Collected:
        """Look at every open batch once."""
        return self.mode.collector.collect()

    def finish(self) -> Collected:
        """Look until a batch is over."""
        for _ in range(10):
            collected = self.collect()
            if collected.ended:
                return collected
        raise AssertionError("no batch was over after ten looks")

    def drain(self, stage: Stage = EMBEDDINGS) -> dict[str, int]:
        """Drain a stage as every run does; return the outcomes that are not 0."""
        bound = self.providers.bound(self.database)
        worker: Any = EmbeddingWorker(bound.embedder)
        if stage is not EMBEDDINGS:
            worker = LabelWorker(stage, bound.classifier, self.taxonomy())
        queue, log = PostgresWorkQueue(self.database), PostgresWorkLog(self.database)
        totals = drain(worker, queue, log, bound.clock).totals()
        return {str(outcome): totals[outcome] for outcome in Outcome if totals[outcome]}

    def calls(self, route: str) -> list[Call]:
        """Return what the simulator was asked."""
        return list(self.simulator.ledger.calls(route))

    def lines(self) -> list[dict[str, Any]]:
        """Return the bodies of the lines that were executed."""
        return [json.loads(call.body) for call in self.calls("BATCH")]


@contextmanager
def backfill(simulator: OpenAISimulator, database_url: str, openai_url: str) -> Iterator[Backfill]:
    """Open a bank over a served simulator."""
    with Database(database_url) as database:
        providers = build_providers(settings(database_url, openai_url))
        yield Backfill(simulator, openai_url, database, providers)


def add_posts(connection: Connection, number: int, text: str = "Post {} on sails.") -> list[UUID]:
    """Insert posts with different texts."""
    return [add_post(connection, text.format(n)) for n in range(number)]


def abandon(connection: Connection) -> None:
    """Let the leases of batches end, as they do some minutes after a process was killed."""
    connection.execute("update ai_batches set held_until = now() - interval '1 second'")


def batches(connection: Connection) -> list[tuple[str, int, int, int]]:
    """Return state and numbers of every batch."""
    return rows(
        connection,
        "select state, questions, answered, discarded from ai_batches order by created_at",
    )


def due(connection: Connection, stage: str = "embeddings") -> int:
    """Count the stage's work that is due now."""
    counted: int = value(
        connection,
        "select count(*) from post_work where stage = %s::post_stage and due_at <= now() "
        "and token is null",
        stage,
    )
    return counted
