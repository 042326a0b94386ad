"""Small pictures made by hand, and the type and size that bytes show on their own."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Format(StrEnum):
    """The content types of pictures."""

    PNG = "image/png"
    JPEG = "image/jpeg"
    GIF = "image/gif"
    WEBP = "image/webp"
    AVIF = "image/avif"


@dataclass(frozen=True, slots=True)
class Measured:
    """What bytes show: their content type and, of pictures, width and height in pixels."""

    content_type: str
    width: int = 0
    height: int = 0


MOST_PIXELS = 60_000_000  # of which all are written; larger ones have a header and little else


def picture(form: Format, width: int = 64, height: int = 64, shade: int = 0) -> bytes:
    """Return a picture of one shade; a header alone speaks for more than `MOST_PIXELS`."""
    return _MAKERS[form](width, height, shade)


def measure(content: bytes) -> Measured | None:
    """Return what the bytes are, whatever they are called; None for what LinkedIn never takes."""
    if content.startswith(b"\x89PNG\r\n\x1a\n") and len(content) >= 24:
        return Measured(Format.PNG, *struct.unpack(">II", content[16:24]))
    if content[:6] in {b"GIF87a", b"GIF89a"} and len(content) >= 10:
        return Measured(Format.GIF, *struct.unpack("<HH", content[6:10]))
    if content.startswith(b"\xff\xd8\xff"):
        return _measured_jpeg(content)
    if content[:4] == b"RIFF" and content[8:16] == b"WEBPVP8L" and len(content) >= 25:
        bits = int.from_bytes(content[21:25], "little")
        return Measured(Format.WEBP, (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if content[4:12] == b"ftypavif":
        at = content.find(b"ispe")
        return Measured(Format.AVIF, *struct.unpack(">II", content[at + 8 : at + 16]))
    if content[4:8] == b"ftyp":
        return Measured("video/mp4")
    return Measured("application/pdf") if content.startswith(b"%PDF-") else None


def _png(width: int, height: int, shade: int) -> bytes:
    line = b"\x00" + bytes([0xFF if shade % 2 else 0]) * ((width + 7) // 8)
    lines = height if width * height <= MOST_PIXELS else 1
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)  # one bit a pixel, grey
    text = f"shade\x00{shade}".encode("latin-1")
    chunks = [
        (b"IHDR", header),
        (b"tEXt", text),
        (b"IDAT", zlib.compress(line * lines)),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


def _jpeg(width: int, height: int, shade: int) -> bytes:
    blocks = ((width + 7) // 8) * ((height + 7) // 8) if width * height <= MOST_PIXELS else 4
    # two zero bits a block (no difference, end of block), and ones to fill the last byte
    whole, rest = divmod(blocks * 2, 8)
    scan = b"\x00" * whole + (bytes([0xFF >> rest]) if rest else b"")
    one_code = b"\x01" + b"\x00" * 15 + b"\x00"  # a table with one code, of one bit, for zero
    segments = [
        (0xE0, b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"),
        (0xFE, str(shade).encode()),
        (0xDB, b"\x00" + b"\x01" * 64),
        (0xC0, struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00"),
        (0xC4, b"\x00" + one_code + b"\x10" + one_code),
        (0xDA, b"\x01\x01\x00\x00\x3f\x00"),
    ]
    head = b"".join(
        struct.pack(">BBH", 0xFF, mark, len(data) + 2) + data for mark, data in segments
    )
    return b"\xff\xd8" + head + scan + b"\xff\xd9"


def _measured_jpeg(content: bytes) -> Measured:
    at = 2
    while at + 9 <= len(content):
        mark, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4], "big")
        if mark in {0xC0, 0xC1, 0xC2}:
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return Measured(Format.JPEG, width, height)
        at += 2 + length
    return Measured(Format.JPEG)


def _gif(width: int, height: int, shade: int) -> bytes:
    # the screen has the size that is asked for; the one frame in it is a single pixel
    palette = bytes([shade % 256] * 3) + b"\xff\xff\xff"
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + palette + frame + b"\x3b"


def _webp(width: int, height: int, shade: int) -> bytes:
    # lossless; five codes of one symbol each leave nothing to be written for the pixels
    bits, size = 0, 0
    for value, length in [(width - 1, 14), (height - 1, 14), (0, 1), (0, 3), (0, 3)]:
        bits |= value << size
        size += length
    for symbol in (shade % 256, shade % 256, shade % 256, 255, 0):
        bits |= (0b101 | symbol << 3) << size
        size += 11
    data = b"\x2f" + bits.to_bytes((size + 7) // 8, "little")
    data += b"\x00" * (len(data) % 2)
    body = b"WEBPVP8L" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _avif(width: int, height: int, shade: int) -> bytes:
    # what tells an AVIF file and its size; the picture itself is left out
    boxes = [
        (b"ftyp", b"avif" + struct.pack(">I", 0) + b"avifmif1"),
        (b"ispe", struct.pack(">III", 0, width, height)),
        (b"free", bytes([shade % 256])),
    ]
    return b"".join(struct.pack(">I", len(data) + 8) + name + data for name, data in boxes)


_MAKERS: Mapping[Format, Callable[[int, int, int], bytes]] = {
    Format.PNG: _png,
    Format.JPEG: _jpeg,
    Format.GIF: _gif,
    Format.WEBP: _webp,
    Format.AVIF: _avif,
}
