"""Short words for tests of tables beside the bank: add a row, set it, look, do things at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import psycopg
from psycopg import sql

from linkedin_pipeline_tests.sql.bank import Connection, rows

T = TypeVar("T")

NEXT_YEAR = datetime.now(UTC).replace(tzinfo=None, microsecond=0) + timedelta(days=365)


def add(connection: Connection, table: str, **columns: Any) -> UUID:
    """Insert a row, defaults for what is not named, and return its id."""
    named = sql.SQL("({}) values ({})").format(
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.SQL(", ").join(sql.Placeholder() * len(columns)),
    )
    row = connection.execute(
        sql.SQL("insert into {} {} returning id").format(
            sql.Identifier(table), named if columns else sql.SQL("default values")
        ),
        list(columns.values()),
    ).fetchone()
    assert row is not None
    made: UUID = row[0]
    return made


def put(connection: Connection, table: str, row: UUID, **columns: Any) -> None:
    """Set columns of one row in one statement."""
    sets = [sql.SQL("{} = %s").format(sql.Identifier(column)) for column in columns]
    connection.execute(
        sql.SQL("update {} set {} where id = %s").format(
            sql.Identifier(table), sql.SQL(", ").join(sets)
        ),
        [*columns.values(), row],
    )


def cells(connection: Connection, table: str, row: UUID, *columns: str) -> Any:
    """Return columns of one row; a single one bare."""
    found = connection.execute(
        sql.SQL("select {} from {} where id = %s").format(
            sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Identifier(table)
        ),
        [row],
    ).fetchone()
    assert found is not None, f"{table} {row} is not there"
    return found[0] if len(columns) == 1 else found


def person(connection: Connection, name: str = "Ada Lovelace", **columns: Any) -> UUID:
    """Insert a profile."""
    return add(connection, "profiles", full_name=name, **columns)


def account(connection: Connection, profile: UUID, **columns: Any) -> UUID:
    """Insert a connected LinkedIn account of a profile."""
    return add(connection, "unipile_accounts", profile_id=profile, **{"status": "OK", **columns})


def at_once(database_url: str, sessions: int, act: Callable[[Connection, int], T]) -> list[T]:
    """Call ``act`` in many sessions at the same moment; return the answers in their order."""
    start = threading.Barrier(sessions)

    def session(number: int) -> T:
        with psycopg.connect(database_url, autocommit=True) as mine:
            start.wait()
            return act(mine, number)

    with ThreadPoolExecutor(sessions) as threads:
        return list(threads.map(session, range(sessions)))


def schedule(connection: Connection, author: UUID | None, **given: Any) -> UUID:
    """Schedule a post as a client does, arguments by name."""
    arguments = {
        "author_id": author,
        "content": "Hello.",
        "local_time": NEXT_YEAR,
        "timezone": "UTC",
        **given,
    }
    row = connection.execute(
        sql.SQL("select schedule_post({})").format(
            sql.SQL(", ").join(
                sql.SQL("{} => {}").format(sql.Identifier(name), sql.Placeholder(name))
                for name in arguments
            )
        ),
        arguments,
    ).fetchone()
    assert row is not None
    made: UUID = row[0]
    return made


def accounts(connection: Connection, post: UUID) -> list[Any]:
    """Return accounts and states of a scheduled post, in the order they were connected."""
    return rows(
        connection,
        "select a.id, s.status from scheduled_post_accounts s join unipile_accounts a "
        "on a.id = s.unipile_account_id where s.scheduled_post_id = %s order by a.created_at",
        post,
    )
