"""One profile's feed, read to its end or its bound, page by page."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from linkedin_pipeline.domain.errors import PipelineError, ProviderDown, Rejected
from linkedin_pipeline.domain.sync import (
    CursorDied,
    FeedPage,
    PageFailed,
    SyncClaim,
    SyncOutcome,
    Why,
)
from linkedin_pipeline.sync_ports import ProfileFeed, SyncDesk

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Reading:
    """What became of one profile; ``numbers`` counts pages, and items by what they were.

    ``outage`` is what gave the profile back when the provider is away.
    """

    claim: SyncClaim
    outcome: SyncOutcome = SyncOutcome.STALE
    reason: str | None = None
    outage: ProviderDown | None = None
    numbers: Counter[str] = field(default_factory=Counter)

    @property
    def changed(self) -> int:
        """How many rows of the bank were written."""
        return self.numbers["added"] + self.numbers["edited"] + self.numbers["refreshed"]


class Reader:
    """Reads claimed profiles; safe in threads.

    When ``over`` answers True a reading ends after the page at hand: its profile is given back and
    goes on later.
    """

    def __init__(
        self, desk: SyncDesk, feed: ProfileFeed, max_pages: int, over: Callable[[], bool]
    ) -> None:
        self._desk = desk
        self._feed = feed
        self._max_pages = max_pages
        self._over = over

    def read(self, claim: SyncClaim) -> Reading:
        """Read one profile and end its claim; whatever is wrong with it stays its own trouble.

        Raises:
            DatabaseDown: the database did not answer for long; the claim lapses.
        """
        reading = Reading(claim)
        try:
            reading.outcome = self._pages(reading)
        except ProviderDown as outage:
            reading.outage = outage
            self._end(reading, SyncOutcome.GIVEN_BACK, str(outage))
        except Rejected as refusal:
            self._end(reading, SyncOutcome.GONE, f"{refusal.value}. {refusal.remedy}")
        except PipelineError:
            raise
        except PageFailed as failure:
            self._end(reading, SyncOutcome.FAILED, f"{failure}.")
        except Exception as error:  # noqa: BLE001 - one profile must not stop the others
            kind = type(error).__name__
            logger.warning("sync.failed profile=%s error=%s", claim.profile_id, kind)
            self._end(reading, SyncOutcome.FAILED, f"{kind} while its feed was read.")
        return reading

    def _pages(self, reading: Reading) -> SyncOutcome:
        claim, cursor, pages = reading.claim, reading.claim.cursor, reading.claim.pages
        seen: set[str] = set()
        while pages < self._max_pages:
            try:
                page = self._feed.page(claim, cursor)
            except CursorDied:
                if cursor is None:
                    raise PageFailed("The feed's first page has a dead cursor") from None
                restarted = self._desk.restart(claim)
                if restarted is None:
                    return SyncOutcome.STALE
                reading.claim = claim = restarted
                cursor, pages = None, 0
                seen.clear()
                continue
            if not self._store(reading, pages, page, seen):
                return SyncOutcome.STALE
            pages, cursor = pages + 1, page.next_cursor
            if cursor is None:
                break
            if self._over() and pages < self._max_pages:
                self._end(reading, SyncOutcome.GIVEN_BACK, "The pass had to end.")
                return reading.outcome
        if not self._desk.analyze(claim):
            return SyncOutcome.STALE
        self._end(reading, SyncOutcome.COMPLETED, _remark(reading.numbers))
        return reading.outcome

    def _store(self, reading: Reading, pages: int, page: FeedPage, seen: set[str]) -> bool:
        fresh = page.without(seen)
        duplicates = len(page) - len(fresh)
        stored = self._desk.store(reading.claim, pages, fresh, duplicates)
        if not stored.held:
            return False
        reading.numbers.update(
            pages=1,
            added=stored.added,
            edited=stored.edited,
            refreshed=stored.refreshed,
            unchanged=len(fresh.posts) - stored.changed,
            duplicates=duplicates,
            **{str(why): fresh.count(why) for why in Why},
        )
        return True

    def _end(self, reading: Reading, outcome: SyncOutcome, said: str | None) -> None:
        claim = reading.claim
        if outcome is SyncOutcome.COMPLETED:
            held = self._desk.complete(claim, said)
        elif outcome is SyncOutcome.GIVEN_BACK:
            held = self._desk.give_back(claim, said or "")
        else:
            held = self._desk.fail(claim, said or "")
        reading.outcome = outcome if held else SyncOutcome.STALE
        reading.reason = said


def _remark(numbers: Counter[str]) -> str | None:
    """Return what a person should know of a reading that went well and found nothing of use."""
    own = numbers["added"] + numbers["edited"] + numbers["refreshed"] + numbers["unchanged"]
    if own or not numbers["others"]:
        return None
    return (
        f"All {numbers['others']} posts of the feed are another author's: does the profile have "
        "another public identifier now?"
    )
