"""What reading profiles asks of the outside, as Protocols; adapters and database meet them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from linkedin_pipeline.domain.sync import FeedPage, PageStored, SyncClaim


class ProfileFeed(Protocol):
    """Pages of what profiles posted, newest first; safe in threads."""

    def page(self, claim: SyncClaim, cursor: str | None) -> FeedPage:
        """Return the first page of a profile's feed, or the one that ``cursor`` leads to.

        Raises:
            ProviderDown: nobody's feed can be read now, and no profile is at fault.
            CursorDied: the cursor leads nowhere any more.
            Rejected: the profile is gone, private, or no profile; ``code`` says which.
            PageFailed: this page could not be had.
        """
        ...


class SyncDesk(Protocol):
    """Profiles whose reading is due; claims as in `WorkQueue`, held as long as they are beaten.

    What a stale claim writes is not written, and answered with False or None.

    Raises (all methods): DatabaseDown when the database does not answer for a while.
    """

    def is_enabled(self) -> bool:
        """Tell whether the worker is switched on."""
        ...

    def claim(
        self,
        limit: int,
        only: Sequence[str] | None,
        without: Sequence[UUID],
        *,
        anyway: bool,
        run_id: str | None,
    ) -> Sequence[SyncClaim]:
        """Take up to ``limit`` due profiles, of the given partition keys or of all.

        Not those of ``without``.  With ``anyway`` those too that wait after a failure.
        """
        ...

    def beat(self, claims: Sequence[SyncClaim]) -> None:
        """Say that the reader of these claims is alive."""
        ...

    def store(self, claim: SyncClaim, pages: int, page: FeedPage, duplicates: int) -> PageStored:
        """Write a page's posts, each once, and where to go on; ``pages`` were stored before."""
        ...

    def restart(self, claim: SyncClaim) -> SyncClaim | None:
        """Begin the reading anew; None when the claim was stale."""
        ...

    def analyze(self, claim: SyncClaim) -> bool:
        """Say that all pages are read."""
        ...

    def complete(self, claim: SyncClaim, remark: str | None) -> bool:
        """Compute the profile's statistics and end the reading."""
        ...

    def fail(self, claim: SyncClaim, reason: str) -> bool:
        """End the reading as failed; the profile waits and is tried again, five times in a row."""
        ...

    def give_back(self, claim: SyncClaim, reason: str) -> bool:
        """Put the profile back as it is, which is no failure; the next reading goes on there."""
        ...
