"""A process that is frozen while a paid model answers it, and wakes when its claims are over."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from linkedin_pipeline.domain.work import Outcome, Stage
from linkedin_pipeline.simulators.faults import Fault, Kind
from linkedin_pipeline_tests.paying import KEY, Line, paid_line
from linkedin_pipeline_tests.sql.bank import (
    VALUES,
    Held,
    add_post,
    add_taxonomy,
    change,
    claim,
    drift,
    flagged,
    read,
    reject,
    retry,
    rows,
    value,
    vector,
)
from linkedin_pipeline_tests.waiting import eventually

Connection = psycopg.Connection[Any]

LEASE = 1.5
TEXT = "A post about bread, the {} one."
FATES = (
    "released by hand",
    "released when stale",
    "taken over",
    "taken over and done",
    "taken over and put back",
    "taken over and given up",
    "done by a person",
    "deleted",
)


@pytest.fixture
def line(database_url: str) -> Iterator[Line]:
    """Give a simulated OpenAI."""
    with paid_line(database_url) as opened:
        yield opened


@contextmanager
def draining(line: Line, stage: Stage) -> Iterator[subprocess.Popen[str]]:
    """Start a process that drains a stage; it is gone afterwards, whatever happens."""
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "linkedin_pipeline_tests.end_to_end.paying_drain"),
            *(stage, str(LEASE)),
        ],
        env={
            **os.environ,
            "DATABASE_URL": line.database_url,
            "OPENAI_API_KEY": KEY,
            "OPENAI_BASE_URL": f"{line.url}/v1",
            "CLASSIFICATION_MODEL": "openai:gpt-5-mini",
        },
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def written(connection: Connection) -> list[Any]:
    """Return everything that a write-back could change."""
    return [
        rows(connection, "select b::text, b.xmin::text from viral_posts_bank b order by b.id"),
        rows(connection, "select w::text from post_work w order by w.post_id, w.stage"),
        rows(connection, "select v::text from post_vectors v order by v.post_id, v.model_id"),
        rows(connection, "select e::text from ai_errors e order by e.id"),
    ]


def meet(connection: Connection, stage: Stage, posts: dict[str, UUID]) -> None:
    """Let each post meet its fate, in the hands of others, once the leases are over."""
    where = f"stage = '{stage}' and lease_until < clock_timestamp()"
    eventually(lambda: value(connection, f"select count(*) from post_work where {where}") == 8)
    connection.execute("delete from viral_posts_bank where id = %s", [posts["deleted"]])
    by_a_person = (
        {"embedding": vector(1), "embedding_model": "test:person"}
        if stage is Stage.EMBEDDINGS
        else {"topic_id": add_taxonomy(connection)["topic_id"]}
    )
    change(connection, posts["done by a person"], **by_a_person)
    taken = {one.post_id: one for one in claim(connection, stage, lease=timedelta(hours=1))}
    assert len(taken) == 6, "all that is left lapsed"

    def held(fate: str) -> list[Held]:
        return [taken[posts[fate]]]

    finished = (
        {"embedding": vector(0, 1), "embedding_model": "test:other"}
        if stage is Stage.EMBEDDINGS
        else {"topic_id": add_taxonomy(connection)["topic_id"]}
    )
    change(connection, posts["taken over and done"], **finished)
    retry(connection, held("taken over and put back"), stage, delay=timedelta(hours=1))
    reject(connection, held("taken over and given up"), stage)
    if stage is Stage.EMBEDDINGS:
        by_hand = "select release_embedding_lock(%s)"
        assert value(connection, by_hand, posts["released by hand"])
    else:
        retry(connection, held("released by hand"), stage, charge=False)
    stale = held("released when stale")[0]
    connection.execute(
        "update post_work set lease_until = now() - interval '1 s' "
        "where post_id = %s and stage = %s",
        [stale.post_id, stage],
    )
    assert value(connection, "select release_stale_embedding_locks()") == 1


@pytest.mark.parametrize("stage", [Stage.EMBEDDINGS, Stage.TOPIC_CLASSIFICATIONS])
def test_a_frozen_payer_changes_nothing_when_it_wakes(
    line: Line, connection: Connection, stage: Stage
) -> None:
    """Whatever became of its posts meanwhile, all that it was answered is stale."""
    posts = {fate: add_post(connection, TEXT.format(fate), hook="Bread.") for fate in FATES}
    gate = line.simulator.faults.add(Fault(Kind.HOLD, contains="A post about bread"))
    with draining(line, stage) as process:
        eventually(lambda: gate.struck)
        leased = "select count(*) from post_work where token is not null"
        assert value(connection, leased) == len(FATES)
        process.send_signal(signal.SIGSTOP)
        meet(connection, stage, posts)
        # or it would take up, as anybody may, what lies free when it wakes
        connection.execute("update worker_feature_flags_v2 set is_enabled = false")
        before = written(connection)
        gate.release()
        process.send_signal(signal.SIGCONT)
        output, _ = process.communicate(timeout=60)
        assert process.returncode == 0
    assert json.loads(output) == {
        **dict.fromkeys(Outcome, 0),
        Outcome.STALE: len(FATES),
    }
    assert written(connection) == before
    assert drift(connection) == []
    waiting = posts["taken over and put back"]
    assert read(connection, waiting, VALUES[stage]) is None
    assert stage in flagged(connection, waiting)
    attempts = "select attempts from post_work where post_id = %s and stage::text = %s"
    assert value(connection, attempts, waiting, stage) >= 1, "the second worker's attempt"
