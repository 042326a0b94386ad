"""Enrichment in this process, interrupted: claims are given back, no signal is forgotten."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg
import psycopg
import pytest

from linkedin_pipeline.defs import in_process
from linkedin_pipeline.domain.work import Stage
from linkedin_pipeline.wiring import Providers
from linkedin_pipeline_tests.defs.enriching import Clock, Enrichment, Flaky
from linkedin_pipeline_tests.fakes import HashEmbedder
from linkedin_pipeline_tests.sql.bank import add_post, rows, value

Connection = psycopg.Connection[Any]
ONE = (Stage.EMBEDDINGS,)


@pytest.fixture
def enrichment(
    providers: Providers, instance: dg.DagsterInstance, connection: Connection
) -> Enrichment:
    """Give an enrichment over a database of the test's own."""
    return Enrichment(providers, instance, Clock(connection))


@pytest.fixture
def default_signals() -> Iterator[None]:
    """Make sure that a signal sent to ourselves interrupts, and put the handlers back."""
    before = [(number, signal.getsignal(number)) for number in (signal.SIGINT, signal.SIGTERM)]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for number, handler in before:
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.usefixtures("default_signals")
def test_an_interruption_gives_claims_back(
    enrichment: Enrichment, connection: Connection, number: signal.Signals
) -> None:
    """A signal in the middle of a batch ends the enrichment, and the posts are due at once."""
    add_post(connection, "A post.")
    called, over = threading.Event(), threading.Event()

    class Slow(HashEmbedder):
        def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
            called.set()
            os.kill(os.getpid(), number)
            over.wait(60)
            return super().embed(texts)

    with pytest.raises(KeyboardInterrupt):
        enrichment(Slow(), only=ONE)
    over.set()
    assert called.is_set()
    assert rows(
        connection,
        "select token, due_at <= now(), attempts from post_work where stage = 'embeddings'",
    ) == [(None, True, 0)]


@pytest.mark.usefixtures("default_signals")
def test_a_process_in_the_background_can_be_ended_while_it_waits(
    enrichment: Enrichment, connection: Connection
) -> None:
    """A shell lets such a process ignore SIGINT; SIGTERM still ends it, also after a run."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    add_post(connection, "A post.")
    enrichment.clock.on_sleep = lambda: os.kill(os.getpid(), signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt):
        enrichment(Flaky(ValueError("odd")), only=ONE)
    assert enrichment.clock.slept <= in_process.LOOK_EVERY
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


@pytest.mark.usefixtures("default_signals")
def test_an_interruption_between_steps_is_not_forgotten(
    enrichment: Enrichment, connection: Connection
) -> None:
    """Dagster drops a signal that comes while it writes down the end of a run; we do not."""
    for days in (0, 100):
        connection.execute(
            "insert into viral_posts_bank (content, created_at) "
            "values ('A post.', now() - make_interval(days => %s))",
            (days,),
        )
    instance = enrichment.instance
    handle = instance.handle_new_event

    def interrupt(event: Any, **more: Any) -> None:
        handle(event, **more)
        if event.is_dagster_event and event.dagster_event_type is dg.DagsterEventType.RUN_SUCCESS:
            os.kill(os.getpid(), signal.SIGINT)

    instance.handle_new_event = interrupt  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        enrichment(only=ONE)
    assert value(connection, "select count(*) from post_work where stage = 'embeddings'") == 1
