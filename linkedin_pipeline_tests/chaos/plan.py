"""What is to be published in a run, drawn from a seed: people, pages, posts, and what befalls them.

Every text holds its post's key, ``p000123``, once; by it the simulator's ledger is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from random import Random
from typing import Any
from zlib import crc32

from linkedin_pipeline.simulators.pictures import Format, picture
from linkedin_pipeline_tests.chaos.menu import MENU, draw

KEY = re.compile(r"p\d{6}")
PAGES = 8
FIRST_PAGE = 9_000
_FAULTY = 0.4
_WORDS = (
    *("bread", "shipping", "hiring", "feedback", "meetings", "pricing", "churn", "onboarding"),
    *("roadmap", "craft", "patience", "writing", "numbers", "customers", "trust", "focus"),
    *("release", "review", "habit", "question", "answer", "team", "silence"),
)
_OPENING = (
    "Every Tuesday we publish one thing that we learned while baking for a whole street, and it "
    "always begins with these very words. "
)


@dataclass(frozen=True, slots=True)
class Post:
    """A planned post.

    ``accounts`` are numbers of people, none for the author's own account.  ``mention`` is a name.
    ``pictures`` are ids at the image simulator; ``broken`` says that one of them cannot be had.
    ``faults`` are names from the menu.
    """

    number: int
    author: int
    text: str
    is_draft: bool
    accounts: tuple[int, ...]
    mention: str | None
    link: str | None
    pictures: tuple[str, ...]
    broken: bool
    faults: tuple[str, ...]

    @property
    def key(self) -> str:
        """The word by which its text is known."""
        return key_of(self.number)

    def attachments(self, images_url: str) -> list[dict[str, str]]:
        """Return the column of that name."""
        return [{"url": f"{images_url}/chaos/{one}/public"} for one in self.pictures]

    def mentions(self) -> list[dict[str, str]]:
        """Return the column of that name."""
        return [{"name": self.mention, "profile_id": "ACoAAfriend"}] if self.mention else []

    def digests(self) -> list[str]:
        """Return what the ledger must have of its pictures, in order."""
        return [digest(one) for one in self.pictures]


@dataclass(frozen=True, slots=True)
class Rule:
    """A person's posts are repeated on a page."""

    person: int
    page: int
    delay: int
    prefix: str | None


@dataclass(frozen=True, slots=True)
class Plan:
    """A run."""

    seed: int
    people: int
    rules: Sequence[Rule]
    posts: Sequence[Post]

    def first(self) -> int:
        """Return how many posts give every feed something to begin with, before anything happens.

        A feed that is cut short can then be told from one that has ended.
        """
        return min(self.people, len(self.posts))


def make_plan(seed: int, posts: int) -> Plan:
    """Draw a run from a seed."""
    random = Random(f"{seed} plan")
    people = max(12, min(300, posts // 6))
    rules = [
        Rule(
            person,
            person % PAGES,
            delay=0 if person < PAGES else random.choice([0, 0, 1]),
            prefix=random.choice([None, "From our team:"]),
        )
        for person in range(people)
        if person < PAGES or random.random() < 0.2
    ]
    first = [_first(random, person) for person in range(min(people, posts))]
    return Plan(seed, people, rules, [*first, *_posts(random, people, len(first) + 1, posts)])


def key_of(number: int) -> str:
    """Return the key of a post."""
    return f"p{number:06d}"


def account(person: int) -> str:
    """Return Unipile's id of a person's account."""
    return f"acc_{person:03d}"


def feed_of(person: int) -> str:
    """Return the provider id of a person."""
    return f"ACoAA{account(person)}"


def page_id(page: int) -> str:
    """Return the provider's id of a page."""
    return str(FIRST_PAGE + page)


def connected(person: int, status: str = "OK") -> Mapping[str, Any]:
    """Return a person's account as the simulator is told of it; the first ones have a page each."""
    pages = [{"id": page_id(person), "name": f"Page {person}"}] if person < PAGES else []
    return {"id": account(person), "organizations": pages, "status": status}


def digest(picture_id: str) -> str:
    """Return the digest of a picture that the image simulator makes up."""
    return sha256(picture(Format.PNG, 64, 64, crc32(picture_id.encode()))).hexdigest()


def _first(random: Random, person: int) -> Post:
    number = person + 1
    text = _text(random, number, None)
    return Post(number, person, text, False, (), None, None, (), broken=False, faults=())


def _posts(random: Random, people: int, start: int, last: int) -> Iterator[Post]:
    for number in range(start, last + 1):
        author = random.randrange(people)
        kind = random.random()
        accounts: tuple[int, ...] = ()
        if 0.1 < kind < 0.17:
            accounts = (author, (author + 1 + random.randrange(people - 1)) % people)
        mention = random.choice(["Zoë Quinn", "Ana Lima"]) if random.random() < 0.15 else None
        pictures: tuple[str, ...] = ()
        broken = False
        if random.random() < 0.12:
            count = random.choice([1, 1, 2, 3])
            pictures = tuple(f"pic-{key_of(number)}-{place}" for place in range(count))
            broken = random.random() < 0.2
        yield Post(
            number,
            author,
            _text(random, number, mention),
            is_draft=kind < 0.1,
            accounts=accounts,
            mention=mention,
            link="https://example.com/news" if random.random() < 0.05 else None,
            pictures=pictures,
            broken=broken,
            faults=draw(random, MENU) if random.random() < _FAULTY else (),
        )


def _text(random: Random, number: int, mention: str | None) -> str:
    words = " ".join(random.choices(_WORDS, k=random.choice([4, 12, 40, 200])))
    parts = [f"{key_of(number)} {words.capitalize()}."]
    if random.random() < 0.1:
        parts = [f"{_OPENING}{words} {key_of(number)}"]
    if mention:
        parts.insert(random.randrange(len(parts) + 1), "Thank you {{0}}!")
    if random.random() < 0.2:
        parts.append(f"https://example.com/{random.choice(_WORDS)}?n={number}")
    if random.random() < 0.3:
        parts.append(random.choice(["🚀 Día de café", "👩‍💻 Ünïcode", "¿Qué tal? 🎉🎉"]))
    return random.choice([" ", "\n\n", "\n"]).join(parts)
