"""The one way to call a provider over plain HTTP: permission, bounds, record.

    CallFailed                 no answer of use; `sent` says whether the provider may have acted
    ├── Unsent                 no connection was had: nothing was asked of it
    └── Unanswered             timeout, reset, broken or too long an answer: it may have acted

An answer with an error status is an answer: what it means is for the adapter to say.  Nothing here
repeats a call; `repeated` does, for calls that may be made twice.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

import httpx

from linkedin_pipeline.adapters.transport import DEADLINE, LAST_WRITE, BoundedTransport
from linkedin_pipeline.domain.calls import CallEnd
from linkedin_pipeline.domain.errors import DatabaseDown, ProviderDown
from linkedin_pipeline.publishing_ports import CallLedger

T = TypeVar("T")
logger = logging.getLogger(__name__)

CONNECT_TIMEOUT = 5.0
MOST_BYTES = 16 * 1024 * 1024
_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


class CallFailed(Exception):
    """No answer of use came; the message says what was met, without address, key or text."""


class Unsent(CallFailed):
    """The provider was not reached: it cannot have acted."""


class Unanswered(CallFailed):
    """The provider was reached and gave no usable answer: it may have acted."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a provider answered; ``document`` is the JSON body, None where there is none."""

    status: int
    headers: Mapping[str, str]
    document: Any

    @property
    def ok(self) -> bool:
        """Tell whether the status is one of success."""
        return 200 <= self.status < 300

    @property
    def fields(self) -> Mapping[str, Any]:
        """The JSON object of the body, empty where it is none."""
        return self.document if isinstance(self.document, dict) else {}


@dataclass(frozen=True, slots=True)
class Call:
    """One request: ``operation`` names it in the ledger, ``subject`` what it is about.

    ``path`` is appended to the provider's address.  Multipart parts are ``files`` as httpx takes
    them; with them ``form`` holds the plain fields.
    """

    operation: str
    method: str
    path: str
    subject: str = ""
    profile_id: UUID | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    form: Mapping[str, Any] | None = None
    files: Any = None
    deadline: float | None = None


class HttpCaller:
    """Calls one provider; safe in threads.  Redirects are never followed: the key stays here.

    ``timeout`` bounds each wait for the network, ``longest`` the whole call, both in seconds.
    """

    def __init__(
        self,
        provider: str,
        base_url: str,
        headers: Mapping[str, str],
        ledger: CallLedger,
        *,
        timeout: float = 30.0,
        longest: float = 60.0,
    ) -> None:
        self.provider = provider
        self._base_url = base_url
        self._ledger = ledger
        self._longest = longest
        for name in ("httpx", "httpcore"):  # they log addresses, which may hold a secret
            logging.getLogger(name).setLevel(logging.WARNING)
        self._client = httpx.Client(
            headers={"Accept": "application/json", **headers},
            timeout=httpx.Timeout(timeout, connect=CONNECT_TIMEOUT),
            transport=BoundedTransport(),
            follow_redirects=False,
            trust_env=False,
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def send(self, call: Call) -> Answer:
        """Make one request and return the answer, whatever its status.

        Raises:
            ProviderDown: the provider is paused; nothing was sent.
            Unsent: it was not reached, or the deadline had passed before anything was written.
            Unanswered: it was reached, and no usable answer came.
            DatabaseDown: the ledger did not give permission; nothing was sent.
        """
        permit = self._ledger.begin(self.provider, call.operation, call.subject, call.profile_id)
        if permit.call_id is None:
            raise ProviderDown(
                self.provider,
                f"paused for {permit.wait:.0f} seconds: {permit.said}",
                "It is asked again by itself.",
                retry_after=permit.wait,
            )
        started = time.monotonic()
        end, status = CallEnd.UNKNOWN, None
        try:
            answer = self._request(call)
            status = answer.status
            end = CallEnd.ANSWERED if answer.ok else CallEnd.REFUSED
            return answer
        except Unsent:
            end = CallEnd.UNSENT
            raise
        finally:
            self._end(permit.call_id, end, status, time.monotonic() - started)

    def _end(self, call_id: UUID, end: CallEnd, status: int | None, seconds: float) -> None:
        try:
            self._ledger.end(call_id, end, status, seconds)
        except DatabaseDown:  # the answer in hand is worth more than its row, which stays open
            logger.warning("call.not_recorded provider=%s outcome=%s", self.provider, end)

    def _request(self, call: Call) -> Answer:
        overall = DEADLINE.set(time.monotonic() + self._longest)
        writing = LAST_WRITE.set(call.deadline)
        try:
            with self._client.stream(
                call.method,
                self._base_url + call.path,
                params=call.query or None,
                json=call.body,
                data=call.form,
                files=call.files,
            ) as response:
                body = bytearray()
                for piece in response.iter_bytes():
                    body += piece
                    if len(body) > MOST_BYTES:
                        raise Unanswered("the answer has no end")
                return Answer(response.status_code, dict(response.headers), _document(bytes(body)))
        except _UNSENT as error:
            raise Unsent(f"no connection ({type(error).__name__})") from None
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise Unanswered(f"no answer ({type(error).__name__})") from None
        except OSError as error:  # a file that is being sent cannot be read
            raise Unanswered(f"the request broke off ({type(error).__name__})") from None
        finally:
            LAST_WRITE.reset(writing)
            DEADLINE.reset(overall)


def repeated(
    attempt: Callable[[], Answer],
    sleep: Callable[[float], None],
    *,
    tries: int = 3,
    first_delay: float = 0.5,
) -> Answer:
    """Make a call that may be made twice again while the provider is at fault.

    No answer and 5xx are tried again, after a delay that doubles; what the last try met is the
    outcome.

    Raises:
        ProviderDown, Unsent, Unanswered: as `HttpCaller.send`.
    """
    for number in range(1, tries + 1):
        try:
            answer = attempt()
            if answer.status < 500 or number == tries:
                return answer
        except CallFailed:
            if number == tries:
                raise
        sleep(first_delay * 2 ** (number - 1))
    raise AssertionError("tries is below one")


def _document(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
