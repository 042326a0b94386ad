"""What people change and ask from the command line: switches, work put back, filtered search."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from pgvector import Vector
from psycopg import sql
from psycopg.types.json import Jsonb

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.queries import query
from linkedin_pipeline.database.status import Switch, switches
from linkedin_pipeline.domain.errors import BadInput
from linkedin_pipeline.domain.work import Stage

CHUNK = 1000


@dataclass(frozen=True, slots=True)
class Requeue:
    """Which finished or given-up work of one stage is wanted again.

    ``which`` is ``dead`` for dead letters, ``made`` for values that the program made itself, of
    other models than ``models`` when some are given, ``any`` for both.  Values that people wrote
    are never in it, nor what is flagged already.  ``post`` narrows it to one post.
    """

    stage: Stage
    which: Literal["dead", "made", "any"]
    models: tuple[str, ...] = ()
    post: UUID | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A post that a search found; ``similarity`` is 1 minus the cosine distance."""

    post_id: UUID
    similarity: float
    author: str | None
    topic: str | None
    post_url: str | None
    hook: str | None
    content: str


def switch(database: Database, name: str, *, on: bool) -> Switch:
    """Switch a worker on or off; - and _ are alike.

    Raises:
        BadInput: there is no such worker; names those there are.
    """
    rows = _rows(database, "switch", (on, name))
    if not rows:
        known = ", ".join(known.worker for known in switches(database))
        raise BadInput("flags", f"there is no {name!r}", f"Known are: {known}.")
    return Switch(*rows[0])


def count(database: Database, wanted: Requeue) -> int:
    """Return how many posts ``requeue`` would flag now."""
    statement = sql.SQL(query("requeue_count")).format(wanted=_condition(wanted))
    [(number,)] = _rows(database, statement, _values(wanted))
    return int(number)


def requeue(
    database: Database, wanted: Requeue, on_chunk: Callable[[int], None] = lambda _number: None
) -> int:
    """Flag what is wanted, in chunks of 1,000 that are committed one by one; return how many.

    ``on_chunk`` is told how many a chunk had.  Interrupted and repeated it goes on with the rest,
    for what is flagged is not wanted any more.  Posts are locked in the order of their ids.
    """
    statement = sql.SQL(query("requeue_chunk")).format(wanted=_condition(wanted))
    raised: int = 0
    after: UUID | None = None
    while True:
        values = {**_values(wanted), "after": after, "chunk": CHUNK}
        [(number, after)] = _rows(database, statement, values)
        raised += number
        if number:
            on_chunk(number)
        if number < CHUNK:
            return raised


def has_post(database: Database, post: UUID) -> bool:
    """Tell whether the bank has a post of that id."""
    return bool(_rows(database, "post_exists", (post,))[0][0])


def find_topic(database: Database, what: str) -> UUID:
    """Return the topic of that name, in either language, slug or id.

    Raises:
        BadInput: there is none, or several have the name.
    """
    rows = _rows(database, "find_topics", {"what": what})
    if not rows:
        names = ", ".join(row[0] for row in _rows(database, "topic_names"))
        raise BadInput("--topic", f"there is no {what!r}", f"Known are: {names or 'none yet'}.")
    if len(rows) > 1:
        ids = ", ".join(f"{row[0]} ({row[1]})" for row in rows)
        raise BadInput("--topic", f"several are called {what!r}", f"Give one of the ids: {ids}.")
    topic: UUID = rows[0][0]
    return topic


def search(
    database: Database,
    vector: Sequence[float],
    *,
    threshold: float,
    count: int,
    author: UUID | None = None,
    topic: UUID | None = None,
) -> list[Found]:
    """Return the posts nearest to a vector of the serving model, best first.

    With filters, too, ``count`` posts come back whenever that many pass them and the threshold.
    """
    filters = {"author_id": author, "topic_id": topic}
    values = {
        "vector": Vector(list(vector)),
        "filters": Jsonb({key: str(given) for key, given in filters.items() if given}),
        "threshold": threshold,
        "count": count,
    }
    return [Found(*row) for row in _rows(database, "search", values)]


def _condition(wanted: Requeue) -> sql.Composed:
    unflagged = sql.SQL(query("requeue_unflagged"))
    dead, made = sql.SQL(query("requeue_dead")), sql.SQL(query("requeue_made"))
    which = {"dead": [dead], "made": [made], "any": [dead, made]}[wanted.which]
    return sql.SQL("{} and ({})").format(unflagged, sql.SQL(" or ").join(which))


def _values(wanted: Requeue) -> dict[str, Any]:
    return {"stage": str(wanted.stage), "post": wanted.post, "models": list(wanted.models) or None}


def _rows(
    database: Database, statement: str | sql.Composed, values: Any = ()
) -> list[tuple[Any, ...]]:
    text = query(statement) if isinstance(statement, str) else statement
    return database.run(lambda c: c.execute(text, values).fetchall())
