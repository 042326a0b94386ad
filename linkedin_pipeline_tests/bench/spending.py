"""What the database spends on a post from insert to fully enriched, the providers left out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from pgvector import Vector
from pgvector.psycopg import register_vector

from linkedin_pipeline_tests.bench.clusters import MODEL, Bank

POSTS = 500
BATCH = 100


def spent(connection: psycopg.Connection[Any], url: str, bank: Bank) -> str:
    """Insert posts and carry each through all five stages with values at hand; return a line.

    Processor time is the serving process's own; WAL is read before and after, after a checkpoint's
    full pages were written once by a first round that does not count.
    """
    with psycopg.connect(url, autocommit=True) as worker:
        register_vector(worker)
        labels = [
            worker.execute(f"select id from {table} limit 1".encode()).fetchone()
            for table in ("hook_types", "topics", "audiences")
        ]
        _enrich(worker, bank, labels)
        before = _seconds(worker), _wal(worker)
        _enrich(worker, bank, labels)
        seconds, written = _seconds(worker) - before[0], _wal(worker) - before[1]
    return (
        f"a fully enriched post: {seconds / POSTS * 1e3:.2f} ms of database processor time, "
        f"{written / POSTS / 1024:.1f} KB of WAL ({POSTS} posts, batches of {BATCH})"
    )


def _enrich(worker: psycopg.Connection[Any], bank: Bank, labels: list[Any]) -> None:
    _, vectors = bank.source.draw(POSTS)
    rest = iter(vectors)
    posts = [(uuid4(), f"{number} A text of some length. " * 40) for number in range(POSTS)]
    with worker.cursor() as cursor:
        cursor.executemany("insert into viral_posts_bank (id, content) values (%s, %s)", posts)
    for stage, label in (
        ("hooks", None),
        ("embeddings", None),
        ("hook_classifications", labels[0]),
        ("topic_classifications", labels[1]),
        ("audience_classifications", labels[2]),
    ):
        while held := worker.execute(
            "select post_id, claim_token from claim_work(%s, %s, null, null, interval '1 minute')",
            [stage, BATCH],
        ).fetchall():
            keys = [row[0] for row in held], [row[1] for row in held]
            if stage == "hooks":
                worker.execute(
                    "select * from store_hooks(%s, %s, %s)", [*keys, ["A hook."] * len(held)]
                )
            elif stage == "embeddings":
                given = [Vector(next(rest)) for _ in held]
                worker.execute(
                    "select * from store_embeddings(%s, %s, %b::vector[], %s)",
                    [*keys, given, MODEL],
                )
            else:
                assert label is not None
                worker.execute(
                    "select * from store_labels(%s, %s, %s, %s, %s::real[], %s)",
                    [
                        *(stage, *keys, [label[0]] * len(held)),
                        *([1.0] * len(held), ["bench"] * len(held)),
                    ],
                )


def _seconds(connection: psycopg.Connection[Any]) -> float:
    fields = (
        Path(f"/proc/{connection.info.backend_pid}/stat").read_text().rpartition(")")[2].split()
    )
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _wal(connection: psycopg.Connection[Any]) -> float:
    row = connection.execute("select pg_current_wal_insert_lsn() - '0/0'::pg_lsn").fetchone()
    assert row is not None
    return float(row[0])
