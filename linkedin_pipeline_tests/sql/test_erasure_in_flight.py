"""Erasing a person while their posts are being worked on or sent."""

from __future__ import annotations

import threading
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from linkedin_pipeline_tests.sql.bank import (
    Connection,
    add_finished_post,
    add_post,
    change,
    claim,
    rows,
    store_hooks,
    value,
    wait_until_blocked,
)
from linkedin_pipeline_tests.sql.people import erase, refusal
from linkedin_pipeline_tests.sql.tables import account, add, cells, person


def in_flight(connection: Connection, ada: UUID, kind: str, state: str) -> UUID:
    """Insert a publication of a person in some state; return its id."""
    if kind == "production_post":
        return add(connection, "production_posts", author_id=ada, status=state)
    if kind == "scheduled_post":
        return add(connection, "scheduled_posts", author_id=ada, status=state)
    if kind == "company_published_post":
        original = add(connection, "published_posts", profile_id=ada)
        return add(connection, kind + "s", original_published_post_id=original, status=state)
    post = add(connection, "scheduled_posts", author_id=person(connection, "Bob"))
    by = account(connection, ada)
    return add(connection, kind + "s", scheduled_post_id=post, unipile_account_id=by, status=state)


KINDS = ("production_post", "scheduled_post", "scheduled_post_account", "company_published_post")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("state", ["publishing", "unconfirmed"])
def test_publications_in_flight_come_first(connection: Connection, kind: str, state: str) -> None:
    """What may be on LinkedIn already is not forgotten: refused by name, and nothing is gone."""
    ada = person(connection)
    add_post(connection, author_id=ada)
    made = in_flight(connection, ada, kind, state)
    code, message, hint = refusal(connection, "select * from erase_profile(%s)", ada)
    assert code == "LP131"
    assert f"{kind} {made} is {state}" in message
    assert "publications resolve" in hint
    assert value(connection, "select count(*) from viral_posts_bank") == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("state", ["pending", "held", "failed", "missed", "cancelled"])
def test_what_is_not_out_does_not_wait(connection: Connection, kind: str, state: str) -> None:
    """Intents that nobody has begun go with the person."""
    ada = person(connection)
    made = in_flight(connection, ada, kind, state)
    assert erase(connection, ada) == (0, 0)
    if kind == "scheduled_post_account":  # another's post: it lost the account, and says so
        assert cells(connection, kind + "s", made, "unipile_account_id") is None
    else:
        left = f"select count(*) from {kind}s"
        assert connection.execute(left.encode()).fetchone() == (0,)


@pytest.mark.parametrize(
    ("state", "doubt", "refused"),
    [
        ("publishing", None, True),
        ("unconfirmed", "no_answer", True),
        ("held", "duplicate", True),
        ("held", None, False),
        ("pending", None, False),
        ("published", None, False),
    ],
)
def test_the_ledger_of_publishing(
    connection: Connection, state: str, doubt: str | None, *, refused: bool
) -> None:
    """What may be out is refused; the rest goes, and of what is out the number stays."""
    ada = person(connection)
    columns = {"profile_id": ada, "state": state, "doubt": doubt, "text": "Words."}
    made = add(
        connection, "publications", kind="scheduled", account="acc", social_id="urn:1", **columns
    )
    if refused:
        code, message, _ = refusal(connection, "select * from erase_profile(%s)", ada)
        assert (code, f"publication {made} is " in message) == ("LP131", True)
        return
    assert erase(connection, ada) == (0, int(state == "published"))
    assert value(connection, "select count(*) from publications") == 0
    kept = rows(connection, "select social_id, unipile_account_id from kept_publications")
    assert kept == ([("urn:1", "acc")] if state == "published" else [])


def test_an_unknown_profile(connection: Connection) -> None:
    """It is an error with a code, also the second time."""
    assert refusal(connection, "select * from erase_profile(%s)", uuid4())[0] == "LP130"
    assert refusal(connection, "select * from erase_profile(null)")[0] == "LP130"
    ada = person(connection)
    erase(connection, ada)
    assert refusal(connection, "select * from erase_profile(%s)", ada)[0] == "LP130"
    assert rows(connection, "select * from erasures_to_clear()") == [
        (ada, f"profile-{ada.hex[:12]}")
    ]


def test_a_claim_in_flight_writes_nothing(connection: Connection) -> None:
    """Hooks that come after the erasure are stale, also as dead letters."""
    ada = person(connection)
    post = add_post(connection, author_id=ada)
    held = claim(connection)
    assert [one.post_id for one in held] == [post]
    erase(connection, ada)
    assert store_hooks(connection, held) == {}
    assert value(connection, "select count(*) from viral_posts_bank") == 0
    assert value(connection, "select count(*) from ai_errors") == 0


def test_a_write_back_that_came_first_is_erased_too(
    connection: Connection, database_url: str
) -> None:
    """The erasure waits for the transaction that holds the post, and takes what it wrote."""
    ada = person(connection)
    post = add_finished_post(connection)
    change(connection, post, author_id=ada)
    with (
        psycopg.connect(database_url) as writer,
        psycopg.connect(database_url, autocommit=True) as eraser,
    ):
        writer.execute("update viral_posts_bank set hook = 'Late.' where id = %s", [post])
        thread = threading.Thread(target=erase, args=(eraser, ada))
        thread.start()
        wait_until_blocked(connection, eraser)
        writer.commit()
        thread.join(timeout=60)
    assert value(connection, "select count(*) from viral_posts_bank") == 0


def test_nothing_is_added_while_it_is_erased(connection: Connection, database_url: str) -> None:
    """A post that is inserted meanwhile waits, and is refused: its author is gone."""
    ada = person(connection)
    errors: list[Any] = []

    def insert(session: Connection) -> None:
        try:
            add_post(session, author_id=ada)
        except psycopg.errors.ForeignKeyViolation as error:
            errors.append(error)

    with (
        psycopg.connect(database_url) as eraser,
        psycopg.connect(database_url, autocommit=True) as writer,
    ):
        erase(eraser, ada)
        thread = threading.Thread(target=insert, args=(writer,))
        thread.start()
        wait_until_blocked(connection, writer)
        eraser.commit()
        thread.join(timeout=60)
    assert len(errors) == 1
    assert value(connection, "select count(*) from viral_posts_bank") == 0


def test_a_paid_style_is_not_kept_for_nobody(connection: Connection) -> None:
    """Answers of batches about the posts go; one that somebody else's post shares stays."""
    ada = person(connection)
    hers, others = add_post(connection, author_id=ada), add_post(connection)
    batch = uuid4()
    connection.execute(
        "insert into ai_batches (id, provider, model, purpose, stage, line_sizes, waits_until) "
        "values (%s, 'openai', 'm', 'embedding', 'embeddings', '{2}', now())",
        [batch],
    )
    for line, (post, key) in enumerate(((hers, b"own"), (hers, b"shared"), (others, b"shared"))):
        connection.execute(
            "insert into ai_batch_items (batch_id, line, post_id, stage, place, key) "
            "values (%s, %s, %s, 'embeddings', 0, %s)",
            [batch, line, post, key],
        )
    for key in (b"own", b"shared"):
        connection.execute("insert into ai_answers (key, label) values (%s, 'x')", [key])
    erase(connection, ada)
    assert rows(connection, "select key from ai_answers") == [(b"shared",)]
