"""Databases of the system of before, and of one that was taken over, as copies of templates."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from linkedin_pipeline.database.adoption import adopt
from linkedin_pipeline_tests.postgres import PostgresServer

BEFORE = Path(__file__).with_name("system_of_before.sql")


@pytest.fixture(scope="session")
def before_template(postgres_server: PostgresServer, migrated_template: str) -> str:
    """Name a database of before; the web roles are there since another was migrated."""
    url = postgres_server.create("before_template")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(BEFORE.read_bytes())
    return "before_template"


@pytest.fixture(scope="session")
def adopted_template(postgres_server: PostgresServer, before_template: str) -> str:
    """Name a database that was taken over."""
    adopt(postgres_server.create("adopted_template", template=before_template), cron_is_off=True)
    return "adopted_template"


@pytest.fixture
def before_url(postgres_server: PostgresServer, before_template: str) -> Iterator[str]:
    """Give a database of before of the test's own, as its owner."""
    with postgres_server.database(template=before_template) as url:
        yield url


@pytest.fixture
def adopted_url(postgres_server: PostgresServer, adopted_template: str) -> Iterator[str]:
    """Give a database that was taken over, of the test's own."""
    with postgres_server.database(template=adopted_template) as url:
        yield url


def contents(url: str, schema: str = "public") -> dict[str, list[str]]:
    """Return every row of every table of a schema as text, sorted."""
    with psycopg.connect(url, autocommit=True) as connection:
        names = connection.execute(
            "select relname from pg_class "
            "where relkind = 'r' and relnamespace = to_regnamespace(%s)",
            [schema],
        ).fetchall()
        return {
            name: sorted(
                text
                for (text,) in connection.execute(
                    f'select x::text from {schema}."{name}" x'.encode()
                )
            )
            for (name,) in names
        }
