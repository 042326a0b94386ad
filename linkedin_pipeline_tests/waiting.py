"""Waiting for a condition, in tests, with a bound far beyond what any machine needs."""

from __future__ import annotations

import time
from collections.abc import Callable


def eventually(condition: Callable[[], object], *, within: float = 60) -> None:
    """Return once ``condition`` is true; fail after ``within`` seconds."""
    until = time.monotonic() + within
    while not condition():
        assert time.monotonic() < until, "the condition did not come true in time"
        time.sleep(0.02)
