"""All that is held of a person: every table that leads to them, and nobody else's rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.personal_data import OTHERS, export_profile, held_of
from linkedin_pipeline_tests.sql.bank import Connection, rows, value
from linkedin_pipeline_tests.sql.sample_rows import add_sample_rows
from linkedin_pipeline_tests.sql.tables import add, person

# tables that a foreign key leads from to a profile or a post, however many steps away
LEADING = """
    with recursive theirs (relation) as (
        select unnest(array['profiles'::regclass, 'viral_posts_bank'::regclass]::oid[])
        union
        select k.conrelid from theirs t
        join pg_constraint k on k.confrelid = t.relation and k.contype = 'f'
        where t.relation::regclass::text <> all (%s)
    )
    select relation::regclass::text from theirs
"""
# columns that name a profile or a post and are no foreign key, with the reason
UNLINKED = {
    "erasures.profile_id",  # the profile is gone
    "engagement_logs.external_post_id",  # LinkedIn's number, as are the next ones
    "publications.external_post_id",
    "published_posts.external_post_id",
    "scheduled_post_accounts.external_post_id",
    "company_published_posts.external_post_id",
    "kept_publications.external_post_id",
    "viral_posts_bank.linkedin_post_id",
}


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Give the bank."""
    with Database(database_url) as opened:
        yield opened


@pytest.fixture
def ada(connection: Connection) -> UUID:
    """Fill the bank, with more rows of one person than the samples have; return who it is."""
    add_sample_rows(connection)
    ada: UUID = value(connection, "select id from profiles where linkedin_id = 'ada'")
    connection.execute(
        "update profiles set writing_style_prompt = 'Short.', writing_style_embedding = "
        "(select embedding from viral_posts_bank where embedding is not null limit 1)"
    )
    post = value(connection, "select id from viral_posts_bank where author_id = %s limit 1", ada)
    batch = add(
        connection,
        "ai_batches",
        id=ada,
        provider="openai",
        model="m",
        purpose="embedding",
        stage="embeddings",
        line_sizes=[1],
        waits_until="now",
    )
    connection.execute(
        "insert into ai_batch_items (batch_id, line, post_id, stage, place, key) "
        "values (%s, 0, %s, 'embeddings', 0, 'k')",
        [batch, post],
    )
    add(connection, "ai_errors", profile_id=ada)
    add(connection, "ai_errors", post_id=post)
    add(connection, "ai_usage_logs", profile_id=ada)
    add(connection, "provider_calls", profile_id=ada)
    add(connection, "sync_jobs", profile_id=ada)
    publication = add(connection, "publications", kind="production", profile_id=ada)
    add(connection, "publication_events", publication_id=publication)
    add(connection, "ressources", profile_id=ada, name="A book of hers")
    connection.execute(
        "insert into cascade_audits (post_id, stage, model, similarity, neighbours_label, "
        "model_label) select %s, 'topic_classifications', 'm', 0.9, id, id from topics limit 1",
        [post],
    )
    connection.execute(
        "insert into profile_work (profile_id, task) values (%s, 'sync') on conflict do nothing",
        [ada],
    )
    connection.execute(
        "insert into ai_answers (key, label, profile_id) values ('s', 'style', %s)", [ada]
    )
    return ada


def exported(database: Database, profile: UUID) -> dict[str, list[Any]]:
    """Return the rows of an export by table."""
    tables: dict[str, list[Any]] = {}
    for table, row in export_profile(database, profile):
        tables.setdefault(table, []).append(row)
    return tables


def test_every_table_that_leads_to_a_person_is_exported(
    database: Database, connection: Connection, ada: UUID
) -> None:
    """The bank of this test has a row of hers in each: who adds a table adds a row here."""
    leading = {table for (table,) in rows(connection, LEADING, list(OTHERS))}
    tables = exported(database, ada)
    assert tables.keys() == leading
    assert next(iter(tables)) == "profiles"
    assert {held.table for held in held_of(database, ada)} == leading


def test_a_table_that_is_made_tomorrow_is_exported(
    database: Database, connection: Connection, ada: UUID
) -> None:
    """Two steps from a post, with a key of two columns: found by the catalog alone."""
    connection.execute(
        "create table likes (id int, day int, post_id uuid references "
        "viral_posts_bank on delete cascade, said text, primary key (id, day))"
    )
    connection.execute(
        "create table replies (like_id int, like_day int, text text, "
        "foreign key (like_id, like_day) references likes)"
    )
    connection.execute(
        "insert into likes select 1, 2, id, 'Bravo' from viral_posts_bank where author_id = %s "
        "limit 1",
        [ada],
    )
    connection.execute("insert into likes values (3, 4, null, 'Not hers')")
    connection.execute("insert into replies values (1, 2, 'Thanks'), (3, 4, 'Not hers')")
    tables = exported(database, ada)
    assert [row["said"] for row in tables["likes"]] == ["Bravo"]
    assert [row["text"] for row in tables["replies"]] == ["Thanks"]
    assert [
        (h.table, h.deleted, h.unlinked)
        for h in held_of(database, ada)
        if h.table in {"likes", "replies"}
    ] == [("likes", 1, 0), ("replies", 0, 1)]


def test_columns_that_name_a_person_are_keys(connection: Connection) -> None:
    """What refers to a profile or post without a foreign key has to be thought of by hand."""
    found = rows(
        connection,
        "select c.relname || '.' || a.attname from pg_attribute a "
        "join pg_class c on c.oid = a.attrelid "
        "where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attnum > 0 "
        "and not a.attisdropped and a.attname ~ '(profile|author|post)_id$' and not exists ("
        "select from pg_constraint k where k.conrelid = c.oid and k.contype = 'f' "
        "and a.attnum = any (k.conkey))",
    )
    assert {name for (name,) in found} == UNLINKED


def test_others_rows_are_not_handed_out(
    database: Database, connection: Connection, ada: UUID
) -> None:
    """Neither another profile, nor what a company page that her account administers says."""
    grace = value(connection, "select id from profiles where linkedin_id = 'grace'")
    page = value(connection, "select id from company_pages")
    add(connection, "company_published_posts", company_page_id=page, content="Of somebody else.")
    add(connection, "company_auto_post_rules", source_profile_id=grace, target_company_page_id=page)
    tables = exported(database, ada)
    assert [row["id"] for row in tables["profiles"]] == [str(ada)]
    assert {row["author_id"] for row in tables["viral_posts_bank"]} == {str(ada)}
    assert [row["content"] for row in tables["company_published_posts"]] == ["It went out."]
    assert [row["source_profile_id"] for row in tables["company_auto_post_rules"]] == [str(ada)]
    assert len(tables["company_pages"]) == 1


def test_vectors_are_numbers_with_the_name_of_their_model(database: Database, ada: UUID) -> None:
    """Lists of 1,536 numbers, in the bank, in the mirror and of the style."""
    tables = exported(database, ada)
    vectors = [
        *(row["embedding"] for row in tables["viral_posts_bank"] if row["embedding"]),
        *(row["embedding"] for row in tables["post_vectors"]),
        tables["profiles"][0]["writing_style_embedding"],
    ]
    assert len(vectors) > 10
    assert all(len(vector) == 1536 and type(vector[1]) in (int, float) for vector in vectors)
    assert {row["model"] for row in tables["post_vectors"]} == {"test:one"}
    assert {row["embedding_model"] for row in tables["viral_posts_bank"]} == {"test:one", None}


def test_one_moment_is_exported(database: Database, connection: Connection) -> None:
    """What is written while the rows are read is not in it, nor does it disturb."""
    ada = person(connection)
    connection.execute(
        "insert into viral_posts_bank (author_id, content) select %s, 'Before ' || n "
        "from generate_series(1, 1000) n",
        [ada],
    )
    reading = export_profile(database, ada)
    first = next(reading)
    connection.execute("update viral_posts_bank set content = 'After.'")
    connection.execute("vacuum viral_posts_bank")
    posts = [row["content"] for table, row in (first, *reading) if table == "viral_posts_bank"]
    assert len(posts) == 1000
    assert all(content.startswith("Before ") for content in posts)


def test_nobody_has_nothing(database: Database, connection: Connection) -> None:
    """An unknown profile gives no rows; nothing is left in the session by either call."""
    gone = person(connection)
    connection.execute("delete from profiles")
    assert exported(database, gone) == {}
    assert list(held_of(database, gone)) == []
    assert exported(database, gone) == {}
