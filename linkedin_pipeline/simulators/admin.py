"""The levers over HTTP: ``/_simulator/faults``, ``/_simulator/ledger``, ``/_simulator/reset``.

Faults are added by POST, which answers with their numbers; what a ``hold`` caught goes on after
``POST /_simulator/faults/release`` (all of them) or ``POST /_simulator/faults/{number}/release``;
``GET /_simulator/faults/{number}`` tells how often one has struck.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from linkedin_pipeline.domain.errors import BadInput
from linkedin_pipeline.simulators.faults import Fault, Faults
from linkedin_pipeline.simulators.ledger import Ledger, total


def admin_routes(
    faults: Faults, ledger: Ledger, resets: Sequence[Callable[[], None]]
) -> list[BaseRoute]:
    """Return the routes, to be mounted at ``/_simulator``."""

    async def asked(request: Request) -> Response:
        """Show calls and totals; ``?provider=``, ``?route=``, ``?model=``, ``?bodies=true``."""
        query = request.query_params
        calls = ledger.calls(
            query.get("route", ""),
            provider=query.get("provider", ""),
            model=query.get("model", ""),
        )
        bodies = query.get("bodies") == "true"
        return JSONResponse(
            {
                "totals": asdict(total(calls)),
                "calls": [call.as_json(body=bodies) for call in calls],
            }
        )

    async def reset(_: Request) -> Response:
        """Forget everything."""
        for one in resets:
            one()
        return Response(status_code=204)

    return [
        *_fault_routes(faults),
        Route("/ledger", asked, methods=["GET"]),
        Route("/reset", reset, methods=["POST"]),
    ]


def _fault_routes(faults: Faults) -> list[BaseRoute]:
    async def add(request: Request) -> Response:
        """Add the faults of a JSON list (or one), all of them or none."""
        try:
            document = await request.json()
            listed = document if isinstance(document, list) else [document]
            read = [Fault.from_json(one) for one in listed]
        except ValueError:
            return JSONResponse({"error": "the body is not JSON"}, 400)
        except BadInput as error:
            return JSONResponse({"error": str(error)}, 400)
        ids = [faults.add(fault).id for fault in read]
        return JSONResponse({"added": len(ids), "ids": ids}, 201)

    async def show(request: Request) -> Response:
        """List the faults that stand, or show one, with how often they struck."""
        number = request.path_params.get("number")
        found = [
            {"id": one.id, **asdict(one.fault), "seen": one.seen, "struck": one.struck}
            for one in faults.standing(number)
        ]
        if number is None:
            return JSONResponse(found)
        return JSONResponse(found[0] if found else None, 200 if found else 404)

    async def clear(_: Request) -> Response:
        """Let nothing go wrong any more."""
        faults.clear()
        return Response(status_code=204)

    async def release(request: Request) -> Response:
        """Let the calls that are held go."""
        number = request.path_params.get("number")
        released = faults.standing(number)
        for one in released:
            one.release()
        return JSONResponse({"released": len(released)}, 200 if released else 404)

    return [
        Route("/faults", add, methods=["POST"]),
        Route("/faults", show, methods=["GET"]),
        Route("/faults", clear, methods=["DELETE"]),
        Route("/faults/{number:int}", show, methods=["GET"]),
        Route("/faults/release", release, methods=["POST"]),
        Route("/faults/{number:int}/release", release, methods=["POST"]),
    ]
