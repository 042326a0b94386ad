"""A simulator of each provider, served, for the tests of this package."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from linkedin_pipeline.simulators.anthropic import AnthropicSimulator
from linkedin_pipeline.simulators.openai import OpenAISimulator
from linkedin_pipeline.simulators.simulator import Behaviour
from linkedin_pipeline.simulators.unipile_habits import Habits
from linkedin_pipeline_tests.simulators.clients import (
    AnthropicClient,
    OpenAIClient,
    anthropic_client,
    openai_client,
)
from linkedin_pipeline_tests.simulators.unipile_client import UnipileClient, unipile_client


@pytest.fixture(scope="module")
def served_openai() -> Iterator[OpenAIClient]:
    """Serve one simulator of OpenAI for a module."""
    with openai_client(OpenAISimulator()) as client:
        yield client


@pytest.fixture
def openai(served_openai: OpenAIClient) -> OpenAIClient:
    """Give a simulator of OpenAI that has forgotten what other tests did."""
    served_openai.simulator.behaviour = Behaviour()
    served_openai.simulator.reset()
    return served_openai


@pytest.fixture(scope="module")
def served_anthropic() -> Iterator[AnthropicClient]:
    """Serve one simulator of Anthropic for a module."""
    with anthropic_client(AnthropicSimulator()) as client:
        yield client


@pytest.fixture
def anthropic(served_anthropic: AnthropicClient) -> AnthropicClient:
    """Give a simulator of Anthropic that has forgotten what other tests did."""
    served_anthropic.simulator.behaviour = Behaviour()
    served_anthropic.simulator.reset()
    return served_anthropic


@pytest.fixture(scope="module")
def served_unipile() -> Iterator[UnipileClient]:
    """Serve one simulator of Unipile for a module."""
    with unipile_client() as client:
        yield client


@pytest.fixture
def unipile(served_unipile: UnipileClient) -> UnipileClient:
    """Give a simulator of Unipile that has forgotten what other tests did."""
    served_unipile.simulator.behaviour = Behaviour()
    served_unipile.simulator.habits = Habits()
    served_unipile.simulator.reset()
    return served_unipile
