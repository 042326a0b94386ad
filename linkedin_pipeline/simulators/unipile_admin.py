"""The levers of a simulated Unipile over HTTP, beside those that every simulator has.

GET  /_simulator/posts       what is published: ``?author=``, ``?account_id=``, ``?text=``
POST /_simulator/posts       posts that people publish by hand: ``author``, ``text``,
                             ``at`` (epoch) or ``ago`` (seconds), ``delay``, ``shown``
GET  /_simulator/counts      how often each author published each text: ``?author=``
GET  /_simulator/attempts    every POST, accepted or not: ``?account_id=``, ``?text=``, ``?step=``
GET  /_simulator/events      its steps ``?after=`` so many; waits up to ``?wait=`` seconds
GET, POST /_simulator/accounts   the accounts; connects accounts or changes them
GET, PATCH /_simulator/habits    the habits
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from linkedin_pipeline.domain.errors import BadInput
from linkedin_pipeline.simulators.unipile_accounts import Account

if TYPE_CHECKING:
    from linkedin_pipeline.simulators.unipile import UnipileSimulator


def unipile_levers(simulator: UnipileSimulator) -> list[BaseRoute]:
    """Return the routes, to be mounted at ``/_simulator``."""
    levers = _Levers(simulator)
    return [
        Route("/posts", levers.posts, methods=["GET"]),
        Route("/posts", levers.plant, methods=["POST"]),
        Route("/counts", levers.counts, methods=["GET"]),
        Route("/attempts", levers.attempts, methods=["GET"]),
        Route("/events", levers.events, methods=["GET"]),
        Route("/accounts", levers.accounts, methods=["GET"]),
        Route("/accounts", levers.connect, methods=["POST"]),
        Route("/habits", levers.habits, methods=["GET"]),
        Route("/habits", levers.change, methods=["PATCH"]),
    ]


class _Levers:
    def __init__(self, simulator: UnipileSimulator) -> None:
        self._simulator = simulator

    async def posts(self, request: Request) -> Response:
        query = request.query_params
        account, text = query.get("account_id"), query.get("text", "")
        posts = [
            one.as_json()
            for one in self._simulator.feeds.posts(query.get("author"))
            if account in {None, one.account_id} and text in one.text
        ]
        return JSONResponse({"total": len(posts), "posts": posts})

    async def plant(self, request: Request) -> Response:
        def take(listed: list[Any]) -> None:
            for read in [_planted(one, self._simulator.now()) for one in listed]:
                self._simulator.plant(**read)

        return await _taken(request, take)

    async def counts(self, request: Request) -> Response:
        counted = self._simulator.feeds.counts(request.query_params.get("author"))
        return JSONResponse(
            [
                {"author": author, "text": text, "count": times}
                for (author, text), times in counted.items()
            ]
        )

    async def attempts(self, request: Request) -> Response:
        query = request.query_params
        listed = self._simulator.attempts.all(
            account_id=query.get("account_id"), text=query.get("text")
        )
        step = query.get("step")
        return JSONResponse([one.as_json() for one in listed if step in {None, one.step}])

    async def events(self, request: Request) -> Response:
        query = request.query_params
        try:
            after, wait = int(query.get("after", "0")), float(query.get("wait", "0"))
        except ValueError:
            return JSONResponse({"error": "after and wait are numbers"}, 400)
        until = time.monotonic() + wait
        # they may come from any thread, so no event of this loop
        while not (found := self._simulator.attempts.events(after)):
            if time.monotonic() >= until:
                break
            await asyncio.sleep(0.005)
        return JSONResponse([asdict(one) for one in found])

    async def accounts(self, _: Request) -> Response:
        return JSONResponse([asdict(one) for one in self._simulator.accounts.all()])

    async def connect(self, request: Request) -> Response:
        def take(listed: list[Any]) -> None:
            self._simulator.connect(*map(Account.from_json, listed))

        return await _taken(request, take)

    async def habits(self, _: Request) -> Response:
        return JSONResponse(self._simulator.habits.as_json())

    async def change(self, request: Request) -> Response:
        def take(listed: list[Any]) -> None:
            for one in listed:
                self._simulator.habits.change(one)

        return await _taken(request, take)


async def _taken(request: Request, take: Callable[[list[Any]], None]) -> Response:
    try:
        document = await request.json()
    except ValueError:
        return JSONResponse({"error": "the body is not JSON"}, 400)
    try:
        take(document if isinstance(document, list) else [document])
    except BadInput as error:
        return JSONResponse({"error": str(error)}, 400)
    return Response(status_code=204)


def _planted(document: object, now: float) -> dict[str, Any]:
    given = dict(document) if isinstance(document, Mapping) else {}
    wrong = [name for name, value in given.items() if not isinstance(value, _PLANTED.get(name, ()))]
    if wrong or not {"author", "text"} <= given.keys():
        raise BadInput(
            "post",
            f"cannot be planted from {sorted(given)}",
            "Give author and text; at, ago, delay in seconds; shown.",
        )
    ago = given.pop("ago", None)
    return given if ago is None else {**given, "at": now - ago}


_NUMBER = (int, float)
_PLANTED: Mapping[str, type | tuple[type, ...]] = {
    "author": str,
    "text": str,
    "shown": str,
    "at": _NUMBER,
    "ago": _NUMBER,
    "delay": _NUMBER,
}
