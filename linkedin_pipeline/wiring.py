"""The composition root: settings become the services that everything else asks for."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import partial

from linkedin_pipeline.adapters.local_embedder import LocalEmbedder
from linkedin_pipeline.adapters.local_styles import LocalStyleWriter
from linkedin_pipeline.adapters.nearest_classifier import NearestClassifier
from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.urls import application_url, recover_url
from linkedin_pipeline.ports import Classifier, Clock, Embedder, StyleWriter
from linkedin_pipeline.settings import Settings
from linkedin_pipeline.workers.engine import Limits
from linkedin_pipeline.workers.styles import StyleLimits


class SystemClock:
    """The machine's own time."""

    def monotonic(self) -> float:
        """Return seconds that only grow."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Block for ``seconds``."""
        time.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Providers:
    """What a drain, a sensor or a command needs of the outside; nothing is opened by making it."""

    settings: Settings
    embedder: Embedder
    classifier: Classifier
    style_writer: StyleWriter
    clock: Clock = field(default_factory=SystemClock)
    limits: Limits = field(default_factory=Limits)
    style_limits: StyleLimits = field(default_factory=StyleLimits)

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


def build_providers(settings: Settings | None = None) -> Providers:
    """Choose the providers that the settings name; opens no connection and loads no model."""
    settings = settings or Settings.from_environment()
    embedder = LocalEmbedder(settings.embedding_model)
    return Providers(
        settings=settings,
        embedder=embedder,
        classifier=NearestClassifier(embedder),
        style_writer=LocalStyleWriter(),
        style_limits=StyleLimits(min_posts=settings.style_min_posts),
    )
