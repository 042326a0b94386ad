"""How psql is started on the application database."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from linkedin_pipeline.database.psql import psql
from linkedin_pipeline.domain.errors import Misconfigured
from linkedin_pipeline.settings import Settings


def answer(program: str, variables: dict[str, str]) -> str:
    """Ask psql which database it is connected to, and as whom."""
    return subprocess.run(
        [program, "-XAt", "-c", "select current_database(), current_user"],
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout.strip()


def test_psql_reaches_the_database_without_being_told_on_its_command_line(
    database_url: str,
) -> None:
    """The address and the password travel in the environment."""
    program, variables = psql(Settings(database_url=database_url))
    assert answer(program, variables) == f"{database_url.rpartition('/')[2]}|linkedin_owner"


def test_the_embedded_psql_serves_where_the_system_has_none(
    database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without a psql on PATH the one beside the embedded server is found, and works."""
    monkeypatch.setenv("PATH", str(tmp_path))
    program, variables = psql(Settings(database_url=database_url))
    assert Path(program).parent.name == "bin"
    assert answer(program, variables).endswith("|linkedin_owner")


def test_every_part_of_the_url_is_passed_on() -> None:
    """Encoded passwords, several hosts and settings in the query part."""
    url = (
        "postgresql://me:p%40ss%2Fword@one:5433,two:5434/bank"
        "?sslmode=verify-full&sslrootcert=/ca.pem&sslcert=/me.pem&target_session_attrs=read-write"
        "&options=-c%20statement_timeout%3D5s&connect_timeout=3&keepalives_idle=5"
    )
    assert psql(Settings(database_url=url))[1] == {
        "PGUSER": "me",
        "PGPASSWORD": "p@ss/word",
        "PGHOST": "one,two",
        "PGPORT": "5433,5434",
        "PGDATABASE": "bank",
        "PGSSLMODE": "verify-full",
        "PGSSLROOTCERT": "/ca.pem",
        "PGSSLCERT": "/me.pem",
        "PGTARGETSESSIONATTRS": "read-write",
        "PGOPTIONS": "-c statement_timeout=5s",
        "PGCONNECT_TIMEOUT": "3",
    }


def test_a_url_that_cannot_be_read_is_not_shown() -> None:
    """The library's own message would quote the password."""
    settings = Settings(database_url="postgresql://me:se%cret@host/bank")
    with pytest.raises(Misconfigured, match="DATABASE_URL") as caught:
        psql(settings)
    assert "cret" not in str(caught.value)
    assert caught.value.__cause__ is None
