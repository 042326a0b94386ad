"""What a simulated Unipile was sent, and at which step each call is: what tests trust."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from linkedin_pipeline.simulators.unipile_posts import Sent

# received: here, nothing decided.  accepted: published.  refused: not published.
# answered, lost: what became of the answer.
Step = Literal["received", "accepted", "refused", "answered", "lost"]


@dataclass(slots=True)
class Attempt:
    """One ``POST /posts``, from the instant it is received on.

    ``status`` is what the caller is told (None: nothing yet, or never).  ``accepted`` says that the
    post was published, whatever the caller is told; ``post_id`` is then the number of its activity.
    """

    number: int
    at: float
    request_id: str
    sent: Sent
    step: Step = "received"
    status: int | None = None
    accepted: bool = False
    post_id: str | None = None
    author: str | None = None
    faults: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the attempt for the admin API."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Event:
    """One step of an attempt; ``number`` counts from 1 without gaps."""

    number: int
    at: float
    step: Step
    attempt: int
    account_id: str
    as_organization: str | None
    text: str
    post_id: str | None


@dataclass(slots=True)
class Attempts:
    """Attempts and their steps, in order; safe between threads."""

    now: Callable[[], float]
    _attempts: list[Attempt] = field(default_factory=list)
    _open: dict[str, Attempt] = field(default_factory=dict)
    _events: list[Event] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, request_id: str, sent: Sent) -> Attempt:
        """Write down a post that was just received."""
        with self._lock:
            attempt = Attempt(len(self._attempts) + 1, self.now(), request_id, sent)
            self._attempts.append(attempt)
            self._open[request_id] = attempt
            self._happened(attempt, "received")
        return attempt

    def under_way(self, request_id: str) -> Attempt | None:
        """Return the attempt of a call that is not over."""
        return self._open.get(request_id)

    def decide(self, attempt: Attempt, status: int | None, faults: tuple[str, ...]) -> None:
        """Write down whether it was accepted, and what the caller will be told."""
        with self._lock:
            attempt.status, attempt.faults = status, faults
            self._happened(attempt, "accepted" if attempt.accepted else "refused")

    def end(self, attempt: Attempt, *, answered: bool) -> None:
        """Write down that the answer is being sent, or that it is not."""
        with self._lock:
            self._open.pop(attempt.request_id, None)
            self._happened(attempt, "answered" if answered else "lost")

    def all(self, *, account_id: str | None = None, text: str | None = None) -> list[Attempt]:
        """Return the attempts, narrowed to an account or to texts that contain ``text``."""
        with self._lock:
            every = list(self._attempts)
        return [
            one
            for one in every
            if account_id in {None, one.sent.account_id} and (text is None or text in one.sent.text)
        ]

    def events(self, after: int = 0) -> list[Event]:
        """Return the steps that came after so many."""
        with self._lock:
            return self._events[after:]

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._attempts.clear()
            self._open.clear()
            self._events.clear()

    def _happened(self, attempt: Attempt, step: Step) -> None:
        attempt.step = step
        sent = attempt.sent
        self._events.append(
            Event(
                len(self._events) + 1,
                self.now(),
                step,
                attempt.number,
                sent.account_id,
                sent.as_organization,
                sent.text,
                attempt.post_id,
            )
        )
