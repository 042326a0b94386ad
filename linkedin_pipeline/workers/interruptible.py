"""Waiting for threads so that an interruption is heard soon."""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Final, TypeVar

T = TypeVar("T")

PIECE: Final = 1.0
"""Seconds after which a signal is noticed at the latest."""


def first_done(futures: Collection[Future[T]], seconds: float) -> set[Future[T]]:
    """Return the futures that are done, as soon as one is or after ``seconds``.

    Python acts on a signal between two steps of the main thread.  One that comes just before that
    thread goes to sleep, or that the system hands to another, does not wake it; hence the pieces.
    """
    left = seconds
    while True:
        done = wait(futures, min(left, PIECE), FIRST_COMPLETED).done
        left -= PIECE
        if done or left <= 0:
            return done
