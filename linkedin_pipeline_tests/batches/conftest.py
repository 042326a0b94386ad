"""A bank over a simulator of OpenAI."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from linkedin_pipeline.simulators.openai import OpenAISimulator
from linkedin_pipeline.simulators.serving import serving
from linkedin_pipeline.simulators.simulator import Behaviour
from linkedin_pipeline_tests.batches.backfill import Backfill, backfill


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[OpenAISimulator, str]]:
    """Serve one simulator for the module."""
    simulator = OpenAISimulator()
    with serving(simulator) as url:
        yield simulator, url


@pytest.fixture
def ai(served: tuple[OpenAISimulator, str], database_url: str) -> Iterator[Backfill]:
    """Give a bank over a simulator that has forgotten what other tests did."""
    simulator, url = served
    simulator.behaviour = Behaviour()
    simulator.reset()
    with backfill(simulator, database_url, url) as opened:
        yield opened
