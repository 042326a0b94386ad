"""Everybody at the plan at once: publishers, reconcilers, people who move and cancel, deletions.

A deadlock is an error in one of the threads, which `Future.result` raises again here.  A person who
plans for somebody who is being erased is told so; nobody else is told anything.
"""

from __future__ import annotations

import json
import random
import threading
from collections import Counter
from typing import LiteralString
from uuid import UUID, uuid4

import psycopg
from psycopg import errors

from linkedin_pipeline_tests.sql.bank import Connection, rows, value
from linkedin_pipeline_tests.sql.people import add
from linkedin_pipeline_tests.sql.test_deadlocks import run

KINDS = ["scheduled", "production", "company"]
COMMIT = "select * from commit_intent(%s, %s, %s, '[]', %s, '6 hours', '0', null)"
SETTLE = "select settle_publication(%s, %s, %s, 'so it is', %s, %s, null, null, '0', null)"
CONFIRM = "select confirm_publication(%s, %s, null, %s, null, now(), false, 'it is out', null)"
OPEN = ("publishing", "unconfirmed")


def add_author(connection: Connection) -> None:
    """Add a profile with two accounts, a page that repeats it, and drafts of a batch."""
    name = str(uuid4())
    profile = add(connection, "profiles", full_name=name, linkedin_id=name)
    accounts = [
        add(
            connection,
            "unipile_accounts",
            profile_id=profile,
            unipile_account_id=str(uuid4()),
            status="OK",
        )
        for _ in range(2)
    ]
    page = add(
        connection,
        "company_pages",
        organization_urn=f"urn:li:organization:{name}",
        admin_unipile_account_id=accounts[0],
    )
    add(
        connection,
        "company_auto_post_rules",
        source_profile_id=profile,
        target_company_page_id=page,
        post_delay_minutes=0,
    )
    batch = add(connection, "post_batches", name=name)
    for number in range(4):
        due = {"status": "scheduled", "publication_date": "now"} if number % 2 else {}
        columns = {"author_id": profile, "final_content": f"{name} {number}", "batch_id": batch}
        add(connection, "production_posts", **columns, **due)


def some(connection: Connection, table: LiteralString, where: LiteralString = "true") -> UUID:
    """Pick a row that is there at the moment; an unknown one when there is none."""
    statement: LiteralString = f"select id from {table} where {where} order by random() limit 1"
    found = rows(connection, statement)
    return found[0][0] if found else uuid4()


def plan(connection: Connection, _: random.Random) -> None:
    """Schedule a text, for a draft perhaps."""
    draft, author = (
        rows(
            connection,
            "select id, author_id from production_posts where status = 'draft_input' "
            "order by random() limit 1",
        )
        or rows(connection, "select null::uuid, id from profiles order by random() limit 1")
    )[0]
    try:
        rows(
            connection,
            "select schedule_post(%s, %s, (now() at time zone 'UTC')::timestamp, 'UTC', "
            "production_post_id => %s)",
            author,
            str(uuid4()),
            draft,
        )
    except psycopg.Error as error:
        if not refused(error):
            raise


def refused(error: psycopg.Error) -> bool:
    """Tell whether a person was refused for a reason, or wrote what names something deleted."""
    return isinstance(error, errors.ForeignKeyViolation) or (error.sqlstate or "")[:2] == "LP"


def change(connection: Connection, chance: random.Random) -> None:
    """Move, cancel, edit or decide; nobody lets go out again what may be out."""
    post = some(connection, "scheduled_posts", "status not in ('published', 'cancelled')")
    calls: list[LiteralString] = [
        "select done from cancel_scheduled_post(%s)",
        "select done from reschedule_post(%s, now())",
        "update scheduled_posts set content = content || '.' where id = %s returning 1",
        (
            "select done from publications q, resolve_publication(q.id, 'retry') "
            "where q.state in ('failed', 'missed') and q.source_id in "
            "(select id from scheduled_post_accounts where scheduled_post_id = %s)"
        ),
        "select done from resolve_publication(%s, 'cancel')",
        "select done from resolve_publication(%s, 'published')",
    ]
    try:
        rows(connection, chance.choice(calls), post)
    except psycopg.Error as error:
        if not refused(error):
            raise


def delete(connection: Connection, chance: random.Random) -> None:
    """Delete something with all that hangs on it; see that there are authors left."""
    tables: list[LiteralString] = [
        "profiles",
        "unipile_accounts",
        "company_pages",
        "scheduled_posts",
        "production_posts",
        "post_batches",
        "published_posts",
        "company_auto_post_rules",
    ]
    table = chance.choice(tables)
    statement: LiteralString = f"delete from {table} where id = %s"
    connection.execute(statement, [some(connection, table)])
    if value(connection, "select count(*) from company_auto_post_rules") < 4:
        add_author(connection)


def told(connection: Connection, chance: random.Random) -> None:
    """Store a list of accounts in which some are down."""
    listed = [
        {"account": name, "status": chance.choice(["OK", "OK", "OK", "CREDENTIALS"])}
        for (name,) in rows(connection, "select unipile_account_id from unipile_accounts")
    ]
    rows(connection, "select * from record_accounts(%s)", json.dumps(listed))


class World:
    """What really went out, by the source that it came from."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.out: Counter[UUID] = Counter()
        self.publications: dict[UUID, UUID] = {}

    def publish(self, connection: Connection, chance: random.Random) -> None:
        """Take up what is due, make the call, record what came of it."""
        statement = "select * from due_publications(%s, %s, '6 hours', '0')"
        for kind, source, _, attachments in rows(connection, statement, 3, KINDS):
            lease = chance.choice(["1 minute", "0"])
            (answer,) = rows(connection, COMMIT, kind, source, json.dumps(attachments), lease)
            if answer[0] == "go":
                self.send(connection, chance, source, answer[2], answer[3])

    def send(
        self, connection: Connection, chance: random.Random, source: UUID, key: UUID, token: int
    ) -> None:
        """Make a call; some answers are lost, some say that nothing was sent."""
        what = chance.randrange(6)
        if what > 2:  # it is out
            with self.lock:
                self.out[source] += 1
                self.publications[key] = source
        match what:
            case 0:
                rows(connection, SETTLE, key, token, "failed", None, None)
            case 1:
                rows(connection, SETTLE, key, token, "pending", None, None)
            case 2:
                rows(connection, SETTLE, key, token, "held", "account", None)
            case 3:
                rows(connection, SETTLE, key, token, "unconfirmed", None, "no_answer")
            case 4:
                rows(connection, "select accept_publication(%s, %s, null, null)", key, token)
            case _:
                rows(connection, "select accept_publication(%s, %s, null, null)", key, token)
                rows(connection, CONFIRM, key, token, None)

    def reconcile(self, connection: Connection, _: random.Random) -> None:
        """Find out about what is in doubt, as a feed would tell."""
        rows(connection, "select * from prepare_publishing(%s, '6 hours', null)", KINDS)
        found = rows(
            connection,
            "select publication_id, token, accepted from claim_doubtful(5, '0', '1 hour')",
        )
        for key, token, accepted in found:
            with self.lock:
                is_out = accepted or self.out[self.publications.get(key, key)] > 0
            if is_out:
                rows(connection, CONFIRM, key, token, None)
            else:
                rows(connection, "select retry_publication(%s, %s, 'absent', null)", key, token)


def test_a_crowd_neither_deadlocks_nor_doubles(connection: Connection, database_url: str) -> None:
    """Publishers, reconcilers, people and deletions: no deadlock, one post each, true states."""
    for _ in range(6):
        add_author(connection)
    world = World()
    run(
        database_url,
        [
            world.publish,
            world.publish,
            world.publish,
            world.reconcile,
            world.reconcile,
            plan,
            plan,
            change,
            change,
            delete,
            told,
        ],
        rounds=150,
    )
    connection.execute("update publications set next_check_at = now(), leased_until = now()")
    while rows(connection, "select 1 from publications where state = any (%s)", list(OPEN)):
        world.reconcile(connection, random.Random(0))
        connection.execute(
            "update publications set next_check_at = now() where state = any (%s)", [list(OPEN)]
        )
        connection.execute("update publications set leased_until = now()")
    assert sum(world.out.values()) > 50
    assert max(world.out.values()) == 1
    wrong = """
    select q.id, q.state, a.status from publications q
    join scheduled_post_accounts a on a.id = q.source_id
    where q.state <> a.status and not (q.state in ('pending', 'failed', 'missed', 'cancelled')
        and a.status in ('pending', 'cancelled'))
    union all
    select s.id, s.status, t.state from scheduled_posts s, scheduled_post_state(s.id) t
    where s.status <> t.state
    union all
    select q.id, q.state, c.status from publications q
    join company_published_posts c on c.id = q.source_id
    where q.state <> c.status
    union all
    select c.id, c.status, null from company_published_posts c
    where c.status in ('publishing', 'unconfirmed')
    union all
    select q.id, q.state, d.status::text from publications q
    join production_posts d on d.id = q.source_id and q.kind = 'production'
    where q.state <> replace(d.status::text, 'scheduled', 'pending')
        and not exists (select from scheduled_posts s where s.production_post_id = d.id)
    """
    assert rows(connection, wrong) == []
    known = dict(rows(connection, "select id, state from publications"))
    lost = {known[key] for key in world.publications if key in known} - {"published"}
    assert lost == set()
    counted = "select deadlocks from pg_stat_database where datname = current_database()"
    with psycopg.connect(database_url) as fresh:  # sees what the ended sessions reported
        assert value(fresh, counted) == 0
