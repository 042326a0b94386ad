"""Is a post out?  What a feed proves, and what it does not.

A feed may lag, cut times to seconds, shorten links, render mentions and cut texts off; it may be
cut short by an error, or come from a cache.  So a post is adopted only when text and time say that
it is ours and nobody else's, and absent only when the feed was read far enough and shows nothing
that could be ours.  Whatever is left is for another look, or for a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from linkedin_pipeline.domain.feed_texts import Likeness, Sent, names_linkedin
from linkedin_pipeline.domain.publications import Feed, Known, Mention, SeenPost

MARGIN = timedelta(minutes=2)
"""How much earlier than our intent a feed may date the post: clocks differ, and feeds cut times."""
PROMPT = timedelta(minutes=15)
"""How much later than our intent a feed dates what a call made at once."""
REPEATED = timedelta(days=30)
"""How long a text counts as out already: the same time for which a person is asked before it is
published once more."""


@dataclass(frozen=True, slots=True)
class Found:
    """The post is out; ``text_differs`` when the feed shows other words than were sent."""

    post: SeenPost
    text_differs: bool


@dataclass(frozen=True, slots=True)
class Absent:
    """It is proved not to be out; ``reason`` says by what."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unproved:
    """Neither; ``reason`` says why.  ``final``: looking again will not tell."""

    reason: str
    final: bool


Evidence: TypeAlias = Found | Absent | Unproved


def evidence(
    text: str,
    mentions: Sequence[Mention],
    intent_at: datetime,
    feed: Feed,
    known: Sequence[Known],
    *,
    settled: bool,
    external_link: str | None = None,
) -> Evidence:
    """Say what a feed proves about a text that was sent at ``intent_at``.

    ``known`` are other publications of ours to the same target; a post that is one of them, or as
    well may be, is never taken for this one.  ``settled``: the feed has had the time that it may
    lag.  ``external_link`` is what was sent with the text.
    """
    look = _Look(text, mentions, intent_at, feed, known, external_link)
    return look.found() or look.not_yet(settled=settled) or look.doubt() or look.absent()


class _Look:
    """One look at a feed, with everything in it that is not known sorted by whose it may be."""

    def __init__(
        self,
        text: str,
        mentions: Sequence[Mention],
        intent_at: datetime,
        feed: Feed,
        known: Sequence[Known],
        external_link: str | None,
    ) -> None:
        self.intent_at = intent_at
        self.since = intent_at - MARGIN
        self.feed = feed
        self.known = known
        self.sent = Sent(text, mentions)
        # a post with a link to another post of LinkedIn's may be shown as a repost of that
        self.may_be_repost = names_linkedin(text) or names_linkedin(external_link or "")
        self.unknown = [p for p in feed.posts if not any(p.ids & one.ids for one in known)]
        # those of ours whose post is not told by its ids: not out, or under another kind of id
        unseen = [one for one in known if not any(p.ids & one.ids for p in feed.posts)]
        self.rivals = [(one, Sent(one.text, one.mentions)) for one in unseen]

    def found(self) -> Found | Unproved | None:
        """Return the post that is ours and nobody else's, or why it cannot be told."""
        likely = [(p, like) for p in self.unknown if (like := self._likeness(p))]
        ours = [(p, like) for p, like in likely if p.at is not None and p.at >= self.since]
        sole = [(p, like) for p, like in ours if not self._is_claimed(p)]
        if sole:
            # of several, as after a repetition by hand, the first is what the call made
            post, like = min(sole, key=lambda one: (one[1], one[0].at))
            return Found(post, text_differs=like is not Likeness.SAME)
        if ours:
            return Unproved(
                "the feed shows this text, but another publication of it is in doubt too",
                final=False,
            )
        return None

    def not_yet(self, *, settled: bool) -> Unproved | None:
        """Return why a feed without the post does not prove anything yet."""
        if not self.feed.complete:
            reason = f"the feed could not be read far enough: {self.feed.trouble}"
            return Unproved(reason, final=False)
        if not settled:
            return Unproved("the feed may still lag", final=False)
        if self._is_stale():
            return Unproved("the feed does not show what we published before", final=False)
        return None

    def doubt(self) -> Unproved | None:
        """Return what in a feed without the post could be the post all the same."""
        exact = [p for p in self.unknown if self.sent.likeness(p.text) is Likeness.SAME]
        if any(p.at is None for p in exact):
            return Unproved("the feed shows this text without a date", final=True)
        if any(p.at is not None and p.at >= self.since for p in exact):
            return Unproved("the feed shows this text as a repost", final=True)
        recent = [p for p in exact if p.at is not None and p.at >= self.intent_at - REPEATED]
        if any(not self._is_claimed(p) for p in recent):
            return Unproved("the feed shows this text already, from before the call", final=True)
        newer = [p for p in self.unknown if self._could_be_ours(p)]
        if newer:
            posts = "a post" if len(newer) == 1 else f"{len(newer)} posts"
            reason = f"the feed shows {posts} since then that we do not know"
            return Unproved(reason, final=True)
        return None

    def absent(self) -> Absent:
        """Return by what it is proved that the post is not out."""
        return Absent(
            "the feed is empty"
            if not self.feed.posts
            else "the feed was read back beyond the call and shows nothing that could be this post"
        )

    def _likeness(self, post: SeenPost) -> Likeness | None:
        """Say how much a post is like ours; one that only begins alike must be of that moment."""
        if post.is_repost and not self.may_be_repost:
            return None
        like = self.sent.likeness(post.text)
        prompt = post.at is not None and post.at <= self.intent_at + PROMPT
        return like if like is Likeness.SAME or prompt else None

    def _is_claimed(self, post: SeenPost) -> bool:
        """Tell whether a post may be another of ours as well, by its text and its time."""
        return any(
            sent.likeness(post.text) is not None and _may_be_of(one, post)
            for one, sent in self.rivals
        )

    def _could_be_ours(self, post: SeenPost) -> bool:
        """Tell whether a post that is not like ours may be ours, changed beyond recognition."""
        if post.at is not None and post.at < self.since:
            return False
        if post.is_repost and not self.may_be_repost:
            return False
        return self.sent.likeness(post.text) is not None or not self._is_claimed(post)

    def _is_stale(self) -> bool:
        """Tell whether something is missing that is out for certain, where it would stand.

        Of what is older than the call only the last counts: anything may have been deleted.  A
        feed that shows nothing of that age says that it has ended, and must have shown it.
        """
        certain = sorted((one for one in self.known if one.certain), key=lambda one: one.at)
        dated = [p.at for p in self.feed.posts if p.at is not None and not p.is_repost]
        reaches = min(dated) if dated else None
        due = [one for one in certain if one.at >= self.since]
        older = [one for one in certain if one.at < self.since]
        due += [
            one
            for one in older[-1:]
            if reaches is None or reaches >= self.since or one.at >= reaches + MARGIN
        ]
        return not all(self._is_shown(one) for one in due)

    def _is_shown(self, one: Known) -> bool:
        sent = Sent(one.text, one.mentions)
        return any(
            p.ids & one.ids or (sent.likeness(p.text) is not None and _may_be_of(one, p))
            for p in self.feed.posts
        )


def _may_be_of(one: Known, post: SeenPost) -> bool:
    """Tell whether a post's time allows that it is that of a known publication."""
    if post.at is None:
        return True
    late = bool(one.ids) and post.at > one.at + PROMPT  # it is out, so its time is known
    return post.at >= one.at - MARGIN and not late
