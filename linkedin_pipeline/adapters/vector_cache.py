"""Vectors of texts met lately, so that the stages of one run compute each text once."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Row: TypeAlias = npt.NDArray[np.float32]


def key_of(text: str) -> bytes:
    """Return what stands for a text: 16 bytes that no other text has, whatever its length."""
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


class VectorCache:
    """Keeps up to ``capacity`` rows, dropping those not asked for the longest; safe in threads.

    A row of 512 numbers takes some 2.3 kB with its key.  Rows are shared: do not write to them.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._rows: OrderedDict[bytes, Row] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, keys: Iterable[bytes]) -> dict[bytes, Row]:
        """Return the rows that are kept of ``keys``; asking makes them young again."""
        found: dict[bytes, Row] = {}
        with self._lock:
            for key in keys:
                if key in self._rows:
                    self._rows.move_to_end(key)
                    found[key] = self._rows[key]
        return found

    def keep(self, rows: Mapping[bytes, Row]) -> None:
        """Keep ``rows``, and forget what no longer fits."""
        with self._lock:
            self._rows.update(rows)
            while len(self._rows) > self._capacity:
                self._rows.popitem(last=False)
