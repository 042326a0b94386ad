"""A desk, a log and a clock in memory, for the style drain."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID, uuid4

from linkedin_pipeline.domain.profiles import ProfileClaim, StyleIncident
from linkedin_pipeline.domain.styles import StylePost, StyleVector, WrittenStyle
from linkedin_pipeline.domain.work import Outcome


@dataclass
class Desk:
    """Profiles to write, in order; remembers what was done with them."""

    profiles: dict[UUID, list[StylePost]]
    made_from: str | None = None
    attempt: int = 1
    enabled: bool = True
    stored: dict[UUID, str] = field(default_factory=dict)
    kept: list[UUID] = field(default_factory=list)
    retried: list[tuple[UUID, timedelta, bool, StyleIncident | None]] = field(default_factory=list)
    rejected: list[tuple[UUID, StyleIncident]] = field(default_factory=list)
    vectors: list[StyleVector | None] = field(default_factory=list)
    extended: threading.Event = field(default_factory=threading.Event)
    prompt: str | None = None
    embedded_by: str | None = None
    taken: set[UUID] = field(default_factory=set)

    def is_enabled(self) -> bool:
        """Tell the switch."""
        return self.enabled

    def claim(
        self, limit: int, min_posts: int, only: Sequence[str] | None, lease: timedelta
    ) -> Sequence[ProfileClaim]:
        """Hand out the next profiles."""
        del min_posts, only, lease
        free = [key for key in self.profiles if key not in self.taken][:limit]
        self.taken.update(free)
        return [
            ProfileClaim(
                key,
                f"profile-{key.hex[:12]}",
                1,
                self.attempt,
                self.made_from,
                self.prompt,
                self.embedded_by,
            )
            for key in free
        ]

    def posts(self, profile_id: UUID, limit: int) -> Sequence[StylePost]:
        """Give the posts."""
        return self.profiles[profile_id][:limit]

    def extend(self, claim: ProfileClaim, lease: timedelta) -> bool:
        """Note that the claim is alive."""
        del claim, lease
        self.extended.set()
        return True

    def store(
        self,
        claim: ProfileClaim,
        written: WrittenStyle,
        analysis: Mapping[str, object],
        vector: StyleVector | None,
    ) -> bool:
        """Keep the prompt."""
        said = (written.prompt, analysis["model"], analysis["written_by"])
        self.stored[claim.profile_id] = " ".join(map(str, said))
        self.vectors.append(vector)
        return True

    def keep(self, claim: ProfileClaim, vector: StyleVector | None = None) -> bool:
        """Note the profile."""
        self.kept.append(claim.profile_id)
        self.vectors.append(vector)
        return True

    def retry(
        self,
        claim: ProfileClaim,
        delay: timedelta,
        *,
        charge: bool,
        incident: StyleIncident | None = None,
    ) -> bool:
        """Note what was asked."""
        self.retried.append((claim.profile_id, delay, charge, incident))
        return True

    def reject(self, claim: ProfileClaim, incident: StyleIncident) -> bool:
        """Note what was asked."""
        self.rejected.append((claim.profile_id, incident))
        return True


class Log:
    """Remembers how the row was closed."""

    def __init__(self) -> None:
        self.closed: list[tuple[int, int, str | None]] = []
        self.beats = 0

    def start(self, worker: str, run_id: str | None) -> UUID:
        """Open a row."""
        assert worker == "worker_complete_profiles_v2"
        del run_id
        return uuid4()

    def beat(self, log: UUID) -> None:
        """Count."""
        del log
        self.beats += 1

    def finish(
        self,
        log: UUID,
        counts: Mapping[Outcome, int],
        results: Mapping[str, object],
        error: str | None,
    ) -> None:
        """Close the row."""
        del log, results
        self.closed.append((counts[Outcome.DONE], counts[Outcome.RETRIED], error))


class Still:
    """A clock that moves only when told."""

    now = 0.0

    def monotonic(self) -> float:
        """Return the time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Move."""
        self.now += seconds
