"""What goes wrong on request: where, how often, for which calls."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any

from linkedin_pipeline.domain.errors import BadInput


class Kind(StrEnum):
    """The kinds of faults, by the moment at which they strike."""

    # the answer takes its time; the work is done and billed before the wait
    LATENCY = "latency"
    HOLD = "hold"
    # the call is refused, in the words of the provider, and bills nothing
    RATE_LIMIT = "rate_limit"
    INSUFFICIENT_QUOTA = "insufficient_quota"
    SPEND_LIMIT = "spend_limit"
    BILLING = "billing"
    BAD_REQUEST = "bad_request"
    INVALID_KEY = "invalid_key"
    MODEL_NOT_FOUND = "model_not_found"
    SERVER_ERROR = "server_error"
    BAD_GATEWAY = "bad_gateway"
    UNAVAILABLE = "unavailable"
    OVERLOADED = "overloaded"
    # the connection fails: before the call counts, or after it was done and billed
    RESET_BEFORE = "reset_before"
    RESET_AFTER = "reset_after"
    TRUNCATED = "truncated"
    MALFORMED = "malformed"
    # embeddings
    WRONG_COUNT = "wrong_count"
    SHUFFLED = "shuffled"
    WRONG_DIMENSION = "wrong_dimension"
    NOT_A_NUMBER = "not_a_number"
    ZERO_VECTOR = "zero_vector"
    # written answers
    BAD_LABEL = "bad_label"
    DUPLICATE_ID = "duplicate_id"
    MISSING_ID = "missing_id"
    UNKNOWN_ID = "unknown_id"
    INVALID_JSON = "invalid_json"
    REFUSAL = "refusal"
    LENGTH = "length"
    CONTENT_FILTER = "content_filter"
    EMPTY = "empty"
    # batches
    BATCH_FAILED = "batch_failed"
    BATCH_EXPIRED = "batch_expired"
    BATCH_SLOW = "batch_slow"


DELAYS = frozenset({Kind.LATENCY, Kind.HOLD})
REFUSALS = frozenset(
    {
        Kind.RATE_LIMIT,
        Kind.INSUFFICIENT_QUOTA,
        Kind.SPEND_LIMIT,
        Kind.BILLING,
        Kind.BAD_REQUEST,
        Kind.INVALID_KEY,
        Kind.MODEL_NOT_FOUND,
        Kind.SERVER_ERROR,
        Kind.BAD_GATEWAY,
        Kind.UNAVAILABLE,
        Kind.OVERLOADED,
    }
)
BEFORE = DELAYS | REFUSALS | {Kind.RESET_BEFORE}
AFTER = frozenset({Kind.RESET_AFTER, Kind.TRUNCATED, Kind.MALFORMED})
VECTOR_FAULTS = frozenset(
    {
        Kind.WRONG_COUNT,
        Kind.SHUFFLED,
        Kind.WRONG_DIMENSION,
        Kind.NOT_A_NUMBER,
        Kind.ZERO_VECTOR,
    }
)
ANSWER_FAULTS = frozenset(
    {
        Kind.BAD_LABEL,
        Kind.DUPLICATE_ID,
        Kind.MISSING_ID,
        Kind.UNKNOWN_ID,
        Kind.INVALID_JSON,
        Kind.REFUSAL,
        Kind.LENGTH,
        Kind.CONTENT_FILTER,
        Kind.EMPTY,
    }
)
BATCH_FAULTS = frozenset({Kind.BATCH_FAILED, Kind.BATCH_EXPIRED, Kind.BATCH_SLOW})


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to go wrong.

    It strikes calls of ``provider`` (any when empty) whose route, such as ``POST /v1/embeddings``,
    contains ``route`` and in whose body some text contains ``contains``: every ``every``-th of
    them, ``times`` times (None: always).  A kind that a call has no place for passes it by.

    ``seconds`` is how long a latency lasts.  A rate limit sends ``retry_after`` and
    ``retry_after_ms`` as they stand and ``retry_after_date`` as an HTTP date so many seconds away;
    none of them, no header.  ``status`` replaces the status code of a refusal.  ``polls`` is how
    often a slow batch has to be looked at before it is done.
    """

    kind: Kind
    provider: str = ""
    route: str = ""
    contains: str = ""
    times: int | None = 1
    every: int = 1
    seconds: float = 0.0
    retry_after: str | None = None
    retry_after_ms: str | None = None
    retry_after_date: float | None = None
    status: int | None = None
    polls: int = 5

    @classmethod
    def from_json(cls, document: object) -> Fault:
        """Read a fault from what the admin API was sent.

        Raises:
            BadInput: a key, a kind or a value is not usable.
        """
        if not isinstance(document, Mapping):
            raise BadInput("fault", f"{document!r} is not an object", 'Send {"kind": …}.')
        known = [one.name for one in fields(cls)]
        if unknown := document.keys() - set(known):
            raise BadInput("fault", f"unknown key {min(unknown)!r}", f"Known: {', '.join(known)}.")
        try:
            kind = Kind(str(document.get("kind")))
        except ValueError:
            raise BadInput(
                "fault",
                f"unknown kind {document.get('kind')!r}",
                f"Known: {', '.join(Kind)}.",
            ) from None
        for name, value in document.items():
            if not _usable(name, value):
                raise BadInput("fault", f"{name} cannot be {value!r}", "See the class Fault.")
        rest: dict[str, Any] = {name: value for name, value in document.items() if name != "kind"}
        return cls(kind, **rest)


def _usable(name: str, value: object) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    match name:
        case "kind" | "provider" | "route" | "contains":
            return isinstance(value, str)
        case "retry_after" | "retry_after_ms":
            return value is None or isinstance(value, str)
        case "retry_after_date":
            return value is None or number
        case "seconds":
            return isinstance(value, int | float) and number and value >= 0
        case "times" | "status":
            return value is None or (isinstance(value, int) and number and value > 0)
        case _:
            return isinstance(value, int) and number and value > 0


@dataclass(slots=True, eq=False)
class Standing:
    """A fault that was asked for, and what came of it."""

    fault: Fault
    seen: int = 0
    struck: int = 0
    _released: threading.Event = field(default_factory=threading.Event)

    @property
    def spent(self) -> bool:
        """Tell whether it has struck as often as it should."""
        return self.fault.times is not None and self.struck >= self.fault.times

    @property
    def is_held(self) -> bool:
        """Tell whether answers caught by a ``hold`` still wait."""
        return not self._released.is_set()

    def release(self) -> None:
        """Let the answers caught by a ``hold`` go."""
        self._released.set()


class Faults:
    """The faults that stand, in the order in which they were asked for; safe between threads."""

    def __init__(self) -> None:
        self._standing: list[Standing] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> Standing:
        """Let something go wrong from now on; the result counts how often it did."""
        standing = Standing(fault)
        with self._lock:
            self._standing.append(standing)
        return standing

    def clear(self) -> None:
        """Let nothing go wrong any more and release what is held."""
        with self._lock:
            gone, self._standing = self._standing, []
        for standing in gone:
            standing.release()

    def standing(self) -> list[Standing]:
        """Return what was asked for and not cleared, spent ones too."""
        with self._lock:
            return list(self._standing)

    def take(
        self,
        provider: str,
        route: str,
        texts: Callable[[], Collection[str]],
        kinds: Iterable[Kind],
    ) -> list[Standing]:
        """Return the faults of some kinds that strike a call; at most one of them refuses it.

        ``texts`` is asked for only when a fault looks into the body.
        """
        wanted, taken = frozenset(kinds), list[Standing]()
        with self._lock:
            for standing in self._standing:
                fault = standing.fault
                refuses = fault.kind in REFUSALS
                if (
                    fault.kind not in wanted
                    or standing.spent
                    or fault.provider not in {"", provider}
                    or fault.route not in route
                    or (fault.contains and not any(fault.contains in text for text in texts()))
                    or (refuses and any(one.fault.kind in REFUSALS for one in taken))
                ):
                    continue
                standing.seen += 1
                if standing.seen % fault.every == 0:
                    standing.struck += 1
                    taken.append(standing)
        return taken
