"""Embeddings of posts and taxonomy from OpenAI: what they cost, and what a kill costs."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.taxonomy import PostgresTaxonomy
from linkedin_pipeline.domain.labels import LABEL_STAGES
from linkedin_pipeline.domain.work import Outcome
from linkedin_pipeline.simulators.faults import Fault, Kind
from linkedin_pipeline.simulators.openai import OpenAISimulator
from linkedin_pipeline.simulators.serving import serving
from linkedin_pipeline_tests.end_to_end.embedding import embed_posts, embedder_over
from linkedin_pipeline_tests.waiting import eventually

Connection = psycopg.Connection[Any]


@pytest.fixture
def openai() -> Iterator[tuple[OpenAISimulator, str]]:
    """Serve a simulator of OpenAI, and give its base URL."""
    simulator = OpenAISimulator()
    with serving(simulator) as url:
        yield simulator, f"{url}/v1"


def add_posts(connection: Connection, count: int, length: int = 1_500) -> None:
    """Add posts of so many characters."""
    connection.execute(
        "insert into viral_posts_bank (content) select n || repeat(' some words', %s) "
        "from generate_series(1, %s) n",
        (length // 11, count),
    )


def embedded(connection: Connection) -> int:
    """Count the posts that have their vector and are not flagged."""
    [(count,)] = connection.execute(
        "select count(*) from viral_posts_bank where embedding is not null and not needs_embedding "
        "and embedding_model = 'openai:text-embedding-3-small'"
    ).fetchall()
    return int(count)


def kept(connection: Connection) -> int:
    """Count the answers that wait to be stored."""
    [(count,)] = connection.execute("select count(*) from ai_answers").fetchall()
    return int(count)


def test_posts_and_taxonomy_are_a_handful_of_requests(
    database_url: str, connection: Connection, openai: tuple[OpenAISimulator, str]
) -> None:
    """200 posts and the taxonomy that ships: five at most, and nothing stays behind."""
    simulator, url = openai
    add_posts(connection, 200)
    with Database(database_url) as database:
        taxonomy = PostgresTaxonomy(database, embedder_over(database, url))
        assert all(len(taxonomy.labels(stage)) > 5 for stage in LABEL_STAGES)
    assert embed_posts(database_url, url)[Outcome.DONE] == 200
    assert simulator.ledger.totals().calls <= 5
    assert embedded(connection) == 200
    assert kept(connection) == 0
    add_posts(connection, 1)
    with Database(database_url) as database:
        for stage in LABEL_STAGES:
            PostgresTaxonomy(database, embedder_over(database, url)).labels(stage)
    assert simulator.ledger.totals().calls <= 5


def test_a_kill_between_answer_and_write_back_pays_nothing_twice(
    database_url: str, connection: Connection, openai: tuple[OpenAISimulator, str]
) -> None:
    """SIGKILL after the answer was kept: the next process stores it without a request."""
    simulator, url = openai
    add_posts(connection, 30)
    command = [sys.executable, "-m", "linkedin_pipeline_tests.end_to_end.embedding"]
    process = subprocess.Popen(
        [*command, database_url, url, "hold"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "answered\n"
        process.send_signal(signal.SIGKILL)
        assert process.wait(60) == -signal.SIGKILL
    finally:
        process.kill()
        process.communicate()
    paid = simulator.ledger.totals().calls
    assert (paid, embedded(connection), kept(connection)) == (1, 0, 30)

    def over() -> bool:  # the lease of the dead must end
        embed_posts(database_url, url)
        return embedded(connection) == 30

    eventually(over)
    assert simulator.ledger.totals().calls == paid
    assert kept(connection) == 0


def test_a_bad_post_is_a_dead_letter_and_the_others_are_stored(
    database_url: str, connection: Connection, openai: tuple[OpenAISimulator, str]
) -> None:
    """With its reason, found by splitting; one row in ai_errors, none for the attempts."""
    simulator, url = openai
    add_posts(connection, 63, 100)
    connection.execute("insert into viral_posts_bank (content) values ('A poisoned post')")
    simulator.faults.add(Fault(Kind.BAD_REQUEST, contains="poisoned", times=None))
    totals = embed_posts(database_url, url)
    assert (totals[Outcome.DONE], totals[Outcome.REJECTED]) == (63, 1)
    assert simulator.ledger.totals().calls <= 1 + 2 * 6 + 1
    [row] = connection.execute("select error_code, error_message from ai_errors").fetchall()
    assert row[0] == "refused_by_model"
    assert "HTTP 400 (invalid_request_error" in row[1]
    assert "poisoned" not in row[1]


def test_an_outage_charges_no_post(
    database_url: str, connection: Connection, openai: tuple[OpenAISimulator, str]
) -> None:
    """A revoked key: nothing is lost, the posts are due again when the pause is over."""
    simulator, url = openai
    add_posts(connection, 20, 100)
    simulator.faults.add(Fault(Kind.INVALID_KEY, times=None))
    assert not any(embed_posts(database_url, url).values())
    [(attempts, soonest, latest)] = connection.execute(
        "select max(attempts), min(due_at - now()) > '30 seconds', max(due_at - now()) < '70 "
        "seconds' from post_work where stage = 'embeddings'"
    ).fetchall()
    assert (attempts, soonest, latest) == (0, True, True)
    simulator.faults.clear()
    connection.execute("update provider_pauses set until = clock_timestamp()")
    connection.execute("update post_work set due_at = now()")
    assert embed_posts(database_url, url)[Outcome.DONE] == 20
