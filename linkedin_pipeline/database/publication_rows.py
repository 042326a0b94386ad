"""Rows of the publishing ledger as values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from linkedin_pipeline.domain.errors import BadInput
from linkedin_pipeline.domain.publications import Doubtful, Intent, Kind, Known, Mention, State


def mentions_of(document: Any) -> tuple[Mention, ...]:
    """Read the JSON array of a text's mentions.

    Raises:
        BadInput: an element lacks a name or an id.
    """
    return tuple(_mention(place, one) for place, one in enumerate(document or []))


def _mention(place: int, one: Any) -> Mention:
    fields = one if isinstance(one, dict) else {}
    name, profile = fields.get("name"), fields.get("profile_id")
    if not (isinstance(name, str) and name and isinstance(profile, str | int) and profile):
        raise BadInput(
            f"mention {place}",
            "it has no name or no profile_id",
            'Write {"name": "…", "profile_id": "ACo…"}, with "is_company": true for a page.',
        )
    return Mention(name, str(profile), fields.get("is_company") is True)


def doubtful_of(row: Mapping[str, Any]) -> Doubtful:
    """Read a row of ``claim_doubtful``."""
    return Doubtful(
        intent=Intent(
            publication_id=row["publication_id"],
            token=row["token"],
            kind=Kind(row["kind"]),
            account=row["account"],
            text=row["text"],
            mentions=_sent_mentions(row["mentions"]),
            external_link=row["external_link"],
            as_organization=row["as_organization"],
            profile_id=row["profile_id"],
        ),
        state=State(row["state"]),
        intent_at=row["intent_at"],
        accepted=row["accepted"],
        duplicate=bool(row["duplicate"]),
        post_id=row["post_id"],
        settled=row["settled"],
        overdue=row["overdue"],
        retries=row["retries"],
        checks=row["checks"],
        owner_id=row["owner_id"],
        known=[_known(one) for one in row["known"]],
    )


def _sent_mentions(document: Any) -> tuple[Mention, ...]:
    try:
        return mentions_of(document)
    except BadInput:  # never sent, so never seen
        return ()


def _known(one: Mapping[str, Any]) -> Known:
    return Known(
        ids=frozenset(one["ids"]),
        text=one["text"],
        mentions=_sent_mentions(one["mentions"]),
        at=datetime.fromisoformat(one["at"]),
        certain=one["certain"],
    )
