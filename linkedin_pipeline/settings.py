"""The only reader of the environment.

Every variable, its meaning and its default stand in one table in the README; a test compares the
two.  A malformed value stops the program with the variable, the value (never a secret) and the
remedy.  Nothing is read at import time.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from linkedin_pipeline.domain.ai import ANTHROPIC, LOCAL, OPENAI, Model
from linkedin_pipeline.domain.errors import Misconfigured

PROJECT_ROOT = Path(__file__).resolve().parent.parent
LOCAL_EMBEDDING_MODEL = "local:use-multilingual-v3"
LOCAL_CLASSIFICATION_MODEL = "local:nearest"
LOCAL_STYLE_MODEL = "local:measured-style"
GPT_5_MINI_ENDS = date(2026, 12, 11)
"""The shutdown that OpenAI announced; from then on the default is its named replacement."""
_LOOPBACK = {"", "localhost", "127.0.0.1", "::1"}


_LOCAL_EMBEDDING = Model.parse(LOCAL_EMBEDDING_MODEL)
_LOCAL_CLASSIFICATION = Model.parse(LOCAL_CLASSIFICATION_MODEL)
_LOCAL_STYLE = Model.parse(LOCAL_STYLE_MODEL)
_LOCAL_MODELS = {
    "EMBEDDING_MODEL": LOCAL_EMBEDDING_MODEL,
    "CLASSIFICATION_MODEL": LOCAL_CLASSIFICATION_MODEL,
    "STYLE_MODEL": LOCAL_STYLE_MODEL,
    "STYLE_FALLBACK_MODEL": LOCAL_STYLE_MODEL,
}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a provider is reached and with which key; a server of one's own may need none."""

    api_key: str | None = field(default=None, repr=False)
    base_url: str | None = field(default=None, repr=False)


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
    embedding_model: Model = _LOCAL_EMBEDDING
    classification_model: Model = _LOCAL_CLASSIFICATION
    style_model: Model = _LOCAL_STYLE
    style_fallback_model: Model | None = None
    style_min_posts: int = 5
    ai_daily_budget: Decimal | None = None
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
            embedding_model=_LOCAL_EMBEDDING,
            classification_model=_LOCAL_CLASSIFICATION,
            style_model=_LOCAL_STYLE,
            style_fallback_model=None,
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
        database_url = _postgres_url(env, "DATABASE_URL")
        dagster_database_url = _postgres_url(env, "DAGSTER_DATABASE_URL")
        if database_url and dagster_database_url and _same(database_url, dagster_database_url):
            raise Misconfigured(
                "DAGSTER_DATABASE_URL",
                "it names the same database as DATABASE_URL",
                "Give Dagster a database of its own, or unset the variable.",
            )
        return cls(
            home=_directory(env, "LINKEDIN_PIPELINE_HOME"),
            database_url=database_url,
            dagster_database_url=dagster_database_url,
            **_models(env, today or datetime.now(UTC).date()),
            style_min_posts=_count(env, "STYLE_MIN_POSTS", 5, most=1_000),
            ai_daily_budget=_dollars(env, "AI_DAILY_BUDGET_USD"),
        )


def _text(env: Mapping[str, str], name: str) -> str | None:
    return env.get(name, "").strip() or None


def _postgres_url(env: Mapping[str, str], name: str) -> str | None:
    value = _text(env, name)
    if value is None:
        return None
    try:
        parts = urlsplit(value)
        usable = parts.scheme in {"postgresql", "postgres"} and len(parts.path) > 1
        _ = parts.port
    except ValueError:
        usable = False
    if not usable:
        raise Misconfigured(
            name,
            "it is not a PostgreSQL URL with a database name",
            "Write it as postgresql://user:password@host:5432/database (the value is not "
            "shown, it may hold a password).",
        )
    # one spelling from here on: SQLAlchemy does not know "postgres"
    return "postgresql" + value[len(parts.scheme) :]


def _same(one: str, other: str) -> bool:
    return _database(one) == _database(other)


def _database(url: str) -> tuple[str, str, str]:
    """Return host, port and database name as libpq reads them: the query part wins."""
    parts = urlsplit(url)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    host = query.get("host", unquote(parts.hostname or ""))
    return (
        "localhost" if host in _LOOPBACK else host,
        query.get("port", str(parts.port or 5432)),
        query.get("dbname", unquote(parts.path[1:])),
    )


def _directory(env: Mapping[str, str], name: str) -> Path | None:
    value = _text(env, name)
    if value is None:
        return None
    try:
        # counted from the project, so that one value means one place wherever a process starts
        path = PROJECT_ROOT / Path(value).expanduser()
        usable = next(place for place in (path, *path.parents) if place.exists()).is_dir()
    except (OSError, RuntimeError):  # unreadable or too long; ~ of an unknown user
        usable = False
    if not usable:
        raise Misconfigured(
            name,
            f"{value!r} is not a directory and cannot become one",
            "Name a directory of its own.",
        )
    return path


def _models(env: Mapping[str, str], today: date) -> dict[str, Any]:
    """Return the providers that have a key or an address, and the model for each purpose."""
    openai = _endpoint(env, "OPENAI", version=True)
    anthropic = _endpoint(env, "ANTHROPIC", version=False)
    known = {LOCAL, *([OPENAI] if openai else []), *([ANTHROPIC] if anthropic else [])}
    keyed = bool(_text(env, "OPENAI_API_KEY"))
    mini = "gpt-5-mini" if today < GPT_5_MINI_ENDS else "gpt-6.1-terra"
    fallback = f"{OPENAI}:gpt-5.2" if keyed else None
    style = f"{ANTHROPIC}:claude-opus-4-6" if anthropic else fallback or LOCAL_STYLE_MODEL
    embedding = f"{OPENAI}:text-embedding-3-small" if keyed else LOCAL_EMBEDDING_MODEL
    labels = f"{OPENAI}:{mini}" if keyed else LOCAL_CLASSIFICATION_MODEL
    models: dict[str, Model | None] = {
        "embedding_model": _model(env, "EMBEDDING_MODEL", embedding, known - {ANTHROPIC}),
        "classification_model": _model(env, "CLASSIFICATION_MODEL", labels, known - {ANTHROPIC}),
        "style_model": _model(env, "STYLE_MODEL", style, known),
        "style_fallback_model": _model(env, "STYLE_FALLBACK_MODEL", fallback or style, known),
    }
    if models["style_fallback_model"] == models["style_model"]:
        models["style_fallback_model"] = None
    notices = []
    if keyed and today >= GPT_5_MINI_ENDS and _text(env, "CLASSIFICATION_MODEL") is None:
        notices.append(
            f"CLASSIFICATION_MODEL is not set, and openai:gpt-5-mini ended on {GPT_5_MINI_ENDS}: "
            f"{labels} chooses labels now, at other prices. Name it, or another, and this is no "
            "longer said; what gpt-5-mini chose stays until: linkedin-pipeline requeue "
            "--model-changed"
        )
    return {"openai": openai, "anthropic": anthropic, **models, "notices": tuple(notices)}


def _endpoint(env: Mapping[str, str], name: str, *, version: bool) -> Endpoint | None:
    key = _text(env, f"{name}_API_KEY")
    url = _text(env, f"{name}_BASE_URL")
    if key is not None and not (key.isascii() and key.isprintable() and " " not in key):
        raise Misconfigured(
            f"{name}_API_KEY",
            "it holds characters that no key has (the value is not shown)",
            "Copy the key again, on one line.",
        )
    if url is not None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise Misconfigured(
                f"{name}_BASE_URL",
                "it is not an http or https URL (the value is not shown, it may hold a password)",
                f"Write it as https://host{'/v1' if version else ''}, or unset it.",
            )
        url = url.rstrip("/")
        if version != url.endswith("/v1"):
            raise Misconfigured(
                f"{name}_BASE_URL",
                f"its path {'does not end' if version else 'ends'} in /v1",
                f"{'Add' if version else 'Leave out'} the /v1 at the end.",
            )
    if key is None and url is None:
        return None
    return Endpoint(key, url)


def _model(env: Mapping[str, str], name: str, default: str, providers: AbstractSet[str]) -> Model:
    value = _text(env, name)
    try:
        model = Model.parse(value or default)
    except ValueError:
        raise Misconfigured(
            name, f"{value!r} is not written provider:model", f"Unset it for {default}."
        ) from None
    if model.provider in {OPENAI, ANTHROPIC} and model.provider not in providers:
        needed = f"{model.provider.upper()}_API_KEY"
        remedy = f"Set {needed}, or unset {name} for {default}."
        if model.provider == ANTHROPIC and not name.startswith("STYLE"):
            needed, remedy = "another purpose", "Anthropic's models write styles only here."
        raise Misconfigured(name, f"{value!r} needs {needed}", remedy)
    local = _LOCAL_MODELS[name]
    if model.provider not in providers or (model.provider == LOCAL and str(model) != local):
        known = ", ".join(sorted(f"{provider}:…" for provider in providers - {LOCAL}))
        raise Misconfigured(
            name,
            f"{value!r} is not a model that this version can run",
            f"Write {' or '.join(filter(None, [local, known]))}, or unset it for {default}.",
        )
    return model


def _dollars(env: Mapping[str, str], name: str) -> Decimal | None:
    value = _text(env, name)
    if value is None:
        return None
    try:
        amount = Decimal(value)
    except InvalidOperation:
        amount = Decimal(-1)
    if not (amount.is_finite() and 0 <= amount <= 1_000_000):
        raise Misconfigured(
            name,
            f"{value!r} is not an amount of US dollars",
            "Write a number such as 5 or 2.50, or unset it for no limit.",
        )
    return amount


def _count(env: Mapping[str, str], name: str, default: int, *, most: int) -> int:
    value = _text(env, name)
    if value is None:
        return default
    if not (value.isascii() and value.isdigit()) or not 1 <= int(value) <= most:
        raise Misconfigured(
            name, f"{value!r} is not a whole number from 1 to {most}", f"Unset it for {default}."
        )
    return int(value)


def child_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for a program that this one starts, with ``extra`` added."""
    return {**os.environ, **extra}
