"""What the form of an opening says about its hook type, in English and French.

Nearness of meaning cannot see form: "Why do we meet?" and "We meet too often." are neighbours.  So
rules read the first words, the punctuation and the set phrases.  They only ever add evidence for
hook types by name; a type that the taxonomy does not have is nobody's, whatever a text says.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

from linkedin_pipeline.domain.hook_patterns import RULES
from linkedin_pipeline.domain.hooks import MAX_CHARACTERS

_DECORATION = re.compile(r"""^[^\w"“”«„‘£$€~≈+<>±–—?]+""")
_SPACES = re.compile(r"[^\S\n]+")


def rule_strengths(hook: str) -> Mapping[str, float]:
    """Return the hook types that the form of an opening speaks for, each with 0 < strength <= 1.

    Of the rules for one type the strongest that matches counts.  Leading decoration is passed over,
    letters of the mathematical alphabets that stand for bold type are read as letters, and only the
    first 300 characters count.
    """
    text = _opening(hook)
    strengths: dict[str, float] = {}
    for rule in RULES:
        if strengths.get(rule.name, 0.0) < rule.strength and rule.pattern.search(text):
            strengths[rule.name] = rule.strength
    return strengths


def keyword_strength(hook: str, keywords: Iterable[str]) -> float:
    """Return how much the keywords of a label speak for it: 0, 0.5 or 1.

    One keyword counts half, and fully when the hook starts with it; two or more count fully.
    Capitals do not matter.  Keywords are found as whole words, marks like "%" anywhere.
    """
    text = _opening(hook)
    points = 0
    for keyword in {_plain(keyword).strip() for keyword in keywords} - {""}:
        before = r"(?<!\w)" if keyword[0].isalnum() else ""
        after = r"(?!\w)" if keyword[-1].isalnum() else ""
        found = re.search(before + re.escape(keyword) + after, text)
        if found:
            points += 1 if found.start() else 2
    return min(points, 2) / 2


def _opening(hook: str) -> str:
    return _DECORATION.sub("", _plain(hook)).strip()


def _plain(text: str) -> str:
    short = unicodedata.normalize("NFKC", text[:MAX_CHARACTERS])[: 2 * MAX_CHARACTERS]
    return _SPACES.sub(" ", short.replace("’", "'").replace("ʼ", "'").casefold())
