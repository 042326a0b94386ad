"""Everything between an embedder and a simulator of OpenAI over a real socket."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from linkedin_pipeline.adapters.calls import Caller, CallLimits
from linkedin_pipeline.adapters.limiter import RateLimiter
from linkedin_pipeline.adapters.openai_client import OpenAiClient
from linkedin_pipeline.adapters.openai_embedder import OpenAiEmbedder
from linkedin_pipeline.domain.ai import Model
from linkedin_pipeline.simulators.openai import OpenAISimulator
from linkedin_pipeline.simulators.serving import serving
from linkedin_pipeline_tests.adapters.virtual_time import MemoryLedger, VirtualClock

SMALL = Model("openai", "text-embedding-3-small")
KEY = "sk-a-key-of-our-own"


class MemoryAnswers:
    """Meets `AnswerStore` for vectors; remembers how often it was written to."""

    def __init__(self) -> None:
        self.kept: dict[bytes, Sequence[float]] = {}
        self.writes = 0

    def vectors(self, keys: Sequence[bytes]) -> Mapping[bytes, Sequence[float]]:
        """Return kept vectors."""
        return {key: self.kept[key] for key in keys if key in self.kept}

    def keep_vectors(self, answers: Mapping[bytes, Sequence[float]]) -> None:
        """Keep vectors."""
        self.writes += 1
        self.kept |= answers

    def labels(self, keys: Sequence[bytes]) -> Mapping[bytes, str]:
        """Return nothing: there are none."""
        del keys
        return {}

    def keep_labels(self, answers: Mapping[bytes, str], profile_id: UUID | None = None) -> None:
        """Refuse: nobody keeps any here."""
        raise NotImplementedError

    def forget(self, keys: Sequence[bytes]) -> None:
        """Drop what is stored elsewhere."""
        for key in keys:
            self.kept.pop(key, None)


@dataclass
class OpenAiLine:
    """A simulator and what calls it; the clock is virtual, the socket real."""

    simulator: OpenAISimulator
    url: str
    client: OpenAiClient
    clock: VirtualClock
    ledger: MemoryLedger
    caller: Caller
    answers: MemoryAnswers

    def embedder(self, model: Model = SMALL, recent: int = 4_096) -> OpenAiEmbedder:
        """Return an embedder that has embedded nothing yet."""
        return OpenAiEmbedder(model, self.client, self.caller, self.answers, recent=recent)

    @property
    def calls(self) -> int:
        """How many requests arrived."""
        return len(self.simulator.ledger.calls())


@contextmanager
def openai_line(timeout: float = 30.0) -> Iterator[OpenAiLine]:
    """Serve a simulator and give everything that calls it."""
    simulator = OpenAISimulator()
    with serving(simulator) as url:
        client = OpenAiClient(KEY, f"{url}/v1", timeout)
        clock = VirtualClock()
        ledger = MemoryLedger(clock)
        caller = Caller(ledger, RateLimiter(clock), clock, CallLimits(), lambda: 0.5)
        try:
            yield OpenAiLine(simulator, url, client, clock, ledger, caller, MemoryAnswers())
        finally:
            client.close()
