"""Batches as the command line shows them, and waits for them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from rich.console import Console

from linkedin_pipeline.batch_wiring import batched_stages
from linkedin_pipeline.commands.output import show_batches
from linkedin_pipeline.database.batches import SeenBatch, seen_batches
from linkedin_pipeline.defs.batches import collect
from linkedin_pipeline.defs.in_process import Looked
from linkedin_pipeline.domain.errors import Misconfigured
from linkedin_pipeline.domain.work import Stage
from linkedin_pipeline.wiring import Providers

LONGEST_WAIT = 60.0
"""Seconds between two looks while somebody waits; the first ones come sooner, doubling from one."""
NAP = 1.0


class BatchWatch:
    """Looks at the batches of some stages for one call of `enrich`.

    Raises:
        Misconfigured: none of the stages has a model that can be asked in batches.
    """

    def __init__(self, providers: Providers, only: Collection[Stage], *, wait: bool = True) -> None:
        settings = providers.settings
        if not any(stage in batched_stages(settings) for stage in only):
            raise Misconfigured(
                "enrich --batch-api",
                f"EMBEDDING_MODEL is {settings.embedding_model} and CLASSIFICATION_MODEL is "
                f"{settings.classification_model}, of which {', '.join(only)} can ask none in "
                "batches",
                "Set OPENAI_API_KEY and name openai: models, or leave --batch-api out.",
            )
        self._providers = providers
        self._only = only
        self._wait = wait
        self._since = datetime.now(UTC)
        self._last_look: float | None = None
        self._in_vain = 0
        self._said = ""

    def look(self, say: Callable[[str], None] = lambda _line: None) -> Looked:
        """Look at the batches when it is time to, having waited for that."""
        clock = self._providers.clock
        with self._providers.database() as database:
            waits = self._open(seen_batches(database))
            if not waits:
                return Looked.NONE
            if self._last_look is not None:
                if not self._wait:
                    return Looked.NONE
                self._tell(say, f"Waiting for {_sum(waits)}; Ctrl-C leaves them to a later call.")
                pause = min(2.0**self._in_vain, LONGEST_WAIT)
                while (left := self._last_look + pause - clock.monotonic()) > 0:
                    clock.sleep(min(left, NAP))
            collected = collect(self._providers, database)
            self._last_look = clock.monotonic()
        if collected.down:
            self._tell(say, f"Batches: {collected.down}")
        # another process may have seen the end
        with self._providers.database() as database:
            over = len(self._open(seen_batches(database))) < len(waits)
        over = over or bool(collected.ended)
        self._in_vain = 0 if over else min(self._in_vain + 1, 10)
        return Looked.OVER if over else Looked.OPEN

    def _tell(self, say: Callable[[str], None], line: str) -> None:
        if line != self._said:
            self._said = line
            say(line)

    def _open(self, batches: Sequence[SeenBatch]) -> list[SeenBatch]:
        return [one for one in batches if one.is_open and one.stage in self._only]

    def seen(self) -> list[SeenBatch]:
        """Return the open batches, and those that began or ended during this call."""
        with self._providers.database() as database:
            return [one for one in seen_batches(database, self._since) if one.stage in self._only]

    def document(self) -> dict[str, Any]:
        """Return them for ``--json``."""
        return {"batches": [asdict(one) for one in self.seen()]}

    def show(self, to: Console) -> None:
        """Print them."""
        show_batches(to, [asdict(one) for one in self.seen()])


def _sum(batches: Sequence[SeenBatch]) -> str:
    questions = sum(one.questions for one in batches)
    return f"{len(batches)} batch{'es' if len(batches) > 1 else ''} ({questions:,} questions)"
