"""Anthropic, through the official SDK.

One call is needed of a server that stands in for it: ``POST /v1/messages`` with a JSON schema in
``output_config``.  The SDK's own ``messages.create`` is not used: it refuses what it does not know
yet and hides the rate limits; its connection, headers and errors are.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from linkedin_pipeline.adapters.calls import Fault, Reply
from linkedin_pipeline.adapters.limiter import Quota
from linkedin_pipeline.adapters.wire import answer_of, fault, quotas
from linkedin_pipeline.domain.ai import Usage
from linkedin_pipeline.domain.errors import Misconfigured

if TYPE_CHECKING:
    from anthropic import Anthropic

CONNECT_TIMEOUT = 5.0
_QUOTAS = ("anthropic-ratelimit-input-{what}-{which}", "anthropic-ratelimit-{what}-{which}")
"""Some servers tell the limit of input tokens only; the one of all tokens wins where it is told."""
_SPENT = "enforced_spend_limit_reached"
_KEY = re.compile(r"[\x21-\x7e]+")


class AnthropicClient:
    """One connection pool to one server; safe to share between threads; opened on first use.

    ``base_url`` has no ``/v1``.  ``timeout`` is how long the server may be silent: the default
    lets a model think.
    """

    def __init__(self, api_key: str, base_url: str | None = None, timeout: float = 120.0) -> None:
        self._api_key = api_key
        self._base_url = base_url
        self._timeout = timeout
        self._sdk: Anthropic | None = None
        self._opening = threading.Lock()

    @property
    def sdk(self) -> Anthropic:
        """The SDK's client, with its own retries off.

        Raises:
            Misconfigured: no header can carry the key.
        """
        with self._opening:
            if self._sdk is None:
                self._sdk = self._open()
            return self._sdk

    def _open(self) -> Anthropic:
        import httpx2
        from anthropic import Anthropic

        if not _KEY.fullmatch(self._api_key):
            raise Misconfigured(
                "ANTHROPIC_API_KEY",
                "it is empty, or holds a space or a letter that no HTTP header can carry",
                "Copy the key again; a server that wants none takes any word.",
            )
        # the SDK's debug log holds whole requests, and its library's the URL with a password in it
        for name in ("anthropic", "httpx2", "httpcore2"):
            logging.getLogger(name).setLevel(logging.WARNING)
        return Anthropic(
            api_key=self._api_key,
            base_url=self._base_url,
            max_retries=0,
            timeout=httpx2.Timeout(self._timeout, connect=CONNECT_TIMEOUT),
        )

    def close(self) -> None:
        """Close the connections; the next call opens new ones."""
        with self._opening:
            sdk, self._sdk = self._sdk, None
        if sdk is not None:
            sdk.close()

    def post(self, path: str, body: Mapping[str, Any]) -> Reply[Mapping[str, Any]]:
        """Post a JSON body and return the JSON answer with its usage and rate limits.

        A redirect is not followed: neither key nor text goes where nobody said they should.

        Raises:
            CallFailed: no usable answer came.
            Misconfigured: no header can carry the key.
        """
        import httpx2
        from anthropic import APIConnectionError, APIStatusError

        answer, headers = answer_of(
            lambda: self.sdk.post(
                path, body=dict(body), cast_to=httpx2.Response, options={"follow_redirects": False}
            ),
            _fault,
            status_error=APIStatusError,
            connection_error=APIConnectionError,
        )
        return Reply(answer, usage_of(answer), _quotas(headers))


def usage_of(answer: Mapping[str, Any]) -> Usage:
    """Read the tokens of a message; what is missing counts 0.

    Anthropic's ``input_tokens`` leave out what was read from its cache and what was written to it.
    """
    usage = answer.get("usage")
    if not isinstance(usage, dict):
        return Usage()
    cached = _number(usage.get("cache_read_input_tokens"))
    written = _number(usage.get("cache_creation_input_tokens"))
    return Usage(
        input=_number(usage.get("input_tokens")) + cached + written,
        cached=cached,
        output=_number(usage.get("output_tokens")),
    )


def _number(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0


def _quotas(headers: Mapping[str, str]) -> Mapping[str, Quota]:
    return {what: quota for name in _QUOTAS for what, quota in quotas(headers, name).items()}


def _fault(error: Any) -> Fault:
    # the machine-readable code is {"error": {"type": …, "details": {"error_code": …}}}
    said = error.body.get("error") if isinstance(error.body, dict) else None
    said = said if isinstance(said, dict) else {}
    details = said.get("details")
    code = details.get("error_code") if isinstance(details, dict) else None
    word = code if isinstance(code, str) else said.get("type")
    headers = error.response.headers
    return fault(
        error.status_code,
        word if isinstance(word, str) else None,
        headers,
        _quotas(headers),
        spent=code == _SPENT,
    )
