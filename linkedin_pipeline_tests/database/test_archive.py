"""Adding posts and their authors to the bank."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from linkedin_pipeline.database import archive
from linkedin_pipeline.database.archive import PostgresPostArchive
from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.domain.bank import NewPost, NewProfile
from linkedin_pipeline_tests.sql.bank import rows, value

Connection = psycopg.Connection[Any]

ADA = NewProfile("ada", "Ada Lovelace", linkedin_id="ada-l", role="Analyst", type="internal")


@pytest.fixture
def bank(database_url: str) -> Iterator[PostgresPostArchive]:
    """Give the archive of a database of the test's own."""
    with Database(database_url) as database:
        yield PostgresPostArchive(database)


def posts(number: int, author: NewProfile = ADA) -> list[NewPost]:
    """Return different posts of one author."""
    return [NewPost(str(n), author, f"Post {n}.") for n in range(number)]


def test_a_post_arrives_with_all_that_is_known(
    bank: PostgresPostArchive, connection: Connection
) -> None:
    """Text, author, numbers and date; its day is that of its publication."""
    moment = datetime(2025, 5, 17, 23, tzinfo=UTC)
    post = NewPost("1", ADA, "Hiring is a product.", 3, 2, 1, moment)
    assert bank.add([post]) == 1
    assert rows(
        connection,
        "select b.id, content, metrics, original_post_date, b.created_at, full_name, linkedin_id, "
        "role, type::text from viral_posts_bank b join profiles p on p.id = b.author_id",
    ) == [
        (
            post.id,
            "Hiring is a product.",
            {"likes": 3, "comments": 2, "shares": 1},
            moment,
            moment,
            "Ada Lovelace",
            "ada-l",
            "Analyst",
            "internal",
        )
    ]
    assert rows(connection, "select distinct day::text from post_work") == [("2025-05-17",)]


def test_adding_again_adds_and_changes_nothing(
    bank: PostgresPostArchive, connection: Connection
) -> None:
    """What people or workers did to a post since stays as it is."""
    assert bank.add(posts(3)) == 3
    connection.execute("update viral_posts_bank set content = 'Edited.'")
    connection.execute("update profiles set full_name = 'Ada King'")
    assert bank.add(posts(4)) == 1
    assert value(connection, "select count(*) from viral_posts_bank where content = 'Edited.'") == 3
    assert rows(connection, "select full_name from profiles") == [("Ada King",)]


def test_a_known_linkedin_identifier_is_the_same_person(
    bank: PostgresPostArchive, connection: Connection
) -> None:
    """Posts go to the profile that is there, whatever the file calls its author."""
    connection.execute("insert into profiles (full_name, linkedin_id) values ('A. L.', 'ada-l')")
    assert bank.add(posts(2)) == 2
    assert rows(
        connection,
        "select full_name, count(*) from viral_posts_bank b join profiles p on p.id = b.author_id "
        "group by full_name",
    ) == [("A. L.", 2)]


def test_two_names_for_one_identifier_are_one_profile(
    bank: PostgresPostArchive, connection: Connection
) -> None:
    """Also when both stand in the same file."""
    other = NewProfile("lovelace", "Ada", linkedin_id="ada-l")
    assert bank.add([*posts(1), *posts(1, other)]) == 2
    assert value(connection, "select count(*) from profiles") == 1
    assert value(connection, "select count(distinct author_id) from viral_posts_bank") == 1


def test_a_post_that_stands_twice_is_added_once(bank: PostgresPostArchive) -> None:
    """The file's own key decides."""
    assert bank.add([*posts(2), *posts(2)]) == 2


def test_any_number_of_posts_goes_in_by_chunks(
    bank: PostgresPostArchive, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was committed before an error stays, and the next call adds the rest."""
    monkeypatch.setattr(archive, "CHUNK", 2)

    def broken() -> Iterator[NewPost]:
        yield from posts(3)
        raise ValueError("line 4")

    with pytest.raises(ValueError, match="line 4"):
        bank.add(broken())
    assert value(connection, "select count(*) from viral_posts_bank") == 2
    assert bank.add(posts(7)) == 5
    assert bank.add([]) == 0
