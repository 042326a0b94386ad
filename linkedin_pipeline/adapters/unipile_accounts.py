"""Accounts on Unipile's wire: which LinkedIn accounts there are, and how they are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from linkedin_pipeline.adapters.unipile_errors import Unreadable
from linkedin_pipeline.domain.publications import Account

_STATUSES = {
    "OK": "OK",
    "CREDENTIALS": "CREDENTIALS",
    "STOPPED": "DISCONNECTED",
    "CONNECTING": "PENDING",
}
"""Unipile's words in ours; an account has none of its own, only its sources have.  What is not here
(ERROR, PERMISSIONS, whatever comes) is an error."""
_WORST_FIRST = ("DISCONNECTED", "CREDENTIALS", "ERROR", "PENDING", "OK")
_PERSON = re.compile(r"A[CD]o[\w-]+")


def listed(document: Any) -> Account | None:
    """Read an item of ``GET /accounts``; None for what is not LinkedIn.

    ``connection_params.im`` may name the person already: it is documented loosely, so only what
    looks right is taken from it.

    Raises:
        Unreadable: it is no account.
    """
    if not isinstance(document, Mapping) or not isinstance(document.get("id"), str):
        raise Unreadable("not an account")
    if document.get("type") != "LINKEDIN":
        return None
    connection = _mapping(document.get("connection_params"))
    im = _mapping(connection.get("im"))
    person = _text(im.get("id"))
    return Account(
        account=document["id"],
        status=status(document.get("sources")),
        provider_id=person if person and _PERSON.fullmatch(person) else None,
        public_identifier=_text(im.get("publicIdentifier")),
        organizations=_organizations(im.get("organizations")),
    )


def owner(account: str, document: Any) -> Account:
    """Read ``GET /users/me``; an account that answers is OK.

    Raises:
        Unreadable: it does not name the person.
    """
    fields = _mapping(document)
    person = _text(fields.get("provider_id"))
    if person is None:
        raise Unreadable("the answer does not name the person")
    return Account(
        account=account,
        status="OK",
        provider_id=person,
        public_identifier=_text(fields.get("public_identifier")),
        organizations=_organizations(fields.get("organizations")),
    )


def status(sources: Any) -> str:
    """Return the worst state of an account's sources, in the words of ``unipile_accounts``."""
    if not isinstance(sources, list) or not sources:
        return "ERROR"
    found = {_STATUSES.get(str(_mapping(one).get("status")), "ERROR") for one in sources}
    return next(word for word in _WORST_FIRST if word in found)


def _organizations(given: Any) -> Sequence[Mapping[str, Any]]:
    return tuple(one for one in given if isinstance(one, dict)) if isinstance(given, list) else ()


def _mapping(given: Any) -> Mapping[str, Any]:
    return given if isinstance(given, Mapping) else {}


def _text(given: Any) -> str | None:
    return given if isinstance(given, str) and given else None
