"""Batch mode, the way out: due posts become questions of a batch and wait for it.

    claim due posts ─► leave out what is answered, or was asked in vain ─► permission and budget
    ─► write the intent, posts wait [one transaction] ─► upload ─► record ─► start ─► record

Whatever interrupts it, the next pass of `batch_results` goes on where the record says; what may
have happened without being recorded is looked for at the provider first.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from uuid import UUID, uuid4

from linkedin_pipeline.batch_ports import BatchAsker, BatchProvider, BatchStore
from linkedin_pipeline.domain.ai import CallOutcome, Plan, Usage
from linkedin_pipeline.domain.batches import (
    MAX_BYTES,
    Batch,
    BatchLine,
    BatchState,
    request_line,
)
from linkedin_pipeline.domain.errors import Misconfigured, ProviderDown, Rejected
from linkedin_pipeline.domain.work import Claim, DayRange, Stage
from linkedin_pipeline.ports import AiLedger, WorkQueue

logger = logging.getLogger(__name__)

MOST_POSTS: Final = 10_000
"""Of one batch: bounds memory, and what is lost with a batch that fails."""
CHUNK: Final = 1_000
LEASE: Final = timedelta(minutes=2)
"""For reading claims and writing requests; nothing is called meanwhile."""
WAIT: Final = timedelta(hours=26)
"""The provider's window is 24 hours, and it may need a while to write the results."""
LONGEST_REST: Final = 600.0
"""Seconds until a batch that was not permitted is tried again, so that a new budget is noticed."""


@dataclass(slots=True)
class Submitted:
    """What `submit` did; ``refused`` says why the posts go the live way instead."""

    batches: list[UUID] = field(default_factory=list)
    posts: int = 0
    refused: str | None = None


class BatchSender:
    """Sends batches of one provider."""

    def __init__(
        self, store: BatchStore, queue: WorkQueue, ledger: AiLedger, provider: BatchProvider
    ) -> None:
        self._store = store
        self._queue = queue
        self._ledger = ledger
        self._provider = provider

    def submit(
        self,
        asker: BatchAsker,
        stage: Stage,
        days: DayRange | None = None,
        most: int | None = None,
    ) -> Submitted:
        """Put the stage's due posts, ``most`` or all of them, into batches.

        Posts that have an answer by now, or that a batch was asked about in vain, are left due.

        Raises:
            ProviderDown: a batch is not permitted now, or the provider is out; the posts wait.
        """
        done = Submitted()
        while done.refused is None and self._queue.is_enabled(stage):
            room = MOST_POSTS if most is None else min(MOST_POSTS, most - done.posts)
            if room <= 0 or not self._round(asker, stage, days, room, done):
                break
        return done

    def _round(
        self, asker: BatchAsker, stage: Stage, days: DayRange | None, room: int, done: Submitted
    ) -> bool:
        """Send one batch; tell whether there was anything to send."""
        claims: list[Claim] = []
        delay = timedelta(0)
        try:
            while len(claims) < room:
                wanted = min(CHUNK, room - len(claims))
                more = self._queue.claim(stage, wanted, days, LEASE)
                claims += more
                if len(more) < wanted:
                    break
            # a post that was edited since it was claimed is due, and claimed, a second time
            newest = [*{claim.post_id: claim for claim in claims}.values()]
            keys = asker.keys(stage, newest)
            excluded = self._store.excluded([*keys.values()])
            fresh = [one for one in newest if one in keys and keys[one] not in excluded]
            if not fresh:
                return False
            self._send(asker, stage, fresh, done)
        except ProviderDown as outage:
            delay = timedelta(seconds=min(outage.retry_after or LONGEST_REST, LONGEST_REST))
            raise
        finally:
            # those that a batch took over are stale by now, which is no error
            for start in range(0, len(claims), CHUNK):
                some = claims[start : start + CHUNK]
                self._queue.retry(stage, some, [delay] * len(some), charge=False)
        return True

    def _send(
        self, asker: BatchAsker, stage: Stage, claims: Sequence[Claim], done: Submitted
    ) -> None:
        name = uuid4()
        lines: list[BatchLine] = []
        content: list[bytes] = []
        size = 0
        for line in asker.lines(name, stage, claims):
            text = request_line(len(lines), asker.route, line.body)
            size += len(text)
            if lines and size > MAX_BYTES:
                break
            lines.append(line)
            content.append(text)
        plan = Plan(
            model=asker.model,
            purpose=asker.purpose,
            worker=stage.worker,
            items=sum(line.size for line in lines),
            input_tokens=sum(line.input_tokens for line in lines),
            output_tokens=sum(line.output_tokens for line in lines),
            stage=str(stage),
            batch=True,
        )
        permit = self._ledger.begin(plan)
        if permit.call_id is None:
            raise ProviderDown(
                f"a batch of {plan.items} posts for {plan.model}",
                f"{permit.verdict}: {permit.said}",
                "The posts wait; a batch reserves what it may cost at most.",
                retry_after=permit.wait,
            )
        intent = Batch(
            id=name,
            model=asker.model,
            purpose=asker.purpose,
            stage=stage,
            state=BatchState.PREPARING,
            call_id=permit.call_id,
            line_sizes=[line.size for line in lines],
        )
        batch = self._store.open(intent, lines, WAIT)
        if batch is None:
            self._ledger.end(permit.call_id, CallOutcome.FAILED, Usage(), 0.0)
            return
        done.batches.append(batch.id)
        done.posts += len({q.post_id for line in lines for q in line.questions})
        logger.info("%s.batch_opened batch=%s posts=%d", stage, batch.id, plan.items)
        done.refused = self._start(batch, asker.route, content)

    def _start(self, batch: Batch, route: str, content: Sequence[bytes]) -> str | None:
        """Upload and start a batch; return why it cannot be, None when it is on its way."""
        try:
            file_id = self._provider.upload(batch, content)
            if self._store.advance(batch, BatchState.UPLOADED, file_id=file_id):
                self.create(batch, route, file_id)
        except (Misconfigured, Rejected) as error:
            self.dissolve(batch, str(error))
            return str(error)
        except ProviderDown:
            self._store.let_go(batch)
            raise
        return None

    def create(self, batch: Batch, route: str, file_id: str) -> None:
        """Start an uploaded batch, and leave it open."""
        name = self._provider.create(batch, file_id, route)
        self._store.advance(batch, BatchState.SUBMITTED, provider_batch_id=name)
        self._store.let_go(batch)

    def dissolve(self, batch: Batch, error: str, *, forget: bool = False) -> None:
        """End a batch that never began; its posts are due now, ``forget`` for another batch."""
        if batch.call_id is not None:
            self._ledger.end(batch.call_id, CallOutcome.FAILED, Usage(), batch.age)
        self._store.close(batch, BatchState.FAILED, error=error, forget=forget)
        logger.warning("%s.batch_failed batch=%s error=%s", batch.stage, batch.id, error)
