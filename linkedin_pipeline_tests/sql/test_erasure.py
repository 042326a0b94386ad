"""Erasing a person: what goes, what stays without them, and when it has to wait."""

from __future__ import annotations

from uuid import uuid4

import psycopg

from linkedin_pipeline_tests.sql.bank import (
    Connection,
    rows,
    value,
)
from linkedin_pipeline_tests.sql.people import erase
from linkedin_pipeline_tests.sql.sample_rows import add_sample_rows, counts
from linkedin_pipeline_tests.sql.tables import account, add, cells, person

TABLES = """
    select c.relname from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
"""


def test_a_bank_in_use_keeps_what_is_others(connection: Connection) -> None:
    """One of two people goes from every table; the other has what they had."""
    add_sample_rows(connection)
    ada = value(connection, "select id from profiles where linkedin_id = 'ada'")
    tables = [name for (name,) in rows(connection, TABLES)]
    hers = rows(connection, "select count(*) from viral_posts_bank where author_id = %s", ada)
    before = counts(connection, tables)
    assert erase(connection, ada) == (hers[0][0], 1)
    after = counts(connection, tables)
    changed = {name: after[name] - before[name] for name in tables if after[name] != before[name]}
    assert changed.pop("viral_posts_bank") == -hers[0][0]
    assert changed.pop("post_vectors") < 0
    assert changed.pop("post_work") < 0
    changed.pop("profile_work", None)
    changed.pop("sync_jobs", None)
    changed.pop("ai_errors", None)
    assert changed == {
        "profiles": -1,
        "profile_sync_status": -1,
        "engagement_settings": -1,
        "engagement_logs": -1,
        "unipile_accounts": -1,
        "knowledge": -1,
        "batch_author_configs": -1,
        "post_batches": -1,
        "production_posts": -2,
        "generated_hooks": -2,
        "scheduled_posts": -1,
        "scheduled_post_accounts": -1,
        "published_posts": -1,
        "company_auto_post_rules": -1,
        "company_published_posts": -1,
        "erasures": 1,
        "kept_publications": 1,
    }
    grace = value(connection, "select id from profiles where linkedin_id = 'grace'")
    assert value(connection, "select count(*) from viral_posts_bank where author_id = %s", grace)


def test_proof_of_publication_has_neither_text_nor_name(connection: Connection) -> None:
    """Number, time and account stay for five years; an address only when it is the number's."""
    ada = person(connection, linkedin_id="ada-l")
    by = account(connection, ada, unipile_account_id="acc-1")
    plain = "https://www.linkedin.com/feed/update/urn:li:share:1/"
    encoded = "https://www.linkedin.com/feed/update/urn%3Ali%3Ashare%3A2"
    for number, url in enumerate(
        (
            plain,
            encoded,
            "https://www.linkedin.com/posts/ada-l_x-activity-3-y",
            "https://www.linkedin.com/feed/update/urn:li:share:4/?by=ada-l",
        )
    ):
        add(
            connection,
            "published_posts",
            profile_id=ada,
            unipile_account_id=by,
            external_post_id=f"p{number}",
            post_url=url,
            content="Words.",
            published_at="2026-01-01",
        )
    add(connection, "published_posts", profile_id=ada, content="It never got a number.")
    assert erase(connection, ada) == (0, 4)
    assert rows(
        connection,
        "select external_post_id, post_url, unipile_account_id, published_at::date::text, "
        "kept_until > now() + interval '59 months' from kept_publications order by 1",
    ) == [
        ("p0", plain, "acc-1", "2026-01-01", True),
        ("p1", encoded, "acc-1", "2026-01-01", True),
        ("p2", None, "acc-1", "2026-01-01", True),
        ("p3", None, "acc-1", "2026-01-01", True),
    ]
    connection.execute("update kept_publications set kept_until = now() where post_url is null")
    assert value(connection, "select forget_kept_publications()") == 2
    assert value(connection, "select count(*) from kept_publications") == 2


def test_a_company_page_keeps_its_posts_without_the_words(connection: Connection) -> None:
    """What the page published stays as a number; what waits to repeat the person is gone."""
    ada = person(connection)
    original = add(connection, "published_posts", profile_id=ada, content="Words.")
    states = {"published": "1", "pending": None, "held": None, "failed": None, "cancelled": None}
    for state, number in states.items():
        add(
            connection,
            "company_published_posts",
            company_page_id=add(connection, "company_pages", name=f"Page {state}"),
            original_published_post_id=original,
            content="As we said: Words.",
            attachments='["https://media.example/ada.png"]',
            status=state,
            external_post_id=number,
        )
    erase(connection, ada)
    found = rows(
        connection,
        "select external_post_id, content, attachments, original_published_post_id "
        "from company_published_posts",
    )
    assert found == [("1", "", [], None)]


def test_money_and_counts_stay_without_the_person(connection: Connection) -> None:
    """Rows of both ledgers lose the profile, and what a call was about; sums are the same."""
    ada = person(connection)
    for cost in ("0.5", "0.25"):
        add(connection, "ai_usage_logs", profile_id=ada, cost_usd=cost)
    add(connection, "provider_calls", profile_id=ada, subject=str(ada))
    erase(connection, ada)
    assert rows(
        connection, "select profile_id, sum(cost_usd)::text from ai_usage_logs group by 1"
    ) == [(None, "0.75000000")]
    assert rows(connection, "select profile_id, subject from provider_calls") == [(None, "")]


def test_a_call_for_an_erased_profile_is_nobody_s(connection: Connection) -> None:
    """A drain that asks for permission just after the erasure goes on, and its claim is stale."""
    [(verdict, call)] = rows(
        connection,
        "select verdict, call_id from begin_ai_call('openai', 'gpt-5.2', 'style', null, %s, 1, "
        "10, 10, false, null, 'run', 'worker_complete_profiles_v2')",
        uuid4(),
    )
    assert verdict == "go"
    assert cells(connection, "ai_usage_logs", call, "profile_id") is None


def test_names_in_logs_are_replaced(connection: Connection) -> None:
    """Whole words in any case, in text and in JSON; logs of others are left alone."""
    name = 'Ada "Countess" L\u00e9vy'
    ada = person(connection, name, linkedin_id="ada.l", email="ada@x.example")
    log = add(
        connection,
        "task_execution_logs_v2",
        error_message="ADA.L: gone; adaxl stays; mail ada@x.example",
        results=psycopg.types.json.Jsonb({"who": name, "ids": ["ada.l", str(ada)], "n": 1}),
    )
    other = add(connection, "task_execution_logs_v2", error_message="Nothing of hers: adaxl.")
    error = add(connection, "ai_errors", error_message=f"{name} is private", metadata="{}")
    unchanged = rows(
        connection, "select xmin::text from task_execution_logs_v2 where id = %s", other
    )
    erase(connection, ada)
    assert cells(connection, "task_execution_logs_v2", log, "error_message", "results") == (
        "(erased): gone; adaxl stays; mail (erased)",
        {"who": "(erased)", "ids": ["(erased)", "(erased)"], "n": 1},
    )
    assert cells(connection, "ai_errors", error, "error_message") == "(erased) is private"
    assert unchanged == rows(
        connection, "select xmin::text from task_execution_logs_v2 where id = %s", other
    )


def test_others_comments_under_the_person_s_posts(connection: Connection) -> None:
    """They speak of the person: words and post go, the engager's history stays."""
    ada, bob = person(connection), person(connection, "Bob")
    theirs = add(
        connection,
        "engagement_logs",
        engager_profile_id=bob,
        post_author_id=ada,
        comment_text="Well said, Ada!",
        external_post_id="urn:li:share:1",
        reaction_type="like",
    )
    erase(connection, ada)
    columns = ("post_author_id", "comment_text", "external_post_id", "reaction_type")
    assert cells(connection, "engagement_logs", theirs, *columns) == (None, None, None, "like")
