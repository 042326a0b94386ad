"""What every test stands on: a clean environment, no network, a real database when asked for."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import pytest_socket
from psycopg.rows import TupleRow

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.migrate import migrate
from linkedin_pipeline.settings import PROJECT_ROOT
from linkedin_pipeline_tests.postgres import PostgresServer, running_server

# Everything that CONTRACT section 1 names, what libpq and Dagster read by themselves, and proxies.
_SCRUBBED = frozenset(
    {
        "DATABASE_URL",
        "EMBEDDING_MODEL",
        "CLASSIFICATION_MODEL",
        "CLASSIFICATION_CASCADE",
        "AI_DAILY_BUDGET_USD",
        "ALERT_WEBHOOK_URL",
        "SCHEDULER_SECRET",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "NO_PROXY",
    }
)
_SCRUBBED_PREFIXES = (
    "LINKEDIN_PIPELINE_",
    "DAGSTER_",
    "OPENAI_",
    "ANTHROPIC_",
    "STYLE_",
    "MEDIA_",
    "UNIPILE_",
    "EDGES_",
    "SYNC_",
    "PUBLISH_",
    "PG",
)
_LOOPBACK = ["127.0.0.1", "::1"]


def pytest_configure() -> None:
    """Forget what the developer's shell says, once, before anything reads it."""
    for name in list(os.environ):
        if name.upper() in _SCRUBBED or name.startswith(_SCRUBBED_PREFIXES):
            del os.environ[name]
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "true"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take minutes, so that nobody waits for one of them in the end."""
    items.sort(key=lambda item: "end_to_end" not in item.path.parts)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Let sockets reach this computer only; fixtures of any scope are bound by it too."""
    pytest_socket.socket_allow_hosts(_LOOPBACK, allow_unix_socket=True)
    for name in ("linkedin_pipeline", "linkedin_pipeline.workers"):
        logging.getLogger(name).setLevel(logging.NOTSET)  # commands silence them for good


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Run a PostgreSQL server for the session."""
    with running_server() as server:
        yield server


@pytest.fixture(scope="session")
def migrated_template(postgres_server: PostgresServer) -> str:
    """Name a database that is migrated and connected to by nobody, to be copied."""
    url = postgres_server.create("migrated_template")
    migrate(url)
    return "migrated_template"


@pytest.fixture
def database_url(postgres_server: PostgresServer, migrated_template: str) -> Iterator[str]:
    """Give a migrated database of the test's own, as the role that owns it."""
    with postgres_server.database(template=migrated_template) as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Give the application's own connections to the database of ``database_url``."""
    with Database(database_url, patience=10) as opened:
        yield opened


@pytest.fixture
def empty_database_url(postgres_server: PostgresServer) -> Iterator[str]:
    """Give a database with extension vector and nothing else, as the role that owns it."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection[TupleRow]]:
    """Give an autocommit connection to the database of ``database_url``."""
    with psycopg.connect(database_url, autocommit=True) as opened:
        yield opened


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Name the directory of measured data, which lies beside a checkout on some computers."""
    directory = PROJECT_ROOT.parent / "shared" / "data"
    if not directory.is_dir():
        pytest.skip("the measured data set is not part of the project")
    return directory
