"""Unipile v1: posts, feeds, profiles and accounts, with LinkedIn behind it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from starlette.routing import BaseRoute

from linkedin_pipeline.simulators import unipile_words as words
from linkedin_pipeline.simulators.buckets import Gauge, Overdrawn
from linkedin_pipeline.simulators.calls import Asked, Refusal, Reply, Work
from linkedin_pipeline.simulators.faults import FEED_FAULTS, POST_FAULTS, Fault, Faults, Kind
from linkedin_pipeline.simulators.ledger import Ledger
from linkedin_pipeline.simulators.simulator import Behaviour, Simulator
from linkedin_pipeline.simulators.unipile_accounts import Account, Accounts, Author
from linkedin_pipeline.simulators.unipile_admin import unipile_levers
from linkedin_pipeline.simulators.unipile_documents import (
    BROKEN,
    company_document,
    cursor,
    place,
    post_document,
)
from linkedin_pipeline.simulators.unipile_feed import Change, Feeds, Page, Post, changed
from linkedin_pipeline.simulators.unipile_habits import Habits
from linkedin_pipeline.simulators.unipile_ledger import Attempts
from linkedin_pipeline.simulators.unipile_posts import check, read_sent

STRANGER = "ACoAAstranger"
_CREATE = "POST /api/v1/posts"


class UnipileSimulator(Simulator):
    """Unipile; its base URL ends in ``/api/v1``.

    ``attempts`` is every post that it was sent, ``feeds`` what is published.
    """

    provider = "unipile"
    request_id_header = "x-request-id"

    def __init__(
        self,
        behaviour: Behaviour | None = None,
        *,
        accounts: Iterable[Account] = (),
        habits: Habits | None = None,
        faults: Faults | None = None,
        ledger: Ledger | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.habits = habits or Habits()
        self.accounts, self.feeds, self.attempts = Accounts(), Feeds(now), Attempts(now)
        self._first_accounts = tuple(accounts)
        self.accounts.put(self._first_accounts)
        super().__init__(behaviour, faults=faults, ledger=ledger, now=now)

    def routes(self) -> Sequence[tuple[str, str, Work]]:
        """Return method, path and work of every route."""
        return [
            ("POST", "/api/v1/posts", self.create_post),
            ("GET", "/api/v1/posts/{id}", self.one_post),
            ("GET", "/api/v1/users/me", self.owner),
            ("GET", "/api/v1/users/{identifier}/posts", self.posts_of),
            ("GET", "/api/v1/linkedin/company/{identifier}", self.company),
            ("GET", "/api/v1/accounts", self.list_accounts),
        ]

    def levers(self) -> Sequence[BaseRoute]:
        """Return routes of its own to be mounted at ``/_simulator``."""
        return unipile_levers(self)

    def reset(self) -> None:
        """Forget everything, as if started anew; behaviour and habits stay."""
        super().reset()
        self.attempts.clear()
        self.feeds.clear()
        self.accounts.clear()
        self.accounts.put(self._first_accounts)

    def connect(self, *accounts: Account) -> None:
        """Connect accounts, or change those that are there."""
        self.accounts.put(accounts)

    def plant(self, author: str, text: str, **rest: Any) -> Post:
        """Let a person publish by hand; ``at`` (epoch), ``delay`` (seconds) and ``shown`` as well.

        ``author`` is the provider id of a person, connected or not, or the id of a page.
        """
        return self.feeds.publish(author, text, by="hand", **rest)

    def received(self, asked: Asked) -> None:
        """Look at a call before anything is decided, and keep no more of it than is looked at."""
        if asked.route == _CREATE:
            sent = read_sent(asked.headers.get("content-type", ""), asked.body)
            asked.account = sent.account_id
            asked.body = json.dumps(sent.as_json()).encode()
            self.attempts.begin(asked.request_id, sent)
        else:
            asked.account = asked.query.get("account_id", "")
            asked.body = json.dumps({**asked.path, **asked.query}).encode()

    def record(
        self, asked: Asked, reply: Reply, shown: Reply | None = None, *, answered: bool = True
    ) -> None:
        """Write a call into both ledgers."""
        super().record(asked, reply, shown, answered=answered)
        if attempt := self.attempts.under_way(asked.request_id):
            status = (shown or reply).status if answered else None
            self.attempts.decide(attempt, status, tuple(asked.met))

    def answering(self, asked: Asked, status: int | None) -> None:
        """Learn that an answer is sent now, or (None) that the connection is reset instead."""
        if attempt := self.attempts.under_way(asked.request_id):
            self.attempts.end(attempt, answered=status is not None)

    def create_post(self, asked: Asked) -> Reply:
        """Publish a post at once."""
        attempt = self.attempts.under_way(asked.request_id)
        if attempt is None:  # it was held, and everything was forgotten meanwhile
            raise words.refused("service_unavailable")
        sent = attempt.sent
        check(sent)
        account = self.accounts.working(sent.account_id)
        author = account.provider_id
        if sent.as_organization is not None:
            author = account.organization(sent.as_organization).id
        self._refuse_duplicate(asked, author, sent.text)
        struck = {one.fault.kind: one.fault for one in self.take(asked, POST_FAULTS)}
        changes = self.habits.changes | {one for one in Change if Kind(one) in struck}
        late = struck.get(Kind.LATE_IN_FEED)
        post = self.feeds.publish(
            author,
            sent.text,
            changed(sent.text, sent.mentions, changes),
            delay=self.habits.feed_delay if late is None else late.seconds,
            account_id=account.id,
            as_organization=sent.as_organization,
            mentions=sent.mentions,
            media=sent.media,
            external_link=sent.external_link,
            request_id=asked.request_id,
        )
        attempt.accepted, attempt.post_id, attempt.author = True, post.id, author
        form = self.habits.id_form
        identity = (
            f"urn:li:share:{post.numbered('share')}" if form == "urn" else post.numbered(form)
        )
        answer = {"object": "PostCreated", "post_id": None if Kind.NULL_ID in struck else identity}
        return Reply.of(answer, status=201)

    def one_post(self, asked: Asked) -> Reply:
        """Show one post, by a bare number or a URN."""
        self._account(asked)
        identity = asked.path["id"]
        post = self.feeds.find(identity)
        if (
            post is None
            or (identity.isdigit() and not self.habits.bare_ids)
            or self.now() < post.at + self.habits.read_delay
        ):
            raise words.refused("resource_not_found", "Post not found.")
        return Reply.of(self._shown(post))

    def posts_of(self, asked: Asked) -> Reply:
        """List the posts of a person or a page, newest first."""
        self._account(asked)
        author = self._author(asked.path["identifier"], asked.query.get("is_company", "false"))
        limit = _limit(asked, 100)
        page = self._page(asked, author, limit)
        return Reply.of(
            {
                "object": "PostList",
                "items": [self._shown(post) for post in page.posts],
                "cursor": cursor(page.before),
                "paging": {"page_count": len(page.posts)},
            }
        )

    def owner(self, asked: Asked) -> Reply:
        """Show the person whose account it is."""
        return Reply.of(self._account(asked).owner())

    def company(self, asked: Asked) -> Reply:
        """Show a page, and what the account may do on it."""
        account = self._account(asked)
        author = self.accounts.author(asked.path["identifier"])
        if author is None or author.page is None:
            raise words.refused("resource_not_found", "Company not found.")
        return Reply.of(company_document(author.page, account))

    def list_accounts(self, asked: Asked) -> Reply:
        """List the connected accounts, in pages."""
        limit = _limit(asked, 250)
        start = place(asked.query.get("cursor"))
        first = int(start[0]) if start else 0
        listed = self.accounts.all()
        more = first + limit < len(listed)
        return Reply.of(
            {
                "object": "AccountList",
                "items": [one.shown() for one in listed[first : first + limit]],
                "cursor": cursor((first + limit, 0)) if more else None,
            }
        )

    def unknown_route(self, asked: Asked) -> Reply:
        """Refuse a call of a route that is not there."""
        raise words.refused("resource_not_found", f"Cannot {asked.route}")

    def check_key(self, asked: Asked) -> None:
        """Refuse a call without a key that is accepted."""
        key, accepted = asked.headers.get("x-api-key"), self.behaviour.accepted_keys
        if not key or (accepted is not None and key not in accepted):
            raise words.refused("missing_credentials")

    def refusal(self, fault: Fault, asked: Asked) -> Refusal:
        """Return a refusal that a fault asks for in Unipile's words."""
        del asked
        return words.wanted(fault, self.now())

    def over_limit(self, overdrawn: Overdrawn, asked: Asked) -> Refusal:
        """Return the refusal of a call above a rate limit; Unipile v1 has none of its own."""
        del overdrawn, asked
        return words.refused("too_many_requests")

    def error_document(self, refusal: Refusal, asked: Asked) -> object:
        """Return the body of an error."""
        del asked
        return words.document(refusal)

    def limit_headers(self, gauges: Mapping[str, Gauge]) -> Mapping[str, str]:
        """Return no headers: none are documented."""
        del gauges
        return {}

    def _account(self, asked: Asked) -> Account:
        return self.accounts.working(asked.account)

    def _author(self, identifier: str, is_company: str) -> Author:
        author = self.accounts.author(identifier)
        if author is None and self.feeds.has_author(identifier):
            author = Author(identifier, f"Somebody {identifier[-4:]}")
        if author is None or author.is_company != (is_company == "true"):
            raise words.refused("user_unreachable")
        return author

    def _shown(self, post: Post) -> dict[str, Any]:
        author = self.accounts.author(post.author) or Author(post.author, "Somebody")
        return post_document(post, author, self.now(), whole_seconds=self.habits.whole_seconds)

    def _page(self, asked: Asked, author: Author, limit: int) -> Page:
        struck = {one.fault.kind: one.fault for one in self.take(asked, FEED_FAULTS)}
        stale = struck.get(Kind.STALE_FEED)
        seen_at = self.now() - stale.seconds if stale else None
        page = self.feeds.page(author.id, limit, place(asked.query.get("cursor")), seen_at=seen_at)
        if Kind.MISSING_PAGE in struck and page.before:
            page = self.feeds.page(author.id, limit, page.before, seen_at=seen_at)
        newer_half = page.posts[: (len(page.posts) + 1) // 2]
        if Kind.EARLY_END in struck:
            page = Page(newer_half, None)
        if Kind.BROKEN_CURSOR in struck:
            page = Page(newer_half, BROKEN)
        return page

    def _refuse_duplicate(self, asked: Asked, author: str, text: str) -> None:
        """Refuse a text as LinkedIn does one that stands already; only on request."""
        own = self.feeds.with_text(author, text)
        if own and self.take(asked, [Kind.DUPLICATE_OWN]):
            twin = own[-1]
        elif self.take(asked, [Kind.DUPLICATE_OTHER]):
            twin = self.plant(STRANGER, text)
        else:
            return
        urn = f"urn:li:share:{twin.numbered('share')}"
        raise words.refused("action_already_performed", f"Content is a duplicate of {urn}")


def _limit(asked: Asked, most: int) -> int:
    given = asked.query.get("limit", "100")
    if not re.fullmatch(r"\d{1,4}", given) or not 1 <= int(given) <= most:
        raise words.refused("invalid_parameters", f"limit must be from 1 to {most}.")
    return int(given)
