"""The analysis of a profile: what it depends on, and what it says."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import pytest

from linkedin_pipeline.domain.styles import (
    STYLE_VERSION,
    StylePost,
    analyse,
    distance,
    feature_vector,
    inputs_hash,
)
from linkedin_pipeline.domain.styles.reactions import compare

TEXTS = (
    "Why do we meet at all? I asked my team. They laughed.",
    "I sold my first bakery. It was not a success, and I learned a lot.\n\n#bakery",
    "Three things I know:\n- people\n- bread\n- time",
    "🎉",
    "Nous avons ouvert la deuxième boutique, et c'est une fête pour nous tous !",
)


def posts(texts: Sequence[str] = TEXTS) -> list[StylePost]:
    """Make posts of texts, with ids that follow their order."""
    return [StylePost(UUID(int=at + 1), text) for at, text in enumerate(texts)]


def test_order_has_no_part() -> None:
    """The same posts in another order give the same analysis and the same hash."""
    shuffled = posts()
    random.Random(7).shuffle(shuffled)
    assert analyse(shuffled) == analyse(posts())
    assert inputs_hash(shuffled) == inputs_hash(posts()) == analyse(posts()).inputs_hash


@pytest.mark.parametrize(
    "changed",
    [
        StylePost(UUID(int=99), TEXTS[0]),
        StylePost(UUID(int=1), "Other words."),
        StylePost(UUID(int=1), TEXTS[0], hook="Why do we meet at all?"),
        StylePost(UUID(int=1), TEXTS[0], hook_type="Question"),
        StylePost(UUID(int=1), TEXTS[0], engagement=12),
    ],
)
def test_a_changed_input_changes_the_hash(changed: StylePost) -> None:
    """Text, hook, hook type and a leap in engagement are inputs; so is which post it is."""
    assert inputs_hash([changed, *posts()[1:]]) != inputs_hash(posts())


def test_a_post_more_or_less_changes_the_hash() -> None:
    """A new post is a new input, and so is one that went away."""
    assert inputs_hash(posts()[1:]) != inputs_hash(posts())


@pytest.mark.parametrize(
    ("before", "after"), [(0, 1), (0, 11), (-5, 0), (12, 59), (60, 251), (252, 1019)]
)
def test_a_like_costs_nothing(before: int, after: int) -> None:
    """Within a class of engagement neither hash nor analysis moves, so no like is paid for."""
    first, *rest = posts()
    quiet = [replace(first, engagement=before), *rest]
    liked = [replace(first, engagement=after), *rest]
    assert inputs_hash(quiet) == inputs_hash(liked)
    assert analyse(quiet) == analyse(liked)


def test_loudness() -> None:
    """The classes begin at 12, 60, 252, 1,020 reactions, and there are nine."""
    edges = [0, 11, 12, 59, 60, 251, 252, 1_019, 1_020, 10**12]
    loudness = [StylePost(UUID(int=1), "a", engagement=edge).loudness for edge in edges]
    assert loudness == [0, 0, 1, 1, 2, 2, 3, 3, 4, 8]


def test_what_is_measured() -> None:
    """Posts without a word are listed and not measured; languages are shares of the others."""
    found = analyse(posts())
    assert found.measured == 4
    assert len(found.post_ids) == 5
    assert found.languages == {"en": 0.75, "fr": 0.25}
    assert found.language == "en"
    assert found.sizes["words"].median == 13
    assert found.habits["has_list"].posts == 0.25
    assert found.habits["says_i"].posts == 0.75
    assert 0 < found.rates["persons"]["we"] < found.rates["persons"]["i"]


def test_unknown_languages_do_not_dilute_persons() -> None:
    """How often an author says "I" is counted in posts whose pronouns are known."""
    english = posts(TEXTS[:2])
    other = StylePost(UUID(int=50), "Hola, la vida es de los que la trabajan mucho.")
    assert analyse([*english, other]).rates["persons"] == analyse(english).rates["persons"]


def test_engagement_weighs() -> None:
    """A habit of the posts that drew reactions weighs more than its number of posts."""
    loud = [replace(post, engagement=1_000 * ("?" in post.content)) for post in posts()]
    share = analyse(loud).habits["has_question"]
    assert share.posts == 0.25
    assert share.weighted == pytest.approx(8 / 11, abs=0.001)
    assert analyse(loud).effective == pytest.approx(121 / 67, abs=0.01)


def test_hook_types() -> None:
    """Hook types are shares of the classified posts; the others wait."""
    first, second, third, *rest = posts()
    types = [replace(first, hook_type="Question"), replace(second, hook_type="Story"),
             replace(third, hook_type="Story", engagement=60)]  # fmt: skip
    found = analyse([*types, *rest]).hook_types
    assert {name: (share.posts, share.weighted) for name, share in found.items()} == {
        "Question": (0.333, 0.167),
        "Story": (0.667, 0.833),
    }


def test_json() -> None:
    """What is stored is plain JSON, repeats, and names version, posts and inputs."""
    stored = analyse(posts()).as_json()
    assert json.loads(json.dumps(stored, allow_nan=False)) == stored
    assert stored == analyse(posts()).as_json()
    assert stored["version"] == STYLE_VERSION
    assert stored["inputs_hash"] == inputs_hash(posts())
    assert stored["post_ids"] == [str(post.post_id) for post in posts()]


def test_json_holds_no_text() -> None:
    """No run of words from the posts is stored, only single favourites."""
    stored = json.dumps(analyse(posts()).as_json(), ensure_ascii=False)
    assert "bakery" not in stored.replace("#bakery", "")
    assert "deuxième" not in stored


def test_nothing_to_measure() -> None:
    """No posts, or none with words, give an analysis that says so."""
    assert analyse([]).measured == 0
    empty = analyse(posts(["🎉", "", "..."]))
    assert empty.measured == 0
    assert empty.inputs_hash != analyse([]).inputs_hash
    assert set(feature_vector(empty)) == {0.0}


def test_distance() -> None:
    """A style is at no distance from itself and nearer to its like than to another."""
    short = feature_vector(analyse(posts(["Stop. Now.", "Go! Do it.", "No. Not you."])))
    alike = feature_vector(analyse(posts(["Wait. Here.", "Run! Do it.", "Yes. Just you."])))
    long = feature_vector(analyse(posts([f"{text} {TEXTS[1]} and more of it" for text in TEXTS])))
    assert distance(short, short) == 0
    assert distance(short, alike) == distance(alike, short)
    assert distance(short, alike) < distance(short, long)
    assert len(short) == len(long)


def test_reactions_beyond_chance() -> None:
    """A habit of all loud posts is told, one strewn evenly is not, and few posts tell nothing."""
    loud = [f"We did part {at} of it today!" for at in range(10)]
    quiet = [f"They did part {at} of it today." for at in range(10)]
    both = [
        replace(post, engagement=2_000 * post.content.endswith("!")) for post in posts(loud + quiet)
    ]
    found = compare(analyse(both))
    assert found is not None
    assert "has_exclamation" in found.bodies
    assert "opens_with_we" in found.openings
    assert "has_number" not in found.bodies
    assert found.missing == ()
    assert compare(analyse(both[:9])) is None
    assert compare(analyse(posts(loud + quiet))) == replace(found, bodies=(), openings=())
