"""A simulated Edges and a database of the test's own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.simulators.edges import EdgesSimulator
from linkedin_pipeline.simulators.serving import serving
from linkedin_pipeline_tests.sql.bank import Connection
from linkedin_pipeline_tests.sync.reading import Line


@pytest.fixture(scope="package")
def served() -> Iterator[tuple[EdgesSimulator, str]]:
    """Serve one simulator for the package."""
    simulator = EdgesSimulator()
    with serving(simulator) as url:
        yield simulator, f"{url}/v1"


@pytest.fixture
def line(served: tuple[EdgesSimulator, str], database: Database, connection: Connection) -> Line:
    """Give a simulator that has forgotten what other tests did, over an empty bank."""
    simulator, url = served
    simulator.reset()
    return Line(simulator, url, database, connection)
