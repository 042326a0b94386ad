"""A database in which every part of the page has something to show, and a person's words in it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from linkedin_pipeline.domain.upkeep import Upkeep
from linkedin_pipeline.domain.work import Stage
from linkedin_pipeline_tests.sql.bank import Connection, add_post, claim, reject
from linkedin_pipeline_tests.sql.tables import account, add, person

PLACES = (
    "author",
    "content",
    "owner",
    "company",
    "dead letter",
    "drain",
    "upkeep",
    "account",
    "pause",
    "incident",
    "batch",
    "spender",
    "model",
)
"""Where the page shows what came from outside; each is told apart by its name in the text."""


def fill(connection: Connection, say: Callable[[str], str]) -> None:
    """Write ``say(place)`` wherever text can come from that the page shows."""
    soon = datetime.now(UTC) + timedelta(days=1)
    author, owner = person(connection, say("author")), person(connection, say("owner"))
    post = add(
        connection,
        "scheduled_posts",
        author_id=author,
        content=say("content"),
        scheduled_at=soon,
        timezone="Europe/Paris",
    )
    add(
        connection,
        "scheduled_post_accounts",
        scheduled_post_id=post,
        unipile_account_id=account(connection, owner),
    )
    add(
        connection,
        "company_published_posts",
        company_page_id=add(connection, "company_pages", name=say("company")),
        content="Later.",
        scheduled_for=soon,
    )
    account(connection, owner, status="CREDENTIALS", unipile_account_id=say("account"))
    add(connection, "published_posts", profile_id=author, published_at=datetime.now(UTC))
    add_post(connection, "🎉")
    reject(connection, claim(connection, Stage.HOOKS), Stage.HOOKS)
    connection.execute(
        "update ai_errors set error_message = %s where post_id is not null", (say("dead letter"),)
    )
    for worker, place in ((Stage.HOOKS.worker, "drain"), (Upkeep.LEDGERS, "upkeep")):
        add(
            connection,
            "task_execution_logs_v2",
            worker_name=worker,
            status="failed",
            items_processed=1234,
            error_message=say(place),
        )
    connection.execute(
        "select pause_provider('openai', 'rate_limited', %s, 600, 0, 0, 'w')", (say("pause"),)
    )
    add(
        connection,
        "ai_errors",
        error_code="key_refused",
        error_message=say("incident"),
        metadata='{"scope": "anthropic"}',
    )
    connection.execute(
        "insert into ai_batches (id, provider, model, purpose, stage, state, line_sizes, "
        "provider_batch_id, error, waits_until) values (gen_random_uuid(), 'openai', 'm', "
        "'embedding', 'embeddings', 'submitted', '{1}', %s, null, now() + interval '1 hour')",
        (say("batch"),),
    )
    add(
        connection,
        "ai_usage_logs",
        purpose="style",
        profile_id=person(connection, say("spender")),
        cost_usd="1.25",
    )
    add(connection, "embedding_models", id=99, name=say("model"))
