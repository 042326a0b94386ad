"""What a person should hear of, as ``open_incidents`` finds it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from linkedin_pipeline.domain.work import Stage
from linkedin_pipeline_tests.sql import trouble
from linkedin_pipeline_tests.sql.bank import (
    Connection,
    add_finished_post,
    add_post,
    days_ago,
    rows,
    value,
)
from linkedin_pipeline_tests.sql.tables import account, add, person, put, schedule


def incidents(connection: Connection, *, publishing: bool = False) -> list[Any]:
    """Return kind and title of each incident, by key."""
    return rows(connection, "select kind, title from open_incidents(%s) order by key", publishing)


def details(connection: Connection) -> list[str]:
    """Return what the incidents say beside their titles, by key."""
    return [detail for (detail,) in rows(connection, "select detail from open_incidents() i")]


def test_a_database_in_order_has_none(connection: Connection) -> None:
    """Accounts that are connected, posts that wait or went out, work under way: no incident."""
    add_post(connection)
    add_finished_post(connection)
    ada = person(connection)
    account(connection, ada)
    account(connection, ada, status="PENDING")
    account(connection, ada, status="DISCONNECTED", is_active=False)
    schedule(connection, ada)
    for status in ("pending", "publishing", "published", "cancelled"):
        trouble.scheduled(connection, status)
        trouble.company(connection, status)
    for status in ("draft_input", "scheduled", "published", "cancelled"):
        trouble.production(connection, status)
    add(connection, "task_execution_logs_v2", worker_name="sync_profiles")
    assert incidents(connection) == []


@pytest.mark.parametrize(
    ("make", "kind", "title"), trouble.TROUBLES.values(), ids=trouble.TROUBLES.keys()
)
def test_each_trouble_is_one_incident(
    connection: Connection, make: Callable[[Connection], object], kind: str, title: str
) -> None:
    """It has a key, a time and a detail, and holds no text of a post and no name."""
    make(connection)
    assert incidents(connection) == [(kind, title)]
    [(key, detail, since)] = rows(connection, "select key, detail, since from open_incidents()")
    assert key
    assert detail
    assert since is not None
    assert "quokka" not in value(connection, "select i::text from open_incidents() i")


def test_a_post_to_two_accounts_fails_twice(connection: Connection) -> None:
    """Each account is an incident of its own; the account that worked is none."""
    post = trouble.scheduled(connection, "failed")
    grace = person(connection)
    for status in ("failed", "published"):
        add(
            connection,
            "scheduled_post_accounts",
            scheduled_post_id=post,
            unipile_account_id=account(connection, grace),
            status=status,
        )
    assert len(incidents(connection)) == 2
    assert value(connection, "select count(distinct key) from open_incidents()") == 2
    assert all(str(post) in detail for detail in details(connection))


def test_a_post_without_an_account_fails_by_itself(connection: Connection) -> None:
    """A post that never came as far as an account is an incident all the same."""
    post = add(connection, "scheduled_posts", status="missed", scheduled_at=days_ago(1))
    assert incidents(connection) == [("missed", "A post missed its time")]
    assert details(connection) == [f"Scheduled post {post}. Its error_message says why."]


def test_a_post_that_a_scheduled_one_names_is_told_once(connection: Connection) -> None:
    """It goes out, and fails, through the row that names it."""
    draft = trouble.production(connection, "failed")
    trouble.scheduled(connection, "failed", production_post_id=draft)
    assert len(incidents(connection)) == 1


@pytest.mark.parametrize("make", [trouble.scheduled, trouble.production, trouble.company])
def test_unconfirmed_is_an_incident_after_an_hour(
    connection: Connection, make: Callable[..., object]
) -> None:
    """Until then the feed may still settle it."""
    make(connection, "unconfirmed", 55)
    assert incidents(connection) == []
    make(connection, "unconfirmed", 65)
    assert [kind for kind, _ in incidents(connection)] == ["unconfirmed"]


def test_doubt_counts_from_when_it_began(connection: Connection) -> None:
    """A post that went out late is not told of before it is in doubt for an hour."""
    post = trouble.production(connection, "unconfirmed", 300)
    ledger = add(
        connection,
        "publications",
        kind="production",
        source_id=post,
        state="unconfirmed",
        doubt_at=trouble.ago(5),
    )
    assert incidents(connection) == []
    put(connection, "publications", ledger, doubt_at=trouble.ago(65))
    assert [kind for kind, _ in incidents(connection)] == ["unconfirmed"]


def test_a_postponed_post_is_not_overdue(connection: Connection) -> None:
    """Its time counts from when it may go out."""
    post = trouble.production(connection, "scheduled", 300)
    ledger = add(
        connection,
        "publications",
        kind="production",
        source_id=post,
        not_before=trouble.ago(5),
    )
    assert incidents(connection, publishing=True) == []
    put(connection, "publications", ledger, not_before=trouble.ago(20))
    assert len(incidents(connection, publishing=True)) == 1


def test_what_waits_for_its_account_needs_no_decision(connection: Connection) -> None:
    """The message says that it goes out by itself."""
    post = trouble.production(connection, "held")
    add(
        connection,
        "publications",
        kind="production",
        source_id=post,
        state="held",
        hold_code="account",
    )
    assert details(connection)[0].endswith("It goes out when its account is back in time.")


@pytest.mark.parametrize("status", ["failed", "missed"])
def test_what_is_over_for_a_week_is_none(connection: Connection, status: str) -> None:
    """Nobody is told of an old failure, as when a database with a history is taken over."""
    old = add(connection, "scheduled_posts", status=status, updated_at=days_ago(8))
    add(connection, "production_posts", status=status, updated_at=days_ago(8))
    add(connection, "company_published_posts", status=status, created_at=days_ago(8))
    assert incidents(connection) == []
    put(connection, "scheduled_posts", old, timezone="Europe/Paris")
    assert [kind for kind, _ in incidents(connection)] == [status]


def test_what_is_held_for_a_week_still_is_one(connection: Connection) -> None:
    """It waits for a person until one decides."""
    add(connection, "scheduled_posts", status="held", updated_at=days_ago(30))
    assert [kind for kind, _ in incidents(connection)] == ["held"]


def test_dead_letters_are_one_for_each_reason_and_day(connection: Connection) -> None:
    """Not one a post; those of another day are another; resolved and old ones are none."""
    trouble.give_up(connection, 3)
    day = value(connection, "select (now() at time zone 'UTC')::date")
    said = f"3 times no_words on {day}. When its cause is mended: linkedin-pipeline requeue"
    assert details(connection) == [said]
    for days in (2, 3, 8):
        add(
            connection,
            "ai_errors",
            post_id=add_post(connection),
            stage="hooks",
            error_code="no_words",
            created_at=days_ago(days),
        )
    assert len(incidents(connection)) == 3
    connection.execute("update ai_errors set is_resolved = true")
    assert incidents(connection) == []


def test_a_failed_run_says_why(connection: Connection) -> None:
    """The newest of them speaks for all, by the name of its error alone."""
    trouble.fail_runs(connection)
    add(
        connection,
        "ai_errors",
        function_name="styles",
        error_code="run_failed",
        error_message=f"ProviderDown: {trouble.SECRET}: no answer.",
    )
    assert details(connection)[0].startswith("3 times run_failed on ")
    assert details(connection)[0].endswith(". The last: ProviderDown")


def test_a_profile_that_was_given_up_is_told(connection: Connection) -> None:
    """A style that nobody will write counts as given up."""
    add(
        connection,
        "ai_errors",
        function_name="worker_complete_profiles_v2",
        error_code="refused",
        profile_id=person(connection),
    )
    assert [kind for kind, _ in incidents(connection)] == ["dead_letters"]


def test_the_webhook_is_no_incident_of_its_own(connection: Connection) -> None:
    """It could not be told that way."""
    connection.execute("select pause_provider('webhook', 'refused', 'HTTP 410', 60, 60, 600, 'w')")
    assert incidents(connection) == []


def test_a_worker_that_keeps_dying_is_one(connection: Connection) -> None:
    """Open logs and those closed within the hour are one incident; after the hour it is over."""
    trouble.fall_silent(connection)
    trouble.fall_silent(connection, minutes=0)  # beats
    closed = add(
        connection,
        "task_execution_logs_v2",
        worker_name="sync_profiles",
        status="failed",
        completed_at=trouble.ago(1),
        error_message="its heart-beat stopped",
    )
    assert details(connection)[0].startswith("2 of sync_profiles stopped without a word.")
    connection.execute("delete from task_execution_logs_v2 where status = 'running'")
    assert len(incidents(connection)) == 1
    put(connection, "task_execution_logs_v2", closed, completed_at=trouble.ago(61))
    assert incidents(connection) == []


def test_work_that_is_switched_off_may_wait(connection: Connection) -> None:
    """Who switched a worker off knows."""
    trouble.stand_idle(connection)
    connection.execute("update worker_feature_flags_v2 set is_enabled = false")
    assert incidents(connection) == []


@pytest.mark.parametrize(
    ("make", "worker"),
    [
        (trouble.scheduled, "publish_scheduled"),
        (trouble.company, "publish_company_pages"),
    ],
)
def test_posts_that_nobody_publishes_are_one(
    connection: Connection, make: Callable[..., object], worker: str
) -> None:
    """Where publishing is configured and switched on, posts overdue are told, however many."""
    make(connection, "pending", 20)
    make(connection, "pending", 30)
    assert incidents(connection) == []
    assert incidents(connection, publishing=True) == [
        ("worker_silent", "Work is due and nobody takes it")
    ]
    connection.execute(
        "update worker_feature_flags_v2 set is_enabled = false where worker_name = %s", [worker]
    )
    assert incidents(connection, publishing=True) == []


def test_stages_have_the_workers_of_the_domain(connection: Connection) -> None:
    """SQL and Python agree on who does what."""
    add_post(connection)
    add_post(connection, hook="A hook.")
    found = rows(connection, "select stage::text, worker from overdue_work('-1 hour', 10)")
    assert dict(found) == {str(stage): stage.worker for stage in Stage}


def test_keys_are_unique(connection: Connection) -> None:
    """With everything in trouble at once no two incidents have one key, nor is one lost."""
    for make, _, _ in trouble.TROUBLES.values():
        make(connection)
    assert value(connection, "select count(distinct key) = count(*) from open_incidents()")
    assert {title for _, title in incidents(connection)} == {
        title for _, _, title in trouble.TROUBLES.values()
    }
