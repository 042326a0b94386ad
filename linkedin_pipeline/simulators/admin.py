"""The levers over HTTP: ``/_simulator/faults``, ``/_simulator/ledger``, ``/_simulator/reset``."""

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
        for fault in read:
            faults.add(fault)
        return JSONResponse({"added": len(read)}, 201)

    async def show(_: Request) -> Response:
        """List the faults that stand, with how often they struck."""
        return JSONResponse(
            [
                {**asdict(one.fault), "seen": one.seen, "struck": one.struck}
                for one in faults.standing()
            ]
        )

    async def clear(_: Request) -> Response:
        """Let nothing go wrong any more."""
        faults.clear()
        return Response(status_code=204)

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
        Route("/faults", add, methods=["POST"]),
        Route("/faults", show, methods=["GET"]),
        Route("/faults", clear, methods=["DELETE"]),
        Route("/ledger", asked, methods=["GET"]),
        Route("/reset", reset, methods=["POST"]),
    ]
