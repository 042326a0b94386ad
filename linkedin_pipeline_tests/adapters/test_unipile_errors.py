"""Errors of Unipile by their meaning: what was published for certain, what perhaps, what never."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from linkedin_pipeline.adapters.http import Answer
from linkedin_pipeline.adapters.unipile_errors import Closed, outcome, words
from linkedin_pipeline.domain.publications import (
    AccountDown,
    Ambiguous,
    BadContent,
    Duplicate,
    Intent,
    Kind,
    Limited,
    Unclear,
)
from linkedin_pipeline.simulators.unipile_words import STATUSES

TEXT = "We moved our billing to a queue last spring, and here is what broke on the first night."
INTENT = Intent(UUID(int=1), 1, Kind.SCHEDULED, "acc", TEXT)
FOR_PAGE = Intent(UUID(int=1), 1, Kind.COMPANY, "acc", TEXT, as_organization="1001")


def refused(status: int, name: str | None = None, detail: str = "No.", **headers: str) -> Answer:
    """Return an error as Unipile writes it, or (without a name) a page of a proxy."""
    document = {"title": "Refused", "type": f"errors/{name}", "status": status, "detail": detail}
    return Answer(status, headers, document if name else None)


def came(answer: Answer, intent: Intent = INTENT) -> str:
    """Name what a POST with that answer came to."""
    what = outcome(answer, intent, "secret-key")
    match what:
        case AccountDown(status):
            return status
        case Closed(code):
            return code
        case _:
            return type(what).__name__


BY_TYPE = {
    "Ambiguous": "unexpected_error provider_error authentication_intent_error no_client_session"
    " no_channel no_handler network_down service_unavailable request_timeout",
    "key_refused": "missing_credentials insufficient_privileges",
    "DISCONNECTED": "disconnected_account disconnected_feature",
    "CREDENTIALS": "multiple_sessions invalid_checkpoint_solution checkpoint_error"
    " invalid_credentials expired_credentials invalid_credentials_but_valid_account_imap"
    " expired_link captcha_not_supported session_mismatch unknown_authentication_context"
    " action_required",
    "ERROR": "wrong_account invalid_proxy_credentials account_restricted account_mismatch"
    " feature_not_subscribed subscription_required invalid_account insufficient_permissions"
    " resource_access_restricted",
    "BadContent": "invalid_parameters malformed_request content_too_large invalid_url"
    " too_many_characters unescaped_characters missing_parameters unsupported_media_type"
    " unprocessable_entity invalid_post invalid_message",
    "Limited": "too_many_requests limit_exceeded cannot_resend_yet limit_too_high",
    "Duplicate": "action_already_performed",
    "Unclear": "resource_not_found invalid_resource_identifier user_unreachable comments_disabled"
    " feature_not_implemented",
}
MEANT = [(name, what) for what, names in BY_TYPE.items() for name in names.split()]


@pytest.mark.parametrize(("name", "what"), MEANT)
def test_a_type_has_one_meaning(name: str, what: str) -> None:
    """A type means the same whatever status it comes with, as long as that is not of 5xx."""
    status = STATUSES[name]
    assert came(refused(status, name)) == what
    if status < 500:
        assert {came(refused(other, name)) for other in (400, 401, 403, 422)} == {what}


def test_every_documented_type_is_decided() -> None:
    """No type of the vendor's list is left to its status."""
    assert {name for name, _ in MEANT} == set(STATUSES)


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504, 520, 200, 202, 204])
@pytest.mark.parametrize(
    "name", [None, "invalid_post", "too_many_requests", "disconnected_account"]
)
def test_what_may_be_published_is_never_called_refused(status: int, name: str | None) -> None:
    """5xx, 408 and unknown successes leave it open, whatever their body says."""
    assert came(refused(status, name)) == "Ambiguous"


@pytest.mark.parametrize(
    ("status", "name", "what"),
    [
        (301, None, "wrong_address"),
        (307, "invalid_post", "wrong_address"),
        (404, None, "wrong_address"),
        (405, None, "wrong_address"),
        (401, None, "key_refused"),
        (403, None, "key_refused"),
        (401, "invalid_api_key", "key_refused"),
        (401, "something_new", "ERROR"),
        (403, "something_new", "Unclear"),
        (400, None, "BadContent"),
        (413, None, "BadContent"),
        (415, "something_new", "BadContent"),
        (422, "something_new", "Unclear"),
        (422, None, "Unclear"),
        (429, None, "Limited"),
        (418, None, "Unclear"),
        (501, None, "Ambiguous"),
        (501, "feature_not_implemented", "Unclear"),
        (422, "provider_unreachable", "Ambiguous"),
    ],
)
def test_what_is_not_known_is_handled_safely(status: int, name: str | None, what: str) -> None:
    """An unknown type or a body that is no JSON goes by its status."""
    assert came(refused(status, name)) == what


def test_a_route_that_is_not_there_is_a_wrong_address() -> None:
    """Even where it has the type of a resource that is not there."""
    assert came(refused(404, "resource_not_found", "Cannot POST /api/posts")) == "wrong_address"


@pytest.mark.parametrize("body", [[], "no", 7, {"type": 7}, {"type": "x" * 900}, {"type": None}])
def test_a_strange_body_is_no_error_of_ours(body: Any) -> None:
    """A body of any form is read without a stumble."""
    assert outcome(Answer(422, {}, body), INTENT) == Unclear("HTTP 422 without a reason")


def test_a_page_that_may_not_be_used_is_not_the_accounts_fault() -> None:
    """Rights on a page are missing on that page: the account's own posts go on."""
    assert came(refused(403, "insufficient_permissions"), FOR_PAGE) == "Unclear"
    assert came(refused(403, "account_restricted"), FOR_PAGE) == "ERROR"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ({"retry-after": "90"}, 90.0),
        ({"retry-after": "9999999"}, 3600.0),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}, None),
        ({}, None),
    ],
)
def test_a_limit_says_how_long(header: dict[str, str], seconds: float | None) -> None:
    """The wait is the provider's, as far as it makes sense."""
    answer = refused(429, "too_many_requests", **header)
    assert outcome(answer, INTENT) == Limited("Refused: No.", seconds)


@pytest.mark.parametrize(
    ("detail", "post_id"),
    [
        (
            "Content is a duplicate of urn:li:share:7400000000000000011",
            "urn:li:share:7400000000000000011",
        ),
        ("duplicate of (urn:li:ugcPost:7400000000000000012)", "urn:li:ugcPost:7400000000000000012"),
        ("already posted as 7400000000000000010.", "7400000000000000010"),
        ("already posted", None),
        ("already posted 12 times, error 123456", None),
    ],
)
def test_a_duplicate_names_its_twin(detail: str, post_id: str | None) -> None:
    """The post that stands already is read from the provider's sentence."""
    what = outcome(refused(422, "action_already_performed", detail), INTENT)
    assert isinstance(what, Duplicate)
    assert what.post_id == post_id


def test_words_hold_no_post() -> None:
    """A provider that quotes the post does not bring it into our messages."""
    quoted = f'The text "{TEXT[3:]}" is not accepted, nor is {TEXT[:41]}: try another.'
    said = words(refused(422, "invalid_post", quoted), TEXT)
    assert said == 'Refused: The text "…" is not accepted, nor is …: try another.'
    assert (
        words(refused(422, "invalid_post", "No: Hello there!"), "Hello there!") == "Refused: No: …"
    )


def test_words_hold_no_key() -> None:
    """A provider that quotes the key does not bring it into our messages."""
    said = words(refused(401, "missing_credentials", "Bad key secret-key."), secret="secret-key")
    assert said == "Refused: Bad key …."


def test_words_are_few() -> None:
    """However much a provider says, what is kept fits a line or two and has no line breaks."""
    said = words(refused(422, "invalid_post", "so\nbad " * 100_000))
    assert len(said) == 500
    assert "\n" not in said
    assert isinstance(outcome(refused(422, "invalid_post", "x" * 10**6), INTENT), BadContent)


def test_ambiguity_keeps_the_providers_words() -> None:
    """What was said of it is kept for the person who looks at it."""
    what = outcome(refused(500, "unexpected_error"), INTENT)
    assert what == Ambiguous("HTTP 500: Refused: No.")
