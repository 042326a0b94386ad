"""The second look at values that were just written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from linkedin_pipeline.database import written
from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.written import Written, check_written
from linkedin_pipeline.domain.work import Stage
from linkedin_pipeline_tests.sql.bank import (
    FLAGS,
    MODEL,
    add_post,
    add_taxonomy,
    change,
    claim,
    reject,
    vector,
)

Connection = psycopg.Connection[Any]

TEXT = "We hired a salesperson. It went well."


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Give a migrated database of the test's own."""
    with Database(database_url) as opened:
        yield opened


@pytest.fixture
def post(connection: Connection) -> UUID:
    """Give a post with sound values of every stage."""
    return add_post(
        connection,
        TEXT,
        hook="We hired a salesperson.",
        embedding=vector(0.6, 0.8),
        embedding_model=MODEL,
        **add_taxonomy(connection),
        **{f"{label}_model": "test:model" for label in ("hook_type", "topic", "audience")},
        **{f"{label}_confidence": 0.5 for label in ("hook_type", "topic", "audience")},
    )


@pytest.mark.parametrize("stage", Stage)
def test_sound_values_pass(database: Database, post: UUID, stage: Stage) -> None:
    """A post with good values is counted and not bad."""
    assert check_written(database, stage, [post]) == Written(1, 0, None)


BAD_HOOKS = {
    "not verbatim": "We hired a sales person.",
    "empty": "",
    "blank": " ",
    "too long": "x" * 301,
    "gone": None,
}


@pytest.mark.parametrize("hook", BAD_HOOKS.values(), ids=BAD_HOOKS.keys())
def test_a_bad_hook_is_found(
    database: Database, connection: Connection, post: UUID, hook: str | None
) -> None:
    """A hook is 1 to 300 characters that stand in the text word for word."""
    connection.execute("update viral_posts_bank set content = content || ' ' || repeat('x', 301)")
    change(connection, post, hook=hook, needs_hook_extraction=False)
    assert check_written(database, Stage.HOOKS, [post]) == Written(1, 1, post)


@pytest.mark.parametrize(("length", "bad"), [(0.9989, 1), (0.9991, 0), (1.0011, 1)])
def test_a_vector_has_unit_norm_within_a_thousandth(
    database: Database, connection: Connection, post: UUID, length: float, bad: int
) -> None:
    """A vector that is too short or too long spoils every similarity."""
    change(connection, post, embedding=vector(length))
    assert check_written(database, Stage.EMBEDDINGS, [post]).bad == bad


BROKEN_MIRRORS = {
    "missing": "delete from post_vectors",
    "another vector": f"update post_vectors set embedding = '{vector(1)}'",
    "another model": "update embedding_models set name = 'test:renamed'",
}


@pytest.mark.parametrize("statement", BROKEN_MIRRORS.values(), ids=BROKEN_MIRRORS.keys())
def test_a_vector_that_search_cannot_see_is_found(
    database: Database, connection: Connection, post: UUID, statement: str
) -> None:
    """The copy that search reads has the same vector under the same model."""
    connection.execute(statement.encode())
    assert check_written(database, Stage.EMBEDDINGS, [post]) == Written(1, 1, post)


LABELS = {
    Stage.HOOK_CLASSIFICATIONS: ("hook_type", "hook_types"),
    Stage.TOPIC_CLASSIFICATIONS: ("topic", "topics"),
    Stage.AUDIENCE_CLASSIFICATIONS: ("audience", "audiences"),
}


@pytest.mark.parametrize("stage", LABELS)
def test_a_label_that_is_not_active_is_found(
    database: Database, connection: Connection, post: UUID, stage: Stage
) -> None:
    """Only rows of the stage's own taxonomy that are switched on may be given."""
    connection.execute(f"update {LABELS[stage][1]} set is_active = false".encode())
    assert check_written(database, stage, [post]) == Written(1, 1, post)
    assert [check_written(database, other, [post]).bad for other in set(Stage) - {stage}] == [0] * 4


@pytest.mark.parametrize("stage", LABELS)
def test_a_label_without_confidence_is_found(
    database: Database, connection: Connection, post: UUID, stage: Stage
) -> None:
    """A local model says how sure it is; a language model and a person do not."""
    name = LABELS[stage][0]
    model = f"{name}_model"
    change(connection, post, **{f"{name}_confidence": None, model: "local:model/nearest-1"})
    assert check_written(database, stage, [post]) == Written(1, 1, post)
    for other in ("openai:model/labels-1", None):
        change(connection, post, **{model: other})
        assert check_written(database, stage, [post]) == Written(1, 0, None)


@pytest.mark.parametrize("stage", LABELS)
def test_a_label_that_vanished_is_found(
    database: Database, connection: Connection, post: UUID, stage: Stage
) -> None:
    """A lowered flag without a label is not a label."""
    change(connection, post, **{f"{LABELS[stage][0]}_id": None})
    change(connection, post, **{FLAGS[stage]: False})
    assert check_written(database, stage, [post]) == Written(1, 1, post)


@pytest.mark.parametrize("stage", Stage)
def test_a_post_that_is_wanted_again_is_left_out(
    database: Database, connection: Connection, post: UUID, stage: Stage
) -> None:
    """An old value beside a raised flag is nobody's fault."""
    change(connection, post, **{FLAGS[stage]: True})
    assert check_written(database, stage, [post]) == Written(0, 0, None)


@pytest.mark.parametrize("stage", Stage)
def test_a_post_that_was_rejected_since_is_left_out(
    database: Database, connection: Connection, post: UUID, stage: Stage
) -> None:
    """A dead letter keeps the old value readable, though it no longer fits the text."""
    change(connection, post, **{FLAGS[stage]: True})
    reject(connection, claim(connection, stage), stage)
    assert check_written(database, stage, [post]) == Written(0, 0, None)


def test_an_edited_post_is_left_out(database: Database, connection: Connection, post: UUID) -> None:
    """A new text asks for everything again; nothing of it counts as just written."""
    change(connection, post, content="Something else.")
    assert [check_written(database, stage, [post]).checked for stage in Stage] == [0] * 5


def test_only_the_given_posts_are_looked_at(
    database: Database,
    connection: Connection,
    post: UUID,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Posts are looked at in chunks; others, and those that are gone, do not count."""
    monkeypatch.setattr(written, "CHUNK", 2)
    good = [add_post(connection, TEXT, hook=TEXT) for _ in range(3)]
    bad = [add_post(connection, TEXT, hook="Not in it.") for _ in range(2)]
    found = check_written(database, Stage.HOOKS, [*good, uuid4(), *bad])
    assert (found.checked, found.bad) == (5, 2)
    assert found.example in bad
    assert check_written(database, Stage.HOOKS, []) == Written(0, 0, None)
