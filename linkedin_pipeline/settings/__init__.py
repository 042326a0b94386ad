"""The only reader of the environment.

Every variable, its meaning and its default stand in docs/settings.md; tests compare the two.  A
malformed value stops the program with the variable, the value (never a secret) and the remedy.
Nothing is read at import time.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from linkedin_pipeline.domain.ai import Model
from linkedin_pipeline.domain.errors import Misconfigured
from linkedin_pipeline.domain.media import DELIVERY, AllowedHost
from linkedin_pipeline.domain.publishing import PublishPolicy
from linkedin_pipeline.settings import values
from linkedin_pipeline.settings.models import (
    LOCAL_CLASSIFICATION,
    LOCAL_CLASSIFICATION_MODEL,
    LOCAL_EMBEDDING,
    LOCAL_EMBEDDING_MODEL,
    LOCAL_STYLE,
    LOCAL_STYLE_MODEL,
    read_models,
)
from linkedin_pipeline.settings.publishing import read_media_hosts, read_policy, read_unipile
from linkedin_pipeline.settings.values import PROJECT_ROOT, Endpoint

__all__ = [
    "LOCAL_CLASSIFICATION_MODEL",
    "LOCAL_EMBEDDING_MODEL",
    "LOCAL_STYLE_MODEL",
    "PROJECT_ROOT",
    "Endpoint",
    "Settings",
    "child_environment",
]


DAGSTER_WEBSERVER_URL = "http://127.0.0.1:3000"
"""Where `dagster dev` listens."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says, validated; None means "not set".

    ``notices`` are sentences that a person should read: a default that changed with the calendar.
    """

    home: Path | None = None
    database_url: str | None = field(default=None, repr=False)
    dagster_database_url: str | None = field(default=None, repr=False)
    openai: Endpoint | None = None
    anthropic: Endpoint | None = None
    embedding_model: Model = LOCAL_EMBEDDING
    classification_model: Model = LOCAL_CLASSIFICATION
    style_model: Model = LOCAL_STYLE
    style_fallback_model: Model | None = None
    classification_cascade: float | None = None
    style_min_posts: int = 5
    ai_daily_budget: Decimal | None = None
    unipile: Endpoint | None = None
    publishing: PublishPolicy = field(default_factory=PublishPolicy)
    media_hosts: tuple[AllowedHost, ...] = (DELIVERY,)
    edges: Endpoint | None = None
    sync_max_profiles: int = 200
    sync_max_pages: int = 5
    alert_webhook_url: str | None = field(default=None, repr=False)
    dagster_webserver_url: str = field(default=DAGSTER_WEBSERVER_URL, repr=False)
    scheduler_secret: str | None = field(default=None, repr=False)
    notices: tuple[str, ...] = ()

    @property
    def models(self) -> tuple[Model, ...]:
        """Every model that is configured, local ones too."""
        named = (self.embedding_model, self.classification_model, self.style_model)
        return (*named, *([self.style_fallback_model] if self.style_fallback_model else []))

    def key_free(self) -> Settings:
        """Return the same settings with the models that need no key and cost nothing."""
        return replace(
            self,
            openai=None,
            anthropic=None,
            embedding_model=LOCAL_EMBEDDING,
            classification_model=LOCAL_CLASSIFICATION,
            style_model=LOCAL_STYLE,
            style_fallback_model=None,
            classification_cascade=None,
        )

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str] | None = None, *, today: date | None = None
    ) -> Settings:
        """Read and validate every variable; ``today`` (UTC) decides between default models.

        Raises:
            Misconfigured: a variable is malformed, or both database URLs name one database.
        """
        env = os.environ if environment is None else environment
        database_url = values.postgres_url(env, "DATABASE_URL")
        dagster_database_url = values.postgres_url(env, "DAGSTER_DATABASE_URL")
        if (
            database_url
            and dagster_database_url
            and values.same(database_url, dagster_database_url)
        ):
            raise Misconfigured(
                "DAGSTER_DATABASE_URL",
                "it names the same database as DATABASE_URL",
                "Give Dagster a database of its own, or unset the variable.",
            )
        unipile, missing = read_unipile(env)
        edges = values.endpoint(env, "EDGES", ends="/v1")
        if edges is not None and edges.api_key is None:
            edges, missing = (
                None,
                (*missing, "Syncing is not configured: EDGES_API_KEY is not set."),
            )
        models, changed = read_models(env, today or datetime.now(UTC).date())
        return cls(
            home=values.directory(env, "LINKEDIN_PIPELINE_HOME"),
            database_url=database_url,
            dagster_database_url=dagster_database_url,
            **models,
            style_min_posts=values.count(env, "STYLE_MIN_POSTS", 5, most=1_000),
            ai_daily_budget=values.dollars(env, "AI_DAILY_BUDGET_USD"),
            unipile=unipile,
            publishing=read_policy(env),
            media_hosts=read_media_hosts(env),
            edges=edges,
            sync_max_profiles=values.count(env, "SYNC_MAX_PROFILES", 200, most=100_000),
            sync_max_pages=values.count(env, "SYNC_MAX_PAGES", 5, most=1_000),
            alert_webhook_url=values.web_url(
                env, "ALERT_WEBHOOK_URL", "https://hooks.slack.com/services/…"
            ),
            dagster_webserver_url=(
                values.web_url(env, "DAGSTER_WEBSERVER_URL", DAGSTER_WEBSERVER_URL)
                or DAGSTER_WEBSERVER_URL
            ).rstrip("/"),
            scheduler_secret=values.secret(env, "SCHEDULER_SECRET"),
            notices=(*changed, *missing),
        )


def child_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for a program that this one starts, with ``extra`` added."""
    return {**os.environ, **extra}
