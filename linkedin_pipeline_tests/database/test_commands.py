"""Switches, work put back, and filtered search, as statements on a real database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from linkedin_pipeline.database import commands
from linkedin_pipeline.database.commands import (
    Requeue,
    count,
    find_topic,
    has_post,
    requeue,
    search,
    switch,
)
from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.models import serving_model
from linkedin_pipeline.domain.errors import BadInput
from linkedin_pipeline.domain.work import Stage
from linkedin_pipeline_tests.sql.bank import (
    FLAGS,
    MODEL,
    add_finished_post,
    add_post,
    change,
    claim,
    flagged,
    queued,
    read,
    reject,
    rows,
    value,
    vector,
)

Connection = psycopg.Connection[Any]

LABELS = {
    Stage.HOOK_CLASSIFICATIONS: "hook_type_model",
    Stage.TOPIC_CLASSIFICATIONS: "topic_model",
    Stage.AUDIENCE_CLASSIFICATIONS: "audience_model",
}
MADE = {**dict.fromkeys(LABELS.values(), MODEL), "hook_extracted_at": "2026-01-01T00:00:00Z"}
QUERY = [1.0] + [0.0] * 1535


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Give a migrated database of the test's own."""
    with Database(database_url) as opened:
        yield opened


def add_made_post(connection: Connection) -> UUID:
    """Insert a post of which the program made everything."""
    post = add_finished_post(connection)
    change(connection, post, **MADE)
    return post


def bury(connection: Connection, stage: Stage) -> None:
    """Make dead letters of all that is due for a stage."""
    reject(connection, claim(connection, stage), stage)


@pytest.mark.parametrize("name", ["worker_extract_hooks_v2", "worker-extract-hooks-v2"])
def test_a_switch_turns_by_either_spelling(
    database: Database, connection: Connection, name: str
) -> None:
    """Hyphens and underscores are alike, and only the named worker is switched."""
    assert switch(database, name, on=False).on is False
    off = rows(connection, "select worker_name from worker_feature_flags_v2 where not is_enabled")
    assert off == [("worker_extract_hooks_v2",)]
    assert switch(database, name, on=True).worker == "worker_extract_hooks_v2"
    assert value(connection, "select bool_and(is_enabled) from worker_feature_flags_v2")


def test_an_unknown_switch_names_the_known_ones(database: Database) -> None:
    """The error lists every switch there is."""
    with pytest.raises(BadInput, match=r"no 'hooks'.*publish_scheduled.*worker_extract_hooks_v2"):
        switch(database, "hooks", on=False)


@pytest.mark.parametrize("stage", Stage)
def test_dead_letters_of_a_stage_go_back(
    database: Database, connection: Connection, stage: Stage
) -> None:
    """The flag is up again, the letter is resolved, and other stages stay as they are."""
    post = add_finished_post(connection)
    change(connection, post, **{FLAGS[stage]: True})
    bury(connection, stage)
    wanted = Requeue(stage, "dead")
    assert [count(database, Requeue(one, "dead")) for one in Stage if one != stage] == [0] * 4
    assert (count(database, wanted), requeue(database, wanted)) == (1, 1)
    assert flagged(connection, post) == queued(connection, post) == {stage}
    assert value(connection, "select bool_and(is_resolved) from ai_errors")
    assert (count(database, wanted), requeue(database, wanted)) == (0, 0)


@pytest.mark.parametrize("stage", Stage)
def test_what_the_program_made_goes_back(
    database: Database, connection: Connection, stage: Stage
) -> None:
    """Its own values are wanted again and stay readable meanwhile; a second call finds nothing."""
    post = add_made_post(connection)
    wanted = Requeue(stage, "made")
    assert (count(database, wanted), requeue(database, wanted)) == (1, 1)
    assert flagged(connection, post) == {stage}
    assert read(connection, post, "hook") is not None
    assert read(connection, post, "topic_id") is not None
    assert (count(database, wanted), requeue(database, wanted)) == (0, 0)


@pytest.mark.parametrize("stage", [Stage.HOOKS, *LABELS])
def test_what_people_wrote_stays(database: Database, connection: Connection, stage: Stage) -> None:
    """A label without a model and a hook without a time of extraction came from a person."""
    add_finished_post(connection)
    assert requeue(database, Requeue(stage, "made")) == 0
    assert requeue(database, Requeue(stage, "any")) == 0


@pytest.mark.parametrize("stage", [Stage.EMBEDDINGS, *LABELS])
def test_a_changed_model_takes_what_another_one_made(
    database: Database, connection: Connection, stage: Stage
) -> None:
    """What the configured model made already is left alone."""
    post = add_made_post(connection)
    assert requeue(database, Requeue(stage, "made", (MODEL,))) == 0
    assert requeue(database, Requeue(stage, "made", ("test:two",))) == 1
    assert flagged(connection, post) == {stage}


def test_hooks_have_no_model_to_change(database: Database, connection: Connection) -> None:
    """With a model named no hook is wanted, for no model made one."""
    add_made_post(connection)
    assert requeue(database, Requeue(Stage.HOOKS, "made", ("test:two",))) == 0


def test_both_kinds_count_a_post_once(database: Database, connection: Connection) -> None:
    """A post with an old vector and a dead letter is one post."""
    post = add_made_post(connection)
    change(connection, post, needs_embedding=True)
    bury(connection, Stage.EMBEDDINGS)
    add_made_post(connection)
    wanted = Requeue(Stage.EMBEDDINGS, "any")
    assert (count(database, wanted), requeue(database, wanted)) == (2, 2)


def test_one_post_alone(database: Database, connection: Connection) -> None:
    """With a post named, others of the stage stay."""
    post, other = add_made_post(connection), add_made_post(connection)
    assert requeue(database, Requeue(Stage.HOOKS, "made", post=post)) == 1
    assert (flagged(connection, post), flagged(connection, other)) == ({Stage.HOOKS}, set())
    assert (has_post(database, post), has_post(database, uuid4())) == (True, False)


def test_an_interrupted_requeue_goes_on_with_the_rest(
    database: Database, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chunks are committed one by one; what is flagged already is not counted again."""
    for _ in range(5):
        add_made_post(connection)
    monkeypatch.setattr(commands, "CHUNK", 2)
    seen: list[int] = []

    def break_off(number: int) -> None:
        seen.append(number)
        if len(seen) == 2:
            raise KeyboardInterrupt

    wanted = Requeue(Stage.EMBEDDINGS, "made")
    with pytest.raises(KeyboardInterrupt):
        requeue(database, wanted, break_off)
    assert seen == [2, 2]
    assert requeue(database, wanted, seen.append) == 1
    assert seen == [2, 2, 1]


def add_author(connection: Connection, name: str, linkedin_id: str | None = None) -> UUID:
    """Insert a profile."""
    author: UUID = value(
        connection,
        "insert into profiles (full_name, linkedin_id) values (%s, %s) returning id",
        name,
        linkedin_id,
    )
    return author


def test_a_topic_has_four_names(database: Database, connection: Connection) -> None:
    """Name, French name, slug and id lead to one topic; an unknown one meets the list."""
    topic = value(
        connection,
        "insert into topics (name, slug, label_fr) values ('Bees', 'bees-1', 'Abeilles') "
        "returning id",
    )
    for what in ("bees", "BEES-1", "abeilles", str(topic)):
        assert find_topic(database, what) == topic
    with pytest.raises(BadInput, match=r"no 'wasps'.*Bees"):
        find_topic(database, "wasps")


def test_nothing_serves_before_the_first_vector(database: Database, connection: Connection) -> None:
    """The first stored vector's model does."""
    assert serving_model(database) is None
    add_post(connection, embedding=vector(1), embedding_model=MODEL)
    assert serving_model(database) == MODEL


def test_search_without_filters(database: Database, connection: Connection) -> None:
    """The nearest come first, those under the threshold not at all, never more than asked for."""
    author = add_author(connection, "Ada")
    near = add_post(
        connection, "Near.", embedding=vector(1), embedding_model=MODEL, author_id=author, hook="H"
    )
    far = add_post(connection, "Far.", embedding=vector(0.6, 0.8), embedding_model=MODEL)
    found = search(database, QUERY, threshold=-1, count=10)
    assert [(one.post_id, round(one.similarity, 3)) for one in found] == [(near, 1.0), (far, 0.6)]
    assert (found[0].author, found[0].hook, found[0].content) == ("Ada", "H", "Near.")
    assert [one.post_id for one in search(database, QUERY, threshold=0.7, count=10)] == [near]
    assert [one.post_id for one in search(database, QUERY, threshold=-1, count=1)] == [near]


def test_filters_come_before_the_count(database: Database, connection: Connection) -> None:
    """A filtered search finds as many as there are, however many others are nearer."""
    author = add_author(connection, "Ada")
    topic = value(connection, "select id from topics order by name limit 1")
    for _ in range(20):
        add_post(connection, embedding=vector(1), embedding_model=MODEL)
    far = {"embedding": vector(0, 1), "embedding_model": MODEL}
    by_her = add_post(connection, **far, author_id=author)
    on_it = add_post(connection, **far, topic_id=topic)
    both = add_post(connection, **far, author_id=author, topic_id=topic)
    hers = search(database, QUERY, threshold=-1, count=5, author=author)
    assert {one.post_id for one in hers} == {by_her, both}
    about_it = search(database, QUERY, threshold=-1, count=5, topic=topic)
    assert {one.post_id for one in about_it} == {on_it, both}
    [only] = search(database, QUERY, threshold=-1, count=5, author=author, topic=topic)
    assert (only.post_id, only.author) == (both, "Ada")
    assert search(database, QUERY, threshold=0.5, count=5, author=author) == []


def test_vectors_of_another_model_are_never_found(
    database: Database, connection: Connection
) -> None:
    """Only the serving model's vectors are compared, with filters and without."""
    author = add_author(connection, "Ada")
    served = add_post(connection, embedding=vector(0, 1), embedding_model=MODEL, author_id=author)
    add_post(connection, embedding=vector(1), embedding_model="test:two", author_id=author)
    for found in (
        search(database, QUERY, threshold=-1, count=5),
        search(database, QUERY, threshold=-1, count=5, author=author),
    ):
        assert [one.post_id for one in found] == [served]
