"""A LinkedIn in memory and a plan in a real database, for publishing passes."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.log import PostgresWorkLog
from linkedin_pipeline.database.publications import PostgresPublicationDesk
from linkedin_pipeline.domain.media import Attachment, MediaFile
from linkedin_pipeline.domain.publications import (
    Accepted,
    Account,
    Feed,
    Intent,
    PostOutcome,
    SeenPost,
)
from linkedin_pipeline.domain.publishing import PublishPolicy
from linkedin_pipeline.wiring import SystemClock
from linkedin_pipeline.workers.publish import PublishLimits, PublishReport, publish_pass
from linkedin_pipeline_tests.sql.bank import Connection, rows

QUICK = PublishPolicy(
    settle=timedelta(0), grace=timedelta(hours=6), spacing=timedelta(0), unconfirmed="retry"
)


@dataclass
class LinkedIn:
    """Takes posts and shows feeds; `answers` say what a POST comes to, first those for its text.

    An answer is called with the post that would be made and a function that makes it.
    """

    answers: dict[str, list[Callable[[Callable[[], SeenPost]], PostOutcome]]] = field(
        default_factory=dict
    )
    feeds: dict[str, list[SeenPost]] = field(default_factory=dict)
    posted: list[Intent] = field(default_factory=list)
    listed: list[Account] = field(default_factory=list)
    trouble: str | None = None
    _numbers: Iterator[int] = field(default_factory=lambda: count(7_000_000_001))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def post(self, intent: Intent, files: Sequence[MediaFile], deadline: float) -> PostOutcome:
        """Do what the script says, or publish."""
        del files, deadline
        with self._lock:
            self.posted.append(intent)
            script = self.answers.get(intent.text)
            answer = script.pop(0) if script else None

        def make() -> SeenPost:
            return self.plant(owner_of(intent), intent.text)

        if answer is not None:
            return answer(make)
        return Accepted(make().post_id)

    def plant(self, owner: str, text: str, at: datetime | None = None) -> SeenPost:
        """Put a post into a feed."""
        with self._lock:
            number = str(next(self._numbers))
            seen = SeenPost(
                ids=frozenset({number, f"urn:li:activity:{number}"}),
                text=text,
                at=(at or datetime.now(UTC)).replace(microsecond=0),
                post_id=number,
                social_id=f"urn:li:activity:{number}",
                url=f"https://www.linkedin.com/feed/update/urn:li:activity:{number}",
                author_id=owner,
            )
            self.feeds.setdefault(owner, []).insert(0, seen)
            return seen

    def read_post(self, account: str, post_id: str) -> SeenPost | None:
        """Find a post by any id."""
        del account
        return next((p for feed in self.feeds.values() for p in feed if post_id in p.ids), None)

    def read_feed(self, account: str, owner_id: str, since: datetime, *, is_company: bool) -> Feed:
        """Show a whole feed."""
        del account, since, is_company
        return Feed(list(self.feeds.get(owner_id, [])), self.trouble is None, self.trouble)

    def owner(self, account: str) -> Account:
        """Name the owner of an account."""
        return Account(account, "OK", provider_id=f"ACo{account}")

    def accounts(self) -> Sequence[Account]:
        """List accounts."""
        return self.listed

    def times(self) -> Counter[tuple[str, str]]:
        """Count texts by whose feed they are in."""
        return Counter((owner, p.text) for owner, feed in self.feeds.items() for p in feed)


def owner_of(intent: Intent) -> str:
    """Return whose feed an intent ends up in."""
    return intent.as_organization or f"ACo{intent.account}"


class NoMedia:
    """Fetches nothing."""

    @contextmanager
    def fetch(
        self, attachments: Sequence[Attachment], subject: str
    ) -> Iterator[Sequence[MediaFile]]:
        """Give no files."""
        del attachments, subject
        yield ()


def publish(
    database: Database,
    linkedin: LinkedIn,
    policy: PublishPolicy = QUICK,
    media: Any = None,
) -> PublishReport:
    """Make one pass."""
    return publish_pass(
        PostgresPublicationDesk(database, policy),
        linkedin,
        media or NoMedia(),
        PostgresWorkLog(database),
        SystemClock(),
        PublishLimits(threads=4, unconfirmed=policy.unconfirmed),
    )


def author(connection: Connection, name: str = "Ada", status: str = "OK") -> tuple[UUID, UUID]:
    """Make a profile with a connected account; return both ids."""
    ((profile,),) = rows(
        connection,
        "insert into profiles (full_name, linkedin_id) values (%s, %s) returning id",
        name,
        name.lower(),
    )
    ((account,),) = rows(
        connection,
        "insert into unipile_accounts (profile_id, unipile_account_id, status) values (%s, %s, %s) "
        "returning id",
        profile,
        f"account-{name.lower()}",
        status,
    )
    return profile, account


def schedule(
    connection: Connection, profile: UUID, text: str, minutes_ago: float = 1, *, account: Any = None
) -> UUID:
    """Plan a post, for the given account or the author's."""
    ((post,),) = rows(
        connection,
        "insert into scheduled_posts (author_id, content, scheduled_at) "
        "values (%s, %s, now() - make_interval(secs => %s)) returning id",
        profile,
        text,
        minutes_ago * 60,
    )
    if account is not None:
        rows(
            connection,
            "insert into scheduled_post_accounts (scheduled_post_id, unipile_account_id) "
            "values (%s, %s) returning id",
            post,
            account,
        )
    assert isinstance(post, UUID)
    return post


def state(connection: Connection, post: UUID) -> tuple[str, str | None]:
    """Return a scheduled post's state and reason."""
    ((status, reason),) = rows(
        connection, "select status, error_message from scheduled_posts where id = %s", post
    )
    return status, reason
