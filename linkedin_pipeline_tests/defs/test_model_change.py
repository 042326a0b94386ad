"""A change of the embedding model, and of the others: resumable, never mixed, never empty."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import dagster as dg
import psycopg
import pytest

from linkedin_pipeline.database import models
from linkedin_pipeline.definitions import build_defs
from linkedin_pipeline.domain.ai import Model
from linkedin_pipeline.domain.work import Stage
from linkedin_pipeline.simulators.faults import Fault, Kind
from linkedin_pipeline.simulators.vectors import embedding
from linkedin_pipeline.status_facts.page import read_page
from linkedin_pipeline_tests.defs.paid_runs import run, tick, why_skipped
from linkedin_pipeline_tests.paying import ADA, EMBEDDINGS, SMALL, Line, Payer, pass_time
from linkedin_pipeline_tests.sql.bank import add_post, change, drift, flagged, rows, value
from linkedin_pipeline_tests.terminal import Terminal

Connection = psycopg.Connection[Any]

POSTS = 25
TEXT = "Post {} on hiring people, numbered {}."
MOST = "linkedin/max-posts"


@dataclass
class Change:
    """A bank that one model embedded and another is to embed; what each post says by now."""

    connection: Connection
    old: Payer
    new: Payer
    texts: dict[UUID, str] = field(default_factory=dict)

    def add(self, text: str) -> UUID:
        """Insert a post."""
        post = add_post(self.connection, text)
        self.texts[post] = text
        return post

    def edit(self, post: UUID, text: str) -> None:
        """Change the text of a post, which then is the last of them."""
        change(self.connection, post, content=text)
        del self.texts[post]
        self.texts[post] = text

    def assert_searched(self, model: Model) -> None:
        """Assert that the search reads one model's vectors of every post, of today's texts."""
        assert value(self.connection, "select current_embedding_model()") == str(model)
        for post, text in [*self.texts.items()][-2:]:
            vector = embedding(model.name, text).tolist()
            found = dict(
                rows(
                    self.connection,
                    "select id, similarity from match_viral_posts(%s::vector, -1, 1000)",
                    str(vector),
                )
            )
            assert found.keys() == self.texts.keys(), "whole, never empty"
            assert found[post] == pytest.approx(1, abs=1e-3), "of the same model and text"
        vectors = rows(
            self.connection,
            "select b.content, v.embedding::text from post_vectors v "
            "join embedding_models m on m.id = v.model_id and m.state = 'serving' "
            "join viral_posts_bank b on b.id = v.post_id",
        )
        for text, stored in vectors:
            numbers = [float(number) for number in stored.strip("[]").split(",")]
            nearness = sum(a * b for a, b in zip(embedding(model.name, text), numbers, strict=True))
            assert nearness == pytest.approx(1, abs=1e-3), "no vector of another model among them"
        topics = rows(
            self.connection,
            "select t.embedding_model, count(*) from topics t join match_topics("
            "%s::vector, -1, 1000) f on f.id = t.id group by 1",
            str(embedding(model.name, "Hiring people").tolist()),
        )
        active = value(self.connection, "select count(*) from topics where is_active")
        assert topics == [(str(model), active)]

    def coverage(self) -> dict[str, tuple[str, int]]:
        """Return state and number of vectors by model, as the status page has them."""
        page = read_page(self.new.providers)
        return {one["name"]: (one["state"], one["vectors"]) for one in page["embedding_models"]}


@pytest.fixture
def moving(line: Line, connection: Connection, instance: dg.DagsterInstance) -> Change:
    """Give a bank that is done, by one model, and providers that are configured for another."""
    bank = Change(connection, line.payer(), line.payer(embedding_model=ADA))
    for n in range(POSTS):
        bank.add(TEXT.format(n, n * n))
    assert run(bank.old, instance).success
    assert value(connection, "select count(*) from post_work") == 0
    bank.assert_searched(SMALL)
    return bank


def requeue(payer: Payer, instance: dg.DagsterInstance) -> None:
    """Run the job that flags what other models made."""
    job = build_defs(payer.providers).resolve_job_def("requeue_model_changed")
    assert job.execute_in_process(instance=instance).success


def test_the_old_model_serves_until_the_new_one_has_everything(
    moving: Change, connection: Connection, instance: dg.DagsterInstance
) -> None:
    """Part by part, with new and edited posts meanwhile; the last part changes all at once."""
    small, ada = str(SMALL), str(ADA)
    calls = len(moving.new.calls())
    assert run(moving.new, instance).success
    assert len(moving.new.calls()) == calls, "a changed setting alone costs nothing"
    requeue(moving.new, instance)
    wanted = rows(connection, "select stage::text, count(*) from post_work group by 1")
    assert wanted == [(Stage.EMBEDDINGS, POSTS)], "labels keep their model"
    moving.assert_searched(SMALL)

    assert run(moving.new, instance, Stage.EMBEDDINGS, **{MOST: "10"}).success
    assert moving.coverage() == {small: ("serving", POSTS), ada: ("building", 10)}
    moving.assert_searched(SMALL)

    moving.add("A new post about boats and the sea.")
    edited = next(iter(moving.texts))
    moving.edit(edited, "An edited post about bread and ovens.")
    requeue(moving.new, instance)  # again, as after an interruption: what is done stays done
    assert value(connection, "select count(*) from post_work where stage = 'embeddings'") <= 17
    assert run(moving.new, instance, Stage.EMBEDDINGS, **{MOST: "5"}).success
    assert moving.coverage()[small][0] == "serving"
    assert moving.coverage()[ada][0] == "building"

    assert run(moving.new, instance, Stage.EMBEDDINGS).success  # no run of labels to mend theirs
    assert moving.coverage() == {small: ("retired", POSTS + 1), ada: ("serving", POSTS + 1)}
    moving.assert_searched(ADA)
    assert run(moving.new, instance).success
    moving.assert_searched(ADA)
    labels = rows(connection, "select distinct embedding_model from audiences where is_active")
    assert labels == [(ada,)]
    assert drift(connection) == []
    assert value(connection, "select count(*) from post_work") == 0
    assert value(connection, "select count(*) from ai_answers") == 0


def test_new_and_edited_posts_are_found_during_the_change(
    moving: Change, connection: Connection, instance: dg.DagsterInstance
) -> None:
    """They get vectors of both models, and no other post pays for two."""
    requeue(moving.new, instance)
    connection.execute("update post_work set due_at = now() + interval '1 hour'")
    moving.add("A new post about boats and the sea.")
    moving.edit(next(iter(moving.texts)), "An edited post about bread and ovens.")
    before = len(moving.new.calls(EMBEDDINGS))
    assert run(moving.new, instance).success
    moving.assert_searched(SMALL)
    asked = [call.document for call in moving.new.calls(EMBEDDINGS)[before:]]
    posts = [one for one in asked if any("post about" in text for text in one["input"])]
    assert {one["model"] for one in posts} == {SMALL.name, ADA.name}
    assert all(len(one["input"]) == 2 for one in posts)
    assert moving.coverage()[str(ADA)] == ("building", 2)


def test_a_change_that_was_cut_off_before_its_last_step(
    moving: Change, line: Line, connection: Connection, instance: dg.DagsterInstance
) -> None:
    """The labels cannot be embedded when all posts are: the sensor asks for the last step later."""
    requeue(moving.new, instance)
    label = value(connection, "select name from topics where is_active limit 1")
    line.simulator.faults.add(Fault(Kind.INVALID_KEY, route=EMBEDDINGS, contains=label))
    assert run(moving.new, instance).success
    assert moving.coverage()[str(ADA)] == ("building", POSTS)
    moving.assert_searched(SMALL)
    assert why_skipped(moving.new, instance) == "no post is flagged", "the provider is paused"
    pass_time(connection)
    [request] = tick(moving.new, instance).run_requests
    assert request.asset_selection == [dg.AssetKey("embeddings")]
    assert run(moving.new, instance, Stage.EMBEDDINGS).success
    moving.assert_searched(ADA)
    assert why_skipped(moving.new, instance) == "no post is flagged"


def test_retired_vectors_go_in_parts(
    moving: Change,
    connection: Connection,
    instance: dg.DagsterInstance,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each run after the change deletes some of them; search never sees it."""
    monkeypatch.setattr(models, "_FORGET", 10)
    requeue(moving.new, instance)
    assert run(moving.new, instance).success
    left = [moving.coverage()[str(SMALL)]]
    while left[-1][1]:
        assert run(moving.new, instance, Stage.EMBEDDINGS).success
        left.append(moving.coverage()[str(SMALL)])
        moving.assert_searched(ADA)
    assert left == [("retired", 25), ("retired", 15), ("retired", 5), ("retired", 0)]


def test_another_classification_model_redoes_nothing_by_itself(
    moving: Change, line: Line, connection: Connection, instance: dg.DagsterInstance
) -> None:
    """Only who asks for it has the labels made again; they stay until the new ones are there."""
    other = line.payer(classification_model=Model("openai", "gpt-5.2"))
    calls = len(other.calls())
    assert run(other, instance).success
    assert why_skipped(other, instance) == "no post is flagged"
    assert len(other.calls()) == calls
    requeue(other, instance)
    [post, *_] = moving.texts
    assert flagged(connection, post) == {
        Stage.TOPIC_CLASSIFICATIONS,
        Stage.AUDIENCE_CLASSIFICATIONS,
        Stage.HOOK_CLASSIFICATIONS,
    }
    missing = "select count(*) from viral_posts_bank where topic_id is null"
    assert value(connection, missing) == 0
    assert run(other, instance).success
    made = rows(connection, "select distinct split_part(topic_model, '/', 1) from viral_posts_bank")
    assert made == [("openai:gpt-5.2",)]


def test_the_command_line_searches_the_old_set_whole(
    moving: Change, line: Line, connection: Connection, instance: dg.DagsterInstance
) -> None:
    """`search` asks the serving model, whatever is configured; `requeue` and `status` tell."""
    terminal = Terminal(
        {
            "DATABASE_URL": line.database_url,
            "OPENAI_API_KEY": "sk-simulated",
            "OPENAI_BASE_URL": f"{line.url}/v1",
            "EMBEDDING_MODEL": str(ADA),
        }
    )
    assert terminal.json("requeue", "--model-changed")["requeued"] == {"embeddings": POSTS}
    text = TEXT.format(7, 49)

    def best() -> tuple[int, str, float]:
        found = terminal.json("search", text, "--count", "100")
        return len(found), found[0]["content"], round(found[0]["similarity"], 2)

    assert best() == (POSTS, text, 1.0)
    assert run(moving.new, instance, Stage.EMBEDDINGS, **{MOST: "10"}).success
    assert best() == (POSTS, text, 1.0)
    by_name = {one["name"]: one for one in terminal.json("status")["embedding_models"]}
    assert (by_name[str(ADA)]["state"], by_name[str(ADA)]["vectors"]) == ("building", 10)
    assert run(moving.new, instance).success
    assert best() == (POSTS, text, 1.0)
    assert value(connection, "select current_embedding_model()") == str(ADA)
