"""What goes wrong with batches, and where their posts go then."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from linkedin_pipeline.domain.errors import ProviderDown
from linkedin_pipeline.simulators.batch_lines import LineError
from linkedin_pipeline.simulators.faults import Fault, Kind
from linkedin_pipeline_tests.batches.backfill import (
    LIVE_LABELS,
    TOPICS,
    Backfill,
    add_posts,
    batches,
    due,
)
from linkedin_pipeline_tests.sql.bank import (
    Connection,
    add_post,
    read,
    rows,
    value,
)


def test_an_expired_batch_keeps_its_part(ai: Backfill, connection: Connection) -> None:
    """Answers that were made are stored; the rest is asked without a batch, at once."""
    add_posts(connection, 50, "Post {}: bread and ovens.")
    ai.simulator.faults.add(Fault(Kind.BATCH_EXPIRED))
    ai.submit(TOPICS)
    collected = ai.finish()
    assert (collected.answered, len(ai.calls("BATCH"))) == (40, 1)  # twenty posts, two kinds
    [(state, error)] = rows(connection, "select state, error from ai_batches")
    assert (state, error) == ("ended", "expired; 2 × batch_expired")
    assert value(connection, "select input_tokens from ai_usage_logs") == (
        ai.simulator.ledger.totals("BATCH").usage.input_tokens
    )
    assert ai.submit(TOPICS).batches == []
    assert ai.drain(TOPICS) == {"done": 50}
    assert sum(call.inputs for call in ai.calls(LIVE_LABELS)) == 30


def test_lines_that_fail_take_the_live_way(ai: Backfill, connection: Connection) -> None:
    """A refused line is in the error file; its posts are asked about once more, without a batch."""
    add_posts(connection, 19, "Post {}: bread and ovens.")
    bad = add_post(connection, "poison")
    add_posts(connection, 20, "Post {}: sea and sails.")
    poison = ai.simulator.faults.add(
        Fault(Kind.BAD_REQUEST, route="/v1/chat", contains="poison", times=None)
    )
    ai.submit(TOPICS)
    assert ai.finish().answered == 2 * 20
    assert value(connection, "select error from ai_batches") == "1 × HTTP 400"
    assert ai.submit(TOPICS).batches == []
    assert ai.drain(TOPICS) == {"done": 39, "rejected": 1}
    assert read(connection, bad, "topic_id") is None
    assert poison.struck > 1


def test_a_failed_batch_costs_nothing(ai: Backfill, connection: Connection) -> None:
    """Its posts are due, and go the live way; nothing stays reserved."""
    add_posts(connection, 2)
    ai.simulator.faults.add(Fault(Kind.BATCH_FAILED))
    ai.submit()
    ai.finish()
    assert rows(connection, "select state, error from ai_batches") == [
        ("failed", "failed: internal_error")
    ]
    assert rows(connection, "select outcome, cost_usd, reserved_usd from ai_usage_logs") == [
        ("failed", 0, 0)
    ]
    assert (ai.submit().batches, ai.drain()) == ([], {"done": 2})


def test_a_crowded_provider_is_asked_again_later(ai: Backfill, connection: Connection) -> None:
    """Too many tokens in open batches is nobody's fault: the posts wait for the next batch."""
    add_posts(connection, 2)
    ai.submit()
    [batch] = ai.simulator.batches._batches.values()  # noqa: SLF001 (no fault says this)
    batch.errors.append(LineError("token_limit_exceeded", "Enqueued token limit reached", None))
    ai.finish()
    assert value(connection, "select error from ai_batches") == "failed: token_limit_exceeded"
    assert due(connection) == 0
    connection.execute("update post_work set due_at = due_at - interval '15 minutes'")
    assert ai.submit().posts == 2


def test_a_budget_holds_batches_back(ai: Backfill, connection: Connection) -> None:
    """A batch reserves what it may cost; without room nothing is uploaded and the posts wait."""
    add_posts(connection, 2)
    budget = replace(ai.providers.settings, ai_daily_budget=Decimal(0))
    ai.providers = replace(ai.providers, settings=budget)
    with pytest.raises(ProviderDown, match="budget"):
        ai.submit()
    assert (due(connection), ai.calls("/v1/files")) == (0, [])
    assert value(connection, "select max(attempts) from post_work") == 0


def test_a_server_without_batches_is_told(ai: Backfill, connection: Connection) -> None:
    """The reason is kept, nothing is paused, and the posts go the live way at once."""
    add_posts(connection, 2)
    ai.simulator.faults.add(Fault(Kind.BAD_REQUEST, route="/v1/files", times=None, status=404))
    refused = ai.submit().refused
    assert refused
    assert "no batches" in refused
    assert ai.drain() == {"done": 2}


def test_a_lost_answer_is_looked_for(ai: Backfill, connection: Connection) -> None:
    """Reset after acceptance, of the upload and of the start: neither is made twice."""
    add_posts(connection, 2)
    for route in ("POST /v1/files", "POST /v1/batches"):
        ai.simulator.faults.add(Fault(Kind.RESET_AFTER, route=route))
    assert ai.submit().refused is None
    assert (len(ai.calls("POST /v1/files")), len(ai.calls("POST /v1/batches"))) == (1, 1)
    assert ai.finish().answered == 2


def test_a_download_that_breaks_begins_anew(ai: Backfill, connection: Connection) -> None:
    """Half a file is never taken for all of it, and nothing is counted twice."""
    add_posts(connection, 2)
    ai.simulator.faults.add(Fault(Kind.TRUNCATED, route="/content"))
    ai.submit()
    assert ai.finish().answered == 2
    assert len(ai.calls("/content")) == 2
    assert value(connection, "select input_tokens from ai_usage_logs") == (
        ai.simulator.ledger.totals("BATCH").usage.input_tokens
    )


def test_a_provider_that_asks_for_silence_is_left_alone(
    ai: Backfill, connection: Connection
) -> None:
    """Neither looked at nor sent to until the pause is over; the batch stays as it is."""
    add_posts(connection, 2)
    ai.submit()
    connection.execute(
        "insert into provider_pauses (scope, until, code) "
        "values ('openai', now() + interval '1 hour', 'rate_limited')"
    )
    before = len(ai.calls(""))
    assert ai.collect().looked == 0
    add_posts(connection, 1, "Another {}.")
    with pytest.raises(ProviderDown, match="paused"):
        ai.submit()
    assert len(ai.calls("")) == before
    connection.execute("delete from provider_pauses")
    assert ai.finish().answered == 2


def test_posts_wait_on_while_a_batch_is_late(ai: Backfill, connection: Connection) -> None:
    """A look extends their waiting when it is nearly over; an end finds them still."""
    add_posts(connection, 2)
    ai.simulator.faults.add(Fault(Kind.BATCH_SLOW, polls=3))
    ai.submit()
    connection.execute(
        "with moved as (update ai_batches set waits_until = now() + interval '1 hour' "
        "returning waits_until) update post_work set due_at = waits_until from moved "
        "where stage = 'embeddings'"
    )
    ai.collect()
    assert value(
        connection,
        "select min(due_at) > now() + interval '3 hours' from post_work where stage = 'embeddings'",
    )
    assert ai.finish().answered == 2
    assert due(connection) == 2


def test_a_batch_that_nobody_knows_is_given_up_in_the_end(
    ai: Backfill, connection: Connection
) -> None:
    """Perhaps another server answers now; after its day is over the posts go the live way."""
    add_posts(connection, 2)
    ai.submit()
    ai.simulator.batches.clear()
    ai.collect()
    assert batches(connection) == [("submitted", 2, 0, 0)]
    connection.execute("update ai_batches set waits_until = now() - interval '1 second'")
    connection.execute("update post_work set due_at = now() where stage = 'embeddings'")
    ai.collect()
    assert batches(connection) == [("failed", 2, 0, 0)]
    assert ai.drain() == {"done": 2}
