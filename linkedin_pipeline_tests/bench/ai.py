"""Enrichment with paid models beside one call per item, on the same posts and simulator.

    scripts/bench ai [--posts FILE] [--count 2000] [--sample 200] [--latency 0.2]
                     [--requests-per-minute 150] [--tokens-per-minute 700000] [--burst 2]

Both ways get every post its vector and its three labels from a simulator in a process of its own,
each in a database of its own; ours through the drains that assets run, hooks included.  What one
call per item takes does not change from post to post, so it is measured on a sample.  Then ours
runs against rate limits: how much of what is allowed it uses, and how often it is refused.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.resources import as_file
from pathlib import Path
from typing import Any

import psycopg

from linkedin_pipeline.adapters.post_files import read_posts
from linkedin_pipeline.database.archive import PostgresPostArchive
from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.log import PostgresWorkLog
from linkedin_pipeline.database.migrate import migrate
from linkedin_pipeline.database.queue import PostgresWorkQueue
from linkedin_pipeline.database.taxonomy import PostgresTaxonomy
from linkedin_pipeline.domain.ai import Model
from linkedin_pipeline.domain.bank import NewPost
from linkedin_pipeline.domain.labels import LABEL_STAGES
from linkedin_pipeline.samples import posts_file
from linkedin_pipeline.settings import PROJECT_ROOT
from linkedin_pipeline.simulators.buckets import Limits as RateLimits
from linkedin_pipeline.simulators.sandbox import KEY
from linkedin_pipeline.wiring import Providers, build_providers
from linkedin_pipeline.workers.engine import Limits, drain
from linkedin_pipeline.workers.labels import LabelWorker
from linkedin_pipeline.workers.report import DrainReport, Stop
from linkedin_pipeline.workers.stages import EmbeddingWorker, HookWorker, PostWorker
from linkedin_pipeline_tests.bench.meter import Bench, Cost, running_bench
from linkedin_pipeline_tests.bench.per_item import AT_A_TIME, PAUSE, PerItem
from linkedin_pipeline_tests.bench.simulated import (
    CLASSIFICATION,
    EMBEDDING,
    Counted,
    Simulated,
    simulated,
)

SHARED = PROJECT_ROOT.parent / "shared" / "data" / "posts.jsonl"
NOTHING = Counted(0, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Way:
    """What one way of enrichment took for so many posts; processor times in seconds a post."""

    posts: int
    cost: Cost
    simulator: float
    counted: Counted
    dollars: float

    @property
    def rate(self) -> float:
        """Posts a second."""
        return 1 / self.cost.clock


class Ours:
    """The drains of one run, as the assets of `defs.enrichment` build their workers."""

    def __init__(self, providers: Providers, database: Database) -> None:
        self.providers = providers.bound(database)
        self.database = database

    def enrich(self) -> Iterator[DrainReport]:
        """Drain all five stages."""
        yield self._drain(HookWorker())
        yield self._drain(EmbeddingWorker(self.providers.embedder))
        yield from self.label()

    def label(self) -> Iterator[DrainReport]:
        """Drain the three label stages."""
        taxonomy = PostgresTaxonomy(self.database, self.providers.embedder)
        chosen_from = {stage: taxonomy.labels(stage) for stage in LABEL_STAGES}
        for stage in LABEL_STAGES:
            yield self._drain(LabelWorker(stage, self.providers.classifier, chosen_from))

    def hooks(self) -> None:
        """Drain the stage that needs no model."""
        self._drain(HookWorker())

    def _drain(self, worker: PostWorker[Any]) -> DrainReport:
        queue, log = PostgresWorkQueue(self.database), PostgresWorkLog(self.database)
        limits = Limits(budget=3600)
        report = drain(worker, queue, log, self.providers.clock, limits=limits)
        if report.stop is not Stop.EMPTY:
            raise SystemExit(f"{worker.stage} stopped: {report.stop} ({report.reason})")
        return report


def texts(path: Path | None, wanted: int) -> list[NewPost]:
    """Return posts of a file, else of the shared data, else the samples; numbered when repeated."""
    now = datetime.now(UTC)
    source = path or (SHARED if SHARED.exists() else None)
    if source is not None:
        found = list(read_posts(source, now))
    else:
        with as_file(posts_file()) as samples:
            found = list(read_posts(samples, now))
    found = [post for post in found if any(map(str.isalpha, post.content))]
    chosen: list[NewPost] = []
    for turn in range(-(-wanted // len(found))):
        again = f"\n\n{turn + 1}" if turn else ""
        for post in found[: wanted - len(chosen)]:
            key = f"{post.key}{again}"
            chosen.append(replace(post, key=key, content=f"{post.content}{again}"))
    return chosen


def ours(bench: Bench, server: Simulated, posts: Sequence[NewPost], *, index: bool) -> Way:
    """Enrich everything our way."""
    url, costs, reports = (
        _database(bench, "ours", posts, index=index),
        list[Cost](),
        list[DrainReport](),
    )
    providers = build_providers(server.settings(url))
    before = server.processor_time()
    with bench.measured(costs, len(posts)), providers.database() as database:
        reports.extend(Ours(providers, database).enrich())
    for report in reports:
        said = report.results()
        parts = ", ".join(f"{part} {seconds:.2f}" for part, seconds in report.spent.items())
        print(f"  {report.stage:26} {said['seconds']:6} s in {report.batches:4} batches ({parts})")
    return _way(url, server, len(posts), costs[0], before)


def per_item(bench: Bench, server: Simulated, posts: Sequence[NewPost], *, index: bool) -> Way:
    """Enrich a sample the other way; hooks, which cost nothing, are there already."""
    url, costs = _database(bench, "per_item", posts, index=index), list[Cost]()
    providers = build_providers(server.settings(url).key_free())
    with Database(url) as database:
        Ours(providers, database).hooks()
        taxonomy = PostgresTaxonomy(database, providers.embedder)
        labels = {stage: taxonomy.labels(stage) for stage in LABEL_STAGES}
    before = server.processor_time()
    with (
        bench.measured(costs, len(posts)),
        psycopg.connect(url, autocommit=True) as connection,
    ):
        worker = PerItem.at(connection, f"{server.url}/openai/v1", KEY)
        done = [worker.embed(), *(worker.label(stage, labels[stage]) for stage in LABEL_STAGES)]
    if set(done) != {len(posts)}:
        raise SystemExit(f"Of {len(posts)} posts, {done} were done.")
    return _way(url, server, len(posts), costs[0], before)


def against_limits(
    bench: Bench, posts: Sequence[NewPost], latency: float, limits: RateLimits, what: str
) -> None:
    """Label everything under a rate limit, and print how much of it was used."""
    with simulated(latency, limits) as server:
        url = _database(bench, f"limited_{what}", posts)
        providers = build_providers(server.settings(url))
        with providers.database() as database:
            ours = Ours(providers, database)
            ours.hooks()
            list(ours.label())
        calls = server.calls(CLASSIFICATION)
    let_in = [call for call in calls if call["accepted"]]
    seconds = let_in[-1]["at"] - let_in[0]["at"]
    if what == "requests":
        used, minute = float(len(let_in)), limits.requests_per_minute
    else:
        billed = [call["usage"] for call in let_in]
        used = sum(one["input_tokens"] + one["output_tokens"] for one in billed)
        minute = limits.tokens_per_minute
    allowed = minute / 60 * (seconds + limits.burst_seconds)
    print(
        f"  {minute:>9,.0f} {what:8} a minute: {used:>9,.0f} used in {seconds:5.1f} s, "
        f"{used / allowed:6.1%} of {allowed:,.0f} allowed (burst included); "
        f"{len(calls) - len(let_in)} refused of {len(calls)} calls"
    )


def _database(bench: Bench, name: str, posts: Sequence[NewPost], *, index: bool = True) -> str:
    url = bench.database(name)
    migrate(url)
    with Database(url) as database:
        PostgresPostArchive(database).add(posts)
    with psycopg.connect(url, autocommit=True) as connection:
        if not index:
            connection.execute("drop index post_vectors_even, post_vectors_odd")
        connection.execute("vacuum analyze")
        connection.execute("checkpoint")
    return url


def _way(url: str, server: Simulated, posts: int, cost: Cost, before: float) -> Way:
    simulator = (server.processor_time() - before) / posts
    counted = {model: server.counted(model) for model in (EMBEDDING, CLASSIFICATION)}
    dollars = sum(_price(url, model, one) for model, one in counted.items())
    return Way(posts, cost, simulator, sum(counted.values(), NOTHING), dollars)


def _price(url: str, model: Model, counted: Counted) -> float:
    with psycopg.connect(url) as connection:
        [(price,)] = connection.execute(
            "select ai_price(%s, %s, %s, %s, %s, false)",
            [model.provider, model.name, counted.input, counted.cached, counted.output],
        ).fetchall()
    return float(price)


def _show(name: str, way: Way) -> None:
    counted, posts = way.counted, way.posts
    print(
        f"{name:12} {posts:6,} {way.rate:10,.1f} {counted.calls / posts:10.3f} "
        f"{counted.input / posts:9,.0f} {counted.cached / posts:9,.0f} "
        f"{counted.output / posts:9,.0f} {1000 * way.dollars / posts:12.4f}   "
        f"{1e3 * way.cost.worker:7.2f} {1e3 * way.cost.server:8.2f} {1e3 * way.simulator:9.2f}"
    )


def compare(bench: Bench, options: argparse.Namespace, posts: Sequence[NewPost]) -> None:
    """Print both ways, and the ratios."""
    index = not options.without_index
    print(f"\nOurs, {len(posts):,} posts, seconds of each stage (parts summed over threads):")
    with simulated(options.latency) as server:
        new = ours(bench, server, posts, index=index)
    with simulated(options.latency) as server:
        old = per_item(bench, server, posts[: options.sample], index=index)
    print(f"\n{'':12} {'':6} {'':10} {'a post:':>10} {'tokens a post:':>29} {'USD per':>12}")
    print(
        f"{'':12} {'posts':>6} {'posts a s':>10} {'calls':>10} {'input':>9} {'cached':>9} "
        f"{'output':>9} {'1,000 posts':>12}   {'CPU, ms a post: ours, database, simulator'}"
    )
    _show("ours", new)
    _show("per item", old)
    print(
        f"\nours to per item: {new.rate / old.rate:.1f} times the throughput, "
        f"1/{old.counted.calls / old.posts / (new.counted.calls / new.posts):.0f} of the calls, "
        f"1/{old.dollars / old.posts * new.posts / new.dollars:.1f} of the price"
    )
    print(
        f"per item: four kinds one after the other, {AT_A_TIME} posts at a time, {PAUSE:.1f} s "
        f"pause, on a sample of {old.posts}; all four side by side would be "
        f"{4 * old.rate:.1f} posts a second at most"
    )
    busy = new.cost.worker + new.cost.server + new.simulator
    print(
        f"ours: at most {1 / new.simulator:,.0f} posts a second from this simulator, "
        f"{1 / new.cost.worker:,.0f} from our process, {1 / new.cost.server:,.0f} from one core "
        f"of the database; {busy / new.cost.clock:.2f} cores were busy of {os.cpu_count()}"
    )


def main() -> None:
    """Read the arguments, start servers, print."""
    parser = argparse.ArgumentParser(prog="scripts/bench ai", description=__doc__)
    parser.add_argument("--posts", type=Path)
    parser.add_argument("--count", type=int, default=2_000)
    parser.add_argument("--sample", type=int, default=200)
    parser.add_argument("--latency", type=float, default=0.2)
    parser.add_argument("--requests-per-minute", type=float, default=150)
    parser.add_argument("--tokens-per-minute", type=float, default=700_000)
    parser.add_argument("--burst", type=float, default=2, help="seconds; 60 is a minute's worth")
    parser.add_argument(
        "--without-index", action="store_true", help="drop the search index first, for both"
    )
    options = parser.parse_args()
    posts = texts(options.posts, options.count)
    with running_bench() as bench:
        compare(bench, options, posts)
        print("\nOurs against rate limits (labels only):")
        generous = RateLimits(burst_seconds=options.burst)
        for what, minute in (
            ("requests", options.requests_per_minute),
            ("tokens", options.tokens_per_minute),
        ):
            if minute:
                limits = replace(generous, **{f"{what}_per_minute": minute})
                against_limits(bench, posts, options.latency, limits, what)


if __name__ == "__main__":
    main()
