"""Forms with files (``multipart/form-data``), read from memory."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import Message


@dataclass(frozen=True, slots=True)
class Field:
    """One part of a form."""

    content: bytes
    filename: str
    content_type: str


def form_fields(content_type: str, body: bytes) -> dict[str, Field]:
    """Return the parts by name, the last of each; nothing when the body is no such form."""
    return dict(form_parts(content_type, body))


def form_parts(content_type: str, body: bytes) -> list[tuple[str, Field]]:
    """Return name and content of every part, in order; nothing when the body is no such form."""
    boundary = _parameter("content-type", content_type, "boundary")
    parts: list[tuple[str, Field]] = []
    if not boundary:
        return parts
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary.encode())[1:-1]:
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        headers = dict(_header(line) for line in head.decode("utf-8", "replace").split("\r\n"))
        disposition = headers.get("content-disposition", "")
        name = _parameter("content-disposition", disposition, "name")
        filename = _parameter("content-disposition", disposition, "filename")
        content_type = headers.get("content-type", "")
        parts.append((name, Field(content, filename, content_type)))
    return parts


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip().lower(), value.strip()


def _parameter(header: str, value: str, name: str) -> str:
    message = Message()
    message[header] = value
    found = message.get_param(name, "", header=header)
    return found if isinstance(found, str) else found[2]
