"""Calls on their way through a simulator: what was asked, the reply, the refusal."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import cached_property
from typing import Any

from starlette.responses import Response

from linkedin_pipeline.simulators.faults import Fault
from linkedin_pipeline.simulators.ledger import Usage
from linkedin_pipeline.simulators.prompts import strings


class Refusal(Exception):
    """A call is refused; ``type``, ``code``, ``param`` and ``details`` are the provider's words."""

    def __init__(
        self,
        status: int,
        type: str,  # noqa: A002 - the wire's own name
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        details: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        html: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.type = type
        self.message = message
        self.code = code
        self.param = param
        self.details = details
        self.headers = dict(headers or {})
        self.html = html


@dataclass
class Asked:
    """A call as it came in, or a line of a batch; what is learnt about it on the way."""

    route: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    batch: str = ""
    request_id: str = ""
    account: str = ""
    model: str = ""
    inputs: int = 0
    obeyed: tuple[str, ...] = ()
    met: list[str] = field(default_factory=list)

    @cached_property
    def document(self) -> dict[str, Any]:
        """The body as a JSON object.

        Raises:
            Refusal: it is none.
        """
        try:
            document = json.loads(self.body)
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise Refusal(
                400, "invalid_request_error", "We could not parse the JSON body of your request."
            )
        return document

    def named_model(self) -> str:
        """Return the model that the body names, if it can be read."""
        try:
            return self.model or str(self.document.get("model", ""))
        except Refusal:
            return ""

    def texts(self) -> Collection[str]:
        """Return what a fault may look into: the raw body and every string in it."""
        try:
            found = list(strings(self.document))
        except Refusal:
            found = []
        return [self.body.decode("utf-8", "replace"), *found]


_NOTHING = Usage()


@dataclass(frozen=True, slots=True)
class Reply:
    """A provider's answer, what it bills, and the form it is sent in when that is not the usual."""

    body: bytes
    status: int = 200
    usage: Usage = _NOTHING
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = "application/json"
    form: Callable[..., Response] | None = None

    @classmethod
    def of(cls, document: object, usage: Usage | None = None, *, status: int = 200) -> Reply:
        """Return an answer that carries a JSON document."""
        return cls(
            json.dumps(document, ensure_ascii=False).encode("utf-8", "replace"),
            status,
            usage or _NOTHING,
        )


Work = Callable[[Asked], Reply]


def retry_headers(fault: Fault, now: float) -> dict[str, str]:
    """Return the headers by which a refusal says when to come back, as the fault words them."""
    headers = {}
    if fault.retry_after is not None:
        headers["retry-after"] = fault.retry_after
    if fault.retry_after_date is not None:
        headers["retry-after"] = formatdate(now + fault.retry_after_date, usegmt=True)
    if fault.retry_after_ms is not None:
        headers["retry-after-ms"] = fault.retry_after_ms
    return headers
