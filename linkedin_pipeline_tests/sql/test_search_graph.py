"""Search over more posts than are compared one by one: by the graph, and exactly where it ends."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import psycopg
import pytest
from pgvector import Vector
from pgvector.psycopg import register_vector
from psycopg.types.json import Jsonb

from linkedin_pipeline.database.sql_tree import SQL_TREE, read_tree
from linkedin_pipeline.database.statements import split
from linkedin_pipeline_tests.postgres import PostgresServer
from linkedin_pipeline_tests.sql.bank import MODEL, Connection, add_post, change, rows, value
from linkedin_pipeline_tests.waiting import eventually

POSTS = 7_000
CLUSTERS = 12


def _vectors(seed: int, clusters: Any) -> Any:
    centres = np.random.default_rng(1).normal(size=(CLUSTERS, 1536))
    noise = np.random.default_rng(seed).normal(size=(len(clusters), 1536))
    drawn = centres[clusters] * 0.6 + noise
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def crowded(postgres_server: PostgresServer, migrated_template: str) -> Iterator[str]:
    """Give a bank of 7,000 posts in 12 clusters; each cluster has its topic.

    Its graph is thinner than the real one, to be built in seconds.
    """
    clusters = np.arange(POSTS) % CLUSTERS
    with postgres_server.database(template=migrated_template) as url:
        with postgres_server.superuser(url.rpartition("/")[2]) as connection:
            register_vector(connection)
            connection.execute("drop index post_vectors_odd")
            connection.execute("set session_replication_role = replica")
            topics = [
                value(connection, "insert into topics (name) values (%s) returning id", f"T{n}")
                for n in range(CLUSTERS)
            ]
            value(connection, "select register_embedding_model(%s)", MODEL)
            with connection.cursor() as cursor:
                cursor.executemany(
                    "with post as (insert into viral_posts_bank (content, topic_id, topic_model, "
                    "metrics, needs_embedding, needs_topic_classification) "
                    "values ('Text.', %s, 'test:m', %s, false, false) returning id, content_hash) "
                    "insert into post_vectors (post_id, model_id, content_hash, embedding) "
                    "select id, 1, content_hash, (%b::vector)::halfvec from post",
                    [
                        (topics[cluster], Jsonb({"likes": number}), Vector(vector))
                        for number, (cluster, vector) in enumerate(
                            zip(clusters, _vectors(2, clusters), strict=True)
                        )
                    ],
                )
            connection.execute(
                "create index post_vectors_odd on post_vectors using hnsw "
                "(embedding halfvec_cosine_ops) with (m = 8, ef_construction = 32) "
                "where model_id % 2 = 1"
            )
            connection.execute("analyze")
        yield url


@pytest.fixture
def bank(crowded: str) -> Iterator[Connection]:
    """Give a connection to the crowded bank."""
    with psycopg.connect(crowded, autocommit=True) as connection:
        register_vector(connection)
        yield connection


def exact(connection: Connection, query: Any, condition: str, count: int = 10) -> list[Any]:
    """Return the true nearest posts by a scan over all."""
    with connection.transaction():
        connection.execute("set local enable_indexscan = off")
        return connection.execute(
            b"select v.post_id from post_vectors v join viral_posts_bank b on b.id = v.post_id "
            b"where "
            + condition.encode()
            + b" order by (v.embedding <=> %s::halfvec) + 0 limit %s",
            [Vector(query), count],
        ).fetchall()


def searched(
    connection: Connection, query: Any, filters: dict[str, Any], count: int = 10
) -> list[Any]:
    """Return what the search finds."""
    return rows(
        connection,
        "select id from match_viral_posts_filtered(%s, %s, -1, %s)",
        Vector(query),
        Jsonb(filters),
        count,
    )


def index_scans(connection: Connection) -> int:
    """Return how often the graph was used so far, by everybody."""
    rows(connection, "select pg_stat_force_next_flush()")
    number: int = value(
        connection,
        "select idx_scan from pg_stat_user_indexes where indexrelname = 'post_vectors_odd'",
    )
    return number


def test_many_candidates_are_found_by_the_graph(bank: Connection) -> None:
    """Without a filter, and with one that most posts pass, nearly all true neighbours come."""
    before = index_scans(bank)
    hits = 0
    queries = _vectors(3, np.arange(20) % CLUSTERS)
    for query in queries:
        for filters, condition in (({}, "true"), ({"min_likes": 300}, "b.likes >= 300")):
            near = searched(bank, query, filters)
            assert len(near) == 10
            hits += len(set(near) & set(exact(bank, query, condition)))
    assert hits >= 0.8 * 400  # a thin graph, built anew each time: mostly above 0.9
    assert index_scans(bank) >= before + 40


@pytest.mark.parametrize("least", [6_999, 6_995, 6_900, 4_000])
def test_few_candidates_are_compared_one_by_one(bank: Connection, least: int) -> None:
    """A filter that few posts pass gives the true nearest, all of them, without the graph."""
    before = index_scans(bank)
    for query in _vectors(4, np.arange(3)):
        assert searched(bank, query, {"min_likes": least}) == exact(
            bank, query, f"b.likes >= {least}"
        )
    assert index_scans(bank) == before


def test_a_filter_at_odds_with_the_query_is_answered_exactly(bank: Connection) -> None:
    """Where the graph's neighbours do not pass, all posts that pass are compared."""
    topics = rows(bank, "select id from topics where name like 'T%%' order by name <> 'T3', name")
    [(own,), *others] = topics[:12]
    asked = [str(topic) for (topic,) in others[:11]]
    before = index_scans(bank)
    for query in _vectors(5, np.full(3, 3)):
        condition = f"b.topic_id <> '{own}'"
        assert searched(bank, query, {"topic_id": asked}) == exact(bank, query, condition)
    assert index_scans(bank) > before


def test_as_many_come_back_as_pass(bank: Connection) -> None:
    """Up to a thousand rows, with and without a filter, however the graph ends."""
    [query] = _vectors(6, np.array([0]))
    assert len(set(searched(bank, query, {}, 1000))) == 1000
    assert len(set(searched(bank, query, {"min_likes": 500}, 1000))) == 1000
    assert len(set(searched(bank, query, {"min_likes": 6_200}, 1000))) == 800


def test_the_search_is_right_without_its_index(bank: Connection) -> None:
    """An index that is missing, or being rebuilt, makes the search slow and not wrong."""
    [query] = _vectors(7, np.array([1]))
    with bank.transaction(force_rollback=True):
        bank.execute("drop index post_vectors_odd")
        assert searched(bank, query, {}) == exact(bank, query, "true")


def test_building_the_index_does_not_block_writers(crowded: str, bank: Connection) -> None:
    """While the migration's own statements build it, posts with vectors are written and edited."""
    [build] = [
        m for m in read_tree(SQL_TREE).migrations if m.file.name.endswith("search_index.sql")
    ]
    assert not build.transactional

    def run() -> None:
        with psycopg.connect(crowded, autocommit=True) as connection:
            for statement in split(build.file.sql):
                connection.execute(statement.text.encode())

    with ThreadPoolExecutor(1) as threads:
        building = threads.submit(run)
        phase = "select phase from pg_stat_progress_create_index"
        eventually(lambda: building.done() or rows(bank, phase) != [])
        assert not building.done(), "the build was over before anybody could write"
        bank.execute("set lock_timeout = '100ms'")  # waits for a lock only, not for a slow machine
        post = add_post(bank, embedding=Vector(_vectors(9, [0])[0]), embedding_model=MODEL)
        change(bank, post, embedding=Vector(_vectors(10, [0])[0]))
        bank.execute("delete from viral_posts_bank where id = %s", [post])
        building.result()
    assert rows(bank, "select indexrelid from pg_index where not indisvalid") == []


def test_settings_are_as_before_after_a_search(bank: Connection) -> None:
    """What the search sets for itself does not leak into the caller's transaction."""
    names = ["hnsw.ef_search", "hnsw.iterative_scan", "enable_seqscan", "enable_sort"]
    ask = "select array(select current_setting(n) from unnest(%s::text[]) as n)"
    rows(bank, "select '[1]'::vector")  # loads the library, and with it its settings
    with bank.transaction():
        before = value(bank, ask, names)
        searched(bank, _vectors(8, np.array([2]))[0], {})
        searched(bank, _vectors(8, np.array([2]))[0], {"min_likes": 6_990})
        assert value(bank, ask, names) == before


def test_recall_is_measured_by_kind_of_filter(bank: Connection) -> None:
    """Sampled vectors find their neighbours; kinds that no post has are left out."""
    found = {
        kind: (number, recall)
        for kind, number, recall in rows(bank, "select * from search_recall(5)")
    }
    assert set(found) == {"none", "topic_id", "posted_after"}
    assert all(number == 5 and 0.8 <= recall <= 1 for number, recall in found.values())


def test_recall_notices_a_graph_that_lost_its_way(bank: Connection) -> None:
    """A graph with hardly an edge shows as low recall."""
    with bank.transaction(force_rollback=True):
        bank.execute("drop index post_vectors_odd")
        bank.execute(
            "create index post_vectors_odd on post_vectors using hnsw "
            "(embedding halfvec_cosine_ops) with (m = 2, ef_construction = 4) "
            "where model_id % 2 = 1"
        )
        recall = value(bank, "select recall from search_recall(10) where filter = 'none'")
        assert recall < 0.98


@pytest.mark.parametrize("samples", [0, -1, 1001, None])
def test_a_number_of_samples_out_of_bounds_is_refused(
    connection: Connection, samples: int | None
) -> None:
    """One to a thousand."""
    with pytest.raises(psycopg.Error) as refused:
        rows(connection, "select * from search_recall(%s)", samples)
    assert refused.value.sqlstate == "LP015"


def test_an_empty_bank_has_no_recall(connection: Connection) -> None:
    """Nothing to ask with is no error."""
    assert rows(connection, "select * from search_recall()") == []


def test_neighbours_that_vote_are_found_by_the_graph(bank: Connection) -> None:
    """One pass a post, and no reading of either table whole; they know the post's cluster."""
    scans = (
        "select sum(seq_scan)::int from pg_stat_user_tables "
        "where relname in ('post_vectors', 'viral_posts_bank')"
    )
    asked = rows(bank, "select id, topic_id from viral_posts_bank order by id limit 50")
    before, whole = index_scans(bank), value(bank, scans)
    said = rows(
        bank,
        "select post_id, label from neighbour_labels('topic_classifications', %s, 'test:m', 0.01)",
        [post for post, _ in asked],
    )
    assert index_scans(bank) == before + 50
    assert value(bank, scans) == whole
    assert len(said) >= 40
    assert set(said) <= set(asked)
