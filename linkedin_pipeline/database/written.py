"""A second look at what a drain has just written, for the checks of its run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.queries import query
from linkedin_pipeline.domain.work import Stage

CHUNK = 1000
"""Posts a statement: vectors are 6 kB each and read whole."""


@dataclass(frozen=True, slots=True)
class Written:
    """How many values were looked at, how many are bad, and the post of one that is."""

    checked: int
    bad: int
    example: UUID | None


def check_written(database: Database, stage: Stage, posts: Sequence[UUID]) -> Written:
    """Look again at values just written, in chunks of 1,000 posts; locks nothing.

    Good is a hook that stands in the text word for word, with 1 to 300 characters that are not all
    blank; a vector of unit norm within a thousandth, mirrored unchanged under its model for the
    search; a label that is active, with a confidence where a local model chose it.

    A post that is gone, wanted again or a dead letter by now is left out, so ``checked`` may be
    less than the number of posts.

    Raises:
        DatabaseDown: the database did not answer within its patience.
    """
    parts = [
        _look(database, stage, posts[start : start + CHUNK])
        for start in range(0, len(posts), CHUNK)
    ]
    return Written(
        checked=sum(part.checked for part in parts),
        bad=sum(part.bad for part in parts),
        example=next((part.example for part in parts if part.bad), None),
    )


def _look(database: Database, stage: Stage, posts: Sequence[UUID]) -> Written:
    row = database.run(lambda c: c.execute(query(f"written_{stage}"), [list(posts)]).fetchone())
    assert row is not None  # an aggregate has one row
    return Written(*row)
