"""Cloudflare Images: delivery of pictures, with negotiated formats, signed URLs and bad company."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from urllib.parse import urlencode
from zlib import crc32

from starlette.responses import Response
from starlette.routing import BaseRoute

from linkedin_pipeline.simulators.buckets import Gauge, Overdrawn
from linkedin_pipeline.simulators.calls import Asked, Refusal, Reply, Work, retry_headers
from linkedin_pipeline.simulators.connections import Dripping, Endless, Overlong
from linkedin_pipeline.simulators.faults import PICTURE_FAULTS, Fault, Faults, Kind
from linkedin_pipeline.simulators.images_admin import image_levers
from linkedin_pipeline.simulators.ledger import Ledger
from linkedin_pipeline.simulators.pictures import Format, picture
from linkedin_pipeline.simulators.simulator import Behaviour, Simulator

MOST_BYTES = 10 * 1024 * 1024
BOMB = 50_000
_PAGE = b"<html><body>This is no picture.</body></html>"
_STATUSES = {
    Kind.RATE_LIMIT: 429,
    Kind.BAD_REQUEST: 400,
    Kind.INVALID_KEY: 403,
    Kind.MODEL_NOT_FOUND: 404,
    Kind.TYPED_ERROR: 404,
    Kind.BAD_GATEWAY: 502,
    Kind.UNAVAILABLE: 503,
    Kind.OVERLOADED: 503,
}


@dataclass(frozen=True, slots=True)
class Stored:
    """A picture, by its id, which may contain slashes.

    ``content`` and ``content_type`` stand in for the picture that is generated otherwise; a
    ``signed`` one is delivered to signed URLs only; ``status`` refuses it to everybody.
    """

    id: str
    format: Format = Format.PNG
    width: int = 64
    height: int = 64
    signed: bool = False
    status: int | None = None
    content: bytes | None = None
    content_type: str | None = None


class ImageSimulator(Simulator):
    """Cloudflare Images; URLs are ``<url>/<account hash>/<id>/<variant>``.

    Ids that were not stored are delivered as small PNGs that differ from id to id, unless
    ``stored_only``.  The ledger shows path, query and Accept header of a call as its document.
    """

    provider = "images"
    request_id_header = "cf-ray"

    def __init__(
        self,
        behaviour: Behaviour | None = None,
        *,
        stored_only: bool = False,
        signing_key: str = "simulated-signing-key",
        faults: Faults | None = None,
        ledger: Ledger | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.stored_only = stored_only
        self._signing_key = signing_key.encode()
        self._stored: dict[str, Stored] = {}
        self._lock = threading.Lock()
        super().__init__(behaviour, faults=faults, ledger=ledger, now=now)

    def routes(self) -> Sequence[tuple[str, str, Work]]:
        """Return method, path and work of every route."""
        return [("GET", "/{hash}/{rest:path}", self.deliver)]

    def levers(self) -> Sequence[BaseRoute]:
        """Return routes of its own to be mounted at ``/_simulator``."""
        return image_levers(self)

    def reset(self) -> None:
        """Forget everything, as if started anew; behaviour stays."""
        super().reset()
        with self._lock:
            self._stored.clear()

    def store(self, *pictures: Stored) -> None:
        """Store pictures, or change those that are there."""
        with self._lock:
            self._stored.update({one.id: one for one in pictures})

    def stored(self) -> list[Stored]:
        """Return what was stored."""
        with self._lock:
            return list(self._stored.values())

    def signature(self, path: str, exp: int) -> str:
        """Return the query that lets a path, ``/<hash>/<id>/<variant>``, be read until ``exp``."""
        given = f"exp={exp}"
        code = hmac.new(self._signing_key, f"{path}?{given}".encode(), hashlib.sha256)
        return urlencode({"exp": exp, "sig": code.hexdigest()})

    def received(self, asked: Asked) -> None:
        """Keep of a call what its URL and its Accept header say."""
        path = f"/{asked.path['hash']}/{asked.path['rest']}" if "hash" in asked.path else ""
        accept = asked.headers.get("accept", "")
        seen = {"path": path, "query": dict(asked.query), "accept": accept}
        asked.body = json.dumps(seen).encode()

    def deliver(self, asked: Asked) -> Reply:
        """Deliver a picture in the best format that the caller accepts."""
        identity, _, variant = asked.path["rest"].rpartition("/")
        if not identity or not variant:
            raise _refusal(404)
        found = self._stored.get(identity)
        if found is None and self.stored_only:
            raise _refusal(404)
        found = found or Stored(identity)
        if found.status:
            raise _refusal(found.status)
        if found.signed:
            self._check_signature(asked)
        return self._spoilt(asked, _scaled(found, variant))

    def unknown_route(self, asked: Asked) -> Reply:
        """Refuse a call of a route that is not there."""
        del asked
        raise _refusal(404)

    def check_key(self, asked: Asked) -> None:
        """Let everybody in: pictures are public unless they are signed."""

    def refusal(self, fault: Fault, asked: Asked) -> Refusal:
        """Return the refusal that a fault asks for, by its status."""
        del asked
        refusal = _refusal(fault.status or _STATUSES.get(fault.kind, 500))
        refusal.headers = retry_headers(fault, self.now())
        return refusal

    def over_limit(self, overdrawn: Overdrawn, asked: Asked) -> Refusal:
        """Return the refusal of a call above a rate limit; none is documented."""
        del overdrawn, asked
        return _refusal(429)

    def error_document(self, refusal: Refusal, asked: Asked) -> object:
        """Return what an error says; it is sent as text."""
        del asked
        return {"error": refusal.message}

    def limit_headers(self, gauges: Mapping[str, Gauge]) -> Mapping[str, str]:
        """Return no headers: none are documented."""
        del gauges
        return {}

    def _check_signature(self, asked: Asked) -> None:
        exp, path = asked.query.get("exp", ""), f"/{asked.path['hash']}/{asked.path['rest']}"
        if not exp.isdigit() or int(exp) < self.now():
            raise _refusal(403)
        expected = self.signature(path, int(exp)).partition("sig=")[2]
        if not hmac.compare_digest(expected, asked.query.get("sig", "")):
            raise _refusal(403)

    def _spoilt(self, asked: Asked, found: Stored) -> Reply:
        struck = {one.fault.kind: one.fault for one in self.take(asked, PICTURE_FAULTS)}
        if redirect := struck.get(Kind.REDIRECT):
            # relative to itself it leads to itself, again and again
            target = redirect.detail or asked.path["rest"].rpartition("/")[2]
            return Reply(b"", redirect.status or 302, headers={"location": target})
        form = _negotiated(found.format, asked.headers.get("accept", ""))
        if Kind.BOMB in struck:
            found = replace(found, width=BOMB, height=BOMB)
        content = found.content
        if content is None:
            content = picture(form, found.width, found.height, crc32(found.id.encode()))
        content_type = found.content_type or str(form)
        if wrong := struck.get(Kind.WRONG_TYPE):
            content_type = wrong.type or "text/html"
        if wrong := struck.get(Kind.WRONG_BYTES):
            content = wrong.detail.encode() or _PAGE
        if Kind.LARGE_BODY in struck:
            content += bytes(MOST_BYTES)
        if Kind.EMPTY in struck:
            content = b""
        return Reply(content, media_type=content_type, form=_form(struck))


def _form(struck: Mapping[Kind, Fault]) -> Callable[..., Response] | None:
    if slow := struck.get(Kind.SLOW_BODY):
        return partial(Dripping, pause=slow.seconds)
    if Kind.ENDLESS in struck:
        return Endless
    return Overlong if Kind.LONG_BODY in struck else None


def _refusal(status: int) -> Refusal:
    message = f"ERROR {status}"
    return Refusal(status, "error", message, html=message)


def _negotiated(stored: Format, accept: str) -> Format:
    """Return the format that is sent: newer ones only to those who ask for them by name."""
    if stored not in {Format.AVIF, Format.WEBP}:
        return next((one for one in (Format.AVIF, Format.WEBP) if one in accept), stored)
    return stored


def _scaled(found: Stored, variant: str) -> Stored:
    """Scale down to the width or height that a flexible variant such as ``w=400`` names."""
    factors = [1.0]
    for side, size in (("w", found.width), ("h", found.height)):
        if given := re.search(rf"(?:^|,){side}(?:idth|eight)?=(\d+)", variant):
            factors.append(int(given[1]) / size)
    factor = min(factors)
    return replace(
        found,
        width=max(round(found.width * factor), 1),
        height=max(round(found.height * factor), 1),
    )
