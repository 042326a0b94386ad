"""Claims on work for profiles."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

STYLE_WORKER = "worker_complete_profiles_v2"
"""The switch, log rows and incidents of style work (CONTRACT 3.1)."""


def partition_key(profile: UUID) -> str:
    """Return the key of the profile's Dagster partition, as ``profiles.partition_key`` has it."""
    return f"profile-{profile.hex[:12]}"


class StyleOutcome(StrEnum):
    """How one profile's style claim ended."""

    WRITTEN = "written"
    UNCHANGED = "unchanged"
    TOO_FEW = "too_few_posts"
    RETRIED = "retried"
    REJECTED = "rejected"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class ProfileClaim:
    """Work on one profile, held until its lease ends; ``token`` fences the write-back.

    ``partition_key`` is the profile's Dagster partition.  ``attempt`` counts from 1.  ``made_from``
    says which model wrote the present style from which posts, None when there is no style.
    ``prompt`` is that style, ``embedded_by`` the model of its vector, None when it has none.
    """

    profile_id: UUID
    partition_key: str
    token: int
    attempt: int
    made_from: str | None
    prompt: str | None = None
    embedded_by: str | None = None


@dataclass(frozen=True, slots=True)
class StyleIncident:
    """Why a profile has no new style; ``code`` is for machines, no text of posts in either."""

    code: str
    reason: str
