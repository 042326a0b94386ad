"""Adding posts and their authors to the bank."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from linkedin_pipeline.database import archive
from linkedin_pipeline.database.archive import PostgresPostArchive
from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.domain.bank import Added, NewPost, NewProfile
from linkedin_pipeline.domain.errors import BadInput
from linkedin_pipeline_tests.sql.bank import FLAGS as STAGE_FLAGS
from linkedin_pipeline_tests.sql.bank import rows, value

Connection = psycopg.Connection[Any]

FLAGS = tuple(STAGE_FLAGS.values())
STATE = """
    select b.id, b.xmin::text, b.updated_at, array(
        select (w.stage::text, w.token, w.due_at, w.xmin::text)::text from post_work w
        where w.post_id = b.id order by 1
    )
    from viral_posts_bank b order by b.content
"""
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
    assert bank.add([post]) == Added(added=1)
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
    """What people or workers did to a post or its author stays as it is; no row is written."""
    assert bank.add(posts(3)) == Added(added=3)
    connection.execute("update viral_posts_bank set hook = 'Post', structure_id = null")
    connection.execute("update profiles set full_name = 'Ada King'")
    before = rows(connection, STATE)
    assert bank.add(posts(4)) == Added(added=1, unchanged=3)
    assert rows(connection, STATE)[:3] == before
    assert rows(connection, "select full_name from profiles") == [("Ada King",)]


def test_a_known_address_is_the_same_post(
    bank: PostgresPostArchive, connection: Connection
) -> None:
    """Whoever brought it, by whatever key; the address is filled in where it was missing."""
    url = "https://www.linkedin.com/feed/update/urn:li:share:7300000000000000001/"
    assert bank.add([NewPost("1", ADA, "Text.")]) == Added(added=1)
    assert bank.add([NewPost("1", ADA, "Text.", url=url)]) == Added(refreshed=1)
    other = NewProfile("b", "Bob")
    assert bank.add([NewPost("x", other, "Text.", url=url)]) == Added(unchanged=1)
    assert bank.add([NewPost("x", other, "New.", url=url)]) == Added(changed=1)
    assert rows(connection, "select post_url, content from viral_posts_bank") == [(url, "New.")]


def test_changed_text_is_wanted_anew_and_numbers_want_nothing(
    bank: PostgresPostArchive, connection: Connection
) -> None:
    """Numbers that are not known leave those that are; other work is not asked for."""
    post = NewPost("1", ADA, "Text.", likes=3, comments=1)
    assert bank.add([post]) == Added(added=1)
    connection.execute("update viral_posts_bank set " + ", ".join(f"{f} = false" for f in FLAGS))
    assert bank.add([replace(post, likes=9, comments=None)]) == Added(refreshed=1)
    assert rows(connection, "select metrics from viral_posts_bank") == [
        ({"likes": 9, "comments": 1},)
    ]
    assert value(connection, "select count(*) from post_work") == 0
    assert bank.add([replace(post, likes=9, content="Another text.")]) == Added(changed=1)
    stages = {"hooks", "embeddings", "topic_classifications", "audience_classifications"}
    assert {stage for (stage,) in rows(connection, "select stage::text from post_work")} == stages


def test_the_last_row_about_a_post_counts(
    bank: PostgresPostArchive, connection: Connection
) -> None:
    """Of rows that contradict one another one is taken, the same at every import."""
    twice = [NewPost("1", ADA, "First."), NewPost("1", ADA, "Second.")]
    assert bank.add(twice) == Added(added=1, unchanged=1)
    assert bank.add(twice) == Added(unchanged=2)
    assert value(connection, "select content from viral_posts_bank") == "Second."


def test_posts_of_a_known_profile(bank: PostgresPostArchive, connection: Connection) -> None:
    """They are its own, nothing of it is changed, and it is not made again once it is erased."""
    profile = value(connection, "insert into profiles (full_name) values ('Ada') returning id")
    known = NewProfile(str(profile), "", known=profile)
    assert bank.add(posts(2, known)) == Added(added=2)
    assert rows(
        connection,
        "select author_id, full_name from viral_posts_bank b join profiles p "
        "on p.id = b.author_id group by 1, 2",
    ) == [(profile, "Ada")]
    connection.execute("delete from profiles")
    with pytest.raises(BadInput, match="is not in the bank any more"):
        bank.add(posts(3, known))
    assert value(connection, "select count(*) from profiles") == 0
    assert value(connection, "select count(*) from viral_posts_bank") == 2


def test_a_known_linkedin_identifier_is_the_same_person(
    bank: PostgresPostArchive, connection: Connection
) -> None:
    """Posts go to the profile that is there, whatever the file calls its author."""
    connection.execute("insert into profiles (full_name, linkedin_id) values ('A. L.', 'ada-l')")
    assert bank.add(posts(2)) == Added(added=2)
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
    assert bank.add([*posts(1), *posts(1, other)]) == Added(added=2)
    assert value(connection, "select count(*) from profiles") == 1
    assert value(connection, "select count(distinct author_id) from viral_posts_bank") == 1


def test_a_post_that_stands_twice_is_added_once(bank: PostgresPostArchive) -> None:
    """The file's own key decides."""
    assert bank.add([*posts(2), *posts(2)]) == Added(added=2, unchanged=2)


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
    chunks: list[Added] = []
    assert bank.add(posts(7), chunks.append) == Added(added=5, unchanged=2)
    assert [chunk.added for chunk in chunks] == [0, 2, 2, 1]
    assert bank.add([]) == Added()
