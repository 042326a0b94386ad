"""Work on writing styles over PostgreSQL; claims are functions of sql/routines/500_styles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.queries import query
from linkedin_pipeline.domain.profiles import STYLE_WORKER, ProfileClaim
from linkedin_pipeline.domain.styles import StylePost


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

    def store(self, claim: ProfileClaim, prompt: str, analysis: Mapping[str, object]) -> bool:
        """Write a style and end the claim."""
        values = (claim.profile_id, claim.token, prompt, Jsonb(dict(analysis)))
        return bool(self._rows("store_style", *values)[0][0])

    def keep(self, claim: ProfileClaim) -> bool:
        """End the claim and leave the style as it is."""
        return bool(self._rows("store_style", claim.profile_id, claim.token, None, None)[0][0])

    def retry(
        self, claim: ProfileClaim, delay: timedelta, *, charge: bool, incident: str | None = None
    ) -> bool:
        """Put the profile back; one incident a profile stays open until its style is written."""
        if incident is not None:
            values = {"reason": incident, "profile": claim.profile_id}
            self._database.run(lambda c: c.execute(query("style_incident"), values))
        return bool(self._rows("retry_style", claim.profile_id, claim.token, delay, charge)[0][0])

    def _rows(self, name: str, *arguments: Any) -> list[tuple[Any, ...]]:
        return self._database.run(lambda c: c.execute(query(name), arguments).fetchall())
