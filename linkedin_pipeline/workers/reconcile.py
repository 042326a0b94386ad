"""Settling by evidence: is a post out of which nobody knows?

the feed shows it             adopted: published
the feed proves its absence   sent once more, or held, as the policy says
neither                       looked at again; in the end a person decides, with the evidence

What a person is to decide about is looked for a day longer, at double its age each time: a feed
that lagged more than it should shows it in the end, and it is adopted.
"""

from __future__ import annotations

from typing import assert_never

from linkedin_pipeline.domain.errors import ProviderDown
from linkedin_pipeline.domain.feed import MARGIN, Absent, Found, Unproved
from linkedin_pipeline.domain.feed_texts import same_text
from linkedin_pipeline.domain.publications import Confirmation, Doubtful, SeenPost, State
from linkedin_pipeline.domain.publishing import UnconfirmedPolicy
from linkedin_pipeline.publishing_ports import PublicationDesk, Publisher
from linkedin_pipeline.workers.confirm import Confirmer


def reconcile(
    doubtful: Doubtful,
    desk: PublicationDesk,
    publisher: Publisher,
    confirmer: Confirmer,
    policy: UnconfirmedPolicy,
) -> State:
    """Find out about one publication, and record it; return its state then.

    Raises:
        DatabaseDown: the database did not answer for long.
    """
    d = doubtful
    if d.accepted:
        return confirmer.confirm(d.intent, d.post_id, d.intent_at, d.owner_id, d.known)
    try:
        if d.duplicate and d.post_id is not None:
            return _named(d, d.post_id, desk, publisher, confirmer)
        shown = confirmer.look(d.intent, d.intent_at, d.owner_id, d.known, settled=d.settled)
    except ProviderDown as down:
        shown = Unproved(f"LinkedIn could not be read: {down.value}", final=False)
    if isinstance(shown, Found):
        return _adopt(d, shown.post, desk, differs=shown.text_differs)
    if d.state is State.HELD:
        return State.HELD  # a person's to decide, as before
    return _decide(d, shown, desk, policy)


def _decide(
    d: Doubtful, shown: Absent | Unproved, desk: PublicationDesk, policy: UnconfirmedPolicy
) -> State:
    """Say what becomes of a post that was not seen."""
    match shown:
        case Absent(reason):
            if d.duplicate:
                return desk.hold(
                    d.intent, f"the provider says that this text is out already, yet {reason}"
                )
            if policy == "retry" and d.retries == 0:
                return desk.retry(d.intent, f"it is not out: {reason}; it is sent once more")
            again = "again" if d.retries else "as configured"
            return desk.hold(d.intent, f"it is not out: {reason}; {again} a person decides")
        case Unproved(reason, final):
            if final or d.overdue:
                return desk.hold(d.intent, f"nobody knows whether it is out: {reason}")
            return desk.look_again(d.intent, f"nobody knows yet whether it is out: {reason}")
        case _:
            assert_never(shown)


def _named(
    d: Doubtful, post_id: str, desk: PublicationDesk, publisher: Publisher, confirmer: Confirmer
) -> State:
    """Look at the post that a duplicate answer named: ours is adopted, another's is not."""
    seen = confirmer.read(d.intent, post_id)
    if seen is None:
        reason = "the provider says that this text is out already, as a post that cannot be read"
        return desk.hold(d.intent, reason) if d.settled else desk.look_again(d.intent, reason)
    owner = d.owner_id
    if owner is None:
        whose = publisher.owner(d.intent.account)
        desk.keep_owner(whose)
        owner = whose.provider_id
    if owner is None or seen.author_id != owner:
        return desk.hold(d.intent, "the provider says that somebody else's post has this text")
    if not same_text(seen.text, d.intent.text, d.intent.mentions):
        return desk.hold(d.intent, "the post that the provider takes for the same has another text")
    if seen.at is None or seen.at < d.intent_at - MARGIN:
        since = f"since {seen.at:%Y-%m-%d %H:%M} UTC" if seen.at else "for a time unknown"
        return desk.hold(d.intent, f"this text is out {since}, from before it was sent here")
    return _adopt(d, seen, desk, differs=False)


def _adopt(d: Doubtful, seen: SeenPost, desk: PublicationDesk, *, differs: bool) -> State:
    reason = "it was found on LinkedIn"
    done = desk.confirm(d.intent, seen, reason, text_differs=differs)
    if done is Confirmation.TAKEN:
        return desk.hold(d.intent, "the only post with this text is another publication's")
    return State.PUBLISHED
