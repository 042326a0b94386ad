"""Enrichment in this process with time and failures of the test's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import dagster as dg
import psycopg

from linkedin_pipeline.definitions import build_defs
from linkedin_pipeline.defs.in_process import LocalRun, enrich
from linkedin_pipeline.domain.errors import ProviderDown
from linkedin_pipeline.wiring import Providers
from linkedin_pipeline_tests.fakes import HashEmbedder

Connection = psycopg.Connection[Any]


class Clock:
    """Time that passes only by sleeping, for the queue too; remembers when it slept."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.now = 1000.0
        self.on_sleep: Callable[[], None] = lambda: None

    @property
    def slept(self) -> float:
        """All seconds slept."""
        return self.now - 1000.0

    def monotonic(self) -> float:
        """Return the time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Move the time of the queue instead of waiting."""
        self.now += seconds
        self.connection.execute(
            "update post_work set due_at = due_at - %(time)s, lease_until = lease_until - %(time)s",
            {"time": timedelta(seconds=seconds)},
        )
        self.on_sleep()


class Flaky(HashEmbedder):
    """Fails as it is told to, call by call, and works when the list is at its end."""

    def __init__(self, *failures: Exception | None) -> None:
        super().__init__()
        self.failures = list(failures)
        self.calls = 0

    def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """Fail or embed."""
        self.calls += 1
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None:
            raise failure
        return super().embed(texts)


def away(seconds: float | None = None) -> ProviderDown:
    """Return an outage."""
    return ProviderDown("embeddings", "no answer", "Wait.", retry_after=seconds)


@dataclass
class Enrichment:
    """Calls `enrich` with a clock and an embedder of the test's own."""

    providers: Providers
    instance: dg.DagsterInstance
    clock: Clock
    waits: list[float] = field(default_factory=list)

    def __call__(self, embedder: HashEmbedder | None = None, **options: Any) -> list[LocalRun]:
        """Run it to its end."""
        providers = replace(self.providers, clock=self.clock, embedder=embedder or HashEmbedder())
        return enrich(
            build_defs(providers), providers, self.instance, on_wait=self.waits.append, **options
        )
