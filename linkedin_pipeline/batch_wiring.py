"""Where batch mode meets the settings: it is OpenAI's, and one stage or all may have it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from linkedin_pipeline.adapters.batch_embeddings import EmbeddingAsker
from linkedin_pipeline.adapters.batch_labels import LabelAsker
from linkedin_pipeline.adapters.calls import Caller
from linkedin_pipeline.adapters.label_calls import LabelCalls
from linkedin_pipeline.adapters.limiter import RateLimiter
from linkedin_pipeline.adapters.openai_batches import OpenAiBatches
from linkedin_pipeline.adapters.openai_classifier import OpenAiClassifier
from linkedin_pipeline.adapters.openai_embedder import OpenAiEmbedder
from linkedin_pipeline.batch_ports import BatchAsker
from linkedin_pipeline.database.batches import FreeCalls, PostgresBatchStore
from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.ledger import PostgresAiLedger, PostgresAnswerStore
from linkedin_pipeline.database.queue import PostgresWorkQueue
from linkedin_pipeline.domain.ai import OPENAI, Model, Purpose
from linkedin_pipeline.domain.batches import Batch
from linkedin_pipeline.domain.labels import LABEL_STAGES, Label
from linkedin_pipeline.domain.work import Stage
from linkedin_pipeline.ports import AiLedger, AnswerStore
from linkedin_pipeline.settings import Settings
from linkedin_pipeline.wiring import Providers, Workshop
from linkedin_pipeline.workers.batch_results import BatchCollector
from linkedin_pipeline.workers.batches import BatchSender

Offered: TypeAlias = Callable[[], Mapping[Stage, Sequence[Label]]]


@dataclass(frozen=True, slots=True)
class BatchMode:
    """Sends batches and collects what they answered.

    ``asker`` asks the configured model of a stage; None for a stage that has no batches.
    """

    sender: BatchSender
    collector: BatchCollector
    asker: Callable[[Stage], BatchAsker | None]


def batched_stages(settings: Settings) -> dict[Stage, Model]:
    """Return the stages whose configured model can be asked in batches."""
    models = {
        Stage.EMBEDDINGS: settings.embedding_model,
        **dict.fromkeys(LABEL_STAGES, settings.classification_model),
    }
    usable = settings.openai is not None
    return {stage: one for stage, one in models.items() if usable and one.provider == OPENAI}


def batch_mode(
    providers: Providers, database: Database, offered: Offered, run_id: str | None = None
) -> BatchMode | None:
    """Return batch mode over a database; None when there is no OpenAI, or server in its place.

    ``offered`` reads today's labels of all kinds, when they are needed.
    """
    settings, workshop = providers.settings, providers.workshop
    if workshop is None or settings.openai is None:
        return None
    models = batched_stages(settings)
    ledger = PostgresAiLedger(database, budget=settings.ai_daily_budget, run_id=run_id)
    answers = PostgresAnswerStore(database)
    store = PostgresBatchStore(database)
    clock = providers.clock
    # files and batches have rate limits of their own, which their answers do not tell
    free = Caller(FreeCalls(database, ledger), RateLimiter(clock), clock)
    provider = OpenAiBatches(workshop.openai(), free)
    sender = BatchSender(store, PostgresWorkQueue(database), ledger, provider)

    def of_batch(batch: Batch) -> BatchAsker:
        return _asker(workshop, batch.purpose, batch.model, ledger, answers, offered)

    def of_stage(stage: Stage) -> BatchAsker | None:
        if stage not in models:
            return None
        purpose = Purpose.CLASSIFICATION if stage in LABEL_STAGES else Purpose.EMBEDDING
        return _asker(workshop, purpose, models[stage], ledger, answers, offered)

    collector = BatchCollector(store, ledger, provider, sender, of_batch)
    return BatchMode(sender, collector, of_stage)


def _asker(
    workshop: Workshop,
    purpose: Purpose,
    model: Model,
    ledger: AiLedger,
    answers: AnswerStore,
    offered: Offered,
) -> BatchAsker:
    client, caller = workshop.openai(), workshop.caller(OPENAI, ledger)
    if purpose is Purpose.EMBEDDING:
        return EmbeddingAsker(model, OpenAiEmbedder(model, client, caller, answers), answers)
    profile = workshop.profile(model)
    classifier = OpenAiClassifier(model, client, caller, answers, profile)
    calls = LabelCalls(model, client, caller, profile)
    return LabelAsker(model, classifier, calls, profile, answers, offered())
