"""The LinkedIn accounts that a simulated Unipile has connected, and the pages they may post as."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any

from linkedin_pipeline.domain.errors import BadInput
from linkedin_pipeline.simulators.calls import Refusal
from linkedin_pipeline.simulators.unipile_words import refused

STATUSES = ("OK", "STOPPED", "ERROR", "CREDENTIALS", "PERMISSIONS", "CONNECTING")


@dataclass(frozen=True, slots=True)
class Organization:
    """A page; ``can_post`` False leaves its administrator without the right to post."""

    id: str
    name: str = ""
    mailbox_id: str = ""
    can_post: bool = True

    def shown(self) -> dict[str, Any]:
        """Return the page as the profile of its administrator lists it."""
        return {
            "id": self.id,
            "mailbox_id": self.mailbox_id or f"mailbox_{self.id}",
            "name": self.name or f"Page {self.id}",
        }


@dataclass(frozen=True, slots=True)
class Account:
    """A connected account; ``provider_id`` names the person on LinkedIn."""

    id: str
    name: str = ""
    provider_id: str = ""
    public_identifier: str = ""
    organizations: tuple[Organization, ...] = ()
    status: str = "OK"

    @classmethod
    def from_json(cls, document: object) -> Account:
        """Read an account from what the admin API was sent; only ``id`` is needed.

        Raises:
            BadInput: a key or a value is not usable.
        """
        if not isinstance(document, Mapping) or not isinstance(document.get("id"), str):
            raise BadInput("account", f"{document!r} has no id", 'Send {"id": "…"}.')
        given = dict(document)
        pages = given.pop("organizations", [])
        if unknown := given.keys() - {one.name for one in fields(cls)}:
            raise BadInput("account", f"unknown key {min(unknown)!r}", "See the class Account.")
        if given.get("status", "OK") not in STATUSES:
            raise BadInput("account", "unknown status", f"Known: {', '.join(STATUSES)}.")
        try:
            return cls(**given, organizations=tuple(Organization(**page) for page in pages))
        except TypeError:
            raise BadInput("account", "organizations", "See the class Organization.") from None

    def named(self) -> Account:
        """Return the account with what was left open filled in from its id."""
        return replace(
            self,
            name=self.name or f"Person {self.id}",
            provider_id=self.provider_id or f"ACoAA{self.id}",
            public_identifier=self.public_identifier or f"person-{self.id.lower()}",
        )

    def organization(self, wanted: str) -> Organization:
        """Return the page that an id or a URN names.

        Raises:
            Refusal: the account does not administer it or may not post on it.
        """
        # whether the id or the URN is expected is not documented
        number = wanted.rsplit(":", 1)[-1]
        for page in self.organizations:
            if page.id == number and page.can_post:
                return page
        raise refused("insufficient_permissions", "You cannot act for this organization.")

    def shown(self) -> dict[str, Any]:
        """Return the account as the list of accounts shows it; it has no status of its own."""
        return {
            "object": "Account",
            "type": "LINKEDIN",
            "id": self.id,
            "name": self.name,
            "created_at": "2026-01-05T09:00:00.000Z",
            "connection_params": {
                "im": {
                    "id": self.provider_id,
                    "username": self.name,
                    "publicIdentifier": self.public_identifier,
                    "premiumContractId": None,
                    "organizations": [page.shown() for page in self.organizations],
                }
            },
            "groups": [],
            "sources": [{"id": f"{self.id}_MESSAGING", "status": self.status}],
        }

    def owner(self) -> dict[str, Any]:
        """Return the profile of the person whose account it is."""
        first, _, last = self.name.partition(" ")
        return {
            "object": "AccountOwnerProfile",
            "provider": "LINKEDIN",
            "provider_id": self.provider_id,
            "entity_urn": f"urn:li:fsd_profile:{self.provider_id}",
            "public_identifier": self.public_identifier,
            "first_name": first,
            "last_name": last,
            "premium": False,
            "organizations": [page.shown() for page in self.organizations],
        }


@dataclass(frozen=True, slots=True)
class Author:
    """A person, or a page, with a feed; ``account`` is theirs, or administers the page."""

    id: str
    name: str
    account: Account | None = None
    page: Organization | None = None

    @property
    def is_company(self) -> bool:
        """Tell whether it is a page: their ids are digits."""
        return self.id.isdigit()

    def shown(self) -> dict[str, Any]:
        """Return the author as posts show it."""
        public = self.account.public_identifier if self.account and not self.page else None
        return {
            "id": self.id,
            "public_identifier": public,
            "name": self.name,
            "is_company": self.is_company,
        }


class Accounts:
    """The connected accounts by id, in the order they were connected; safe between threads."""

    def __init__(self) -> None:
        self._accounts: dict[str, Account] = {}
        self._authors: dict[str, Author] = {}
        self._lock = threading.Lock()

    def put(self, accounts: Iterable[Account]) -> None:
        """Connect accounts, or change those that are there."""
        with self._lock:
            for one in (account.named() for account in accounts):
                self._accounts[one.id] = one
                self._authors[one.provider_id] = Author(one.provider_id, one.name, one)
                for page in one.organizations:
                    self._authors[page.id] = Author(page.id, page.shown()["name"], one, page)

    def clear(self) -> None:
        """Disconnect every account."""
        with self._lock:
            self._accounts.clear()
            self._authors.clear()

    def all(self) -> list[Account]:
        """Return every account."""
        with self._lock:
            return list(self._accounts.values())

    def working(self, identity: str) -> Account:
        """Return an account that can be used.

        Raises:
            Refusal: there is none with this id, or its connection is broken.
        """
        if not identity:
            raise refused("missing_parameters", "account_id is required.")
        account = self._accounts.get(identity)
        if account is None:
            raise refused("resource_not_found", "Account not found.")
        if broken := _BROKEN.get(account.status):
            raise broken()
        return account

    def author(self, identity: str) -> Author | None:
        """Return the person or page with a provider id, an organization id or the URN of one."""
        return self._authors.get(identity.rsplit(":", 1)[-1])


def _gone() -> Refusal:
    return refused("disconnected_account")


def _silent() -> Refusal:
    return refused("no_client_session", "No client session is running for this account.")


_BROKEN = {
    "CREDENTIALS": _gone,
    "PERMISSIONS": lambda: refused("insufficient_permissions", "Permissions were withdrawn."),
    "STOPPED": _silent,
    "ERROR": _silent,
    "CONNECTING": _silent,
}


def instant(at: float) -> str:
    """Write seconds since the epoch as Unipile writes an instant."""
    written = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    return written.replace("+00:00", "Z")
