"""What a feed proves: never absent what may be out, never ours what may be another's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from linkedin_pipeline.domain.feed import Absent, Evidence, Found, Unproved, evidence
from linkedin_pipeline.domain.publications import Feed, Known, SeenPost

AT = datetime(2026, 11, 26, 12, 0, 30, 750_000, tzinfo=UTC)
TEXT = "We moved our billing to a queue last spring; here is what broke on the first night of it."
OTHER = "Three things that I would tell myself before the first launch, and one that I would not."
_numbers = count(1)


def post(text: str = TEXT, seconds: float | None = 1, **rest: Any) -> SeenPost:
    """Return a post dated so many seconds after the intent."""
    at = None if seconds is None else AT + timedelta(seconds=seconds)
    return SeenPost(rest.pop("ids", frozenset({f"id{next(_numbers)}"})), text, at, **rest)


def ours(
    text: str = OTHER, seconds: float = 0, *ids: str, certain: bool = False, mentions: Any = ()
) -> Known:
    """Return another publication of ours."""
    at = AT + timedelta(seconds=seconds)
    return Known(frozenset(ids), text, tuple(mentions), at, certain)


def look(
    *posts: SeenPost,
    known: tuple[Known, ...] = (),
    text: str = TEXT,
    settled: bool = True,
    complete: bool = True,
    external_link: str | None = None,
) -> Evidence:
    """Look at a feed."""
    feed = Feed(list(posts), complete, None if complete else "page 2 failed")
    return evidence(text, (), AT, feed, known, settled=settled, external_link=external_link)


def verdict(what: Evidence) -> str:
    """Name what a look came to."""
    match what:
        case Unproved(_, final):
            return "never" if final else "not yet"
        case _:
            return type(what).__name__


OLD = post("From last week.", -600_000)


@pytest.mark.parametrize("seconds", [-120, -1, -0.75, 0, 1, 60, 3_600, 86_400])
@pytest.mark.parametrize("settled", [True, False])
@pytest.mark.parametrize("complete", [True, False])
def test_a_post_that_says_it_is_ours_is_found(
    seconds: float, *, settled: bool, complete: bool
) -> None:
    """Text and time are enough, however little of the feed was read."""
    mine = post(TEXT, seconds)
    what = look(post("Since.", 9), mine, OLD, settled=settled, complete=complete)
    assert what == Found(mine, text_differs=False)


def test_of_several_the_first_is_ours() -> None:
    """What a person repeated by hand comes after what the call made."""
    mine = post(TEXT, 5)
    assert look(post(TEXT, 900), mine, post(TEXT, 60)) == Found(mine, text_differs=False)


def test_an_empty_feed_proves_absence() -> None:
    """Once it has had its time."""
    assert verdict(look()) == "Absent"
    assert verdict(look(settled=False)) == "not yet"
    assert verdict(look(complete=False)) == "not yet"


def test_older_posts_prove_absence() -> None:
    """A feed that was read back beyond the call, with nothing new that is not known."""
    assert verdict(look(OLD)) == "Absent"
    assert verdict(look(post("Just before.", -121), OLD)) == "Absent"
    assert verdict(look(OLD, settled=False)) == "not yet"
    assert verdict(look(OLD, complete=False)) == "not yet"


def test_the_trouble_is_told() -> None:
    """Why a feed proves nothing is for a person to read."""
    what = look(OLD, complete=False)
    assert isinstance(what, Unproved)
    assert "page 2 failed" in what.reason


@pytest.mark.parametrize("seconds", [-119, 0, 5, 100_000, None])
def test_a_newer_post_that_we_do_not_know_may_be_ours(seconds: float | None) -> None:
    """A feed may show other words than were sent."""
    assert verdict(look(post("Nothing alike.", seconds), OLD)) == "never"


@pytest.mark.parametrize(
    ("seconds", "came"),
    [(-121, "never"), (-86_400, "never"), (-2_500_000, "never"), (-2_700_000, "Absent")],
)
def test_the_same_text_from_before_is_not_ours(seconds: float, came: str) -> None:
    """It is not adopted, nor is the text repeated by itself while it is fresh."""
    assert verdict(look(post(TEXT, seconds))) == came


def test_the_same_text_from_before_may_be_known() -> None:
    """A person had it published twice: the first is no reason not to repeat the second."""
    first = ours(TEXT, -3_000, "a")
    assert verdict(look(post(TEXT, -3_000, ids=frozenset({"a"})), known=(first,))) == "Absent"
    assert verdict(look(post(TEXT, -2_999), known=(first,))) == "Absent"


def test_the_same_text_without_a_date_is_for_a_person() -> None:
    """It may be from before or from now."""
    assert verdict(look(post(TEXT, None), OLD)) == "never"


def test_another_of_ours_is_not_this_one() -> None:
    """What has another's id is another's, whatever it says."""
    known = (ours(TEXT, 30, "b"), ours(OTHER, 60, "c"))
    posts = (post(TEXT, 31, ids=frozenset({"b", "x"})), post(OTHER, 61, ids=frozenset({"c"})))
    assert verdict(look(*posts, OLD, known=known)) == "Absent"


def test_another_of_ours_is_known_by_its_text() -> None:
    """An id may be missing, or be of another kind than the feed's."""
    for ids in ((), ("share-number",)):
        known = (ours(OTHER, 60, *ids),)
        assert verdict(look(post(OTHER, 61), OLD, known=known)) == "Absent"
        # unless the time says that it is somebody's repetition, or from before
        assert verdict(look(post(OTHER, -100), OLD, known=known)) == "never"
    late = ours(OTHER, 60, "share-number")
    assert verdict(look(post(OTHER, 5_000), OLD, known=(late,))) == "never"


@pytest.mark.parametrize("other", [-30, 0, 30, 100])
def test_two_of_one_text_in_doubt_are_not_told_apart(other: float) -> None:
    """One post for two publications: whose it is cannot be seen."""
    what = look(post(TEXT, 101), OLD, known=(ours(TEXT, other),))
    assert verdict(what) == "not yet"


def test_a_post_from_before_the_other_is_ours() -> None:
    """Time tells two of one text apart where it can."""
    mine, theirs = post(TEXT, 1), post(TEXT, 1_001)
    later = ours(TEXT, 1_000)
    assert look(theirs, mine, OLD, known=(later,)) == Found(mine, text_differs=False)
    assert verdict(look(theirs, OLD, known=(later,))) == "not yet"
    # the other's id is known now, as it is in the feed, or as another number
    settled = ours(TEXT, 1_000, "x")
    assert verdict(look(post(TEXT, 1_001, ids=frozenset({"x"})), OLD, known=(settled,))) == "Absent"
    assert verdict(look(theirs, OLD, known=(settled,))) == "not yet"


def test_texts_that_differ_by_their_link_only() -> None:
    """Shortened links hide the difference, shown ones tell it."""
    text, other = "New: https://example.com/a", "New: https://example.com/b"
    known = (ours(other, 30),)
    assert verdict(look(post("New: https://lnkd.in/x", 31), text=text, known=known)) == "not yet"
    mine = post("New: https://www.example.com/a/", 31)
    assert look(mine, text=text, known=known) == Found(mine, text_differs=False)
    assert verdict(look(post(other, 31), text=text, known=known)) == "Absent"
    assert verdict(look(post(other, 31), text=text)) == "never"


def test_a_cut_text_is_ours_at_its_time() -> None:
    """Enough of the beginning, at the very moment."""
    cut = post(TEXT[:70] + "… see more", 2)
    assert look(cut, OLD) == Found(cut, text_differs=True)
    whole = post(TEXT, 40)
    assert look(cut, whole) == Found(whole, text_differs=False)


@pytest.mark.parametrize(
    ("shown", "seconds"),
    [
        pytest.param(TEXT[:40] + "…", 2, id="too little"),
        pytest.param(TEXT[:70] + "…", 1_000, id="too late"),
        pytest.param(TEXT[:70] + "…", None, id="without a date"),
        pytest.param(TEXT[:70], 2, id="not cut off"),
        pytest.param(TEXT[:70] + " But then all was well.", 2, id="goes on otherwise"),
        pytest.param(TEXT + " And more of it.", 2, id="goes on"),
        pytest.param("So: " + TEXT, 2, id="begins otherwise"),
    ],
)
def test_what_merely_begins_alike_is_a_strangers(shown: str, seconds: float | None) -> None:
    """It is not adopted, and it does not prove absence."""
    assert verdict(look(post(shown, seconds), OLD)) == "never"


def test_a_cut_text_may_be_of_either() -> None:
    """Two of ours that begin alike, one post: whose it is cannot be seen."""
    cut = post(TEXT[:70] + "…", 31)
    assert verdict(look(cut, OLD, known=(ours(TEXT + " Part two.", 30),))) == "not yet"
    assert verdict(look(cut, OLD, known=(ours(TEXT + " Part two.", 1_000),))) == "Found"
    # nor does the other, which is likelier, explain away one that comes late
    late = post(TEXT[:70] + "…", 1_001)
    assert verdict(look(late, OLD, known=(ours(TEXT + " Part two.", 1_000),))) == "never"


def test_a_feed_without_what_is_out_is_stale() -> None:
    """What we published since, or last before, has to be there."""
    since, before = ours(OTHER, 300, "c", certain=True), ours(OTHER, -9_000, "c", certain=True)
    shown = post(OTHER, 300, ids=frozenset({"c"}))
    earlier = post(OTHER, -9_000, ids=frozenset({"c"}))
    assert verdict(look(OLD, known=(since,))) == "not yet"
    assert verdict(look(shown, OLD, known=(since,))) == "Absent"
    assert verdict(look(OLD, known=(before,))) == "not yet"
    assert verdict(look(earlier, OLD, known=(before,))) == "Absent"
    assert verdict(look(known=(before,))) == "not yet"
    # not certain, or from before what was read
    assert verdict(look(OLD, known=(ours(OTHER, 300, "c"),))) == "Absent"
    assert verdict(look(post("x", -200), known=(before,))) == "Absent"
    # only the last of what is older: any may have been deleted since
    last = ours("Last.", -500, "d", certain=True)
    shown_last = post("Last.", -500, ids=frozenset({"d"}))
    assert verdict(look(shown_last, OLD, known=(before, last))) == "Absent"


def test_a_feed_that_ends_too_early_is_not_read_to_its_end() -> None:
    """It shows a later post of ours and nothing of before the call: what we know must be there."""
    newer = ours(seconds=20, certain=True)
    older = ours("From this morning.", -3_600, certain=True)
    later = post(OTHER, 20)
    assert verdict(look(later, known=(newer, older))) == "not yet"
    assert (
        verdict(look(later, post("From this morning.", -3_600), known=(newer, older))) == "Absent"
    )
    assert verdict(look(later, known=(newer,))) == "Absent", "there is nothing older that we know"


def test_a_repost_is_a_persons() -> None:
    """It is never ours, and does not count as unknown; with our text it is for a person."""
    assert verdict(look(post("Somebody's.", 5, is_repost=True), OLD)) == "Absent"
    assert verdict(look(post("", None, is_repost=True), OLD)) == "Absent"
    assert verdict(look(post(TEXT, 5, is_repost=True), OLD)) == "never"
    mine = post(TEXT, 1)
    assert look(post(TEXT, 0, is_repost=True), mine) == Found(mine, text_differs=False)


@pytest.mark.parametrize(
    ("text", "link"),
    [
        (TEXT + " https://www.linkedin.com/posts/a", None),
        (TEXT + " https://lnkd.in/abc", None),
        (TEXT, "https://www.linkedin.com/feed/update/urn:li:activity:7"),
    ],
)
def test_a_post_with_a_link_to_linkedin_may_look_like_a_repost(text: str, link: str | None) -> None:
    """LinkedIn may show it as one of what it links to."""
    shown = post("Somebody's.", 5, is_repost=True)
    assert verdict(look(shown, OLD, text=text, external_link=link)) == "never"
    mine = post(text, 5, is_repost=True)
    assert look(mine, OLD, text=text, external_link=link) == Found(mine, text_differs=False)


def test_every_reason_is_a_sentence_for_a_person() -> None:
    """None is empty, and none quotes the post."""
    for what in (
        look(),
        look(OLD),
        look(post("x", 1)),
        look(post(TEXT, None)),
        look(settled=False),
    ):
        assert isinstance(what, Absent | Unproved)
        assert what.reason
        assert TEXT not in what.reason
