"""The work queue beside two others on one server, and the price of a claim at any backlog.

    scripts/bench queue [--jobs 20000] [--rounds 5] [--batch 100] [--sizes 1000,1000000]

Rounds alternate, so that whatever else the machine does falls on all alike: trust the ratios.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Protocol
from uuid import UUID

import psycopg

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.log import PostgresWorkLog
from linkedin_pipeline.database.migrate import migrate
from linkedin_pipeline.database.queue import PostgresWorkQueue
from linkedin_pipeline.domain.labels import Choice
from linkedin_pipeline.domain.work import Claim, Done, Settled, Stage
from linkedin_pipeline.ports import WorkQueue
from linkedin_pipeline.wiring import SystemClock
from linkedin_pipeline.workers.engine import Limits, drain
from linkedin_pipeline.workers.stages import PostWorker
from linkedin_pipeline_tests.bench.claims import price_claims
from linkedin_pipeline_tests.bench.meter import Bench, Cost, running_bench, spread
from linkedin_pipeline_tests.bench.rivals import (
    PgQueuerCalls,
    PgQueuerWorker,
    ProcrastinateWorker,
)

TEXT = "A post of about a kilobyte, as people write them. " * 20


class Contestant(Protocol):
    """A queue in a database of its own."""

    name: str
    how: str
    url: str

    def fill(self, jobs: int) -> None:
        """Queue jobs; not measured."""

    def work(self) -> None:
        """Claim and write back everything, doing nothing in between; measured."""

    def left(self) -> int:
        """Count the jobs that are not done."""


class SameHook:
    """Finds the hook that is there already: what is written back changes nothing but the flag."""

    stage = Stage.HOOKS
    pace = None
    model = "bench:none"

    def decide(self, claims: Sequence[Claim]) -> Sequence[Done[str]]:
        """Return each post's hook as it is."""
        return [Done(claim.hook or "") for claim in claims]

    def store(self, queue: WorkQueue, claims: Sequence[Claim], values: Sequence[str]) -> Settled:
        """Write the hooks."""
        return queue.store_hooks(claims, values)


class OneTopic:
    """Gives every post the same topic, which is written to the bank and its indexes."""

    stage = Stage.TOPIC_CLASSIFICATIONS
    pace = None
    model = "bench:none"

    def __init__(self, topic: UUID) -> None:
        self.choice = Done(Choice(topic, 1.0))

    def decide(self, claims: Sequence[Claim]) -> Sequence[Done[Choice]]:
        """Choose the one there is."""
        return [self.choice] * len(claims)

    def store(self, queue: WorkQueue, claims: Sequence[Claim], values: Sequence[Choice]) -> Settled:
        """Write the topics."""
        return queue.store_labels(self.stage, claims, values, self.model)


class _Ours:
    flag = b"needs_hook_extraction"

    def __init__(self, url: str, batch: int) -> None:
        self.url = url
        self.batch = batch
        migrate(url)

    def worker(self) -> PostWorker[Any]:
        """Return what decides."""
        return SameHook()

    def fill(self, jobs: int) -> None:
        """Add finished posts, and raise the flag of one stage."""
        with psycopg.connect(self.url) as connection:
            connection.execute("truncate viral_posts_bank cascade")
            connection.execute(
                "insert into viral_posts_bank (content, hook, needs_embedding, "
                "needs_topic_classification, needs_audience_classification, hook_type_id) "
                "select %s || n, 'A hook.', false, false, false, "
                "(select id from hook_types limit 1) from generate_series(1, %s) as n",
                [TEXT, jobs],
            )
            connection.execute(b"update viral_posts_bank set " + self.flag + b" = true")

    def left(self) -> int:
        """Count the posts that are still wanted."""
        with psycopg.connect(self.url) as connection:
            [(left,)] = connection.execute(
                b"select count(*) from viral_posts_bank where " + self.flag
            ).fetchall()
        return int(left)

    def work(self) -> None:
        """Work everything off."""
        limits = Limits(batch_size=self.batch, budget=3600)
        with Database(self.url) as database:
            queue, log = PostgresWorkQueue(database), PostgresWorkLog(database)
            drain(self.worker(), queue, log, SystemClock(), limits=limits)


class OurDrain(_Ours):
    """The drain that assets run, with its log, heart-beats and look at the switch."""

    name = "our drain"
    how = "workers.engine.drain; posts come with their text, the hook each has is written again"


class OurTopics(_Ours):
    """The same with work that leaves something behind."""

    name = "our drain, topics"
    how = "the same, with a topic written to each post and to the index of topics"
    flag = b"needs_topic_classification"

    def worker(self) -> PostWorker[Any]:
        """Return what decides."""
        with psycopg.connect(self.url) as connection:
            [(topic,)] = connection.execute("select id from topics limit 1").fetchall()
        return OneTopic(topic)


class OurCalls(_Ours):
    """Claim and write-back one after the other, without the drain around them."""

    name = "our calls"
    how = "PostgresWorkQueue.claim and .store_hooks one after the other, no drain around them"

    def work(self) -> None:
        """Work everything off."""
        with Database(self.url) as database:
            queue = PostgresWorkQueue(database)
            while claims := queue.claim(Stage.HOOKS, self.batch, None, timedelta(seconds=30)):
                queue.store_hooks(claims, [claim.hook or "" for claim in claims])


def compare(bench: Bench, jobs: int, rounds: int, batch: int) -> None:
    """Print what a job costs each contestant, and the ratios round by round."""
    kinds: Sequence[Callable[[str, int], Contestant]] = [
        *(OurDrain, PgQueuerWorker, ProcrastinateWorker, OurCalls, PgQueuerCalls, OurTopics),
    ]
    contestants = [
        kind(bench.database(f"contest_{number}"), batch) for number, kind in enumerate(kinds)
    ]
    costs: dict[str, list[Cost]] = {contestant.name: [] for contestant in contestants}
    print(f"{jobs:,} jobs that do nothing, batches of {batch}, one worker, {rounds} rounds in turn")
    for contestant in contestants:
        print(f"  {contestant.name}: {contestant.how}")
    for number in range(rounds):
        for contestant in contestants if number % 2 else contestants[::-1]:
            contestant.fill(jobs)
            with psycopg.connect(contestant.url, autocommit=True) as connection:
                connection.execute("vacuum analyze")  # as a queue that has run for a while
                connection.execute("checkpoint")  # or one pays for what another wrote
            with bench.measured(costs[contestant.name], jobs):
                contestant.work()
            if left := contestant.left():
                raise SystemExit(f"{contestant.name} left {left} jobs")
    print(f"\n{'smallest / median / largest':30} {'jobs a second':>28}", end="")
    print(f" {'server CPU, µs a job':>24} {'worker CPU, µs a job':>24}")
    for name, seen in costs.items():
        rates = spread([1 / cost.clock for cost in seen], "{:,.0f}")
        server = spread([1e6 * cost.server for cost in seen], "{:,.0f}")
        worker = spread([1e6 * cost.worker for cost in seen], "{:,.0f}")
        print(f"{name:30} {rates:>28} {server:>24} {worker:>24}")
    print("\nhow many times as fast, and how many times less server CPU")
    for ours, theirs in (
        (OurDrain, PgQueuerWorker),
        (OurDrain, ProcrastinateWorker),
        (OurCalls, PgQueuerCalls),
        (OurTopics, PgQueuerWorker),
    ):
        pairs = list(zip(costs[ours.name], costs[theirs.name], strict=True))
        fast = spread([their.clock / our.clock for our, their in pairs])
        cheap = spread([their.server / our.server for our, their in pairs])
        print(f"{ours.name + ' : ' + theirs.name:45} {fast:>20} {cheap:>20}")


def main() -> None:
    """Read the arguments, start a server, print."""
    parser = argparse.ArgumentParser(prog="scripts/bench queue", description=__doc__)
    parser.add_argument("--jobs", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--sizes", default="1000,10000,100000,1000000")
    options = parser.parse_args()
    with running_bench() as bench:
        if options.rounds:
            compare(bench, options.jobs, options.rounds, options.batch)
        price_claims(bench, [int(size) for size in options.sizes.split(",") if size], options.batch)


if __name__ == "__main__":
    main()
