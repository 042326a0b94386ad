"""The composition root: settings become the services that everything else asks for."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from linkedin_pipeline.adapters.anthropic_client import AnthropicClient
from linkedin_pipeline.adapters.anthropic_styles import anthropic_styles
from linkedin_pipeline.adapters.calls import Caller, CallLimits
from linkedin_pipeline.adapters.cascading_classifier import CascadingClassifier
from linkedin_pipeline.adapters.chat_profiles import ModelProfile, profile_of
from linkedin_pipeline.adapters.edges import BASE_URL as EDGES_URL
from linkedin_pipeline.adapters.edges import FAILING, EdgesFeed
from linkedin_pipeline.adapters.edges import PROVIDER as EDGES
from linkedin_pipeline.adapters.fallback_styles import FallbackStyleWriter
from linkedin_pipeline.adapters.limiter import RateLimiter
from linkedin_pipeline.adapters.local_embedder import LocalEmbedder
from linkedin_pipeline.adapters.local_styles import LocalStyleWriter
from linkedin_pipeline.adapters.nearest_classifier import NearestClassifier
from linkedin_pipeline.adapters.openai_classifier import OpenAiClassifier
from linkedin_pipeline.adapters.openai_client import OpenAiClient
from linkedin_pipeline.adapters.openai_embedder import OpenAiEmbedder
from linkedin_pipeline.adapters.openai_styles import openai_styles
from linkedin_pipeline.adapters.webhook import AlertWebhook
from linkedin_pipeline.database.calls import PostgresCallLedger
from linkedin_pipeline.database.cascade import PostgresNeighbours
from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.ledger import PostgresAiLedger, PostgresAnswerStore
from linkedin_pipeline.database.urls import application_url, recover_url
from linkedin_pipeline.domain.ai import LOCAL, OPENAI, Model
from linkedin_pipeline.domain.cascade import cascade_of
from linkedin_pipeline.domain.errors import Misconfigured
from linkedin_pipeline.ports import AiLedger, AnswerStore, Classifier, Clock, Embedder, StyleWriter
from linkedin_pipeline.settings import LOCAL_EMBEDDING_MODEL, Endpoint, Settings
from linkedin_pipeline.workers.engine import Limits
from linkedin_pipeline.workers.styles import StyleLimits
from linkedin_pipeline.workers.sync import SyncLimits

logger = logging.getLogger(__name__)

_STYLE_TIMEOUT = 120.0
_STYLE_LIMITS = CallLimits(tries=3)
"""A style takes a model up to a minute, and there is a fallback to ask instead of asking again."""
KEYLESS = "none"
"""What a server of one's own that wants no key is sent in its place."""


class SystemClock:
    """The machine's own time."""

    def monotonic(self) -> float:
        """Return seconds that only grow."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Block for ``seconds``."""
        time.sleep(seconds)


class _Unbound:
    """Stands for ledger and answers until there is a database: models have names, no calls."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(f"{name}: a paid model is used before Providers.bound()")


class Workshop:
    """Makes adapters; keeps what all of a process share: connections and rate limits."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        self._limiters: dict[str, RateLimiter] = {}
        self._local = LocalEmbedder(LOCAL_EMBEDDING_MODEL)
        self._openai: OpenAiClient | None = None

    def caller(self, provider: str, ledger: AiLedger, limits: CallLimits | None = None) -> Caller:
        """Return what makes the calls of a provider; all of them share its rate limits."""
        limiter = self._limiters.setdefault(provider, RateLimiter(self.clock))
        return Caller(ledger, limiter, self.clock, limits)

    def openai(self) -> OpenAiClient:
        """Return the connections to OpenAI, or to the server that is in its place.

        Raises:
            Misconfigured: neither key nor address is set.
        """
        if self._openai is None:
            at = _endpoint(self.settings.openai, "OPENAI_API_KEY")
            self._openai = OpenAiClient(at.api_key or KEYLESS, at.base_url)
        return self._openai

    def embedder(self, model: Model, ledger: AiLedger, answers: AnswerStore) -> Embedder:
        """Return the embedder of that name."""
        if model.provider == LOCAL:
            return self._local
        return OpenAiEmbedder(model, self.openai(), self.caller(OPENAI, ledger), answers)

    def classifier(self, model: Model, ledger: AiLedger, answers: AnswerStore) -> Classifier:
        """Return the classifier of that name."""
        if model.provider == LOCAL:
            return NearestClassifier(self._local)
        caller = self.caller(OPENAI, ledger)
        return OpenAiClassifier(model, self.openai(), caller, answers, self.profile(model))

    def profile(self, model: Model) -> ModelProfile:
        """Return how a model is asked for labels."""
        profile = profile_of(model.name)
        if self.settings.openai and self.settings.openai.base_url:
            # what model answers there is not known: a small one may mistake controls, and pay twice
            return replace(profile, controls=False)
        return profile

    def style_writer(self, ledger: AiLedger, answers: AnswerStore) -> StyleWriter:
        """Return what writes styles: the configured model, its fallback behind it."""
        models = (self.settings.style_model, self.settings.style_fallback_model)
        writers = [self._styles(model, ledger) for model in models if model is not None]
        if self.settings.style_model.provider == LOCAL:
            return writers[0]  # it never fails and costs nothing: no answer to keep, no fallback
        return FallbackStyleWriter(writers, answers)

    def _styles(self, model: Model, ledger: AiLedger) -> StyleWriter:
        if model.provider == LOCAL:
            return LocalStyleWriter()
        caller = self.caller(model.provider, ledger, _STYLE_LIMITS)
        if model.provider == OPENAI:
            at = _endpoint(self.settings.openai, "OPENAI_API_KEY")
            client = OpenAiClient(at.api_key or KEYLESS, at.base_url, _STYLE_TIMEOUT)
            return openai_styles(client, model, caller)
        at = _endpoint(self.settings.anthropic, "ANTHROPIC_API_KEY")
        claude = AnthropicClient(at.api_key or KEYLESS, at.base_url, _STYLE_TIMEOUT)
        return anthropic_styles(claude, model, caller)


def _endpoint(endpoint: Endpoint | None, variable: str) -> Endpoint:
    if endpoint is None:
        raise Misconfigured(variable, "it is not set", "Set it, or name a local model.")
    return endpoint


@dataclass(frozen=True, slots=True)
class Providers:
    """What a drain, a sensor or a command needs of the outside; nothing is opened by making it.

    Paid models have names only until they are `bound` to a database, which holds their ledger.
    """

    settings: Settings
    embedder: Embedder
    classifier: Classifier
    style_writer: StyleWriter
    clock: Clock = field(default_factory=SystemClock)
    limits: Limits = field(default_factory=Limits)
    style_limits: StyleLimits = field(default_factory=StyleLimits)
    sync_limits: SyncLimits = field(default_factory=SyncLimits)
    workshop: Workshop | None = None

    def bound(self, database: Database, run_id: str | None = None) -> Providers:
        """Return providers whose calls are written into the database's ledger."""
        if self.workshop is None:
            return self
        budget = self.settings.ai_daily_budget
        ledger = PostgresAiLedger(database, budget=budget, run_id=run_id)
        bound = _with_models(self, self.workshop, ledger, PostgresAnswerStore(database))
        threshold = self.settings.classification_cascade
        if threshold is None or not isinstance(bound.classifier, OpenAiClassifier):
            return bound
        neighbours = PostgresNeighbours(database)
        cascade = CascadingClassifier(bound.classifier, neighbours, threshold)
        return replace(bound, classifier=cascade)

    @property
    def label_models(self) -> tuple[str, ...]:
        """What is stored beside labels that are up to date: the classifier, and its cascade."""
        if self.settings.classification_cascade is None:
            return (self.classifier.model,)
        return (self.classifier.model, cascade_of(self.classifier.model))

    def alert_webhook(self, database: Database) -> AlertWebhook | None:
        """Return where incidents are posted, to be closed after use; None when it is not set."""
        url = self.settings.alert_webhook_url
        return AlertWebhook(url, PostgresCallLedger(database)) if url else None

    def embedder_named(self, name: str, database: Database) -> Embedder | None:
        """Return the embedder of another model, ``provider:model``; None when it cannot be had."""
        if name == self.embedder.model:
            return self.bound(database).embedder
        if self.workshop is None:
            return None
        ledger = PostgresAiLedger(database, budget=self.settings.ai_daily_budget)
        try:
            model = Model.parse(name)
            if model.provider == LOCAL and name != LOCAL_EMBEDDING_MODEL:
                return None
            if model.provider not in {LOCAL, OPENAI}:
                return None
            return self.workshop.embedder(model, ledger, PostgresAnswerStore(database))
        except (ValueError, Misconfigured):
            return None

    @contextmanager
    def profile_feed(self, database: Database, run_id: str | None = None) -> Iterator[EdgesFeed]:
        """Give what reads profiles, with its calls in the database's ledger.

        Raises:
            Misconfigured: there is no key.
        """
        at = self.settings.edges
        if at is None or at.api_key is None:
            raise Misconfigured("EDGES_API_KEY", "it is not set", "Set it to have profiles read.")
        ledger = PostgresCallLedger(database, run_id=run_id)
        doubted = ledger.paused_for(EDGES, FAILING)
        url = at.base_url or EDGES_URL
        feed = EdgesFeed(at.api_key, url, ledger, self.clock, doubted=doubted)
        try:
            yield feed
        finally:
            feed.close()

    def database(self, *, start: bool = True, patience: float = 60.0) -> Database:
        """Return the application database, to be used as a context.

        With ``start`` false an embedded server that is not running is left alone, and patience
        should be short: this is for sensors.

        Raises:
            DatabaseDown: ``start`` is false and the embedded server does not run.
        """
        url = application_url(self.settings, start=start)
        if not start:
            return Database(url, patience=patience, size=1, connect_timeout=2)
        return Database(url, recover=partial(recover_url, self.settings), patience=patience)


def _with_models(
    providers: Providers, workshop: Workshop, ledger: AiLedger, answers: AnswerStore
) -> Providers:
    settings = providers.settings
    return replace(
        providers,
        embedder=workshop.embedder(settings.embedding_model, ledger, answers),
        classifier=workshop.classifier(settings.classification_model, ledger, answers),
        style_writer=workshop.style_writer(ledger, answers),
    )


def build_providers(settings: Settings | None = None) -> Providers:
    """Choose the providers that the settings name; opens no connection and loads no model."""
    settings = settings or Settings.from_environment()
    for notice in settings.notices:
        logger.warning("%s", notice)
    clock = SystemClock()
    workshop = Workshop(settings, clock)
    unbound: Any = _Unbound()
    return Providers(
        settings=settings,
        embedder=workshop.embedder(settings.embedding_model, unbound, unbound),
        classifier=workshop.classifier(settings.classification_model, unbound, unbound),
        style_writer=workshop.style_writer(unbound, unbound),
        clock=clock,
        style_limits=StyleLimits(min_posts=settings.style_min_posts),
        sync_limits=SyncLimits(
            max_profiles=settings.sync_max_profiles, max_pages=settings.sync_max_pages
        ),
        workshop=workshop,
    )
