"""Incidents, and the messages about them; SQL in 880_alerts.sql and 882_delivery.sql.

Raises (all functions): DatabaseDown when the database does not answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.queries import query
from linkedin_pipeline.domain.alerts import Alert

LEASE: Final = timedelta(minutes=1)
"""How long a message is one sender's; a call is over after two seconds."""


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that a person should hear of, since when as far as that is known."""

    kind: str
    title: str
    detail: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Undelivered:
    """Messages that wait, the age of the oldest in seconds, and why the last try failed."""

    number: int
    age: float
    error: str | None

    @property
    def refused(self) -> bool:
        """Tell whether the webhook answered that it will not take messages, as when it is gone."""
        return (self.error or "").startswith("HTTP 4") and self.error != "HTTP 429"


class AlertOutbox:
    """Meets `Outbox`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self) -> Alert | None:
        """Take a message for a minute."""
        found = _rows(self._database, "claim_alert", LEASE)
        return Alert(*found[0]) if found else None

    def sent(self, alert: Alert) -> None:
        """Write down that it was accepted."""
        _rows(self._database, "alert_sent", alert.id)

    def failed(self, alert: Alert, error: str) -> None:
        """Write down why it was not, and when to try again."""
        _rows(self._database, "alert_failed", alert.id, alert.attempt, error)


def note_incidents(database: Database, *, publishing: bool) -> tuple[int, int]:
    """Write down what began and what is over; return how many are open and wait to be told.

    ``publishing`` says whether it is configured: due posts wait in vain then.
    """
    [(opened, waiting)] = _rows(database, "note_incidents", publishing)
    return opened, waiting


def open_incidents(
    database: Database, *, publishing: bool, most: int
) -> tuple[int, list[Incident]]:
    """Return how many incidents are open, and the newest of them; reads only."""
    found = _rows(database, "current_incidents", publishing, most)
    return (found[0][-1] if found else 0), [Incident(*row[:-1]) for row in found]


def undelivered(database: Database) -> Undelivered:
    """Return what the webhook has not accepted yet."""
    [(number, age, error)] = _rows(database, "undelivered_alerts")
    return Undelivered(number, age or 0.0, error)


def _rows(database: Database, name: str, *arguments: Any) -> list[tuple[Any, ...]]:
    return database.run(lambda c: c.execute(query(name), arguments).fetchall())
