"""The rules about flags of CONTRACT 3.2, one by one, seen from outside."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from linkedin_pipeline.domain.work import Stage
from linkedin_pipeline_tests.sql.bank import (
    FLAGS,
    MODEL,
    NEW,
    VALUES,
    Connection,
    add_finished_post,
    add_post,
    add_taxonomy,
    change,
    claim_one,
    drift,
    flagged,
    metrics,
    queued,
    read,
    store_hooks,
    value,
    vector,
    wait_until_blocked,
)

each_stage = pytest.mark.parametrize("stage", list(Stage), ids=str)


def test_a_new_post_wants_all_but_a_hook_type(connection: Connection) -> None:
    """A post that comes with its text alone wants hook, embedding, topic and audience."""
    post = add_post(connection)
    assert flagged(connection, post) == NEW
    assert queued(connection, post) == NEW


def test_a_new_post_with_a_hook_wants_its_type_instead(connection: Connection) -> None:
    """A hook that comes with the insert is not wanted again, its classification is."""
    post = add_post(connection, hook="Given.")
    expected = NEW - {Stage.HOOKS} | {Stage.HOOK_CLASSIFICATIONS}
    assert flagged(connection, post) == expected
    assert queued(connection, post) == expected


@each_stage
def test_a_value_that_comes_with_the_insert_is_not_wanted(
    connection: Connection, stage: Stage
) -> None:
    """Each value that an insert brings lowers its own flag and leaves no work behind."""
    given = {"hook": "Given.", "embedding": vector(1), **add_taxonomy(connection)}
    columns: dict[str, Any] = {VALUES[stage]: given[VALUES[stage]]}
    if stage is Stage.EMBEDDINGS:
        columns["embedding_model"] = MODEL
    if stage is Stage.HOOK_CLASSIFICATIONS:
        columns["hook"] = "Given."
    post = add_post(connection, **columns)
    assert stage not in flagged(connection, post)
    assert stage not in queued(connection, post)
    assert drift(connection) == []


def test_a_flag_that_an_insert_lowers_stays_low(connection: Connection) -> None:
    """An insert that says a stage is not wanted queues the other stages only."""
    post = add_post(connection, needs_embedding=False)
    assert flagged(connection, post) == queued(connection, post) == NEW - {Stage.EMBEDDINGS}


def test_an_insert_may_ask_for_the_type_of_a_hook_to_come(connection: Connection) -> None:
    """Classification that is wanted from the start waits for the hook all the same."""
    post = add_post(connection, needs_hook_classification=True)
    assert flagged(connection, post) == set(Stage)
    assert queued(connection, post) == NEW


def test_an_insert_that_meets_its_post_is_an_edit(connection: Connection) -> None:
    """An upsert that changes the text of a finished post makes everything wanted."""
    post = add_finished_post(connection)
    connection.execute(
        "insert into viral_posts_bank (id, content) values (%s, 'Another text.') "
        "on conflict (id) do update set content = excluded.content",
        [post],
    )
    assert flagged(connection, post) == set(Stage)


def test_changed_content_makes_everything_wanted(connection: Connection) -> None:
    """An edited post keeps its old values and wants all five again, the hook type last."""
    post = add_finished_post(connection)
    assert flagged(connection, post) == set()
    change(connection, post, content="Another text.")
    assert flagged(connection, post) == set(Stage)
    assert queued(connection, post) == set(Stage) - {Stage.HOOK_CLASSIFICATIONS}
    assert all(read(connection, post, column) is not None for column in VALUES.values())


def test_the_same_content_again_raises_nothing(connection: Connection) -> None:
    """Writing the text that is there already, as an import does, wants nothing."""
    post = add_finished_post(connection)
    change(connection, post, content="A post.", hook="A hook.")
    assert flagged(connection, post) == queued(connection, post) == set()


def test_other_columns_raise_nothing(connection: Connection) -> None:
    """Numbers, addresses, dates, author and structure of a post are no input of any stage."""
    post = add_finished_post(connection)
    author = value(connection, "insert into profiles (full_name) values ('A') returning id")
    structure = value(connection, "insert into post_structures (name) values ('S') returning id")
    now = datetime.now(UTC)
    change(connection, post, metrics=metrics(7), post_url="https://example.org/1", scraped_at=now)
    change(connection, post, original_post_date=now, created_at=now - timedelta(days=9))
    change(connection, post, author_id=author, structure_id=structure)
    assert flagged(connection, post) == queued(connection, post) == set()


@pytest.mark.parametrize("old", [None, "A hook."])
def test_a_new_hook_wants_its_type(connection: Connection, old: str | None) -> None:
    """A hook that is set or changed by plain SQL is finished work, and its type is wanted."""
    post = add_finished_post(connection)
    change(connection, post, hook=old)
    change(connection, post, hook="A new hook.")
    assert flagged(connection, post) == queued(connection, post) == {Stage.HOOK_CLASSIFICATIONS}


@pytest.mark.parametrize("hook", ["A hook.", "A new hook."])
def test_hook_classification_waits_for_the_hook(connection: Connection, hook: str) -> None:
    """After an edit the type is queued once the hook is there, also when it stayed the same."""
    post = add_finished_post(connection)
    change(connection, post, content="Another text.")
    assert Stage.HOOK_CLASSIFICATIONS not in queued(connection, post)
    store_hooks(connection, [claim_one(connection)], hook)
    assert Stage.HOOK_CLASSIFICATIONS in queued(connection, post)
    assert drift(connection) == []


def test_asking_for_the_hook_again_takes_its_classification_back(connection: Connection) -> None:
    """Classification that is queued when a hook is wanted again waits, and is not forgotten."""
    post = add_finished_post(connection)
    change(connection, post, needs_hook_classification=True)
    change(connection, post, needs_hook_extraction=True)
    assert queued(connection, post) == {Stage.HOOKS}
    store_hooks(connection, [claim_one(connection)], "A hook.")
    assert queued(connection, post) == {Stage.HOOK_CLASSIFICATIONS}


@each_stage
def test_a_value_set_by_plain_sql_is_finished_work(connection: Connection, stage: Stage) -> None:
    """Writing the value of a wanted stage lowers its flag and ends its work."""
    given = {"hook": "Given.", "embedding": vector(0, 1), **add_taxonomy(connection)}
    post = add_finished_post(connection)
    change(connection, post, **{FLAGS[stage]: True})
    change(connection, post, **{VALUES[stage]: given[VALUES[stage]]})
    assert stage not in flagged(connection, post)
    assert stage not in queued(connection, post)


@each_stage
def test_a_value_taken_away_is_wanted(connection: Connection, stage: Stage) -> None:
    """Setting a value to null asks for a new one."""
    post = add_finished_post(connection)
    change(connection, post, **{VALUES[stage]: None})
    assert flagged(connection, post) == queued(connection, post) == {stage}


@pytest.mark.parametrize(
    ("statement", "stage"),
    [
        ("delete from topics", Stage.TOPIC_CLASSIFICATIONS),
        ("delete from audiences", Stage.AUDIENCE_CLASSIFICATIONS),
        ("delete from hook_types", Stage.HOOK_CLASSIFICATIONS),
    ],
)
def test_a_deleted_label_is_wanted_anew(
    connection: Connection, statement: bytes, stage: Stage
) -> None:
    """A foreign key that sets a label to null asks for a new one, like a person would."""
    post = add_finished_post(connection)
    connection.execute(statement)
    assert flagged(connection, post) == queued(connection, post) == {stage}


def test_an_explicit_flag_wins_over_an_edit(connection: Connection) -> None:
    """A statement that edits the text and lowers a flag has that stage left alone."""
    post = add_post(connection)
    change(connection, post, content="Another text.", needs_embedding=False)
    assert flagged(connection, post) == queued(connection, post) == NEW - {Stage.EMBEDDINGS}


def test_an_explicit_flag_wins_over_a_value(connection: Connection) -> None:
    """A statement that writes a value and raises its flag asks for a better one."""
    post = add_finished_post(connection)
    change(connection, post, embedding=vector(0, 1), needs_embedding=True)
    assert flagged(connection, post) == queued(connection, post) == {Stage.EMBEDDINGS}


def test_an_edit_that_brings_values_wants_the_others(connection: Connection) -> None:
    """Text and vector written together leave the vector finished and the rest wanted."""
    post = add_finished_post(connection)
    change(connection, post, content="Another text.", embedding=vector(0, 1))
    assert flagged(connection, post) == set(Stage) - {Stage.EMBEDDINGS}
    assert drift(connection) == []


@each_stage
def test_a_flag_raised_by_hand_queues_the_work(connection: Connection, stage: Stage) -> None:
    """Raising a flag with plain SQL is all it takes to have a stage done again."""
    post = add_finished_post(connection)
    change(connection, post, **{FLAGS[stage]: True})
    assert flagged(connection, post) == queued(connection, post) == {stage}


@each_stage
def test_a_flag_lowered_by_hand_ends_the_work(connection: Connection, stage: Stage) -> None:
    """Lowering a flag with plain SQL takes the work away."""
    post = add_finished_post(connection)
    change(connection, post, **{FLAGS[stage]: True})
    change(connection, post, **{FLAGS[stage]: False})
    assert flagged(connection, post) == queued(connection, post) == set()


def test_raising_a_raised_flag_does_nothing(connection: Connection) -> None:
    """A second wish for the same work does not disturb who is at it."""
    post = add_post(connection)
    held = claim_one(connection)
    change(connection, post, needs_hook_extraction=True)
    assert store_hooks(connection, [held]) == {post: True}


def test_copy_queues_every_row_once(connection: Connection) -> None:
    """COPY of 10,000 posts leaves four work rows for each and no drift."""
    with connection.cursor().copy("copy viral_posts_bank (content) from stdin") as copy:
        for number in range(10_000):
            copy.write_row([f"Post {number}."])
    assert value(connection, "select count(*) from post_work") == 40_000
    assert drift(connection) == []


def test_two_sessions_on_one_post_leave_both_wishes(
    connection: Connection, database_url: str
) -> None:
    """A value written while another session edits counts for what it is: the newer write."""
    post = add_finished_post(connection)
    topic = add_taxonomy(connection)["topic_id"]
    with psycopg.connect(database_url) as editor, psycopg.connect(database_url) as labeller:
        editor.execute("update viral_posts_bank set content = 'New.' where id = %s", [post])
        with labeller.pipeline():  # sent, and waiting for the editor's lock
            labeller.execute(
                "update viral_posts_bank set topic_id = %s where id = %s", [topic, post]
            )
            wait_until_blocked(connection, labeller)
            editor.commit()
        labeller.commit()
    assert flagged(connection, post) == set(Stage) - {Stage.TOPIC_CLASSIFICATIONS}
    assert read(connection, post, "topic_id") == topic
    assert drift(connection) == []


def test_updated_at_never_goes_back(connection: Connection) -> None:
    """An update moves updated_at forward even when the clock, or a client, says otherwise."""
    future = datetime(2100, 1, 1, tzinfo=UTC)
    post = add_post(connection, updated_at=future)
    change(connection, post, metrics=metrics(1), updated_at=datetime(2020, 1, 1, tzinfo=UTC))
    assert read(connection, post, "updated_at") == future + timedelta(microseconds=1)


def test_updated_at_follows_overlapping_transactions(
    connection: Connection, database_url: str
) -> None:
    """A transaction that began earlier but wrote later leaves the later time."""
    post = add_post(connection)
    with psycopg.connect(database_url) as slow:
        slow.execute("select now()")
        change(connection, post, metrics=metrics(1))
        between = read(connection, post, "updated_at")
        slow.execute("update viral_posts_bank set metrics = '{\"likes\": 2}' where id = %s", [post])
    assert read(connection, post, "updated_at") > between


def test_audiences_move_updated_at(connection: Connection) -> None:
    """The trigger that keeps updated_at of plain tables moves it forward as well."""
    future = datetime(2100, 1, 1, tzinfo=UTC)
    connection.execute("insert into audiences (name, updated_at) values ('A test.', %s)", [future])
    connection.execute("update audiences set tone_preferences = 'B', updated_at = now()")
    seen = "select updated_at from audiences where name = 'A test.'"
    assert value(connection, seen) == future + timedelta(microseconds=1)


def test_a_hook_written_by_a_person_is_not_called_extracted(connection: Connection) -> None:
    """hook_extracted_at goes with the extraction, unless it is written in the same statement."""
    post = add_finished_post(connection)
    when = "update viral_posts_bank set hook_extracted_at = '2026-01-01' where id = %s"
    connection.execute(when, (post,))
    change(connection, post, hook="Mine.")
    assert read(connection, post, "hook_extracted_at") is None
    change(connection, post, hook="Extracted.", hook_extracted_at="2026-01-02")
    assert read(connection, post, "hook_extracted_at") is not None
