"""The loop that sends messages, over an outbox in memory."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from linkedin_pipeline.domain.alerts import Alert
from linkedin_pipeline.workers.alerts import Delivered, deliver

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


class Memory:
    """An outbox, a webhook that takes a second a message, and the clock they share."""

    def __init__(self, number: int, refused: int | None = None) -> None:
        self.waiting = [Alert(UUID(int=n), 1, "failed", "t", "d", NOON) for n in range(number)]
        self.refused = refused
        self.log: list[tuple[str, int]] = []
        self.now = 0.0

    def claim(self) -> Alert | None:
        """Take the next."""
        return self.waiting.pop(0) if self.waiting else None

    def post(self, alert: Alert) -> str | None:
        """Take a second."""
        self.now += 1
        self.log.append(("posted", alert.id.int))
        return "HTTP 500" if alert.id.int == self.refused else None

    def sent(self, alert: Alert) -> None:
        """Remember."""
        self.log.append(("sent", alert.id.int))

    def failed(self, alert: Alert, error: str) -> None:
        """Remember."""
        self.log.append((error, alert.id.int))

    def monotonic(self) -> float:
        """Return the time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Nobody may sleep in a tick."""
        raise AssertionError(seconds)


def run(memory: Memory, seconds: float) -> Delivered:
    """Send."""
    return deliver(memory, memory, memory, seconds=seconds)


def test_each_message_is_recorded_before_the_next() -> None:
    """Whoever dies repeats one message at most."""
    memory = Memory(2)
    assert run(memory, 10) == Delivered(2, None)
    assert memory.log == [("posted", 0), ("sent", 0), ("posted", 1), ("sent", 1)]


def test_the_first_that_fails_is_the_last() -> None:
    """A webhook that is down is not asked for each message that waits."""
    memory = Memory(5, refused=1)
    assert run(memory, 10) == Delivered(1, "HTTP 500")
    assert memory.log[-2:] == [("posted", 1), ("HTTP 500", 1)]
    assert len(memory.waiting) == 3


def test_time_is_bounded() -> None:
    """No message is begun after the end, and none is taken that is not sent."""
    memory = Memory(9)
    assert run(memory, 3) == Delivered(3, None)
    assert len(memory.waiting) == 6
