"""How values of the environment are read; each error names the variable and the remedy."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from linkedin_pipeline.domain.errors import Misconfigured

PROJECT_ROOT = Path(__file__).resolve().parent.parent.parent
_LOOPBACK = {"", "localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a provider is reached and with which key; a server of one's own may need none."""

    api_key: str | None = field(default=None, repr=False)
    base_url: str | None = field(default=None, repr=False)


def text(env: Mapping[str, str], name: str) -> str | None:
    """Return a value without the white space around it; None when nothing is left."""
    return env.get(name, "").strip() or None


def postgres_url(env: Mapping[str, str], name: str) -> str | None:
    """Return a URL of a PostgreSQL database, in the spelling that SQLAlchemy knows."""
    value = text(env, name)
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


def same(one: str, other: str) -> bool:
    """Tell whether two URLs name one database."""
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


def directory(env: Mapping[str, str], name: str) -> Path | None:
    """Return a path that is a directory or can become one."""
    value = text(env, name)
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


def dollars(env: Mapping[str, str], name: str) -> Decimal | None:
    """Return an amount of US dollars."""
    value = text(env, name)
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


def similarity(env: Mapping[str, str], name: str) -> float | None:
    """Return a similarity, above 0 and up to 1."""
    value = text(env, name)
    if value is None:
        return None
    try:
        threshold = float(value)
    except ValueError:
        threshold = math.nan
    if not 0 < threshold <= 1:
        raise Misconfigured(
            name,
            f"{value!r} is not a similarity",
            "Write a number above 0 and up to 1 such as 0.8, or unset it for no cascade.",
        )
    return threshold


def count(env: Mapping[str, str], name: str, default: int, *, most: int, least: int = 1) -> int:
    """Return a whole number from ``least`` to ``most``."""
    value = text(env, name)
    if value is None:
        return default
    if not (value.isascii() and value.isdigit()) or not least <= int(value) <= most:
        raise Misconfigured(
            name,
            f"{value!r} is not a whole number from {least} to {most}",
            f"Unset it for {default}.",
        )
    return int(value)


def endpoint(env: Mapping[str, str], name: str, *, ends: str | None) -> Endpoint | None:
    """Return key and address of a provider; None when neither is set.

    ``ends`` is how the path of the address ends; None forbids ``/v1`` there.
    """
    key = secret(env, f"{name}_API_KEY")
    url = web_url(env, f"{name}_BASE_URL", f"https://host{ends or ''}")
    if url is not None:
        url = url.rstrip("/")
        if url.endswith(ends or "/v1") != (ends is not None):
            raise Misconfigured(
                f"{name}_BASE_URL",
                f"its path {f'does not end in {ends}' if ends else 'ends in /v1'}",
                f"{f'Write {ends}' if ends else 'Leave out the /v1'} at the end.",
            )
    if key is None and url is None:
        return None
    return Endpoint(key, url)


def secret(env: Mapping[str, str], name: str) -> str | None:
    """Return a key that an HTTP header can carry."""
    key = text(env, name)
    if key is not None and not (key.isascii() and key.isprintable() and " " not in key):
        raise Misconfigured(
            name,
            "it holds characters that no key has (the value is not shown)",
            "Copy the key again, on one line.",
        )
    return key


def web_url(env: Mapping[str, str], name: str, example: str) -> str | None:
    """Return an http or https URL."""
    url = text(env, name)
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
        _ = parts.port
    except ValueError:
        usable = False
    if not usable:
        raise Misconfigured(
            name,
            "it is not an http or https URL (the value is not shown, it may hold a password)",
            f"Write it as {example}, or unset it.",
        )
    return url


def word(env: Mapping[str, str], name: str, known: tuple[str, ...]) -> str:
    """Return one of the ``known`` words, the first by default."""
    value = text(env, name)
    if value is None:
        return known[0]
    if value not in known:
        raise Misconfigured(
            name, f"{value!r} is not known", f"Write {' or '.join(known)}; unset is {known[0]}."
        )
    return value
