"""Tokens as the simulators count them: a quarter of the UTF-8 bytes, rounded up.

No model counts like that, but everybody can repeat it; what a call bills is what its ``usage`` says
and what the ledger holds.
"""

from __future__ import annotations

from hashlib import blake2b


def as_bytes(text: str) -> bytes:
    """Encode text as UTF-8; half a surrogate pair counts as one byte."""
    return text.encode("utf-8", "replace")


def count(text: str | bytes) -> int:
    """Return the number of tokens of a text."""
    return -(-len(text if isinstance(text, bytes) else as_bytes(text)) // 4)


class PrefixCache:
    """Beginnings of prompts seen before; nothing is ever forgotten, unlike at the provider's."""

    def __init__(self) -> None:
        self._seen: set[tuple[str, bytes]] = set()

    def read_and_remember(self, model: str, prompt: str, *, least: int, step: int) -> int:
        """Return how many leading tokens a model has seen, in whole steps from ``least`` on."""
        data, digest, done, cached = as_bytes(prompt), blake2b(digest_size=16), 0, 0
        for tokens in range(least, len(data) // 4 + 1, step):
            digest.update(data[done : tokens * 4])
            done = tokens * 4
            key = (model, digest.digest())
            if key in self._seen:
                cached = tokens
            self._seen.add(key)
        return cached

    def has(self, model: str, prefix: str) -> bool:
        """Tell whether exactly this beginning was written before."""
        return (model, _digest(prefix)) in self._seen

    def write(self, model: str, prefix: str) -> None:
        """Remember a beginning."""
        self._seen.add((model, _digest(prefix)))

    def clear(self) -> None:
        """Forget everything."""
        self._seen.clear()


def _digest(prefix: str) -> bytes:
    return blake2b(as_bytes(prefix), digest_size=16).digest()
