"""A profile as a person names it, on every command alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.people import named_profile
from linkedin_pipeline.domain.errors import BadInput
from linkedin_pipeline_tests.sql.people import add_profile

Connection = psycopg.Connection[Any]


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Give a migrated database of the test's own."""
    with Database(database_url) as opened:
        yield opened


def test_a_profile_has_four_names(database: Database, connection: Connection) -> None:
    """Id, partition key, LinkedIn identifier and full name, in any case, lead to one profile."""
    ada = add_profile(connection, "Ada Lovelace", linkedin_id="ada-l")
    add_profile(connection, "Ada Palmer")
    key = f"profile-{ada.hex[:12]}"
    for who in ("ada LOVELACE", "ada-l", "ADA-L", str(ada), str(ada).upper(), key, key.upper()):
        assert named_profile(database, who, names=True).id == ada
    with pytest.raises(BadInput, match="nobody"):
        named_profile(database, "Ada Lovelace")  # names are not taken everywhere


def test_an_unclear_name_is_refused(database: Database, connection: Connection) -> None:
    """Who is unknown meets similar names; who is several meets their ids."""
    add_profile(connection, "Ada Lovelace", linkedin_id="ada-l")
    other = add_profile(connection, "Ada Lovelace")
    with pytest.raises(BadInput, match=r"--author: .*'Ada'.*Similar are: Ada Lovelace"):
        named_profile(database, "Ada", subject="--author", names=True)
    with pytest.raises(BadInput, match=f"several.*{other}"):
        named_profile(database, "Ada Lovelace", names=True)
    with pytest.raises(BadInput, match="profiles lists everybody"):
        named_profile(database, "100%_", names=True)
