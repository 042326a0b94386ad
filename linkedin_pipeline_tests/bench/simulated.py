"""The sandbox in a process of its own, so that its work takes nothing from what is measured.

``python -m linkedin_pipeline_tests.bench.simulated`` serves it with the burst that is asked for.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import psutil

from linkedin_pipeline.domain.ai import Model
from linkedin_pipeline.listening import address, listen
from linkedin_pipeline.settings import Endpoint, Settings
from linkedin_pipeline.simulators.buckets import Limits
from linkedin_pipeline.simulators.sandbox import KEY, Sandbox
from linkedin_pipeline.simulators.serving import serve
from linkedin_pipeline.simulators.simulator import Behaviour

EMBEDDING = Model.parse("openai:text-embedding-3-small")
CLASSIFICATION = Model.parse("openai:gpt-5-mini")


@dataclass(frozen=True, slots=True)
class Counted:
    """What a model was asked: calls that were let in, and what they bill."""

    calls: int
    refused: int
    input: int
    cached: int
    output: int

    def __add__(self, other: Counted) -> Counted:
        return Counted(
            self.calls + other.calls,
            self.refused + other.refused,
            self.input + other.input,
            self.cached + other.cached,
            self.output + other.output,
        )


@dataclass(frozen=True, slots=True)
class Simulated:
    """A running sandbox."""

    url: str
    process: psutil.Process

    def settings(self, database_url: str) -> Settings:
        """Return settings that name OpenAI's models and this server."""
        return Settings(
            database_url=database_url,
            openai=Endpoint(KEY, f"{self.url}/openai/v1"),
            embedding_model=EMBEDDING,
            classification_model=CLASSIFICATION,
        )

    def calls(self, model: Model) -> list[Mapping[str, Any]]:
        """Return the calls of a model, in order."""
        response = httpx2.get(
            f"{self.url}/_simulator/ledger", params={"model": model.name}, timeout=60
        )
        calls: list[Mapping[str, Any]] = response.raise_for_status().json()["calls"]
        return calls

    def counted(self, model: Model) -> Counted:
        """Count what a model was asked."""
        calls = self.calls(model)
        billed = [call["usage"] for call in calls if call["accepted"]]
        return Counted(
            len(billed),
            len(calls) - len(billed),
            *(
                sum(usage[kind] for usage in billed)
                for kind in ("input_tokens", "cached_tokens", "output_tokens")
            ),
        )

    def processor_time(self) -> float:
        """Return the seconds of processor time that it has used."""
        times = self.process.cpu_times()
        return float(times.user + times.system)


@contextmanager
def simulated(latency: float, limits: Limits | None = None) -> Iterator[Simulated]:
    """Serve on a free port until the block ends."""
    limits = limits or Limits()
    arguments = [latency, limits.requests_per_minute, limits.tokens_per_minute]
    command = [sys.executable, "-m", __name__, *map(str, arguments), str(limits.burst_seconds)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None  # it is a pipe
        url = process.stdout.readline().strip()
        if not url:
            raise SystemExit("The simulator did not start.")
        yield Simulated(url, psutil.Process(process.pid))
    finally:
        process.terminate()
        process.wait()


def main() -> None:
    """Serve, and print the address."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("latency", "requests_per_minute", "tokens_per_minute", "burst_seconds"):
        parser.add_argument(name, type=float)
    options = parser.parse_args()
    limits = Limits(options.requests_per_minute, options.tokens_per_minute, options.burst_seconds)
    with listen("127.0.0.1", 0) as listening:
        print(address(listening), flush=True)  # a caller that is early waits in the backlog
        serve(Sandbox(Behaviour(latency=options.latency, limits=limits)), listening)


if __name__ == "__main__":
    main()
