"""Batch mode, the way back: look at open batches, keep what they answered, wake their posts.

An ordinary drain then finds the answers in the store and makes no call for them.  What a batch did
not answer is due as well, and asked about without a batch; so a failed batch costs a day at most.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from uuid import UUID

from linkedin_pipeline.batch_ports import BatchAsker, BatchProvider, BatchStore
from linkedin_pipeline.domain.ai import CallOutcome, Usage
from linkedin_pipeline.domain.batches import Batch, BatchState, Look, read_result
from linkedin_pipeline.domain.errors import Misconfigured, ProviderDown, Rejected
from linkedin_pipeline.ports import AiLedger
from linkedin_pipeline.workers.batches import BatchSender

logger = logging.getLogger(__name__)

CROWDED: Final = "token_limit_exceeded"
"""The provider's word for too many tokens in open batches: nothing was done, and later may do."""
CROWDED_REST: Final = timedelta(minutes=15)
HOLD_EVERY: Final = 50
"""Lines of a result file after which the batch is held on."""


@dataclass(slots=True)
class Collected:
    """What `collect` did; ``down`` says why some batches could not be looked at."""

    looked: int = 0
    ended: list[UUID] = field(default_factory=list)
    answered: int = 0
    discarded: int = 0
    down: str | None = None


@dataclass(slots=True)
class _Tally:
    """What the lines of one batch came to."""

    usage: Usage = field(default_factory=Usage)
    answered: int = 0
    discarded: int = 0
    codes: Counter[str] = field(default_factory=Counter)


class BatchCollector:
    """Looks after the open batches of one provider; safe beside others of its kind."""

    def __init__(
        self,
        store: BatchStore,
        ledger: AiLedger,
        provider: BatchProvider,
        sender: BatchSender,
        askers: Callable[[Batch], BatchAsker],
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._provider = provider
        self._sender = sender
        self._askers = askers

    def collect(self) -> Collected:
        """Look at every open batch that is in no other hands, once; never waits for one.

        Raises:
            Misconfigured: only a person can mend it; the batches stay open.
        """
        done: list[UUID] = []
        result = Collected()
        while batch := self._store.take(done):
            done.append(batch.id)
            result.looked += 1
            try:
                self._go_on(batch, result)
            except ProviderDown as outage:
                self._store.let_go(batch)
                result.down = str(outage)
            except BaseException:
                self._store.let_go(batch)
                raise
        return result

    def _go_on(self, batch: Batch, result: Collected) -> None:
        """Take a batch one step further."""
        if batch.state is BatchState.SUBMITTED:
            self._look(batch, result)
            return
        file_id = batch.input_file_id or self._provider.find_file(batch)
        if file_id is None:
            self._sender.dissolve(batch, "nothing of it was uploaded", forget=True)
            return
        if not self._store.advance(batch, BatchState.UPLOADED, file_id=file_id):
            return
        started = self._provider.find_batch(batch)
        if started is not None:
            self._store.advance(batch, BatchState.SUBMITTED, provider_batch_id=started)
            self._store.let_go(batch)
            return
        try:
            self._sender.create(batch, self._askers(batch).route, file_id)
        except (Misconfigured, Rejected) as error:
            self._sender.dissolve(batch, str(error))

    def _look(self, batch: Batch, result: Collected) -> None:
        look = self._provider.look(batch)
        if look is None and not batch.overdue:
            # perhaps it is another server that answers now
            self._store.let_go(batch, extend=False)
        elif look is None:
            self._sender.dissolve(batch, "the provider does not know it any more")
        elif not look.over:
            self._store.let_go(batch)
        else:
            self._finish(batch, look, result)

    def _finish(self, batch: Batch, look: Look, result: Collected) -> None:
        """Keep all that a batch answered, whole or in part, and end it."""
        tally = _Tally()
        for file_id in look.files:
            if not self._keep(batch, file_id, tally):
                return  # somebody else has it now
        failed = look.status == "failed"
        crowded = look.code == CROWDED
        if batch.call_id is not None:
            outcome = CallOutcome.FAILED if failed else CallOutcome.ANSWERED
            self._ledger.end(batch.call_id, outcome, tally.usage, batch.age)
        ended = self._store.close(
            batch,
            BatchState.FAILED if failed else BatchState.ENDED,
            error=_error(look, tally),
            answered=tally.answered,
            discarded=tally.discarded,
            forget=crowded,
            delay=CROWDED_REST if crowded else timedelta(0),
        )
        if ended:
            result.ended.append(batch.id)
            result.answered += tally.answered
            result.discarded += tally.discarded
            logger.info(
                "%s.batch_over batch=%s status=%s answered=%d discarded=%d",
                *(batch.stage, batch.id, look.status, tally.answered, tally.discarded),
            )

    def _keep(self, batch: Batch, file_id: str, tally: _Tally) -> bool:
        asker = self._askers(batch)
        for number, text in enumerate(self._provider.results(batch, file_id)):
            if number % HOLD_EVERY == 0 and not self._store.advance(batch):
                return False
            try:
                line = read_result(text)
            except ValueError:
                tally.codes["unreadable line"] += 1
                continue
            if line.body is None or not 0 <= line.line < len(batch.line_sizes):
                tally.codes[line.code or "unknown line"] += 1
                continue
            posts = self._store.asked(batch.id, line.line)
            size = batch.line_sizes[line.line]
            kept = asker.keep(batch.id, line.line, size, line.body, posts)
            tally.usage = Usage(
                tally.usage.input + kept.usage.input,
                tally.usage.cached + kept.usage.cached,
                tally.usage.output + kept.usage.output,
            )
            tally.answered += kept.answered
            tally.discarded += kept.discarded
            if kept.answered + kept.discarded < len(posts):
                tally.codes["unusable answer"] += 1
        return True


def _error(look: Look, tally: _Tally) -> str | None:
    """Say what went wrong, in words of ours and codes."""
    parts = [f"{look.status}{f': {look.reason}' if look.reason else ''}"]
    if look.status == "completed":
        parts = []
    parts += [f"{number} × {code}" for code, number in tally.codes.most_common(5)]
    return "; ".join(parts) or None
