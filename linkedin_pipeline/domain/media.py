"""Media of a post: where they may come from, and what they are when they have come."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from linkedin_pipeline.domain.errors import MediaRefused

MOST_ATTACHMENTS = 20
"""How many images a LinkedIn post takes: its MultiImage API, "maximum of 20 images"."""
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_-]{1,63})*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class AllowedHost:
    """A host that media may be fetched from, as ``MEDIA_ALLOWED_HOSTS`` names it.

    ``port`` None means the scheme's own, for a loopback host any.  ``plain`` allows http, which a
    loopback host always has: nobody else can listen there.
    """

    host: str
    port: int | None = None
    plain: bool = False

    @classmethod
    def parse(cls, entry: str) -> AllowedHost:
        """Read ``host``, ``host:port`` or either after ``http://`` or ``https://``.

        Raises:
            ValueError: it is none of these; its argument is the entry.
        """
        try:
            parts = urlsplit(entry if "://" in entry else f"https://{entry}")
            host, port = parts.hostname or "", parts.port
        except ValueError:
            raise ValueError(entry) from None
        rest = parts.path.rstrip("/") or parts.query or parts.fragment or parts.username
        if parts.scheme not in {"http", "https"} or rest or not (_is_name(host) or _is_ip(host)):
            raise ValueError(entry)
        if _is_ip(host):
            host = ipaddress.ip_address(host).compressed
        return cls(host, port, plain=parts.scheme == "http" or is_loopback(host))

    def admits(self, scheme: str, host: str, port: int | None) -> bool:
        """Tell whether a URL of these parts may be fetched; ``port`` None is the scheme's own."""
        if host.lower().rstrip(".") != self.host or (scheme != "https" and not self.plain):
            return False
        if self.port is None and is_loopback(self.host):
            return True
        usual = 80 if scheme == "http" else 443
        return (port or usual) == (self.port or usual)


DELIVERY = AllowedHost("imagedelivery.net")
"""Where Cloudflare Images delivers from."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that a person attached to a post; ``name`` is what it is to be called, if anything.

    The address may hold a signature: it is shown nowhere.
    """

    url: str = field(repr=False)
    name: str | None = None


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A fetched attachment: where it lies, and what its content says it is.

    ``size`` is in bytes, ``sha256`` in hexadecimal; ``width`` and ``height`` are the pixels of an
    image and None for a document or a video.
    """

    path: str
    filename: str
    content_type: str
    size: int
    sha256: str
    width: int | None = None
    height: int | None = None


def read_attachments(document: object, subject: str) -> tuple[Attachment, ...]:
    """Read the JSON array of a post's attachments, in its order; null has none.

    An element is an address, or an object with ``url`` and perhaps ``name`` and ``type``.  What a
    file is, its content says: ``type`` is not believed.  ``subject`` is the post, for errors.

    Raises:
        MediaRefused: it is no such array.
    """
    if document is None:
        return ()
    if not isinstance(document, list):
        raise MediaRefused(
            "attachment_malformed",
            f"{subject}, attachments",
            "they are no JSON array",
            "Write an array of addresses.",
        )
    return tuple(
        _read_attachment(element, f"{subject}, attachment {position}")
        for position, element in enumerate(document, 1)
    )


def _read_attachment(element: object, subject: str) -> Attachment:
    fields = element if isinstance(element, Mapping) else {"url": element}
    url, name, kind = (fields.get(key) for key in ("url", "name", "type"))
    if not isinstance(url, str) or not url.strip():
        wrong = "it has no address"
    elif not isinstance(name, str | None) or not isinstance(kind, str | None):
        wrong = "its name or type is no text"
    else:
        return Attachment(url.strip(), name)
    raise MediaRefused(
        "attachment_malformed",
        subject,
        wrong,
        'Write an address, or an object such as {"url": "https://…", "name": "report.pdf"}.',
    )


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine by its very name."""
    return host == "localhost" or (_is_ip(host) and ipaddress.ip_address(host).is_loopback)


def _is_name(host: str) -> bool:
    return _HOST.fullmatch(host) is not None


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
