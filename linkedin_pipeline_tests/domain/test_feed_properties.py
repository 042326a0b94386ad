"""What holds of every feed, however it renders texts and whatever else is in it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from linkedin_pipeline.domain.feed import MARGIN, Absent, Found, evidence
from linkedin_pipeline.domain.feed_texts import Likeness, Sent, normal
from linkedin_pipeline.domain.publications import Feed, Known, Mention, SeenPost

AT = datetime(2026, 11, 26, 12, 0, 30, 750_000, tzinfo=UTC)
MENTIONS = (Mention("Zoë Ågren", "ACoAAzoe"), Mention("Engines & Co", "1001", is_company=True))

MARKS = (
    *("{{0}}", "{{1}}", "{{7}}", "👩‍👩‍👧", "❤️", "ﬁ", "é", "مرحبا", "\u202eRTL\u202c", "…", "..."),
    *("https://example.com/a?b=c", "www.example.com", "https://lnkd.in/e", "<link>", "\n\n"),
)
pieces = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12),
    st.sampled_from(MARKS),
)
texts = st.lists(pieces, min_size=1, max_size=8).map(" ".join)
# few texts, so that other publications and strangers often say the same
few = st.sampled_from(
    ["Hello.", "Hello. {{0}}", "Monday: " + "a" * 70 + " one", "Monday: " + "a" * 70]
)
seconds = st.floats(-400, 4_000) | st.floats(-9_000_000, 9_000_000)
identities = st.frozensets(st.sampled_from("abcdef"), min_size=1, max_size=2)


@st.composite
def posts(draw: st.DrawFn, said: st.SearchStrategy[str]) -> SeenPost:
    """Make a post of anybody's."""
    shown = draw(said)
    if draw(st.booleans()):
        shown = shown[: draw(st.integers(60, 80))] + "…"
    at = draw(st.none() | seconds.map(lambda s: AT + timedelta(seconds=s)))
    return SeenPost(draw(identities), shown, at, is_repost=draw(st.booleans()))


@st.composite
def publications(draw: st.DrawFn, said: st.SearchStrategy[str]) -> Known:
    """Make another publication of ours."""
    at = AT + timedelta(seconds=draw(seconds))
    ids = draw(st.just(frozenset[str]()) | identities)
    return Known(ids, draw(said), MENTIONS, at, draw(st.booleans()))


@st.composite
def rendered(draw: st.DrawFn, text: str) -> str:
    """Render a text as a feed may."""
    for place, mention in enumerate(MENTIONS):
        text = text.replace(f"{{{{{place}}}}}", mention.name)
    if draw(st.booleans()):
        text = re.sub(r"https?://\S+", "https://lnkd.in/e7", text)
    if draw(st.booleans()):
        text = " ".join(text.split())
    if draw(st.booleans()):
        text = text.replace("\u200d", "").replace("\ufe0f", "")
    form = draw(st.sampled_from(["", "NFC", "NFD", "NFKC"]))
    return unicodedata.normalize(form, text) if form else text  # type: ignore[arg-type]


@given(data=st.data(), text=few | texts, late=st.floats(0, 100_000))
def test_a_post_that_is_out_is_never_absent(data: st.DataObject, text: str, late: float) -> None:
    """Whatever else the feed shows, and whatever else we published."""
    at = AT - timedelta(seconds=100) + timedelta(seconds=late)
    shown = data.draw(rendered(text))
    if data.draw(st.booleans()):
        shown = shown[: data.draw(st.integers(60, 80))] + "…"
    mine = SeenPost(frozenset({"mine"}), shown, at.replace(microsecond=0))
    others = data.draw(st.lists(posts(few), max_size=4))
    feed = Feed(data.draw(st.permutations([mine, *others])), complete=True)
    known = data.draw(st.lists(publications(few), max_size=3))
    what = evidence(text, MENTIONS, AT, feed, known, settled=True)
    assert not isinstance(what, Absent)


@given(
    feed=st.lists(posts(few), max_size=5),
    known=st.lists(publications(few), max_size=3),
    text=few,
    settled=st.booleans(),
    complete=st.booleans(),
)
def test_what_is_decided_is_decided_for_a_reason(
    feed: Sequence[SeenPost], known: Sequence[Known], text: str, *, settled: bool, complete: bool
) -> None:
    """Found is ours by text and time and nobody's by id; absent leaves nothing that could be."""
    read = Feed(feed, complete, None if complete else "x")
    what = evidence(text, MENTIONS, AT, read, known, settled=settled)
    if isinstance(what, Found):
        post = what.post
        like = Sent(text, MENTIONS).likeness(post.text)
        assert like is not None
        assert what.text_differs == (like is not Likeness.SAME)
        assert post.at is not None
        assert post.at >= AT - MARGIN
        assert not post.is_repost
        assert not any(post.ids & one.ids for one in known)
    if isinstance(what, Absent):
        assert settled
        assert complete
        for post in feed:
            is_new = post.at is None or post.at >= AT - MARGIN
            by_id = any(post.ids & one.ids for one in known)
            by_text = any(Sent(k.text, MENTIONS).likeness(post.text) for k in known)
            assert by_id or by_text or post.is_repost or not is_new
            if not by_id and is_new:
                assert Sent(text, MENTIONS).likeness(post.text) is not Likeness.SAME


@given(data=st.data(), text=texts.filter(lambda text: "..." not in normal(text)))
def test_a_rendered_text_is_the_same(data: st.DataObject, text: str) -> None:
    """However it is rendered; only a link with its dots has no certain end."""
    shown = data.draw(rendered(text))
    assert Sent(text, MENTIONS).likeness(shown) is Likeness.SAME


@given(texts)
def test_a_normal_text_is_its_own(text: str) -> None:
    """There is nothing left to fold."""
    assert normal(normal(text)) == normal(text)
