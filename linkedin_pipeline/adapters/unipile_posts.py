"""Posts on Unipile's wire: the form that publishes one, the document that shows one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, BinaryIO, TypeAlias
from urllib.parse import urlsplit

from linkedin_pipeline.adapters.unipile_errors import Unreadable
from linkedin_pipeline.domain.media import MediaFile
from linkedin_pipeline.domain.publications import Intent, SeenPost

Part: TypeAlias = tuple[str, tuple[Any, ...]]

_NUMBER = re.compile(r"\d{6,25}")
_FORMS = ("urn:li:activity:", "urn:li:share:", "urn:li:ugcPost:")
_LONGEST_URL = 2_000


def form(intent: Intent) -> list[Part]:
    """Return the fields of ``POST /posts`` as parts of a form, which they are without files too.

    The form is the documented encoding; how ``mentions`` stand in it is not.  Bracket keys are what
    Unipile prescribes for another route.

    Raises:
        UnicodeEncodeError: UTF-8 cannot hold a field.
    """
    fields = {
        "account_id": intent.account,
        "text": intent.text,
        "external_link": intent.external_link,
        "as_organization": intent.as_organization,
    }
    for place, mention in enumerate(intent.mentions):
        fields[f"mentions[{place}][name]"] = mention.name
        fields[f"mentions[{place}][profile_id]"] = mention.profile_id
        if mention.is_company:  # left out otherwise: a form has no false
            fields[f"mentions[{place}][is_company]"] = "true"
    return [(name, (None, value.encode())) for name, value in fields.items() if value is not None]


def attachment(file: MediaFile, content: BinaryIO) -> Part:
    """Return a file as a part; ``content`` is read while it is sent."""
    return "attachments", (file.filename, content, file.content_type)


def names(post_id: str) -> list[str]:
    """Return every form of an id to read a post by, the likeliest first.

    Of what a bare number is the number, an activity, a share or a ``ugcPost``, is not documented.
    """
    return [post_id, *(form + post_id for form in _FORMS)] if post_id.isdigit() else [post_id]


def accepted_id(document: Any) -> str | None:
    """Return the id in the answer to a POST, None where it is null or unusable.

    Raises:
        Unreadable: it is not the answer of a post that was created.
    """
    if not isinstance(document, dict) or document.get("object") != "PostCreated":
        raise Unreadable("the answer is not that of a post")
    return _id(document.get("post_id"))


def seen(document: Any) -> SeenPost:
    """Read a post as ``GET /posts/{id}`` and lists of posts show it.

    A repost is marked: only another's words stand in it, or a person's own, never ours.

    Raises:
        Unreadable: it is no post.
    """
    if not isinstance(document, Mapping) or document.get("object", "Post") != "Post":
        raise Unreadable("not a post")
    own, social = _id(document.get("id")), _id(document.get("social_id"))
    text = document.get("text")
    if own is None or not isinstance(text, str | None):
        raise Unreadable("a post without an id or a text")
    author = document.get("author")
    return SeenPost(
        ids=ids(own, social),
        text=text or "",
        at=instant(document.get("parsed_datetime")),
        post_id=own,
        social_id=social,
        url=permalink(document.get("share_url")),
        author_id=_id(author.get("id")) if isinstance(author, Mapping) else None,
        is_repost=document.get("is_repost") is True,
    )


def ids(*named: str | None) -> frozenset[str]:
    """Return names of a post with the numbers that stand in them."""
    given = [name for name in named if name]
    return frozenset(given).union(*(_NUMBER.findall(name) for name in given))


def instant(given: Any) -> datetime | None:
    """Read an ISO time; None for one without a zone too, which could be hours off."""
    if not isinstance(given, str):
        return None
    try:
        at = datetime.fromisoformat(given.strip())
        return at.astimezone(UTC) if at.tzinfo else None
    except (ValueError, OverflowError):
        return None


def permalink(given: Any) -> str | None:
    """Return an address if it is one of LinkedIn's over https, else None."""
    if not isinstance(given, str) or len(given) > _LONGEST_URL or not given.isprintable():
        return None
    try:
        parts = urlsplit(given)
        port = parts.port
    except ValueError:
        return None
    host = parts.hostname or ""
    ours = host == "linkedin.com" or host.endswith(".linkedin.com")
    plain = parts.username is None and port in {None, 443} and not set(given) & set(" \\<>\"'")
    return given if parts.scheme == "https" and ours and plain else None


def _id(given: Any) -> str | None:
    if isinstance(given, int) and not isinstance(given, bool):
        return str(given)
    return given.strip() or None if isinstance(given, str) else None
