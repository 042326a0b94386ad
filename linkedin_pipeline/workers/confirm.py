"""Reading back: where a publication is, and whether it says what was sent."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from linkedin_pipeline.domain.errors import PipelineError, ProviderDown
from linkedin_pipeline.domain.feed import MARGIN, Evidence, Found, evidence
from linkedin_pipeline.domain.feed_texts import same_text
from linkedin_pipeline.domain.publications import (
    Confirmation,
    Intent,
    Kind,
    Known,
    SeenPost,
    State,
)
from linkedin_pipeline.publishing_ports import PublicationDesk, Publisher

logger = logging.getLogger(__name__)


class Confirmer:
    """Looks at LinkedIn for what was sent."""

    def __init__(self, desk: PublicationDesk, publisher: Publisher) -> None:
        self._desk = desk
        self._publisher = publisher

    def confirm(
        self,
        intent: Intent,
        post_id: str | None,
        since: datetime | None = None,
        owner_id: str | None = None,
        known: Sequence[Known] = (),
    ) -> State:
        """Make an accepted post published, with what can be read of it; nothing undoes it."""
        seen, reason = None, "it is out"
        try:
            seen = self._publisher.read_post(intent.account, post_id) if post_id else None
            if seen is None and since is not None:
                shown = self.look(intent, since, owner_id, known, settled=False)
                seen = shown.post if isinstance(shown, Found) else None
            if seen is None:
                reason = "it is out; its address could not be read yet"
        except ProviderDown as down:
            reason = f"it is out; its address could not be read yet: {down.value}"
            logger.info("publish.not_read_back publication=%s", intent.publication_id)
        except PipelineError:
            raise
        except Exception as error:  # noqa: BLE001 - an odd answer must not undo what is out
            kind = type(error).__name__
            reason = f"it is out; its address could not be read ({kind})"
            logger.warning(
                "publish.not_read_back publication=%s error=%s", intent.publication_id, kind
            )
        differs = None if seen is None else not same_text(seen.text, intent.text, intent.mentions)
        if differs:
            reason = "it is out; LinkedIn shows other words than were sent"
        done = self._desk.confirm(intent, seen, reason, text_differs=differs)
        if done is Confirmation.TAKEN:
            reason = "it is out; the post that the answer named is another publication's"
            self._desk.confirm(intent, None, reason, text_differs=None)
        return State.PUBLISHED

    def look(
        self,
        intent: Intent,
        since: datetime,
        owner_id: str | None,
        known: Sequence[Known],
        *,
        settled: bool,
    ) -> Evidence:
        """Read the feed that the post would be in, and say what it proves.

        Raises:
            ProviderDown: it could not be read.
        """
        is_company = intent.kind is Kind.COMPANY
        owner = owner_id or self._owner(intent)
        feed = self._publisher.read_feed(
            intent.account, owner, since - MARGIN, is_company=is_company
        )
        return evidence(
            intent.text,
            intent.mentions,
            since,
            feed,
            known,
            settled=settled,
            external_link=intent.external_link,
        )

    def read(self, intent: Intent, post_id: str) -> SeenPost | None:
        """Read one post; None when it is not there.

        Raises:
            ProviderDown: it could not be read.
        """
        return self._publisher.read_post(intent.account, post_id)

    def _owner(self, intent: Intent) -> str:
        owner = self._publisher.owner(intent.account)
        self._desk.keep_owner(owner)
        if owner.provider_id is None:
            raise ProviderDown(
                f"account {intent.account}",
                "it does not say whose feed is its own",
                "It is asked again.",
            )
        return owner.provider_id
