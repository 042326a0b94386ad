"""Files that say what they are in their first bytes, and are nothing else."""

from __future__ import annotations

import struct
import zlib


def png(width: int, height: int, body: bytes = b"") -> bytes:
    """Return a PNG that says these sides, whatever its pixels."""
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)), (b"IDAT", body)]
    packed = (
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in [*chunks, (b"IEND", b"")]
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def jpeg(width: int, height: int, *before: bytes, frame: int = 0xC0) -> bytes:
    """Return a JPEG that says these sides in a frame header after the segments ``before``."""
    header = struct.pack(">BBHBHHB", 0xFF, frame, 11, 8, height, width, 1) + b"\x01\x11\x00"
    return b"\xff\xd8" + b"".join(before) + header + b"\xff\xda\x00\x02pixels\xff\xd9"


def segment(marker: int, content: bytes) -> bytes:
    """Return a segment of a JPEG."""
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def gif(width: int, height: int) -> bytes:
    """Return a GIF that says these sides."""
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0, 0, 0) + b";" + b"\0" * 20


def mp4(brand: bytes = b"isom") -> bytes:
    """Return the beginning of a file of the MP4 family."""
    return b"\x00\x00\x00\x18ftyp" + brand + b"\x00\x00\x02\x00isommp42" + b"\0" * 40
