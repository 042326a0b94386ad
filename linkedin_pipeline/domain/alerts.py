"""Incidents as messages: what a webhook is sent about each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

LONGEST_TITLE = 100
LONGEST_DETAIL = 400
"""Characters; Slack refuses a block of over 3,000, and escaping makes five of one."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One message to send; ``attempt`` counts from 1 and fences what is written of a failure.

    ``title`` and ``detail`` hold ids, counts and our own words, no text of a post.
    """

    id: UUID
    attempt: int
    kind: str
    title: str
    detail: str
    since: datetime
    resolved_at: datetime | None = None


def message(alert: Alert) -> dict[str, Any]:
    """Return the JSON body that Slack's incoming webhooks take, and their like.

    Source: Slack's documentation, "Sending messages using incoming webhooks" and "Escaping text":
    ``text`` is what a notification shows, and ``&``, ``<`` and ``>`` are written as entities.
    """
    over = f", over since {_time(alert.resolved_at)}" if alert.resolved_at else ""
    title = _escaped(alert.title[:LONGEST_TITLE])
    detail = _escaped(alert.detail[:LONGEST_DETAIL])
    shown = f"*{title}*\n{detail}\nSince {_time(alert.since)}{over}."
    return {
        "text": f"{title}. {detail}",
        "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": shown}}],
    }


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
