"""Enrichment in this process: what it waits for, what it leaves, and when it stops."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import dagster as dg
import psycopg
import pytest

from linkedin_pipeline.defs import in_process
from linkedin_pipeline.domain.work import Stage
from linkedin_pipeline.wiring import Providers
from linkedin_pipeline_tests.defs.enriching import Clock, Enrichment, Flaky, away
from linkedin_pipeline_tests.sql.bank import add_post, claim, queued, rows, value

Connection = psycopg.Connection[Any]
ONE = (Stage.EMBEDDINGS,)


@pytest.fixture
def enrichment(
    providers: Providers, instance: dg.DagsterInstance, connection: Connection
) -> Enrichment:
    """Give an enrichment over a database of the test's own."""
    return Enrichment(providers, instance, Clock(connection))


def test_one_stage_alone(enrichment: Enrichment, connection: Connection) -> None:
    """Only the asset asked for runs, and what follows it stays flagged."""
    post = add_post(connection, "A post.")
    [run] = enrichment(only=ONE)
    assert (list(run.results), run.posts) == ([Stage.EMBEDDINGS], 1)
    assert queued(connection, post) == {
        Stage.HOOKS,
        Stage.TOPIC_CLASSIFICATIONS,
        Stage.AUDIENCE_CLASSIFICATIONS,
    }


def test_nothing_due_is_no_run(enrichment: Enrichment, connection: Connection) -> None:
    """An idle bank costs no run; one whose only work belongs to others costs none either."""
    assert enrichment() == []
    add_post(connection, "A post.")
    connection.execute("update worker_feature_flags_v2 set is_enabled = false")
    assert enrichment() == []
    assert (enrichment.waits, enrichment.clock.slept) == ([], 0)


def test_a_bound_holds_over_all_runs(enrichment: Enrichment, connection: Connection) -> None:
    """Each stage takes as many posts as asked for at most, over several blocks of days."""
    for days in (0, 0, 0, 100, 100, 100):
        connection.execute(
            "insert into viral_posts_bank (content, created_at) "
            "values ('A post.', now() - make_interval(days => %s))",
            (days,),
        )
    runs = enrichment(max_posts=4, only=(Stage.HOOKS, Stage.EMBEDDINGS))
    assert [run.posts for run in runs] == [3, 1]
    left = rows(connection, "select stage::text, count(*) from post_work group by 1 order by 1")
    assert ("hooks", 2) in left
    assert ("embeddings", 2) in left


def test_retries_are_waited_out(enrichment: Enrichment, connection: Connection) -> None:
    """A post that fails by itself is tried again as soon as it is due."""
    post = add_post(connection, "A post.")
    embedder = Flaky(ValueError("odd"), ValueError("odd"))
    runs = enrichment(embedder, only=ONE)
    assert [run.error for run in runs] == [None] * 3
    assert queued(connection, post) >= {Stage.HOOKS}
    assert Stage.EMBEDDINGS not in queued(connection, post)
    assert enrichment.clock.slept == pytest.approx(30, abs=5)  # 10 s, then 20 s
    assert len(enrichment.waits) >= 2


def test_a_post_that_never_works_ends_the_wait(
    enrichment: Enrichment, connection: Connection
) -> None:
    """Once its next try is more than a minute away it is left, flagged."""
    post = add_post(connection, "A post.")
    runs = enrichment(Flaky(*[ValueError("odd")] * 50), only=ONE)
    assert len(runs) == 4
    assert Stage.EMBEDDINGS in queued(connection, post)
    assert not runs[-1].paused
    assert enrichment.clock.slept == pytest.approx(70, abs=10)  # 10, 20 and 40 s; 80 is too long


def test_a_provider_that_comes_back_is_waited_for(
    enrichment: Enrichment, connection: Connection
) -> None:
    """Its own wish counts, and it is not asked before, however much else is due."""
    limits = replace(enrichment.providers.limits, batch_size=1, in_flight=1)
    enrichment.providers = replace(enrichment.providers, limits=limits)
    for number in range(3):
        add_post(connection, f"Post {number}.")
    embedder = Flaky(None, away(30.0))
    runs = enrichment(embedder, only=ONE)
    assert [dict(run.paused) for run in runs] == [
        {Stage.EMBEDDINGS: "embeddings: no answer. Wait."},
        {},
    ]
    assert enrichment.clock.slept == pytest.approx(30, abs=5)
    assert embedder.calls == 4
    assert value(connection, "select count(*) from post_work where stage = 'embeddings'") == 0


def test_a_provider_that_stays_away_is_given_up(
    enrichment: Enrichment, connection: Connection
) -> None:
    """After a minute without anything done it stops; no post was charged."""
    add_post(connection, "A post.")
    runs = enrichment(Flaky(*[away()] * 500), only=ONE)
    assert 2 <= len(runs) < 12
    assert runs[-1].paused
    assert enrichment.clock.slept <= in_process.PATIENCE
    assert value(connection, "select max(attempts) from post_work") == 0


def test_a_provider_that_wants_a_long_pause_is_not_waited_for(
    enrichment: Enrichment, connection: Connection
) -> None:
    """Two minutes are too long: it is said at once."""
    add_post(connection, "A post.")
    [run] = enrichment(Flaky(*[away(120.0)] * 5), only=ONE)
    assert run.paused
    assert enrichment.clock.slept == 0


def test_a_pause_of_one_stage_holds_up_no_other(
    enrichment: Enrichment, connection: Connection
) -> None:
    """While the embedder is away hooks are extracted and classified."""
    add_post(connection, "A post about hiring.")
    enrichment(Flaky(*[away(120.0)] * 50), only=(Stage.HOOKS, Stage.EMBEDDINGS))
    assert value(connection, "select hook from viral_posts_bank") == "A post about hiring."


def test_claims_of_others_are_waited_for(enrichment: Enrichment, connection: Connection) -> None:
    """What a dead worker held is taken up when its lease ends."""
    post = add_post(connection, "A post.")
    claim(connection, Stage.EMBEDDINGS, lease=timedelta(seconds=25))
    enrichment(only=ONE)
    assert Stage.EMBEDDINGS not in queued(connection, post)
    assert enrichment.clock.slept == pytest.approx(25, abs=5)


def test_a_switched_off_worker_is_not_waited_for(
    enrichment: Enrichment, connection: Connection
) -> None:
    """Its retries would be due within a minute, but nobody may take them."""
    add_post(connection, "A post.")
    connection.execute("update post_work set due_at = now() + interval '20 seconds'")
    connection.execute("update worker_feature_flags_v2 set is_enabled = false")
    assert enrichment() == []
    assert enrichment.clock.slept == 0


def test_a_worker_that_lives_is_not_waited_for_longer_than_a_minute(
    enrichment: Enrichment, connection: Connection
) -> None:
    """Somebody who keeps a claim alive will finish it without us."""
    add_post(connection, "A post.")
    claim(connection, Stage.EMBEDDINGS, lease=timedelta(seconds=30))

    def beat() -> None:
        connection.execute("update post_work set lease_until = now() + interval '30 seconds'")

    enrichment.clock.on_sleep = beat
    assert enrichment(only=ONE) == []
    assert enrichment.clock.slept <= in_process.PATIENCE


def test_new_work_ends_a_wait(enrichment: Enrichment, connection: Connection) -> None:
    """A post that arrives meanwhile is done at once, not after the pause."""
    add_post(connection, "A post.")
    claim(connection, Stage.EMBEDDINGS, lease=timedelta(seconds=50))
    arrived: list[object] = []

    def arrive() -> None:
        if not arrived:
            arrived.append(add_post(connection, "Another."))

    enrichment.clock.on_sleep = arrive
    seen: list[float] = []
    enrichment(only=ONE, on_run=lambda _run: seen.append(enrichment.clock.slept))
    assert seen[0] <= 2 * in_process.LOOK_EVERY


def test_work_that_is_locked_makes_no_busy_loop(
    enrichment: Enrichment, connection: Connection, database_url: str
) -> None:
    """Runs that find nothing to take follow each other at growing distances, for a minute."""
    add_post(connection, "A post.")
    with psycopg.connect(database_url) as holder:
        holder.execute("select from post_work for update")
        # moving the queue's time would wait for the lock, and nothing here depends on it
        enrichment.clock.connection = holder
        runs = enrichment(only=ONE)
        holder.rollback()
    assert 2 <= len(runs) < 12
    assert enrichment.clock.slept <= in_process.PATIENCE


def test_a_failed_run_is_the_last(
    enrichment: Enrichment, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug stops the enrichment with its cause, in one line."""

    def broken(*_arguments: object, **_more: object) -> None:
        raise ZeroDivisionError("by a bug")

    monkeypatch.setattr("linkedin_pipeline.defs.stage_runs.drain", broken)
    add_post(connection, "A post.")
    [run] = enrichment(only=ONE)
    assert run.error is not None
    assert "by a bug" in run.error
    assert "\n" not in run.error
