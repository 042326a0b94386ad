"""The whole way of a post on the embedded database: load, enrich, search, report."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.resources import as_file
from pathlib import Path

from rich.console import Console

from linkedin_pipeline.adapters.post_files import read_posts
from linkedin_pipeline.commands.enriching import enrich_shown, show_rest, show_totals
from linkedin_pipeline.commands.overview import show_health, show_label_mix, show_styles
from linkedin_pipeline.commands.search import searching_embedder, show_found
from linkedin_pipeline.database.archive import PostgresPostArchive
from linkedin_pipeline.database.commands import search
from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.status import bank_counts
from linkedin_pipeline.domain.embeddings import embedded_text
from linkedin_pipeline.domain.work import Stage
from linkedin_pipeline.samples import posts_file
from linkedin_pipeline.wiring import Providers

QUERIES = (
    "how to hire your first salesperson",
    "télétravail et confiance dans l'équipe",
    "a mistake that taught me something",
)


def demo(providers: Providers, console: Console, posts: Path | None = None) -> bool:
    """Run the demo and say what was done; return whether everything worked.

    Raises:
        PipelineError: the file or a setting cannot be used, or the database does not answer.
    """
    with providers.database() as database:
        _load(console, database, posts)
        started = time.monotonic()
        runs = enrich_shown(providers, console)
        show_totals(console, runs, time.monotonic() - started)
        show_rest(console, database, tuple(Stage), runs)
        show_label_mix(console, database)
        failed = show_styles(console, database, providers)
        show_health(console, providers)
        embedder = searching_embedder(providers, database)
        for query in QUERIES:
            console.print()
            console.print(f"Search: {query}", style="bold")
            vector = embedder.embed([embedded_text(query)])[0]
            show_found(console, search(database, vector, threshold=-1.0, count=3))
        _say_what_there_is(console, database)
        return not failed and not any(run.error for run in runs)


def _load(console: Console, database: Database, posts: Path | None) -> None:
    started = time.monotonic()
    with _source(posts) as source:
        posts_read = read_posts(source, datetime.now(UTC))
        added = PostgresPostArchive(database).add(posts_read).added
    if added:
        seconds = time.monotonic() - started
        console.print(f"Loaded {added:,} posts from {source.name} in {seconds:.1f} s.")
    else:
        console.print(f"Every post of {source.name} is in the bank already: nothing added.")


@contextmanager
def _source(posts: Path | None) -> Iterator[Path]:
    if posts is not None:
        yield posts
        return
    with as_file(posts_file()) as samples:
        yield samples


def _say_what_there_is(console: Console, database: Database) -> None:
    counts = bank_counts(database)
    console.print()
    console.print(
        f"The bank now holds {counts.posts:,} posts by {counts.authors:,} authors: "
        f"{counts.hooks:,} with a hook, {counts.embeddings:,} with an embedding, "
        f"{counts.topics:,} with a topic."
    )
    console.print()
    console.print("Where to look next (the commands are in .venv/bin):")
    console.print("  scripts/dev                        Dagster's pages on http://127.0.0.1:3000")
    console.print("  linkedin-pipeline search TEXT      your own questions")
    console.print("  linkedin-pipeline status           what waits, what failed, what there is")
    console.print("  linkedin-pipeline db psql          a prompt in the database")
