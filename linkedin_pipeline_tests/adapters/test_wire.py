"""What headers and errors of providers say."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkedin_pipeline.adapters.calls import FaultKind
from linkedin_pipeline.adapters.limiter import Quota
from linkedin_pipeline.adapters.wire import MOST_SILENCE, fault, quotas, retry_after

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "12"}, 12),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"retry-after": "Sun, 22 Nov 2026 12:01:30 GMT"}, 90),
        ({"retry-after": "Sun, 22 Nov 2026 13:00:30 +0100"}, 30),
        ({"retry-after": format_datetime(NOW.replace(tzinfo=None, second=5))}, 5),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "3"}, 3),
        ({"retry-after": "86400"}, MOST_SILENCE),
        ({"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT"}, MOST_SILENCE),
        ({}, None),
        ({"retry-after": "0"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "a while"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "Sun, 22 Nov 2026 11:59:59 GMT"}, None),
        ({"retry-after": "Sun, 99 Nov 2026 11:59:59 GMT"}, None),
    ],
)
def test_a_silence_is_understood_in_every_form(
    headers: dict[str, str], seconds: float | None
) -> None:
    """Seconds, milliseconds, dates; what is absurd counts as not said, or as an hour."""
    assert retry_after(headers, NOW) == seconds


@given(st.text(max_size=40) | st.from_regex(r"-?[0-9e.]{1,12}"))
def test_no_header_breaks_the_reader(text: str) -> None:
    """Whatever a server sends, the silence is nothing or within bounds."""
    seconds = retry_after({"retry-after": text, "retry-after-ms": text}, NOW)
    assert seconds is None or 0 < seconds <= MOST_SILENCE


def test_rate_limits_are_read_in_both_spellings() -> None:
    """OpenAI and Anthropic order the words of their headers differently; rubbish is left out."""
    openai = {"x-ratelimit-limit-requests": "500", "x-ratelimit-remaining-requests": "499"}
    assert quotas(openai, "x-ratelimit-{which}-{what}") == {"requests": Quota(500, 499)}
    anthropic = {
        "anthropic-ratelimit-tokens-limit": "80000",
        "anthropic-ratelimit-tokens-remaining": "1000",
        "anthropic-ratelimit-requests-limit": "nan",
        "anthropic-ratelimit-requests-remaining": "many",
    }
    found = quotas(anthropic, "anthropic-ratelimit-{what}-{which}")
    assert found == {"tokens": Quota(80_000, 1_000)}


@pytest.mark.parametrize(
    ("status", "word", "param", "kind"),
    [
        (400, "invalid_request_error", None, FaultKind.REFUSED),
        (400, None, "model", FaultKind.GONE),
        (413, None, None, FaultKind.REFUSED),
        (422, None, None, FaultKind.REFUSED),
        (401, "invalid_api_key", None, FaultKind.REVOKED),
        (402, None, None, FaultKind.SPENT),
        (403, "unsupported_country_region_territory", None, FaultKind.FORBIDDEN),
        (403, "model_not_found", None, FaultKind.GONE),
        (404, "model_not_found", None, FaultKind.GONE),
        (404, "NotFoundError", None, FaultKind.GONE),
        (404, None, None, FaultKind.MISPLACED),
        (404, "invalid_request_error", None, FaultKind.MISPLACED),
        (405, None, None, FaultKind.MISPLACED),
        (308, None, None, FaultKind.MISPLACED),
        (408, None, None, FaultKind.OVERLOADED),
        (429, "rate_limit_exceeded", None, FaultKind.BUSY),
        (500, None, None, FaultKind.OVERLOADED),
        (529, "overloaded_error", None, FaultKind.OVERLOADED),
    ],
)
def test_errors_are_sorted_by_what_to_do(
    status: int, word: str | None, param: str | None, kind: FaultKind
) -> None:
    """Status first, then the provider's own word."""
    assert fault(status, word, {}, {}, param=param).kind is kind


def test_only_words_and_ids_are_repeated() -> None:
    """What could quote a key or a post is left out of the reason."""
    said = fault(400, "sent: my secret post", {"x-request-id": "req 1\nkey"}, {}).reason
    assert said == "HTTP 400 (no code)"
    said = fault(400, "bad_thing", {"x-request-id": "req_1"}, {}).reason
    assert said == "HTTP 400 (bad_thing, request req_1)"
