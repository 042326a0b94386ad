"""The ledger of publishing; the decisions are SQL functions (620 to 628), this reads and calls."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import timedelta
from typing import Any, assert_never
from uuid import UUID

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from linkedin_pipeline.database.connections import Connection, Database
from linkedin_pipeline.database.publication_rows import doubtful_of, mentions_of
from linkedin_pipeline.database.queries import query
from linkedin_pipeline.domain.errors import BadInput
from linkedin_pipeline.domain.media import MediaFile
from linkedin_pipeline.domain.publications import (
    Accepted,
    Account,
    AccountDown,
    Ambiguous,
    BadContent,
    Confirmation,
    Doubtful,
    Due,
    Duplicate,
    Intent,
    Kind,
    Limited,
    PostOutcome,
    Refusal,
    SeenPost,
    State,
    Unclear,
    Unsent,
)
from linkedin_pipeline.domain.publishing import PublishPolicy

_PATIENCE = timedelta(hours=6)
"""How long after the settle window an unreadable feed is tried, before a person is asked."""
_SOON = timedelta(seconds=10)
_UNSENT_DELAY = timedelta(seconds=20)
_NEVER_SENT = "nothing was sent"


class PostgresPublicationDesk:
    """Meets `PublicationDesk`; each call is one transaction."""

    def __init__(
        self, database: Database, policy: PublishPolicy, *, run_id: str | None = None
    ) -> None:
        self._database = database
        self._policy = policy
        self._run_id = run_id

    def enabled(self) -> AbstractSet[Kind]:
        """Return the kinds whose switch is on."""
        ((persons, pages),) = self._rows("publishing_switches", ())
        return {
            *([Kind.SCHEDULED, Kind.PRODUCTION] if persons else []),
            *([Kind.COMPANY] if pages else []),
        }

    def prepare(self, kinds: Collection[Kind]) -> Mapping[str, int]:
        """Move what is decided without a call."""
        arguments = (_words(kinds), self._policy.grace, self._run_id)
        return dict(self._rows("prepare_publishing", arguments))

    def waits_for_accounts(self) -> bool:
        """Tell whether an account that is not OK holds something up."""
        return bool(self._one("waits_for_accounts", ()))

    def due(self, limit: int, kinds: Collection[Kind]) -> Sequence[Due]:
        """Return what may go out now."""
        policy = self._policy
        arguments = (limit, _words(kinds), policy.grace, policy.spacing)
        return [
            Due(Kind(kind), source, account, attachments)
            for kind, source, account, attachments in self._rows("due_publications", arguments)
        ]

    def commit(self, due: Due, files: Sequence[MediaFile], lease: timedelta) -> Intent | Refusal:
        """Commit the intent, or say why not."""
        digests = [
            {"name": f.filename, "type": f.content_type, "size": f.size, "sha256": f.sha256}
            for f in files
        ]
        arguments = {
            "kind": due.kind,
            "source": due.source_id,
            "attachments": Jsonb(due.attachments),
            "media": Jsonb(digests),
            "lease": lease,
            "grace": self._policy.grace,
            "spacing": self._policy.spacing,
            "run": self._run_id,
        }
        (row,) = self._records("commit_intent", arguments)
        if row["code"] != "go":
            return Refusal(row["code"], row["reason"])
        try:
            mentions = mentions_of(row["mentions"])
        except BadInput as error:
            reason = f"{_NEVER_SENT}: {error}"
            self._settle((row["publication_id"], row["token"]), State.FAILED, reason)
            return Refusal("mentions", reason)
        return Intent(
            publication_id=row["publication_id"],
            token=row["token"],
            kind=due.kind,
            account=row["account"],
            text=row["text"],
            mentions=mentions,
            external_link=row["external_link"],
            as_organization=row["as_organization"],
            profile_id=row["profile_id"],
        )

    def fail(self, due: Due, reason: str) -> None:
        """End a due post before its intent."""
        self._leave(due, State.FAILED, reason, None)

    def postpone(self, due: Due, reason: str, delay: timedelta) -> None:
        """Leave a due post pending for a while."""
        self._leave(due, State.PENDING, reason, delay)

    def record(self, intent: Intent, outcome: PostOutcome) -> State:
        """Record what the POST came to."""
        key = (intent.publication_id, intent.token)
        match outcome:
            case Accepted(post_id):
                arguments = (*key, _storable(post_id), self._run_id)
                return State(self._one("accept_publication", arguments) or State.CANCELLED)
            case Ambiguous(reason):
                soon = min(_SOON, self._policy.settle)
                return self._settle(key, State.UNCONFIRMED, reason, doubt="no_answer", check=soon)
            case Duplicate(reason, post_id):
                return self._settle(
                    key,
                    State.UNCONFIRMED,
                    reason,
                    doubt="duplicate",
                    named=post_id,
                    check=timedelta(0),
                )
            case Unsent(reason, seconds):
                delay = timedelta(seconds=seconds) if seconds else _UNSENT_DELAY
                return self._settle(key, State.PENDING, reason, delay=delay)
            case Limited(reason, seconds):
                pause = (seconds, _storable(reason), intent.publication_id)
                self._one("pause_publishing_account", pause)
                return self._settle(key, State.PENDING, reason)
            case AccountDown(status, reason):
                self._do("mark_account", (status, intent.publication_id))
                return self._settle(key, State.HELD, reason, hold="account")
            case BadContent(reason):
                return self._settle(key, State.FAILED, reason)
            case Unclear(reason):
                return self._settle(key, State.HELD, reason, hold="person")
            case _:
                assert_never(outcome)

    def confirm(
        self, intent: Intent, seen: SeenPost | None, reason: str, *, text_differs: bool | None
    ) -> Confirmation:
        """Make it published."""
        arguments = {
            "publication": intent.publication_id,
            "token": intent.token,
            "external": seen.post_id if seen else None,
            "social": seen.social_id if seen else None,
            "url": seen.url if seen else None,
            "at": seen.at if seen else None,
            "differs": text_differs,
            "reason": reason,
            "run": self._run_id,
        }
        return Confirmation(self._one("confirm_publication", arguments))

    def doubtful(self, limit: int) -> Sequence[Doubtful]:
        """Return what must be found out now."""
        arguments = (limit, self._policy.settle, _PATIENCE)
        return [doubtful_of(row) for row in self._records("claim_doubtful", arguments)]

    def keep_owner(self, owner: Account) -> None:
        """Remember whose account it is."""
        arguments = {
            "account": owner.account,
            "provider": owner.provider_id,
            "identifier": owner.public_identifier,
            "organizations": Jsonb(list(owner.organizations)),
        }
        self._do("keep_owner", arguments)

    def look_again(self, intent: Intent, reason: str) -> State:
        """Look again within a minute, sooner where feeds are quick."""
        delay = min(max(self._policy.settle / 4, timedelta(seconds=1)), timedelta(minutes=1))
        key = (intent.publication_id, intent.token)
        return self._settle(key, State.UNCONFIRMED, reason, check=delay)

    def retry(self, intent: Intent, reason: str) -> State:
        """Let it go out once more."""
        arguments = (intent.publication_id, intent.token, reason, self._run_id)
        return State(self._one("retry_publication", arguments) or State.CANCELLED)

    def hold(self, intent: Intent, reason: str) -> State:
        """Leave it to a person."""
        return self._settle(
            (intent.publication_id, intent.token), State.HELD, reason, hold="person"
        )

    def record_accounts(self, accounts: Sequence[Account]) -> Mapping[str, int]:
        """Store the states of accounts."""
        listed = [
            {
                "account": one.account,
                "status": one.status,
                "provider_id": one.provider_id,
                "public_identifier": one.public_identifier,
            }
            for one in accounts
        ]
        (row,) = self._records("record_accounts", (Jsonb(listed),))
        return row

    def _leave(self, due: Due, state: State, reason: str, delay: timedelta | None) -> None:
        self._one("leave_due", (due.kind, due.source_id, state, reason, delay, self._run_id))

    def _settle(
        self,
        key: tuple[UUID, int],
        state: State,
        reason: str,
        *,
        hold: str | None = None,
        doubt: str | None = None,
        named: str | None = None,
        delay: timedelta | None = None,
        check: timedelta | None = None,
    ) -> State:
        arguments = {
            "publication": key[0],
            "token": key[1],
            "state": state,
            "reason": _storable(reason),
            "hold": hold,
            "doubt": doubt,
            "named": _storable(named),
            "delay": delay,
            "check": check,
            "run": self._run_id,
        }
        # none is left when its author was erased meanwhile
        return State(self._one("settle_publication", arguments) or State.CANCELLED)

    def _rows(self, statement: str, arguments: Any) -> list[tuple[Any, ...]]:
        return self._database.run(lambda c: c.execute(query(statement), arguments).fetchall())

    def _one(self, statement: str, arguments: Any) -> Any:
        rows = self._rows(statement, arguments)
        return rows[0][0] if rows else None

    def _do(self, statement: str, arguments: Any) -> None:
        self._database.run(lambda c: c.execute(query(statement), arguments))

    def _records(self, statement: str, arguments: Any) -> list[dict[str, Any]]:
        def work(connection: Connection) -> list[dict[str, Any]]:
            with connection.cursor(row_factory=dict_row) as cursor:
                return cursor.execute(query(statement), arguments).fetchall()

        return self._database.run(work)


def _words(kinds: Collection[Kind]) -> list[str]:
    return sorted(str(kind) for kind in kinds)


def _storable(words: str | None) -> str | None:
    """Return what PostgreSQL can hold of a provider's words: no NUL, no half of a surrogate pair.

    An answer that could not be recorded would be a doubt.
    """
    if words is None:
        return None
    return words.replace("\0", "").encode("utf-8", "replace").decode()
