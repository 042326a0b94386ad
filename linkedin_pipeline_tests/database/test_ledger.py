"""The ledger of paid calls and the kept answers, over PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import numpy as np
import psycopg
import pytest

from linkedin_pipeline.adapters.calls import Caller
from linkedin_pipeline.adapters.limiter import RateLimiter
from linkedin_pipeline.adapters.openai_client import OpenAiClient
from linkedin_pipeline.adapters.openai_embedder import OpenAiEmbedder
from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.ledger import PostgresAiLedger, PostgresAnswerStore, pauses
from linkedin_pipeline.domain.ai import (
    CallOutcome,
    Model,
    Plan,
    Purpose,
    Usage,
    answer_key,
    most_tokens,
)
from linkedin_pipeline.domain.errors import ProviderDown
from linkedin_pipeline.simulators.faults import Fault, Kind
from linkedin_pipeline.simulators.openai import OpenAISimulator
from linkedin_pipeline.simulators.serving import serving
from linkedin_pipeline_tests.adapters.openai_line import KEY, SMALL
from linkedin_pipeline_tests.end_to_end.draining import RealClock
from linkedin_pipeline_tests.simulators.clients import INSTRUCTIONS, POSTS, blocks, strict
from linkedin_pipeline_tests.waiting import eventually

Connection = psycopg.Connection[Any]
GPT = Model("openai", "gpt-5-mini")
PLAN = Plan(GPT, Purpose.CLASSIFICATION, "worker_x", 3, 1_000, 100, "topic_classifications")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Give the database."""
    with Database(database_url) as opened:
        yield opened


@pytest.fixture
def store(database: Database) -> PostgresAnswerStore:
    """Give the store of answers."""
    return PostgresAnswerStore(database)


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[OpenAISimulator, str]]:
    """Serve one simulator for the module, and give its base URL."""
    simulator = OpenAISimulator()
    with serving(simulator) as url:
        yield simulator, f"{url}/v1"


@pytest.fixture
def simulator(served: tuple[OpenAISimulator, str]) -> OpenAISimulator:
    """Give the simulator, having forgotten what other tests did."""
    served[0].reset()
    return served[0]


@contextmanager
def process(database_url: str, url: str) -> Iterator[tuple[OpenAiEmbedder, Caller, OpenAiClient]]:
    """Give what a process of its own would have: connections, limiter, client."""
    client = OpenAiClient(KEY, url)
    clock = RealClock()
    with Database(database_url) as opened:
        caller = Caller(PostgresAiLedger(opened), RateLimiter(clock), clock)
        yield OpenAiEmbedder(SMALL, client, caller, PostgresAnswerStore(opened)), caller, client
    client.close()


def one(connection: Connection, statement: str) -> Any:
    """Return the only value of a statement."""
    [(value,)] = connection.execute(statement.encode()).fetchall()
    return value


def test_vectors_come_back_bit_by_bit(store: PostgresAnswerStore) -> None:
    """Binary both ways; what is not kept is left out."""
    vectors = np.random.default_rng(1).normal(size=(3, 1536)).astype(np.float32)
    keys = [answer_key("embedding", str(number)) for number in range(3)]
    store.keep_vectors(dict(zip(keys, list(vectors), strict=True)))
    found = store.vectors([*keys, b"another"])
    assert found.keys() == set(keys)
    for key, vector in zip(keys, vectors, strict=True):
        assert np.array_equal(found[key], vector)
    assert store.vectors([]) == {}
    assert store.labels(keys) == {}


def test_labels_come_back(store: PostgresAnswerStore) -> None:
    """With their accents."""
    store.keep_labels({b"one": "Éducation", b"two": "Sailing"})
    assert store.labels([b"two", b"one", b"three"]) == {b"one": "Éducation", b"two": "Sailing"}
    assert store.vectors([b"one"]) == {}


def test_what_is_kept_stays(store: PostgresAnswerStore) -> None:
    """The first of two answers counts, so that two processes agree."""
    store.keep_labels({b"one": "first"})
    store.keep_labels({b"one": "second", b"two": "another"})
    assert store.labels([b"one", b"two"]) == {b"one": "first", b"two": "another"}


def test_what_is_stored_elsewhere_is_forgotten(
    store: PostgresAnswerStore, connection: Connection
) -> None:
    """And with it what nobody asked for in a week."""
    store.keep_labels({b"one": "a", b"two": "b", b"old": "c", b"older": "d"})
    connection.execute(
        "update ai_answers set created_at = now() - interval '8 days' where key like 'old%'"
    )
    store.forget([b"one", b"absent"])
    assert store.labels([b"one", b"two", b"old", b"older"]) == {b"two": "b"}


def test_many_may_keep_and_forget_the_same(database_url: str) -> None:
    """Neither waits for ever nor fails, in whatever order they name the keys."""
    keys = [b"%d" % number for number in range(50)]
    together = threading.Barrier(4)

    def work(turn: int) -> None:
        with Database(database_url) as opened:
            store = PostgresAnswerStore(opened)
            order = keys[:: 1 if turn % 2 else -1]
            together.wait(60)
            for _ in range(10):
                store.keep_labels(dict.fromkeys(order, "label"))
                store.forget(order)

    with ThreadPoolExecutor(4) as threads:
        for future in [threads.submit(work, turn) for turn in range(4)]:
            future.result(60)


def test_a_call_is_permitted_and_written_down(database: Database, connection: Connection) -> None:
    """Everything of the plan stands in its row."""
    ledger = PostgresAiLedger(database, run_id="run-7")
    permit = ledger.begin(PLAN)
    assert (permit.verdict, permit.wait) == ("go", 0)
    assert permit.call_id is not None
    ledger.end(permit.call_id, CallOutcome.ANSWERED, Usage(900, 400, 50), 1.2345)
    [row] = connection.execute(
        "select provider, model, purpose, stage, items, input_tokens, cached_tokens, "
        "output_tokens, latency_ms, success, dagster_run_id from ai_usage_logs"
    ).fetchall()
    stage = "topic_classifications"
    expected = ("openai", "gpt-5-mini", "classification", stage, 3, 900, 400, 50, 1234, True)
    assert row == (*expected, "run-7")


def test_a_spent_budget_is_said(database: Database, connection: Connection) -> None:
    """With the amount, and as an incident of the plan's worker."""
    connection.execute("delete from ai_model_pricing")
    unpriced = PostgresAiLedger(database, budget=Decimal(1)).begin(PLAN)
    [pause] = pauses(database)
    assert pause.holds(GPT, Decimal(1))
    assert not pause.holds(SMALL, Decimal(1))
    assert not pause.holds(GPT, None), "without a budget nobody needs a price"
    assert (unpriced.verdict, unpriced.wait) == ("unpriced", 600)
    assert unpriced.said == "openai:gpt-5-mini has no price in ai_model_pricing"
    connection.execute(
        "insert into ai_model_pricing (provider, model, input_usd_per_million) "
        "values ('openai', 'gpt-5-mini', 1000)"
    )
    permit = PostgresAiLedger(database, budget=Decimal("0.5")).begin(PLAN)
    assert (permit.verdict, permit.call_id) == ("budget", None)
    assert permit.said == "0.0000 USD of 0.5 USD are spent or reserved today"
    used = next(pause for pause in pauses(database) if pause.scope == "budget")
    assert used.holds(SMALL, Decimal("0.50"))
    assert not used.holds(SMALL, Decimal("0.6")), "a raised budget waits for nothing"
    assert one(connection, "select string_agg(function_name, ' ') from ai_errors") == (
        "worker_x worker_x"
    )


def test_pauses_are_shown_while_they_hold(database: Database) -> None:
    """By scope, with reason and rest."""
    ledger = PostgresAiLedger(database)
    assert ledger.pause("openai", "key_refused", "HTTP 401") == pytest.approx(15, abs=1)
    ledger.pause("anthropic", "rate_limited", "HTTP 429", seconds=0.001)
    eventually(lambda: len(pauses(database)) == 1)
    [pause] = pauses(database)
    assert (pause.scope, pause.code, pause.reason) == ("openai", "key_refused", "HTTP 401")
    assert 0 < pause.left <= 15
    permit = ledger.begin(PLAN)
    assert (permit.verdict, permit.said) == ("paused", "HTTP 401")


def test_no_process_calls_before_a_silence_is_over(
    database_url: str, database: Database, served: tuple[Any, str], simulator: OpenAISimulator
) -> None:
    """One process meets the 429, another one with a limiter of its own keeps the silence too."""
    simulator.faults.add(Fault(Kind.RATE_LIMIT, retry_after="1"))
    with (
        process(database_url, served[1]) as (first, _, _),
        process(database_url, served[1]) as (second, _, _),
        ThreadPoolExecutor(2) as threads,
    ):
        meets = threads.submit(first.embed, ["Bread"])
        eventually(lambda: pauses(database))
        threads.submit(second.embed, ["Wine"]).result(60)
        meets.result(60)
    refused, *later = simulator.ledger.calls()
    assert refused.status == 429
    assert len(later) == 2
    assert all(call.at >= refused.at + 1 for call in later)


def test_a_revoked_key_stops_every_process_at_once(
    database_url: str, connection: Connection, served: tuple[Any, str], simulator: OpenAISimulator
) -> None:
    """One request finds out; other providers go on; one incident, over with the next answer."""
    fault = simulator.faults.add(Fault(Kind.INVALID_KEY, times=None))
    with (
        process(database_url, served[1]) as (first, _, _),
        pytest.raises(ProviderDown, match="OPENAI_API_KEY"),
    ):
        first.embed(["Bread"])
    with process(database_url, served[1]) as (second, _, _), Database(database_url) as opened:
        for _ in range(3):
            with pytest.raises(ProviderDown, match="paused: HTTP 401"):
                second.embed(["Bread"])
        assert fault.struck == 1
        claude = Plan(Model("anthropic", "claude-opus-4-6"), Purpose.STYLE, "w", 1, 10)
        assert PostgresAiLedger(opened).begin(claude).verdict == "go"
        assert one(connection, "select count(*) from ai_errors where not is_resolved") == 1
        simulator.faults.clear()
        connection.execute("update provider_pauses set until = clock_timestamp()")
        second.embed(["Bread"])
    assert one(connection, "select count(*) from ai_errors where not is_resolved") == 0
    assert one(connection, "select count(*) from ai_errors") == 1


def test_the_ledger_agrees_with_the_provider_to_the_token(
    database_url: str, connection: Connection, served: tuple[Any, str], simulator: OpenAISimulator
) -> None:
    """Over failures, retries, bad answers, cached tokens; what nobody heard of stays reserved."""
    for kind, every in ((Kind.SERVER_ERROR, 3), (Kind.WRONG_COUNT, 4), (Kind.RESET_BEFORE, 5)):
        simulator.faults.add(Fault(kind, times=3, every=every))
    simulator.faults.add(Fault(Kind.RATE_LIMIT, retry_after_ms="30", times=2, every=6))
    body = {
        "model": GPT.name,
        "messages": [
            {"role": "developer", "content": INSTRUCTIONS * 40},
            {"role": "user", "content": blocks(POSTS)},
        ],
        "response_format": strict(),
    }
    plan = Plan(GPT, Purpose.CLASSIFICATION, "w", 2, most_tokens([str(body)]), 4_000)
    with process(database_url, served[1]) as (embedder, caller, client):
        for number in range(12):
            embedder.embed([f"{number}: {word}" for word in ("bread", "wine", "sea" * number)])
            caller.make(plan, lambda: client.post("/chat/completions", body))
    calls, billed = simulator.ledger.calls(), simulator.ledger.totals().usage
    unheard = sum(call.status is None for call in calls)
    spoilt = [call for call in calls if (call.status or 0) >= 400 or "wrong_count" in call.faults]
    [found] = connection.execute(
        "select sum(input_tokens), sum(cached_tokens), sum(output_tokens), count(*), "
        "count(*) filter (where not success), sum(reserved_usd) "
        "from ai_usage_logs where outcome <> 'unknown'"
    ).fetchall()
    assert found == (
        *(billed.input_tokens, billed.cached_tokens, billed.output_tokens),
        *(len(calls) - unheard, len(spoilt), 0),
    )
    assert len(spoilt) >= 5
    assert billed.cached_tokens > 0
    assert one(connection, "select count(*) from ai_usage_logs where outcome = 'unknown'") == (
        unheard
    )
    cost = one(connection, "select sum(cost_usd) from ai_usage_logs where model like 'gpt%'")
    chat = simulator.ledger.totals(model=GPT.name).usage
    fresh = chat.input_tokens - chat.cached_tokens
    assert cost * 1_000_000 == pytest.approx(
        Decimal("0.25") * fresh + Decimal("0.025") * chat.cached_tokens + 2 * chat.output_tokens
    )


def test_what_was_done_unheard_stays_reserved(
    database_url: str, connection: Connection, served: tuple[Any, str], simulator: OpenAISimulator
) -> None:
    """A connection that broke after the work: the reservation covers what it billed."""
    simulator.faults.add(Fault(Kind.RESET_AFTER))
    with process(database_url, served[1]) as (embedder, _, _):
        embedder.embed(["Bread and wine"])
    lost = simulator.ledger.calls()[0].usage.input_tokens
    reserved = one(connection, "select reserved_usd from ai_usage_logs where outcome = 'unknown'")
    assert reserved * 1_000_000 >= Decimal("0.02") * lost > 0
