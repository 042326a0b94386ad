"""What a language model answered: a style prompt that may be stored, or none."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from linkedin_pipeline.domain.errors import Rejected
from linkedin_pipeline.domain.styles.request import KEY, LEAST_LENGTH, MOST_LENGTH

_LINK = re.compile(r"https?://\w|\bwww\.\w|[\w.+-]+@[\w-]+\.\w", re.IGNORECASE)
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, which PostgreSQL or a reader cannot take, and halves of characters."""
_WORD = re.compile(r"\w+")
_COPIED = 12
"""Words in a row that a prompt may not share with a post."""


def unusable(code: str, reason: str) -> Rejected:
    """Return the error for an answer without a style prompt; ``reason`` quotes nothing of it."""
    remedy = "Request the style again, best once the posts have changed."
    return Rejected(code, "the style prompt", reason, remedy)


def read_style(text: str, sample: Sequence[str]) -> str:
    """Return the style prompt of an answer's text.

    Raises:
        Rejected: it is not the JSON that was asked for, too short or too long, or holds what a
            style prompt must not: unseen characters, a link or an address, a passage of a post.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise unusable("style_unusable", "the answer is not JSON") from None
    prompt = document.get(KEY) if isinstance(document, dict) else None
    if not isinstance(prompt, str):
        raise unusable("style_unusable", f"the answer has no text under {KEY!r}")
    prompt = prompt.replace("\r\n", "\n").strip()
    if not LEAST_LENGTH <= len(prompt) <= MOST_LENGTH:
        raise unusable(
            "style_unusable",
            f"{len(prompt)} characters are not between {LEAST_LENGTH:,} and {MOST_LENGTH:,}",
        )
    if _UNSEEN.search(prompt):
        raise unusable("style_unusable", "the answer holds unseen characters")
    if _LINK.search(prompt):
        raise unusable("style_unusable", "the answer holds a link or an address")
    copied = {run for post in sample for run in _runs(post)}
    if not copied.isdisjoint(_runs(prompt)):
        raise unusable("style_unusable", f"the answer copies {_COPIED} words in a row of a post")
    return prompt


def _runs(text: str) -> Iterator[tuple[str, ...]]:
    words = _WORD.findall(text.casefold())
    return zip(*(words[start:] for start in range(_COPIED)), strict=False)
