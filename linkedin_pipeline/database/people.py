"""Profiles as people handle them: listed, added, erased."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.queries import query
from linkedin_pipeline.domain.bank import AuthorType
from linkedin_pipeline.domain.errors import BadInput

_FIRST = UUID(int=0)
_UNKNOWN, _IN_FLIGHT = "LP130", "LP131"


@dataclass(frozen=True, slots=True)
class ListedProfile:
    """A profile in a list; ``last_error`` is that of its sync."""

    id: UUID
    full_name: str
    linkedin_id: str | None
    type: AuthorType
    posts: int
    has_style: bool
    sync_status: str
    last_sync_at: datetime | None
    last_error: str | None


@dataclass(frozen=True, slots=True)
class KnownProfile:
    """A profile that a person named."""

    id: UUID
    full_name: str
    linkedin_id: str | None
    partition_key: str


@dataclass(frozen=True, slots=True)
class Erased:
    """What erasing a profile did."""

    posts: int
    publications_kept: int


def list_profiles(database: Database, only: UUID | None = None) -> Sequence[ListedProfile]:
    """Return all profiles by name, or one, with their posts counted now."""
    return [ListedProfile(*row) for row in _rows(database, "profiles", {"only": only})]


def add_profile(
    database: Database, linkedin_id: str, full_name: str, kind: AuthorType
) -> tuple[UUID, bool]:
    """Return the profile of that public identifier and whether it was made now.

    One that is there, in small or capital letters, is left as it is.
    """
    values = {"linkedin_id": linkedin_id, "full_name": full_name, "type": kind}
    while not (found := _rows(database, "add_profile", values)):
        pass  # somebody else added it in this very moment: the next look sees it
    return found[0][0], found[0][1]


def find_profile(
    database: Database, who: str, *, subject: str = "ID", names: bool = False
) -> KnownProfile | None:
    """Return the profile of that id, partition key or LinkedIn identifier, None without one.

    Upper and lower case are alike.  Full names are taken with ``names`` only: what is handed out or
    erased must be named without doubt.  ``subject`` is what an error is about.

    Raises:
        BadInput: several profiles are called so.
    """
    rows = _rows(database, "find_profiles", {"who": who, "names": names})
    if len(rows) > 1:
        ids = ", ".join(f"{row[0]} ({row[2] or 'no LinkedIn identifier'})" for row in rows)
        raise BadInput(subject, f"several are called {who!r}", f"Give one of the ids: {ids}.")
    return KnownProfile(*rows[0]) if rows else None


def named_profile(
    database: Database, who: str, *, subject: str = "ID", names: bool = False
) -> KnownProfile:
    """Return what `find_profile` does.

    Raises:
        BadInput: there is none, or several are called so.
    """
    profile = find_profile(database, who, subject=subject, names=names)
    if profile is None:
        similar = [row[0] for row in _rows(database, "similar_names", {"who": who})] if who else []
        remedy = f"Similar are: {', '.join(similar)}. " if similar else ""
        raise BadInput(
            subject,
            f"nobody in the bank is called {who!r}",
            f"{remedy}linkedin-pipeline profiles lists everybody.",
        )
    return profile


def texts_of(database: Database, profile: UUID, chunk: int = 500) -> Iterator[Sequence[str]]:
    """Yield the texts that models were asked about: of the profile's posts, and its style."""
    style = [row[0] for row in _rows(database, "profile_style", (profile,)) if row[0]]
    if style:
        yield style
    after = _FIRST
    while True:
        values = {"profile": profile, "after": after, "limit": chunk}
        rows = _rows(database, "profile_texts", values)
        if not rows:
            return
        after = rows[-1][0]
        yield [row[1] for row in rows]


def erase_profile(database: Database, profile: UUID) -> Erased:
    """Erase a person from the application's database, in one transaction.

    Raises:
        BadInput: there is no such profile, or publishing holds something of it.
    """
    try:
        [(posts, kept)] = _rows(database, "erase_profile", (profile,))
    except psycopg.DatabaseError as error:
        if error.sqlstate not in {_UNKNOWN, _IN_FLIGHT}:
            raise
        said, hint = error.diag.message_primary or "", error.diag.message_hint or ""
        raise BadInput("profiles erase", said, hint) from None
    return Erased(posts, kept)


def was_erased(database: Database, who: str) -> bool:
    """Tell whether a profile of that id or partition key was erased."""
    return bool(_rows(database, "was_erased", {"who": who.lower()})[0][0])


def erasures_to_clear(database: Database) -> Sequence[tuple[UUID, str]]:
    """Return the erased profiles that Dagster still knows of, with their partition keys."""
    return [(row[0], row[1]) for row in _rows(database, "erasures_to_clear")]


def erasure_cleared(database: Database, profile: UUID) -> None:
    """Write down that Dagster's database is cleared of a profile."""
    database.run(lambda c: c.execute(query("erasure_cleared"), (profile,)))


def schema_aside(database: Database) -> str | None:
    """Name the schema in which another system's tables, with rows of people, still stand."""
    found = _rows(database, "schema_aside")
    return str(found[0][0]) if found else None


def renew_statistics(database: Database) -> None:
    """Have the planner forget what it sampled of rows that are gone."""
    _rows(database, "renew_statistics")


def _rows(database: Database, statement: str, values: Any = ()) -> list[tuple[Any, ...]]:
    return database.run(lambda c: c.execute(query(statement), values).fetchall())
