"""The words of publishing: targets, intents, what an answer means, what a feed shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeAlias
from uuid import UUID

PUBLISH_WORKER = "publish_scheduled"
PAGES_WORKER = "publish_company_pages"
"""The switches and log rows of publishing (CONTRACT 3.1)."""


class State(StrEnum):
    """Where a publication stands; one list for every table of publishing (CONTRACT 3.1)."""

    PENDING = "pending"
    PUBLISHING = "publishing"
    PUBLISHED = "published"
    FAILED = "failed"
    MISSED = "missed"
    CANCELLED = "cancelled"
    HELD = "held"
    UNCONFIRMED = "unconfirmed"


class Kind(StrEnum):
    """What a publication comes from."""

    SCHEDULED = "scheduled"
    """A row of ``scheduled_post_accounts``."""
    PRODUCTION = "production"
    """A row of ``production_posts`` that no scheduled post names."""
    COMPANY = "company"
    """A row of ``company_published_posts``."""


@dataclass(frozen=True, slots=True)
class Due:
    """A text that is due for one account, not committed yet: it may still be edited or cancelled.

    ``source_id`` is the id of the row that ``kind`` names; ``attachments`` are as they stand there.
    """

    kind: Kind
    source_id: UUID
    account_id: UUID
    attachments: Sequence[Any] = ()


@dataclass(frozen=True, slots=True)
class Mention:
    """Somebody named in a text, by ``{{n}}`` where n is the place in the list of mentions."""

    name: str
    profile_id: str
    is_company: bool = False


@dataclass(frozen=True, slots=True)
class Intent:
    """A decision to publish one text to one account, committed before the call.

    ``token`` fences what is recorded about it: each POST has its own.  ``account`` is Unipile's id,
    ``as_organization`` the page's id there.  ``mentions`` are as stored; the text is exact.
    """

    publication_id: UUID
    token: int
    kind: Kind
    account: str
    text: str
    mentions: tuple[Mention, ...] = ()
    external_link: str | None = None
    as_organization: str | None = None
    profile_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an intent was not committed; ``code`` is for machines."""

    code: str
    reason: str


# What one POST came to.


@dataclass(frozen=True, slots=True)
class Accepted:
    """It is published; ``post_id`` may be missing all the same."""

    post_id: str | None


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """It may be published or not: no answer, or an error after which either is possible."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unsent:
    """Nothing was asked of the provider; the same post may go out in a later pass."""

    reason: str
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class BadContent:
    """The provider refused this post, in words of its own."""

    reason: str


@dataclass(frozen=True, slots=True)
class AccountDown:
    """The account must be reconnected by a person; ``status`` as in ``unipile_accounts``."""

    status: str
    reason: str


@dataclass(frozen=True, slots=True)
class Limited:
    """The account published too much; ``seconds`` is the provider's wish, None when it named none.

    Nothing was published.
    """

    reason: str
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The provider says that this text is out already, as ``post_id`` where it names one."""

    reason: str
    post_id: str | None = None


@dataclass(frozen=True, slots=True)
class Unclear:
    """A definite refusal whose meaning is not known: for a person to look at."""

    reason: str


PostOutcome: TypeAlias = (
    Accepted | Ambiguous | Unsent | BadContent | AccountDown | Limited | Duplicate | Unclear
)


# What is seen afterwards.


@dataclass(frozen=True, slots=True)
class SeenPost:
    """A post as a feed or a read-back shows it; ``at`` may be cut to seconds, None unreadable.

    ``ids`` are all names it has: its id, its social id (a URN), the numbers in both.  ``post_id``
    is the provider's id, ``author_id`` a person's provider id or a page's number.  A repost is a
    person's: we make none.
    """

    ids: frozenset[str]
    text: str
    at: datetime | None
    post_id: str | None = None
    social_id: str | None = None
    url: str | None = None
    author_id: str | None = None
    is_repost: bool = False


@dataclass(frozen=True, slots=True)
class Feed:
    """Posts of one author as far as they were read, newest first.

    ``complete``: read to its end, or to a page whose last post is older than what was asked for.
    ``trouble`` says why it is not complete.
    """

    posts: Sequence[SeenPost]
    complete: bool
    trouble: str | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """Another publication of ours to the same target, to tell its post in a feed from strangers.

    ``ids`` are empty while its own outcome is unknown.  ``certain``: it is out, and for longer than
    a feed may lag, so that a feed without it is not up to date.
    """

    ids: frozenset[str]
    text: str
    mentions: tuple[Mention, ...]
    at: datetime
    certain: bool


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A publication whose outcome is to be found out, or whose ids are to be read.

    ``intent_at`` is the time of the first POST that may have worked.  ``accepted``: the provider
    said that it is out; only ids and address are missing.  ``post_id`` is what it named then, or,
    with ``duplicate``, as the post that has this text already.  ``settled``: the feed has had the
    time that it may lag; ``overdue``: long ago.  ``retries`` counts POSTs that were repeated after
    absence was proved.  ``owner_id`` is the feed's owner, a
    person's provider id or a page's number, None when not known yet.
    """

    intent: Intent
    state: State
    intent_at: datetime
    accepted: bool
    duplicate: bool
    post_id: str | None
    settled: bool
    overdue: bool
    retries: int
    checks: int
    owner_id: str | None
    known: Sequence[Known] = ()


class Confirmation(StrEnum):
    """What confirming a publication came to."""

    CONFIRMED = "confirmed"
    BEFORE = "published"
    """It was published before; what was missing is filled in."""
    TAKEN = "taken"
    """The post that was seen is another publication's."""
    SUPERSEDED = "superseded"
    """Another POST was made since, or the publication is gone."""


@dataclass(frozen=True, slots=True)
class Account:
    """A LinkedIn account as Unipile lists it; ``status`` as in ``unipile_accounts``.

    ``public_identifier`` is what stands after ``/in/``; ``organizations`` are the pages that it
    administers, as the provider lists them.
    """

    account: str
    status: str
    provider_id: str | None = None
    public_identifier: str | None = None
    organizations: Sequence[Mapping[str, Any]] = field(default_factory=tuple)
