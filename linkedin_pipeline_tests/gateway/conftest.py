"""A gateway on a real socket, over a real database and a stand-in for Dagster."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import httpx
import psycopg
import pytest

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.gateway.serving import serving
from linkedin_pipeline.settings import Settings
from linkedin_pipeline.simulators.serving import serving as simulator_serving
from linkedin_pipeline_tests.gateway.standin import StandIn
from linkedin_pipeline_tests.gateway.wire import SECRET


@pytest.fixture
def dagster() -> StandIn:
    """Give the stand-in, to be told how to behave."""
    return StandIn()


@pytest.fixture
def dagster_url(dagster: StandIn) -> Iterator[str]:
    """Give the address where the stand-in is served."""
    with simulator_serving(dagster.app) as url:
        yield url


@pytest.fixture
def settings(database_url: str, empty_database_url: str, dagster_url: str) -> Settings:
    """Give the settings of a gateway whose Dagster's daemon beat its heart just now."""
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        connection.execute("create table daemon_heartbeats (body text)")
    beat(empty_database_url, 0)
    return replace(
        Settings(),
        database_url=database_url,
        dagster_database_url=empty_database_url,
        dagster_webserver_url=dagster_url,
        scheduler_secret=SECRET,
    )


def beat(dagster_database_url: str, seconds_ago: float) -> None:
    """Let the daemon's last heart-beat be of that age."""
    with psycopg.connect(dagster_database_url, autocommit=True) as connection:
        connection.execute("delete from daemon_heartbeats")
        connection.execute(
            "insert into daemon_heartbeats select jsonb_build_object('timestamp', "
            "extract(epoch from now()) - %s)::text",
            (seconds_ago,),
        )


@pytest.fixture
def url(settings: Settings, database: Database) -> Iterator[str]:
    """Give the address of the gateway."""
    with serving(settings, database) as address:
        yield address


@pytest.fixture
def client(url: str) -> Iterator[httpx.Client]:
    """Give a client that knows the secret."""
    headers = {"X-Scheduler-Secret": SECRET}
    limits = httpx.Limits(max_connections=None)
    with httpx.Client(
        base_url=url, headers=headers, timeout=280, limits=limits, trust_env=False
    ) as opened:
        yield opened
