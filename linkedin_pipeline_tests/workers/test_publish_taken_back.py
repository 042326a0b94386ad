"""What a person takes back after it was tried: plan and ledger say the same."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.publications import PostgresPublicationDesk
from linkedin_pipeline.domain.publications import Kind, Unsent
from linkedin_pipeline_tests.postgres import transaction
from linkedin_pipeline_tests.publishing import QUICK, LinkedIn, author, publish, schedule, state
from linkedin_pipeline_tests.sql.bank import Connection, rows, value
from linkedin_pipeline_tests.waiting import eventually


def test_what_is_taken_back_is_cancelled_in_the_ledger_too(
    connection: Connection, database: Database
) -> None:
    """Once tried and put back, then cancelled, edited away or deleted: nothing stays pending."""
    later_on = [lambda _: Unsent("nobody answers", 3600.0)]
    texts = ["By function.", "By hand.", "Deleted.", "A draft."]
    linkedin = LinkedIn(answers={text: list(later_on) for text in texts})
    profile, _ = author(connection)
    by_function, by_hand, deleted = (schedule(connection, profile, text) for text in texts[:3])
    ((draft,),) = rows(
        connection,
        "insert into production_posts (author_id, status, final_content, publication_date) "
        "values (%s, 'scheduled', 'A draft.', now()) returning id",
        profile,
    )
    publish(database, linkedin)
    assert states(connection) == dict.fromkeys(texts, "pending")
    rows(connection, "select done from cancel_scheduled_post(%s)", by_function)
    assert states(connection)["By function."] == "cancelled"
    rows(
        connection,
        "update scheduled_posts set status = 'cancelled' where id = %s returning 1",
        by_hand,
    )
    rows(connection, "delete from scheduled_posts where id = %s returning 1", deleted)
    rows(
        connection, "update production_posts set status = 'ready' where id = %s returning 1", draft
    )
    publish(database, linkedin)
    assert states(connection) == dict.fromkeys(texts, "cancelled")
    assert rows(connection, "select status::text from production_posts") == [("ready",)]
    assert len(linkedin.posted) == len(texts)


def states(connection: Connection) -> dict[str, str]:
    """Return the state of each text in the ledger."""
    return dict(rows(connection, "select text, state from publications"))


def test_a_picture_fails_while_its_post_is_cancelled(
    connection: Connection, database: Database, database_url: str
) -> None:
    """Who ends a post waits for whoever is cancelling it, and then leaves it cancelled."""
    profile, account = author(connection)
    post = schedule(connection, profile, "With a picture.", account=account)
    desk = PostgresPublicationDesk(database, QUICK)
    (due,) = desk.due(1, list(Kind))
    with ThreadPoolExecutor() as threads:
        with transaction(database_url, f"select cancel_scheduled_post('{post}')"):
            ended = threads.submit(desk.fail, due, "nothing was sent: its picture is empty")
            waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
            eventually(lambda: value(connection, waiting))
        ended.result()
    assert state(connection, post) == ("cancelled", None)
