"""What batch mode asks of the outside, as Protocols; see `domain.batches` for the words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import timedelta
from typing import Protocol
from uuid import UUID

from linkedin_pipeline.domain.ai import Model, Purpose
from linkedin_pipeline.domain.batches import AskedPost, Batch, BatchLine, BatchState, Kept, Look
from linkedin_pipeline.domain.work import Claim, Stage


class BatchAsker(Protocol):
    """What one kind of stage asks in a batch, and how an answer is read and kept."""

    @property
    def model(self) -> Model:
        """The model that is asked."""
        ...

    @property
    def purpose(self) -> Purpose:
        """What for."""
        ...

    @property
    def route(self) -> str:
        """The path that every line of the file names."""
        ...

    def keys(self, stage: Stage, claims: Sequence[Claim]) -> Mapping[Claim, bytes]:
        """Return the answer keys of the claims that can be asked about in a batch."""
        ...

    def lines(self, batch: UUID, stage: Stage, claims: Sequence[Claim]) -> Iterator[BatchLine]:
        """Write the requests about claims that `keys` has, in order."""
        ...

    def keep(
        self,
        batch: UUID,
        line: int,
        size: int,
        body: Mapping[str, object],
        posts: Sequence[AskedPost],
    ) -> Kept:
        """Keep the answers of a line to what is still asked: an edited post asks something else."""
        ...


class BatchProvider(Protocol):
    """A provider's files and batches; none of its calls costs anything, the answers apart.

    Raises (all methods): ProviderDown when it does not answer or asks for silence.
    """

    def upload(self, batch: Batch, lines: Sequence[bytes]) -> str:
        """Upload the file of a batch and return its id; after a lost answer it is looked for.

        Raises:
            Misconfigured: the server has no batches.
            Rejected: the provider refuses it.
        """
        ...

    def find_file(self, batch: Batch) -> str | None:
        """Look for a file that was uploaded for a batch."""
        ...

    def create(self, batch: Batch, file_id: str, route: str) -> str:
        """Start the batch and return its id; after a lost answer it is looked for.

        Raises:
            Misconfigured: the server has no batches.
            Rejected: the provider refuses it.
        """
        ...

    def find_batch(self, batch: Batch) -> str | None:
        """Look for a batch that was started with our id."""
        ...

    def look(self, batch: Batch) -> Look | None:
        """Ask how far it is; None when the provider knows no such batch."""
        ...

    def results(self, batch: Batch, file_id: str) -> Iterator[str]:
        """Download a result file and give its lines."""
        ...


class BatchStore(Protocol):
    """Batches and what they ask; safe for any number of callers side by side.

    Raises (all methods): DatabaseDown when the database does not answer for a while.
    """

    def open(self, batch: Batch, lines: Sequence[BatchLine], wait: timedelta) -> Batch | None:
        """Write the intent and hold the batch; claimed posts wait for it from now on.

        None when no claim stands any more: nothing is to be asked.
        """
        ...

    def take(self, done: Sequence[UUID]) -> Batch | None:
        """Take an open batch that is in no other hands, none of ``done``."""
        ...

    def advance(
        self,
        batch: Batch,
        state: BatchState | None = None,
        *,
        file_id: str | None = None,
        provider_batch_id: str | None = None,
    ) -> bool:
        """Record how far it came, and hold it on; False when somebody else took it."""
        ...

    def let_go(self, batch: Batch, *, extend: bool = True) -> None:
        """Leave it open until the next look; its posts wait on."""
        ...

    def close(
        self,
        batch: Batch,
        state: BatchState,
        *,
        error: str | None = None,
        answered: int = 0,
        discarded: int = 0,
        forget: bool = False,
        delay: timedelta = timedelta(0),
    ) -> bool:
        """End it; its posts are due after ``delay``, and may join another with ``forget``."""
        ...

    def asked(self, batch: UUID, line: int) -> Sequence[AskedPost]:
        """Return what a line asks of posts that still exist."""
        ...

    def excluded(self, keys: Sequence[bytes]) -> AbstractSet[bytes]:
        """Return those that are answered already, or were asked by a batch in vain."""
        ...
