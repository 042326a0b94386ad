"""Served simulators that have forgotten what other tests did."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from linkedin_pipeline.adapters.openai_client import OpenAiClient
from linkedin_pipeline.simulators.openai import OpenAISimulator
from linkedin_pipeline_tests.adapters.labelling import Desk, desk, served
from linkedin_pipeline_tests.simulators.conftest import (
    anthropic,
    openai,
    served_anthropic,
    served_openai,
)

__all__ = ["ai", "anthropic", "openai", "served_anthropic", "served_openai", "simulated"]


@pytest.fixture(scope="module")
def simulated() -> Iterator[tuple[OpenAISimulator, OpenAiClient]]:
    """Serve one simulator of OpenAI for a module, and give a client of it."""
    with served() as both:
        yield both


@pytest.fixture
def ai(simulated: tuple[OpenAISimulator, OpenAiClient]) -> Desk:
    """Give a classifier's surroundings, with nothing asked or kept yet."""
    return desk(*simulated)
