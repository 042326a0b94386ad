"""How style reads a text: plain letters, lines, sentences, tokens, language."""

from __future__ import annotations

import pytest

from linkedin_pipeline.domain.styles.text import (
    MAX_CHARACTERS,
    Kind,
    has_dressed_letters,
    lines,
    plain,
)
from linkedin_pipeline.domain.styles.words import language_of

FAMILY = "👨‍👩‍👧"
ENGLAND = "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"


def tokens(text: str) -> list[tuple[Kind, str]]:
    """List kind and text of all tokens."""
    return [(token.kind, token.text) for line in lines(plain(text)) for token in line.tokens]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("See https://x.y/z?a=b now", [("word", "See"), ("link", "https://x.y/z?a=b")]),
        ("bit.ly/abc", [("link", "bit.ly/abc")]),
        ("#été2024 #B2B", [("hashtag", "#été2024"), ("hashtag", "#B2B")]),
        ("the #1 firm", [("word", "the"), ("mark", "#"), ("number", "1"), ("word", "firm")]),
        ("@jean-paul", [("mention", "@jean-paul")]),
        ("a@b", [("word", "a"), ("mark", "@"), ("word", "b")]),
        ("3,500.25 €", [("number", "3,500.25"), ("mark", "€")]),
        ("wait... what…", [("word", "wait"), ("dots", "..."), ("word", "what"), ("dots", "…")]),
        ("don’t co-write", [("word", "don’t"), ("word", "co-write")]),
        ("J’ai l'eau", [("word", "J’"), ("word", "ai"), ("word", "l'"), ("word", "eau")]),
        ("aujourd'hui", [("word", "aujourd'hui")]),
        ("今日は", [("word", "今"), ("word", "日"), ("word", "は")]),
        ("हिन्दी में", [("word", "हिन्दी"), ("word", "में")]),
        ("שלום, عالم", [("word", "שלום"), ("mark", ","), ("word", "عالم")]),
        ("cafe\u0301", [("word", "café")]),
        (f"{FAMILY}🇫🇷🇬🇧", [("emoji", FAMILY), ("emoji", "🇫🇷"), ("emoji", "🇬🇧")]),
        (f"🚀🚀{ENGLAND}", [("emoji", "🚀"), ("emoji", "🚀"), ("emoji", ENGLAND)]),
        ("👍🏽 1️⃣ ❤️", [("emoji", "👍🏽"), ("emoji", "1️⃣"), ("emoji", "❤️")]),
        ("→ ✓ ™", [("mark", "→"), ("mark", "✓"), ("mark", "™")]),
        ("➡️", [("emoji", "➡️")]),
        ("𝗟𝗶𝗸𝗲 𝟯 Ｗｉｄｅ", [("word", "Like"), ("number", "3"), ("word", "Wide")]),
        ("\u202eright\u202c so\u200b\ufefffar", [("word", "right"), ("word", "sofar")]),
    ],
)
def test_tokens(text: str, expected: list[tuple[Kind, str]]) -> None:
    """Words, tags, links, marks and emojis come apart as a reader takes them."""
    assert tokens(text)[: len(expected)] == expected


def test_lines() -> None:
    """Every kind of line break counts, and blank lines are remembered, not returned."""
    found = lines(plain("\n\none\r\ntwo\u2028three\r\u200b \nfour\n\n"))
    assert [line.tokens[0].text for line in found] == ["one", "two", "three", "four"]
    assert [line.after_blank for line in found] == [False, False, False, True]


def test_sentences() -> None:
    """Tokens are grouped by sentence, the closing mark with the sentence it closes."""
    (line,) = lines(plain("Stop. Why is that? Dr. Who knows 🎉"))
    assert [len(sentence) for sentence in line.sentences] == [2, 4, 5]


def test_what_is_too_long_is_cut() -> None:
    """Only the beginning of an endless text is read."""
    assert len(plain("a" * 50_000)) == MAX_CHARACTERS


def test_dressed_letters() -> None:
    """Fake bold is noticed; accents, emojis and other alphabets are not taken for it."""
    assert has_dressed_letters("𝘀𝗼 bold")
    assert not has_dressed_letters("é 🎉 漢 Ｗ ™")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("we built this in the open and it took two years", "en"),
        ("nous avons construit cela et ce n' est pas fini", "fr"),
        ("hola la vida es de los que la trabajan", None),
        ("die zeit ist da und wir sind bereit", None),
        ("vendo casa grande in centro roma tre camere due bagni terrazza", None),
        ("marketing automation", None),
        ("", None),
        ("the team of les clients et", None),
    ],
)
def test_language(text: str, language: str | None) -> None:
    """English and French are told by their function words; anything else is neither."""
    assert language_of(text.split()) == language
