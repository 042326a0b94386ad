"""What goes back: JSON, one envelope for errors, and the headers that every answer carries."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from typing import Any
from uuid import uuid4

from starlette.responses import Response

from linkedin_pipeline.domain.errors import (
    Busy,
    DagsterDown,
    DatabaseDown,
    JobMissing,
    PipelineError,
    SchemaBehind,
)

# as Supabase Edge Functions send them (supabase-js 2.95), and the header of this gateway
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": (
        "authorization, x-client-info, apikey, content-type, x-scheduler-secret, x-request-id"
    ),
    "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE, OPTIONS",
    "Access-Control-Expose-Headers": "x-request-id",
}
SECURITY = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
CODES: tuple[tuple[type[PipelineError], str], ...] = (
    (JobMissing, "job_missing"),
    (DagsterDown, "dagster_down"),
    (DatabaseDown, "database_down"),
    (SchemaBehind, "schema_behind"),
    (Busy, "busy"),
)


class Refused(Exception):
    """A request that is answered with an error; ``code`` names the reason for machines."""

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, code, message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}


def refused(error: PipelineError) -> Refused:
    """Return how an expected error is answered: 503, as the same request may succeed later."""
    code = next((code for kind, code in CODES if isinstance(error, kind)), "misconfigured")
    return Refused(503, code, str(error))


def answer(document: Mapping[str, Any], status: int = 200) -> Response:
    """Return a document as JSON; dataclasses as objects, times as ISO 8601."""
    body = json.dumps(document, default=_as_json, separators=(",", ":"), allow_nan=False)
    return Response(body, status, media_type="application/json")


def envelope(code: str, message: str, request_id: str) -> dict[str, Any]:
    """Return the one shape of errors."""
    return {"error": message, "code": code, "request_id": request_id}


def error_answer(refusal: Refused, request_id: str) -> Response:
    """Return a refusal in the envelope."""
    response = answer(envelope(refusal.code, refusal.message, request_id), refusal.status)
    response.headers.update(refusal.headers)
    return response


def new_request_id() -> str:
    """Return an id for a request that brings none that can be used."""
    return uuid4().hex


def _as_json(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    isoformat = getattr(value, "isoformat", None)
    return isoformat() if isoformat else str(value)
