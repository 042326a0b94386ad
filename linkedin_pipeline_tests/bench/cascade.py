"""How often near neighbours know a text's label, and what it costs to ask them.

    scripts/bench cascade [--data DIRECTORY]

SIB-200's train and dev sentences are posts whose topic people chose, stored as a model's; each test
sentence asks its neighbours (`neighbour_labels`) at several similarities, vectors of the local
embedder.  Another model's similarities are others: the thresholds are no advice for it.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import psycopg
from pgvector import Vector
from pgvector.psycopg import register_vector

from linkedin_pipeline.adapters.local_embedder import LocalEmbedder
from linkedin_pipeline.database.migrate import migrate
from linkedin_pipeline.settings import LOCAL_EMBEDDING_MODEL, PROJECT_ROOT
from linkedin_pipeline_tests.bench.meter import running_bench

SHARED = PROJECT_ROOT.parent / "shared" / "data"
THRESHOLDS = (0.3, 0.35, 0.4, 0.45, 0.5)
MODEL = "people"
ADD = """
insert into viral_posts_bank (
    content, topic_id, topic_model, embedding, embedding_model, needs_hook_extraction
) values (%s, %s, %s, %s, %s, false) returning id
"""
ASK = "select * from neighbour_labels('topic_classifications', %s, %s, %s)"


def measure(connection: psycopg.Connection, rows: list[dict[str, str]], language: str) -> None:
    """Fill a bank with one language and print what neighbours say of its test part."""
    connection.execute("delete from viral_posts_bank")
    vectors = LocalEmbedder(LOCAL_EMBEDDING_MODEL).embed([row["text"] for row in rows])
    topics = {row["label"] for row in rows}
    ids = {
        name: connection.execute(
            "insert into topics (name) values (%s) returning id", [f"{name} {language}"]
        ).fetchone()
        for name in topics
    }
    truth = {}
    for row, numbers in zip(rows, vectors, strict=True):
        asked = row["split"] == "test"
        [topic] = ids[row["label"]] or [None]
        given = [None, None] if asked else [topic, MODEL]
        values = [row["text"], *given, Vector(list(numbers)), LOCAL_EMBEDDING_MODEL]
        added = connection.execute(ADD, values).fetchone()
        if asked and added:
            truth[added[0]] = topic
    for threshold in THRESHOLDS:
        started = time.perf_counter()
        said = connection.execute(ASK, [list(truth), MODEL, threshold]).fetchall()
        spent = (time.perf_counter() - started) / len(truth)
        right = sum(truth[post] == label for post, label, _ in said)
        print(
            f"{language:8} {threshold:9.2f} {len(said):4} of {len(truth)} "
            f"{len(said) / len(truth):6.0%} {right / max(len(said), 1):8.1%} {1e3 * spent:8.1f}"
        )


def main() -> None:
    """Read the arguments, start a server, print."""
    parser = argparse.ArgumentParser(prog="scripts/bench cascade", description=__doc__)
    parser.add_argument("--data", type=Path, default=SHARED)
    data = parser.parse_args().data
    with running_bench() as bench:
        url = bench.database("cascade")
        migrate(url)
        print(f"{'language':8} {'threshold':>9} {'decided':>18} {'right':>8} {'ms a post':>10}")
        with psycopg.connect(url, autocommit=True) as connection:
            register_vector(connection)
            for language in ("en", "fr"):
                lines = (data / f"labelled_sib200_{language}.jsonl").read_text(encoding="utf-8")
                measure(connection, [json.loads(line) for line in lines.splitlines()], language)


if __name__ == "__main__":
    main()
