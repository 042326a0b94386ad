"""OpenAI's models and the words of its refusals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

from linkedin_pipeline.simulators.buckets import Gauge, Overdrawn, short_duration
from linkedin_pipeline.simulators.calls import Refusal, retry_headers
from linkedin_pipeline.simulators.faults import Fault, Kind

INVALID = "invalid_request_error"


@dataclass(frozen=True, slots=True)
class Model:
    """A model, what it can do and when it ends."""

    id: str
    created: int
    efforts: tuple[str, ...] = ()
    default_effort: str = ""
    cool_without_thinking: bool = False  # takes a temperature while its effort is none
    shutdown_date: str | None = None

    @property
    def chats(self) -> bool:
        """Tell whether it writes; the others embed."""
        return bool(self.efforts)


_EFFORTS_6 = ("none", "low", "medium", "high", "xhigh", "max")
MODELS = {
    model.id: model
    for model in (
        Model("text-embedding-3-small", 1705948997),
        Model("text-embedding-ada-002", 1671217299),
        Model(
            "gpt-5-mini",
            1754425928,
            ("minimal", "low", "medium", "high"),
            "medium",
            shutdown_date="2026-12-11",
        ),
        Model(
            "gpt-5.2",
            1765313051,
            ("none", "low", "medium", "high", "xhigh"),
            "none",
            cool_without_thinking=True,
        ),
        Model("gpt-6.1-terra", 1792000000, _EFFORTS_6, "medium"),
        Model("gpt-6-luna", 1788000000, _EFFORTS_6, "medium"),
    )
}

_QUOTA = (
    "You exceeded your current quota, please check your plan and billing details. For more "
    "information on this error, read the docs: "
    "https://platform.openai.com/docs/guides/error-codes/api-errors."
)
_HTML = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body></body>\r\n</html>\r\n"


def no_model(model: str, *, retired: bool = False) -> Refusal:
    """Return the refusal of a model that is not served; after a shutdown the words are a guess."""
    message = (
        f"The model `{model}` has been deprecated, learn more here: "
        "https://platform.openai.com/docs/deprecations"
        if retired
        else f"The model `{model}` does not exist or you do not have access to it."
    )
    return Refusal(404, INVALID, message, code="model_not_found")


def bad_key(key: str | None) -> Refusal:
    """Return the refusal of a missing or wrong key, which is shown in part as OpenAI does."""
    if not key:
        message = (
            "You didn't provide an API key. You need to provide your API key in an Authorization "
            "header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY)."
        )
        return Refusal(401, INVALID, message)
    message = (
        f"Incorrect API key provided: {key[:3]}***. You can find your API key at "
        "https://platform.openai.com/account/api-keys."
    )
    return Refusal(401, INVALID, message, code="invalid_api_key")


def invalid_input() -> Refusal:
    """Return OpenAI's answer to an empty string among the inputs; it does not say which."""
    message = (
        "'$.input' is invalid. Please check the API reference: "
        "https://platform.openai.com/docs/api-reference."
    )
    return Refusal(400, INVALID, message)


def too_fast(model: str, overdrawn: Overdrawn) -> Refusal:
    """Return the refusal of a call above the rate limit."""
    unit = "RPM" if overdrawn.what == "requests" else "TPM"
    where = f"{model} in organization org-simulated on {overdrawn.what} per min ({unit})"
    if overdrawn.wait is None:
        message = (
            f"Request too large for {where}: Limit {overdrawn.limit}, "
            f"Requested {overdrawn.requested}. The input or output tokens must be reduced in "
            "order to run successfully."
        )
        return Refusal(429, overdrawn.what, message, code="rate_limit_exceeded")
    message = (
        f"Rate limit reached for {where}: Limit {overdrawn.limit}, Used {overdrawn.used}, "
        f"Requested {overdrawn.requested}. Please try again in {short_duration(overdrawn.wait)}."
    )
    headers = {
        "retry-after": str(max(ceil(overdrawn.wait), 1)),
        "retry-after-ms": str(ceil(overdrawn.wait * 1000)),
    }
    return Refusal(429, overdrawn.what, message, code="rate_limit_exceeded", headers=headers)


def wanted(fault: Fault, model: str, key: str | None, now: float) -> Refusal:
    """Return the refusal that a fault asks for; what only others say becomes the nearest thing."""
    match fault.kind:
        case Kind.RATE_LIMIT:
            refusal = too_fast(model, Overdrawn("requests", 500, 500, 1, 0.12))
            refusal.headers = retry_headers(fault, now)
        case Kind.INSUFFICIENT_QUOTA | Kind.SPEND_LIMIT | Kind.BILLING:
            refusal = Refusal(429, "insufficient_quota", _QUOTA, code="insufficient_quota")
        case Kind.BAD_REQUEST:
            refusal = invalid_input()
        case Kind.INVALID_KEY:
            refusal = bad_key(key or "sk-")
        case Kind.MODEL_NOT_FOUND:
            refusal = no_model(model)
        case Kind.BAD_GATEWAY:
            refusal = Refusal(502, "server_error", "Bad gateway.", html=_HTML)
        case Kind.UNAVAILABLE | Kind.OVERLOADED:
            message = "The engine is currently overloaded, please try again later."
            status = 503 if fault.kind is Kind.UNAVAILABLE else 529
            refusal = Refusal(status, "server_error", message, headers=retry_headers(fault, now))
        case _:
            message = "The server had an error while processing your request. Sorry about that!"
            refusal = Refusal(500, "server_error", message)
    refusal.status = fault.status or refusal.status
    return refusal


def limit_headers(gauges: Mapping[str, Gauge]) -> dict[str, str]:
    """Return the ``x-ratelimit-…`` headers."""
    headers = {}
    for what, gauge in gauges.items():
        headers[f"x-ratelimit-limit-{what}"] = str(gauge.limit)
        headers[f"x-ratelimit-remaining-{what}"] = str(gauge.remaining)
        headers[f"x-ratelimit-reset-{what}"] = short_duration(gauge.reset)
    return headers
