"""Posts and profiles on their way into the bank."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID, uuid5

NAMESPACE = UUID("6f0c1c0a-2f0b-4e0e-9d55-0d6a4f4b3a11")
"""Namespace of ids derived from a source's own keys, so that an import can be repeated."""

AuthorType = Literal["internal", "external_influencer"]


@dataclass(frozen=True, slots=True)
class NewProfile:
    """An author as a file describes them; ``key`` is the file's own name for them."""

    key: str
    full_name: str
    linkedin_id: str | None = None
    role: str | None = None
    type: AuthorType = "external_influencer"

    @property
    def id(self) -> UUID:
        """The id the profile gets in the bank, the same at every import."""
        return uuid5(NAMESPACE, f"profile {self.key}")


@dataclass(frozen=True, slots=True)
class NewPost:
    """A post as a file describes it; ``key`` is unique within its author's posts."""

    key: str
    author: NewProfile
    content: str
    likes: int = 0
    comments: int = 0
    shares: int = 0
    posted_at: datetime | None = None

    @property
    def id(self) -> UUID:
        """The id the post gets in the bank, the same at every import."""
        # as JSON, for "a b" by "c" and "b" by "c a" are two posts
        return uuid5(NAMESPACE, f"post {json.dumps([self.author.key, self.key])}")

    @property
    def metrics(self) -> dict[str, int]:
        """The numbers as the bank keeps them."""
        return {"likes": self.likes, "comments": self.comments, "shares": self.shares}
