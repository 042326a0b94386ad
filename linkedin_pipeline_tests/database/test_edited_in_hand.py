"""A post edited while a drain has it in hand, so that the drain claims it a second time."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.log import PostgresWorkLog
from linkedin_pipeline.database.queue import PostgresWorkQueue
from linkedin_pipeline.database.taxonomy import PostgresTaxonomy
from linkedin_pipeline.domain.work import (
    Claim,
    DayRange,
    Done,
    Outcome,
    Reject,
    Retry,
    Stage,
    Verdict,
)
from linkedin_pipeline.workers.engine import Limits, drain
from linkedin_pipeline.workers.labels import LabelWorker
from linkedin_pipeline.workers.report import DrainReport
from linkedin_pipeline.workers.settling import Settler
from linkedin_pipeline.workers.stages import EmbeddingWorker, HookWorker, PostWorker
from linkedin_pipeline_tests.fakes import FirstLabel, HashEmbedder
from linkedin_pipeline_tests.sql.bank import VALUES, add_post, change, drift, flagged, read
from linkedin_pipeline_tests.waiting import eventually
from linkedin_pipeline_tests.workers.bank import HOOKS, LEASE
from linkedin_pipeline_tests.workers.scripted import FakeClock, ScriptedWorker, everything_done

Connection = psycopg.Connection[Any]

OLD, NEW = "An old opening.", "The opening that counts."


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Give the bank of the test, as the pipeline opens it."""
    with Database(database_url) as opened:
        yield opened


def worker_of(database: Database, stage: Stage) -> PostWorker[Any]:
    """Return a worker that decides a value of its own for each text."""
    if stage is Stage.HOOKS:
        return HookWorker()
    if stage is Stage.EMBEDDINGS:
        return EmbeddingWorker(HashEmbedder())
    labels = PostgresTaxonomy(database, HashEmbedder()).labels(stage)
    return LabelWorker(stage, FirstLabel(), {stage: labels})


def settler_of(database: Database, worker: PostWorker[Any]) -> Settler:
    """Return what ends the claims of one drain."""
    queue, report = PostgresWorkQueue(database), DrainReport(worker.stage)
    return Settler(worker, queue, FakeClock(), Limits(), report, None)


@pytest.mark.parametrize("newest_first", [False, True], ids=["old first", "newest first"])
@pytest.mark.parametrize("stage", Stage)
def test_the_newest_text_wins_in_one_write_back(
    connection: Connection, database: Database, stage: Stage, *, newest_first: bool
) -> None:
    """Answered together, in whatever order, the old answer is stale and the new one is stored."""
    texts = [
        {"content": text} if stage is Stage.HOOKS else {"content": text, "hook": text}
        for text in (OLD, NEW)
    ]
    post, before, same = (add_post(connection, **text) for text in (texts[0], *texts))
    worker = worker_of(database, stage)
    settler = settler_of(database, worker)
    claims = [claim for claim in settler.claim(None) if claim.post_id == post]
    change(connection, post, **texts[1])
    claims += settler.claim(None)
    assert [claim.content for claim in claims] == [OLD, NEW]
    if newest_first:
        claims.reverse()
    settler.settle(claims, worker.decide(claims))
    totals = settler.report.totals()
    assert (totals[Outcome.STALE], totals[Outcome.DONE]) == (1, 1)
    assert list(settler.report.written) == [post]
    assert stage not in flagged(connection, post)
    assert drift(connection) == []
    others = [*settler.held.values()]
    settler.settle(others, worker.decide(others))
    assert settler.held == {}
    column = VALUES[stage]
    assert read(connection, post, column) == read(connection, same, column)
    assert read(connection, post, column) != read(connection, before, column)


@pytest.mark.parametrize(
    ("verdict", "outcome"),
    [
        (Retry("late", "It comes late."), Outcome.RETRIED),
        (Reject("odd", "It is odd."), Outcome.REJECTED),
    ],
)
def test_failures_of_both_texts_count_once(
    connection: Connection, database: Database, verdict: Verdict[str], outcome: Outcome
) -> None:
    """Only the claim of the newest text is ended by its failure; the old one is stale."""
    post = add_post(connection, OLD)
    settler = settler_of(database, HookWorker())
    claims = [*settler.claim(None)]
    change(connection, post, content=NEW)
    claims += settler.claim(None)
    settler.settle(claims, [verdict] * 2)
    totals = settler.report.totals()
    assert (totals[Outcome.STALE], totals[outcome]) == (1, 1)
    assert settler.held == {}


def test_a_drain_that_has_both_texts_in_hand(connection: Connection, database: Database) -> None:
    """It claims the new text while the old one is being decided, and both are decided at once."""
    post = add_post(connection, OLD)
    asked = {text: threading.Event() for text in (OLD, NEW)}
    answered = {text: threading.Event() for text in (OLD, NEW)}
    both_asked = threading.Event()

    def decide(claims: Sequence[Claim]) -> Sequence[Verdict[str]]:
        [claim] = claims
        asked[claim.content].set()
        assert both_asked.wait(60)
        answered[claim.content].set()
        return everything_done(claims)

    class Slow(PostgresWorkQueue):
        """Claims later than the test has come to what it does meanwhile."""

        claims = 0

        def claim(
            self, stage: Stage, limit: int, days: DayRange | None, lease: timedelta
        ) -> Sequence[Claim]:
            self.claims += 1
            if self.claims == 2:
                eventually(asked[OLD].is_set)
                change(connection, post, content=NEW)
            if self.claims == 3:
                eventually(asked[NEW].is_set)
                both_asked.set()
                eventually(lambda: all(event.is_set() for event in answered.values()))
            return super().claim(stage, limit, days, lease)

    report = drain(
        *(ScriptedWorker(decide), Slow(database), PostgresWorkLog(database), FakeClock()),
        limits=Limits(lease=LEASE, in_flight=3),
    )
    totals = report.totals()
    assert (totals[Outcome.STALE], totals[Outcome.DONE]) == (1, 1)
    [done] = everything_done([Claim(post, 0, next(iter(report.days)), 1, 0, NEW)])
    assert isinstance(done, Done)
    assert read(connection, post, VALUES[HOOKS]) == done.value
