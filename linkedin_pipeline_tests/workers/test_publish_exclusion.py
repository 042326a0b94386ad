"""Any number of publishers at once: one intent, one POST; and what late answers still change."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from typing import LiteralString
from uuid import UUID

import pytest

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.publications import PostgresPublicationDesk
from linkedin_pipeline.domain.publications import (
    Accepted,
    Ambiguous,
    BadContent,
    Due,
    Intent,
    Kind,
    Limited,
    PostOutcome,
    Refusal,
    State,
    Unclear,
    Unsent,
)
from linkedin_pipeline_tests.publishing import QUICK, LinkedIn, author, publish, schedule, state
from linkedin_pipeline_tests.sql.bank import Connection, rows

LEASE = timedelta(seconds=90)
PUBLISHERS, ROUNDS, AUTHORS = 4, 12, 3


def test_many_publishers_make_one_post_each(connection: Connection, database_url: str) -> None:
    """Publishers with connections of their own, at the same instant, round for round: one POST."""
    linkedin = LinkedIn()
    authors = [author(connection, f"A{number}") for number in range(AUTHORS)]
    start = threading.Barrier(PUBLISHERS)

    def one(mine: Database) -> None:
        start.wait(timeout=120)
        publish(mine, linkedin)

    with ExitStack() as stack, ThreadPoolExecutor(PUBLISHERS) as threads:
        opened = [stack.enter_context(Database(database_url)) for _ in range(PUBLISHERS)]
        for turn in range(ROUNDS):
            for number, (profile, account) in enumerate(authors):
                schedule(connection, profile, f"{turn} {number}.", account=account)
            list(threads.map(one, opened))
    while rows(connection, "select 1 from scheduled_posts where status <> 'published'"):
        with Database(database_url, patience=30) as mine:
            publish(mine, linkedin)
    assert len(linkedin.times()) == ROUNDS * AUTHORS
    assert set(linkedin.times().values()) == {1}
    assert len(linkedin.posted) == ROUNDS * AUTHORS
    assert rows(connection, "select count(*), sum(attempts) from publications") == [
        (ROUNDS * AUTHORS, ROUNDS * AUTHORS)
    ]


def test_one_intent_of_many(connection: Connection, database_url: str) -> None:
    """Of eight that commit the same post at once one gets the intent, the others the reason."""
    profile, account = author(connection)
    start = threading.Barrier(8)
    for number in range(10):
        schedule(connection, profile, f"Post {number}.", account=account)
        with Database(database_url) as mine:
            desk = PostgresPublicationDesk(mine, QUICK)
            (due,) = desk.due(5, list(Kind))

            def at_once(what: Due, desk: PostgresPublicationDesk = desk) -> Intent | Refusal:
                start.wait(timeout=60)
                return desk.commit(what, (), LEASE)

            with ThreadPoolExecutor(8) as threads:
                answers = list(threads.map(at_once, [due] * 8))
            (intent,) = [one for one in answers if isinstance(one, Intent)]
            desk.record(intent, Accepted("1"))
            desk.confirm(intent, None, "it is out", text_differs=None)
    assert rows(connection, "select count(*), max(attempts) from publications") == [(10, 1)]


def commit(database: Database) -> tuple[PostgresPublicationDesk, Intent]:
    """Commit the intent of the only due post; return the desk and the intent."""
    desk = PostgresPublicationDesk(database, QUICK)
    (due,) = desk.due(5, list(Kind))
    intent = desk.commit(due, (), LEASE)
    assert isinstance(intent, Intent)
    return desk, intent


LATER: dict[str, list[str]] = {
    "unconfirmed": ["lapse"],
    "pending": ["lapse", "retry"],
    "held": ["lapse", "hold"],
    "cancelled": ["lapse", "retry", "cancel"],
    "resolved as cancelled": ["lapse", "hold", "resolve cancel"],
    "resolved as retry": ["lapse", "hold", "resolve retry"],
    "missed": ["lapse", "retry", "late"],
}


def do(what: str, connection: Connection, desk: PostgresPublicationDesk, intent: Intent) -> None:
    """Let one thing happen to a publication whose publisher is slow."""
    post = rows(connection, "select id from scheduled_posts")[0][0]
    match what:
        case "lapse":
            rows(connection, "update publications set leased_until = now() returning 1")
            assert desk.prepare(list(Kind))["lapsed"] == 1
        case "retry":
            assert desk.retry(intent, "it is not out") is State.PENDING
        case "hold":
            assert desk.hold(intent, "who knows") is State.HELD
        case "cancel":
            assert rows(connection, "select done from cancel_scheduled_post(%s)", post) == [(True,)]
        case "late":
            past = "update scheduled_posts set scheduled_at = now() - interval '1 day' returning 1"
            rows(connection, past)
            assert desk.prepare(list(Kind))["missed"] == 1
        case _:
            decision = what.removeprefix("resolve ")
            statement: LiteralString = "select done from resolve_publication(%s, %s)"
            assert rows(connection, statement, post, decision) == [(True,)]


@pytest.mark.parametrize("then", LATER)
def test_a_late_success_counts_whatever_was_concluded(
    connection: Connection, database: Database, then: str
) -> None:
    """A post that turns out to be out is published, and never sent again."""
    profile, account = author(connection)
    post = schedule(connection, profile, "Hello.", account=account)
    desk, intent = commit(database)
    for what in LATER[then]:
        do(what, connection, desk, intent)
    assert state(connection, post)[0] == then.replace("resolved as ", "").replace(
        "retry", "pending"
    )
    assert desk.record(intent, Accepted("7")) is State.PUBLISHING
    linkedin = LinkedIn()
    rows(
        connection,
        "update publications set leased_until = now(), next_check_at = now() returning 1",
    )
    for _ in range(3):
        publish(database, linkedin)
    assert linkedin.posted == []
    assert state(connection, post) == ("published", None)
    assert rows(connection, "select external_post_id from published_posts") == [("7",)]


@pytest.mark.parametrize(
    "outcome",
    [
        Accepted("old"),
        Ambiguous("no answer"),
        BadContent("too long"),
        Limited("slow down", 60),
        Unclear("what?"),
        Unsent("no connection"),
    ],
)
def test_an_answer_to_an_older_post_changes_nothing(
    connection: Connection, database: Database, outcome: PostOutcome
) -> None:
    """After a second POST the first one's answer is at most an event."""
    profile, account = author(connection)
    schedule(connection, profile, "Hello.", account=account)
    desk, old = commit(database)
    do("lapse", connection, desk, old)
    do("retry", connection, desk, old)
    _, new = commit(database)
    assert new.token > old.token
    before = rows(connection, "select * from publications")
    assert desk.record(old, outcome) is State.PUBLISHING
    desk.hold(old, "x")
    desk.retry(old, "x")
    assert desk.confirm(old, None, "x", text_differs=None).value == "superseded"
    assert rows(connection, "select * from publications") == before
    late = rows(
        connection, "select 1 from publication_events where reason ~ 'answered late: it is out'"
    )
    assert bool(late) == isinstance(outcome, Accepted)


CHANGES: list[LiteralString] = [
    "select done from cancel_scheduled_post(%s)",
    "select done from reschedule_post(%s, now() + interval '1 day')",
    """
    with changed as (
        update scheduled_posts set content = 'Edited.' where id = %s and status = 'pending'
        returning 1
    )
    select count(*) = 1 from changed
    """,
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_and_an_intent_never_both_win(
    connection: Connection, database: Database, database_url: str, change: LiteralString
) -> None:
    """Of a change and an intent at the same instant one is first, and the other knows."""
    profile, account = author(connection)
    desk = PostgresPublicationDesk(database, QUICK)
    start = threading.Barrier(2)
    seen = set()
    for number in range(40):
        post = schedule(connection, profile, f"Post {number}.", account=account)
        (due,) = desk.due(1, list(Kind))

        def send(what: Due = due) -> Intent | Refusal:
            start.wait(timeout=60)
            return desk.commit(what, (), LEASE)

        with ThreadPoolExecutor(1) as threads, Database(database_url) as people:
            committed = threads.submit(send)

            def edit(post: UUID = post) -> bool:
                return bool(people.run(lambda c: c.execute(change, [post]).fetchall())[0][0])

            people.run(lambda c: c.execute("select 1").fetchall())
            start.wait(timeout=60)
            done = edit()
        intent = committed.result()
        if "content" in change:
            if isinstance(intent, Intent):
                assert (intent.text == "Edited.") == done
        else:
            assert not (isinstance(intent, Intent) and done)
        seen.add(isinstance(intent, Intent))
        rows(connection, "delete from scheduled_posts returning 1")
        rows(connection, "delete from publications returning 1")
    assert seen


def test_what_a_person_has_locked_is_passed_over(
    connection: Connection, database: Database
) -> None:
    """A post that a person is editing is left out, others go out, and it follows later."""
    linkedin = LinkedIn()
    post = schedule(connection, author(connection)[0], "Hello.", minutes_ago=5)
    other = schedule(connection, author(connection, "Bob")[0], "Other.")
    rows(connection, "select * from prepare_publishing('{scheduled}', '1 hour', null)")
    with connection.transaction():
        connection.execute("update scheduled_posts set content = 'Edited.' where id = %s", [post])
        report = publish(database, linkedin)
        assert ("scheduled", "busy") in report.counts
        assert [intent.text for intent in linkedin.posted] == ["Other."]
    publish(database, linkedin)
    assert [intent.text for intent in linkedin.posted] == ["Other.", "Edited."]
    assert {state(connection, one)[0] for one in (post, other)} == {"published"}
