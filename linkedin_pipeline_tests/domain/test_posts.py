"""What counts as a word, a blank, a label, and one character to a reader."""

from __future__ import annotations

import pytest

from linkedin_pipeline.domain.posts import (
    first_word,
    has_words,
    is_labels,
    letters,
    may_cut,
    skip_blanks,
    trim_blanks,
)


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "...é",
        "7",
        "½",
        "漢字",
        "한국",
        "שלום",
        "مرحبا",
        "नमस्ते",
        "𝗯𝗼𝗹𝗱",
        "𝓬𝓾𝓻𝓼𝓲𝓿𝓮",
        "Ⓐ",
        "🅰",
        "#tag",
        "https://example.com",
        "@7",
        "🎉 ok",
        "x_y",
        "1️⃣ 2",
        "e\u0301",
    ],
)
def test_words(text: str) -> None:
    """Letters and digits of every script and disguise are words."""
    assert has_words(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \t\r\n",
        "\u00a0\u202f",
        "🎉👩‍👩‍👧‍👦🇫🇷",
        "1️⃣",
        "2⃣",
        "#",
        "@ & _ —",
        "…?!",
        "\u0301",
        "\u200b\ufeff",
        "\u3164",
        "\uffa0",
        "\u2800",
        "\u115f",
        "\ue000",
        "→ ✅ •",
    ],
)
def test_no_words(text: str) -> None:
    """Blanks, emojis, keycaps, punctuation and blank-looking letters are not."""
    assert not has_words(text)


def test_first_word_counts_from_a_start() -> None:
    """The search for a word begins where it is told to and answers an offset."""
    assert first_word("🎉 ab !", 0) == 2
    assert first_word("🎉 ab !", 3) == 3
    assert first_word("🎉 ab !", 4) is None


def test_letters_of_dense_scripts_weigh_double() -> None:
    """A measure of how much was said treats eight ideographs like a short English phrase."""
    assert letters("I quit! 🎉") == 5
    assert letters("会議は半分です") == 14
    assert letters("नमस्ते") == 10


@pytest.mark.parametrize(
    "text", ["#a", "#a #b, #c!", "👉 https://example.com", "(#a)", "＃東京", "🎉"]
)
def test_labels(text: str) -> None:
    """Hashtags and links, with what decorates them, are labels."""
    assert is_labels(text)


@pytest.mark.parametrize("text", ["#a b", "C# is fine", "see https://example.com", "@name"])
def test_not_labels(text: str) -> None:
    """One plain word makes a text more than labels."""
    assert not is_labels(text)


def test_blanks_at_both_ends() -> None:
    """Whatever a reader cannot see is skipped, with marks that combine with nothing."""
    text = "\ufeff\u202b \u3164\u0301\u2800a b\u200b\n\u202c"
    start, end = skip_blanks(text), trim_blanks(text, len(text))
    assert text[start:end] == "a b"
    assert skip_blanks(" \n") == 2
    assert trim_blanks(" \n", 2) == 0


@pytest.mark.parametrize(
    "whole",
    [
        "e\u0301",
        "👍🏽",
        "❤️",
        "👩‍👩‍👧‍👦",
        "🇫🇷",
        "1️⃣",
        "\r\n",
        "க்ஷி",
        "한",
        "🏴\U000e0067\U000e007f",
        "กำ",
        "\u0600\u0661",
    ],
)
def test_no_cut_inside_what_a_reader_sees_as_one(whole: str) -> None:
    """No place inside a grapheme cluster is fit for a cut, and both of its ends are."""
    text = f"x{whole}x"
    assert [at for at in range(len(text) + 1) if may_cut(text, at)] == sorted(
        {0, 1, len(text) - 1, len(text)}
    )


def test_flags_and_syllables_in_a_row_can_be_cut_between() -> None:
    """Neighbouring flags, syllables and emojis are separate characters."""
    assert [at for at in range(9) if may_cut("🇫🇷🇩🇪🇯🇵한국", at)] == [0, 2, 4, 6, 7, 8]
    assert may_cut("🎉🎉", 1)
    assert may_cut("अर्थात् क", 7)
