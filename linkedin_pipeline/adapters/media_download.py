"""One file from an allowed host: the address checked, the answer bounded, the bytes looked at."""

from __future__ import annotations

import hashlib
import logging
import re
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

import httpx

from linkedin_pipeline.adapters.http import CONNECT_TIMEOUT
from linkedin_pipeline.adapters.media_guard import GuardedBackend, Resolver
from linkedin_pipeline.adapters.transport import BoundedTransport
from linkedin_pipeline.domain.calls import CallEnd
from linkedin_pipeline.domain.media import AllowedHost
from linkedin_pipeline.domain.media_content import HEAD, MOST_BYTES, MediaType, Unfit, recognise
from linkedin_pipeline.publishing_ports import CallLedger

_PROVIDER = "media"
_HEADERS = {
    "Accept": ", ".join(MediaType),  # to who takes them, Cloudflare sends WebP and AVIF
    "Accept-Encoding": "identity",
    "User-Agent": "linkedin-pipeline",
}
_MOST_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PASSING = frozenset({408, 425, 429})
_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout)
_LONGEST_WISH = 3600.0
_ANOTHER = "Attach another file."


class Fault(Exception):
    """The file could not be had now; ``retry_after`` is the host's own wish in seconds."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Body:
    """What was written to the file: its type by content, its size in bytes, its digest."""

    kind: MediaType
    size: int
    sha256: str


def address_of(url: str) -> httpx.URL:
    """Read an address; its host is then in one form only, which is the one that is connected to.

    Raises:
        Unfit: it is none.
    """
    try:
        return _normal(httpx.URL(url))
    except (httpx.InvalidURL, ValueError):
        raise Unfit(
            "media_address", "it is no address of a file", "Write https://host/path."
        ) from None


def host_of(url: httpx.URL) -> str:
    """Return the host as names are resolved: in ASCII, small letters, an IPv6 address bare."""
    return url.raw_host.decode("ascii")


class Downloader:
    """Downloads one file a call; safe in threads.

    There is no client, only a transport: it keeps no cookies, follows nothing and logs nothing.
    """

    def __init__(
        self,
        hosts: Sequence[AllowedHost],
        ledger: CallLedger,
        resolve: Resolver,
        timeout: float,
    ) -> None:
        self._hosts = tuple(hosts)
        self._ledger = ledger
        self._timeout = httpx.Timeout(timeout, connect=CONNECT_TIMEOUT).as_dict()
        self._transport = BoundedTransport(GuardedBackend(hosts, resolve))
        logging.getLogger("httpcore").setLevel(logging.WARNING)  # it logs where redirects lead

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def download(self, url: httpx.URL, path: Path) -> Body:
        """Write what is at ``url``, or where it leads, to ``path``; each request is in the ledger.

        Raises:
            Unfit: what is there can never be sent.
            Fault: it could not be had now.
        """
        for _ in range(_MOST_REDIRECTS + 1):
            self._admit(url)
            met = self._request(url, path)
            if isinstance(met, Body):
                return met
            url = met
        raise Unfit("media_redirects", "the address leads on and on", _ANOTHER)

    def _admit(self, url: httpx.URL) -> None:
        host = host_of(url)
        if url.userinfo:
            raise Unfit("media_address", "the address holds a name or password", _ANOTHER)
        if url.scheme not in {"http", "https"} or not any(
            entry.admits(url.scheme, host, url.port) for entry in self._hosts
        ):
            port = "" if url.port is None else f", port {url.port}"
            raise Unfit(
                "media_host",
                f"{host or 'no host'} is not allowed by {url.scheme or 'no scheme'}{port}",
                "Attach a file from a host of MEDIA_ALLOWED_HOSTS, by https.",
            )

    def _request(self, url: httpx.URL, path: Path) -> httpx.URL | Body:
        permit = self._ledger.begin(_PROVIDER, "fetch", host_of(url))
        if permit.call_id is None:
            raise Fault(f"fetching is paused: {permit.said}", permit.wait)
        started = time.monotonic()
        end, status = CallEnd.UNSENT, None
        try:
            request = httpx.Request(
                "GET", url, headers=_HEADERS, extensions={"timeout": self._timeout}
            )
            with closing(self._transport.handle_request(request)) as response:
                status = response.status_code
                end = CallEnd.ANSWERED if status < 400 else CallEnd.REFUSED
                return _take(url, response, path)
        except httpx.HTTPError as error:
            end = CallEnd.UNSENT if isinstance(error, _UNSENT) else CallEnd.UNKNOWN
            raise Fault(_said(error)) from None
        finally:
            self._ledger.end(permit.call_id, end, status, time.monotonic() - started)


def _normal(url: httpx.URL) -> httpx.URL:
    host = host_of(url).rstrip(".")
    with suppress(ValueError):  # a name
        host = ip_address(host).compressed
    return url.copy_with(host=host)


def _take(url: httpx.URL, response: httpx.Response, path: Path) -> httpx.URL | Body:
    status, headers = response.status_code, response.headers
    if status in _REDIRECTS:
        try:
            return _normal(url.join(headers["location"]))
        except (httpx.InvalidURL, ValueError, KeyError):
            raise Unfit("media_redirects", "the address leads nowhere", _ANOTHER) from None
    if status in _PASSING or status >= 500:
        raise Fault(f"the host answers {status}", _wish(headers.get("retry-after", "")))
    if status in {401, 403}:
        remedy = "A signed address may have expired: attach it anew."
        raise Unfit("media_forbidden", f"the host answers {status}: not for everybody", remedy)
    if status != 200:
        raise Unfit("media_missing", f"the host answers {status}: no file", _ANOTHER)
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise Unfit("media_encoding", "the host sends it packed, though asked not to", _ANOTHER)
    if "content-length" not in headers and "transfer-encoding" not in headers:
        raise Unfit("media_length", "the host does not say where the file ends", _ANOTHER)
    _bound(int(headers.get("content-length", 0)), MOST_BYTES)
    return _write(response, path)


def _write(response: httpx.Response, path: Path) -> Body:
    """Write the body piece by piece, and stop as soon as it is known to be unfit."""
    digest, size, head, kind = hashlib.sha256(), 0, b"", None
    try:
        with path.open("wb") as file:
            for piece in response.iter_raw():
                size += len(piece)
                if kind is None and len(head := head + piece[:HEAD]) >= HEAD:
                    kind = recognise(head[:HEAD])
                _bound(size, kind.most_bytes if kind else MOST_BYTES)
                digest.update(piece)
                file.write(piece)
    except OSError as error:
        raise Fault(f"the file cannot be kept here ({error.strerror})") from None
    kind = kind or recognise(head)
    _bound(size, kind.most_bytes)
    return Body(kind, size, digest.hexdigest())


def _bound(size: int, most: int) -> None:
    if size > most:
        said = f"the file is larger than {most // 1024 // 1024} MB"
        raise Unfit("media_size", said, "Attach a smaller one.")


def _wish(value: str) -> float | None:
    return min(float(value), _LONGEST_WISH) if re.fullmatch(r"[0-9]{1,9}", value) else None


def _said(error: httpx.HTTPError) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return "the certificate of the host is not valid"
    if isinstance(error, _UNSENT):
        return f"no connection to the host ({type(error).__name__})"
    return f"no whole answer of the host ({type(error).__name__})"
