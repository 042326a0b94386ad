"""What the rows of a database that was taken over have become."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from linkedin_pipeline.database.adoption import adopt
from linkedin_pipeline.database.adoption_undo import undo
from linkedin_pipeline.database.migrate import migrate
from linkedin_pipeline.database.snapshot import snapshot
from linkedin_pipeline_tests.database.before import BEFORE, contents
from linkedin_pipeline_tests.postgres import PostgresServer, ask
from linkedin_pipeline_tests.sql.bank import drift, rows, value
from linkedin_pipeline_tests.terminal import Terminal

POST = "b0000000-0000-4000-8000-00000000000"


@pytest.fixture
def adopted(adopted_url: str) -> Iterator[psycopg.Connection[Any]]:
    """Give a connection to a database that was taken over."""
    with psycopg.connect(adopted_url, autocommit=True) as connection:
        yield connection


def test_every_row_is_here_or_aside(adopted: psycopg.Connection[Any]) -> None:
    """Of each table the rows that came over and those that stayed make the whole."""
    told = value(adopted, "select report -> 'tables' from adoptions")
    assert len(told) == 19
    for table in told:
        whole = value(adopted, f"select count(*) from linkedin_before.{table['name']}")
        assert table["rows"] == whole
    assert value(adopted, "select count(*) from viral_posts_bank") == 4
    assert value(adopted, "select count(*) from profiles") == 3


def test_posts_keep_what_was_paid_for_and_want_the_rest(adopted: psycopg.Connection[Any]) -> None:
    """Hooks, labels and vectors of a known model serve at once; what is missing is queued."""
    wanted = dict(
        rows(
            adopted,
            "select right(post_id::text, 1), array_agg(stage::text order by stage) "
            "from post_work group by 1",
        )
    )
    assert wanted == {
        "1": ["audience_classifications"],
        "2": ["hooks", "embeddings", "topic_classifications", "audience_classifications"],
        "3": [
            "embeddings",
            "hook_classifications",
            "topic_classifications",
            "audience_classifications",
        ],
        "4": ["hooks", "embeddings", "topic_classifications", "audience_classifications"],
    }
    assert drift(adopted) == []
    assert value(adopted, "select current_embedding_model()") == "openai:text-embedding-3-small"
    assert rows(
        adopted,
        "select hook, metrics, topic_id is not null, topic_model, language, likes::int "
        "from viral_posts_bank where id = %s",
        POST + "1",
    ) == [
        (
            "Why now?",
            {"likes": 1234, "comments": 5, "shares": "many"},
            True,
            "before:unknown",
            "en",
            1234,
        )
    ]
    assert rows(adopted, "select post_id::text from get_posts_needing_hook_extraction()")


def test_profiles_keep_styles_and_their_place_in_the_sync(
    adopted: psycopg.Connection[Any],
) -> None:
    """Nobody who was read is read again at once; addresses and time zones are made ours."""
    assert rows(
        adopted,
        "select full_name, linkedin_id, timezone, sync_status, writing_style_prompt, company_name, "
        "type::text from profiles order by id",
    ) == [
        ("Ada", "ada", "Europe/Paris", "completed", "Short sentences.", "Engines", "internal"),
        ("Bob", "bob", "UTC", "pending", None, None, "external_influencer"),
        ("Bob again", None, "UTC", "error", None, None, "external_influencer"),
    ]


def test_nothing_in_flight_is_sent_and_nothing_out_is_doubled(
    adopted: psycopg.Connection[Any],
) -> None:
    """What waits waits; a doubtful one is held with a reason, and a person can decide on it."""
    states = dict(rows(adopted, "select right(id::text, 1), status from scheduled_posts"))
    assert states == {"1": "pending", "2": "pending", "3": "held", "4": "published", "5": "held"}
    assert rows(
        adopted,
        "select status, external_post_id from scheduled_post_accounts "
        "where scheduled_post_id = '10000000-0000-4000-8000-000000000004'",
    ) == [("published", "7368")]
    adopted.execute("update worker_feature_flags_v2 set is_enabled = true")
    rows(
        adopted,
        "select * from prepare_publishing('{scheduled,production,company}', "
        "interval '6 hours', null)",
    )
    assert (
        value(adopted, "select status from scheduled_posts where id::text like '%%2'") == "missed"
    )
    assert (
        rows(
            adopted,
            "select * from due_publications(9, '{scheduled,production,company}', "
            "interval '6 hours', interval '5 minutes')",
        )
        == []
    )
    held = rows(adopted, "select kind, source_id, reason from publications where state = 'held'")
    assert sorted(kind for kind, _, _ in held) == [
        "company",
        "production",
        "scheduled",
        "scheduled",
    ]
    assert all("see on LinkedIn whether it is out" in reason for _, _, reason in held)
    for _, source, _ in held:
        assert rows(adopted, "select done from resolve_publication(%s, 'cancel')", source) == [
            (True,)
        ]


def test_switches_and_taxonomy_of_before_win(adopted: psycopg.Connection[Any]) -> None:
    """What was off stays off; their topics take the place of ours, doubles are switched off."""
    switched = dict(rows(adopted, "select worker_name, is_enabled from worker_feature_flags_v2"))
    assert switched["publish_scheduled"] is False
    assert switched["their_own"] is False
    assert switched["worker_classify_hooks_v2"] is True
    assert "worker-generate-embeddings-v2" not in switched
    assert rows(adopted, "select name, is_active from topics order by name") == [
        ("Hiring and Recruitment", True),
        ("Leadership", True),
        ("Leadership (duplicate 70000000)", False),
    ]
    assert value(adopted, "select count(*) from audiences") > 10


def test_neighbours_follow_the_rows_and_old_triggers_are_silent(
    adopted: psycopg.Connection[Any], adopted_url: str
) -> None:
    """Keys, policies and views lead to our tables; a migrate takes no privilege of theirs."""
    migrate(adopted_url)
    assert (
        value(
            adopted,
            "select count(*) from pg_constraint where conname = 'invoices_profile' "
            "and confrelid = 'public.profiles'::regclass and convalidated",
        )
        == 1
    )
    adopted.execute("update viral_posts_bank set content = 'Another text.' where hook = 'Why now?'")
    adopted.execute("update scheduled_posts set content = 'x'")
    assert value(adopted, "select content from best_posts where linkedin_id = 'ada'") == (
        "Another text."
    )
    assert value(adopted, "select count(*) from net.called") == 0
    assert value(
        adopted,
        "select has_table_privilege('anon', 'invoices', 'select') "
        "and has_table_privilege('authenticated', 'best_posts', 'select')",
    )
    assert not value(adopted, "select has_table_privilege('anon', 'profiles', 'select')")
    adopted.execute("insert into profiles (full_name, type) values ('New', 'internal')")
    assert "linkedin_before" not in value(
        adopted,
        "select pg_get_expr(polqual, polrelid) from pg_policy where polname = 'own_invoices'",
    )


def test_vector_may_live_in_a_schema_of_its_own(postgres_server: PostgresServer) -> None:
    """As on Supabase, the extension is in ``extensions`` and its owner is somebody else."""
    with postgres_server.database(template="template0") as url:
        with postgres_server.superuser(url.rpartition("/")[2]) as superuser:
            superuser.execute(
                "create schema extensions; create extension vector schema extensions; "
                "grant usage on schema extensions to linkedin_owner, authenticated, service_role"
            )
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("set search_path = public, extensions")
            connection.execute(BEFORE.read_bytes())
        schema, held = snapshot(url), contents(url)
        adopt(url, cron_is_off=True)
        with psycopg.connect(url, autocommit=True) as connection:
            assert value(connection, "select count(*) from public.post_vectors") == 1
        undo(url)
        assert (snapshot(url), contents(url)) == (schema, held)


def test_who_erases_is_told_of_the_rows_aside(adopted_url: str, tmp_path: Path) -> None:
    """The old schema may hold the person still; once it is dropped nothing more is said."""
    who = ask(adopted_url, "select id::text from profiles limit 1")
    terminal = Terminal({"DATABASE_URL": adopted_url, "LINKEDIN_PIPELINE_HOME": str(tmp_path)})
    asked = terminal.invoke("profiles", "erase", who)
    assert (asked.exit_code, "Schema linkedin_before" in asked.stdout) == (2, True)
    with psycopg.connect(adopted_url, autocommit=True) as connection:
        connection.execute("drop schema linkedin_before cascade")
    assert "linkedin_before" not in terminal.invoke("profiles", "erase", who).output
