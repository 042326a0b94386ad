"""The only reader of the environment.

Every variable, its meaning and its default stand in one table in the README; a test compares the
two.  A malformed value stops the program with the variable, the value (never a secret) and the
remedy.  Nothing is read at import time.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from linkedin_pipeline.domain.errors import Misconfigured

PROJECT_ROOT = Path(__file__).resolve().parent.parent
LOCAL_EMBEDDING_MODEL = "local:use-multilingual-v3"
_LOOPBACK = {"", "localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says, validated; None means "not set"."""

    home: Path | None = None
    database_url: str | None = field(default=None, repr=False)
    dagster_database_url: str | None = field(default=None, repr=False)
    embedding_model: str = LOCAL_EMBEDDING_MODEL
    style_min_posts: int = 5

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read and validate every variable.

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
            embedding_model=_embedding_model(env),
            style_min_posts=_count(env, "STYLE_MIN_POSTS", 5, most=1_000),
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


def _embedding_model(env: Mapping[str, str]) -> str:
    value = _text(env, "EMBEDDING_MODEL") or LOCAL_EMBEDDING_MODEL
    if value != LOCAL_EMBEDDING_MODEL:
        raise Misconfigured(
            "EMBEDDING_MODEL",
            f"{value!r} is not a model that this version can run",
            f"Unset it, or write {LOCAL_EMBEDDING_MODEL}.",
        )
    return value


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
