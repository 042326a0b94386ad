"""Providers over a database of the test's own, and a Dagster instance that forgets."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg
import pytest

from linkedin_pipeline.settings import Settings
from linkedin_pipeline.wiring import Providers
from linkedin_pipeline_tests.fakes import FirstLabel, HashEmbedder, PlainStyle
from linkedin_pipeline_tests.paying import Line, paid_line


@pytest.fixture
def embedder() -> HashEmbedder:
    """Give an embedder that remembers."""
    return HashEmbedder()


@pytest.fixture
def providers(database_url: str, embedder: HashEmbedder) -> Providers:
    """Give providers over a migrated database."""
    return Providers(
        settings=Settings(database_url=database_url),
        embedder=embedder,
        classifier=FirstLabel(),
        style_writer=PlainStyle(),
    )


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """Give a Dagster instance in memory."""
    with dg.DagsterInstance.ephemeral() as opened:
        yield opened


@pytest.fixture
def line(database_url: str) -> Iterator[Line]:
    """Give a simulated OpenAI and providers that pay it, over a migrated database."""
    with paid_line(database_url) as opened:
        yield opened
