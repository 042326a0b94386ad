"""Ages, shares and counts in words, the same wherever a person reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def age(seconds: float) -> str:
    """Write a length of time in its largest unit, rounded down: ``40 s``, ``3 min``, ``2 days``."""
    for size, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size or (seconds >= size and unit != "days"):
            return f"{seconds // size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


def one_line(text: str, width: int) -> str:
    """Return the text on one line, cut to ``width`` characters."""
    line = " ".join(text.split())
    return line if len(line) <= width else line[: width - 1].rstrip() + "…"


def did(results: Any) -> str:
    """Return the counts that are not zero, and why it ended when that is worth a word.

    SQL callers log what they like: what is no object has no counts.
    """
    if not isinstance(results, Mapping):
        return "nothing"
    skipped = {"batches", "seconds", "compute_seconds", "database_seconds"}
    parts = [results, *(part for part in results.values() if isinstance(part, Mapping))]
    counts = [
        f"{number:,} {what}"
        for part in parts
        for what, number in part.items()
        if isinstance(number, int) and what not in skipped
    ]
    done = ", ".join(part for part in counts if not part.startswith("0 ")) or "nothing"
    return f"{done}; {results['reason']}" if results.get("reason") else done


def share(part: int, whole: int) -> str:
    """Return a share in percent: 100 % only when nothing is missing, 0 % only without any."""
    if not whole:
        return "–"
    percent = round(100 * part / whole)
    return f"{min(percent, 99) if part < whole else 100} %" if part else "0 %"
