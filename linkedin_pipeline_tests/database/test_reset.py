"""Dropping the embedded application database, and no other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from linkedin_pipeline.database.reset import reset_embedded
from linkedin_pipeline.database.urls import application_url, dagster_url
from linkedin_pipeline.domain.errors import BadInput
from linkedin_pipeline.settings import Settings
from linkedin_pipeline_tests.database.homes import homes, start
from linkedin_pipeline_tests.postgres import ask

POSTS = "select count(*) from viral_posts_bank"


@pytest.fixture(scope="module")
def settings() -> Iterator[Settings]:
    """Give settings whose embedded server runs."""
    with homes() as directory:
        home = directory / "home"
        start(home)
        yield Settings(home=home)


def test_everything_is_dropped_and_made_again(settings: Settings) -> None:
    """The bank is empty and usable, though somebody was connected; Dagster's database stays."""
    url = application_url(settings)
    with psycopg.connect(dagster_url(settings), autocommit=True) as connection:
        connection.execute("create table kept (n int)")
    with psycopg.connect(url, autocommit=True) as busy:
        busy.execute("insert into viral_posts_bank (content) values ('A post.')")
        reset_embedded(settings)
        with pytest.raises(psycopg.OperationalError):
            busy.execute("select 1")
    assert ask(url, POSTS) == 0
    assert ask(dagster_url(settings), "select count(*) from kept") == 0


def test_a_reset_that_was_killed_is_mended_by_the_next(settings: Settings) -> None:
    """Between the drop and the creation there is no database at all."""
    url = application_url(settings)
    with psycopg.connect(dagster_url(settings), autocommit=True) as connection:
        connection.execute("drop database linkedin_pipeline with (force)")
    reset_embedded(settings)
    assert ask(url, POSTS) == 0


def test_a_named_database_is_never_dropped(database_url: str) -> None:
    """With DATABASE_URL set nothing happens, whatever that names."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("insert into viral_posts_bank (content) values ('A post.')")
    with pytest.raises(BadInput, match="DATABASE_URL is set") as caught:
        reset_embedded(Settings(database_url=database_url))
    assert ask(database_url, POSTS) == 1
    assert "postgresql://" not in str(caught.value)


def test_a_server_that_cannot_be_had_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the server goes away in between, the error is an expected one."""
    from linkedin_pipeline.database import reset
    from linkedin_pipeline.domain.errors import DatabaseDown

    gone = "postgresql://postgres:secret@127.0.0.1:9/linkedin_pipeline"
    monkeypatch.setattr(reset, "application_url", lambda _settings: gone)
    with pytest.raises(DatabaseDown) as caught:
        reset_embedded(Settings(home=tmp_path))
    assert "secret" not in str(caught.value)
