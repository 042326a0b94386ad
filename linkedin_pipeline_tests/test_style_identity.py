"""Whether a measured style is the author's own: half of the posts must find the other half.

Every author's posts are split in two by a hash.  The style of each first half is compared with
those of all second halves; the nearest should be the same author's.  For scale, the same is done
with TF-IDF over words and over character trigrams, which know what the posts are about.

``python -m linkedin_pipeline_tests.test_style_identity`` prints the figures.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log, sqrt
from pathlib import Path
from statistics import fmean
from uuid import NAMESPACE_URL, uuid5

import click

from linkedin_pipeline.domain.styles import StylePost, analyse, distance, feature_vector
from linkedin_pipeline.settings import PROJECT_ROOT

LEAST_POSTS = 10
SPLITS = 10
_WORD = re.compile(r"\w+")

Posts = Sequence[StylePost]
Halves = tuple[Sequence[Posts], Sequence[Posts]]
Method = Callable[[Halves], Sequence[Sequence[float]]]
"""From the halves to distances: a row for each first half, a column for each second one."""


@dataclass(frozen=True, slots=True)
class Figures:
    """How often the nearest half is the right one, and the mean of 1 / its rank."""

    top: float
    reciprocal_rank: float


def read_authors(file: Path) -> Sequence[Posts]:
    """Read the posts of each author who has `LEAST_POSTS` or more, authors in order of name."""
    authors: defaultdict[str, list[StylePost]] = defaultdict(list)
    with file.open(encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            post = StylePost(
                post_id=uuid5(NAMESPACE_URL, row["id"]),
                content=row["content"],
                engagement=row["reactions"] + row["comments"],
            )
            authors[row["author"]].append(post)
    return [authors[name] for name in sorted(authors) if len(authors[name]) >= LEAST_POSTS]


def split(authors: Sequence[Posts], salt: str, most: int | None = None) -> Halves:
    """Cut each author's posts in two by hash; ``most`` limits the posts of a half."""
    first, second = [], []
    for posts in authors:
        ordered = sorted(posts, key=lambda post: _hash(f"{salt}:{post.post_id}"))
        middle = len(ordered) // 2
        first.append(ordered[:middle][:most])
        second.append(ordered[middle:][:most])
    return first, second


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def style(halves: Halves) -> Sequence[Sequence[float]]:
    """Compare halves by measured style."""
    first, second = ([feature_vector(analyse(posts)) for posts in half] for half in halves)
    return [[distance(one, other) for other in second] for one in first]


def word_tfidf(halves: Halves) -> Sequence[Sequence[float]]:
    """Compare halves by the words in them."""
    return _tfidf(halves, _WORD.findall)


def trigram_tfidf(halves: Halves) -> Sequence[Sequence[float]]:
    """Compare halves by the character trigrams in them."""
    return _tfidf(halves, lambda text: [text[at : at + 3] for at in range(len(text) - 2)])


def _tfidf(halves: Halves, cut: Callable[[str], Iterable[str]]) -> Sequence[Sequence[float]]:
    first, second = (
        [Counter(term for post in posts for term in cut(post.content.lower())) for posts in half]
        for half in halves
    )
    documents = [*first, *second]
    spread = Counter(term for each in documents for term in each)
    weights = {term: log((1 + len(documents)) / (1 + count)) for term, count in spread.items()}
    rows, columns = ([_unit(each, weights) for each in half] for half in (first, second))
    return [[-_dot(row, column) for column in columns] for row in rows]


def _unit(counts: Mapping[str, int], weights: Mapping[str, float]) -> dict[str, float]:
    raw = {term: (1 + log(count)) * weights[term] for term, count in counts.items()}
    norm = sqrt(sum(each * each for each in raw.values())) or 1.0
    return {term: each / norm for term, each in raw.items()}


def _dot(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    return sum(each * other.get(term, 0.0) for term, each in one.items())


def figures(distances: Sequence[Sequence[float]]) -> Figures:
    """Rank the right column of each row; a tie counts against it."""
    ranks = [sum(each <= row[right] for each in row) for right, row in enumerate(distances)]
    return Figures(fmean(rank == 1 for rank in ranks), fmean(1 / rank for rank in ranks))


METHODS: Mapping[str, Method] = {
    "style": style,
    "character trigrams, TF-IDF": trigram_tfidf,
    "words, TF-IDF": word_tfidf,
}


def test_a_tie_counts_against_the_method() -> None:
    """Distances that tell nothing score nothing, and right ones score one."""
    assert figures([[0.0, 0.0], [0.0, 0.0]]) == Figures(0.0, 0.5)
    assert figures([[0.1, 0.2], [0.4, 0.3]]) == Figures(1.0, 1.0)


def test_style_finds_its_author(shared_data: Path) -> None:
    """Half of an author's posts finds the other half among all authors far above chance."""
    authors = read_authors(shared_data / "posts.jsonl")
    found = figures(style(split(authors, "fixed")))
    assert found.top >= 30 / len(authors)
    assert found.reciprocal_rank >= found.top


def test_a_first_style_is_telling_too(shared_data: Path) -> None:
    """Five posts, what a first style asks for, find five others far above chance."""
    authors = read_authors(shared_data / "posts.jsonl")
    found = figures(style(split(authors, "fixed", most=5)))
    assert found.top >= 15 / len(authors)


def report(authors: Sequence[Posts], most: int | None = None) -> None:
    """Print the figures of the fixed split and their means over several splits."""
    fixed = split(authors, "fixed", most)
    others = [split(authors, str(number), most) for number in range(SPLITS)]
    size = "half of the posts" if most is None else f"{most} posts"
    click.echo(f"{size} against {size}, {len(authors)} authors, chance {1 / len(authors):.3f}")
    for name, method in METHODS.items():
        one = figures(method(fixed))
        more = [figures(method(each)) for each in others]
        click.echo(
            f"  {name:27} top-1 {one.top:.3f}  MRR {one.reciprocal_rank:.3f}"
            f"   over {SPLITS} splits: top-1 {fmean(each.top for each in more):.3f}"
            f"  MRR {fmean(each.reciprocal_rank for each in more):.3f}"
        )


if __name__ == "__main__":
    measured = read_authors(PROJECT_ROOT.parent / "shared" / "data" / "posts.jsonl")
    report(measured)
    report(measured, most=5)
