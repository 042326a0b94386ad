"""Tokens that cannot be guessed and never meet, and the address of the project's API."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode

import pytest

from linkedin_pipeline_tests.sql.bank import Connection, rows, value
from linkedin_pipeline_tests.sql.people import add_profile, at_once

URL = "select get_supabase_url()"


def test_tokens_of_sessions_do_not_meet(connection: Connection, database_url: str) -> None:
    """Six sessions that draw 5,000 tokens and references each at once share none."""

    def draw(mine: Connection) -> list[tuple[str, str]]:
        return rows(
            mine,
            "select generate_invitation_token(), generate_error_ref() "
            "from generate_series(1, 5000)",
        )

    drawn = [pair for share in at_once(database_url, 6, draw) for pair in share]
    tokens, references = map(set, zip(*drawn, strict=True))
    assert len(tokens) == len(references) == 30_000
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", token) for token in tokens)


def test_tokens_are_random(connection: Connection) -> None:
    """At least 128 bits vary freely: each is one in about half of many tokens."""
    drawn = rows(connection, "select generate_invitation_token() from generate_series(1, 2000)")
    numbers = [int.from_bytes(urlsafe_b64decode(f"{token}="), "big") for (token,) in drawn]
    ones = [sum(number >> bit & 1 for number in numbers) for bit in range(256)]
    # 6 standard deviations of 2,000 tosses
    assert sum(abs(count - 1_000) < 135 for count in ones) >= 244


def test_a_token_goes_into_a_profile(connection: Connection) -> None:
    """An update of many profiles draws one for each."""
    for _ in range(20):
        add_profile(connection)
    connection.execute("update profiles set invitation_token = generate_invitation_token()")
    assert value(connection, "select count(distinct invitation_token) from profiles") == 20


def test_the_address_is_the_settings(connection: Connection) -> None:
    """The session's setting wins over the row, the row over nothing."""
    assert value(connection, URL) is None
    connection.execute(
        "insert into app_settings (name, value) values ('supabase_url', 'https://row.example')"
    )
    assert value(connection, URL) == "https://row.example"
    connection.execute("set app.supabase_url = 'https://setting.example'")
    assert value(connection, URL) == "https://setting.example"


@pytest.mark.parametrize("nothing", ["", "  "])
def test_an_empty_address_is_none(connection: Connection, nothing: str) -> None:
    """What is empty or blank counts as unset, in the setting as in the row."""
    connection.execute("select set_config('app.supabase_url', %s, false)", [nothing])
    assert value(connection, URL) is None
    connection.execute(
        "insert into app_settings (name, value) values ('supabase_url', ' https://row.example')"
    )
    assert value(connection, URL) == "https://row.example"
    connection.execute("update app_settings set value = %s", [nothing])
    assert value(connection, URL) is None
