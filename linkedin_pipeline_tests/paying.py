"""Enrichment that pays: the real providers over a simulated OpenAI and a bank of the test's own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import psycopg

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.log import PostgresWorkLog
from linkedin_pipeline.database.queue import PostgresWorkQueue
from linkedin_pipeline.database.taxonomy import PostgresTaxonomy
from linkedin_pipeline.domain.ai import Model
from linkedin_pipeline.domain.work import Stage
from linkedin_pipeline.settings import Endpoint, Settings
from linkedin_pipeline.simulators.faults import Fault, Kind, Standing
from linkedin_pipeline.simulators.ledger import Call
from linkedin_pipeline.simulators.openai import OpenAISimulator
from linkedin_pipeline.simulators.serving import serving
from linkedin_pipeline.wiring import Providers, build_providers
from linkedin_pipeline.workers.engine import Limits, drain
from linkedin_pipeline.workers.labels import LabelWorker
from linkedin_pipeline.workers.report import DrainReport
from linkedin_pipeline.workers.stages import EmbeddingWorker, PostWorker
from linkedin_pipeline_tests.waiting import eventually

KEY = "sk-simulated"
SMALL = Model("openai", "text-embedding-3-small")
ADA = Model("openai", "text-embedding-ada-002")
MINI = Model("openai", "gpt-5-mini")
EMBEDDINGS = "/v1/embeddings"
CHAT = "/v1/chat/completions"


@dataclass(frozen=True)
class Payer:
    """Providers that call the simulator; each `Payer` is a process of its own, as it were."""

    simulator: OpenAISimulator
    settings: Settings

    @cached_property
    def providers(self) -> Providers:
        """Build the providers once."""
        return build_providers(self.settings)

    def close(self) -> None:
        """Close the connections to the simulator."""
        workshop = self.providers.workshop
        if workshop is not None and self.settings.openai is not None:
            workshop.openai().close()

    def calls(self, route: str = "", containing: str = "") -> list[Call]:
        """Return the calls that the simulator has had, of a route, with a text in them."""
        return [c for c in self.simulator.ledger.calls(route) if containing in c.body.decode()]

    def drain(self, stage: Stage, limits: Limits | None = None) -> DrainReport:
        """Work off one stage, as its asset does."""
        with self.providers.database() as database:
            bound = self.providers.bound(database)
            worker: PostWorker[Any]
            if stage is Stage.EMBEDDINGS:
                worker = EmbeddingWorker(bound.embedder)
            else:
                labels = PostgresTaxonomy(database, bound.embedder).labels(stage)
                worker = LabelWorker(stage, bound.classifier, {stage: labels})
            queue, log = PostgresWorkQueue(database), PostgresWorkLog(database)
            return drain(worker, queue, log, bound.clock, limits=limits or bound.limits)

    @contextmanager
    def held(self, stage: Stage, text: str, limits: Limits | None = None) -> Iterator[Held]:
        """Drain in a thread; the answer about posts that contain ``text`` waits for a word."""
        gate = self.simulator.faults.add(Fault(Kind.HOLD, contains=text))
        before = len(self.calls(containing=text))
        held = Held(gate)
        thread = threading.Thread(target=lambda: held.reports.append(self.drain(stage, limits)))
        thread.start()
        try:
            eventually(lambda: len(self.calls(containing=text)) > before)
            yield held
        finally:
            gate.release()
            thread.join()

    @contextmanager
    def database(self) -> Iterator[Database]:
        """Open the bank."""
        with self.providers.database() as opened:
            yield opened


@dataclass
class Held:
    """A drain whose answer is held back; its report is there when it has ended."""

    gate: Standing

    def __post_init__(self) -> None:
        self.reports: list[DrainReport] = []

    def release(self) -> DrainReport:
        """Let the answer go and wait for the drain's end."""
        self.gate.release()
        eventually(lambda: self.reports)
        return self.reports[0]


@dataclass
class Line:
    """A served simulator of OpenAI, and payers that call it over one bank."""

    simulator: OpenAISimulator
    url: str
    database_url: str

    def __post_init__(self) -> None:
        self.payers: list[Payer] = []

    def payer(self, **settings: Any) -> Payer:
        """Return providers of paid models; ``settings`` replace some of theirs."""
        usual = Settings(
            database_url=self.database_url,
            openai=Endpoint(KEY, f"{self.url}/v1"),
            embedding_model=SMALL,
            classification_model=MINI,
        )
        payer = Payer(self.simulator, replace(usual, **settings))
        self.payers.append(payer)
        return payer


@contextmanager
def paid_line(database_url: str) -> Iterator[Line]:
    """Serve a simulator of OpenAI for one test."""
    simulator = OpenAISimulator()
    with serving(simulator) as url:
        line = Line(simulator, url, database_url)
        try:
            yield line
        finally:
            simulator.faults.clear()
            for payer in line.payers:
                payer.close()


def pass_time(connection: psycopg.Connection[Any]) -> None:
    """Let every pause end and every post that waits be due."""
    connection.execute("update provider_pauses set until = clock_timestamp()")
    connection.execute("update post_work set due_at = now() where token is null")
