"""What goes wrong on request: where, how often, for which calls."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from functools import cache
from itertools import count
from typing import Any

from linkedin_pipeline.domain.errors import BadInput


class Kind(StrEnum):
    """The kinds of faults, by the moment at which they strike."""

    # the answer takes its time; the work is done and billed before the wait
    LATENCY = "latency"
    HOLD = "hold"
    # the call waits until it is released, before anything is decided about it
    HOLD_RECEIVED = "hold_received"
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
    TYPED_ERROR = "typed_error"
    # the connection fails: before the call counts, or after it was done and billed
    RESET_BEFORE = "reset_before"
    RESET_AFTER = "reset_after"
    TRUNCATED = "truncated"
    MALFORMED = "malformed"
    # the call was done and billed, and the answer says that it failed
    ERROR_AFTER = "error_after"
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
    # publishing
    NULL_ID = "null_id"
    DUPLICATE_OWN = "duplicate_own"
    DUPLICATE_OTHER = "duplicate_other"
    LATE_IN_FEED = "late_in_feed"
    LINKS_CHANGED = "links_changed"
    MENTIONS_CHANGED = "mentions_changed"
    SPACES_CHANGED = "spaces_changed"
    TEXT_CUT = "text_cut"
    # feeds
    STALE_FEED = "stale_feed"
    MISSING_PAGE = "missing_page"
    EARLY_END = "early_end"
    BROKEN_CURSOR = "broken_cursor"
    # pictures
    WRONG_TYPE = "wrong_type"
    WRONG_BYTES = "wrong_bytes"
    ENDLESS = "endless"
    SLOW_BODY = "slow_body"
    LONG_BODY = "long_body"
    LARGE_BODY = "large_body"
    BOMB = "bomb"
    REDIRECT = "redirect"


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
        Kind.TYPED_ERROR,
    }
)
FAILURES = REFUSALS | {Kind.ERROR_AFTER}
BEFORE = DELAYS | REFUSALS | {Kind.HOLD_RECEIVED, Kind.RESET_BEFORE}
AFTER = frozenset({Kind.RESET_AFTER, Kind.TRUNCATED, Kind.MALFORMED, Kind.ERROR_AFTER})
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
POST_FAULTS = frozenset(
    {
        Kind.NULL_ID,
        Kind.LATE_IN_FEED,
        Kind.LINKS_CHANGED,
        Kind.MENTIONS_CHANGED,
        Kind.SPACES_CHANGED,
        Kind.TEXT_CUT,
    }
)
FEED_FAULTS = frozenset({Kind.STALE_FEED, Kind.MISSING_PAGE, Kind.EARLY_END, Kind.BROKEN_CURSOR})
PICTURE_FAULTS = frozenset(
    {
        Kind.WRONG_TYPE,
        Kind.WRONG_BYTES,
        Kind.ENDLESS,
        Kind.SLOW_BODY,
        Kind.LONG_BODY,
        Kind.LARGE_BODY,
        Kind.BOMB,
        Kind.REDIRECT,
        Kind.EMPTY,
    }
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to go wrong.

    It strikes calls of ``provider`` and for ``account`` (any when empty) whose route, such as
    ``POST /v1/embeddings``, contains ``route`` and in whose body some text contains ``contains``:
    every ``every``-th of them, ``times`` times (None: always).  A kind that a call has no place for
    passes it by.

    ``seconds`` is how long a latency lasts, how late a post comes into its feed, how old a stale
    feed is, or the pause between the pieces of a slow body.  ``type`` is the provider's word for
    an error, or the content type that is sent for another; ``detail`` what an error adds, or the
    text that a redirect names as its target (itself when empty).  ``html`` lets an error come as a
    page of a proxy.  A rate limit sends ``retry_after`` and
    ``retry_after_ms`` as they stand and ``retry_after_date`` as an HTTP date so many seconds away;
    none of them, no header.  ``status`` replaces the status code of a refusal.  ``polls`` is how
    often a slow batch has to be looked at before it is done.
    """

    kind: Kind
    provider: str = ""
    account: str = ""
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
    type: str = ""
    detail: str = ""
    html: bool = False

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
        case "kind" | "provider" | "account" | "route" | "contains" | "type" | "detail":
            return isinstance(value, str)
        case "html":
            return isinstance(value, bool)
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
    """A fault that was asked for, its number, and what came of it."""

    fault: Fault
    id: int = 0
    seen: int = 0
    struck: int = 0
    _released: threading.Event = field(default_factory=threading.Event)

    @property
    def spent(self) -> bool:
        """Tell whether it has struck as often as it should."""
        return self.fault.times is not None and self.struck >= self.fault.times

    @property
    def is_held(self) -> bool:
        """Tell whether calls caught by a ``hold`` still wait."""
        return not self._released.is_set()

    def release(self) -> None:
        """Let the calls caught by a ``hold`` go."""
        self._released.set()


class Faults:
    """The faults that stand, in the order in which they were asked for; safe between threads."""

    def __init__(self) -> None:
        self._standing: dict[int, Standing] = {}
        self._live: list[Standing] = []  # those not spent: thousands may have been
        self._numbers = count(1)
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> Standing:
        """Let something go wrong from now on; the result counts how often it did."""
        with self._lock:
            standing = Standing(fault, next(self._numbers))
            self._standing[standing.id] = standing
            self._live.append(standing)
        return standing

    def clear(self) -> None:
        """Let nothing go wrong any more and release what is held."""
        with self._lock:
            gone, self._standing, self._live = self._standing, {}, []
        for standing in gone.values():
            standing.release()

    def standing(self, number: int | None = None) -> list[Standing]:
        """Return what was asked for and not cleared, spent ones too; or one, if it is there."""
        with self._lock:
            if number is None:
                return list(self._standing.values())
            found = self._standing.get(number)
        return [found] if found else []

    def take(
        self,
        provider: str,
        route: str,
        texts: Callable[[], Collection[str]],
        kinds: Iterable[Kind],
        account: str = "",
    ) -> list[Standing]:
        """Return the faults of some kinds that strike a call; at most one of them makes it fail.

        ``texts`` is asked for only when a fault looks into the body, and once.
        """
        wanted, taken = frozenset(kinds), list[Standing]()
        read = cache(texts)
        with self._lock:
            for standing in self._live:
                fault = standing.fault
                fails = fault.kind in FAILURES
                if (
                    fault.kind not in wanted
                    or fault.provider not in {"", provider}
                    or fault.account not in {"", account}
                    or fault.route not in route
                    or (fault.contains and not any(fault.contains in text for text in read()))
                    or (fails and any(one.fault.kind in FAILURES for one in taken))
                ):
                    continue
                standing.seen += 1
                if standing.seen % fault.every == 0:
                    standing.struck += 1
                    taken.append(standing)
            if any(standing.spent for standing in taken):
                self._live = [standing for standing in self._live if not standing.spent]
        return taken
