"""What is worth saying about a measured style."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from linkedin_pipeline.domain.styles.analysis import Share, StyleAnalysis
from linkedin_pipeline.domain.styles.favourites import harmless
from linkedin_pipeline.domain.styles.habits import CLOSINGS, OPENINGS
from linkedin_pipeline.domain.styles.reactions import LEAST_POSTS, compare
from linkedin_pipeline.domain.styles.wording import Wording

_TELLING = 0.15
"""Share of posts from which a habit is worth a word."""
_USUAL = 0.5
_FOREIGN = 0.75
"""Share of posts in neither English nor French, or too short to tell, from which that is said."""
_RARE = 0.05
"""Share of posts up to which a habit is to be avoided."""
_MOST_MARKS = 4
_MOST_NAMED = 3
_TYPICAL = (
    "has_dressed_letters",
    "has_capitals",
    "has_semicolon",
    "has_arrow",
    "has_ampersand",
    "has_ellipsis",
    "has_dash",
    "has_brackets",
    "has_slash",
    "has_mention",
    "has_link",
    "has_quote",
    "has_colon",
    "has_number",
)
"""Signs worth a word where they are frequent, those that tell most first."""
_SPREADS = {"length": ((0.3, ""),), "rhythm": ((1.0, ".varied"), (0.5, ""))}
"""Distances of the quartiles, in medians, from which lengths are said to vary."""
_NONE = Share(0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence of a section; the higher ``spare``, the sooner it goes when space is short."""

    section: str
    text: str
    spare: int = 0


def statements(analysis: StyleAnalysis, wording: Wording) -> Iterator[Statement]:
    """Say what was measured, section by section; ``analysis`` measured one post or more."""
    writer = _Writer(analysis, wording)
    yield from writer.introduction()
    yield from writer.form()
    yield from writer.opening()
    yield from writer.voice()
    yield from writer.signs()
    yield from writer.ending()
    yield from writer.reactions()
    yield from writer.avoid()


@dataclass(frozen=True, slots=True)
class _Writer:
    analysis: StyleAnalysis
    wording: Wording

    def introduction(self) -> Iterator[Statement]:
        posts = self.wording.count(self.analysis.measured, "post")
        yield self._say("", "intro", posts=posts)
        if self.analysis.measured < LEAST_POSTS:
            yield self._say("", "few", spare=5)

    def form(self) -> Iterator[Statement]:
        languages = self.analysis.languages
        main = self.analysis.language
        name = self.wording.languages[main]
        foreign = sum(share for each, share in languages.items() if each not in {main, "other"})
        if self._is_understood():
            mixed = foreign > _RARE
            yield self._say("form", "language.mixed" if mixed else "language", language=name)
        else:
            yield self._say("form", "language.other")
        yield self._length("length", "words")
        yield self._length("rhythm", "sentence_words")
        yield from self._lines()
        lists = self._share("has_list")
        if lists >= _TELLING:
            kinds = ("numbered", "bullet", "emoji")
            kind = max(kinds, key=lambda each: self._share(f"has_{each}_list"))
            yield self._say(
                "form",
                "list",
                often=self.wording.frequency(lists),
                items=self._per_user("list_items", "item", lists),
                kind=self.wording.sentences[f"list.{kind}"],
            )

    def _is_understood(self) -> bool:
        """Tell whether enough posts are in a language whose pronouns are known."""
        return self.analysis.languages.get("other", 0) <= _FOREIGN

    def _length(self, key: str, size: str) -> Statement:
        found = self.analysis.sizes[size]
        spread = (found.high - found.low) / max(found.median, 1)
        variant = next((name for least, name in _SPREADS[key] if spread >= least), ".even")
        return self._say(
            "form",
            key + variant,
            median=self.wording.count(max(1, round(found.median)), "word"),
            sentences=self._whole("sentences", "sentence"),
            low=str(round(found.low)),
            high=str(round(found.high)),
        )

    def _lines(self) -> Iterator[Statement]:
        broken = self._share("has_lines")
        if broken >= _USUAL:
            yield self._say(
                "form",
                "lines",
                lines=self._whole("lines", "line"),
                words=self._whole("line_words", "word"),
            )
            if self._share("has_blank_lines") >= _USUAL:
                yield self._say("form", "lines.blank", spare=4)
        elif broken > _RARE:
            yield self._say("form", "lines.some", often=self.wording.frequency(broken))
        elif self.analysis.sizes["words"].median >= 40:
            yield self._say("form", "lines.none", spare=6)

    def opening(self) -> Iterator[Statement]:
        yield self._say("opening", "opening.length", words=self._whole("hook_words", "word"))
        yield self._kinds("opening", OPENINGS)
        words = self._favourites("first_words", _TELLING)
        if words:
            quoted = [self.wording.quote(word) for word in words]
            yield self._say("opening", "opening.words", spare=3, words=self._and(quoted))
        types = [
            f"{name} ({self.wording.frequency(share.posts)})"
            for text, share in _leading(self.analysis.hook_types)
            if share.posts >= _TELLING and (name := harmless(text))
        ]
        if types:
            yield self._say("opening", "hook_types", types=self._and(types))

    def _kinds(self, section: str, habits: Iterable[str]) -> Statement:
        shares = {habit: self.analysis.habits.get(habit, _NONE) for habit in habits}
        kinds = [
            f"{self.wording.habits[habit]} {self.wording.frequency(share.posts)}"
            for habit, share in _leading(shares)
            if share.posts >= _TELLING
        ]
        if kinds:
            return self._say(section, f"{section}.kinds", kinds=self._and(kinds))
        return self._say(section, f"{section}.plain")

    def voice(self) -> Iterator[Statement]:
        yield from self._persons() if self._is_understood() else ()
        for habit, key in (("has_question", "questions"), ("has_exclamation", "exclamations")):
            share = self._share(habit)
            if share > _RARE:
                yield self._say("voice", key, often=self.wording.frequency(share))

    def _persons(self) -> Iterator[Statement]:
        rates = self.analysis.rates["persons"]
        if rates.get("i", 0) >= 5:
            yield self._person("i")
        else:
            yield self._say("voice", "i.rare")
        if rates.get("we", 0) >= 5:
            yield self._person("we")
        familiar = rates.get("familiar", 0)
        if rates.get("you", 0) < 5:
            yield self._say("voice", "you.rare")
        elif self.analysis.language == "fr":
            closer = familiar * 2 > rates["you"]
            yield self._person("you", ".familiar" if closer else ".polite")
        else:
            yield self._person("you")

    def _person(self, person: str, variant: str = "") -> Statement:
        rate = max(1, round(self.analysis.rates["persons"][person] / 10))
        return self._say("voice", person + variant, rate=self.wording.count(rate, "time"))

    def signs(self) -> Iterator[Statement]:
        for kind in ("emoji", "hashtag"):
            share = self._share(f"has_{kind}")
            if share <= _RARE:
                continue
            inside = kind == "hashtag" and self._share("has_hashtag_inside") > share / 2
            yield self._say(
                "signs",
                f"{kind}s.inside" if inside else f"{kind}s",
                count=self._per_user(f"{kind}s", kind, share),
                often=self.wording.frequency(share),
            )
            favourites = " ".join(self._favourites(f"{kind}s", 2 * _RARE))
            if favourites:
                yield self._say("signs", f"{kind}s.favourite", spare=2, favourites=favourites)
        marks = [
            f"{self.wording.habits[habit]} {self.wording.frequency(self._share(habit))}"
            for habit in _TYPICAL
            if self._share(habit) >= 2 * _TELLING
        ]
        if marks:
            yield self._say("signs", "marks", spare=1, marks=self._and(marks[:_MOST_MARKS]))

    def ending(self) -> Iterator[Statement]:
        yield self._kinds("ending", CLOSINGS)

    def reactions(self) -> Iterator[Statement]:
        found = compare(self.analysis)
        if found is None:
            return
        said = []
        for key, habits in (
            ("reactions.more", found.bodies),
            ("reactions.less", found.missing),
            ("reactions.opening", found.openings),
        ):
            names = [name for each in habits if (name := self.wording.habits.get(each))]
            if names:
                said.append(self._say("reactions", key, spare=1, habits=self._and(names)))
        types = [name for each in found.hook_types if (name := harmless(each))]
        if types:
            said.append(self._say("reactions", "reactions.hooks", types=self._and(types)))
        if found.words is not None:
            longer = found.words > self.analysis.sizes["words"].mean
            key = "reactions.longer" if longer else "reactions.shorter"
            near = self.wording.count(round(found.words), "word")
            said.append(self._say("reactions", key, words=near))
        yield from said or [self._say("reactions", "reactions.even", spare=6)]

    def avoid(self) -> Iterator[Statement]:
        names = [
            name for habit, name in self.wording.avoided.items() if self._share(habit) <= _RARE
        ]
        if names:
            yield self._say("avoid", "avoid.habits", habits=self._and(names))
        words, sentence = self.analysis.sizes["words"], self.analysis.sizes["sentence_words"]
        yield self._say(
            "avoid",
            "avoid.long",
            words=self.wording.count(_beyond(words.high), "word"),
            sentence=self.wording.count(_beyond(sentence.high), "word"),
        )
        yield self._say("avoid", "avoid.copy")

    def _say(self, section: str, key: str, *, spare: int = 0, **values: str) -> Statement:
        return Statement(section, self.wording.sentences[key].format(**values), spare)

    def _share(self, habit: str) -> float:
        return self.analysis.habits.get(habit, _NONE).posts

    def _whole(self, size: str, unit: str) -> str:
        return self.wording.count(max(1, round(self.analysis.sizes[size].median)), unit)

    def _per_user(self, size: str, unit: str, share: float) -> str:
        """Count how many of something the posts have that have any."""
        return self.wording.count(max(1, round(self.analysis.sizes[size].mean / share)), unit)

    def _favourites(self, kind: str, least: float) -> list[str]:
        found = self.analysis.favourites.get(kind, {})
        return [text for text, posts in found.items() if posts >= least * self.analysis.measured]

    def _and(self, parts: list[str]) -> str:
        return self.wording.enumerate(parts)


def _leading(shares: Mapping[str, Share]) -> list[tuple[str, Share]]:
    """Give the most frequent ones, the first of equals first."""
    return sorted(shares.items(), key=lambda each: -each[1].posts)[:_MOST_NAMED]


def _beyond(size: float) -> int:
    """Go half as far again, in round numbers."""
    return max(10, 5 * round(1.5 * size / 5))
