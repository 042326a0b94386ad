"""What Unipile's errors mean: by their ``type``, for a status covers what has nothing in common.

401 is a bad key of ours as well as a LinkedIn session that ended, 422 a bad post as well as a full
day.  The types and their sentences: Unipile's OpenAPI document of v1, "errors/…", on every route.
Whatever may have been published is never called refused: all of 5xx and 408, whatever they say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from linkedin_pipeline.adapters.http import Answer
from linkedin_pipeline.adapters.wire import retry_after
from linkedin_pipeline.domain.publications import (
    AccountDown,
    Ambiguous,
    BadContent,
    Duplicate,
    Intent,
    Limited,
    PostOutcome,
    Unclear,
)

MOST_WORDS = 500
"""Characters of a provider's words that are kept."""
QUOTED = 40
"""Characters in a row that words and post have in common, from which on they are a quotation."""


class Meaning(StrEnum):
    """What an answer without success says about a call."""

    MAYBE = "maybe"
    KEY = "key_refused"
    ADDRESS = "wrong_address"
    ACCOUNT = "account"
    PAGE = "page"
    LIMIT = "limit"
    DUPLICATE = "duplicate"
    CONTENT = "content"
    UNCLEAR = "unclear"


class Unreadable(Exception):
    """An answer of success that is not what is documented; the message says how."""


@dataclass(frozen=True, slots=True)
class Closed:
    """Nobody can publish until a person acts; nothing was published."""

    code: str
    reason: str
    remedy: str


_REMEDIES = {
    Meaning.KEY: "Set UNIPILE_API_KEY to a key that Unipile accepts.",
    Meaning.ADDRESS: "Set UNIPILE_BASE_URL to the address that Unipile names, with /api/v1.",
}
_MEANINGS: Mapping[str, Meaning] = {
    name: meaning
    for meaning, names in {
        # "Something went wrong", "the provider is experiencing operational problems" and the like:
        # said of what was tried, and perhaps done
        Meaning.MAYBE: "unexpected_error provider_error authentication_intent_error request_timeout"
        " no_client_session no_channel no_handler network_down service_unavailable"
        " provider_unreachable",
        # "Some credentials are necessary"; "this resource seems to be out of your scopes"
        Meaning.KEY: "missing_credentials insufficient_privileges",
        Meaning.LIMIT: "too_many_requests limit_exceeded limit_too_high cannot_resend_yet"
        " cannot_resend_within_24hrs",
        Meaning.DUPLICATE: "action_already_performed",
        Meaning.CONTENT: "invalid_parameters malformed_request content_too_large invalid_url"
        " too_many_characters unescaped_characters missing_parameters unsupported_media_type"
        " unprocessable_entity invalid_post invalid_message",
        # "Valid authentication but insufficient permissions", "you don't have access to this
        # resource": of a page where one was named, else of the account
        Meaning.PAGE: "insufficient_permissions resource_access_restricted",
        Meaning.UNCLEAR: "resource_not_found invalid_resource_identifier feature_not_implemented"
        " user_unreachable comments_disabled",
    }.items()
    for name in names.split()
}
_STATUSES: Mapping[str, str] = {
    name: status
    for status, names in {
        "DISCONNECTED": "disconnected_account disconnected_feature",
        # a person has to sign in once more, or to finish it in a browser
        "CREDENTIALS": "invalid_credentials expired_credentials multiple_sessions"
        " checkpoint_error invalid_checkpoint_solution captcha_not_supported expired_link"
        " invalid_credentials_but_valid_account_imap session_mismatch action_required"
        " unknown_authentication_context",
        # the subscriptions are those "to provider's services", which is LinkedIn
        "ERROR": "account_restricted account_mismatch wrong_account invalid_account"
        " account_configuration_error invalid_proxy_credentials feature_not_subscribed"
        " subscription_required",
    }.items()
    for name in names.split()
}
_KEY_WORDS = re.compile(r"key|token", re.IGNORECASE)
_TYPE = re.compile(r"(?:errors/)?([A-Za-z0-9_.-]{1,80})")
_URN = re.compile(r"urn:li:(?:activity|share|ugcPost):\d{6,25}")
_NUMBER = re.compile(r"(?<!\d)\d{15,25}(?!\d)")
_NO_ROUTE = re.compile(r"Cannot (?:GET|POST) /")


def error_type(answer: Answer) -> str | None:
    """Return an error's type without its ``errors/``; None when the body has none."""
    given = answer.fields.get("type")
    found = _TYPE.fullmatch(given) if isinstance(given, str) else None
    return found[1] if found else None


def meaning(answer: Answer) -> Meaning:
    """Say what an answer without success means; a type that is not known goes by its status."""
    name, status = error_type(answer), answer.status
    if status in {200, 408} or 200 < status < 300 or status >= 500:
        return Meaning.UNCLEAR if name == "feature_not_implemented" else Meaning.MAYBE
    if status < 400:
        return Meaning.ADDRESS
    if status in {404, 405} and (name is None or _NO_ROUTE.search(_said(answer, "detail"))):
        return Meaning.ADDRESS
    if name is not None and name in _STATUSES:
        return Meaning.ACCOUNT
    if name is not None and name in _MEANINGS:
        return _MEANINGS[name]
    if status in {401, 403} and (name is None or _KEY_WORDS.search(name)):
        return Meaning.KEY
    by_status = {
        400: Meaning.CONTENT,
        401: Meaning.ACCOUNT,  # of one account only: the others must not wait for it
        413: Meaning.CONTENT,
        415: Meaning.CONTENT,
        429: Meaning.LIMIT,
    }
    return by_status.get(status, Meaning.UNCLEAR)


def words(answer: Answer, text: str = "", secret: str = "") -> str:
    """Return what a provider said, for a person: no post, no key, at most 500 characters."""
    title, detail = _said(answer, "title"), _said(answer, "detail")
    said = ": ".join(dict.fromkeys(part for part in (title, detail) if part))
    if secret:
        said = said.replace(secret, "…")
    said = _unquoted(said, " ".join(text.split()))
    return _short(said) or f"HTTP {answer.status} without a reason"


def outcome(answer: Answer, intent: Intent, secret: str = "") -> PostOutcome | Closed:
    """Say what the answer to a POST without success came to."""
    what, said = meaning(answer), words(answer, intent.text, secret)
    match what:
        case Meaning.MAYBE:
            return Ambiguous(f"HTTP {answer.status}: {said}")
        case Meaning.KEY | Meaning.ADDRESS:
            return Closed(what, f"HTTP {answer.status}: {said}", _REMEDIES[what])
        case Meaning.ACCOUNT:
            return AccountDown(_STATUSES.get(error_type(answer) or "", "ERROR"), said)
        case Meaning.PAGE:
            return Unclear(said) if intent.as_organization else AccountDown("ERROR", said)
        case Meaning.LIMIT:
            return Limited(said, retry_after(answer.headers))
        case Meaning.DUPLICATE:
            return Duplicate(said, _named_post(answer))
        case Meaning.CONTENT:
            return BadContent(said)
        case Meaning.UNCLEAR:
            return Unclear(said)
        case _:
            assert_never(what)


def closed(answer: Answer, said: str) -> Closed | None:
    """Return why nobody can call, None when an answer without success does not mean that."""
    what = meaning(answer)
    if what not in _REMEDIES:
        return None
    return Closed(what, f"HTTP {answer.status}: {said}", _REMEDIES[what])


def _named_post(answer: Answer) -> str | None:
    said = f"{_said(answer, 'detail')} {_said(answer, 'title')}"
    found = _URN.search(said) or _NUMBER.search(said)
    return found[0] if found else None


def _said(answer: Answer, name: str) -> str:
    given = answer.fields.get(name)
    return " ".join(given[: 8 * MOST_WORDS].split()) if isinstance(given, str) else ""


def _unquoted(said: str, text: str) -> str:
    """Cut out whatever ``said`` has in common with ``text`` for 40 characters or more, or all."""
    least = min(QUOTED, len(text))
    if least < 8:  # too short to be told from words that anybody uses
        return said
    kept, place = [], 0
    while place < len(said):
        end = place + least
        if end > len(said) or said[place:end] not in text:
            kept.append(said[place])
            place += 1
            continue
        while end < len(said) and said[place : end + 1] in text:
            end += 1
        kept.append("…")
        place = end
    return "".join(kept)


def _short(said: str) -> str:
    return said if len(said) <= MOST_WORDS else said[: MOST_WORDS - 1] + "…"
