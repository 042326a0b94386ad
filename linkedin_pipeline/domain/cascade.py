"""Labels taken from near neighbours instead of a model: what may be, and what is watched."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from linkedin_pipeline.domain.work import Stage

CASCADED: Final = (Stage.TOPIC_CLASSIFICATIONS, Stage.AUDIENCE_CLASSIFICATIONS)
"""Whose labels neighbours in meaning share; a hook type is the form of an opening, not meaning."""
AUDITED_ONE_IN: Final = 20
"""Of the posts that neighbours could decide, the model is asked about one in so many."""


@dataclass(frozen=True, slots=True)
class Vote:
    """The label that the neighbours of a post agree on; the similarity of the farthest of them."""

    label: UUID
    similarity: float


@dataclass(frozen=True, slots=True)
class Audit:
    """What neighbours and model said of one post."""

    post_id: UUID
    vote: Vote
    label: UUID


def cascade_of(model: str) -> str:
    """Return the name that is stored beside labels which neighbours labelled by ``model`` gave."""
    return f"cascade:{model}"


def is_audited(post_id: UUID) -> bool:
    """Tell whether a post is in the sample of which the model is always asked."""
    digest = hashlib.sha256(post_id.bytes).digest()
    return int.from_bytes(digest[:8], "big") % AUDITED_ONE_IN == 0
