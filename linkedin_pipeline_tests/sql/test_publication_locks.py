"""Who deletes what a plan hangs on, and who publishes or changes the plan: neither is a victim.

A deletion has its own row when it comes to those below.  Each test is that moment: the row is
locked, the other session comes, and then the deletion goes on.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, LiteralString
from uuid import UUID

import psycopg
import pytest

from linkedin_pipeline_tests.sql.bank import Connection, rows, value, wait_until_blocked
from linkedin_pipeline_tests.sql.people import add

COMMIT = "select code from commit_intent(%s, %s, '[]', '[]', '1 minute', '6 hours', '0', null)"
KEY = "(select id from publications where source_id = %s)"
TOKEN = "(select token from publications where source_id = %s)"
DELETED: list[LiteralString] = [
    "profiles",
    "unipile_accounts",
    "post_batches",
    "production_posts",
    "scheduled_posts",
]


@pytest.fixture
def other(database_url: str) -> Iterator[Connection]:
    """Give a second session."""
    with psycopg.connect(database_url, autocommit=True) as opened:
        yield opened


@pytest.fixture
def plan(connection: Connection) -> dict[str, UUID]:
    """Give a due post of a draft of a batch, for an account that has a page; ids by table."""
    profile = add(connection, "profiles", full_name="Ada", linkedin_id="ada")
    account = add(
        connection,
        "unipile_accounts",
        profile_id=profile,
        unipile_account_id="a",
        status="OK",
    )
    batch = add(connection, "post_batches", name="B")
    draft = add(
        connection, "production_posts", author_id=profile, batch_id=batch, status="scheduled"
    )
    post = add(
        connection, "scheduled_posts", author_id=profile, content="Hi.", production_post_id=draft
    )
    rows(connection, "update scheduled_posts set scheduled_at = now() returning 1")
    source = add(
        connection, "scheduled_post_accounts", scheduled_post_id=post, unipile_account_id=account
    )
    page = add(
        connection,
        "company_pages",
        organization_urn="urn:li:organization:1",
        admin_unipile_account_id=account,
    )
    return {
        "profiles": profile,
        "unipile_accounts": account,
        "post_batches": batch,
        "production_posts": draft,
        "scheduled_posts": post,
        "company_pages": page,
        "source": source,
    }


def meet(
    connection: Connection, other: Connection, table: LiteralString, row: UUID, call: Any
) -> Any:
    """Let ``call`` come in the other session while ``row`` is being deleted; return its answer."""
    lock: LiteralString = f"select 1 from {table} where id = %s for update"
    delete: LiteralString = f"delete from {table} where id = %s"
    with ThreadPoolExecutor(1) as threads:
        with connection.transaction():
            rows(connection, lock, row)
            answer: Future[Any] = threads.submit(call, other)
            wait_until_blocked(connection, other)
            connection.execute(delete, [row])
        return answer.result()


def sent(connection: Connection, plan: dict[str, UUID]) -> UUID:
    """Commit the intent of the plan; return its source."""
    assert rows(connection, COMMIT, "scheduled", plan["source"]) == [("go",)]
    return plan["source"]


CALLS: dict[str, LiteralString] = {
    "accept": f"select accept_publication({KEY}, {TOKEN}, '1', null)",
    "settle": f"select settle_publication({KEY}, {TOKEN}, 'failed', 'no', null, null, null, null, "
    "null, null)",
    "confirm": f"select confirm_publication({KEY}, {TOKEN}, '1', null, null, null, null, 'out', "
    "null)",
}


@pytest.mark.parametrize("table", DELETED)
@pytest.mark.parametrize("call", CALLS)
def test_an_answer_waits_for_a_deletion(
    connection: Connection,
    other: Connection,
    plan: dict[str, UUID],
    table: LiteralString,
    call: str,
) -> None:
    """What became of a call is recorded after the deletion, with whatever is left."""
    source = sent(connection, plan)
    meet(connection, other, table, plan[table], lambda c: rows(c, CALLS[call], source, source))
    left = rows(connection, "select state from publications")
    states = {"accept": "publishing", "settle": "failed", "confirm": "published"}
    assert left == ([] if table == "profiles" else [(states[call],)])


@pytest.mark.parametrize("table", DELETED)
def test_an_intent_does_not_wait(
    connection: Connection, other: Connection, plan: dict[str, UUID], table: LiteralString
) -> None:
    """A post whose plan, author, account, draft or batch somebody has locked is passed over."""
    lock: LiteralString = f"select 1 from {table} where id = %s for update"
    with connection.transaction():
        rows(connection, lock, plan[table])
        assert rows(other, COMMIT, "scheduled", plan["source"]) == [("busy",)]
        rows(other, "select * from prepare_publishing('{scheduled}', '0', null)")
    assert rows(other, COMMIT, "scheduled", plan["source"]) == [("go",)]


@pytest.mark.parametrize(
    "table", ["scheduled_posts", "scheduled_post_accounts", "production_posts"]
)
def test_an_edit_is_not_waited_for(
    connection: Connection, other: Connection, plan: dict[str, UUID], table: LiteralString
) -> None:
    """A post that a person is editing, or its account row or draft, is passed over."""
    row = plan.get(table, plan["source"])
    edit: LiteralString = f"update {table} set error_message = 'x' where id = %s"
    with connection.transaction():
        connection.execute(edit, [row])
        assert rows(other, COMMIT, "scheduled", plan["source"]) == [("busy",)]
    assert rows(other, COMMIT, "scheduled", plan["source"]) == [("go",)]


@pytest.mark.parametrize(
    ("table", "call"),
    [
        (table, call)
        for table in ("profiles", "production_posts", "post_batches")
        for call in (
            "select done from cancel_scheduled_post(%(scheduled_posts)s)",
            "select done from reschedule_post(%(scheduled_posts)s, now())",
        )
    ],
)
def test_people_wait_for_deletions(
    connection: Connection,
    other: Connection,
    plan: dict[str, UUID],
    table: LiteralString,
    call: LiteralString,
) -> None:
    """Who moves or cancels a post is told of its deletion, or done, and nobody is a victim."""

    def change(c: Connection) -> Any:
        try:
            return c.execute(call, plan).fetchall()
        except psycopg.Error as error:
            return error.sqlstate

    answer = meet(connection, other, table, plan[table], change)
    assert answer == ("LP048" if table == "profiles" else [(True,)])


def test_who_schedules_waits_for_an_erasure(
    connection: Connection, other: Connection, plan: dict[str, UUID]
) -> None:
    """A draft is not scheduled for an author who is being erased, and the erasure goes on."""
    connection.execute("delete from scheduled_posts")

    def schedule(c: Connection) -> Any:
        with pytest.raises(psycopg.Error) as caught:
            c.execute(
                "select schedule_post(%(profiles)s, 'Hi.', '2100-01-01', 'UTC', "
                "production_post_id => %(production_posts)s)",
                plan,
            )
        return caught.value.sqlstate

    assert meet(connection, other, "profiles", plan["profiles"], schedule) == "LP040"


@pytest.mark.parametrize("table", ["company_pages", "company_auto_post_rules"])
def test_a_rule_that_is_being_deleted_does_not_fire(
    connection: Connection, other: Connection, plan: dict[str, UUID], table: LiteralString
) -> None:
    """A post is published though the page or the rule that would repeat it is being deleted."""
    plan["company_auto_post_rules"] = add(
        connection,
        "company_auto_post_rules",
        source_profile_id=plan["profiles"],
        target_company_page_id=plan["company_pages"],
    )
    source = sent(connection, plan)

    def confirm(c: Connection) -> Any:
        return rows(c, CALLS["confirm"], source, source)

    assert meet(connection, other, table, plan[table], confirm) == [("confirmed",)]
    assert rows(connection, "select status from scheduled_posts") == [("published",)]
    assert value(connection, "select count(*) from company_published_posts") == 0


def test_an_erasure_waits_for_an_answer(
    connection: Connection, other: Connection, plan: dict[str, UUID]
) -> None:
    """An author who is erased while a confirmation runs is erased whole, after it."""
    source = sent(connection, plan)
    with ThreadPoolExecutor(1) as threads:
        with connection.transaction():
            rows(connection, CALLS["confirm"], source, source)
            erased = threads.submit(
                other.execute, "delete from profiles where id = %s", [plan["profiles"]]
            )
            wait_until_blocked(connection, other)
        erased.result()
    for table in ("publications", "published_posts", "scheduled_posts"):
        statement: LiteralString = f"select count(*) from {table}"
        assert value(connection, statement) == 0


def test_two_lists_of_accounts_take_turns(
    connection: Connection, other: Connection, plan: dict[str, UUID]
) -> None:
    """A list of accounts waits for another one, and for an erasure, holding nothing."""
    told = json.dumps([{"account": "a", "status": "OK", "public_identifier": "ada"}])
    connection.execute("update unipile_accounts set profile_id = null")
    answer = meet(
        connection,
        other,
        "profiles",
        plan["profiles"],
        lambda c: rows(c, "select attached from record_accounts(%s)", told),
    )
    assert answer == [(0,)]
