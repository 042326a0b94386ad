"""The memory for vectors, alone and inside the local embedder."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from linkedin_pipeline.adapters import local_embedder
from linkedin_pipeline.adapters.local_embedder import LocalEmbedder
from linkedin_pipeline.adapters.vector_cache import Row, VectorCache, key_of
from linkedin_pipeline.settings import LOCAL_EMBEDDING_MODEL


def row(number: int) -> Row:
    """Return a row that can be told from others."""
    return np.full(512, number, dtype=np.float32)


def numbers(cache: VectorCache, *keys: bytes) -> list[int]:
    """Return the numbers of the rows that are kept of the keys."""
    return [int(found[0]) for found in cache.find(keys).values()]


def test_what_is_kept_is_found() -> None:
    """Kept rows come back by key, others are missing."""
    cache = VectorCache(4)
    cache.keep({b"one": row(1), b"two": row(2)})
    assert list(cache.find([b"two", b"none"])) == [b"two"]
    assert numbers(cache, b"one", b"two") == [1, 2]


def test_the_row_not_asked_for_the_longest_is_dropped() -> None:
    """Asking for a row makes it young; the bound holds whatever arrives at once."""
    cache = VectorCache(2)
    cache.keep({b"1": row(1), b"2": row(2)})
    cache.find([b"1"])
    cache.keep({b"3": row(3)})
    assert numbers(cache, b"1", b"2", b"3") == [1, 3]
    cache.keep({str(n).encode(): row(n) for n in range(10, 20)})
    assert numbers(cache, *(str(n).encode() for n in range(30))) == [18, 19]


def test_a_cache_of_nothing_keeps_nothing() -> None:
    """Capacity 0 switches it off."""
    cache = VectorCache(0)
    cache.keep({b"1": row(1)})
    assert cache.find([b"1"]) == {}


class Yielding(bytes):
    """A key that lets other threads run whenever it is looked up."""

    __slots__ = ()

    def __hash__(self) -> int:
        time.sleep(0)
        return super().__hash__()


def test_threads_share_it() -> None:
    """Many threads at once never find a wrong row, never pass the bound and never break it."""
    cache = VectorCache(2)
    keys = [Yielding(str(n).encode()) for n in range(4)]

    def use(start: int) -> bool:
        right = True
        for n in range(start, start + 100):
            cache.keep({keys[n % 4]: row(n % 4)})
            found = cache.find(keys)
            right &= len(found) <= 2 and all(int(r[0]) == int(key) for key, r in found.items())
        return right

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(use, range(8)))


def test_keys_tell_texts_apart() -> None:
    """One text has one key, 16 bytes however long it is, and another text another."""
    assert key_of("Text") == key_of("Text") != key_of("text")
    assert len(key_of("x" * 10_000)) == len(key_of("")) == 16


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Watch which texts the model computes."""
    texts: list[str] = []
    real = local_embedder._encode  # noqa: SLF001

    def watched(some: Sequence[str]) -> list[Row]:
        texts.extend(some)
        return real(some)

    monkeypatch.setattr(local_embedder, "_encode", watched)
    return texts


def test_the_local_embedder_computes_a_text_once(encoded: list[str]) -> None:
    """Neither a text that is repeated nor one that comes again costs anything."""
    embedder = LocalEmbedder(LOCAL_EMBEDDING_MODEL)
    first = np.asarray(embedder.embed(["One.", "Deux.", "One."]))
    again = np.asarray(embedder.embed(["Deux.", "Three.", "One."]))
    assert encoded == ["One.", "Deux.", "Three."]
    assert np.array_equal(first[0], first[2])
    assert np.array_equal(again[0], first[1])
    assert np.array_equal(again[2], first[0])
    alone = LocalEmbedder(LOCAL_EMBEDDING_MODEL).embed(["Three."])
    assert np.allclose(again[1], alone[0], atol=1e-5)


def test_what_a_caller_does_to_a_vector_stays_with_the_caller(encoded: list[str]) -> None:
    """Vectors that are handed out are copies."""
    embedder = LocalEmbedder(LOCAL_EMBEDDING_MODEL)
    vector = np.asarray(embedder.embed(["Mine."])[0])
    kept = vector.copy()
    vector[:] = 0.0
    assert np.array_equal(embedder.embed(["Mine."])[0], kept)
    assert encoded == ["Mine."]


def test_the_local_embedder_forgets_beyond_its_bound(encoded: list[str]) -> None:
    """A batch larger than the memory is embedded all the same."""
    embedder = LocalEmbedder(LOCAL_EMBEDDING_MODEL, keep=2)
    assert len(embedder.embed(["a", "b", "c", "a"])) == 4
    embedder.embed(["a"])
    assert encoded == ["a", "b", "c", "a"]


def test_only_what_counts_of_a_text_is_its_key(encoded: list[str]) -> None:
    """Texts that differ beyond the 3,000th character are one text."""
    embedder = LocalEmbedder(LOCAL_EMBEDDING_MODEL)
    embedder.embed(["word " * 600, "word " * 600 + "tail"])
    assert len(encoded) == 1
