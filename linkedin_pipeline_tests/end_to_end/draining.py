"""A process that drains hooks until it is killed, stopped, or done; started by tests.

Arguments: database URL, journal file, and a JSON object with ``hold_after`` (how many posts are
decided before deciding waits for the file ``<journal>.go``) and ``lease`` in seconds.  A post with
the text "killer" kills the process.  Prints the drain's totals.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.log import PostgresWorkLog
from linkedin_pipeline.database.queue import PostgresWorkQueue
from linkedin_pipeline.domain.work import Claim, Done, Settled, Stage, Verdict
from linkedin_pipeline.ports import WorkQueue
from linkedin_pipeline.workers.engine import Limits, drain
from linkedin_pipeline.workers.report import DrainReport

BATCH_SIZE = 5
IN_FLIGHT = 2


class RealClock:
    """Real time."""

    monotonic = staticmethod(time.monotonic)

    def sleep(self, seconds: float) -> None:
        """Block."""
        time.sleep(seconds)


class JournalWorker:
    """Writes down which posts it decides, before it decides them."""

    stage = Stage.HOOKS
    model = "test:journal"
    pace = None

    def __init__(self, name: str, journal: Path, hold_after: int | None = None) -> None:
        self.name = name
        self.journal = journal
        self.hold_after = hold_after
        self._lock = threading.Lock()
        self._decided = 0
        self._others = threading.Event()

    def decide(self, claims: Sequence[Claim]) -> Sequence[Verdict[str]]:
        """Decide, when allowed to."""
        with self._lock, self.journal.open("a") as file:
            self._decided += len(claims)
            hold = self.hold_after is not None and self._decided > self.hold_after
            file.writelines(f"{claim.post_id}\n" for claim in claims)
        if any(claim.content == "killer" for claim in claims):
            self._others.wait(0.3)  # whoever is decided beside it shall be hit as well
            os.kill(os.getpid(), signal.SIGKILL)
        self._others.set()
        while hold and not self.journal.with_suffix(".go").exists():
            time.sleep(0.01)
        return [Done(f"{self.name}: {claim.content}") for claim in claims]

    def store(self, queue: WorkQueue, claims: Sequence[Claim], values: Sequence[str]) -> Settled:
        """Write the hooks."""
        return queue.store_hooks(claims, values)


def drain_hooks(url: str, worker: JournalWorker, lease: float) -> DrainReport:
    """Drain with a lease of that many seconds."""
    limits = Limits(
        batch_size=BATCH_SIZE,
        in_flight=IN_FLIGHT,
        lease=timedelta(seconds=lease),
        first_delay=timedelta(0),
    )
    with Database(url) as database:
        queue, log = PostgresWorkQueue(database), PostgresWorkLog(database)
        return drain(worker, queue, log, RealClock(), limits=limits)


def main(url: str, journal: str, options: str) -> None:
    """Drain once."""
    wanted = json.loads(options)
    worker = JournalWorker("first", Path(journal), wanted.get("hold_after"))
    print(json.dumps(drain_hooks(url, worker, wanted["lease"]).totals()), flush=True)  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
