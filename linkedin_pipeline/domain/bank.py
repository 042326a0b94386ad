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
    """An author as a file describes them; ``key`` is the file's own name for them.

    ``known`` is the id of a profile that is in the bank already, of which nothing is changed.
    """

    key: str
    full_name: str
    linkedin_id: str | None = None
    role: str | None = None
    type: AuthorType = "external_influencer"
    known: UUID | None = None

    @property
    def id(self) -> UUID:
        """The id the profile has or gets in the bank, the same at every import."""
        return self.known or uuid5(NAMESPACE, f"profile {self.key}")


@dataclass(frozen=True, slots=True)
class NewPost:
    """A post as a file describes it; ``key`` is unique within its author's posts.

    A number that is None is not known, and leaves what the bank knows.  ``url`` is as
    `domain.linkedin_urls.post_url` writes it, and says better than the key which post it is.
    """

    key: str
    author: NewProfile
    content: str
    likes: int | None = None
    comments: int | None = None
    shares: int | None = None
    posted_at: datetime | None = None
    url: str | None = None

    @property
    def id(self) -> UUID:
        """The id the post gets in the bank, the same at every import."""
        # as JSON, for "a b" by "c" and "b" by "c a" are two posts
        return uuid5(NAMESPACE, f"post {json.dumps([self.author.key, self.key])}")

    @property
    def metrics(self) -> dict[str, int]:
        """The known numbers as the bank keeps them; one that is missing there counts 0."""
        numbers = {"likes": self.likes, "comments": self.comments, "shares": self.shares}
        return {name: number for name, number in numbers.items() if number is not None}


@dataclass(frozen=True, slots=True)
class SkippedRow:
    """A row of a file that is no post.

    ``code`` names the reason for machines.  ``met`` says what was met and may quote the row: it
    belongs into an error about this one line, not into reports.
    """

    line: int
    code: str
    met: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Added:
    """What adding posts did: new ones, new texts, new numbers or dates, and nothing at all."""

    added: int = 0
    changed: int = 0
    refreshed: int = 0
    unchanged: int = 0

    def __add__(self, other: Added) -> Added:
        return Added(
            self.added + other.added,
            self.changed + other.changed,
            self.refreshed + other.refreshed,
            self.unchanged + other.unchanged,
        )
