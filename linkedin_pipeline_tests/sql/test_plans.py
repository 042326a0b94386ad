"""What queue functions touch does not grow with the backlog: buffers counted, not time.

Every call is made with 1,000 and with 200,000 pending posts, each wanted by all five stages, which
are 1,000,000 rows of work; on tables that were never analysed and on analysed ones: a plan must be
right in both.  The sweep for stale leases is not among them, for it reads all the work there is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, LiteralString

import psycopg
import pytest

from linkedin_pipeline.domain.work import Stage
from linkedin_pipeline_tests.postgres import PostgresServer
from linkedin_pipeline_tests.sql.bank import Connection, claim, hook_of, keys, value

SMALL, LARGE = 1_000, 200_000
DAYS, MANY_DAYS = 30, 1_000
BATCH = 100
FILL_POSTS = """
insert into viral_posts_bank (content, created_at)
select 'Post ' || n, now() - n %% %s * interval '1 day' from generate_series(1, %s) as n
"""
FILL_WORK = """
insert into post_work (post_id, stage, day)
select id, stage, post_day(created_at)
from viral_posts_bank, unnest(enum_range(null::post_stage)) as stage
"""


@pytest.fixture(scope="module")
def filled(postgres_server: PostgresServer, migrated_template: str) -> Iterator[Mapping[int, str]]:
    """Give a database for each size."""
    with ExitStack() as stack:
        yield {
            size: stack.enter_context(fill(postgres_server, migrated_template, size, DAYS))
            for size in (SMALL, LARGE)
        }


@contextmanager
def fill(server: PostgresServer, template: str, posts: int, days: int) -> Iterator[str]:
    """Make a database filled without triggers, which would take minutes; yield its URL."""
    with server.database(template=template) as url:
        with server.superuser(url.rpartition("/")[2]) as superuser:
            superuser.execute("set session_replication_role = replica")
            superuser.execute(FILL_POSTS, [days, posts])
            superuser.execute(FILL_WORK)
        yield url


@pytest.fixture(scope="module", params=["never analysed", "analysed"])
def banks(
    request: pytest.FixtureRequest, filled: Mapping[int, str]
) -> Iterator[Mapping[int, Connection]]:
    """Give a connection for each size."""
    with ExitStack() as stack:
        opened = {
            size: stack.enter_context(psycopg.connect(url, autocommit=True))
            for size, url in filled.items()
        }
        for connection in opened.values():
            connection.prepare_threshold = None
            if request.param == "analysed":
                connection.execute("analyze viral_posts_bank, post_work")
        yield opened


def buffers(connection: Connection, statement: LiteralString, *values: Any) -> int:
    """Return how many pages a statement touched, those of functions that it calls included."""
    plan = value(connection, "explain (analyze, buffers, format json) " + statement, *values)
    top = plan[0]["Plan"]
    touched: int = top["Shared Hit Blocks"] + top["Shared Read Blocks"]
    return touched


def claim_buffers(connection: Connection) -> int:
    """Count for a claim of a batch."""
    return buffers(connection, "select * from claim_work('hooks', %s, null, null, '1 hour')", BATCH)


def ranged_claim_buffers(connection: Connection) -> int:
    """Count for a claim of a batch in the middle of the days."""
    return buffers(
        connection,
        "select * from claim_work('embeddings', %s, current_date - 20, current_date - 10, "
        "'1 hour')",
        BATCH,
    )


def public_claim_buffers(connection: Connection) -> int:
    """Count for a claim as callers make it that know only SQL."""
    return buffers(connection, "select * from get_posts_needing_topic_classification(%s)", BATCH)


def release_buffers(connection: Connection) -> int:
    """Count for one embedding given back."""
    [held] = claim(connection, Stage.EMBEDDINGS, limit=1)
    return buffers(connection, "select release_embedding_lock(%s)", held.post_id)


def extend_buffers(connection: Connection) -> int:
    """Count for the heart-beat of a batch."""
    return buffers(
        connection,
        "select extend_claims('hooks', %s, %s, '1 hour')",
        *keys(claim(connection, limit=BATCH)),
    )


def retry_buffers(connection: Connection) -> int:
    """Count for a batch put back."""
    held = claim(connection, limit=BATCH)
    return buffers(
        connection,
        "select retry_claims('hooks', %s, %s, array_fill(interval '1 hour', array[%s]), true)",
        *keys(held),
        len(held),
    )


def store_buffers(connection: Connection) -> int:
    """Count for the hooks of a batch written."""
    held = claim(connection, limit=BATCH)
    return buffers(
        connection,
        "select * from store_hooks(%s, %s, %s)",
        *keys(held),
        [hook_of(c.content) for c in held],
    )


def reject_buffers(connection: Connection) -> int:
    """Count for a batch rejected."""
    held = claim(connection, limit=BATCH)
    reasons = ["reason"] * len(held)
    return buffers(
        connection,
        "select * from reject_claims('hooks', %s, %s, %s, %s, 'worker', null)",
        *keys(held),
        reasons,
        reasons,
    )


def due_work_buffers(connection: Connection) -> int:
    """Count for the question of a sensor."""
    return buffers(connection, "select * from due_work('2024-01-01', current_date)")


@pytest.mark.parametrize(
    "count",
    [
        claim_buffers,
        ranged_claim_buffers,
        public_claim_buffers,
        release_buffers,
        extend_buffers,
        retry_buffers,
        store_buffers,
        reject_buffers,
        due_work_buffers,
    ],
    ids=lambda f: f.__name__.removesuffix("_buffers"),
)
def test_cost_does_not_follow_the_backlog(banks: Mapping[int, Connection], count: Any) -> None:
    """With 200 times the backlog a call touches at most twice the pages, and two a post."""
    touched = {}
    for size, connection in banks.items():
        for _ in range(2):  # the first call of a session reads the catalog too
            with connection.transaction(force_rollback=True):
                touched[size] = count(connection)
    assert touched[LARGE] <= 2 * (touched[SMALL] + BATCH), touched


def test_work_that_backs_off_is_not_in_the_way(banks: Mapping[int, Connection]) -> None:
    """A day full of posts that wait for a retry is passed over, not read through."""
    connection = banks[LARGE]
    claim_buffers(connection)
    before = claim_buffers(connection)
    put_off = connection.execute(
        "update post_work set due_at = now() + interval '1 hour' "
        "where stage = 'hooks' and day = (select max(day) from post_work)"
    ).rowcount
    assert put_off > 5_000
    claim_buffers(connection)  # the first to pass by marks the old index entries as dead
    assert claim_buffers(connection) < 2 * before


def test_a_thousand_days_cost_little_more_than_thirty(
    banks: Mapping[int, Connection], postgres_server: PostgresServer, migrated_template: str
) -> None:
    """A claim that needs a hundred days to find its posts touches few pages for each of them."""
    few = banks[SMALL]
    with (
        fill(postgres_server, migrated_template, SMALL, MANY_DAYS) as url,
        psycopg.connect(url, autocommit=True, prepare_threshold=None) as many,
    ):
        for connection in (few, many):
            with connection.transaction(force_rollback=True):
                claim_buffers(connection)  # reads the catalog too
        with few.transaction(force_rollback=True), many.transaction(force_rollback=True):
            assert claim_buffers(many) < claim_buffers(few) + 20 * BATCH
        # nothing is due anywhere: each day is asked once, whichever end a caller prefers
        many.execute("update post_work set due_at = now() + interval '1 hour'")
        many.execute("vacuum post_work")
        assert claim_buffers(many) < 10 * MANY_DAYS
