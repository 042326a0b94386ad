"""An adapter in front of a simulated Unipile, and a ledger that permits and remembers."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

from linkedin_pipeline.adapters.unipile import UnipilePublisher
from linkedin_pipeline.domain.calls import CallEnd, CallPermit
from linkedin_pipeline.domain.errors import DatabaseDown
from linkedin_pipeline.domain.media import MediaFile
from linkedin_pipeline.domain.publications import Intent, Kind, PostOutcome
from linkedin_pipeline.simulators.faults import Fault
from linkedin_pipeline.simulators.faults import Kind as FaultKind
from linkedin_pipeline.simulators.serving import serving
from linkedin_pipeline.simulators.unipile import UnipileSimulator
from linkedin_pipeline_tests.simulators.unipile_client import ADA, BEN, Hands

KEY = "the-key"


class Calls:
    """A ledger in memory; ``down`` names what its database does not do."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Forget every call."""
        self.down = ""
        self.begun: list[tuple[Any, ...]] = []
        self.ended: list[tuple[CallEnd, int | None]] = []
        self.pauses: list[tuple[str, str, str, str | None]] = []

    def begin(
        self, provider: str, operation: str, subject: str = "", profile_id: UUID | None = None
    ) -> CallPermit:
        """Permit a call."""
        self._check("begin")
        self.begun.append((provider, operation, subject, profile_id))
        return CallPermit(uuid4())

    def end(self, call_id: UUID, end: CallEnd, status: int | None, seconds: float) -> None:
        """Close a call's row."""
        del call_id, seconds
        self._check("end")
        self.ended.append((end, status))

    def pause(
        self,
        provider: str,
        code: str,
        reason: str,
        *,
        seconds: float | None = None,
        worker: str | None = None,
    ) -> float:
        """Pause a provider."""
        self._check("pause")
        self.pauses.append((provider, code, reason, worker))
        return seconds or 60.0

    def _check(self, step: str) -> None:
        if step == self.down:
            raise DatabaseDown("the database", "away", "Wait.")


class UnipileDesk:
    """What a test moves: the adapter, the simulator behind it, its clock, the ledger between."""

    def __init__(self, simulator: UnipileSimulator, clock: Hands, url: str) -> None:
        self.simulator = simulator
        self.clock = clock
        self.calls = Calls()
        self.url = url
        self.adapter = self.publisher()

    def publisher(self, key: str = KEY, path: str = "/api/v1", **rest: Any) -> UnipilePublisher:
        """Return an adapter of the simulator."""
        return UnipilePublisher(key, self.url + path, self.calls, lambda _: None, **rest)

    def fault(self, kind: FaultKind, **rest: Any) -> None:
        """Let something go wrong."""
        self.simulator.faults.add(Fault(kind, **rest))

    def post(self, text: str = "Hello.", **rest: Any) -> PostOutcome:
        """Publish a text."""
        return self.adapter.post(intent(text, **rest), (), soon())

    def send(self, files: Sequence[MediaFile], text: str = "Hello.") -> PostOutcome:
        """Publish a text with files."""
        return self.adapter.post(intent(text), files, soon())

    def attempts(self) -> list[dict[str, Any]]:
        """Return every POST that arrived."""
        return [one.as_json() for one in self.simulator.attempts.all()]


def intent(text: str = "Hello.", account: str = ADA.id, **rest: Any) -> Intent:
    """Return an intent for an account of the simulator."""
    kind = Kind.COMPANY if "as_organization" in rest else Kind.SCHEDULED
    return Intent(UUID(int=7), 1, kind, account, text, **rest)


def soon() -> float:
    """Return a deadline that no test meets."""
    return time.monotonic() + 600


@contextmanager
def unipile_desk() -> Iterator[UnipileDesk]:
    """Serve a simulator by a clock that stands, with an adapter in front of it."""
    clock = Hands()
    simulator = UnipileSimulator(accounts=(ADA, BEN), now=clock)
    simulator.behaviour.accepted_keys = {KEY}
    with serving(simulator) as url:
        desk = UnipileDesk(simulator, clock, url)
        yield desk
        desk.adapter.close()
