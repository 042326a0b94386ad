"""The page for people: sign in with the secret, then look; it changes nothing.

Every request reads anew; those at the same time share one look.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qs, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.publication_views import upcoming
from linkedin_pipeline.database.trends import DAYS, Trends, trends
from linkedin_pipeline.domain.errors import Busy
from linkedin_pipeline.gateway.answers import Refused
from linkedin_pipeline.gateway.charts import Chart, chart
from linkedin_pipeline.gateway.rendering import HEADERS, page
from linkedin_pipeline.gateway.requests import content_type, is_secret, read_body
from linkedin_pipeline.gateway.sessions import COOKIE, LIFETIME, Attempts, is_good, issue
from linkedin_pipeline.gateway.threads import Threads
from linkedin_pipeline.settings import Settings
from linkedin_pipeline.status_facts.page import read_page
from linkedin_pipeline.wiring import build_providers

CALENDAR_DAYS: Final = 14
MOST_ENTRIES: Final = 300
DELAY: Final = 0.5
"""Seconds that a wrong secret waits for its answer."""
_FORM = "application/x-www-form-urlencoded"

Handler: TypeAlias = Callable[[Request, str], Awaitable[Response]]


def pages(settings: Settings, threads: Threads) -> Sequence[Route]:
    """Return the routes of the page; opens nothing."""
    door = _Door()
    look = _Look(settings, threads)
    secret = settings.scheduler_secret
    found = (
        _Page("/", {"GET": look, "HEAD": look}, secret),
        _Page("/login", {"GET": _form, "HEAD": _form, "POST": door.enter}, secret),
        _Page("/logout", {"POST": door.leave}, secret),
    )
    return [Route(one.path, one) for one in found]


class _Page:
    """One path of the page: what goes wrong is told in HTML; 503 without a configured secret."""

    def __init__(self, path: str, handlers: Mapping[str, Handler], secret: str | None) -> None:
        self.path = path
        self.handlers = handlers
        self._secret = secret

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        # neither the headers that open the routes for programs to every origin, nor their policy
        scope["gateway.route"], scope["gateway.headers"] = self.path, HEADERS
        try:
            response = await self._respond(Request(scope, receive))
        except Refused as refusal:
            response = _told(refusal)
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        handler = self.handlers.get(request.method)
        if handler is None:
            allowed = ", ".join(self.handlers)
            raise Refused(405, "wrong_method", f"method: use {allowed}", {"Allow": allowed})
        if self._secret is None:
            raise Refused(
                503,
                "not_configured",
                "The page is closed: SCHEDULER_SECRET is not set. Set it to a long random text.",
            )
        return await handler(request, self._secret)


class _Look:
    """The page itself."""

    def __init__(self, settings: Settings, threads: Threads) -> None:
        # what it has to say of the settings was said when the program started
        self._providers = build_providers(replace(settings, notices=()))
        self._dagster = without_password(settings.dagster_webserver_url)
        self._threads = threads

    async def __call__(self, request: Request, secret: str) -> Response:
        """Show it to who is signed in; send others to the form."""
        if not _signed_in(request, secret):
            return RedirectResponse("/login", 303)
        try:
            facts, _ = await self._threads.call_once("page", self._read)
        except Busy as error:
            facts = {"database": {"place": "", "missing": [], "error": str(error)}}
        return page(
            "page.html",
            now=datetime.now(UTC),
            facts=facts,
            charts=_charts(facts["trends"]) if "trends" in facts else [],
            calendar_days=CALENDAR_DAYS,
            most_entries=MOST_ENTRIES,
            dagster_url=self._dagster,
        )

    def _read(self) -> dict[str, Any]:
        return read_page(self._providers, {"calendar": _calendar, "trends": trends})


def _calendar(database: Database) -> list[Mapping[str, Any]]:
    entries = upcoming(database, CALENDAR_DAYS)
    return [{**entry, "day": entry["goes_out_at"].astimezone(UTC).date()} for entry in entries]


def _charts(found: Trends) -> list[Chart]:
    when = f"{DAYS} days"
    return [
        chart(f"Posts enriched, {when}", found.days, found.enriched),
        chart(f"Publications, {when}", found.days, found.published),
        chart(f"USD for models, {when}", found.days, found.usd, decimals=4),
    ]


class _Door:
    """Sign in and out."""

    def __init__(self) -> None:
        self._attempts = Attempts()

    async def enter(self, request: Request, secret: str) -> Response:
        """Give a cookie for the secret; 401 for another, 429 after too many of those.

        Where it leads to is fixed: no parameter can send anybody elsewhere.
        """
        offered = await _offered(request)
        # nothing is awaited between the look at the attempts and the count
        now = time.monotonic()
        wait = self._attempts.wait(now)
        if wait > 0:
            seconds = int(wait) + 1
            raise Refused(
                429,
                "too_many_attempts",
                f"Too many wrong secrets. Try again in {seconds} s.",
                {"Retry-After": str(seconds)},
            )
        if not is_secret(offered, secret):
            self._attempts.failed(now)
            await asyncio.sleep(DELAY)
            return page("login.html", 401, message="That is not the secret.")
        response = RedirectResponse("/", 303)
        response.set_cookie(
            COOKIE,
            issue(secret, time.time()),
            max_age=LIFETIME,
            secure=_is_https(request),
            httponly=True,
            samesite="strict",
        )
        return response

    async def leave(self, request: Request, secret: str) -> Response:
        """Take the cookie back from who is signed in: other sites' forms come without it."""
        response = RedirectResponse("/login", 303)
        if _signed_in(request, secret):
            response.delete_cookie(
                COOKIE, secure=_is_https(request), httponly=True, samesite="strict"
            )
        return response


async def _form(request: Request, secret: str) -> Response:
    if _signed_in(request, secret):
        return RedirectResponse("/", 303)
    return page("login.html", message=None)


async def _offered(request: Request) -> bytes:
    """Return the field ``secret`` of the form; nothing unless it is there once."""
    body = await read_body(request)
    if content_type(request) != _FORM:
        raise Refused(415, "not_a_form", f"body: send the form, Content-Type: {_FORM}")
    try:
        fields = parse_qs(
            body.decode("ascii"), errors="surrogateescape", strict_parsing=True, max_num_fields=10
        )
    except ValueError:
        return b""
    given = fields.get("secret", [])
    return given[0].encode("utf-8", "surrogateescape") if len(given) == 1 else b""


def _signed_in(request: Request, secret: str) -> bool:
    return is_good(request.cookies.get(COOKIE, ""), secret, time.time())


def _is_https(request: Request) -> bool:
    """Tell whether the browser speaks https; who lies about it binds their own cookie only."""
    return "https" in {request.url.scheme, request.headers.get("x-forwarded-proto", "").lower()}


def without_password(url: str) -> str:
    """Return an address as it may be shown: without a user and a password."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _told(refusal: Refused) -> Response:
    response = page("refused.html", refusal.status, message=refusal.message)
    response.headers.update(refusal.headers)
    return response
