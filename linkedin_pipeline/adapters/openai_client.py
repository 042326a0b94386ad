"""OpenAI, or any server that speaks as it does (Ollama, vLLM, LiteLLM), through the official SDK.

Only two calls are needed of such a server: ``POST /v1/embeddings`` and
``POST /v1/chat/completions`` with a strict JSON schema; batch mode needs ``/v1/files`` and
``/v1/batches`` besides.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from linkedin_pipeline.adapters.calls import CallFailed, Fault, FaultKind, Reply
from linkedin_pipeline.adapters.wire import answer_of, fault, quotas
from linkedin_pipeline.domain.ai import Usage
from linkedin_pipeline.domain.errors import Misconfigured

if TYPE_CHECKING:
    from openai import OpenAI

CONNECT_TIMEOUT = 5.0
_QUOTA = "x-ratelimit-{which}-{what}"
_SPENT = {"insufficient_quota", "billing_hard_limit_reached"}
_KEY = re.compile(r"[\x21-\x7e]+")


class OpenAiClient:
    """One connection pool to one server; safe to share between threads; opened on first use.

    ``timeout`` bounds the seconds between two pieces of an answer.  Proxies are those of the
    environment (``HTTPS_PROXY``, ``NO_PROXY``), which the SDK's HTTP library reads.
    """

    def __init__(self, api_key: str, base_url: str | None = None, timeout: float = 60.0) -> None:
        self._api_key = api_key
        self._base_url = base_url
        self._timeout = timeout
        self._sdk: OpenAI | None = None
        self._opening = threading.Lock()

    @property
    def sdk(self) -> OpenAI:
        """The SDK's client, with its own retries off.

        Raises:
            Misconfigured: no header can carry the key.
        """
        with self._opening:
            if self._sdk is None:
                self._sdk = self._open()
            return self._sdk

    def _open(self) -> OpenAI:
        import httpx2
        from openai import OpenAI

        if not _KEY.fullmatch(self._api_key):
            raise Misconfigured(
                "OPENAI_API_KEY",
                "it is empty, or holds a space or a letter that no HTTP header can carry",
                "Copy the key again; a server that wants none takes any word.",
            )
        # the SDK's debug log holds whole requests, and its library's the URL with a password in it
        for name in ("openai", "httpx2", "httpcore2"):
            logging.getLogger(name).setLevel(logging.WARNING)
        return OpenAI(
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

        answer, headers = self._ask(
            lambda: self.sdk.post(
                path, body=dict(body), cast_to=httpx2.Response, options={"follow_redirects": False}
            )
        )
        return Reply(answer, usage_of(answer), quotas(headers, _QUOTA))

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Mapping[str, Any]:
        """Return a JSON document; redirects and errors as in `post`."""
        import httpx2

        answer, _ = self._ask(
            lambda: self.sdk.get(
                path,
                cast_to=httpx2.Response,
                options={"follow_redirects": False, "params": dict(query or {})},
            )
        )
        return answer

    def upload(
        self, path: str, fields: Mapping[str, str], name: str, content: bytes
    ) -> Mapping[str, Any]:
        """Post a form with a file and return the JSON answer; errors as in `post`."""
        import httpx2

        answer, _ = self._ask(
            lambda: self.sdk.post(
                path,
                body=dict(fields),
                files=[("file", (name, content, "application/jsonl"))],
                cast_to=httpx2.Response,
                options={
                    "follow_redirects": False,
                    "headers": {"Content-Type": "multipart/form-data"},
                },
            )
        )
        return answer

    def file_pieces(self, file_id: str) -> Iterator[bytes]:
        """Download a file piece by piece; errors as in `post`."""
        import httpx2
        from openai import APIConnectionError, APIStatusError

        try:
            with self.sdk.files.with_streaming_response.content(file_id) as response:
                yield from response.iter_bytes()
        except APIStatusError as error:
            raise CallFailed(_fault(error)) from None
        except (APIConnectionError, httpx2.HTTPError) as error:
            reason = f"no answer ({type(error).__name__})"
            raise CallFailed(Fault(FaultKind.UNREACHABLE, reason)) from None

    def _ask(self, request: Callable[[], Any]) -> tuple[Mapping[str, Any], Mapping[str, str]]:
        from openai import APIConnectionError, APIStatusError

        return answer_of(
            request, _fault, status_error=APIStatusError, connection_error=APIConnectionError
        )


def usage_of(answer: Mapping[str, Any]) -> Usage:
    """Read the tokens of an embeddings or chat answer; what is missing counts 0."""
    usage = answer.get("usage")
    if not isinstance(usage, dict):
        return Usage()
    details = usage.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else 0
    return Usage(
        input=_number(usage.get("prompt_tokens")),
        cached=min(_number(cached), _number(usage.get("prompt_tokens"))),
        output=_number(usage.get("completion_tokens")),
    )


def _number(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0


def _fault(error: Any) -> Fault:
    word = error.code or error.type
    headers = error.response.headers
    return fault(
        error.status_code,
        word if isinstance(word, str) else error.type if isinstance(error.type, str) else None,
        headers,
        quotas(headers, _QUOTA),
        spent=error.code in _SPENT or error.type in _SPENT,
        param=error.param if isinstance(error.param, str) else None,
    )
