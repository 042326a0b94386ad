"""What a single post is seen to do."""

from __future__ import annotations

import pytest

from linkedin_pipeline.domain.styles.measures import Measure, measure


def measured(content: str, hook: str | None = None) -> Measure:
    """Measure a post that has words."""
    found = measure(content, hook)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("content", "habits"),
    [
        ("Why do we meet? I left.", {"opens_with_question", "has_question", "opens_with_we"}),
        ("I quit my job today.", {"opens_with_i", "opens_short", "says_i"}),
        ("Ton équipe est dans le flou ? Je sais.", {"opens_with_you", "opens_with_question"}),
        ("7 lessons from the year.", {"opens_with_number", "has_number"}),
        ("“Never sell.” She said it to me.", {"opens_with_quote", "has_quote"}),
        ("🚀 Launch day is here", {"opens_with_emoji", "closes_without_mark"}),
        (
            "What I learned from ten years of work:\nnothing at all.",
            {"opens_with_colon", "has_lines", "has_colon"},
        ),
        ("STOP DOING THIS TO YOUR TEAM. It hurts.", {"opens_in_capitals"}),
        ("One.\n\nTwo.", {"has_blank_lines", "has_lines"}),
        ("The #future is here.", {"has_hashtag_inside", "has_hashtag"}),
        ("It is done. #future #now", {"closes_with_hashtag"}),
        ("Read it: https://example.com/a", {"closes_with_link", "has_link"}),
        ("It is the end…", {"closes_with_ellipsis", "has_ellipsis"}),
        ("What a day it was!", {"closes_with_exclamation", "has_exclamation"}),
        ("And you? Tell me in the comments.", {"closes_with_call"}),
        ("Et vous ? Dites-le en commentaire.", {"closes_with_call"}),
        ("It was done 🎉", {"closes_with_emoji", "has_emoji"}),
        ("This is 𝗯𝗼𝗹𝗱.", {"has_dressed_letters"}),
        (
            "Old way → new way; R&D (all of it) and/or more - or less.",
            {
                "has_arrow",
                "has_semicolon",
                "has_ampersand",
                "has_brackets",
                "has_slash",
                "has_dash",
            },
        ),
        ("Three things:\n- one\n- two\n- three", {"has_list", "has_bullet_list"}),
        ("Steps\n1. Plan it.\n2. Do it.", {"has_list", "has_numbered_list"}),
        ("Steps 1️⃣ plan it 2️⃣ do it 3️⃣ rest", {"has_list", "has_numbered_list"}),
        ("Points: 1. Plan it. 2. Do it. 3. Rest.", {"has_list", "has_numbered_list"}),
        ("🎯 aim\n🧠 think\n💪 act", {"has_list", "has_emoji_list"}),
    ],
)
def test_habits(content: str, habits: set[str]) -> None:
    """Each habit is seen where it is."""
    assert habits <= measured(content).habits


@pytest.mark.parametrize(
    ("content", "habit"),
    [
        ("One - and - only.", "has_list"),
        ("- just one dash", "has_list"),
        ("We met in 2019. It rained.", "has_list"),
        ("It is done. #future", "has_hashtag_inside"),
        ("I left my job of twenty years. Why did I?", "opens_with_question"),
        ("The NASA team is here.", "has_capitals"),
        ("Comment is free, they say. A. B. C.", "closes_with_call"),
        ("Yo quiero un café.", "says_i"),
    ],
)
def test_no_habit(content: str, habit: str) -> None:
    """No habit is seen where there is none."""
    assert habit not in measured(content).habits


def test_sizes() -> None:
    """Words, sentences, lines, tags and items are counted; tags and links are not words."""
    found = measured("Stop it. Now!\n\n- one 🎉\n- two\n\n#a #b https://example.com")
    assert found.sizes == {
        "words": 5,
        "sentences": 4,
        "lines": 4,
        "paragraphs": 3,
        "hook_words": 3,
        "questions": 0,
        "emojis": 1,
        "hashtags": 2,
        "list_items": 2,
    }
    assert found.sentence_words == (2, 1, 1, 1)
    assert found.line_words == (3, 1, 1)


def test_the_given_hook_is_the_opening() -> None:
    """A hook that a person set counts, not the one that would be cut out."""
    assert "opens_with_question" in measured("Plain start. Is it?", hook="Is it?").habits
    assert "opens_with_question" not in measured("Is it? Plain.", hook="").habits


@pytest.mark.parametrize("content", ["", " \n", "🎉", "...", "\u200b", "#tag https://a.b", "12"])
def test_nothing_to_measure(content: str) -> None:
    """A post without a word is not measured."""
    assert measure(content) is None


def test_subject_is_not_measured() -> None:
    """Other content words of the same length and case leave the counts and habits as they are."""
    one = measured("I sold my bakery in Lyon, and the market laughed. Would you do it?")
    other = measured("I lost my wallet in Oslo, and the doctor frowned. Would you do it?")
    assert one.counts == other.counts
    assert one.habits == other.habits
