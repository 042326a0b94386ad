"""What a file is by its first bytes, and how many pixels an image says it has.

Nothing is decoded: an image that claims to be enormous costs no more than its header.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Protocol

MOST_PIXELS_A_SIDE = 6012
"""Unipile, "create a post": images on LinkedIn at most 6012 x 6012 pixels."""
HEAD = 32
"""How many bytes `recognise` wants to see, fewer only of a shorter file."""
_MEGABYTE = 1024 * 1024
_MOST_SEGMENTS = 2000

_STARTS = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
    b"%PDF-": "application/pdf",
}
_MP4_BRANDS = {
    *b"isom iso2 iso3 iso4 iso5 iso6 mp41 mp42 avc1 M4VP dash mmp4 MSNV".split(),
    b"M4V ",
}
_OTHER_STARTS = {
    b"BM": "BMP",
    b"II*\x00": "TIFF",
    b"MM\x00*": "TIFF",
    b"PK\x03\x04": "a ZIP or Office file",
    b"\xff\x0a": "JPEG XL",
    b"\x00\x00\x00\x0cJXL ": "JPEG XL",
}
_OTHER_BRANDS = {b"avif": "AVIF", b"avis": "AVIF", b"qt  ": "QuickTime video"}
_OTHER_BRANDS |= dict.fromkeys((b"heic", b"heix", b"hevc", b"mif1", b"msf1"), "HEIF")


class Unfit(Exception):
    """A file that is not to be sent: a code for machines, the reason and the remedy."""

    def __init__(self, code: str, reason: str, remedy: str) -> None:
        super().__init__(code, reason, remedy)
        self.code = code
        self.reason = reason
        self.remedy = remedy


class Octets(Protocol):
    """Bytes in memory or of a mapped file."""

    def __len__(self) -> int: ...
    def __getitem__(self, part: slice, /) -> bytes: ...


class MediaType(StrEnum):
    """What LinkedIn takes: up to twenty images, or one document, or one video."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    GIF = "image/gif"
    PDF = "application/pdf"
    MP4 = "video/mp4"

    @property
    def noun(self) -> str:
        """What a person calls it."""
        kind = self.partition("/")[0]
        return "document" if kind == "application" else kind

    @property
    def is_image(self) -> bool:
        """Tell whether it is an image, of which a post may have several."""
        return self.noun == "image"

    @property
    def suffix(self) -> str:
        """The end of the name of such a file."""
        return ".jpg" if self is MediaType.JPEG else f".{self.rpartition('/')[2]}"

    @property
    def most_bytes(self) -> int:
        """How large such a file may be: images as Cloudflare takes them, the rest as documents."""
        return (10 if self.is_image else 100) * _MEGABYTE


MOST_BYTES = max(kind.most_bytes for kind in MediaType)


def recognise(head: bytes) -> MediaType:
    """Return the type of a file that begins with ``head``, its first `HEAD` bytes.

    Raises:
        Unfit: it is empty or nothing that a post takes.
    """
    if not head:
        raise Unfit("media_empty", "the file is empty", "Attach another file.")
    for start, kind in _STARTS.items():
        if head.startswith(start):
            return MediaType(kind)
    if head[4:8] == b"ftyp" and head[8:12] in _MP4_BRANDS:
        return MediaType.MP4
    raise Unfit(
        "media_type",
        f"the content is {_other(head)}",
        "A post takes images that are JPEG, PNG or GIF, or one PDF document, or one MP4 video.",
    )


def _other(head: bytes) -> str:
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WebP"
    if head[4:8] == b"ftyp" and head[8:12] in _OTHER_BRANDS:
        return _OTHER_BRANDS[head[8:12]]
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return "HTML, SVG or XML"
    return next(
        (name for start, name in _OTHER_STARTS.items() if head.startswith(start)),
        "of an unknown type",
    )


def pixels(kind: MediaType, data: Octets) -> tuple[int, int] | None:
    """Return width and height as an image's header says them; None for what is no image.

    Raises:
        Unfit: the header says none, or more than a post takes.
    """
    match kind:
        case MediaType.PDF | MediaType.MP4:
            return None
        case MediaType.PNG:
            said = data[16:24] if data[12:16] == b"IHDR" else b""
            sides = (_number(said[:4]), _number(said[4:]))
        case MediaType.GIF:
            sides = (int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little"))
        case MediaType.JPEG:
            sides = _jpeg(data)
    if not all(sides):
        raise Unfit("media_broken", "the image does not say its size", "Attach a whole image.")
    if max(sides) > MOST_PIXELS_A_SIDE:
        most = f"{MOST_PIXELS_A_SIDE} x {MOST_PIXELS_A_SIDE}"
        raise Unfit(
            "media_pixels",
            f"the image has {sides[0]} x {sides[1]} pixels, and the most is {most}",
            "Attach a smaller one; of Cloudflare Images, a variant of less width.",
        )
    return sides


def _jpeg(data: Octets) -> tuple[int, int]:
    """Walk the segments to the frame header; zeros when there is none."""
    at = 2
    for _ in range(_MOST_SEGMENTS):
        while data[at : at + 2] == b"\xff\xff":
            at += 1
        head = data[at : at + 9]
        if len(head) < 9 or head[0] != 0xFF or head[1] in {0xD9, 0xDA}:
            break
        marker = head[1]
        if marker in range(0xC0, 0xD0) and marker not in {0xC4, 0xC8, 0xCC}:
            return _number(head[7:9]), _number(head[5:7])
        bare = marker == 0x01 or marker in range(0xD0, 0xD9)
        at += 2 if bare else 2 + max(2, _number(head[2:4]))
    return 0, 0


def _number(octets: bytes) -> int:
    return int.from_bytes(octets, "big")


def file_name(kind: MediaType, position: int, name: str | None) -> str:
    """Return what to call a file: as the person did, or after its type; the end fits the type."""
    words = (name or "").replace("\\", "/").rpartition("/")[2]
    words = re.sub(r"\.(jpe?g|png|gif|pdf|mp4)$", "", words.strip(), flags=re.IGNORECASE)
    stem = re.sub(r"[^\w ().-]+", "-", words)[:80].strip(" .-")
    return f"{stem or f'{kind.noun}-{position}'}{kind.suffix}"
