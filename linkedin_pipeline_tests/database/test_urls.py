"""Which databases are used, and when the application's schema is brought up to date."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from linkedin_pipeline.database import server
from linkedin_pipeline.database.urls import (
    APPLICATION_DATABASE,
    DAGSTER_DATABASE,
    application_url,
    dagster_url,
    home_directory,
    recover_url,
)
from linkedin_pipeline.domain.errors import DatabaseDown
from linkedin_pipeline.settings import PROJECT_ROOT, Settings
from linkedin_pipeline_tests.database.homes import homes, kill, start

ELSEWHERE = "postgresql://somebody@127.0.0.1:1/elsewhere"


@dataclass
class Migrations:
    """Stands in for the migration: counts, and fails as often as told."""

    failures: int = 0
    urls: list[str] = field(default_factory=list)

    def __call__(self, url: str) -> None:
        """Count one migration."""
        if self.failures:
            self.failures -= 1
            raise DatabaseDown("the database", "went away", "Try again.")
        with psycopg.connect(url) as session:
            assert session.info.dbname == APPLICATION_DATABASE
        self.urls.append(url)


@pytest.fixture(scope="module")
def directory() -> Iterator[Path]:
    """Give the directory of the home that all tests here share."""
    with homes() as made:
        yield made


@pytest.fixture
def settings(directory: Path) -> Settings:
    """Give an environment that names no database, and a server just started for it."""
    server.stop(directory / "home")
    start(directory / "home")
    return Settings(home=directory / "home")


@pytest.fixture
def migrate() -> Migrations:
    """Give a migration that is only counted."""
    return Migrations()


def test_what_the_environment_names_is_used_as_it_is(directory: Path) -> None:
    """A URL of the environment is handed out without starting, migrating or mending anything."""
    unused = directory / "unused"
    settings = Settings(home=unused, database_url=ELSEWHERE, dagster_database_url=ELSEWHERE + "2")
    assert application_url(settings) == ELSEWHERE
    assert dagster_url(settings) == ELSEWHERE + "2"
    assert recover_url(settings, APPLICATION_DATABASE) is None
    assert recover_url(settings, DAGSTER_DATABASE) is None
    assert not unused.exists()


def test_without_a_named_home_the_project_is_asked() -> None:
    """The home of the environment wins over the project's own."""
    assert home_directory(Settings()) == server.default_home(PROJECT_ROOT)
    assert home_directory(Settings(home=Path("/elsewhere"))) == Path("/elsewhere")


def test_both_urls_are_on_one_server_in_two_databases(
    settings: Settings, migrate: Migrations
) -> None:
    """Dagster's tables and the application's are on the embedded server, apart."""
    application = application_url(settings, migrate=migrate)
    dagster = dagster_url(settings, migrate=migrate)
    assert application.rsplit("/", 1) == [dagster.rsplit("/", 1)[0], APPLICATION_DATABASE]
    assert dagster.endswith(f"/{DAGSTER_DATABASE}")


def test_a_server_that_does_not_run_is_not_started_unasked(settings: Settings) -> None:
    """With start=False a missing server is an error and stays missing."""
    running = application_url(settings, start=False)
    server.stop(home_directory(settings))
    with pytest.raises(DatabaseDown, match="does not run"):
        application_url(settings, start=False)
    with pytest.raises(DatabaseDown, match="does not run"):
        dagster_url(settings, start=False)
    assert server.attach(home_directory(settings)) is None
    assert running


def test_the_schema_is_migrated_once_per_start(settings: Settings, migrate: Migrations) -> None:
    """Of many callers after a start one migrates, whichever database they ask for."""
    with ThreadPoolExecutor(4) as threads:
        for call in (dagster_url, application_url) * 4:
            threads.submit(call, settings, migrate=migrate)
    assert len(migrate.urls) == 1
    server.stop(home_directory(settings))
    start(home_directory(settings))
    application_url(settings, migrate=migrate)
    assert len(migrate.urls) == 2


def test_a_migration_that_failed_is_tried_again(settings: Settings) -> None:
    """A caller killed or failing between start and migration leaves it to the next."""
    migrate = Migrations(failures=1)
    with pytest.raises(DatabaseDown):
        application_url(settings, migrate=migrate)
    assert migrate.urls == []
    application_url(settings, migrate=migrate)
    assert len(migrate.urls) == 1


def test_a_database_that_the_environment_names_is_not_migrated(
    settings: Settings, migrate: Migrations
) -> None:
    """Starting the server for Dagster alone leaves the application's database alone."""
    own = Settings(home=settings.home, database_url=ELSEWHERE)
    dagster_url(own, migrate=migrate)
    assert migrate.urls == []


def test_a_server_that_died_is_recovered_without_migrating(
    settings: Settings, migrate: Migrations
) -> None:
    """Recovery gives a working URL at once; the schema was up to date before and still is."""
    before = application_url(settings, migrate=migrate)
    kill(home_directory(settings))
    assert recover_url(settings) == before
    assert application_url(settings, migrate=migrate) == before
    assert len(migrate.urls) == 1
    with psycopg.connect(before) as session:
        assert session.info.dbname == APPLICATION_DATABASE


def test_a_server_that_was_stopped_is_not_recovered(settings: Settings) -> None:
    """An explicit stop holds against recovery."""
    server.stop(home_directory(settings))
    assert recover_url(settings) is None
    assert server.attach(home_directory(settings)) is None
