"""Habits: what a post does or does not do, each by a name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from linkedin_pipeline.domain.styles.text import Line, Token
from linkedin_pipeline.domain.styles.words import CALLS, PERSONS, Language, Person

OPENINGS = (
    "opens_with_question",
    "opens_with_exclamation",
    "opens_with_number",
    "opens_with_i",
    "opens_with_we",
    "opens_with_you",
    "opens_with_quote",
    "opens_with_emoji",
    "opens_with_hashtag",
    "opens_with_colon",
    "opens_in_capitals",
    "opens_short",
)
"""How the hook begins or what it holds."""
BODIES = (
    "has_question",
    "has_exclamation",
    "has_emoji",
    "has_hashtag",
    "has_hashtag_inside",
    "has_link",
    "has_mention",
    "has_number",
    "has_ellipsis",
    "has_dash",
    "has_colon",
    "has_semicolon",
    "has_quote",
    "has_brackets",
    "has_ampersand",
    "has_slash",
    "has_arrow",
    "has_capitals",
    "has_dressed_letters",
    "says_i",
    "says_we",
    "says_you",
    "has_list",
    "has_numbered_list",
    "has_bullet_list",
    "has_emoji_list",
    "has_lines",
    "has_blank_lines",
)
CLOSINGS = (
    "closes_with_question",
    "closes_with_exclamation",
    "closes_with_ellipsis",
    "closes_without_mark",
    "closes_with_emoji",
    "closes_with_hashtag",
    "closes_with_link",
    "closes_with_call",
)
"""How the last sentence ends; hashtags and links after it are closings of their own."""
HABITS = OPENINGS + BODIES + CLOSINGS

SHORT_OPENING = 7
"""Words up to which a hook is short."""
LABELS = frozenset(("hashtag", "link", "mention"))
_QUESTIONS = frozenset("?？؟⁇❓❔")
_EXCLAMATIONS = frozenset("!！‼❗❕")
_QUOTES = frozenset('"“”«»„「『')
_BULLETS = frozenset("-–—•·▪▫◦‣*+>→➡➔➜►▶✓✔☑✅❌✗✘👉🔹🔸🔷🔶")
_KEYCAP = "\u20e3"
_CALL_SENTENCES = 2
_MARKS = {
    "has_question": _QUESTIONS,
    "has_exclamation": _EXCLAMATIONS,
    "has_dash": frozenset("–—-"),
    "has_colon": frozenset(":"),
    "has_semicolon": frozenset(";"),
    "has_quote": _QUOTES,
    "has_brackets": frozenset("()[]"),
    "has_ampersand": frozenset("&"),
    "has_slash": frozenset("/"),
    "has_arrow": frozenset("→⇒➔➜➡►▶"),
}


def opening_habits(hook: Sequence[Token], language: Language | None) -> Iterator[str]:
    """Name what the hook does."""
    if not hook:
        return
    words = [token for token in hook if token.kind == "word"]
    marks = {token.text for token in hook if token.kind == "mark"}
    first = hook[0]
    persons = {f"opens_with_{person}" for person in _persons(words, language)}
    yield from persons & set(OPENINGS)
    if marks & _QUESTIONS:
        yield "opens_with_question"
    if marks & _EXCLAMATIONS:
        yield "opens_with_exclamation"
    if any(token.kind == "number" for token in hook[:4]):
        yield "opens_with_number"
    if first.text in _QUOTES:
        yield "opens_with_quote"
    if first.kind in {"emoji", "hashtag"}:
        yield f"opens_with_{first.kind}"
    if hook[-1].text == ":":
        yield "opens_with_colon"
    if len(words) > 1 and all(word.text.isupper() for word in words):
        yield "opens_in_capitals"
    if 0 < len(words) <= SHORT_OPENING:
        yield "opens_short"


def body_habits(lines: Sequence[Line], language: Language | None) -> Iterator[str]:
    """Name what the post does anywhere in it."""
    tokens = [token for line in lines for token in line.tokens]
    kinds = {token.kind for token in tokens}
    marks = {token.text for token in tokens if token.kind == "mark"}
    for kind in ("emoji", "hashtag", "link", "mention", "number"):
        if kind in kinds:
            yield f"has_{kind}"
    yield from (habit for habit, signs in _MARKS.items() if marks & signs)
    if "dots" in kinds:
        yield "has_ellipsis"
    if any(token.kind == "hashtag" for token in without_labels(tokens)):
        yield "has_hashtag_inside"
    words = [token for token in tokens if token.kind == "word"]
    if any(len(word.text) > 4 and word.text.isupper() for word in words):
        yield "has_capitals"
    spoken = {f"says_{person}" for person in _persons(words, language)}
    yield from spoken & set(BODIES)
    if len(lines) > 1:
        yield "has_lines"
    if any(line.after_blank for line in lines):
        yield "has_blank_lines"


def closing_habits(lines: Sequence[Line], language: Language | None) -> Iterator[str]:
    """Name how the post ends."""
    sentences = [sentence for line in lines for sentence in line.sentences]
    tokens = [token for sentence in sentences for token in sentence]
    said = without_labels(tokens)
    if not said:
        return
    if len(said) < len(tokens):
        ending = {token.kind for token in tokens[len(said) :]}
        yield from (f"closes_with_{kind}" for kind in ("hashtag", "link") if kind in ending)
    last = said[-1]
    if last.kind == "emoji":
        yield "closes_with_emoji"
    elif last.kind == "dots":
        yield "closes_with_ellipsis"
    elif last.text in _QUESTIONS:
        yield "closes_with_question"
    elif last.text in _EXCLAMATIONS:
        yield "closes_with_exclamation"
    elif last.kind == "word":
        yield "closes_without_mark"
    spoken = [sentence for sentence in sentences if without_labels(sentence)]
    near = {token.lower for sentence in spoken[-_CALL_SENTENCES:] for token in sentence}
    if language and near & CALLS[language]:
        yield "closes_with_call"


def list_items(lines: Sequence[Line]) -> Counter[str]:
    """Count the items of lists by how they are marked: ``numbered``, ``bullet`` or ``emoji``.

    Two lines that begin alike make a list, three when they begin with emojis.  Where line breaks
    were lost, "1." to "3." in a row or repeated bullets make one too.
    """
    heads = Counter(_head(line.tokens) for line in lines)
    if len(lines) < 3:
        heads += _inline_items([token for line in lines for token in line.tokens])
    least = {"numbered": 2, "bullet": 2, "emoji": 3}
    return Counter({kind: heads[kind] for kind, few in least.items() if heads[kind] >= few})


def list_habits(items: Counter[str]) -> Iterator[str]:
    """Name the kinds of lists that the post has."""
    if items:
        yield "has_list"
    yield from (f"has_{kind}_list" for kind in items)


def without_labels(tokens: Sequence[Token]) -> Sequence[Token]:
    """Leave out the hashtags, links and mentions at the end."""
    end = len(tokens)
    while end and tokens[end - 1].kind in LABELS:
        end -= 1
    return tokens[:end]


def _persons(words: Sequence[Token], language: Language | None) -> set[Person]:
    if language is None:
        return set()
    table = PERSONS[language]
    return {table[word.lower] for word in words if word.lower in table}


def _head(tokens: Sequence[Token]) -> str:
    """Tell how a line begins: as an item of which kind of list, or as none."""
    if len(tokens) < 2:
        return "none"
    first, second = tokens[0], tokens[1]
    if first.text.endswith(_KEYCAP) or (first.kind == "number" and second.text in {".", ")", "/"}):
        return "numbered"
    if first.text[0] in _BULLETS:
        return "bullet"
    return "emoji" if first.kind == "emoji" else "none"


def _inline_items(tokens: Sequence[Token]) -> Counter[str]:
    numbered = 0
    for index, token in enumerate(tokens[:-1]):
        keycap = token.text == f"{numbered + 1}\ufe0f{_KEYCAP}"
        dotted = token.text == str(numbered + 1) and tokens[index + 1].text in {".", ")"}
        numbered += keycap or dotted
    bullets = sum(token.text[0] in _BULLETS - set("-–—*+>") for token in tokens)
    return Counter(numbered=numbered if numbered > 2 else 0, bullet=bullets if bullets > 1 else 0)
