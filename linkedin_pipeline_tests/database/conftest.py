"""A small SQL tree for the tests of the migration runner, and databases to move in on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from linkedin_pipeline_tests.database.before import (
    adopted_template,
    adopted_url,
    before_template,
    before_url,
)

__all__ = ["adopted_template", "adopted_url", "before_template", "before_url"]

Write = Callable[[str, str], Path]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Give an SQL tree with one table and one function."""
    root = tmp_path / "sql"
    (root / "migrations").mkdir(parents=True)
    (root / "routines").mkdir()
    (root / "migrations" / "0001_first.sql").write_text("create table first (id int);\n")
    (root / "routines" / "100_one.sql").write_text(
        "create or replace function one() returns int language sql as $$ select 1; $$;\n"
    )
    return root


@pytest.fixture
def write(tree: Path) -> Write:
    """Give a function that writes a file of the tree and returns the tree."""

    def put(name: str, text: str) -> Path:
        (tree / name).write_text(text)
        return tree

    return put
