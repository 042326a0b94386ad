"""Texts as feeds show them: the same words rendered otherwise, and other words rendered alike."""

from __future__ import annotations

import pytest

from linkedin_pipeline.domain.feed_texts import Likeness, Sent, names_linkedin, normal, same_text
from linkedin_pipeline.domain.publications import Mention

ADA = Mention("Ada Byron", "ACoAAada")
PAGE = Mention("Engines & Co", "1001", is_company=True)
LONG = "A sentence that is long enough to be told from all others, even where it is cut. And on."


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("a  b\r\n\r\nc\u00a0d\u2028e", "a b c d e"),
        ("\n a \t", "a"),
        ("ﬁne №1 ①", "fine No1 1"),
        ("e\u0301t\u00e9", "\u00e9te\u0301"),
        ("👩\u200d💻 ❤\ufe0f", "👩💻 ❤"),
        ("\u200fمرحبا\u200e \u2067שלום\u2069", "مرحبا שלום"),
        ("\ufeffsoft\u00adhyphen zero\u200bwidth", "softhyphen zerowidth"),
        ("wait…", "wait..."),
        ("see https://example.com/a?b=c.", "see https://lnkd.in/eXyZ."),
        ("(https://example.com/a)", "(https://lnkd.in/eXyZ)"),
        ("http://example.com/ and www.example.com/b", "https://lnkd.in/a and https://lnkd.in/b"),
        ("https://lnkd.in/abc", "https://lnkd.in/xyz"),
        ("see https://www.example.com/a/", "see http://example.com/a"),
        ("", ""),
    ],
)
def test_the_same_words_are_the_same(sent: str, shown: str) -> None:
    """White space, invisible characters, forms of characters and links do not tell texts apart."""
    assert Sent(sent).likeness(shown) is Likeness.SAME
    assert same_text(shown, sent)


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("Hello.", "Hello!"),
        ("Hello.", "hello."),
        ("Hello.", "Hello. Hello."),
        ("Hello.", ""),
        ("see https://example.com/a", "see https://example.com/b"),
        ("see https://example.com/a", "see"),
        ("see https://example.com/a", "see https://lnkd.in/a https://lnkd.in/b"),
        ("see", "see https://lnkd.in/a"),
        ("see https://example.com/a", "see https://elsewhere.com/a"),
        ("Thanks {{0}}", "Thanks Ada Byron"),
        ("Hello…", "Hello"),
        ("👍", "👎"),
    ],
)
def test_other_words_are_not(sent: str, shown: str) -> None:
    """Whatever a person would call another text is one."""
    assert Sent(sent).likeness(shown) is None


@pytest.mark.parametrize(
    "shown",
    [
        "Thanks Ada Byron of Engines & Co!",
        "Thanks @Ada Byron of @Engines & Co!",
        "Thanks {{0}} of {{1}}!",
    ],
)
def test_mentions_are_rendered(shown: str) -> None:
    """As names, with or without a sign, or not at all."""
    sent = Sent("Thanks {{0}} of {{1}}!", (ADA, PAGE))
    assert sent.likeness(shown) is Likeness.SAME
    assert sent.likeness("Thanks Somebody Else of Engines & Co!") is None


def test_a_placeholder_without_a_mention_stays() -> None:
    """Nor does a number beyond all bounds stumble."""
    assert normal("{{1}} {{x}} {{" + "9" * 5_000 + "}}", (ADA,)).startswith("{{1}} {{x}} {{99")
    assert normal("{{0}}", (ADA,)) == "Ada Byron"


@pytest.mark.parametrize("end", ["…", "...", "… see more", "…see more", "... voir plus", "…more"])
def test_a_cut_text_begins_alike(end: str) -> None:
    """However the feed says that there is more."""
    assert Sent(LONG).likeness(LONG[:70] + end) is Likeness.BEGINS_ALIKE
    assert Sent(LONG).likeness("B" + LONG[1:70] + end) is None


def test_a_cut_needs_enough_of_the_text() -> None:
    """A few words in common are no evidence."""
    assert Sent(LONG).likeness(LONG[:60].rstrip() + "…") is None or len(LONG[:60].rstrip()) == 60
    assert Sent(LONG).likeness(LONG[:59] + "…") is None
    assert Sent(LONG).likeness("…") is None


def test_a_cut_text_has_the_links_that_are_left() -> None:
    """Links before the cut have to agree."""
    sent = Sent("See https://example.com/a first. " + LONG + " https://example.com/b")
    assert sent.likeness(f"See https://lnkd.in/q first. {LONG[:70]}…") is Likeness.BEGINS_ALIKE
    assert sent.likeness(f"See https://example.com/a first. {LONG[:70]}…") is not None
    assert sent.likeness(f"See https://example.com/z first. {LONG[:70]}…") is None


def test_links_to_linkedin_are_told() -> None:
    """Shortened ones may lead there too."""
    assert names_linkedin("see https://www.linkedin.com/posts/x")
    assert names_linkedin("https://LNKD.IN/x")
    assert not names_linkedin("see https://linkedin.community/ and notlinkedin.com")
