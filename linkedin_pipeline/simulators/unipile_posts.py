"""``POST /posts`` as it comes in: every encoding seen in public code, and what Unipile refuses."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import Any

from linkedin_pipeline.simulators.multipart import Field, form_parts
from linkedin_pipeline.simulators.pictures import measure
from linkedin_pipeline.simulators.unipile_words import refused

MOST_CHARACTERS = 3_000
MOST_BYTES = 15 * 1024 * 1024
MOST_PIXELS = 6_012  # wide, and high
_TAKEN = {"image/png", "image/jpeg", "image/gif", "video/mp4", "application/pdf"}
_BRACKETS = re.compile(r"mentions\[(\d+)\]\[(\w+)\]")


@dataclass(frozen=True, slots=True)
class Media:
    """What is kept of an attachment; ``found`` is the content type that its bytes show."""

    filename: str
    content_type: str
    size: int
    sha256: str
    found: str | None
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Mention:
    """Somebody, or a page, that ``{{n}}`` in the text stands for."""

    name: str
    profile_id: str
    is_company: bool = False


@dataclass(frozen=True, slots=True)
class Sent:
    """A post as it was sent.

    ``encoding`` is how the body was written (``multipart``, ``json`` or what it was instead), and
    ``mentions_encoding`` one of ``brackets``, ``json_part``, ``json_string``, ``json_body``.
    ``flags`` names what works here although nothing says that it does at Unipile.
    """

    encoding: str
    account_id: str = ""
    text: str = ""
    as_organization: str | None = None
    external_link: str | None = None
    mentions: tuple[Mention, ...] = ()
    mentions_encoding: str = ""
    media: tuple[Media, ...] = ()
    flags: tuple[str, ...] = ()
    others: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the post without the bytes of its attachments."""
        return asdict(self)


def read_sent(content_type: str, body: bytes) -> Sent:
    """Read a post from the body of a request; what cannot be read is left out."""
    form = content_type.partition(";")[0].strip().lower()
    if form == "multipart/form-data":
        return _from_form(form_parts(content_type, body))
    if form != "application/json":
        return Sent(form or "none")
    try:
        document = json.loads(body)
    except ValueError:
        return Sent("malformed json")
    return _from_json(document) if isinstance(document, dict) else Sent("malformed json")


def check(sent: Sent) -> None:
    """Refuse what Unipile does not take.

    Raises:
        Refusal: the body, a field or an attachment.
    """
    if sent.encoding not in {"multipart", "json"}:
        raise refused("malformed_request", f"The body is not readable: {sent.encoding}.")
    for name in ("account_id", "text"):
        if not getattr(sent, name):
            raise refused("missing_parameters", f"{name} is required.")
    if len(sent.text) > MOST_CHARACTERS:
        raise refused("too_many_characters", f"text has more than {MOST_CHARACTERS} characters.")
    if sent.external_link is not None and not re.match("https?://", sent.external_link):
        raise refused("invalid_url", "external_link must match ^https?://.")
    for mention in sent.mentions:
        if not mention.name or not re.fullmatch(r"A[CD]o[\w-]+|\d+", mention.profile_id):
            raise refused("invalid_parameters", "mentions need a name and a profile_id.")
    for media in sent.media:
        _check_media(media)


def _check_media(media: Media) -> None:
    if media.size > MOST_BYTES or max(media.width, media.height) > MOST_PIXELS:
        raise refused("content_too_large")
    declared = media.content_type.partition(";")[0].strip().lower()
    if media.found not in _TAKEN or declared != media.found:
        raise refused("unsupported_media_type")


def _from_form(parts: Iterable[tuple[str, Field]]) -> Sent:
    fields: dict[str, str] = {}
    media: list[Media] = []
    mentions: dict[int, dict[str, str]] = {}
    listed: tuple[Mention, ...] = ()
    encoding, flags = "", []
    for name, part in parts:
        if name == "attachments":
            media.append(_media(part))
            flags += [] if part.filename else ["attachment_without_filename"]
        elif found := _BRACKETS.fullmatch(name):
            mentions.setdefault(int(found[1]), {})[found[2]] = _text(part.content)
            encoding = "brackets"
        elif name == "mentions":
            is_json = part.content_type.partition(";")[0].strip().lower() == "application/json"
            encoding = "json_part" if is_json else "json_string"
            flags += [] if is_json else ["mentions_as_json_string"]
            listed = _mentions(_document(part.content))
        else:
            fields[name] = _text(part.content)
    listed = listed or _mentions([mentions[number] for number in sorted(mentions)])
    read = Sent("multipart", mentions=listed, mentions_encoding=encoding, media=tuple(media))
    return _completed(read, fields, flags)


def _from_json(document: Mapping[str, Any]) -> Sent:
    mentions = _mentions(document.get("mentions"))
    read = Sent("json", mentions=mentions, mentions_encoding="json_body" if mentions else "")
    fields = {name: value for name, value in document.items() if isinstance(value, str)}
    return _completed(read, fields, ["attachments_in_json"] if "attachments" in document else [])


def _completed(read: Sent, fields: dict[str, str], flags: list[str]) -> Sent:
    text = fields.pop("text", "")
    numbers = {int(number) for number in re.findall(r"\{\{(\d+)\}\}", text)}
    if numbers and max(numbers) >= len(read.mentions):
        flags.append("placeholder_without_mention")
    return Sent(
        read.encoding,
        fields.pop("account_id", ""),
        text,
        fields.pop("as_organization", None),
        fields.pop("external_link", None),
        read.mentions,
        read.mentions_encoding,
        read.media,
        tuple(flags),
        fields,
    )


def _mentions(listed: object) -> tuple[Mention, ...]:
    if not isinstance(listed, list):
        return ()
    return tuple(
        Mention(
            str(one.get("name", "")),
            str(one.get("profile_id", "")),
            str(one.get("is_company", "false")).lower() == "true",
        )
        for one in listed
        if isinstance(one, dict)
    )


def _media(part: Field) -> Media:
    found = measure(part.content)
    return Media(
        part.filename,
        part.content_type,
        len(part.content),
        sha256(part.content).hexdigest(),
        found.content_type if found else None,
        found.width if found else 0,
        found.height if found else 0,
    )


def _document(content: bytes) -> object:
    try:
        return json.loads(content)
    except ValueError:
        return None


def _text(content: bytes) -> str:
    return content.decode("utf-8", "replace")
