"""The webhook over real sockets: what it is sent, what its answers mean, what is kept of them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from linkedin_pipeline.adapters.webhook import AlertWebhook
from linkedin_pipeline.database.calls import PostgresCallLedger
from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.domain.alerts import Alert, message
from linkedin_pipeline_tests.sql.bank import Connection, rows, value
from linkedin_pipeline_tests.webhooks import HANG, RESET, SECRET, TRICKLE, Webhook, webhook

ALERT = Alert(uuid4(), 1, "failed", "A post <failed>", "It & it.", datetime(2026, 1, 2, tzinfo=UTC))


@pytest.fixture
def hook() -> Iterator[Webhook]:
    """Give a webhook that accepts everything."""
    with webhook() as served:
        yield served


def post(database: Database, hook: Webhook, timeout: float = 30.0) -> str | None:
    """Post the alert once."""
    with closing(AlertWebhook(hook.url, PostgresCallLedger(database), timeout=timeout)) as adapter:
        return adapter.post(ALERT)


def pauses(connection: Connection) -> list[Any]:
    """Return scope, code, reason and rounded seconds of each pause."""
    return rows(
        connection,
        "select scope, code, reason, round(extract(epoch from until - now()))::integer "
        "from provider_pauses",
    )


def test_a_message_is_accepted(connection: Connection, database: Database, hook: Webhook) -> None:
    """One POST of JSON to the whole address; the call is in the ledger under the alert's id."""
    assert post(database, hook) is None
    assert hook.bodies == [message(ALERT)]
    [head] = hook.heads
    assert head.startswith(f"POST /services/{SECRET}?token={SECRET} ")
    assert "content-type: application/json" in head.lower()
    assert rows(connection, "select provider, operation, subject, status from provider_calls") == [
        ("webhook", "alert", str(ALERT.id), 200)
    ]
    assert pauses(connection) == []


ANSWERS = [
    (500, "HTTP 500", "at_fault"),
    (404, "HTTP 404", "refused"),
    (410, "HTTP 410", "refused"),
    ((302, {"Location": "http://127.0.0.1:1/"}), "HTTP 302", "refused"),
    (429, "HTTP 429", "rate_limited"),
    (RESET, "no answer", "unreachable"),
]


@pytest.mark.parametrize(("answer", "words", "code"), ANSWERS)
def test_a_message_is_not_accepted(
    connection: Connection, database: Database, hook: Webhook, answer: Any, words: str, code: str
) -> None:
    """The failure is told, and nobody calls for a minute."""
    hook.answers = [answer]
    said = post(database, hook)
    assert said
    assert said.startswith(words)
    assert len(hook.bodies) == 1
    [(scope, met, reason, seconds)] = pauses(connection)
    assert (scope, met, reason) == ("webhook", code, said)
    assert 50 <= seconds <= 60
    hook.answers = [200]
    assert str(post(database, hook)).startswith("paused for")
    assert len(hook.bodies) == 1


@pytest.mark.parametrize("answer", [HANG, TRICKLE])
def test_a_webhook_that_does_not_answer_is_left(
    connection: Connection, database: Database, hook: Webhook, answer: str
) -> None:
    """Neither silence nor a byte now and then holds the caller beyond its bound."""
    hook.answers = [answer]
    assert "no answer" in str(post(database, hook, timeout=0.5))
    assert value(connection, "select outcome from provider_calls") == "unknown"


def test_a_silence_that_is_asked_for_is_kept(
    connection: Connection, database: Database, hook: Webhook
) -> None:
    """Retry-After is the length of the pause."""
    hook.answers = [(429, {"Retry-After": "300"})]
    assert post(database, hook) == "HTTP 429"
    [(_, code, _, seconds)] = pauses(connection)
    assert code == "rate_limited"
    assert 290 <= seconds <= 300


def test_nobody_listens(connection: Connection, database: Database) -> None:
    """A dead address is an outage like another."""
    with webhook() as dead:
        pass
    assert "no connection" in str(post(database, dead))
    assert value(connection, "select outcome from provider_calls") == "unsent"


@pytest.mark.parametrize("answer", [200, 404, 429, RESET])
def test_the_address_is_kept_secret(
    connection: Connection,
    database: Database,
    hook: Webhook,
    caplog: pytest.LogCaptureFixture,
    answer: Any,
) -> None:
    """Whatever is answered, no table, log or result holds a part of it."""
    caplog.set_level(logging.DEBUG)
    hook.answers = [answer]
    said = post(database, hook)
    kept = [
        rows(connection, f"select t::text from {table} t")
        for table in ("provider_calls", "provider_pauses", "ai_errors")
    ]
    assert kept[0]
    assert SECRET not in f"{said} {kept} {caplog.text}"
