"""The schema as reviewed is the schema as built."""

from __future__ import annotations

import difflib
import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from linkedin_pipeline.database import binaries
from linkedin_pipeline.database.snapshot import HEADER, snapshot
from linkedin_pipeline.database.sql_tree import SQL_TREE
from linkedin_pipeline.domain.errors import DatabaseDown, Misconfigured
from linkedin_pipeline.settings import PROJECT_ROOT
from linkedin_pipeline_tests.postgres import GIVEN, PostgresServer

REGENERATE = "python -m linkedin_pipeline.database.snapshot > sql/snapshot.sql"

# before PostgreSQL 17, for one, pg_dump writes "grant all" as a list of privileges
of_this_version = pytest.mark.skipif(
    GIVEN in os.environ, reason="the snapshot is written on the embedded server's version"
)


@of_this_version
def test_the_snapshot_is_what_the_tree_makes(database_url: str) -> None:
    """``sql/snapshot.sql`` equals the schema of a freshly migrated database."""
    file = SQL_TREE / "snapshot.sql"
    written = file.read_text(encoding="utf-8") if file.exists() else ""

    diff = difflib.unified_diff(
        written.splitlines(), snapshot(database_url).splitlines(), "sql/snapshot.sql", "migrated"
    )

    shown = "\n".join(list(diff)[:60])
    assert not shown, f"review the difference, then regenerate: {REGENERATE}\n{shown}"


@of_this_version
def test_the_module_prints_the_snapshot_of_a_database_of_its_own(database_url: str) -> None:
    """The command needs no database, and its text is the same whoever owns the schema."""
    done = subprocess.run(
        [sys.executable, "-m", "linkedin_pipeline.database.snapshot"],
        cwd=PROJECT_ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=240,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == snapshot(database_url)


def test_a_snapshot_shows_the_schema_and_nothing_of_the_server(empty_database_url: str) -> None:
    """Bodies, comments and privileges are in it; versions, owners, settings, tokens are not."""
    body = "\n--\n-- Name: not a title\n--\n\nSET default_tablespace = '';\n\n\nselect 1;\n"
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        connection.execute("create table posts (id int primary key)")
        connection.execute("comment on table posts is 'all; of them'")
        connection.execute("grant select on posts to public")
        connection.execute(f"create function one() returns int language sql as $${body}$$".encode())

    text = snapshot(empty_database_url)

    assert text == HEADER + (
        "\nCREATE FUNCTION public.one() RETURNS integer\n    LANGUAGE sql\n"
        f"    AS $${body}$$;\n\n"
        "CREATE TABLE public.posts (\n    id integer NOT NULL\n);\n\n"
        "COMMENT ON TABLE public.posts IS 'all; of them';\n\n"
        "ALTER TABLE ONLY public.posts\n    ADD CONSTRAINT posts_pkey PRIMARY KEY (id);\n\n"
        "GRANT SELECT ON TABLE public.posts TO PUBLIC;\n"
    )


def test_the_password_is_not_on_the_command_line(
    postgres_server: PostgresServer,
    empty_database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What other users of the computer can list holds no secret."""
    fake = tmp_path / "pg_dump"
    fake.write_text('#!/bin/sh\necho "-- Name: $0 $* $PGUSER $PGPORT $PGPASSWORD"\n')
    fake.chmod(0o755)
    monkeypatch.setattr(binaries, "locate", lambda *_: tmp_path)

    said = snapshot(empty_database_url)

    assert f"--no-password linkedin_owner {postgres_server.embedded.port} " in said
    assert said.count(postgres_server.password) == 1


def test_a_failure_of_pg_dump_is_passed_on(
    empty_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What pg_dump says, a version mismatch for example, is the message."""
    fake = tmp_path / "pg_dump"
    fake.write_text("#!/bin/sh\necho 'pg_dump: aborting because of server version' >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setattr(binaries, "locate", lambda *_: tmp_path)

    with pytest.raises(Misconfigured, match="aborting because of server version"):
        snapshot(empty_database_url)


def test_a_database_that_does_not_answer_has_no_snapshot() -> None:
    """The error says so, not pg_dump's exit code."""
    with pytest.raises(DatabaseDown):
        snapshot("postgresql://someone@127.0.0.1:1/posts")
