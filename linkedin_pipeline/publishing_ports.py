"""What publishing and syncing ask of the outside, as Protocols; adapters and database meet them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from linkedin_pipeline.domain.alerts import Alert
from linkedin_pipeline.domain.calls import CallEnd, CallPermit
from linkedin_pipeline.domain.media import Attachment, MediaFile
from linkedin_pipeline.domain.publications import (
    Account,
    Confirmation,
    Doubtful,
    Due,
    Feed,
    Intent,
    Kind,
    PostOutcome,
    Refusal,
    SeenPost,
    State,
)


class CallLedger(Protocol):
    """Permission, pauses and record of calls that are not paid by the token; safe in threads.

    Raises (all methods): DatabaseDown when the database does not answer for a while.
    """

    def begin(
        self, provider: str, operation: str, subject: str = "", profile_id: UUID | None = None
    ) -> CallPermit:
        """Ask whether a call may be made now, and open its row in ``provider_calls``."""
        ...

    def end(self, call_id: UUID, end: CallEnd, status: int | None, seconds: float) -> None:
        """Close the call's row; an answer ends an expired pause and its incidents."""
        ...

    def pause(
        self,
        provider: str,
        code: str,
        reason: str,
        *,
        seconds: float | None = None,
        worker: str | None = None,
    ) -> float:
        """Have nobody call a provider for a while; return the seconds.

        Without ``seconds`` the pause is 60, doubled each time in a row up to 600.  With ``worker``
        it is an incident, of which ``ai_errors`` gets one row.
        """
        ...


class Publisher(Protocol):
    """LinkedIn, as a provider lets us write and read it; safe in threads."""

    def post(self, intent: Intent, files: Sequence[MediaFile], deadline: float) -> PostOutcome:
        """Make one POST, exactly one, and say what came of it; never raises for an answer.

        ``deadline`` is an instant of ``Clock.monotonic()`` after which not a byte is sent any more,
        so that a process that was frozen cannot publish what others have settled meanwhile.

        Raises:
            ProviderDown: no account can publish now (our key is refused, the address is wrong);
                nothing was published.
        """
        ...

    def read_post(self, account: str, post_id: str) -> SeenPost | None:
        """Read one post by any id that an answer named; None when it is not there (yet).

        Raises:
            ProviderDown: it could not be read.
        """
        ...

    def read_feed(self, account: str, owner_id: str, since: datetime, *, is_company: bool) -> Feed:
        """Read an author's or page's posts, newest first, back to ``since`` or to the end.

        A page that fails ends the feed, incomplete.

        Raises:
            ProviderDown: nothing could be read; the message says why.
        """
        ...

    def owner(self, account: str) -> Account:
        """Read whose account it is and which pages it administers.

        Raises:
            ProviderDown: it could not be read.
        """
        ...

    def accounts(self) -> Sequence[Account]:
        """Read every LinkedIn account with its state.

        Raises:
            ProviderDown: the list could not be read to its end.
        """
        ...


class MediaSource(Protocol):
    """Fetches the attachments of a post into temporary files; safe in threads."""

    def fetch(
        self, attachments: Sequence[Attachment], subject: str
    ) -> AbstractContextManager[Sequence[MediaFile]]:
        """Give all files, in the order of the attachments, until the context ends; or none.

        ``subject`` is the post, for errors, which are raised on entering.

        Raises:
            MediaRefused: an attachment can never be sent as it stands.
            ProviderDown: an attachment could not be had, and may be later.
            DatabaseDown: the ledger does not answer.
        """
        ...


class PublicationDesk(Protocol):
    """What is due, what was decided, and what became of it; the database's clock decides.

    What is recorded about an intent is fenced by its token; recording what is settled already
    changes nothing and is no error.  Safe in threads, and for any number of publishers at once.

    Raises (all methods): DatabaseDown when the database does not answer for a while.
    """

    def enabled(self) -> AbstractSet[Kind]:
        """Return the kinds of publications whose switch is on."""
        ...

    def prepare(self, kinds: Collection[Kind]) -> Mapping[str, int]:
        """Move everything that is decided without a call; return counts of what was moved.

        Intents whose publisher died become unconfirmed, late posts missed, held ones whose account
        is back pending, what was cancelled by hand cancelled whole.
        """
        ...

    def waits_for_accounts(self) -> bool:
        """Tell whether something due or held waits for an account that must be reconnected."""
        ...

    def due(self, limit: int, kinds: Collection[Kind]) -> Sequence[Due]:
        """Return what may go out now: the first of each account or page, the longest due first."""
        ...

    def commit(self, due: Due, files: Sequence[MediaFile], lease: timedelta) -> Intent | Refusal:
        """Commit the intent, with the text as it stands now, or say what stands in its way.

        Exactly one caller gets an intent for it.  The lease must outlast the call.
        """
        ...

    def fail(self, due: Due, reason: str) -> None:
        """End a due post before its intent: it can never go out as it stands."""
        ...

    def postpone(self, due: Due, reason: str, delay: timedelta) -> None:
        """Leave a due post pending before its intent; it is not looked at for ``delay``."""
        ...

    def record(self, intent: Intent, outcome: PostOutcome) -> State:
        """Record what the POST came to, at once; return the state that follows.

        `Accepted` is ``publishing`` until `confirm`, and can never be sent again.
        """
        ...

    def confirm(
        self, intent: Intent, seen: SeenPost | None, reason: str, *, text_differs: bool | None
    ) -> Confirmation:
        """Make it published, with what was read back; rules of company pages fire with it."""
        ...

    def doubtful(self, limit: int) -> Sequence[Doubtful]:
        """Return what must be found out now; nobody else is given the same for a minute."""
        ...

    def keep_owner(self, owner: Account) -> None:
        """Remember whose account it is."""
        ...

    def look_again(self, intent: Intent, reason: str) -> State:
        """Leave it unconfirmed and look again later; the reason is shown."""
        ...

    def retry(self, intent: Intent, reason: str) -> State:
        """Absence is proved: let it go out once more."""
        ...

    def hold(self, intent: Intent, reason: str) -> State:
        """Leave it to a person, with the evidence."""
        ...

    def record_accounts(self, accounts: Sequence[Account]) -> Mapping[str, int]:
        """Store the states of all accounts that there are; return counts of what changed."""
        ...


class Outbox(Protocol):
    """Messages about incidents that wait to be sent; safe in many processes.

    Raises (all methods): DatabaseDown when the database does not answer for a while.
    """

    def claim(self) -> Alert | None:
        """Take a message that is due; None when there is none, or the webhook is paused."""
        ...

    def sent(self, alert: Alert) -> None:
        """Write down that the webhook accepted it."""
        ...

    def failed(self, alert: Alert, error: str) -> None:
        """Write down why it did not; it is due again after a while that doubles."""
        ...


class Webhook(Protocol):
    """Where messages about incidents go."""

    def post(self, alert: Alert) -> str | None:
        """Post one message; return None once it was accepted, else what was met, no secret in it.

        Raises:
            DatabaseDown: the ledger of calls does not answer.
        """
        ...
