"""Short words for what tests do to profiles: add one, call a function in many sessions at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql

from linkedin_pipeline_tests.sql.bank import Connection, rows

T = TypeVar("T")


def add(connection: Connection, table: str, **columns: Any) -> UUID:
    """Insert a row and return its id."""
    columns = {"id": uuid4(), **columns}
    connection.execute(
        sql.SQL("insert into {} ({}) values ({})").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, columns)),
            sql.SQL(", ").join(sql.Placeholder() * len(columns)),
        ),
        list(columns.values()),
    )
    row: UUID = columns["id"]
    return row


def add_profile(connection: Connection, full_name: str = "Ada", **columns: Any) -> UUID:
    """Insert a profile and return its id; a state of its sync comes after, as in life."""
    state = columns.pop("sync_status", None)
    profile = add(connection, "profiles", full_name=full_name, **columns)
    if state is not None:
        connection.execute("update profiles set sync_status = %s where id = %s", [state, profile])
    return profile


def at_once(database_url: str, sessions: int, call: Callable[[Connection], T]) -> list[T]:
    """Run ``call`` in so many sessions, all connected before the first begins."""
    start = threading.Barrier(sessions)

    def one(_: int) -> T:
        with psycopg.connect(database_url, autocommit=True) as mine:
            start.wait(timeout=60)
            return call(mine)

    with ThreadPoolExecutor(sessions) as threads:
        return list(threads.map(one, range(sessions)))


def refusal(connection: Connection, call: str, *values: Any) -> tuple[str, str, str]:
    """Run a statement that must be refused; return code, message and hint."""
    with pytest.raises(psycopg.Error) as caught:
        connection.execute(call.encode(), values)
    said = caught.value.diag
    return said.sqlstate or "", said.message_primary or "", said.message_hint or ""


def erase(connection: Connection, profile: UUID) -> tuple[int, int]:
    """Erase a profile; return how many posts went and how many publications are kept."""
    [(posts, kept)] = rows(connection, "select * from erase_profile(%s)", profile)
    return posts, kept
