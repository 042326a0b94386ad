"""Plain-SQL writers in the middle of a drain: between claim and write-back, and behind it."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from linkedin_pipeline.domain.work import Stage
from linkedin_pipeline_tests.sql.bank import (
    FLAGS,
    MODEL,
    VALUES,
    Connection,
    Held,
    add_finished_post,
    add_taxonomy,
    change,
    claim_one,
    drift,
    flagged,
    keys,
    queued,
    read,
    rows,
    store_embeddings,
    store_hooks,
    vector,
    wait_until_blocked,
)

each_stage = pytest.mark.parametrize("stage", list(Stage), ids=str)


def settle(connection: Connection, stage: Stage, held: Held) -> dict[Any, bool]:
    """Write a value back as a worker does."""
    if stage is Stage.HOOKS:
        return store_hooks(connection, [held], "The worker's.")
    if stage is Stage.EMBEDDINGS:
        return store_embeddings(connection, [held], vector(1, 1))
    label = add_taxonomy(connection)[VALUES[stage]]
    return dict(
        rows(
            connection,
            "select * from store_labels(%s, %s, %s, %s, '{0.5}', '{test:labels}')",
            stage,
            *keys([held]),
            [label],
        )
    )


def persons(connection: Connection, stage: Stage) -> dict[str, Any]:
    """Return a value that a person writes for a stage."""
    given = {"hook": "A person's.", "embedding": vector(0, 1), **add_taxonomy(connection)}
    columns = {VALUES[stage]: given[VALUES[stage]]}
    return {**columns, "embedding_model": MODEL} if stage is Stage.EMBEDDINGS else columns


def claimed(connection: Connection, stage: Stage) -> Held:
    """Add a post that has everything, ask for one stage again and claim that."""
    change(connection, add_finished_post(connection), **{FLAGS[stage]: True})
    return claim_one(connection, stage)


@each_stage
def test_a_value_written_by_a_person_makes_the_workers_stale(
    connection: Connection, stage: Stage
) -> None:
    """Claim, then a person's value, then the write-back: the person's value stays."""
    held = claimed(connection, stage)
    change(connection, held.post_id, **persons(connection, stage))
    before = read(connection, held.post_id, VALUES[stage])
    assert settle(connection, stage, held) == {}
    assert read(connection, held.post_id, VALUES[stage]) == before
    assert stage not in flagged(connection, held.post_id)
    assert drift(connection) == []


@each_stage
def test_a_person_who_waits_for_the_write_back_has_the_last_word(
    connection: Connection, database_url: str, stage: Stage
) -> None:
    """Write-back first, the person's value behind it: the later write is the one that stays."""
    held = claimed(connection, stage)
    value = persons(connection, stage)
    with psycopg.connect(database_url) as worker, psycopg.connect(database_url) as person:
        assert settle(worker, stage, held) == {held.post_id: True}
        with person.pipeline():
            change(person, held.post_id, **value)
            wait_until_blocked(connection, person)
            worker.commit()
        person.commit()
    found = read(connection, held.post_id, VALUES[stage])
    assert found == value[VALUES[stage]] or stage is Stage.EMBEDDINGS
    assert stage is not Stage.EMBEDDINGS or found.startswith("[0,1,")
    assert stage not in flagged(connection, held.post_id)
    assert drift(connection) == []


@each_stage
def test_a_value_taken_away_for_good_ends_the_work(connection: Connection, stage: Stage) -> None:
    """Null with the flag lowered in the same statement: the flag wins, nothing is wanted."""
    held = claimed(connection, stage)
    change(connection, held.post_id, **{VALUES[stage]: None, FLAGS[stage]: False})
    assert settle(connection, stage, held) == {}
    assert read(connection, held.post_id, VALUES[stage]) is None
    assert stage not in flagged(connection, held.post_id) | queued(connection, held.post_id)


@each_stage
def test_a_value_taken_away_ends_the_claim_and_is_wanted(
    connection: Connection, stage: Stage
) -> None:
    """Null says that the answer on its way may be as wrong as the one before: ask again."""
    held = claimed(connection, stage)
    change(connection, held.post_id, **{VALUES[stage]: None})
    assert settle(connection, stage, held) == {}
    assert stage in flagged(connection, held.post_id)
    assert claim_one(connection, stage).post_id == held.post_id
    assert drift(connection) == []


@pytest.mark.parametrize(
    ("statement", "stage"),
    [
        ("delete from topics", Stage.TOPIC_CLASSIFICATIONS),
        ("delete from audiences", Stage.AUDIENCE_CLASSIFICATIONS),
        ("delete from hook_types", Stage.HOOK_CLASSIFICATIONS),
    ],
    ids=str,
)
def test_a_deleted_label_ends_the_claim_like_a_person_would(
    connection: Connection, statement: str, stage: Stage
) -> None:
    """A foreign key that takes the old label away in mid-drain leaves the post wanted, once."""
    held = claimed(connection, stage)
    connection.execute(statement.encode())
    assert settle(connection, stage, held) == {}
    assert queued(connection, held.post_id) == flagged(connection, held.post_id) == {stage}
    assert settle(connection, stage, claim_one(connection, stage)) == {held.post_id: True}
