"""Addresses of LinkedIn: whose profile one names, and which post.

Every address of a profile that people copy (country subdomains, mobile site, trailing parts,
percent-encoding) leads to one public identifier; everything else is refused, for the identifier
goes into addresses that providers are asked for.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import unquote, urlsplit

from linkedin_pipeline.domain.errors import BadInput

LONGEST_URL = 2000
"""Characters; PostgreSQL cannot index a text of more than about 2,700 bytes."""

_HOST = re.compile(r"(?:(?:www|m|[a-z]{2})\.)?linkedin\.com\.?", re.ASCII)
_PROFILE_REMEDY = "Give it as https://www.linkedin.com/in/NAME."
_LONGEST_IDENTIFIER = 100
_MEMBER = re.compile(r"AC[o-zA-Z]AA[\w-]{20,}", re.ASCII)
"""LinkedIn's own code of a member, which also opens the profile; its letters have cases."""
_POST_URN = re.compile(r"urn:li:(share|ugcPost|activity):([0-9]{1,25})(?![0-9])", re.ASCII)
_POST_SLUG = re.compile(r"[-_](share|ugcPost|activity)-([0-9]{10,25})(?![0-9])", re.ASCII)


def public_identifier(url: str) -> str:
    """Return what a profile's address has after ``/in/``, in small letters and not encoded.

    Accepts http and https, ``linkedin.com`` with a country or ``www`` or ``m`` before it, any
    case, a query, a fragment, a trailing slash, and a language after the name.  LinkedIn takes
    upper and lower case for the same.

    Raises:
        BadInput: it is not the address of a person's profile.
    """
    text = url.strip()
    if not text or len(text) > LONGEST_URL or re.search(r"[\x00-\x20\x7f\\]", text):
        raise _no_profile(text)
    try:
        parts = urlsplit(text if "//" in text else f"https://{text}")
        port = parts.port
    except ValueError:
        raise _no_profile(text) from None
    host = (parts.hostname or "").lower()
    if parts.scheme not in {"http", "https"} or not _HOST.fullmatch(host):
        raise _no_profile(text)
    if "@" in parts.netloc or port is not None:
        raise _no_profile(text)
    steps = parts.path.strip("/").split("/")
    language = len(steps) == 3 and re.fullmatch(r"[a-zA-Z]{2}(?:[-_][a-zA-Z]{2})?", steps[2])
    if steps[0].lower() != "in" or not (len(steps) == 2 or language):
        raise _no_profile(text)
    return _identifier(steps[1], text)


def _identifier(encoded: str, url: str) -> str:
    if re.search(r"%(?![0-9A-Fa-f]{2})", encoded):
        raise _no_profile(url)
    try:
        name = unquote(encoded, errors="strict")
    except UnicodeDecodeError:
        raise _no_profile(url) from None
    if _MEMBER.fullmatch(name):
        return name
    name = unicodedata.normalize("NFC", name).lower()
    # letters, digits and marks of any script; what is left of % was encoded twice
    if len(name) > _LONGEST_IDENTIFIER or not all(
        character in "-_" or unicodedata.category(character)[0] in "LNM" for character in name
    ):
        raise _no_profile(url)
    if not any(unicodedata.category(character)[0] in "LN" for character in name):
        raise _no_profile(url)
    return name


def _no_profile(text: str) -> BadInput:
    shown = ascii(text if len(text) <= 80 else text[:79] + "…")
    return BadInput("the address", f"{shown} is not that of a LinkedIn profile", _PROFILE_REMEDY)


def post_url(url: str) -> str | None:
    """Return the one way in which the bank writes a post's address; None when it is none.

    Addresses of LinkedIn that name the post's number become
    ``https://www.linkedin.com/feed/update/urn:li:KIND:NUMBER/``; that of another site is kept.
    A share and its activity have different numbers, and cannot be told to be one post.
    """
    text = url.strip()
    if len(text) > LONGEST_URL or not re.fullmatch(r"https?://[^\s/?#]+[^\s\x00-\x1f]*", text):
        return None
    try:
        host = (urlsplit(text).hostname or "").lower()
    except ValueError:
        return None
    if not _HOST.fullmatch(host):
        return text
    plain = unquote(text)
    found = _POST_URN.search(plain) or _POST_SLUG.search(plain)
    if not found:
        return text
    return f"https://www.linkedin.com/feed/update/urn:li:{found[1]}:{found[2]}/"
