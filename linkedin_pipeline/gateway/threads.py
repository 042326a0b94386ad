"""Blocking work beside the event loop: in a bounded number of threads, each piece once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from linkedin_pipeline.domain.errors import Busy

R = TypeVar("R")

THREADS = 32
PATIENCE = 60.0
"""Seconds for a piece of work; with databases and Dagster that do not answer most give up sooner.
What goes on after that is the thread, not the caller."""


class Threads:
    """Threads for calls that block, to be closed at the end."""

    def __init__(self, number: int = THREADS, patience: float = PATIENCE) -> None:
        self._pool = ThreadPoolExecutor(number, thread_name_prefix="gateway")
        self._patience = patience
        self._flights: dict[Hashable, asyncio.Task[Any]] = {}

    def close(self) -> None:
        """Let go of work that has not begun."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def call(self, work: Callable[[], R]) -> R:
        """Call ``work`` in a thread and return its result.

        Raises:
            Busy: it had no result within the patience.
        """
        try:
            async with asyncio.timeout(self._patience):
                return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        except TimeoutError:
            raise Busy(
                "the gateway", f"no result within {self._patience:.0f} s", "Try again."
            ) from None

    async def call_once(self, key: Hashable, work: Callable[[], R]) -> tuple[R, bool]:
        """As `call`, but whoever asks for the same ``key`` meanwhile gets the same result.

        Second: whether the call was this caller's own.
        """
        flight = self._flights.get(key)
        own = flight is None
        if flight is None:
            flight = asyncio.create_task(_run(self.call(work)))
            self._flights[key] = flight
            flight.add_done_callback(lambda _flight: self._flights.pop(key, None))
        # shielded: a caller that goes away takes nothing from the others
        result, error = await asyncio.shield(flight)
        if error is not None:
            raise error
        return result, own


async def _run(work: Awaitable[R]) -> tuple[R | None, Exception | None]:
    try:
        return await work, None
    except Exception as error:  # noqa: BLE001 - raised by each of those who wait for it
        return None, error
