"""Labels written back by the pipeline and by people, and what is remembered of who chose them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, LiteralString
from uuid import UUID

import psycopg
import pytest

from linkedin_pipeline.domain.labels import LABEL_STAGES
from linkedin_pipeline.domain.work import Stage
from linkedin_pipeline_tests.sql.bank import (
    FLAGS,
    OVER,
    VALUES,
    Connection,
    Held,
    add_finished_post,
    add_post,
    add_taxonomy,
    change,
    claim,
    claim_one,
    drift,
    flagged,
    keys,
    queued,
    read,
    rows,
)

CHOOSER = "test:chooser/nearest-1"
TOPICS = Stage.TOPIC_CLASSIFICATIONS
SWITCH_OFF: dict[Stage, LiteralString] = {
    Stage.HOOK_CLASSIFICATIONS: "update hook_types set is_active = false where id = %s",
    Stage.TOPIC_CLASSIFICATIONS: "update topics set is_active = false where id = %s",
    Stage.AUDIENCE_CLASSIFICATIONS: "update audiences set is_active = false where id = %s",
}
DELETE: dict[Stage, LiteralString] = {
    Stage.HOOK_CLASSIFICATIONS: "delete from hook_types where id = %s",
    Stage.TOPIC_CLASSIFICATIONS: "delete from topics where id = %s",
    Stage.AUDIENCE_CLASSIFICATIONS: "delete from audiences where id = %s",
}

Interference = Callable[[Connection, UUID, Stage], None]

each_stage = pytest.mark.parametrize("stage", LABEL_STAGES, ids=str)
each_end = pytest.mark.parametrize("end", [SWITCH_OFF, DELETE], ids=["switched off", "deleted"])


def add_label(connection: Connection, stage: Stage) -> UUID:
    """Add an active label of a kind."""
    return add_taxonomy(connection)[VALUES[stage]]


def add_wanting(connection: Connection, stage: Stage) -> UUID:
    """Add a post that has everything and wants one kind of label again."""
    post = add_finished_post(connection)
    change(connection, post, **{FLAGS[stage]: True})
    return post


def add_labelled(connection: Connection, stage: Stage) -> UUID:
    """Add a post whose label the pipeline has chosen."""
    post = add_wanting(connection, stage)
    answer = store(
        connection, stage, [claim_one(connection, stage)], [add_label(connection, stage)]
    )
    assert answer == {post: True}
    return post


def store(
    connection: Connection,
    stage: str,
    claims: Sequence[Held],
    labels: Sequence[UUID],
    confidence: float = 0.75,
) -> dict[UUID, bool]:
    """Store labels; return the answer by post."""
    return dict(
        rows(
            connection,
            "select * from store_labels(%s::post_stage, %s, %s, %s, %s::real[], %s)",
            stage,
            *keys(claims),
            list(labels),
            [confidence] * len(claims),
            [CHOOSER] * len(claims),
        )
    )


def columns(stage: Stage) -> tuple[str, str, str]:
    """Return the columns of a kind of label: id, model, confidence."""
    prefix = VALUES[stage].removesuffix("_id")
    return f"{prefix}_id", f"{prefix}_model", f"{prefix}_confidence"


def label_of(connection: Connection, post: UUID, stage: Stage) -> tuple[Any, ...]:
    """Return a post's label with the model that chose it and its confidence."""
    return tuple(read(connection, post, column) for column in columns(stage))


def edit(connection: Connection, post: UUID, _stage: Stage) -> None:
    """Change the text."""
    change(connection, post, content="Edited.")


def write_label(connection: Connection, post: UUID, stage: Stage) -> None:
    """Write what the worker is working on."""
    change(connection, post, **{VALUES[stage]: add_label(connection, stage)})


def lower_flag(connection: Connection, post: UUID, stage: Stage) -> None:
    """Take the wish back."""
    change(connection, post, **{FLAGS[stage]: False})


def take_over(connection: Connection, _post: UUID, stage: Stage) -> None:
    """Claim the work after its lease has ended."""
    assert len(claim(connection, stage)) == 1


@each_stage
def test_a_label_is_stored_with_what_chose_it(connection: Connection, stage: Stage) -> None:
    """Label, model and confidence are written, the flag is lowered and the work is over."""
    label = add_label(connection, stage)
    post = add_wanting(connection, stage)
    other = add_finished_post(connection)
    before = label_of(connection, other, stage)
    assert store(connection, stage, [claim_one(connection, stage)], [label]) == {post: True}
    assert label_of(connection, post, stage) == (label, CHOOSER, 0.75)
    assert label_of(connection, other, stage) == before
    assert flagged(connection, post) == queued(connection, post) == set()
    assert drift(connection) == []


def test_each_post_gets_its_own_label(connection: Connection) -> None:
    """Labels go to the posts of the same places, whatever order the rows are written in."""
    wanted = {add_wanting(connection, TOPICS): add_label(connection, TOPICS) for _ in range(5)}
    claims = claim(connection, TOPICS)
    answer = store(connection, TOPICS, claims, [wanted[held.post_id] for held in claims])
    assert answer == dict.fromkeys(wanted, True)
    assert {post: read(connection, post, "topic_id") for post in wanted} == wanted


@each_stage
@pytest.mark.parametrize("interfere", [edit, write_label, lower_flag, take_over])
def test_a_stale_label_is_not_written(
    connection: Connection, stage: Stage, interfere: Interference
) -> None:
    """Once the input changed, or the work is another's, nothing of the answer is written."""
    post = add_wanting(connection, stage)
    held = claim_one(
        connection, stage, lease=OVER if interfere is take_over else timedelta(hours=1)
    )
    interfere(connection, post, stage)
    before = (label_of(connection, post, stage), flagged(connection, post))
    label = add_label(connection, stage)
    assert store(connection, stage, [held], [label]) == {}
    assert (label_of(connection, post, stage), flagged(connection, post)) == before
    assert drift(connection) == []


@each_stage
@each_end
def test_a_label_that_ended_in_flight_is_not_written(
    connection: Connection, stage: Stage, end: dict[Stage, LiteralString]
) -> None:
    """The posts of other labels are written, and this one's work stays with its claim."""
    lost, kept = add_label(connection, stage), add_label(connection, stage)
    posts = [add_wanting(connection, stage) for _ in range(2)]
    claims = claim(connection, stage, lease=OVER)
    connection.execute(end[stage], [lost])
    unlucky, lucky = (held.post_id for held in claims)
    before = label_of(connection, unlucky, stage)
    assert store(connection, stage, claims, [lost, kept]) == {lucky: True}
    assert label_of(connection, lucky, stage) == (kept, CHOOSER, 0.75)
    assert label_of(connection, unlucky, stage) == before
    assert flagged(connection, unlucky) == queued(connection, unlucky) == {stage}
    assert {unlucky, lucky} == set(posts)
    assert claim_one(connection, stage).post_id == unlucky


@each_end
def test_a_batch_whose_labels_all_ended_writes_nothing(
    connection: Connection, end: dict[Stage, LiteralString]
) -> None:
    """Every answer counts as stale, and no claim is ended."""
    lost = add_label(connection, TOPICS)
    posts = {add_wanting(connection, TOPICS) for _ in range(3)}
    claims = claim(connection, TOPICS, lease=OVER)
    connection.execute(end[TOPICS], [lost])
    assert store(connection, TOPICS, claims, [lost] * 3) == {}
    assert {held.post_id for held in claim(connection, TOPICS)} == posts


def test_a_label_that_is_being_deleted_is_not_waited_for(
    connection: Connection, database_url: str
) -> None:
    """A deletion that is not committed yet neither blocks the write-back nor is overtaken."""
    lost = add_label(connection, TOPICS)
    post = add_wanting(connection, TOPICS)
    before = label_of(connection, post, TOPICS)
    held = claim_one(connection, TOPICS)
    with psycopg.connect(database_url) as deleting:
        deleting.execute(DELETE[TOPICS], [lost])
        connection.execute("set statement_timeout = '20s'")
        assert store(connection, TOPICS, [held], [lost]) == {}
        deleting.commit()
    assert label_of(connection, post, TOPICS) == before


def test_a_label_of_another_kind_is_not_written(connection: Connection) -> None:
    """An audience is no topic."""
    post = add_wanting(connection, TOPICS)
    before = label_of(connection, post, TOPICS)
    audience = add_label(connection, Stage.AUDIENCE_CLASSIFICATIONS)
    assert store(connection, TOPICS, [claim_one(connection, TOPICS)], [audience]) == {}
    assert label_of(connection, post, TOPICS) == before


@pytest.mark.parametrize("stage", [Stage.HOOKS, Stage.EMBEDDINGS], ids=str)
def test_a_stage_without_labels_is_an_error(connection: Connection, stage: Stage) -> None:
    """The error is ours and says what to use; the claim stands."""
    add_post(connection)
    held = claim_one(connection, stage)
    with pytest.raises(psycopg.Error, match="has no labels") as caught:
        store(connection, stage, [held], [add_label(connection, TOPICS)])
    assert caught.value.sqlstate == "LP003"
    assert caught.value.diag.message_hint
    assert stage in queued(connection, held.post_id)


@pytest.mark.parametrize("confidence", [-0.01, 1.01, float("nan")])
def test_an_impossible_confidence_is_refused(connection: Connection, confidence: float) -> None:
    """Confidences are probabilities; anything else is a bug of the chooser, and nothing is kept."""
    post = add_wanting(connection, TOPICS)
    before = label_of(connection, post, TOPICS)
    held = claim_one(connection, TOPICS)
    with pytest.raises(psycopg.errors.CheckViolation):
        store(connection, TOPICS, [held], [add_label(connection, TOPICS)], confidence)
    assert label_of(connection, post, TOPICS) == before
    assert queued(connection, post) == {TOPICS}


@each_stage
def test_a_person_who_replaces_a_label_made_it(connection: Connection, stage: Stage) -> None:
    """A label set by plain SQL has no model and no confidence."""
    post = add_labelled(connection, stage)
    label = add_label(connection, stage)
    change(connection, post, **{VALUES[stage]: label})
    assert label_of(connection, post, stage) == (label, None, None)
    assert flagged(connection, post) == set()


@each_stage
def test_provenance_written_with_a_label_is_kept(connection: Connection, stage: Stage) -> None:
    """Who names a model or a confidence in the same statement is taken at their word."""
    post = add_labelled(connection, stage)
    label = add_label(connection, stage)
    written = dict(zip(columns(stage), (label, "test:import", 0.5), strict=True))
    change(connection, post, **written)
    assert label_of(connection, post, stage) == (label, "test:import", 0.5)


@each_stage
def test_the_pipeline_may_choose_anew_and_be_as_sure(connection: Connection, stage: Stage) -> None:
    """Another label by the same model with the same confidence is not taken for a person's."""
    post = add_labelled(connection, stage)
    change(connection, post, **{FLAGS[stage]: True})
    label = add_label(connection, stage)
    assert store(connection, stage, [claim_one(connection, stage)], [label]) == {post: True}
    assert label_of(connection, post, stage) == (label, CHOOSER, 0.75)


@each_stage
def test_a_label_replaced_while_it_is_wanted_again_is_a_persons(
    connection: Connection, stage: Stage
) -> None:
    """The flag being up does not make a person's label the model's."""
    post = add_labelled(connection, stage)
    change(connection, post, **{FLAGS[stage]: True})
    label = add_label(connection, stage)
    change(connection, post, **{VALUES[stage]: label})
    assert label_of(connection, post, stage) == (label, None, None)


@each_stage
def test_a_label_taken_away_takes_its_provenance_along(
    connection: Connection, stage: Stage
) -> None:
    """Nothing is said of who chose a label that is not there, and the label is wanted again."""
    post = add_labelled(connection, stage)
    change(connection, post, **{VALUES[stage]: None})
    assert label_of(connection, post, stage) == (None, None, None)
    assert flagged(connection, post) == {stage}


@each_stage
def test_deleting_a_label_forgets_what_chose_it(connection: Connection, stage: Stage) -> None:
    """Posts that had the label want one again, and say nothing of the old one's origin."""
    post = add_labelled(connection, stage)
    connection.execute(DELETE[stage], [read(connection, post, VALUES[stage])])
    assert label_of(connection, post, stage) == (None, None, None)
    assert flagged(connection, post) == {stage}


@each_stage
def test_other_changes_leave_provenance_alone(connection: Connection, stage: Stage) -> None:
    """An edit of the text keeps the old label readable, with what chose it; so do other labels."""
    post = add_labelled(connection, stage)
    before = label_of(connection, post, stage)
    others = add_taxonomy(connection)
    del others[VALUES[stage]]
    change(connection, post, content="Edited.", **others)
    change(connection, post, **{VALUES[stage]: before[0]})
    assert label_of(connection, post, stage) == before


@pytest.mark.parametrize("models", [[], [None], [CHOOSER, CHOOSER]])
def test_a_label_without_what_chose_it_is_refused(
    connection: Connection, models: list[str | None]
) -> None:
    """It would be taken for a person's; the claim stands."""
    post = add_wanting(connection, TOPICS)
    label = add_label(connection, TOPICS)
    ids, tokens = keys([claim_one(connection, TOPICS)])
    with pytest.raises(psycopg.Error, match="write-back of 1 labels") as refused:
        rows(
            connection,
            "select * from store_labels(%s::post_stage, %s, %s, %s, '{0.5}', %s)",
            *(TOPICS, ids, tokens, [label], models),
        )
    assert refused.value.sqlstate == "LP062"
    assert refused.value.diag.message_hint
    assert queued(connection, post) == {TOPICS}
