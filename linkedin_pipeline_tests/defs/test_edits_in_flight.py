"""Posts that change while a paid model works on them: the newest text wins."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
import pytest

from linkedin_pipeline.domain.work import Outcome, Stage
from linkedin_pipeline.workers.engine import Limits
from linkedin_pipeline_tests.paying import Line
from linkedin_pipeline_tests.sql.bank import (
    VALUES,
    add_post,
    change,
    drift,
    flagged,
    read,
    rows,
    value,
)

Connection = psycopg.Connection[Any]

STAGES = (Stage.EMBEDDINGS, Stage.TOPIC_CLASSIFICATIONS, Stage.HOOK_CLASSIFICATIONS)
MODELS = {
    Stage.EMBEDDINGS: "embedding_model",
    Stage.TOPIC_CLASSIFICATIONS: "topic_model",
    Stage.HOOK_CLASSIFICATIONS: "hook_type_model",
}
OLD = "Hiring talent, a Question: how do recruiters fill a job, and what do candidates ask?"
NEWER = "Pricing software, a Story Opening: marketing, branding and the funnel of a campaign."
NEWEST = (
    "Mental health and burnout, a Striking Number: leaders protect the balance of teams at work."
)

at_each_stage = pytest.mark.parametrize("stage", STAGES)


@dataclass
class Bank:
    """The bank of a test about one stage."""

    connection: Connection
    line: Line
    stage: Stage

    def add(self, text: str, **columns: Any) -> UUID:
        """Insert a post whose hook is its text, so that each stage reads what it is given."""
        return add_post(self.connection, text, hook=text, **columns)

    def edit(self, post: UUID, text: str) -> None:
        """Change the text, and the hook with it."""
        change(self.connection, post, content=text, hook=text)

    def assert_fresh(self, post: UUID, text: str, *before: str) -> None:
        """Assert that the post has what its text gives, and that nothing old is left anywhere."""
        assert self.stage not in flagged(self.connection, post)
        assert drift(self.connection) == []
        assert rows(self.connection, "select * from ai_errors") == []
        assert rows(self.connection, "select * from ai_answers") == [], "an answer nobody wants"
        same = self.add(text)
        others = [self.add(other) for other in before]
        self.line.payer().drain(self.stage)
        for column in (VALUES[self.stage], MODELS[self.stage]):
            assert read(self.connection, post, column) == read(self.connection, same, column)
        for other in others:
            assert self.value(other) != self.value(post), "the texts cannot be told apart"
        if self.stage is Stage.EMBEDDINGS:
            assert self.mirrored(post) == self.mirrored(same)

    def value(self, post: UUID) -> Any:
        """Return what the stage wrote."""
        return read(self.connection, post, VALUES[self.stage])

    def mirrored(self, post: UUID) -> list[tuple[Any, ...]]:
        """Return the vectors that search reads, and whether they are those of today's text."""
        return rows(
            self.connection,
            "select v.model_id, v.embedding::text, v.content_hash = b.content_hash "
            "from post_vectors v join viral_posts_bank b on b.id = v.post_id where b.id = %s",
            post,
        )


@pytest.fixture
def bank(connection: Connection, line: Line, stage: Stage) -> Bank:
    """Give an empty bank."""
    return Bank(connection, line, stage)


@at_each_stage
def test_an_edit_in_flight_is_worked_on_again(bank: Bank) -> None:
    """The answer about the old text is dropped; the new text is asked about by the same drain."""
    post = bank.add(OLD)
    with bank.line.payer().held(bank.stage, OLD) as drain:
        bank.edit(post, NEWEST)
        totals = drain.release().totals()
    assert (totals[Outcome.STALE], totals[Outcome.DONE]) == (1, 1)
    bank.assert_fresh(post, NEWEST, OLD)


@at_each_stage
def test_edits_answered_in_reverse_order(bank: Bank) -> None:
    """Three texts are in flight at once; the newest is answered first, and stays."""
    post = bank.add(OLD)
    with ExitStack() as stack:
        drains = []
        for text in (OLD, NEWER, NEWEST):
            bank.edit(post, text)
            drain = bank.line.payer().held(bank.stage, text, Limits(max_posts=1))
            drains.append(stack.enter_context(drain))
        reports = [drain.release().totals() for drain in reversed(drains)]
    assert [report[Outcome.DONE] for report in reports] == [1, 0, 0]
    assert [report[Outcome.STALE] for report in reports] == [0, 1, 1]
    bank.assert_fresh(post, NEWEST, OLD, NEWER)


@at_each_stage
def test_a_post_deleted_in_flight_is_gone(bank: Bank) -> None:
    """Its answer writes nothing and is no error; the post beside it gets its own."""
    gone, stays = bank.add(OLD), bank.add(NEWEST)
    with bank.line.payer().held(bank.stage, OLD) as drain:
        bank.connection.execute("delete from viral_posts_bank where id = %s", [gone])
        totals = drain.release().totals()
    assert (totals[Outcome.STALE], totals[Outcome.DONE]) == (1, 1)
    for query in (
        "select * from post_work where post_id = %s",
        "select * from post_vectors where post_id = %s",
    ):
        assert rows(bank.connection, query, gone) == []
    bank.assert_fresh(stays, NEWEST)


@at_each_stage
def test_a_person_erased_in_flight_is_gone(bank: Bank) -> None:
    """The answer about their post is written nowhere; a post of somebody else gets its own."""
    author = value(
        bank.connection, "insert into profiles (full_name) values ('Ada L.') returning id"
    )
    gone, stays = bank.add(OLD, author_id=author), bank.add(NEWEST)
    with bank.line.payer().held(bank.stage, OLD) as drain:
        assert rows(bank.connection, "select posts from erase_profile(%s)", author) == [(1,)]
        totals = drain.release().totals()
    assert (totals[Outcome.STALE], totals[Outcome.DONE]) == (1, 1)
    assert value(bank.connection, "select count(*) from profiles") == 0
    assert rows(bank.connection, "select * from viral_posts_bank where id = %s", gone) == []
    assert rows(bank.connection, "select * from post_vectors where post_id = %s", gone) == []
    bank.assert_fresh(stays, NEWEST)


@at_each_stage
def test_a_post_inserted_again_with_its_id(bank: Bank) -> None:
    """What was asked about the first post is not written on the second."""
    post = bank.add(OLD)
    with bank.line.payer().held(bank.stage, OLD) as drain:
        with bank.connection.transaction():
            bank.connection.execute("delete from viral_posts_bank where id = %s", [post])
            bank.add(NEWEST, id=post)
        totals = drain.release().totals()
    assert (totals[Outcome.STALE], totals[Outcome.DONE]) == (1, 1)
    bank.assert_fresh(post, NEWEST, OLD)


@at_each_stage
def test_a_value_written_by_hand_in_flight_stays(bank: Bank) -> None:
    """A person was faster: the model's answer is dropped, and nobody asks again."""
    post, other = bank.add(OLD), bank.add(NEWEST)
    bank.line.payer().drain(bank.stage)
    bank.connection.execute("delete from viral_posts_bank where id = %s", [post])
    bank.add(OLD, id=post)
    with bank.line.payer().held(bank.stage, OLD) as drain:
        named = {MODELS[bank.stage]: "a person's"} if bank.stage is Stage.EMBEDDINGS else {}
        change(bank.connection, post, **{VALUES[bank.stage]: bank.value(other)}, **named)
        assert drain.release().totals()[Outcome.DONE] == 0
    assert bank.value(post) == bank.value(other)
    assert bank.stage not in flagged(bank.connection, post)
    assert drift(bank.connection) == []
    assert value(bank.connection, "select count(*) from ai_answers") == 0
