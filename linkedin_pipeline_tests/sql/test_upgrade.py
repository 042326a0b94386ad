"""A database of an earlier version becomes what a fresh one is, with its rows in place."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path

import psycopg
import pytest

from linkedin_pipeline.database.migrate import migrate
from linkedin_pipeline.database.snapshot import snapshot
from linkedin_pipeline.settings import PROJECT_ROOT
from linkedin_pipeline_tests.sql.bank import (
    add_finished_post,
    add_post,
    drift,
    rows,
    value,
    vector,
)

BEFORE_PUBLISHING = "ec54219544cfb12e6fa62645e7c48904002e0285"
"""The commit that ends with migration 0007: posts, labels and styles, nothing else."""


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    """Give the SQL tree of the earlier version, out of the history of this checkout."""
    archive = subprocess.run(
        ["git", "archive", BEFORE_PUBLISHING, "sql"],
        cwd=PROJECT_ROOT,
        capture_output=True,
        check=False,
    )
    if archive.returncode:
        pytest.skip("the earlier version is not in the history of this checkout")
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(tmp_path, filter="data")
    return tmp_path / "sql"


def test_an_earlier_database_becomes_what_a_fresh_one_is(
    empty_database_url: str, database_url: str, earlier: Path
) -> None:
    """The schema is the same to the letter; posts, vectors and work are there and searched."""
    migrate(empty_database_url, tree=earlier)
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        done = add_finished_post(connection)
        new = add_post(connection, "New.")
        migrate(empty_database_url)
        assert snapshot(empty_database_url) == snapshot(database_url)
        found = rows(connection, "select id from match_viral_posts(%s::vector, -1)", vector(1))
        assert found == [(done,)]
        assert value(connection, "select content_hash = md5('A post.') from post_vectors")
        assert drift(connection) == []
        claimed = rows(connection, "select post_id from get_posts_needing_embedding()")
        assert claimed == [(new,)]
