"""``linkedin-pipeline requeue``."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from linkedin_pipeline.domain.work import Stage
from linkedin_pipeline_tests.sql.bank import (
    add_finished_post,
    change,
    claim,
    flagged,
    reject,
    value,
)
from linkedin_pipeline_tests.terminal import Terminal

Connection = psycopg.Connection[Any]

OURS = "local:use-multilingual-v3"


@pytest.fixture
def terminal(database_url: str, tmp_path: Path) -> Terminal:
    """Give a command line over a database of the test's own."""
    return Terminal({"DATABASE_URL": database_url, "LINKEDIN_PIPELINE_HOME": str(tmp_path)})


def add_dead_letter(connection: Connection, stage: Stage, flag: str) -> UUID:
    """Insert a post that was given up in one stage."""
    post = add_finished_post(connection)
    change(connection, post, **{flag: True})
    reject(connection, claim(connection, stage), stage)
    return post


def test_without_options_dead_letters_of_all_stages_go_back(
    terminal: Terminal, connection: Connection
) -> None:
    """Posts that were given up are tried again; finished ones are left alone."""
    hookless = add_dead_letter(connection, Stage.HOOKS, "needs_hook_extraction")
    topicless = add_dead_letter(
        connection, Stage.TOPIC_CLASSIFICATIONS, "needs_topic_classification"
    )
    fine = add_finished_post(connection)
    result = terminal.invoke("requeue")
    assert result.exit_code == 0
    assert "Flagged again: 1 × hooks, 1 × topic_classifications.\n" in result.output
    assert flagged(connection, hookless) == {Stage.HOOKS}
    assert flagged(connection, topicless) == {Stage.TOPIC_CLASSIFICATIONS}
    assert flagged(connection, fine) == set()
    assert terminal.invoke("requeue").output == "There is nothing to put back.\n"


def test_a_stage_goes_back_with_what_models_chose(
    terminal: Terminal, connection: Connection
) -> None:
    """After an edit of the taxonomy: dead letters and labels with a model, not those of people."""
    by_model, by_hand = add_finished_post(connection), add_finished_post(connection)
    change(connection, by_model, topic_model="any:model", audience_model="any:model")
    dead = add_dead_letter(connection, Stage.TOPIC_CLASSIFICATIONS, "needs_topic_classification")
    hookless = add_dead_letter(connection, Stage.HOOKS, "needs_hook_extraction")
    answer = terminal.json("requeue", "--stage", "topic_classifications")
    assert answer == {"requeued": {"topic_classifications": 2}, "total": 2}
    assert (
        flagged(connection, by_model) == flagged(connection, dead) == {Stage.TOPIC_CLASSIFICATIONS}
    )
    assert flagged(connection, by_hand) == flagged(connection, hookless) == set()


def test_a_changed_model_redoes_what_others_made(
    terminal: Terminal, connection: Connection
) -> None:
    """Vectors and labels of other models, whatever the stage; dead letters are not meant."""
    other, ours = add_finished_post(connection), add_finished_post(connection)
    for post, model in ((other, "other:model"), (ours, OURS)):
        labels = model if model == "other:model" else f"{OURS}/nearest-1"
        change(connection, post, embedding_model=model, topic_model=labels)
    dead = add_dead_letter(connection, Stage.HOOKS, "needs_hook_extraction")
    change(connection, dead, embedding_model=OURS)
    stages = {Stage.EMBEDDINGS, Stage.TOPIC_CLASSIFICATIONS}
    assert set(terminal.json("requeue", "--model-changed")["requeued"]) == stages
    assert flagged(connection, other) == stages
    assert flagged(connection, ours) == flagged(connection, dead) == set()


def test_one_post_alone(terminal: Terminal, connection: Connection) -> None:
    """With a post named, others of the stage stay; an unknown post is wrong use."""
    post, other = (
        add_dead_letter(connection, Stage.HOOKS, "needs_hook_extraction") for _ in range(2)
    )
    assert terminal.json("requeue", "--post", str(post))["total"] == 1
    assert (flagged(connection, post), flagged(connection, other)) == ({Stage.HOOKS}, set())
    unknown = terminal.invoke("requeue", "--post", str(uuid4()))
    assert (unknown.exit_code, unknown.stderr.count("\n")) == (2, 1)
    assert terminal.invoke("requeue", "--post", "nonsense").exit_code == 2


def test_wrong_use_is_said(terminal: Terminal) -> None:
    """An unknown stage meets the list; hooks have no model that could change."""
    unknown = terminal.invoke("requeue", "--stage", "hook")
    assert unknown.exit_code == 2
    assert "'topic_classifications'" in unknown.stderr
    assert terminal.invoke("requeue", "--stage", "hooks", "--model-changed").exit_code == 2


@pytest.fixture
def many(connection: Connection) -> Connection:
    """Give more posts than are done again without a question."""
    connection.execute(
        "insert into viral_posts_bank (content, embedding, embedding_model) "
        "select 'Post ' || n, ('[1' || repeat(',0', 1535) || ']')::vector, 'test:one' "
        "from generate_series(1, 1001) n"
    )
    return connection


FLAGGED = "select count(*) from viral_posts_bank where needs_embedding"


def test_a_person_is_asked_before_much_is_done_again(terminal: Terminal, many: Connection) -> None:
    """On a terminal the number is said, and no answer but yes goes on."""
    code, output = terminal.on_tty("requeue", "--stage", "embeddings", typed="n\n")
    assert code == 1
    assert "1,001 posts will be done again. Go on?" in output
    assert value(many, FLAGGED) == 0
    code, output = terminal.on_tty("requeue", "--stage", "embeddings", typed="y\n")
    assert code == 0
    assert "Flagged again: 1,001 × embeddings." in output
    assert value(many, FLAGGED) == 1001


def test_a_script_is_not_asked(terminal: Terminal, many: Connection) -> None:
    """Without a terminal, and with --yes on one, there is no question; little is never asked."""
    assert terminal.json("requeue", "--stage", "embeddings")["total"] == 1001
    many.execute("update viral_posts_bank set needs_embedding = false")
    assert terminal.on_tty("requeue", "--stage", "embeddings", "--yes")[0] == 0
    assert value(many, FLAGGED) == 1001
    many.execute("update viral_posts_bank set needs_embedding = false")
    many.execute("delete from viral_posts_bank where content = 'Post 1'")
    code, output = terminal.on_tty("requeue", "--stage", "embeddings")
    assert (code, "Go on?" in output) == (0, False)
