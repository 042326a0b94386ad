"""What the simulators were asked and what they billed for it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that a call bills, or credits where the provider counts by those.

    ``input_tokens`` counts the whole prompt: what was read from the cache (``cached_tokens``) and
    written to it (``cache_write_tokens``) is part of it.  ``output_tokens`` includes
    ``reasoning_tokens``.
    """

    input_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    credits: float = 0.0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.input_tokens + other.input_tokens,
            self.cached_tokens + other.cached_tokens,
            self.cache_write_tokens + other.cache_write_tokens,
            self.output_tokens + other.output_tokens,
            self.reasoning_tokens + other.reasoning_tokens,
            self.credits + other.credits,
        )


@dataclass(frozen=True, slots=True)
class Call:
    """One call, or one line of a batch file (``batch`` names the batch).

    ``status`` is None when no answer was sent.  ``accepted`` says that the work was done and
    billed, whatever became of the answer.  ``faults`` names the faults that struck, ``obeyed`` the
    orders in post text that an obedient simulator followed.
    """

    at: float
    provider: str
    route: str
    model: str
    status: int | None
    accepted: bool
    usage: Usage = Usage()
    inputs: int = 0
    faults: tuple[str, ...] = ()
    obeyed: tuple[str, ...] = ()
    batch: str = ""
    request_id: str = ""
    body: bytes = b""

    @property
    def document(self) -> Any:
        """The request body, read as JSON."""
        return json.loads(self.body)

    def as_json(self, *, body: bool = False) -> dict[str, Any]:
        """Return the call for the admin API, with its body as text when wanted."""
        document = asdict(replace(self, body=b""))
        del document["body"]
        return {**document, "body": self.body.decode("utf-8", "replace")} if body else document


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over calls."""

    calls: int
    accepted: int
    inputs: int
    usage: Usage


class Ledger:
    """The calls in the order in which they were decided; safe between threads."""

    def __init__(self) -> None:
        self._calls: list[Call] = []
        self._lock = threading.Lock()

    def add(self, call: Call) -> None:
        """Write a call down."""
        with self._lock:
            self._calls.append(call)

    def clear(self) -> None:
        """Forget every call."""
        with self._lock:
            self._calls.clear()

    def calls(
        self, route: str = "", *, provider: str = "", model: str = "", accepted: bool | None = None
    ) -> list[Call]:
        """Return the calls whose route contains ``route``; other arguments narrow further."""
        with self._lock:
            every = list(self._calls)
        return [
            call
            for call in every
            if route in call.route
            and provider in {"", call.provider}
            and model in {"", call.model}
            and accepted in {None, call.accepted}
        ]

    def totals(self, route: str = "", *, provider: str = "", model: str = "") -> Totals:
        """Return the sums over the calls that `calls` returns."""
        return total(self.calls(route, provider=provider, model=model))


def total(calls: Iterable[Call]) -> Totals:
    """Return the sums over some calls."""
    chosen = list(calls)
    return Totals(
        calls=len(chosen),
        accepted=sum(call.accepted for call in chosen),
        inputs=sum(call.inputs for call in chosen),
        usage=sum((call.usage for call in chosen), Usage()),
    )
