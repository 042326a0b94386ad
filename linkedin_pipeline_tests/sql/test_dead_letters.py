"""Rejected work: kept with its reason, wanted no more, until something gives it another chance."""

from __future__ import annotations

import pytest

from linkedin_pipeline.domain.work import Stage
from linkedin_pipeline_tests.sql.bank import (
    FLAGS,
    NEW,
    VALUES,
    Connection,
    add_finished_post,
    add_post,
    add_taxonomy,
    change,
    claim_one,
    flagged,
    queued,
    reject,
    rows,
    vector,
)

DEAD_LETTERS = "select error_code, error_message, is_resolved from ai_errors where post_id = %s"


@pytest.mark.parametrize("stage", [Stage.HOOKS, Stage.EMBEDDINGS], ids=str)
def test_a_dead_letter_lowers_its_flag_and_is_kept(connection: Connection, stage: Stage) -> None:
    """Rejected work is wanted no more; why stands in ai_errors under a reference."""
    post = add_post(connection)
    assert reject(connection, [claim_one(connection, stage)], stage) == {post: True}
    assert flagged(connection, post) == queued(connection, post) == NEW - {stage}
    [(worker, kept, reference, run)] = rows(
        connection,
        "select function_name, stage::text, user_error_ref, metadata ->> 'dagster_run_id' "
        "from ai_errors where post_id = %s",
        post,
    )
    assert (worker, kept, run) == (stage.worker, stage, "run-1")
    assert reference.startswith("ERR-")
    assert rows(connection, DEAD_LETTERS, post) == [("no_words", "No words in it.", False)]


@pytest.mark.parametrize("stage", list(Stage), ids=str)
def test_raising_the_flag_of_a_dead_letter_tries_again(
    connection: Connection, stage: Stage
) -> None:
    """A dead letter whose flag is raised is queued anew, without its history, and resolved."""
    post = add_finished_post(connection)
    change(connection, post, **{FLAGS[stage]: True})
    reject(connection, [claim_one(connection, stage)], stage)
    assert queued(connection, post) == set()
    change(connection, post, **{FLAGS[stage]: True})
    assert claim_one(connection, stage).attempts == 1
    assert [resolved for _, _, resolved in rows(connection, DEAD_LETTERS, post)] == [True]


def test_an_edit_resolves_a_dead_letter(connection: Connection) -> None:
    """New text gives rejected work another chance."""
    post = add_post(connection)
    reject(connection, [claim_one(connection)], Stage.HOOKS)
    change(connection, post, content="Words at last.")
    assert Stage.HOOKS in queued(connection, post)
    assert [resolved for _, _, resolved in rows(connection, DEAD_LETTERS, post)] == [True]


@pytest.mark.parametrize("stage", list(Stage), ids=str)
def test_a_value_written_by_hand_resolves_a_dead_letter(
    connection: Connection, stage: Stage
) -> None:
    """What a person supplied is no longer missing; the letters of other stages stay."""
    given = {"hook": "By hand.", "embedding": vector(0, 1), **add_taxonomy(connection)}
    post = add_finished_post(connection)
    for rejected in (stage, *(other for other in Stage if other is not stage)):
        change(connection, post, **{FLAGS[rejected]: True})
        reject(connection, [claim_one(connection, rejected)], rejected)
    change(connection, post, **{VALUES[stage]: given[VALUES[stage]]})
    left = rows(connection, "select stage::text from ai_errors where not is_resolved")
    # a new hook wants its type again, which gives that dead letter another chance
    followers = {Stage.HOOK_CLASSIFICATIONS} if stage is Stage.HOOKS else set()
    assert {Stage(name) for (name,) in left} == set(Stage) - {stage} - followers
