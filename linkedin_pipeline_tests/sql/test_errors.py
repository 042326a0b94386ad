"""References of errors: short enough to be read out, and never the same twice."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import psycopg

from linkedin_pipeline_tests.sql.bank import Connection, rows, value

FORM = re.compile(r"ERR-[23456789ABCDEFGHJKMNPQRSTUVWXYZ]{6}")
INSERT = (
    "insert into ai_errors (function_name, error_code, error_message, user_error_ref) "
    "values ('f', 'c', 'm', %s) returning user_error_ref"
)


def test_references_do_not_repeat(connection: Connection) -> None:
    """Three hundred thousand references drawn in one statement are all different."""
    assert (
        value(
            connection,
            "select count(distinct generate_error_ref()) from generate_series(1, 300000)",
        )
        == 300_000
    )


def test_references_of_sessions_do_not_meet(connection: Connection, database_url: str) -> None:
    """Four sessions that draw at once share no reference."""

    def draw(_: int) -> list[str]:
        with psycopg.connect(database_url, autocommit=True) as mine:
            found = rows(mine, "select generate_error_ref() from generate_series(1, 2000)")
        return [reference for (reference,) in found]

    with ThreadPoolExecutor(4) as threads:
        drawn = [reference for share in threads.map(draw, range(4)) for reference in share]
    assert len(set(drawn)) == len(drawn) == 8_000
    assert all(FORM.fullmatch(reference) for reference in drawn)


def test_neighbours_look_unrelated(connection: Connection) -> None:
    """Who knows one reference does not guess the next by counting."""
    drawn = rows(connection, "select generate_error_ref() from generate_series(1, 1000)")
    assert len({reference[4:7] for (reference,) in drawn}) > 900


def test_an_error_gets_a_reference(connection: Connection) -> None:
    """Every error can be quoted; a reference that was given is kept."""
    assert FORM.fullmatch(value(connection, INSERT, None))
    assert value(connection, INSERT, "ERR-234567") == "ERR-234567"
