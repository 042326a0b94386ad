"""What a person decides about publications, and what the provider says of accounts."""

from __future__ import annotations

import json
from typing import Any, LiteralString
from uuid import UUID, uuid4

import psycopg
import pytest

from linkedin_pipeline_tests.publishing import author, schedule
from linkedin_pipeline_tests.sql.bank import Connection, rows, value
from linkedin_pipeline_tests.sql.people import add, refusal

STATES = (
    "pending",
    "publishing",
    "published",
    "failed",
    "missed",
    "cancelled",
    "held",
    "unconfirmed",
)
OPEN = {"held", "unconfirmed", "failed", "missed"}
DECISIONS = {"published": "published", "retry": "pending", "cancel": "cancelled"}


def publication(connection: Connection, state: str) -> dict[str, UUID]:
    """Make a publication in a state, with a company rule of its author; return its ids."""
    profile, account = author(connection)
    page = add(connection, "company_pages", organization_urn="urn:li:organization:1")
    add(
        connection,
        "company_auto_post_rules",
        source_profile_id=profile,
        target_company_page_id=page,
    )
    post = schedule(connection, profile, "Hello.", account=account)
    ((source,),) = rows(connection, "select id from scheduled_post_accounts")
    statement: LiteralString = (
        "select publication_id, token from commit_intent('scheduled', %s, '[]', '[]', "
        "'1 minute', '6 hours', '0', null)"
    )
    ((key, _),) = rows(connection, statement, source)
    rows(connection, "select move_publication(%s, %s, 'so it is')", key, state)
    return {"publication": key, "source": source, "post": post}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("decision", DECISIONS)
def test_every_decision_in_every_state(connection: Connection, state: str, decision: str) -> None:
    """What is held, unconfirmed, failed or missed is decided; the rest says what it is."""
    ids = publication(connection, state)
    ((done, reason),) = rows(
        connection, "select * from resolve_publication(%s, %s)", ids["publication"], decision
    )
    after = DECISIONS[decision] if state in OPEN else state
    assert (done, reason) == (
        (True, None) if state in OPEN else (False, f"it is {state}: nothing is to be decided")
    )
    for table in ("scheduled_posts", "scheduled_post_accounts"):
        statement: LiteralString = f"select status from {table}"
        assert value(connection, statement) == after
    fired = decision == "published" and state in OPEN
    assert value(connection, "select count(*) from company_published_posts") == fired
    assert value(connection, "select count(*) from published_posts") == fired
    again = rows(
        connection, "select done from resolve_publication(%s, %s)", ids["publication"], decision
    )
    assert again == [(False,)]
    assert value(connection, "select count(*) from company_published_posts") == fired


@pytest.mark.parametrize("name", ["publication", "source", "post"])
def test_a_publication_has_three_names(connection: Connection, name: str) -> None:
    """It is named by its id, by that of its account row, or of its scheduled post."""
    ids = publication(connection, "held")
    assert rows(connection, "select * from resolve_publication(%s, 'cancel')", ids[name]) == [
        (True, None)
    ]
    assert value(connection, "select status from scheduled_posts") == "cancelled"


def test_of_several_the_one_in_doubt_is_meant(connection: Connection) -> None:
    """The name of a scheduled post means the account about which something is to be decided."""
    ids = publication(connection, "published")
    _, other = author(connection, "Bob")
    source = add(
        connection,
        "scheduled_post_accounts",
        scheduled_post_id=ids["post"],
        unipile_account_id=other,
    )
    rows(
        connection,
        "select code from commit_intent('scheduled', %s, '[]', '[]', '1 minute', '6 hours', '0', "
        "null)",
        source,
    )
    rows(
        connection,
        "select move_publication(id, 'held', 'x') from publications where source_id = %s",
        source,
    )
    rows(connection, "select * from resolve_publication(%s, 'retry')", ids["post"])
    assert (
        value(connection, "select status from scheduled_post_accounts where id = %s", source)
        == "pending"
    )


@pytest.mark.parametrize("decision", ["maybe", "", None])
def test_unknown_words_are_refused(connection: Connection, decision: str | None) -> None:
    """A decision that is none is an error with what may be written."""
    call = "select * from resolve_publication(%s, %s)"
    code, message, hint = refusal(connection, call, uuid4(), decision)
    assert (code, hint) == ("LP100", "Write published, retry or cancel.")
    assert message.startswith(f"decision {decision if decision is not None else 'null'}")


@pytest.mark.parametrize("key", [uuid4(), None])
def test_unknown_publications_are_refused(connection: Connection, key: UUID | None) -> None:
    """A publication that is not there is an error with where to look."""
    code, _, hint = refusal(connection, "select * from resolve_publication(%s, 'retry')", key)
    assert (code, hint) == ("LP101", "See: linkedin-pipeline publications")


@pytest.mark.parametrize("decision", DECISIONS)
def test_a_plan_that_was_deleted(connection: Connection, decision: str) -> None:
    """Of a deleted plan one can say that it is out or cancelled, not send it again."""
    ids = publication(connection, "unconfirmed")
    connection.execute("delete from scheduled_posts")
    ((done, reason),) = rows(
        connection, "select * from resolve_publication(%s, %s)", ids["publication"], decision
    )
    assert done == (decision != "retry")
    assert (reason is None) == done
    state = value(connection, "select state from publications")
    assert state == ("unconfirmed" if decision == "retry" else DECISIONS[decision])


def told(connection: Connection, accounts: Any) -> dict[str, int]:
    """Store a list of accounts; return the counts that are not 0."""
    names = ("listed", "added", "changed", "attached", "gone")
    (found,) = rows(connection, "select * from record_accounts(%s)", json.dumps(accounts))
    return {name: number for name, number in zip(names, found, strict=True) if number}


def statuses(connection: Connection) -> dict[str, str]:
    """Return the states of all accounts."""
    return dict(rows(connection, "select unipile_account_id, status from unipile_accounts"))


def test_accounts_come_go_and_come_back(connection: Connection) -> None:
    """New ones are added, those that are gone are disconnected, those that return are OK."""
    both = [{"account": "a", "status": "OK"}, {"account": "b", "status": "CREDENTIALS"}]
    assert told(connection, both) == {"listed": 2, "added": 2}
    assert told(connection, both) == {"listed": 2}
    assert told(connection, both[:1]) == {"listed": 1, "gone": 1}
    assert statuses(connection) == {"a": "OK", "b": "DISCONNECTED"}
    assert told(connection, both[:1]) == {"listed": 1}
    assert told(connection, both) == {"listed": 2, "changed": 1}
    assert statuses(connection) == {"a": "OK", "b": "CREDENTIALS"}


def test_an_empty_list_is_an_answer(connection: Connection) -> None:
    """A provider that has no account left has none: all are disconnected, and may come back."""
    told(connection, [{"account": "a", "status": "OK"}])
    add(connection, "unipile_accounts", status="PENDING")  # invited, not connected yet
    assert told(connection, []) == {"gone": 1}
    assert statuses(connection) == {"a": "DISCONNECTED", None: "PENDING"}


def test_unknown_words_are_errors(connection: Connection) -> None:
    """A state that is not ours, or none, is ERROR; the others are stored all the same."""
    words: list[Any] = ["STOPPED", "ok", None, 7, {"x": 1}, "PENDING"]
    told(connection, [{"account": str(n), "status": w} for n, w in enumerate(words)])
    assert list(statuses(connection).values()) == ["ERROR"] * 5 + ["PENDING"]


def test_accounts_belong_to_profiles_by_identifier(connection: Connection) -> None:
    """An account is attached to the profile with its LinkedIn id in any case, and stays there."""
    ada = add(connection, "profiles", full_name="Ada", linkedin_id="Ada-B")
    bob = add(connection, "profiles", full_name="Bob", linkedin_id="bob")
    listed = [{"account": "a", "status": "OK", "public_identifier": "aDA-b"}]
    assert told(connection, listed) == {"listed": 1, "added": 1, "attached": 1}
    assert value(connection, "select profile_id from unipile_accounts") == ada
    rows(connection, "update unipile_accounts set profile_id = %s returning 1", bob)
    assert told(connection, listed) == {"listed": 1}
    assert value(connection, "select profile_id from unipile_accounts") == bob


@pytest.mark.parametrize("given", [None, "null", "{}", '"a"', "7"])
def test_what_is_no_list_changes_nothing(connection: Connection, given: str | None) -> None:
    """Anything but a list is refused: no account is taken for gone."""
    told(connection, [{"account": "a", "status": "OK"}])
    assert refusal(connection, "select * from record_accounts(%s)", given)[0] == "LP102"
    assert statuses(connection) == {"a": "OK"}


def test_odd_elements_are_left_out(connection: Connection) -> None:
    """Elements without an account's id are passed over, odd fields are not stored."""
    odd: list[Any] = [1, "x", None, [], {}, {"account": ""}, {"status": "OK"}]
    good = {"account": "a", "status": "OK", "organizations": "none", "provider_id": None}
    assert told(connection, [*odd, good, good]) == {"listed": 1, "added": 1}
    assert rows(connection, "select organizations, provider_id from unipile_accounts") == [
        ([], None)
    ]


def test_a_list_is_stored_as_a_whole(connection: Connection, database_url: str) -> None:
    """Two lists in one transaction, and two at once, are stored one after the other."""
    listed = json.dumps([{"account": str(n), "status": "OK"} for n in range(50)])
    with connection.transaction():
        for _ in range(2):
            rows(connection, "select * from record_accounts(%s)", listed)
    with psycopg.connect(database_url, autocommit=True) as other:
        rows(other, "select * from record_accounts(%s)", listed)
    assert len(statuses(connection)) == 50
