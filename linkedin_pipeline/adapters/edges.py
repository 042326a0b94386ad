"""Edges.run: what a profile posted, page by page, through its LinkedIn action.

An answer is judged by its ``error_label``, as one label comes with several statuses.  The address
of the next page comes from the provider and is asked with our key, so it must be the action's own:
same scheme, host, port and path.  Only its query is kept, and put behind our own address.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, NoReturn
from urllib.parse import SplitResult, quote, unquote, urlsplit

from linkedin_pipeline.adapters.http import Answer, Call, CallFailed, HttpCaller, Unsent, repeated
from linkedin_pipeline.domain.errors import ProviderDown, Rejected
from linkedin_pipeline.domain.sync import (
    SYNC_WORKER,
    CursorDied,
    FeedPage,
    PageFailed,
    SyncClaim,
    read_page,
)
from linkedin_pipeline.ports import Clock
from linkedin_pipeline.publishing_ports import CallLedger

PROVIDER: Final = "edges"
BASE_URL: Final = "https://api.edges.run/v1"
ACTION: Final = "/actions/linkedin-extract-people-post-activity/run/live"
PAGE_SIZE: Final = 20
"""Whether another number is taken is not known."""
PAGE_PAUSE: Final = 2.0
"""Seconds between two pages of a profile, as Edges advises."""
TIMEOUT: Final = 60.0
"""A live page takes 2 to 6 seconds, a bad day's much longer."""
MOST_IN_A_ROW: Final = 10
"""So many profiles that fail one after the other are not to blame themselves."""
DOUBTED_IN_A_ROW: Final = 3
"""The same, as long as Edges has not answered since it failed for so many."""
FAILING: Final = "failing"
"""The code of that pause."""

_DAY: Final = 86_400.0
_PUBLIC_NAME = re.compile(r"[-\w%]+", re.ASCII)
"""What Edges takes after ``/in/``."""
_GONE: Mapping[str, str] = {
    "STATUS_404": "LinkedIn knows no such profile (STATUS_404)",
    "PROFILE_NOT_ACCESSIBLE": "LinkedIn does not show the profile (PROFILE_NOT_ACCESSIBLE)",
}
_ACCOUNT: Final = frozenset({"NOT_CONNECTED", "NO_VALID_ACCOUNT_CONFIGURED", "AUTH_EXPIRED"})
_REFUSED: Mapping[int, tuple[str, str]] = {
    401: ("key_refused", "Edges refuses the key: set EDGES_API_KEY"),
    402: ("no_credit", "Edges has no credit for us: see its billing page"),
    403: ("key_refused", "Edges forbids the action to this key: see its workspace"),
    404: ("no_such_action", "Edges knows no such action: see EDGES_BASE_URL"),
}


def _now() -> datetime:
    return datetime.now(UTC)


class EdgesFeed:
    """Meets `ProfileFeed`; safe in threads, to be closed.  Pages are read again where that helps.

    A limit that Edges names pauses every process until then, ``params.postponed_until`` included.
    So does a row of failures, a shorter one when Edges is ``doubted``: it failed for everybody when
    last heard of.
    """

    def __init__(
        self,
        key: str,
        base_url: str,
        ledger: CallLedger,
        clock: Clock,
        *,
        doubted: bool = False,
        page_pause: float = PAGE_PAUSE,
        now: Callable[[], datetime] = _now,
    ) -> None:
        self._action = urlsplit(base_url + ACTION)
        self._ledger = ledger
        self._clock = clock
        self._page_pause = page_pause
        self._now = now
        self._caller = HttpCaller(
            PROVIDER, base_url, {"X-API-Key": key}, ledger, timeout=TIMEOUT, longest=1.5 * TIMEOUT
        )
        self._failed = MOST_IN_A_ROW - DOUBTED_IN_A_ROW if doubted else 0
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the connections."""
        self._caller.close()

    def page(self, claim: SyncClaim, cursor: str | None) -> FeedPage:
        """Return the first page of a profile's feed, or the one that ``cursor`` leads to.

        Raises:
            ProviderDown, CursorDied, Rejected, PageFailed: as `ProfileFeed` says.
        """
        try:
            page = self._page(claim, cursor)
        except PageFailed as failure:
            self._count_failure(str(failure))
            raise
        except Rejected:
            self._failed = 0
            raise
        self._failed = 0
        return page

    def _page(self, claim: SyncClaim, cursor: str | None) -> FeedPage:
        call = Call(
            "people-post-activity",
            "POST",
            f"{ACTION}?{cursor or f'page_size={PAGE_SIZE}'}",
            subject=str(claim.profile_id),
            profile_id=claim.profile_id,
            body={
                "identity_mode": "managed",
                "input": {"linkedin_profile_url": _address(claim.linkedin_id)},
            },
        )
        if cursor is not None:
            self._clock.sleep(self._page_pause)
        try:
            answer = repeated(lambda: self._caller.send(call), self._clock.sleep)
        except Unsent as failure:
            self._pause("unreachable", f"Edges is not to be reached: {failure}")
        except CallFailed as failure:
            raise PageFailed(f"Edges gave {failure}") from None
        following = answer.headers.get("x-pagination-next")
        next_cursor = None if following is None else _query(following, self._action)
        if not answer.ok:
            self._judge(answer, cursor)
            return FeedPage()
        if not isinstance(answer.document, list):
            raise PageFailed("Edges answered without a list of posts")
        return read_page(answer.document, claim.linkedin_id, next_cursor)

    def _judge(self, answer: Answer, cursor: str | None) -> None:
        """Raise what an error means; return when it means that there is nothing more to read."""
        label = str(answer.fields.get("error_label") or "")[:40]
        params = answer.fields.get("params")
        postponed = params.get("postponed_until") if isinstance(params, dict) else None
        if label == "LIMIT_REACHED" or postponed is not None:
            seconds = self._until(postponed)
            self._pause("limit_reached", "Edges' limit for our account is reached", seconds)
        if answer.status == 429:
            self._pause("rate_limited", "Edges asks for a pause", self._retry_after(answer))
        if label == "NO_RESULT":
            return
        if label in _GONE:
            raise Rejected(label.lower(), "the profile", _GONE[label], "See its linkedin_id.")
        if label in _ACCOUNT:
            self._pause(
                "account_disconnected",
                f"Edges has no LinkedIn account to read with ({label}): connect one there",
                600.0,
                worker=SYNC_WORKER,
            )
        if cursor is not None and answer.status in {400, 404, 410}:
            raise CursorDied
        if answer.status in _REFUSED and label not in _LINKEDIN:
            code, reason = _REFUSED[answer.status]
            self._pause(code, reason, 600.0, worker=SYNC_WORKER)
        said = f"status {answer.status}, {label}" if label else f"status {answer.status}"
        raise PageFailed(f"Edges failed ({said})")

    def _until(self, postponed: Any) -> float:
        """Return the seconds until a limit is lifted: a rolling day where Edges does not say."""
        try:
            until = datetime.fromisoformat(str(postponed))
        except ValueError:
            return _DAY
        until = until if until.tzinfo else until.replace(tzinfo=UTC)
        return min(max((until - self._now()).total_seconds(), 1.0), 7 * _DAY)

    def _retry_after(self, answer: Answer) -> float | None:
        given = answer.headers.get("retry-after", "").strip()
        try:
            seconds = float(given)
        except ValueError:
            try:
                seconds = (parsedate_to_datetime(given) - self._now()).total_seconds()
            except (ValueError, TypeError):
                return None
        return min(max(seconds, 1.0), 3_600.0) if seconds == seconds else None  # noqa: PLR0124 - NaN

    def _count_failure(self, reason: str) -> None:
        with self._lock:
            self._failed += 1
            outage = self._failed >= MOST_IN_A_ROW
            if outage:
                self._failed = MOST_IN_A_ROW - DOUBTED_IN_A_ROW
        if outage:
            self._pause(FAILING, f"many profiles failed in a row, the last: {reason}")

    def _pause(
        self, code: str, reason: str, seconds: float | None = None, *, worker: str | None = None
    ) -> NoReturn:
        wait = self._ledger.pause(PROVIDER, code, reason, seconds=seconds, worker=worker)
        raise ProviderDown("Edges", reason, "It is asked again by itself.", retry_after=wait)


_LINKEDIN: Final = frozenset({"STATUS_403"})
"""Labels of what LinkedIn answered Edges, whatever status Edges puts on them."""


def _address(linkedin_id: str) -> str:
    name = quote(unquote(linkedin_id.strip()), safe="-_")
    if not _PUBLIC_NAME.fullmatch(name):
        raise Rejected(
            "bad_linkedin_id",
            "the profile",
            "its linkedin_id is not what stands after /in/ in a profile's address",
            "Correct it.",
        )
    return f"https://www.linkedin.com/in/{name}"


def _query(following: str, action: SplitResult) -> str:
    """Return the query of the next page's address.

    Raises:
        PageFailed: it is not an address of the action; says where it leads, without its secrets.
    """
    try:
        # urlsplit drops what some clients take for a part of the host
        if not following.isascii() or re.search(r"[\x00-\x20\x7f\\#]", following):
            raise PageFailed("The next page's address is refused: it holds odd characters")
        parts = urlsplit(following)
        leads, ours = _origin(parts), _origin(action)
    except ValueError:
        raise PageFailed("The next page's address is refused: it is none") from None
    if leads != ours:
        raise PageFailed(f"The next page's address is refused: it leads to {leads}, not to {ours}")
    if "@" in parts.netloc:
        raise PageFailed(f"The next page's address is refused: it names a user of {ours}")
    if parts.path != action.path or not parts.query:
        raise PageFailed(f"The next page's address is refused: it is of another action of {ours}")
    return parts.query


def _origin(parts: SplitResult) -> str:
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return f"{parts.scheme or '(no scheme)'}://{(parts.hostname or '(no host)')[:100]}:{port}"
