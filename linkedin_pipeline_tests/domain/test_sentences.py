"""Where sentences end; most cases stand in the hooks' table, here are those it does not reach."""

from __future__ import annotations

import pytest

from linkedin_pipeline.domain.sentences import sentence_ends


@pytest.mark.parametrize(
    ("line", "sentences"),
    [
        ("", [""]),
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("Back in 1999. Five of us met.", ["Back in 1999.", "Five of us met."]),
        ("1. First things first.", ["1. First things first."]),
        ("See fig. 3 and p. 12. Then stop.", ["See fig. 3 and p. 12.", "Then stop."]),
        ("Just say no. Then leave.", ["Just say no.", "Then leave."]),
        (
            "So said J. Smith Jr. of Acme Inc. in May.",
            ["So said J. Smith Jr. of Acme Inc. in May."],
        ),
        ("I joined Acme Inc. The rest is known.", ["I joined Acme Inc.", "The rest is known."]),
        ("It is you and I. Nobody else.", ["It is you and I.", "Nobody else."]),
        ("We met at 9 a.m. PT sharp.", ["We met at 9 a.m. PT sharp."]),
        ("Wow!Great news.", ["Wow!", "Great news."]),
        (
            "Read https://example.com/a.b?c=d. Then call.",
            ["Read https://example.com/a.b?c=d.", "Then call."],
        ),
        ("Read https://example.com/a Then call.", ["Read https://example.com/a", "Then call."]),
        ("It works . Really.", ["It works .", "Really."]),
        ("Done.❤️ #thanks", ["Done.❤️", "#thanks"]),
        ("He left. 📸: me", ["He left.", "📸: me"]),
        ('He left. "...and never wrote."', ["He left.", '"...and never wrote."']),
        ("Er kam. »Hallo« rief sie.", ["Er kam.", "»Hallo« rief sie."]),
        ("« Fini ! » Il est parti.", ["« Fini ! »", "Il est parti."]),
        ("Yahoo! was big.", ["Yahoo! was big."]),
        ("Costs (rent, etc.), and more.", ["Costs (rent, etc.), and more."]),
        ("The boss wrote it in Node.js. Why?", ["The boss wrote it in Node.js.", "Why?"]),
        ("これは本です。「はい！」と言った。", ["これは本です。", "「はい！」", "と言った。"]),
    ],
)
def test_sentences(line: str, sentences: list[str]) -> None:
    """A line falls into the sentences that a person would count, blanks left between them."""
    ends = list(sentence_ends(line))
    starts = [0, *ends[:-1]]
    assert [line[start:end].strip() for start, end in zip(starts, ends, strict=True)] == sentences
