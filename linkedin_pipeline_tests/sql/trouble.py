"""Ways to get a database into trouble, each one incident that a person should hear of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from linkedin_pipeline.domain.work import Stage
from linkedin_pipeline_tests.sql.bank import Connection, add_post, claim, reject
from linkedin_pipeline_tests.sql.tables import account, add, person

SECRET = "Zanzibar quokka"
"""Stands for a text or a name in every row that has one: no message may hold it."""


def ago(minutes: float) -> datetime:
    """Return the time so many minutes ago."""
    return datetime.now(UTC) - timedelta(minutes=minutes)


def scheduled(connection: Connection, status: str, minutes: int = 90, **columns: Any) -> UUID:
    """Schedule a post so many minutes ago for one account, and leave it in a state."""
    author = person(connection, SECRET)
    post = add(
        connection,
        "scheduled_posts",
        author_id=author,
        content=SECRET,
        scheduled_at=ago(minutes),
        status=status,
        error_message=SECRET,
        **columns,
    )
    add(
        connection,
        "scheduled_post_accounts",
        scheduled_post_id=post,
        unipile_account_id=account(connection, author),
        status=status,
        error_message=SECRET,
    )
    return post


def production(connection: Connection, status: str, minutes: int = 90) -> UUID:
    """Have a production post that was to go out so many minutes ago, in a state."""
    return add(
        connection,
        "production_posts",
        final_content=SECRET,
        publication_date=ago(minutes),
        status=status,
        error_message=SECRET,
    )


def company(connection: Connection, status: str, minutes: int = 90) -> UUID:
    """Have a company post that was due so many minutes ago, in a state."""
    return add(
        connection,
        "company_published_posts",
        company_page_id=add(connection, "company_pages", name=SECRET),
        content=SECRET,
        scheduled_for=ago(minutes),
        status=status,
        error_message=SECRET,
    )


def disconnect(connection: Connection, status: str = "CREDENTIALS", **columns: Any) -> UUID:
    """Have an account that has to be connected again."""
    return account(connection, person(connection, SECRET), status=status, **columns)


def use_the_budget(connection: Connection) -> None:
    """Have a model refused for want of budget."""
    connection.execute(
        "select pause_provider('budget', 'budget', '9.99 of 10.00 USD are used', 60, 0, 0, 'w')"
    )


def refuse_the_key(connection: Connection) -> None:
    """Have a provider refuse our key."""
    connection.execute(
        "select pause_provider('unipile', 'key_refused', 'HTTP 401', null, 60, 600, 'w')"
    )


def give_up(connection: Connection, posts: int = 2) -> None:
    """Have dead letters of one reason."""
    for _ in range(posts):
        add_post(connection, SECRET)
    reject(connection, claim(connection), Stage.HOOKS)


def fail_runs(connection: Connection) -> None:
    """Have two runs of a job fail."""
    for _ in range(2):
        add(
            connection,
            "ai_errors",
            function_name="styles",
            error_code="run_failed",
            error_message="KeyError",
        )


def fall_silent(connection: Connection, minutes: int = 5) -> None:
    """Leave a log open without a beat."""
    add(
        connection,
        "task_execution_logs_v2",
        worker_name="sync_profiles",
        heartbeat_at=ago(minutes),
    )


def stand_idle(connection: Connection) -> None:
    """Have a post that nobody takes up."""
    add_post(connection, SECRET, created_at=ago(4320))
    connection.execute("update post_work set due_at = now() - interval '20 minutes'")
    connection.execute("delete from post_work where stage <> 'embeddings'")


TROUBLES: Mapping[str, tuple[Callable[[Connection], object], str, str]] = {
    "failed": (
        lambda c: scheduled(c, "failed"),
        "failed",
        "A post could not be published",
    ),
    "held": (lambda c: scheduled(c, "held"), "held", "A post is held"),
    "missed": (lambda c: scheduled(c, "missed"), "missed", "A post missed its time"),
    "unconfirmed": (
        lambda c: scheduled(c, "unconfirmed"),
        "unconfirmed",
        "Nobody knows whether a post went out, for over an hour",
    ),
    "production": (
        lambda c: production(c, "failed"),
        "failed",
        "A post could not be published",
    ),
    "company": (lambda c: company(c, "held"), "held", "A post is held"),
    "account": (disconnect, "account_disconnected", "A LinkedIn account is disconnected"),
    "budget": (use_the_budget, "budget_reached", "The daily budget is used"),
    "key": (refuse_the_key, "provider_down", "unipile cannot be used (key_refused)"),
    "dead letters": (give_up, "dead_letters", "Work was given up by worker_extract_hooks_v2"),
    "failed runs": (fail_runs, "run_failed", "Runs of styles failed"),
    "silent": (fall_silent, "worker_silent", "A worker died at work"),
    "idle": (stand_idle, "worker_silent", "Work is due and nobody takes it"),
}
"""By name: what makes the trouble, the kind of the incident, its title."""
