"""Named statements of the .sql files beside this module, so that SQL lives in SQL files."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import LiteralString


@cache
def _statements() -> dict[str, str]:
    statements: dict[str, str] = {}
    for file in sorted(files("linkedin_pipeline.database").iterdir(), key=lambda file: file.name):
        if file.name.endswith(".sql"):
            parts = re.split(r"^-- name: (\w+)\n", file.read_text("utf-8"), flags=re.MULTILINE)
            statements |= zip(parts[1::2], parts[2::2], strict=True)
    return statements


def query(name: str) -> LiteralString:
    """Return the statement called ``name``; it ships with the package, so it is trusted text."""
    return _statements()[name]
