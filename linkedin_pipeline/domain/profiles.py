"""Claims on work for profiles."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

STYLE_WORKER = "worker_complete_profiles_v2"
"""The switch, log rows and incidents of style work (CONTRACT 3.1)."""


class StyleOutcome(StrEnum):
    """How one profile's style claim ended."""

    WRITTEN = "written"
    UNCHANGED = "unchanged"
    TOO_FEW = "too_few_posts"
    RETRIED = "retried"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class ProfileClaim:
    """Work on one profile, held until its lease ends; ``token`` fences the write-back.

    ``partition_key`` is the profile's Dagster partition.  ``attempt`` counts from 1.  ``made_from``
    is the hash of what the present style was made from, None when there is no style.
    """

    profile_id: UUID
    partition_key: str
    token: int
    attempt: int
    made_from: str | None
