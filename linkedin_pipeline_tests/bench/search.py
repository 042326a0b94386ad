"""Semantic search at size: recall, rows and time by filter, beside the plain query.

``scripts/bench search [POSTS]`` makes a bank of clustered vectors (100,000 posts by default) on a
server of its own, builds the index, and asks every question twice, in turns: through
``match_viral_posts_filtered``, and as the plain ``where … order by embedding <=> q limit k`` on the
same index.  Then it enriches posts at that size and reads what the database spent on each.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg
from pgvector import Vector
from psycopg import sql
from psycopg.types.json import Jsonb

from linkedin_pipeline_tests.bench.clusters import Bank, fill
from linkedin_pipeline_tests.bench.servers import fresh_server
from linkedin_pipeline_tests.bench.spending import spent

QUERIES = 100
COUNT = 10

_PLAIN = """
select b.id from viral_posts_bank b join post_vectors v on v.post_id = b.id
where v.model_id = 1 and v.model_id %% 2 = 1 and {condition}
order by v.embedding <=> %(query)s::halfvec(1536) limit %(count)s
"""
_EXACT = _PLAIN.replace(
    "<=> %(query)s::halfvec(1536)", "<=> %(query)s::halfvec(1536)) + 0"
).replace("order by v", "order by (v")


@dataclass(frozen=True, slots=True)
class Question:
    """One kind of filter: what is asked of each query, and the same as a condition on ``b``."""

    name: str
    filters: Sequence[Mapping[str, Any]]
    conditions: Sequence[str]


def questions(connection: psycopg.Connection[Any], bank: Bank) -> list[Question]:
    """Return filters that pass 100, 10, 1 and 0.1 %, and correlated ones."""
    asked = [Question("none (100 %)", [{}] * QUERIES, ["true"] * QUERIES)]
    for share in (0.1, 0.01, 0.001):
        row = connection.execute(
            "select percentile_disc(%s) within group (order by likes) from viral_posts_bank",
            [1 - share],
        ).fetchone()
        assert row is not None
        least = float(row[0])
        asked.append(
            Question(
                f"likes ({share:.1%})",
                [{"min_likes": least}] * QUERIES,
                [f"b.likes >= {least}"] * QUERIES,
            )
        )
    own = [bank.topics[bank.topic_of(cluster)] for cluster in bank.asked]
    other = [bank.topics[(bank.topic_of(c) + 7) % len(bank.topics)] for c in bank.asked]
    for name, topics in (("topic of the query's cluster", own), ("topic of other clusters", other)):
        asked.append(
            Question(
                f"{name} ({1 / len(bank.topics):.0%})",
                [{"topic_id": str(topic)} for topic in topics],
                [f"b.topic_id = '{topic}'" for topic in topics],
            )
        )
    return asked


def measure(connection: psycopg.Connection[Any], bank: Bank, question: Question) -> str:
    """Ask all queries in turns and return one line: time and recall of both ways."""
    times: dict[str, list[float]] = {"ours": [], "plain": []}
    recall: dict[str, list[float]] = {"ours": [], "plain": []}
    rows: dict[str, list[int]] = {"ours": [], "plain": []}
    for query, filters, condition in zip(
        bank.queries, question.filters, question.conditions, strict=True
    ):
        values = {"query": Vector(query), "count": COUNT, "filters": Jsonb(dict(filters))}
        exact = _ids(connection, _EXACT, condition, values)
        for way, statement in (
            ("plain", _PLAIN),
            (
                "ours",
                "select id from match_viral_posts_filtered(%(query)s, %(filters)s, -1, %(count)s)",
            ),
        ):
            started = time.perf_counter()
            found = _ids(connection, statement, condition, values)
            times[way].append((time.perf_counter() - started) * 1e3)
            recall[way].append(len(found & exact) / len(exact))
            rows[way].append(len(found))
    cells = [
        f"{_p(times[way], 50):7.1f} {_p(times[way], 95):7.1f}  {statistics.mean(recall[way]):6.3f} "
        f"{statistics.mean(rows[way]):6.1f}"
        for way in ("ours", "plain")
    ]
    ratio = _p(times["plain"], 95) / _p(times["ours"], 95)
    return f"{question.name:36} | {cells[0]} | {cells[1]} | {ratio:5.2f}"


def _ids(
    connection: psycopg.Connection[Any], statement: str, condition: str, values: Mapping[str, Any]
) -> set[Any]:
    text = sql.SQL(statement.replace("{condition}", condition))
    return {row[0] for row in connection.execute(text, values, prepare=False)}


def _p(times: Sequence[float], percent: int) -> float:
    return float(np.percentile(times, percent))


def main() -> int:
    """Run the comparison and print it."""
    posts = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with fresh_server() as url, psycopg.connect(url, autocommit=True) as connection:
        print(f"{posts:,} posts, {QUERIES} queries a line, in turns; milliseconds", flush=True)
        bank = fill(connection, posts, QUERIES)
        print(f"index built in {bank.build_seconds:.0f} s, {bank.index_bytes / 2**20:.0f} MB")
        print(
            f"{'filter':36} | {'ours: p50':>9} {'p95':>5}  recall   rows | "
            f"{'plain: p50':>9} {'p95':>5}  recall   rows | p95 plain/ours"
        )
        for question in questions(connection, bank):
            print(measure(connection, bank, question), flush=True)
        for row in connection.execute("select * from search_recall(20)"):
            print(f"search_recall: {row[0]:14} {row[1]:3} samples {row[2]:.3f}")
        print(spent(connection, url, bank))
    return 0


if __name__ == "__main__":
    sys.exit(main())
