"""Calls of paid models, as the ledger and the adapters speak of them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from uuid import UUID

LOCAL = "local"
OPENAI = "openai"
ANTHROPIC = "anthropic"
BUDGET = "budget"
"""The scope of the pause that a used budget is; no provider has the name."""

_LETTERS = re.compile(r"( ?([A-Z]?[a-z]+|[A-Z]+))")
_LONGEST_WORD = 24


@dataclass(frozen=True, slots=True)
class Model:
    """A model as settings and stored values name it: ``provider:model``."""

    provider: str
    name: str

    @classmethod
    def parse(cls, text: str) -> Model:
        """Read ``provider:model``; the model's own name may hold colons.

        Raises:
            ValueError: either part is missing.
        """
        provider, colon, name = text.partition(":")
        if not (provider and colon and name):
            raise ValueError(f"{text!r} is not written provider:model")
        return cls(provider, name)

    def __str__(self) -> str:
        return f"{self.provider}:{self.name}"


class Purpose(StrEnum):
    """What a call is for."""

    EMBEDDING = "embedding"
    CLASSIFICATION = "classification"
    STYLE = "style"


class CallOutcome(StrEnum):
    """How a call ended; `UNKNOWN`: no answer came, and the provider may have worked for money."""

    ANSWERED = "answered"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Plan:
    """A call about to be made; the token counts are upper bounds, for budgets and rate limits.

    ``items`` says how many texts or posts it is about; ``worker`` whose incident a failure is.
    """

    model: Model
    purpose: Purpose
    worker: str
    items: int
    input_tokens: int
    output_tokens: int = 0
    stage: str | None = None
    profile_id: UUID | None = None
    batch: bool = False


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that a provider says it counted; ``cached`` ones are part of ``input``."""

    input: int = 0
    cached: int = 0
    output: int = 0


@dataclass(frozen=True, slots=True)
class Permit:
    """The ledger's answer to a plan.

    ``verdict`` is ``go``, with the call's id, or says why not: ``paused``, ``budget`` or
    ``unpriced``, with the seconds until it is worth asking again.
    """

    verdict: str
    wait: float = 0.0
    said: str = ""
    call_id: UUID | None = None


def answer_key(*parts: str) -> bytes:
    """Return the SHA-256 that stands for what was asked; parts cannot run into one another."""
    digest = hashlib.sha256()
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8, "big"))
        digest.update(encoded)
    return digest.digest()


def most_tokens(texts: Sequence[str]) -> int:
    """Return more tokens than texts have: the price of a wrong guess is a refused request."""
    return sum(tokens_at_most(text) for text in texts)


@lru_cache(maxsize=512)  # most of a prompt is the same in every call
def tokens_at_most(text: str) -> int:
    """Return an upper bound of the tokens of one text, without the tokenizer's tables.

    A byte-level tokenizer makes no more tokens than UTF-8 has bytes, so whatever is no word of
    ASCII letters counts a token a byte.  A word, small after its first letter or all in capitals,
    with the space before it, counts one token and half of one for each letter; a run of letters
    too long for a word, one a letter.

    Measured with cl100k_base, the tokenizer of text-embedding-3: 1.0 (single letters) to 1.9 times
    the true number for noise, 2.4 times for English and French posts, and for none of 3,653 posts
    and sentences less than 1.
    """
    words = [(len(word), len(letters)) for word, letters in _LETTERS.findall(text)]
    others = len(text.encode("utf-8", "replace")) - sum(length for length, _ in words)
    return others + sum(n if n > _LONGEST_WORD else 1 + n // 2 for _, n in words)
