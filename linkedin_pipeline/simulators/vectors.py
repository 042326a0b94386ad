"""Embeddings without a model: hashed words and character trigrams.

Texts that share words are near one another, which is all that the pipeline's tests need.
"""

from __future__ import annotations

import re
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from linkedin_pipeline.simulators.tokens import as_bytes

DIMENSIONS = 1536
_TRIGRAM_WEIGHT = 0.1
_ODD = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9)


def embedding(model: str, text: str, dimensions: int = DIMENSIONS) -> NDArray[np.float32]:
    """Return a unit vector that depends on model and text alone; another model, another vector.

    Fewer dimensions are the first ones, made unit length again, as OpenAI documents it.
    """
    folded = text.casefold()
    seed = np.uint64(crc32(model.encode()))
    words = sorted({word for word in re.findall(r"\w+", folded) if len(word) > 2})
    hashes = np.array([crc32(as_bytes(word)) for word in words], dtype=np.uint64)
    weights = np.array([min(len(word), 10) / 5 for word in words], dtype=np.float64)
    codes = np.frombuffer(f"  {folded} ".encode("utf-32-le", "replace"), dtype=np.uint32)
    wide = codes.astype(np.uint64)
    grams = sum(
        (wide[i : len(wide) - 2 + i] * np.uint64(odd) for i, odd in enumerate(_ODD)),
        start=np.uint64(1),
    )
    features = _mix(np.concatenate([hashes, np.asarray(grams, dtype=np.uint64)]) ^ seed)
    weights = np.concatenate([weights, np.full(len(wide) - 2, _TRIGRAM_WEIGHT)])
    signs = np.where(features >> np.uint64(63), 1.0, -1.0)
    places = (features % np.uint64(DIMENSIONS)).astype(np.int64)
    vector = np.bincount(places, weights=signs * weights, minlength=DIMENSIONS)[:dimensions]
    norm = float(np.linalg.norm(vector))
    if norm == 0:  # features that cancel out, or that lie beyond few dimensions
        vector[crc32(as_bytes(folded)) % dimensions], norm = 1.0, 1.0
    unit: NDArray[np.float32] = (vector / norm).astype(np.float32)
    return unit


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Spread every bit over all others (the finalizer of splitmix64)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
