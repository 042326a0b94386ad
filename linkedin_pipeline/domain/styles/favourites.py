"""What an author comes back to, made harmless: it enters a prompt, and authors are strangers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

KINDS = ("emojis", "hashtags", "first_words")
MOST = 5
"""Favourites of each kind."""
LONGEST = 24
"""Characters of a favourite; a longer one is left out, not cut."""
_LEAST_POSTS = 2
_EMOJI_CODE_POINTS = 8
_HIDDEN = re.compile("[\U000e0000-\U000e0fff]")
"""Tags and selectors that spell unseen text within an emoji."""
_TAG = re.compile(r"#\w+")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_ORDERS = re.compile(
    r"ignor|disregard|forget|instruct|prompt|system|assistant|overr?id|jailbreak|bypass|obey|reveal"
    r"|password|secret|apikey|oubli|consigne|assistante?|contourn|mot_?de_?passe",
    re.IGNORECASE,
)
"""Stems of words that give orders to a model; a real tag lost to them is no harm."""


def favourites(chosen: Sequence[Mapping[str, Iterable[str]]]) -> dict[str, dict[str, int]]:
    """Count in how many posts each emoji, hashtag and first word is used; keep the leading ones.

    At most 5 of a kind, each used in two posts or more, most used first.  Only single emojis,
    hashtags and words of at most 24 characters are kept, none that hides text or reads as an
    order to a model.  Spellings that differ in capitals count together, as most often written.
    """
    return {kind: _leading([each.get(kind, ()) for each in chosen], kind) for kind in KINDS}


def harmless(text: str) -> str | None:
    """Make a name from outside fit for a prompt: one short line of words, or None.

    Letters, digits, blanks, apostrophes and hyphens stay.  For names of hook types.
    """
    line = " ".join("".join(each if _stays(each) else " " for each in text).split())
    if not line or len(line) > 2 * LONGEST or _ORDERS.search(line):
        return None
    return line


def _stays(character: str) -> bool:
    return character.isalnum() or character in "'’-"


def _leading(chosen: Sequence[Iterable[str]], kind: str) -> dict[str, int]:
    posts: Counter[str] = Counter()
    spellings: dict[str, Counter[str]] = {}
    for texts in chosen:
        kept = [text for text in texts if _is_harmless(text, kind)]
        posts.update({_key(text) for text in kept})
        for text in kept:
            spellings.setdefault(_key(text), Counter())[text] += 1
    leading = sorted(
        (key for key, count in posts.items() if count >= _LEAST_POSTS),
        key=lambda key: (-posts[key], key),
    )
    return {_most_used(spellings[key]): posts[key] for key in leading[:MOST]}


def _key(text: str) -> str:
    return text.replace("\ufe0f", "").casefold()


def _most_used(spellings: Counter[str]) -> str:
    return min(spellings, key=lambda text: (-spellings[text], text))


def _is_harmless(text: str, kind: str) -> bool:
    if kind == "emojis":
        return len(text) <= _EMOJI_CODE_POINTS and not _HIDDEN.search(text) and "\u20e3" not in text
    pattern = _TAG if kind == "hashtags" else _WORD
    fits = len(text) <= LONGEST and pattern.fullmatch(text) is not None
    return fits and not _ORDERS.search(text)
