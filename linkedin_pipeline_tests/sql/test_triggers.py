"""All triggers, and what they share: ``updated_at`` that never goes back."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
from psycopg import sql

from linkedin_pipeline_tests.sql.bank import Connection, rows, value, wait_until_blocked
from linkedin_pipeline_tests.sql.tables import add, cells, person, put

STAMPED = {
    "audiences": "set_audiences_updated_at",
    "comment_patterns": "update_comment_patterns_updated_at",
    "company_auto_post_rules": "update_auto_post_rules_updated_at",
    "company_pages": "update_company_pages_updated_at",
    "engagement_settings": "update_engagement_settings_updated_at",
    "knowledge": "set_knowledge_updated_at",
    "post_batches": "set_post_batches_updated_at",
    "profile_sync_status": "update_profile_sync_status_timestamp",
    "ressource_types": "set_ressource_types_updated_at",
    "ressources": "set_ressources_updated_at",
    "scheduled_posts": "update_scheduled_posts_updated_at",
    "unipile_accounts": "update_unipile_accounts_updated_at",
    "user_onboarding": "user_onboarding_updated_at",
}
NEEDS = {"audiences": ["name"]}
"""Columns without a default, beside references to a profile."""
OF_A_PROFILE = {"engagement_settings", "profile_sync_status"}

OTHERS = {
    ("viral_posts_bank", "on_viral_post_insert", "INSERT", "trigger_process_new_post"),
    (
        "viral_posts_bank",
        "on_viral_post_hook_extracted",
        "UPDATE",
        "trigger_process_hook_extracted",
    ),
    ("viral_posts_bank", "update_viral_post_timestamp", "UPDATE", "update_viral_post_timestamp"),
    ("profiles", "on_profile_created_mark_sync", "INSERT", "mark_profile_for_sync"),
    (
        "profiles",
        "on_profile_linkedin_updated_mark_sync",
        "UPDATE",
        "mark_profile_for_sync_on_update",
    ),
    (
        "production_posts",
        "trg_production_post_update_batch",
        "UPDATE",
        "trigger_update_batch_progress",
    ),
    ("chat_messages", "trigger_auto_title_chat_session", "INSERT", "auto_title_chat_session"),
    (
        "chat_messages",
        "trigger_update_chat_session_timestamp",
        "INSERT",
        "update_chat_session_timestamp",
    ),
    (
        "unipile_accounts",
        "on_unipile_connected_mark_invitation",
        "INSERT",
        "mark_invitation_accepted",
    ),
    (
        "unipile_accounts",
        "on_unipile_connected_mark_invitation",
        "UPDATE",
        "mark_invitation_accepted",
    ),
    ("ai_errors", "trigger_set_error_ref", "INSERT", "set_error_ref"),
}


def test_the_triggers_are_exactly_these(connection: Connection) -> None:
    """``information_schema.triggers`` has the 24 rows of the contract and no other."""
    found = rows(
        connection,
        "select event_object_table, trigger_name, event_manipulation, action_statement "
        "from information_schema.triggers where trigger_schema = 'public'",
    )
    assert len(found) == 24
    stamps = {
        (table, name, "UPDATE", "update_updated_at_column") for table, name in STAMPED.items()
    }
    assert set(found) == {
        (table, name, event, f"EXECUTE FUNCTION {function}()")
        for table, name, event, function in OTHERS | stamps
    }


def stamped_row(connection: Connection, table: str) -> UUID:
    """Insert a row with what the table insists on."""
    if table in OF_A_PROFILE:
        return add(connection, table, profile_id=person(connection))
    return add(connection, table, **dict.fromkeys(NEEDS.get(table, ()), "Name"))


def test_an_update_moves_updated_at_forward(connection: Connection) -> None:
    """Also one that changes nothing, and one while the stored time lies ahead of the clock."""
    for table in STAMPED:
        row = stamped_row(connection, table)
        before = cells(connection, table, row, "updated_at")
        put(connection, table, row, id=row)
        assert cells(connection, table, row, "updated_at") > before

        # a clock that was set back looks like a stored time that lies ahead
        with connection.transaction():
            name = sql.Identifier(table)
            connection.execute(sql.SQL("alter table {} disable trigger user").format(name))
            ahead = datetime.now(UTC) + timedelta(hours=1)
            put(connection, table, row, updated_at=ahead)
            connection.execute(sql.SQL("alter table {} enable trigger user").format(name))
        put(connection, table, row, id=row)
        assert cells(connection, table, row, "updated_at") > ahead
        put(connection, table, row, updated_at=before)  # nor does anybody move it back by hand
        assert cells(connection, table, row, "updated_at") > ahead


def test_a_transaction_that_began_earlier_does_not_set_updated_at_back(
    connection: Connection, database_url: str
) -> None:
    """The later of two updates has the later time, whichever transaction is older."""
    page = add(connection, "company_pages")
    with psycopg.connect(database_url) as older:
        value(older, "select now()")
        put(connection, "company_pages", page, name="First")
        first = cells(connection, "company_pages", page, "updated_at")
        put(older, "company_pages", page, name="Second")
        assert cells(older, "company_pages", page, "updated_at") > first


def test_two_sessions_move_the_same_row_one_after_the_other(
    connection: Connection, database_url: str
) -> None:
    """The second waits for the first, and its time is later."""
    page = add(connection, "company_pages")
    with psycopg.connect(database_url) as first, psycopg.connect(database_url) as second:
        put(first, "company_pages", page, name="First")
        moved = cells(first, "company_pages", page, "updated_at")
        waiting = threading.Thread(
            target=put, args=(second, "company_pages", page), kwargs={"name": "Second"}
        )
        waiting.start()
        wait_until_blocked(connection, second)
        first.commit()
        waiting.join()
        assert cells(second, "company_pages", page, "name", "updated_at") > ("Second", moved)
