"""What may come in: who may ask, which bodies, which parameters."""

from __future__ import annotations

import asyncio
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, NoReturn

from starlette.requests import ClientDisconnect, Request

from linkedin_pipeline.gateway.answers import Refused

SECRET_HEADER = b"x-scheduler-secret"
MOST_BODY = 1024 * 1024
BODY_SECONDS = 30.0
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}")
_TRUE, _FALSE = {"true", "1", "yes"}, {"false", "0", "no"}

Headers = Sequence[tuple[bytes, bytes]]


def check_secret(headers: Headers, secret: str | None) -> None:
    """Let a request through that carries the secret, once.

    Raises:
        Refused: 401 without it; 503 when none is configured, so that nothing is open by mistake.
    """
    if secret is None:
        raise Refused(
            503,
            "not_configured",
            "the gateway: SCHEDULER_SECRET is not set. Set it to a long random text, "
            "and send the same as X-Scheduler-Secret.",
        )
    given = [value for name, value in headers if name == SECRET_HEADER]
    if not is_secret(given[0] if len(given) == 1 else b"", secret):
        raise Refused(
            401, "unauthorized", "Unauthorized", {"WWW-Authenticate": "X-Scheduler-Secret"}
        )


def is_secret(offered: bytes, secret: str) -> bool:
    """Compare digests, in constant time: neither content nor length of the secret shows in it."""
    return hmac.compare_digest(sha256(offered).digest(), sha256(secret.encode()).digest())


def given_request_id(headers: Headers) -> str | None:
    """Return the caller's own id of the request when it can be logged as it is."""
    given = next((value for name, value in headers if name == b"x-request-id"), b"")
    return given.decode() if _REQUEST_ID.fullmatch(given) else None


async def check_body(request: Request) -> Mapping[str, Any]:
    """Read the body: nothing, or one JSON object of at most 1 MiB; return it.

    Raises:
        Refused: 400, 408, 413 or 415.
    """
    body = await read_body(request)
    if not body:
        return {}
    kind = content_type(request)
    if kind != "application/json" or request.headers.get("content-encoding", "identity") != (
        "identity"
    ):
        raise Refused(
            415, "not_json", "body: only plain JSON is read; send Content-Type: application/json"
        )
    try:
        document = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise Refused(400, "bad_json", "body: it is not JSON") from None
    if not isinstance(document, dict):
        raise Refused(400, "bad_json", "body: it is not a JSON object")
    return document


def content_type(request: Request) -> str:
    """Return what the body says it is, without parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def read_body(request: Request) -> bytes:
    """Read a body of at most 1 MiB.

    The limit counts what arrives, whatever the headers promise.  What is too large is not kept.

    Raises:
        Refused: 400, 408 or 413.
    """
    promised = request.headers.get("content-length", "")
    if promised.isdecimal() and int(promised[:20]) > MOST_BODY:
        _too_large()
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for piece in request.stream():
                if len(body) + len(piece) > MOST_BODY:
                    _too_large()
                body += piece
    except TimeoutError:
        raise Refused(
            408,
            "too_slow",
            f"body: not complete within {BODY_SECONDS:.0f} s",
            {"Connection": "close"},
        ) from None
    except ClientDisconnect:
        raise Refused(400, "incomplete", "body: the connection ended within it") from None
    return bytes(body)


def flag(request: Request, name: str) -> bool:
    """Return a parameter that is true or false; false without it."""
    value = request.query_params.get(name, "false").lower()
    if value not in _TRUE | _FALSE:
        raise Refused(400, "bad_parameter", f"{name}: write true or false")
    return value in _TRUE


def number(request: Request, name: str, default: int, most: int) -> int:
    """Return a parameter that is a whole number from 1 to ``most``."""
    value = request.query_params.get(name)
    if value is None:
        return default
    usable = value.isascii() and value.isdecimal() and len(value) < 10
    if not usable or not 1 <= int(value) <= most:
        raise Refused(400, "bad_parameter", f"{name}: write a whole number from 1 to {most}")
    return int(value)


def _too_large() -> NoReturn:
    raise Refused(413, "too_large", f"body: more than {MOST_BODY} bytes")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)
