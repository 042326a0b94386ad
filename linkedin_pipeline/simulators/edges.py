"""Edges.run: the live action that reads what a LinkedIn profile posted."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote, urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from linkedin_pipeline.domain.errors import BadInput
from linkedin_pipeline.simulators.buckets import Gauge, Overdrawn
from linkedin_pipeline.simulators.calls import Asked, Refusal, Reply, Work, retry_headers
from linkedin_pipeline.simulators.edges_feeds import CURSOR_LIVES, Cursor, Feed, items_of
from linkedin_pipeline.simulators.faults import Fault, Faults, Kind
from linkedin_pipeline.simulators.ledger import Ledger, Usage
from linkedin_pipeline.simulators.simulator import Behaviour, Simulator

ACTION = "/v1/actions/linkedin-extract-people-post-activity/run/live"
CREDITS_A_PAGE = 1.0
MANAGED = 1.5
"""What Edges takes for lending an account of its own."""
_KEYS = frozenset({"identity_mode", "identity_ids", "input", "parameters", "custom_data"})
_PROFILE = re.compile(r"https://(?:www|[a-z]{2})?\.?linkedin\.com/in/([-\w%]+)/?", re.ASCII)

_REFUSALS: Mapping[Kind, tuple[int, str, str]] = {
    Kind.RATE_LIMIT: (429, "STATUS_429", "Too many requests."),
    Kind.INSUFFICIENT_QUOTA: (402, "NO_ACCESS", "Your workspace has no credits left."),
    Kind.BILLING: (402, "NO_ACCESS", "Your workspace has no credits left."),
    Kind.SPEND_LIMIT: (424, "LIMIT_REACHED", "The limit of this action is reached."),
    Kind.BAD_REQUEST: (400, "BAD_INPUT", "The input is not valid."),
    Kind.INVALID_KEY: (401, "UNAUTHORIZED", "Invalid API key."),
    Kind.MODEL_NOT_FOUND: (404, "NOT_FOUND", "No such action."),
    Kind.SERVER_ERROR: (500, "GENERIC_ERROR", "Something went wrong."),
    Kind.BAD_GATEWAY: (502, "PROXY_ERROR", "Bad gateway."),
    Kind.UNAVAILABLE: (503, "GENERIC_ERROR", "Service unavailable."),
    Kind.OVERLOADED: (503, "LK_524", "LinkedIn takes too long."),
}


@dataclass(slots=True)
class PageTrouble:
    """An error on a page (from 1; 0 is any) of a profile (empty is any), ``times`` times.

    ``status`` and ``label`` are what Edges answers; ``retry_after`` is its header,
    ``postponed_until`` goes into ``params``.
    """

    profile: str = ""
    page: int = 0
    times: int = 1
    status: int = 500
    label: str = "GENERIC_ERROR"
    retry_after: str | None = None
    postponed_until: str | None = None
    struck: int = field(default=0, init=False)


class EdgesSimulator(Simulator):
    """Edges.run; its base URL ends in ``/v1``.

    A profile whose feed was not set shows ``usual``; None makes it unknown to LinkedIn.
    ``mounted_at`` is the path before ``/v1``, for the addresses of next pages.
    """

    provider = "edges"
    request_id_header = "x-request-id"

    def __init__(
        self,
        behaviour: Behaviour | None = None,
        *,
        faults: Faults | None = None,
        ledger: Ledger | None = None,
        now: Callable[[], float] = time.time,
        mounted_at: str = "",
    ) -> None:
        self.usual: Feed | None = Feed()
        self._feeds: dict[str, Feed] = {}
        self._troubles: list[PageTrouble] = []
        self._lock = threading.Lock()
        self._mounted_at = mounted_at
        super().__init__(behaviour, faults=faults, ledger=ledger, now=now)

    def routes(self) -> Sequence[tuple[str, str, Work]]:
        """Return method, path and work of every route."""
        return [("POST", ACTION, self.activity)]

    def levers(self) -> Sequence[BaseRoute]:
        """Return the routes that set feeds and troubles."""
        return [
            Route("/feeds", self._post_feeds, methods=["POST"]),
            Route("/usual", self._post_usual, methods=["POST"]),
            Route("/pages", self._post_trouble, methods=["POST"]),
        ]

    def reset(self) -> None:
        """Forget everything, as if started anew; behaviour stays."""
        super().reset()
        with self._lock:
            self._feeds.clear()
            self._troubles.clear()
        self.usual = Feed()

    def shows(self, name: str, feed: Feed) -> None:
        """Set what the profile of that public name shows from now on."""
        with self._lock:
            self._feeds[name] = feed

    def trouble(self, trouble: PageTrouble) -> PageTrouble:
        """Let pages fail from now on."""
        with self._lock:
            self._troubles.append(trouble)
        return trouble

    def activity(self, asked: Asked) -> Reply:
        """Show one page of a profile's feed."""
        name = _profile(asked.document)
        self.admit(asked, 0)
        size, cursor = self._place(asked, name)
        with self._lock:
            feed = self._feeds.get(name, self.usual)
            trouble = self._strike(name, cursor.page)
        if trouble is not None:
            raise _refused(trouble)
        if feed is None:
            raise Refusal(424, "STATUS_404", "The profile does not exist.")
        if feed.label:
            raise Refusal(424, feed.label, "The profile cannot be read.")
        items = items_of(name, feed, cursor.offset, size)
        if not items and feed.empty_label:
            raise Refusal(424, feed.empty_label, "No result.")
        asked.inputs = len(items)
        following = feed.next.get(cursor.page) or self._following(asked, name, feed, cursor, size)
        managed = asked.document.get("identity_mode") == "managed"
        reply = Reply.of(items, Usage(credits=CREDITS_A_PAGE * (MANAGED if managed else 1.0)))
        headers = {"x-pagination-next": following} if following else {}
        return Reply(reply.body, usage=reply.usage, headers=headers)

    def unknown_route(self, asked: Asked) -> Reply:
        """Refuse a call of a route that is not there."""
        raise Refusal(404, "NOT_FOUND", f"No such action: {asked.route}")

    def check_key(self, asked: Asked) -> None:
        """Refuse a call without a key that is accepted; a bearer token is none."""
        key, accepted = asked.headers.get("x-api-key"), self.behaviour.accepted_keys
        if not key or (accepted is not None and key not in accepted):
            raise Refusal(401, "UNAUTHORIZED", "Invalid API key.")

    def refusal(self, fault: Fault, asked: Asked) -> Refusal:
        """Return a refusal that a fault asks for in Edges' words."""
        del asked
        status, label, message = _REFUSALS[fault.kind]
        details = None
        if fault.kind is Kind.SPEND_LIMIT:
            until = datetime.fromtimestamp(self.now() + (fault.seconds or 86_400), UTC)
            details = {"postponed_until": until.isoformat()}
        return Refusal(
            fault.status or status,
            label,
            message,
            details=details,
            headers=retry_headers(fault, self.now()),
        )

    def over_limit(self, overdrawn: Overdrawn, asked: Asked) -> Refusal:
        """Return the refusal of a call that its rate limit does not let in."""
        del asked
        wait = {"retry-after": str(max(round(overdrawn.wait or 60), 1))}
        return Refusal(429, "STATUS_429", "Too many requests.", headers=wait)

    def error_document(self, refusal: Refusal, asked: Asked) -> object:
        """Return the body of an error."""
        document = {
            "error_label": refusal.type,
            "error_scope": "linkedin" if refusal.status == 424 else "api",
            "error_ref": asked.request_id,
            "message": refusal.message,
            "status_code": refusal.status,
        }
        return {**document, "params": refusal.details} if refusal.details else document

    def limit_headers(self, gauges: Mapping[str, Gauge]) -> Mapping[str, str]:
        """Return nothing: what is left of a limit is told with a refusal only."""
        del gauges
        return {}

    def _place(self, asked: Asked, name: str) -> tuple[int, Cursor]:
        if unknown := asked.query.keys() - {"page_size", "cursor"}:
            raise Refusal(400, "BAD_PARAMETERS", f"unknown parameter {min(unknown)}")
        size = asked.query.get("page_size", "20")
        if not size.isdigit() or not 1 <= int(size) <= 100:
            raise Refusal(400, "BAD_PARAMETERS", "page_size must be from 1 to 100")
        given = asked.query.get("cursor")
        cursor = Cursor(name=name) if given is None else Cursor.read(given)
        late = given and cursor and self.now() - cursor.issued > CURSOR_LIVES
        if cursor is None or late or cursor.name != name:
            raise Refusal(400, "BAD_PARAMETERS", "The cursor is not valid or has expired.")
        return int(size), cursor

    def _following(self, asked: Asked, name: str, feed: Feed, cursor: Cursor, size: int) -> str:
        """Return the address of the page after this one; empty when this is the last."""
        end = cursor.offset + size
        if end >= feed.posts:
            return ""
        after = Cursor(end - min(feed.overlap, size - 1), cursor.page + 1, self.now(), name)
        query = urlencode({"page_size": size, "cursor": after.opaque()})
        return f"http://{asked.headers.get('host', '')}{self._mounted_at}{ACTION}?{query}"

    def _strike(self, name: str, page: int) -> PageTrouble | None:
        for trouble in self._troubles:
            hit = trouble.profile in {"", name} and trouble.page in {0, page}
            if hit and trouble.struck < trouble.times:
                trouble.struck += 1
                return trouble
        return None

    async def _post_feeds(self, request: Request) -> Response:
        """Set the feeds of a JSON object by public name, all of them or none."""
        try:
            document = await request.json()
            if not isinstance(document, dict):
                raise BadInput("feeds", "the body is no object", 'Send {"ada": {"posts": 140}}.')
            read = {name: Feed.from_json(feed) for name, feed in document.items()}
        except ValueError:
            return JSONResponse({"error": "the body is not JSON"}, 400)
        except BadInput as error:
            return JSONResponse({"error": str(error)}, 400)
        for name, feed in read.items():
            self.shows(name, feed)
        return JSONResponse({"feeds": len(read)}, 201)

    async def _post_usual(self, request: Request) -> Response:
        """Set what profiles show whose feed was not set; null: LinkedIn does not know them."""
        try:
            document = await request.json()
            self.usual = None if document is None else Feed.from_json(document)
        except ValueError:
            return JSONResponse({"error": "the body is not JSON"}, 400)
        except BadInput as error:
            return JSONResponse({"error": str(error)}, 400)
        return JSONResponse({"feeds": 1}, 201)

    async def _post_trouble(self, request: Request) -> Response:
        """Add one trouble."""
        try:
            self.trouble(PageTrouble(**(await request.json())))
        except (ValueError, TypeError):
            return JSONResponse({"error": "send the fields of PageTrouble as JSON"}, 400)
        return JSONResponse({"troubles": 1}, 201)


def _profile(document: Mapping[str, Any]) -> str:
    if document.keys() - _KEYS:
        raise Refusal(400, "BAD_INPUT", "body must NOT have additional properties")
    given = document.get("input")
    if not isinstance(given, Mapping):
        raise Refusal(400, "BAD_INPUT", "body must have required property 'input'")
    if given.keys() - {"linkedin_profile_url", "sales_navigator_profile_id"}:
        raise Refusal(400, "BAD_INPUT", "body/input must NOT have additional properties")
    if document.get("identity_mode", "auto") not in {"managed", "auto", "direct"}:
        raise Refusal(400, "BAD_INPUT", "body/identity_mode must be one of the allowed values")
    navigator, url = given.get("sales_navigator_profile_id"), given.get("linkedin_profile_url")
    if isinstance(navigator, str) and re.match("AC[o-rw-z]", navigator):
        return navigator
    named = _PROFILE.fullmatch(url) if isinstance(url, str) else None
    if named is None:
        raise Refusal(400, "BAD_INPUT", "body/input/linkedin_profile_url must match pattern")
    return quote(unquote(named[1]), safe="-_").lower() if "%" in named[1] else named[1]


def _refused(trouble: PageTrouble) -> Refusal:
    return Refusal(
        trouble.status,
        trouble.label,
        "The page cannot be read.",
        details={"postponed_until": trouble.postponed_until} if trouble.postponed_until else None,
        headers={"retry-after": trouble.retry_after} if trouble.retry_after else None,
    )
