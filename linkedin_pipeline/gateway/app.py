"""The application: the route table, and what every request goes through."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeAlias

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.domain.errors import PipelineError
from linkedin_pipeline.gateway.answers import (
    CORS,
    SECURITY,
    Refused,
    answer,
    error_answer,
    new_request_id,
    refused,
)
from linkedin_pipeline.gateway.doors import DOORS, PREFIX
from linkedin_pipeline.gateway.graphql import Dagster
from linkedin_pipeline.gateway.health import Health
from linkedin_pipeline.gateway.jobs import JobRoute
from linkedin_pipeline.gateway.openapi import document
from linkedin_pipeline.gateway.orchestrator import Orchestrator
from linkedin_pipeline.gateway.pages import pages
from linkedin_pipeline.gateway.requests import check_body, check_secret, given_request_id
from linkedin_pipeline.gateway.starts import Starter
from linkedin_pipeline.gateway.threads import Threads
from linkedin_pipeline.settings import Settings

logger = logging.getLogger(__name__)

Handler: TypeAlias = Callable[[Request, str], Awaitable[Response]]
API = {**CORS, **SECURITY}
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


def gateway(settings: Settings, database: Database, dagster: Dagster, threads: Threads) -> ASGIApp:
    """Return the application over an open database; opens nothing itself."""
    # not Starlette's application: its outermost layer would answer what is raised on the way
    table = routes(settings, database, dagster, threads)
    return _Surroundings(Router(table, redirect_slashes=False, default=_not_found))


def routes(
    settings: Settings, database: Database, dagster: Dagster, threads: Threads
) -> Sequence[Route]:
    """Return the route table: for programs, then for people."""
    starter = Starter(database, dagster, threads)
    orchestrator = Orchestrator(settings, database, threads)
    health = Health(settings, database, threads)
    secret = settings.scheduler_secret

    async def openapi(request: Request, request_id: str) -> Response:  # noqa: ARG001
        return answer(document())

    endpoints = [
        _Endpoint("/healthz", {"GET": health, "HEAD": health}, secret, is_open=True),
        _Endpoint("/openapi.json", {"GET": openapi, "HEAD": openapi}, secret),
        _Endpoint(f"{PREFIX}/orchestrator-v2", {"GET": orchestrator, "POST": orchestrator}, secret),
        *(
            _Endpoint(door.path, {"POST": JobRoute(door, starter, database, threads)}, secret)
            for door in DOORS
        ),
    ]
    return [*(Route(one.path, one) for one in endpoints), *pages(settings, threads)]


class _Endpoint:
    """One path: its methods, the secret before anything else, the body before any work."""

    def __init__(
        self,
        path: str,
        handlers: Mapping[str, Handler],
        secret: str | None,
        *,
        is_open: bool = False,
    ) -> None:
        self.path = path
        self.handlers = handlers
        self._secret = secret
        self._is_open = is_open

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; what is refused or fails as expected is raised."""
        request = Request(scope, receive)
        scope["gateway.route"] = self.path
        if request.method == "OPTIONS":
            # as Supabase Edge Functions answer a browser's question before the request
            await PlainTextResponse("ok")(scope, receive, send)
            return
        handler = self.handlers.get(request.method)
        if handler is None:
            allowed = ", ".join([*self.handlers, "OPTIONS"])
            raise Refused(405, "wrong_method", f"method: use {allowed}", {"Allow": allowed})
        if not self._is_open:
            check_secret(scope["headers"], self._secret)
            await check_body(request)
        response = await handler(request, scope["gateway.request_id"])
        await response(scope, receive, send)


async def _not_found(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise Refused(404, "not_found", "path: there is no such route")


class _Surroundings:
    """Request ids, errors in their envelope, headers on every answer, one log line a request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; nothing is raised out of here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.monotonic()
        request_id = given_request_id(scope["headers"]) or new_request_id()
        scope["gateway.request_id"] = request_id
        status: int | None = None

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers.update({**scope.get("gateway.headers", API), "X-Request-Id": request_id})
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except Exception as error:  # noqa: BLE001 - a caller gets an answer, whatever happens
            response = error_answer(_refusal(error, request_id), request_id)
            if status is None:
                await response(scope, receive, send_with_headers)
        # nothing here is the caller's own text: neither path nor query nor headers
        logger.info(
            "request.done method=%s route=%s status=%s ms=%.0f request_id=%s",
            scope["method"] if scope["method"] in _METHODS else "other",
            scope.get("gateway.route", "none"),
            status,
            1000 * (time.monotonic() - began),
            request_id,
        )


def _refusal(error: Exception, request_id: str) -> Refused:
    match error:
        case Refused():
            return error
        case PipelineError():
            logger.warning("request.failed request_id=%s error=%s", request_id, error)
            return refused(error)
        case _:
            logger.error("request.broken request_id=%s", request_id, exc_info=error)
            return Refused(500, "internal", "the gateway: an error of its own. Its log says more.")
