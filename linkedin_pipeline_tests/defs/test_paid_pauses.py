"""Paid models that may not be called: their stage waits, everything else goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import dagster as dg
import psycopg
import pytest

from linkedin_pipeline.domain.ai import Model
from linkedin_pipeline.domain.labels import LABEL_STAGES
from linkedin_pipeline.settings import LOCAL_EMBEDDING_MODEL
from linkedin_pipeline.simulators.faults import Fault, Kind
from linkedin_pipeline.simulators.openai import OpenAISimulator
from linkedin_pipeline.status_facts.page import read_page
from linkedin_pipeline_tests.defs.paid_runs import models_answer, run, tick, why_skipped
from linkedin_pipeline_tests.paying import CHAT, KEY, SMALL, Line, Payer, pass_time
from linkedin_pipeline_tests.sql.bank import drift, rows, value

Connection = psycopg.Connection[Any]

GPT = Model("openai", "gpt-5.2")
"""A model that no announced end makes the check fail for."""
POSTS = 25
UNLABELLED = "select count(*) from viral_posts_bank where topic_id is null"
UNDONE = "select count(*) from post_work"
SPENT = "select coalesce(sum(cost_usd + reserved_usd), 0) from ai_usage_logs"


@dataclass(frozen=True)
class Trouble:
    """A way in which a provider says no, how it ends, and what people are told."""

    begin: Callable[[OpenAISimulator], object]
    end: Callable[[OpenAISimulator], object]
    code: str
    scope: str
    said: str
    embedding_model: Model = SMALL


def accept(*keys: str) -> Callable[[OpenAISimulator], object]:
    """Return what makes a simulator accept these keys and no others."""
    return lambda simulator: setattr(simulator.behaviour, "accepted_keys", {*keys})


TROUBLES = {
    "key revoked": Trouble(
        accept("sk-another"),
        accept(KEY),
        "key_refused",
        "openai",
        "HTTP 401 (invalid_api_key",
        Model.parse(LOCAL_EMBEDDING_MODEL),  # or nobody would be left to go on
    ),
    "model retired": Trouble(
        lambda simulator: simulator.behaviour.retired.add("gpt-5.2"),
        lambda simulator: simulator.behaviour.retired.clear(),
        "model_gone",
        "openai:gpt-5.2",
        "HTTP 404 (model_not_found",
    ),
    "no credit": Trouble(
        lambda simulator: simulator.faults.add(
            Fault(Kind.INSUFFICIENT_QUOTA, route=CHAT, times=None)
        ),
        lambda simulator: simulator.faults.clear(),
        "no_credit",
        "openai",
        "HTTP 429 (insufficient_quota",
    ),
}
REMEDIES = {
    "key revoked": "Set a valid OPENAI_API_KEY",
    "model retired": "Name another model in CLASSIFICATION_MODEL",
    "no credit": "Add credit",
}


def add_posts(connection: Connection, number: int = POSTS) -> None:
    """Insert different posts of today."""
    connection.execute(
        "insert into viral_posts_bank (content) select 'Post ' || n || ' on hiring people.' "
        "from generate_series(1, %s) n",
        (number,),
    )


def incidents(connection: Connection, *, resolved: bool) -> list[tuple[str, str]]:
    """Return code and scope of what ai_errors says about providers."""
    return rows(
        connection,
        "select error_code, metadata ->> 'scope' from ai_errors "
        "where post_id is null and is_resolved = %s",
        resolved,
    )


def assert_labels_wait(connection: Connection) -> None:
    """Assert that every post has hook and vector, and waits for its labels uncharged."""
    undone = "select count(*) from viral_posts_bank where hook is null or embedding is null"
    assert value(connection, undone) == 0
    waiting = rows(
        connection,
        "select stage::text, count(*), max(attempts), max(takeovers) from post_work "
        "where token is null group by 1",
    )
    assert {tuple(row) for row in waiting} == {(str(s), POSTS, 0, 0) for s in LABEL_STAGES}
    assert value(connection, "select count(*) from ai_errors where post_id is not null") == 0


def assert_resumed(
    payer: Payer, instance: dg.DagsterInstance, connection: Connection, scope: str
) -> None:
    """Assert that the sensor asks for a run that does all that was left, and that all is well."""
    assert isinstance(tick(payer, instance), dg.SensorResult)
    assert run(payer, instance).success
    assert (value(connection, UNDONE), value(connection, UNLABELLED)) == (0, 0)
    assert drift(connection) == []
    assert incidents(connection, resolved=False) == []
    assert [where for _, where in incidents(connection, resolved=True)] == [scope]
    assert models_answer(payer).passed
    page = read_page(payer.providers)["models"]
    assert (page["pauses"], page["incidents"]) == ([], [])


@pytest.mark.parametrize("name", TROUBLES)
def test_a_provider_that_says_no_pauses_its_stages_alone(
    line: Line, connection: Connection, instance: dg.DagsterInstance, name: str
) -> None:
    """No post is charged, others go on, people are told what to do, and it resumes by itself."""
    trouble, remedy = TROUBLES[name], REMEDIES[name]
    payer = line.payer(embedding_model=trouble.embedding_model, classification_model=GPT)
    add_posts(connection)
    trouble.begin(line.simulator)
    assert run(payer, instance).success
    assert_labels_wait(connection)
    asked = len(payer.calls(CHAT))
    assert 1 <= asked <= 2, "the batches that were in flight"
    assert run(payer, instance, *LABEL_STAGES).success
    assert len(payer.calls(CHAT)) == asked, "nobody calls during a pause"
    assert_labels_wait(connection)
    assert incidents(connection, resolved=False) == [(trouble.code, trouble.scope)]

    connection.execute("update post_work set due_at = now()")
    skipped, check = why_skipped(payer, instance), models_answer(payer)
    assert "topic_classifications waits" in skipped
    assert not check.passed
    for text in (skipped, check.description or ""):
        assert trouble.said in text
        assert remedy in text
    page = read_page(payer.providers)["models"]
    assert [one["scope"] for one in page["pauses"]] == [trouble.scope]
    assert [one["code"] for one in page["incidents"]] == [trouble.code]

    pass_time(connection)
    assert isinstance(tick(payer, instance), dg.SensorResult), "it tries by itself"
    run(payer, instance, *LABEL_STAGES)
    assert_labels_wait(connection)
    assert incidents(connection, resolved=False) == [(trouble.code, trouble.scope)], "still one"

    trouble.end(line.simulator)
    pass_time(connection)
    assert_resumed(payer, instance, connection, trouble.scope)


def test_a_budget_is_not_passed(
    line: Line, connection: Connection, instance: dg.DagsterInstance
) -> None:
    """Calls stop before the day's budget is passed; posts wait; a raised budget resumes."""
    add_posts(connection)
    budget = Decimal("0.002")
    poor = line.payer(classification_model=GPT, ai_daily_budget=budget)
    assert run(poor, instance).success
    assert_labels_wait(connection)
    spent = value(connection, SPENT)
    assert 0 < spent <= budget
    assert poor.calls(CHAT) == []
    assert incidents(connection, resolved=False) == [("budget", "budget")]

    connection.execute("update post_work set due_at = now()")
    for text in (why_skipped(poor, instance), models_answer(poor).description):
        assert "0.002 USD are spent or reserved today" in (text or "")
    page = read_page(poor.providers)["models"]
    assert (page["daily_budget_usd"], page["spent_today_usd"]) == (budget, spent)
    assert [one["scope"] for one in page["pauses"]] == ["budget"]

    rich = line.payer(classification_model=GPT, ai_daily_budget=Decimal(1))
    assert_resumed(rich, instance, connection, "budget")
    assert value(connection, SPENT) <= 1


def test_a_budget_ends_in_the_middle_of_a_drain(
    line: Line, connection: Connection, instance: dg.DagsterInstance
) -> None:
    """What was answered before it was used up is stored, and nothing is paid twice for it."""
    add_posts(connection, 100)
    line.simulator.behaviour.latency = 0.05
    payer = line.payer(ai_daily_budget=Decimal("0.02"))
    assert run(payer, instance).success
    spent = value(connection, SPENT)
    assert Decimal("0.005") < spent <= Decimal("0.02")
    left = value(connection, UNLABELLED)
    assert 0 < left < 100
    assert value(connection, "select max(attempts) from post_work") == 0
    connection.execute("update post_work set due_at = now()")
    rich = line.payer(ai_daily_budget=None)
    assert isinstance(tick(rich, instance), dg.SensorResult), (
        "without a budget nothing waits for it"
    )
    assert run(rich, instance).success
    assert (value(connection, UNDONE), value(connection, UNLABELLED)) == (0, 0)
    bodies = " ".join(call.body.decode() for call in payer.calls(CHAT))
    times = {n: bodies.count(f"Post {n} on hiring") for n in range(1, 101)}
    assert set(times.values()) == {1}, "each post is asked about once, for all labels"
