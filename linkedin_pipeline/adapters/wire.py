"""What the SDKs of OpenAI and Anthropic share: one raw request, and what headers and errors say.

Wire facts: OpenAI's and Anthropic's SDKs are built alike (generated), speak httpx2, and raise
``APIStatusError`` with the response, or ``APIConnectionError`` when there was none.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from linkedin_pipeline.adapters.calls import CallFailed, Fault, FaultKind
from linkedin_pipeline.adapters.limiter import REQUESTS, TOKENS, Quota

MOST_SILENCE = 3_600.0
"""Seconds of silence that are believed; a wish beyond it is taken for this, so that a mistaken
header cannot stop the pipeline for a day."""

_SILENCE = {FaultKind.BUSY, FaultKind.OVERLOADED}
_NO_MODEL = {"model_not_found", "not_found_error", "NotFoundError"}
"""OpenAI's word, whatever the status; Anthropic's and Ollama's; vLLM's."""
_WORD = re.compile(r"[A-Za-z0-9_.:-]{1,80}")


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Return the seconds of silence asked for: ``retry-after-ms``, else ``retry-after``.

    The latter is a number of seconds or an HTTP date (RFC 9110, 10.2.3).  None when missing or
    absurd: not above zero, not finite, unreadable, in the past.
    """
    for name, scale in (("retry-after-ms", 1e-3), ("retry-after", 1.0)):
        text = headers.get(name)
        if text is None:
            continue
        try:
            seconds = float(text) * scale
        except ValueError:
            seconds = _until(text, now or datetime.now(UTC))
        if math.isfinite(seconds) and seconds > 0:
            return min(seconds, MOST_SILENCE)
    return None


def _until(text: str, now: datetime) -> float:
    """Return the seconds until an HTTP date, NaN for what is none."""
    try:
        at = parsedate_to_datetime(text)
        return ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds()
    except (ValueError, OverflowError, TypeError, IndexError):
        return math.nan


def quotas(headers: Mapping[str, str], name: str) -> Mapping[str, Quota]:
    """Return the rate limits of a response; ``name`` has places for what and which.

    OpenAI: ``x-ratelimit-{which}-{what}``; Anthropic: ``anthropic-ratelimit-{what}-{which}``.
    """
    found: dict[str, Quota] = {}
    for what in (REQUESTS, TOKENS):
        try:
            limit, remaining = (
                float(headers[name.format(what=what, which=which)])
                for which in ("limit", "remaining")
            )
        except (KeyError, ValueError):
            continue
        if math.isfinite(limit) and math.isfinite(remaining):
            found[what] = Quota(limit, remaining)
    return found


def fault(
    status: int,
    word: str | None,
    headers: Mapping[str, str],
    quota: Mapping[str, Quota],
    *,
    spent: bool = False,
    param: str | None = None,
) -> Fault:
    """Turn an error response into a fault by its status; ``word`` is its machine-readable code.

    ``param`` names the part of the request that was refused, where the provider says so.  Its
    sentence is left out: it may quote a key or a post.
    """
    if spent or status == 402:
        kind = FaultKind.SPENT
    elif word in _NO_MODEL or (param == "model" and 400 <= status < 500):
        kind = FaultKind.GONE
    elif status == 401:
        kind = FaultKind.REVOKED
    elif status == 403:
        kind = FaultKind.FORBIDDEN
    elif status in {404, 405} or status < 400:
        kind = FaultKind.MISPLACED
    elif status == 429:
        kind = FaultKind.BUSY
    elif status in {408, 409} or status >= 500:
        kind = FaultKind.OVERLOADED
    else:
        kind = FaultKind.REFUSED
    code = word if word and _WORD.fullmatch(word) else "no code"
    request = headers.get("x-request-id") or headers.get("request-id") or ""
    said = f", request {request}" if _WORD.fullmatch(request) else ""
    silence = retry_after(headers) if kind in _SILENCE else None
    return Fault(kind, f"HTTP {status} ({code}{said})", silence, quota)


def answer_of(
    request: Callable[[], Any],
    to_fault: Callable[[Any], Fault],
    *,
    status_error: type[Exception],
    connection_error: type[Exception],
) -> tuple[Mapping[str, Any], Mapping[str, str]]:
    """Make one request and return its JSON object and its headers.

    Raises:
        CallFailed: the provider refused, did not answer, or answered what is no JSON object.
    """
    try:
        response = request()
    except status_error as error:
        raise CallFailed(to_fault(error)) from None
    except connection_error as error:
        raise CallFailed(Fault(FaultKind.UNREACHABLE, _why(error))) from None
    except UnicodeEncodeError:  # half a surrogate pair; the error holds the text
        raise CallFailed(Fault(FaultKind.REFUSED, "UTF-8 cannot hold the text")) from None
    try:
        body = response.json()
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise CallFailed(Fault(FaultKind.UNREACHABLE, "the answer is not a JSON object"))
    return body, response.headers


def _why(error: Exception) -> str:
    """Name what broke without its message, which may hold an address with a password."""
    cause = error.__cause__ or error
    return f"no answer ({type(cause).__name__})"
