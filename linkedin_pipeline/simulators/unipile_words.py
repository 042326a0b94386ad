"""The errors of Unipile v1: types, statuses and bodies as VENDORS section 1.6 lists them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from linkedin_pipeline.simulators.calls import Refusal, retry_headers
from linkedin_pipeline.simulators.faults import Fault, Kind

STATUSES: Mapping[str, int] = {
    name: status
    for status, names in {
        400: "invalid_parameters malformed_request content_too_large invalid_url "
        "too_many_characters unescaped_characters missing_parameters",
        401: "missing_credentials multiple_sessions invalid_checkpoint_solution checkpoint_error "
        "invalid_credentials expired_credentials insufficient_privileges disconnected_account "
        "disconnected_feature invalid_credentials_but_valid_account_imap expired_link "
        "wrong_account captcha_not_supported invalid_proxy_credentials",
        403: "account_restricted account_mismatch insufficient_permissions session_mismatch "
        "feature_not_subscribed subscription_required unknown_authentication_context "
        "action_required resource_access_restricted",
        404: "resource_not_found invalid_resource_identifier",
        415: "unsupported_media_type",
        422: "invalid_account unprocessable_entity invalid_post invalid_message limit_exceeded "
        "cannot_resend_yet action_already_performed limit_too_high user_unreachable "
        "comments_disabled",
        429: "too_many_requests",
        500: "unexpected_error provider_error authentication_intent_error",
        501: "feature_not_implemented",
        503: "no_client_session no_channel no_handler network_down service_unavailable",
        504: "request_timeout",
    }.items()
    for name in names.split()
}
_DETAILS = {
    "missing_credentials": "Some credentials are necessary to perform the request.",
    "disconnected_account": "The account appears to be disconnected from the provider service.",
    "expired_credentials": "The account's credentials have expired. Please reconnect it.",
    "account_restricted": "Access to this account has been restricted by the provider.",
    "invalid_post": "The post could not be published: its content is not accepted by LinkedIn.",
    "limit_exceeded": "You have reached a LinkedIn usage limit.",
    "unsupported_media_type": "The media has been rejected by the provider.",
    "content_too_large": "The attachment is too large.",
    "too_many_requests": "The provider cannot process any more requests at the moment.",
    "unexpected_error": "Something went wrong. Please contact support.",
    "service_unavailable": "The service is temporarily unavailable.",
    "request_timeout": "The request timed out.",
    "user_unreachable": "The recipient cannot be reached.",
    "resource_not_found": "The requested resource was not found.",
}
_BY_STATUS = {
    400: "invalid_parameters",
    401: "missing_credentials",
    403: "insufficient_permissions",
    404: "resource_not_found",
    415: "unsupported_media_type",
    422: "unprocessable_entity",
    429: "too_many_requests",
    500: "unexpected_error",
    501: "feature_not_implemented",
    503: "service_unavailable",
    504: "request_timeout",
}
_BY_KIND = {
    Kind.RATE_LIMIT: "too_many_requests",
    Kind.INSUFFICIENT_QUOTA: "limit_exceeded",
    Kind.SPEND_LIMIT: "limit_exceeded",
    Kind.BILLING: "subscription_required",
    Kind.BAD_REQUEST: "invalid_parameters",
    Kind.INVALID_KEY: "missing_credentials",
    Kind.MODEL_NOT_FOUND: "resource_not_found",
    Kind.UNAVAILABLE: "service_unavailable",
    Kind.OVERLOADED: "no_handler",
}


def refused(name: str, detail: str | None = None) -> Refusal:
    """Return the refusal of a type, written without its ``errors/``."""
    return Refusal(STATUSES.get(name, 500), f"errors/{name}", detail or _DETAILS.get(name, ""))


def wanted(fault: Fault, now: float) -> Refusal:
    """Return the refusal that a fault asks for; before and after acceptance it reads the same."""
    name = fault.type.removeprefix("errors/") or _BY_KIND.get(fault.kind, "unexpected_error")
    refusal = refused(name, fault.detail)
    if fault.kind is Kind.BAD_GATEWAY:
        refusal.status = 502
    if fault.status and fault.status != refusal.status:
        other = _BY_STATUS.get(fault.status, name)
        refusal = refusal if fault.type else refused(other, fault.detail)
        refusal.status = fault.status
    refusal.headers = retry_headers(fault, now)
    if fault.html or refusal.status == 502:  # Unipile documents no 502: it is a proxy's
        refusal.html = page(refusal.status)
    return refusal


def page(status: int) -> str:
    """Return what a proxy answers in the place of the service."""
    return f"<html>\r\n<head><title>{status}</title></head>\r\n<body>nginx</body>\r\n</html>\r\n"


def document(refusal: Refusal) -> dict[str, Any]:
    """Return the body of an error."""
    name = refusal.type.removeprefix("errors/")
    body: dict[str, Any] = {
        "title": name.replace("_", " ").capitalize(),
        "type": refusal.type,
        "status": refusal.status,
    }
    return {**body, "detail": refusal.message} if refusal.message else body
