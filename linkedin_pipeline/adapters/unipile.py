"""Unipile v1: LinkedIn written and read, with every call in the ledger.

Wire facts: https://developer.unipile.com/reference.  The key goes in ``X-API-KEY``, the account in
the query or, for a POST, in the form.  There is no idempotency key, so a POST is made once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from linkedin_pipeline.adapters import http, unipile_accounts, unipile_errors, unipile_posts
from linkedin_pipeline.adapters.http import Answer, Call, CallFailed, HttpCaller, repeated
from linkedin_pipeline.adapters.unipile_errors import Unreadable
from linkedin_pipeline.adapters.unipile_feed import Page, page_of, read_feed
from linkedin_pipeline.adapters.wire import retry_after
from linkedin_pipeline.domain.errors import DatabaseDown, ProviderDown
from linkedin_pipeline.domain.media import MediaFile
from linkedin_pipeline.domain.publications import (
    PUBLISH_WORKER,
    Accepted,
    Account,
    Ambiguous,
    BadContent,
    Feed,
    Intent,
    PostOutcome,
    SeenPost,
    Unsent,
)
from linkedin_pipeline.publishing_ports import CallLedger

logger = logging.getLogger(__name__)

PROVIDER = "unipile"
_AGAIN = "It is asked again by itself."
_MOST_ACCOUNT_PAGES = 100
_NOT_THERE = {"resource_not_found", "invalid_resource_identifier"}


class UnipilePublisher:
    """Meets `Publisher`; ``base_url`` ends in ``/api/v1``.

    ``timeout`` bounds each wait for the network and ``longest`` a whole call, in seconds; a file
    that is large takes as long as its deadline allows, if that is less.
    """

    def __init__(
        self,
        api_key: str,
        base_url: str,
        ledger: CallLedger,
        sleep: Callable[[float], None],
        *,
        timeout: float = 30.0,
        longest: float = 60.0,
    ) -> None:
        self._key = api_key
        self._ledger = ledger
        self._sleep = sleep
        self._http = HttpCaller(
            PROVIDER,
            base_url.rstrip("/"),
            {"X-API-KEY": api_key},
            ledger,
            timeout=timeout,
            longest=longest,
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def post(self, intent: Intent, files: Sequence[MediaFile], deadline: float) -> PostOutcome:
        """Make one POST, exactly one, and say what came of it."""
        with ExitStack() as opened:
            try:
                parts = unipile_posts.form(intent)
                for file in files:
                    content = opened.enter_context(Path(file.path).open("rb"))
                    parts.append(unipile_posts.attachment(file, content))
            except UnicodeEncodeError:  # half a surrogate pair; the error holds the text
                return BadContent("UTF-8 cannot hold the text.")
            except OSError as error:
                return Unsent(f"a fetched file cannot be read ({type(error).__name__})")
            call = Call(
                "post",
                "POST",
                "/posts",
                subject=str(intent.publication_id),
                profile_id=intent.profile_id,
                files=parts,
                deadline=deadline,
            )
            try:
                answer = self._http.send(call)
            except http.Unsent as error:
                return Unsent(str(error))
            except http.Unanswered as error:
                return Ambiguous(str(error))
            except DatabaseDown:  # it was asked for permission; the call was not made
                return Unsent("the ledger of calls does not answer")
        return self._outcome(answer, intent)

    def read_post(self, account: str, post_id: str) -> SeenPost | None:
        """Read one post by any id that an answer named."""
        for name in unipile_posts.names(post_id):
            answer = self._get(
                "read_post", f"/posts/{quote(name, safe='')}", account, subject=post_id
            )
            if answer.status == 404 or unipile_errors.error_type(answer) in _NOT_THERE:
                continue
            document = self._document(answer)
            try:
                shown = unipile_posts.seen(document)
            except Unreadable as error:
                raise self._down(str(error)) from None
            return _also_named(shown, unipile_posts.ids(post_id, name))
        return None

    def read_feed(self, account: str, owner_id: str, since: datetime, *, is_company: bool) -> Feed:
        """Read an author's or page's posts, newest first, back to ``since`` or to the end."""

        def fetch(cursor: str | None) -> Page:
            query = {"limit": "100", "is_company": str(is_company).lower()}
            return self._page(
                "read_feed", f"/users/{quote(owner_id, safe='')}/posts", account, query, cursor
            )

        return read_feed(fetch, since)

    def owner(self, account: str) -> Account:
        """Read whose account it is and which pages it administers."""
        document = self._document(self._get("owner", "/users/me", account))
        try:
            return unipile_accounts.owner(account, document)
        except Unreadable as error:
            raise self._down(str(error)) from None

    def accounts(self) -> Sequence[Account]:
        """Read every LinkedIn account with its state."""
        found: dict[str, Account] = {}
        cursor: str | None = None
        met: set[str] = set()
        for _ in range(_MOST_ACCOUNT_PAGES):
            page = self._page("accounts", "/accounts", None, {"limit": "250"}, cursor)
            for item in page.items:
                try:
                    account = unipile_accounts.listed(item)
                except Unreadable as error:
                    raise self._down(f"the list of accounts: {error}") from None
                if account is not None:
                    found[account.account] = account
            if page.cursor is None:
                return tuple(found.values())
            if page.cursor in met:
                break
            cursor = page.cursor
            met.add(cursor)
        raise self._down("the list of accounts has no end")

    def _outcome(self, answer: Answer, intent: Intent) -> PostOutcome:
        if answer.status == 201:
            try:
                return Accepted(unipile_posts.accepted_id(answer.document))
            except Unreadable as error:
                return Ambiguous(f"HTTP 201: {error}")
        came = unipile_errors.outcome(answer, intent, self._key)
        if isinstance(came, unipile_errors.Closed):
            raise self._closed(came)
        return came

    def _get(
        self,
        operation: str,
        path: str,
        account: str | None,
        query: Mapping[str, str] | None = None,
        *,
        subject: str | None = None,
    ) -> Answer:
        whose = {} if account is None else {"account_id": account}
        call = Call(
            operation,
            "GET",
            path,
            subject=subject or account or "",
            query={**whose, **(query or {})},
        )
        try:
            return repeated(lambda: self._http.send(call), self._sleep)
        except CallFailed as error:
            raise self._down(str(error)) from None

    def _page(
        self,
        operation: str,
        path: str,
        account: str | None,
        query: Mapping[str, str],
        cursor: str | None,
    ) -> Page:
        going_on = {} if cursor is None else {"cursor": cursor}
        document = self._document(self._get(operation, path, account, {**query, **going_on}))
        try:
            return page_of(document)
        except Unreadable as error:
            raise self._down(str(error)) from None

    def _document(self, answer: Answer) -> Any:
        """Return what was read, or raise `ProviderDown` with what the provider said."""
        if answer.ok:
            return answer.document
        said = unipile_errors.words(answer, secret=self._key)
        if closed := unipile_errors.closed(answer, said):
            raise self._closed(closed)
        raise self._down(f"HTTP {answer.status}: {said}", retry_after(answer.headers))

    def _closed(self, closed: unipile_errors.Closed) -> ProviderDown:
        """Pause the provider for everybody, as an incident, and return the error to raise."""
        try:
            wait = self._ledger.pause(
                PROVIDER, closed.code, f"{closed.reason}. {closed.remedy}", worker=PUBLISH_WORKER
            )
        except DatabaseDown:  # what was answered is known all the same
            logger.warning("pause.not_recorded provider=%s code=%s", PROVIDER, closed.code)
            wait = None
        return ProviderDown(PROVIDER, closed.reason, closed.remedy, retry_after=wait)

    def _down(self, value: str, wait: float | None = None) -> ProviderDown:
        return ProviderDown(PROVIDER, value, _AGAIN, retry_after=wait)


def _also_named(shown: SeenPost, asked: frozenset[str]) -> SeenPost:
    """Add the names that a post was found by: the number of a share is not that of its activity."""
    return replace(shown, ids=shown.ids | asked)
