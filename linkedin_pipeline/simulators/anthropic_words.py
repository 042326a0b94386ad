"""Anthropic's models and the words of its refusals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from typing import Any

from linkedin_pipeline.simulators.buckets import Gauge, Overdrawn
from linkedin_pipeline.simulators.calls import Refusal, retry_headers
from linkedin_pipeline.simulators.faults import Fault, Kind

INVALID = "invalid_request_error"


@dataclass(frozen=True, slots=True)
class Model:
    """A model and what sets it apart; ``least_cached`` is its shortest cacheable prefix."""

    id: str
    display_name: str
    created_at: str
    line: str
    least_cached: int
    always_thinks: bool = False
    deprecated_at: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the model as the API shows it."""
        return {
            "type": "model",
            "id": self.id,
            "display_name": self.display_name,
            "created_at": self.created_at,
            "lifecycle": "active",
            "line": self.line,
            "deprecated_at": self.deprecated_at,
            "retires_at": None,
        }


MODELS = {
    model.id: model
    for model in (
        Model("claude-opus-5-5", "Claude Opus 5.5", "2026-09-01T00:00:00Z", "opus", 512, True),
        Model("claude-sonnet-5-5", "Claude Sonnet 5.5", "2026-09-01T00:00:00Z", "sonnet", 1024),
        Model("claude-opus-4-6", "Claude Opus 4.6", "2026-02-04T00:00:00Z", "opus", 4096),
    )
}


def no_model(model: str) -> Refusal:
    """Return the refusal of a model that is not served."""
    return Refusal(404, "not_found_error", f"model: {model}")


def bad_key(message: str = "invalid x-api-key") -> Refusal:
    """Return the refusal of a missing or wrong key."""
    return Refusal(401, "authentication_error", message)


def invalid(message: str) -> Refusal:
    """Return the refusal of a request that is wrong in itself."""
    return Refusal(400, INVALID, message)


def too_fast(overdrawn: Overdrawn) -> Refusal:
    """Return the refusal of a call above the rate limit."""
    unit = "requests" if overdrawn.what == "requests" else "input tokens"
    message = (
        "This request would exceed your organization's rate limit of "
        f"{overdrawn.limit:,} {unit} per minute."
    )
    headers = {}
    if overdrawn.wait is not None:
        headers["retry-after"] = str(max(ceil(overdrawn.wait), 1))
    return Refusal(429, "rate_limit_error", message, headers=headers)


def wanted(fault: Fault, model: str, now: float) -> Refusal:
    """Return the refusal that a fault asks for; what only others say becomes the nearest thing."""
    match fault.kind:
        case Kind.RATE_LIMIT:
            refusal = too_fast(Overdrawn("requests", 50, 50, 1, None))
            refusal.headers = retry_headers(fault, now)
        case Kind.SPEND_LIMIT:  # and no retry-after: there is no use in coming back
            message = "You have reached the spend limit that your organization enforces."
            details = {"error_code": "enforced_spend_limit_reached"}
            refusal = Refusal(429, "rate_limit_error", message, details=details)
        case Kind.INSUFFICIENT_QUOTA | Kind.BILLING:
            message = (
                "Your credit balance is too low to access the Anthropic API. Please go to Plans & "
                "Billing to upgrade or purchase credits."
            )
            refusal = Refusal(402, "billing_error", message)
        case Kind.BAD_REQUEST:
            refusal = invalid("messages.0: the request could not be processed")
        case Kind.INVALID_KEY:
            refusal = bad_key()
        case Kind.MODEL_NOT_FOUND:
            refusal = no_model(model)
        case Kind.BAD_GATEWAY:
            html = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n</html>\r\n"
            refusal = Refusal(502, "api_error", "Bad gateway", html=html)
        case Kind.UNAVAILABLE:
            headers = retry_headers(fault, now)
            refusal = Refusal(503, "api_error", "Service unavailable", headers=headers)
        case Kind.OVERLOADED:
            headers = retry_headers(fault, now)
            refusal = Refusal(529, "overloaded_error", "Overloaded", headers=headers)
        case _:
            refusal = Refusal(500, "api_error", "Internal server error")
    refusal.status = fault.status or refusal.status
    return refusal


def limit_headers(gauges: Mapping[str, Gauge], now: float) -> dict[str, str]:
    """Return the ``anthropic-ratelimit-…`` headers; a reset is a time of day here."""
    headers = {}
    for what, gauge in gauges.items():
        name = f"anthropic-ratelimit-{'requests' if what == 'requests' else 'input-tokens'}"
        reset = datetime.fromtimestamp(ceil(now + gauge.reset), UTC)
        headers[f"{name}-limit"] = str(gauge.limit)
        headers[f"{name}-remaining"] = str(gauge.remaining)
        headers[f"{name}-reset"] = f"{reset:%Y-%m-%dT%H:%M:%SZ}"
    return headers
