"""The price of a claim, and of a sweep for stale leases, at any size of the backlog."""

from __future__ import annotations

import time
from collections.abc import Sequence
from statistics import median
from typing import Any

import psycopg

from linkedin_pipeline.database.migrate import migrate
from linkedin_pipeline_tests.bench.meter import Bench

TEXT = "A post of about a kilobyte, as people write them. " * 20


def price_claims(bench: Bench, sizes: Sequence[int], batch: int) -> None:
    """Print what a claim costs at each size of the backlog, over 300 days."""
    print(f"\nclaims of {batch} by pending posts, over 300 days; medians of 20 after 5")
    print(
        f"{'pending':>10} {'claim, µs a post':>18} {'pages a claim':>14} {'stale release, ms':>18}"
    )
    for size in sizes:
        url = bench.database(f"pending_{size}")
        migrate(url)
        with psycopg.connect(url, autocommit=True, prepare_threshold=None) as connection:
            connection.execute("set session_replication_role = replica")  # minutes, with triggers
            connection.execute(
                "insert into viral_posts_bank (content, created_at) "
                "select %s || n, now() - n %% 300 * interval '1 day' "
                "from generate_series(1, %s) as n",
                [TEXT, size],
            )
            connection.execute(
                "insert into post_work (post_id, stage, day) "
                "select id, 'hooks', post_day(created_at) from viral_posts_bank"
            )
            connection.execute("vacuum analyze")
            connection.execute("checkpoint")
            times, pages = [], []
            for _ in range(25):
                seconds, touched = _claim_once(connection, batch)
                times.append(seconds)
                pages.append(touched)
            start = time.perf_counter()
            connection.execute("select release_stale_embedding_locks()")
            stale = time.perf_counter() - start
            print(
                f"{size:>10,} {1e6 * median(times[5:]) / batch:>18.1f} {median(pages[5:]):>14,.0f} "
                f"{1e3 * stale:>18.1f}"
            )


def _claim_once(connection: psycopg.Connection[Any], batch: int) -> tuple[float, int]:
    """Claim and put back; return the seconds of one claim and the pages of another."""
    claim = "claim_work('hooks', %s, null, null, '1 minute')"
    start = time.perf_counter()
    held = connection.execute(f"select * from {claim}".encode(), [batch]).fetchall()
    seconds = time.perf_counter() - start
    connection.execute(
        "select retry_claims('hooks', %s, %s, array_fill(interval '0', array[%s]), false)",
        [[row[0] for row in held], [row[3] for row in held], len(held)],
    )
    with connection.transaction(force_rollback=True):
        explain = f"explain (analyze, buffers, format json) select * from {claim}"
        [(plan,)] = connection.execute(explain.encode(), [batch]).fetchall()
    top = plan[0]["Plan"]
    return seconds, top["Shared Hit Blocks"] + top["Shared Read Blocks"]
