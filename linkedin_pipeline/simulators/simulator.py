"""What every simulated provider has in common: the way of a call.

    held ─► faults that refuse or reset ─► key ─► the provider's own work (checks, limits, answer)
    ─► faults that spoil the answer ─► ledger ─► latency, held ─► answer

The ledger is written before the wait, so that a call in flight can be seen in it, and a caller that
gives up pays all the same.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, ClassVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import Receive, Scope, Send

from linkedin_pipeline.simulators.admin import admin_routes
from linkedin_pipeline.simulators.buckets import Buckets, Gauge, Limits, Overdrawn
from linkedin_pipeline.simulators.calls import Asked, Refusal, Reply, Work
from linkedin_pipeline.simulators.connections import Reset, Truncated
from linkedin_pipeline.simulators.faults import (
    AFTER,
    BEFORE,
    REFUSALS,
    Fault,
    Faults,
    Kind,
    Standing,
)
from linkedin_pipeline.simulators.ledger import Call, Ledger

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Behaviour:
    """How a simulator behaves from the next call on.

    ``accepted_keys`` None takes any key that is not empty.  ``retired`` names models that are no
    longer served.  ``thinking`` lets every Claude model think before it writes.  ``batch_polls`` is
    how often a batch has to be looked at before it is done.
    """

    latency: float = 0.0
    limits: Limits = field(default_factory=Limits)
    obedient: bool = False
    accepted_keys: set[str] | None = None
    retired: set[str] = field(default_factory=set)
    thinking: bool = False
    batch_polls: int = 2


class Simulator(ABC):
    """A provider over HTTP; an ASGI application, and the levers to move it.

    Simulators that share ``faults`` and ``ledger`` can be looked at as one.  ``now`` counts seconds
    since the epoch; rate limits, dates and batches go by it.
    """

    provider: ClassVar[str]
    request_id_header: ClassVar[str]

    def __init__(
        self,
        behaviour: Behaviour | None = None,
        *,
        faults: Faults | None = None,
        ledger: Ledger | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.behaviour = behaviour or Behaviour()
        self.faults = faults or Faults()
        self.ledger = ledger or Ledger()
        self.now = now
        self.buckets = Buckets(now)
        self._numbers = count(1)
        routes: list[BaseRoute] = [
            self._route(method, path, work) for method, path, work in self.routes()
        ]
        self._app = Starlette(
            routes=[
                Mount(
                    "/_simulator",
                    routes=[
                        *self.levers(),
                        *admin_routes(self.faults, self.ledger, [self.reset]),
                    ],
                ),
                *routes,
                Route("/{path:path}", self._endpoint("", self.unknown_route), methods=_METHODS),
            ]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        await self._app(scope, receive, send)

    @abstractmethod
    def routes(self) -> Sequence[tuple[str, str, Work]]:
        """Return method, path and work of every route."""

    @abstractmethod
    def unknown_route(self, asked: Asked) -> Reply:
        """Refuse a call of a route that is not there."""

    @abstractmethod
    def check_key(self, asked: Asked) -> None:
        """Refuse a call without a key that is accepted."""

    @abstractmethod
    def refusal(self, fault: Fault, asked: Asked) -> Refusal:
        """Return a refusal that a fault asks for in the provider's words."""

    @abstractmethod
    def over_limit(self, overdrawn: Overdrawn, asked: Asked) -> Refusal:
        """Return the refusal of a call that its rate limit does not let in."""

    @abstractmethod
    def error_document(self, refusal: Refusal, asked: Asked) -> object:
        """Return the body of an error."""

    @abstractmethod
    def limit_headers(self, gauges: Mapping[str, Gauge]) -> Mapping[str, str]:
        """Return the headers that tell a caller what is left of its limits."""

    def levers(self) -> Sequence[BaseRoute]:
        """Return routes of its own to be mounted at ``/_simulator``."""
        return []

    def received(self, asked: Asked) -> None:  # noqa: B027 - most need not look
        """Look at a call as soon as it is here, before anything is decided about it."""

    def answering(self, asked: Asked, status: int | None) -> None:  # noqa: B027 - nor here
        """Learn that an answer is sent now, or (None) that the connection is reset instead."""

    def reset(self) -> None:
        """Forget everything, as if started anew; behaviour stays."""
        self.faults.clear()
        self.ledger.clear()
        self.buckets.clear()

    def take(self, asked: Asked, kinds: Iterable[Kind]) -> list[Standing]:
        """Return the faults of some kinds that strike a call, noted with it."""
        taken = self.faults.take(self.provider, asked.route, asked.texts, kinds, asked.account)
        asked.met += [standing.fault.kind.value for standing in taken]
        return taken

    def admit(self, asked: Asked, tokens: int) -> None:
        """Let a call with so many input tokens in, or refuse it; batches have no such limits."""
        if asked.batch:
            return
        overdrawn = self.buckets.admit(asked.model, self.behaviour.limits, tokens)
        if overdrawn is not None:
            raise self.over_limit(overdrawn, asked)

    def charge(self, asked: Asked, tokens: int) -> None:
        """Take the tokens of an answer out of the rate limit; the next caller waits for them."""
        if not asked.batch:
            self.buckets.charge(asked.model, self.behaviour.limits, tokens)

    def record(
        self, asked: Asked, reply: Reply, shown: Reply | None = None, *, answered: bool = True
    ) -> None:
        """Write a call into the ledger; ``shown`` is what the caller sees if not the reply."""
        self.ledger.add(
            Call(
                at=self.now(),
                provider=self.provider,
                route=asked.route,
                model=asked.model,
                status=(shown or reply).status if answered else None,
                accepted=reply.status < 400,
                usage=reply.usage,
                inputs=asked.inputs if reply.status < 400 else 0,
                faults=tuple(asked.met),
                obeyed=asked.obeyed,
                batch=asked.batch,
                request_id=asked.request_id,
                body=asked.body,
            )
        )

    def perform(self, asked: Asked, work: Work, faults: Sequence[Standing] = ()) -> Reply:
        """Do the work of a call, or refuse it."""
        try:
            for standing in faults:
                if standing.fault.kind in REFUSALS:
                    raise self.refusal(standing.fault, asked)
            if not asked.batch:
                self.check_key(asked)
            return work(asked)
        except Refusal as refusal:
            return self._refused(refusal, asked)

    def _refused(self, refusal: Refusal, asked: Asked) -> Reply:
        document = json.dumps(self.error_document(refusal, asked)).encode()
        html = refusal.html
        return Reply(
            document if html is None else html.encode(),
            refusal.status,
            headers=refusal.headers,
            media_type="application/json" if html is None else "text/html",
        )

    def next_request_id(self) -> str:
        """Return an id that no call had before."""
        return f"req_simulated_{next(self._numbers):08d}"

    def _route(self, method: str, path: str, work: Work) -> Route:
        return Route(path, self._endpoint(f"{method} {path}", work), methods=[method])

    def _endpoint(self, route: str, work: Work) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            asked = Asked(
                route or f"{request.method} /{request.path_params['path']}",
                await request.body(),
                request.headers,
                request.path_params,
                request.query_params,
                request_id=self.next_request_id(),
            )
            try:
                return await self._answer(asked, work)
            except Exception:  # a bug of ours, which the server itself would not show
                logger.exception("simulator.failed route=%s", asked.route)
                raise

        return endpoint

    async def _answer(self, asked: Asked, work: Work) -> Response:
        self.received(asked)
        before = self.take(asked, BEFORE)
        await _released(before, Kind.HOLD_RECEIVED)
        if any(standing.fault.kind is Kind.RESET_BEFORE for standing in before):
            self.record(asked, Reply(b"", 400), answered=False)
            self.answering(asked, None)
            return Reset()
        reply = self.perform(asked, work, before)
        after = self.take(asked, AFTER) if reply.status < 400 else []
        kinds = {standing.fault.kind for standing in after}
        shown = reply
        for standing in after:
            if standing.fault.kind is Kind.ERROR_AFTER:
                shown = self._refused(self.refusal(standing.fault, asked), asked)
        answered = Kind.RESET_AFTER not in kinds
        self.record(asked, reply, shown, answered=answered)
        headers = {self.request_id_header: asked.request_id, **shown.headers}
        if asked.model and shown.status in {200, 429}:
            gauges = self.buckets.gauges(asked.model, self.behaviour.limits)
            headers = {**self.limit_headers(gauges), **headers}
        await self._wait(before)
        self.answering(asked, shown.status if answered else None)
        if not answered:
            return Reset()
        body = shown.body[: len(shown.body) // 2] if Kind.MALFORMED in kinds else shown.body
        form = Truncated if Kind.TRUNCATED in kinds else shown.form or Response
        return form(body, shown.status, headers, shown.media_type)

    async def _wait(self, faults: Sequence[Standing]) -> None:
        seconds = self.behaviour.latency
        seconds += sum(one.fault.seconds for one in faults if one.fault.kind is Kind.LATENCY)
        await _released(faults, Kind.HOLD)
        if seconds:
            await asyncio.sleep(seconds)


async def _released(faults: Sequence[Standing], kind: Kind) -> None:
    for standing in faults:
        while standing.fault.kind is kind and standing.is_held:  # noqa: ASYNC110
            await asyncio.sleep(0.005)  # released from any thread, so no event of this loop
