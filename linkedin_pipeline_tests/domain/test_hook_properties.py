"""The hook of a post: what holds for every text."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from linkedin_pipeline.domain.hooks import MAX_CHARACTERS, extract_hook
from linkedin_pipeline.domain.posts import has_words

FAMILY = "👩‍👩‍👧‍👦"
ENGLAND = "🏴󠁧󠁢󠁥󠁮󠁧󠁿"
LETTERS = [
    "a",
    "Stop",
    "𝗕old",
    "é",
    "e\u0301",
    "שלום",
    "مرحبا",
    "漢",
    "한",
    "क्षि",
    "3.5",
    "U.S.",
    "M.",
]
BLANKS = [" ", "  ", "\n", "\r\n", "\u00a0", "\u200b", "\u202b", "\u3164", "\u2028", "\t"]
MARKS = [*'.!?…:,。؟«»"“”()', "...", "- ", "• "]
PICTURES = ["🎉", "❤️", "1️⃣", FAMILY, "🇫🇷", "👍🏽", ENGLAND, "👉"]
LABELS = ["#tag", "#", "@name", "https://example.com/a?b=c", "see more", "x" * 310]
CLUSTERS = [
    "a",
    "e\u0301",
    FAMILY,
    "🇫🇷",
    "👍🏽",
    "❤️",
    "1️⃣",
    "한",
    "각",
    "क्षि",
    "நி",
    ENGLAND,
    " ",
    ".",
]
HOSTILE = [
    *[
        " ",
        "\n",
        ".",
        "a.",
        "a. ",
        "A.B",
        "(",
        '"',
        "«",
        "#",
        "#a ",
        "https://",
        "🎉",
        "🎉 ",
        "…see",
    ],
    *["\u200d", "\u0301", "🇫", "1️⃣", "- ", ", ", ": ", "a\n", "A. \n", "\u2800", "\u1100"],
]

PIECES = st.sampled_from([*LETTERS, *BLANKS, *MARKS, *PICTURES, *LABELS])
POSTS = st.one_of(
    st.text(),
    st.lists(PIECES, max_size=60).map("".join),
    st.lists(st.tuples(PIECES, st.integers(1, 400)), max_size=6).map(
        lambda runs: "".join(piece * times for piece, times in runs)
    ),
)


@settings(deadline=None)
@given(POSTS)
@example("a" + "\u0301" * 400)
@example("\u200d" * 400 + "a")
@example("#a " * 3_000 + "\nend of the line")
@example("\ud800a\udfff")
@example("\uff9e")
@example("\u0e33")
def test_every_hook(content: str) -> None:
    """A hook is verbatim, short, trimmed, has words, is there when words are, and repeats."""
    hook = extract_hook(content)
    assert (hook is not None) == has_words(content)
    if hook is not None:
        assert hook in content
        assert 0 < len(hook) <= MAX_CHARACTERS
        assert hook == hook.strip()
        assert has_words(hook)
        assert extract_hook(hook) is not None
        assert extract_hook(content) == hook


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(CLUSTERS), st.integers(1, 90)), max_size=12))
def test_what_a_reader_sees_as_one_stays_whole(runs: list[tuple[str, int]]) -> None:
    """Neither end of a hook falls inside what a reader sees as one character."""
    clusters = [cluster for cluster, times in runs for _ in range(times)]
    content = "".join(clusters)
    hook = extract_hook(content)
    if hook is None:
        return
    seams, at = {0}, 0
    for cluster in clusters:
        at += len(cluster)
        seams.add(at)
    start = content.index(hook)
    starts = [at for at in seams if content.startswith(hook, at)]
    assert starts, (start, hook)
    assert any(at + len(hook) in seams for at in starts)


@pytest.mark.parametrize("unit", HOSTILE)
def test_hostile_runs_come_to_an_end(unit: str) -> None:
    """A hundred thousand repetitions of anything are read in bounded steps."""
    content = unit * 100_000
    assert (extract_hook(content + " end") is None) == (not has_words(content + " end"))
    assert (extract_hook("start " + content) is None) == (not has_words("start " + content))
