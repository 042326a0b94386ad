"""Topics and audiences that near neighbours decide, over a simulated OpenAI."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from typing import Any
from uuid import UUID

import dagster as dg
import psycopg
import pytest

from linkedin_pipeline.database.cascade import agreements
from linkedin_pipeline.defs import cascade_health
from linkedin_pipeline.domain.cascade import is_audited
from linkedin_pipeline.domain.work import Outcome, Stage
from linkedin_pipeline_tests.defs.paid_runs import run
from linkedin_pipeline_tests.paying import CHAT, Line, Payer
from linkedin_pipeline_tests.sql.bank import (
    add_post,
    change,
    drift,
    flagged,
    read,
    rows,
    value,
)
from linkedin_pipeline_tests.terminal import Terminal

Connection = psycopg.Connection[Any]

TOPICS, AUDIENCES = Stage.TOPIC_CLASSIFICATIONS, Stage.AUDIENCE_CLASSIFICATIONS
HIRING = "Hiring talent: how do recruiters fill a job, and what do candidates ask? Number {}."
PRICING = "Pricing software: marketing, branding and the funnel of a whole campaign. Number {}."
NEAR = 0.8
LABELLED = 4


def ids(*, audited: bool) -> Iterator[UUID]:
    """Return ids of posts that are in the audit sample, or are not."""
    return (UUID(int=n) for n in count(1) if is_audited(UUID(int=n)) == audited)


class Bank:
    """Posts about hiring that the model labelled, and posts that come after them."""

    def __init__(self, connection: Connection, line: Line) -> None:
        self.connection = connection
        self.line = line
        self.off, self.on = line.payer(), line.payer(classification_cascade=NEAR)
        self._ids = {audited: ids(audited=audited) for audited in (False, True)}
        self._number = count()
        self.known = [self.add(HIRING) for _ in range(LABELLED)]
        self.label(self.off)
        self.model = self.off.providers.classifier.model
        assert {self.read(post, "topic_model") for post in self.known} == {self.model}
        [self.topic] = {self.read(post, "topic_id") for post in self.known}

    def add(self, text: str = HIRING, *, audited: bool = False, **columns: Any) -> UUID:
        """Add a post without a hook to classify."""
        post = next(self._ids[audited])
        text = text.format(next(self._number))
        return add_post(self.connection, text, id=post, needs_hook_extraction=False, **columns)

    def label(self, payer: Payer) -> int:
        """Embed and give topics; return how many calls about labels it took."""
        before = len(payer.calls(CHAT))
        payer.drain(Stage.EMBEDDINGS)
        payer.drain(TOPICS)
        return len(payer.calls(CHAT)) - before

    def read(self, post: UUID, column: str) -> Any:
        """Return one column of one post."""
        return read(self.connection, post, column)

    def put_in_doubt(self) -> None:
        """Have the model have given one of the posts another topic."""
        self.connection.execute(
            "update viral_posts_bank set topic_id = (select id from topics where id <> %s limit 1),"
            " topic_model = %s, topic_confidence = 1 where id = %s",
            [self.topic, self.model, self.known[0]],
        )

    def audits(self) -> list[tuple[Any, ...]]:
        """Return what was recorded of audits."""
        return rows(
            self.connection,
            "select post_id, stage::text, model, neighbours_label, model_label from cascade_audits "
            "order by post_id",
        )


@pytest.fixture
def bank(connection: Connection, line: Line) -> Bank:
    """Give a bank with labelled posts."""
    return Bank(connection, line)


def test_off_by_default(bank: Bank) -> None:
    """Every post is the model's, and nothing is recorded."""
    posts = [bank.add() for _ in range(3)]
    assert bank.label(bank.off) == 1
    assert {bank.read(post, "topic_model") for post in posts} == {bank.model}
    assert bank.audits() == []


def test_near_neighbours_decide_without_a_call(bank: Bank) -> None:
    """The label is theirs, marked with their model; what is far from them is asked as ever."""
    near, far = [bank.add() for _ in range(3)], [bank.add(PRICING) for _ in range(2)]
    assert bank.label(bank.on) == 1
    [call] = bank.on.calls(CHAT)[-1:]
    asked = json.dumps(call.document)
    assert asked.count("Pricing software") == 2
    assert "Hiring talent: how" not in asked
    for post in near:
        assert bank.read(post, "topic_id") == bank.topic
        assert bank.read(post, "topic_model") == f"cascade:{bank.model}"
        assert NEAR <= bank.read(post, "topic_confidence") <= 1
        assert TOPICS not in flagged(bank.connection, post)
    for post in far:
        assert bank.read(post, "topic_model") == bank.model
        assert bank.read(post, "topic_id") not in {None, bank.topic}
    assert drift(bank.connection) == []
    assert bank.label(bank.on) == 0


def test_the_wire_is_the_same_otherwise(bank: Bank) -> None:
    """A post that neighbours do not decide is asked about in the same words with and without."""
    post = bank.add(PRICING)
    bank.label(bank.on)
    change(bank.connection, post, needs_topic_classification=True)
    bank.label(bank.off)
    on, off = (call.document for call in bank.on.calls(CHAT)[-2:])
    assert on == off


def test_what_a_neighbour_gave_is_not_passed_on(bank: Bank) -> None:
    """Once the model's own are gone, any number of labels of the cascade decide nothing."""
    passed = [bank.add() for _ in range(5)]
    assert bank.label(bank.on) == 0
    for post in bank.known[1:]:
        bank.connection.execute("delete from viral_posts_bank where id = %s", [post])
    post = bank.add()
    assert bank.label(bank.on) == 1
    assert bank.read(post, "topic_model") == bank.model
    assert {bank.read(one, "topic_model") for one in passed} == {f"cascade:{bank.model}"}


def test_neighbours_that_differ_leave_it_to_the_model(bank: Bank) -> None:
    """One of them is enough."""
    bank.put_in_doubt()
    post = bank.add()
    assert bank.label(bank.on) == 1
    assert bank.read(post, "topic_model") == bank.model


def test_a_post_without_a_vector_is_the_models(bank: Bank) -> None:
    """It does not wait for one."""
    post = bank.add()
    bank.on.drain(TOPICS)
    assert bank.read(post, "topic_model") == bank.model


def test_of_a_sample_the_model_is_asked_all_the_same(bank: Bank) -> None:
    """Its answer is stored, and both are recorded, once however often it is asked."""
    audited, other = bank.add(audited=True), bank.add()
    far = bank.add(PRICING, audited=True)
    assert bank.label(bank.on) == 1
    assert bank.read(audited, "topic_model") == bank.read(far, "topic_model") == bank.model
    assert bank.read(other, "topic_model") == f"cascade:{bank.model}"
    record = (audited, str(TOPICS), bank.model, bank.topic, bank.read(audited, "topic_id"))
    assert bank.audits() == [record]
    change(bank.connection, audited, needs_topic_classification=True)
    assert bank.label(bank.on) == 1
    assert bank.audits() == [record]
    bank.connection.execute("delete from viral_posts_bank where id = %s", [audited])
    assert bank.audits() == []


def test_one_in_twenty_is_audited() -> None:
    """Always the same ones."""
    sample = [n for n in range(20_000) if is_audited(UUID(int=n))]
    assert 850 < len(sample) < 1_150
    assert sample == [n for n in range(20_000) if is_audited(UUID(int=n))]


def test_what_is_paid_for_wins(bank: Bank, instance: dg.DagsterInstance) -> None:
    """The call about a topic that is in doubt brings the audience, which no neighbour replaces."""
    bank.on.drain(AUDIENCES)
    assert {bank.read(post, "audience_model") for post in bank.known} == {bank.model}
    near = bank.add()
    assert run(bank.on, instance, Stage.EMBEDDINGS, TOPICS, AUDIENCES).success
    assert bank.read(near, "audience_model") == f"cascade:{bank.model}"
    bank.put_in_doubt()
    post, calls = bank.add(), len(bank.on.calls(CHAT))
    assert run(bank.on, instance, Stage.EMBEDDINGS, TOPICS, AUDIENCES).success
    assert len(bank.on.calls(CHAT)) == calls + 1
    assert bank.read(post, "topic_model") == bank.read(post, "audience_model") == bank.model
    assert value(bank.connection, "select count(*) from ai_answers") == 0


def test_an_edit_in_flight_is_not_overwritten(bank: Bank) -> None:
    """While the model works on one post, neighbours decide another, whose text changes."""
    near, _ = bank.add(), bank.add(PRICING)
    bank.on.drain(Stage.EMBEDDINGS)
    with bank.on.held(TOPICS, "Pricing software") as held:
        change(bank.connection, near, content="Bread and ovens.")
        report = held.release()
    assert report.totals()[Outcome.STALE] == 1
    assert len(bank.on.calls(CHAT, "Bread and ovens.")) == 1
    assert bank.read(near, "topic_model") == bank.model, "its new text has no vector yet"
    assert drift(bank.connection) == []


def test_requeue_knows_labels_of_the_cascade(bank: Bank, line: Line) -> None:
    """They are up to date while it is on; once it is off, the model is to decide them."""
    bank.add()
    bank.label(bank.on)
    environment = {
        "DATABASE_URL": line.database_url,
        "OPENAI_API_KEY": "sk-simulated",
        "OPENAI_BASE_URL": f"{line.url}/v1",
        "CLASSIFICATION_MODEL": "openai:gpt-5-mini",
    }
    on = Terminal({**environment, "CLASSIFICATION_CASCADE": str(NEAR)})
    assert on.json("requeue", "--model-changed")["requeued"] == {}
    [topics, audiences] = on.json("status")["cascade"]
    assert topics == {
        "stage": str(TOPICS),
        "threshold": NEAR,
        "neighbours": 1,
        "model": LABELLED,
        "audits": 0,
        "agreed": 0,
    }
    assert audiences["stage"] == str(AUDIENCES)
    page = on.invoke("status").stdout
    assert f"{TOPICS}: 20 % by neighbours of similarity 0.8" in page
    off = Terminal(environment)
    assert off.json("requeue", "--model-changed")["requeued"] == {str(TOPICS): 1}
    assert off.json("status")["cascade"] == []


def audit(bank: Bank, number: int, agreed: int, similarity: float, model: str) -> None:
    """Record audits of new posts, the first of which agreed."""
    posts = [bank.add(audited=True) for _ in range(number)]
    [(other,)] = rows(bank.connection, "select id from topics where id <> %s limit 1", bank.topic)
    for place, post in enumerate(posts):
        bank.connection.execute(
            "insert into cascade_audits "
            "(post_id, stage, model, similarity, neighbours_label, model_label) "
            "values (%s, %s, %s, %s, %s, %s)",
            [post, TOPICS, model, similarity, bank.topic, bank.topic if place < agreed else other],
        )


def finding(payer: Payer) -> dg.AssetCheckResult:
    """Return what the check says."""
    said = cascade_health.neighbours_agree_with_the_model(providers=payer.providers)
    assert isinstance(said, dg.AssetCheckResult)
    return said


def test_the_check_fails_when_the_model_disagrees(bank: Bank) -> None:
    """Under nine in ten, fifty audits at least, of this model and of neighbours near enough."""
    audit(bank, 49, 44, NEAR, bank.model)
    assert finding(bank.on).passed, "too few to say"
    audit(bank, 1, 1, NEAR, bank.model)
    assert finding(bank.on).passed
    assert finding(bank.on).metadata["topic_classifications_agreement"].value == 0.9
    audit(bank, 5, 0, NEAR - 0.05, bank.model)
    audit(bank, 5, 0, 0.9, "openai:another/labels-1")
    assert finding(bank.on).passed
    audit(bank, 1, 0, NEAR, bank.model)
    said = finding(bank.on)
    assert not said.passed
    assert said.severity is dg.AssetCheckSeverity.WARN
    assert "88% of 51 in topic_classifications" in (said.description or "")
    assert "Raise CLASSIFICATION_CASCADE above 0.8" in (said.description or "")
    assert finding(bank.off).passed, "who does not use it is not told"


def test_old_audits_are_forgotten(bank: Bank) -> None:
    """The latest two hundred count, so that a mended cascade passes again."""
    audit(bank, 100, 0, NEAR, bank.model)
    bank.connection.execute("update cascade_audits set audited_at = now() - interval '1 day'")
    audit(bank, 180, 180, NEAR, bank.model)
    with bank.on.database() as database:
        [topics, _] = agreements(database, bank.model, NEAR)
    assert (topics.audits, topics.agreed) == (200, 180)
