"""What people and schedules read of publishing; and a person's decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import errors
from psycopg.rows import dict_row

from linkedin_pipeline.database.connections import Connection, Database
from linkedin_pipeline.database.queries import query
from linkedin_pipeline.domain.errors import BadInput
from linkedin_pipeline.domain.publishing import PublishPolicy

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PublishingWork:
    """How much there is to do for a pass.

    ``due`` is what may go out, ``switched_off`` what is due and may not; ``enabled``: one of the
    two switches is on at least.  ``beat`` is the age in seconds of the youngest heart-beat of a
    pass that is alive, None when none is; ``paused`` why the provider must not be called now.
    """

    due: int
    switched_off: int
    open: int
    held_for_accounts: int
    unread: int
    beat: float | None
    paused: str | None
    enabled: bool

    @property
    def any(self) -> bool:
        """Tell whether a pass has something to do."""
        return bool(self.due or self.open or self.held_for_accounts or self.unread)


def publishing_work(database: Database) -> PublishingWork:
    """Return how much there is to do."""
    row = database.run(lambda c: c.execute(query("publishing_work")).fetchone())
    assert row is not None
    return PublishingWork(*row)


def plan(database: Database, policy: PublishPolicy, most: int = 1_000) -> list[Row]:
    """Return what is due, with what stands in its way (``code``, ``reason``), oldest first."""
    arguments = {"grace": policy.grace, "spacing": policy.spacing, "most": most}
    return _records(database, "publishing_plan", arguments)


def by_state(database: Database) -> Mapping[str, int]:
    """Return how many publications are held, unconfirmed or being published."""
    return dict(database.run(lambda c: c.execute(query("publications_by_state")).fetchall()))


def open_publications(
    database: Database, *, everything: bool = False, most: int = 1_000
) -> list[Row]:
    """Return held and unconfirmed publications, with ``everything`` failed and missed ones too."""
    return _records(database, "open_publications", {"all": everything, "most": most})


def resolve(database: Database, publication: UUID, decision: str) -> tuple[bool, str | None]:
    """Carry out a person's decision; the reason when nothing is to be decided.

    Raises:
        BadInput: there is no such publication.
    """
    try:
        row = database.run(
            lambda c: c.execute(query("resolve_publication"), (publication, decision)).fetchone()
        )
    except errors.Error as error:
        if (error.sqlstate or "").startswith("LP"):
            subject, _, value = (error.diag.message_primary or "").partition(": ")
            raise BadInput(subject, value, error.diag.message_hint or "") from None
        raise
    assert row is not None
    return row[0], row[1]


def upcoming(database: Database, days: int) -> list[Row]:
    """Return what goes out within ``days``, and what of the last week is not settled."""
    return _records(database, "upcoming_posts", {"days": days})


def accounts(database: Database) -> list[Row]:
    """Return the LinkedIn accounts, those that need attention first."""
    return _records(database, "linkedin_accounts", {})


def _records(database: Database, statement: str, arguments: Any) -> list[Row]:
    def work(connection: Connection) -> list[Row]:
        with connection.cursor(row_factory=dict_row) as cursor:
            return list(cursor.execute(query(statement), arguments).fetchall())

    return database.run(work)
