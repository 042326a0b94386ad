"""Work on writing styles over PostgreSQL; claims are functions of sql/routines/500_styles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import numpy as np
from pgvector import Vector
from psycopg.types.json import Jsonb

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.queries import query
from linkedin_pipeline.domain.profiles import STYLE_WORKER, ProfileClaim, StyleIncident
from linkedin_pipeline.domain.styles import StylePost, StyleVector, WrittenStyle


@dataclass(frozen=True, slots=True)
class StyleSubject:
    """A profile as far as its style goes: ``worded`` of its ``posts`` have a hook.

    ``incident`` says why it has no new style, ``held`` whether somebody writes it now.
    """

    profile_id: UUID
    partition_key: str
    has_style: bool
    posts: int
    worded: int
    incident: str | None
    held: bool


def style_subject(database: Database, profile_id: UUID) -> StyleSubject | None:
    """Return what is known of a profile; None when there is no such profile."""
    values = {"profile": profile_id, "worker": STYLE_WORKER}
    rows = database.run(lambda c: c.execute(query("style_subject"), values).fetchall())
    return StyleSubject(*rows[0]) if rows else None


class PostgresStyleDesk:
    """Meets `StyleDesk`; each call is one short transaction, safe in threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def is_enabled(self) -> bool:
        """Tell whether the worker is switched on."""
        return bool(self._rows("is_enabled", STYLE_WORKER)[0][0])

    def due(self, min_posts: int) -> list[str]:
        """Return the partition keys of profiles whose style is due and unclaimed."""
        return [row[0] for row in self._rows("due_styles", min_posts)]

    def request(self, partition_keys: Sequence[str]) -> int:
        """Make the styles of the profiles due now; return how many there were."""
        return int(self._rows("request_styles", list(partition_keys))[0][0])

    def claim(
        self, limit: int, min_posts: int, only: Sequence[str] | None, lease: timedelta
    ) -> Sequence[ProfileClaim]:
        """Take up to ``limit`` due profiles, longest due first."""
        keys = None if only is None else list(only)
        rows = self._rows("claim_styles", min_posts, limit, lease, keys)
        return [ProfileClaim(*row) for row in rows]

    def posts(self, profile_id: UUID, limit: int) -> Sequence[StylePost]:
        """Return a profile's posts, newest first."""
        return [StylePost(*row) for row in self._rows("style_posts", profile_id, limit)]

    def extend(self, claim: ProfileClaim, lease: timedelta) -> bool:
        """Move the end of a live claim's lease to ``lease`` from now."""
        return bool(self._rows("extend_style", claim.profile_id, claim.token, lease)[0][0])

    def store(
        self,
        claim: ProfileClaim,
        written: WrittenStyle,
        analysis: Mapping[str, object],
        vector: StyleVector | None,
    ) -> bool:
        """Write a style and end the claim; what a fallback wrote is a row in ``ai_errors`` too."""
        return self._store(
            claim,
            prompt=written.prompt,
            analysis=Jsonb(dict(analysis)),
            vector=vector,
            written_by=written.model,
            instead_of=written.instead_of,
        )

    def keep(self, claim: ProfileClaim, vector: StyleVector | None = None) -> bool:
        """End the claim and leave the style as it is, its vector apart."""
        return self._store(claim, vector=vector)

    def retry(
        self,
        claim: ProfileClaim,
        delay: timedelta,
        *,
        charge: bool,
        incident: StyleIncident | None = None,
    ) -> bool:
        """Put the profile back; of incidents alike one stays open until its style is written."""
        code, reason = (incident.code, incident.reason) if incident else (None, None)
        values = (claim.profile_id, claim.token, delay, charge, code, reason)
        return bool(self._rows("retry_style", *values)[0][0])

    def reject(self, claim: ProfileClaim, incident: StyleIncident) -> bool:
        """Put the profile aside until its style is requested."""
        values = (claim.profile_id, claim.token, incident.code, incident.reason)
        return bool(self._rows("reject_style", *values)[0][0])

    def _store(
        self,
        claim: ProfileClaim,
        *,
        vector: StyleVector | None,
        prompt: str | None = None,
        analysis: Jsonb | None = None,
        written_by: str | None = None,
        instead_of: str | None = None,
    ) -> bool:
        numbers = None if vector is None else Vector(np.asarray(vector.numbers, np.float32))
        values = {
            "profile": claim.profile_id,
            "token": claim.token,
            "prompt": prompt,
            "analysis": analysis,
            "embedding": numbers,
            "embedding_model": None if vector is None else vector.model,
            "written_by": written_by,
            "instead_of": instead_of,
        }
        rows = self._database.run(lambda c: c.execute(query("store_style"), values).fetchall())
        return bool(rows[0][0])

    def _rows(self, name: str, *arguments: Any) -> list[tuple[Any, ...]]:
        return self._database.run(lambda c: c.execute(query(name), arguments).fetchall())
