"""The levers of simulated Cloudflare Images: ``GET`` and ``POST /_simulator/images``.

A picture is ``id`` and, when wanted, ``format`` (a content type), ``width``, ``height``,
``signed``, ``status``, ``content`` (base64) and ``content_type``.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from linkedin_pipeline.domain.errors import BadInput
from linkedin_pipeline.simulators.pictures import Format

if TYPE_CHECKING:
    from linkedin_pipeline.simulators.images import ImageSimulator


def image_levers(simulator: ImageSimulator) -> list[BaseRoute]:
    """Return the routes, to be mounted at ``/_simulator``."""
    from linkedin_pipeline.simulators.images import Stored

    async def show(_: Request) -> Response:
        return JSONResponse(
            [
                {"id": one.id, "format": one.format, "width": one.width, "height": one.height}
                for one in simulator.stored()
            ]
        )

    async def store(request: Request) -> Response:
        try:
            document = await request.json()
            listed = document if isinstance(document, list) else [document]
            read = [Stored(**_read(one)) for one in listed]
        except BadInput as error:
            return JSONResponse({"error": str(error)}, 400)
        except ValueError:
            return JSONResponse({"error": "the body is not JSON"}, 400)
        simulator.store(*read)
        return Response(status_code=204)

    return [Route("/images", show, methods=["GET"]), Route("/images", store, methods=["POST"])]


def _read(document: object) -> dict[str, Any]:
    given = dict(document) if isinstance(document, Mapping) else {}
    wrong = [name for name, value in given.items() if type(value) is not _TYPES.get(name)]
    if wrong or "id" not in given:
        raise BadInput("image", f"cannot be stored from {sorted(given)}", "See images_admin.")
    try:
        if "format" in given:
            given["format"] = Format(given["format"])
        if "content" in given:
            given["content"] = base64.b64decode(given["content"], validate=True)
    except ValueError:
        raise BadInput("image", "format or content", "A content type; base64.") from None
    return given


_TYPES: Mapping[str, type] = {
    "id": str,
    "format": str,
    "width": int,
    "height": int,
    "signed": bool,
    "status": int,
    "content": str,
    "content_type": str,
}
