"""What publishing touches does not grow with what went out before: buffers counted, not time.

200,000 posts have gone out and 2,000 are due, on tables that were never analysed and on analysed
ones: a plan must be right in both.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import LiteralString

import psycopg
import pytest

from linkedin_pipeline_tests.postgres import PostgresServer
from linkedin_pipeline_tests.sql.bank import Connection, rows, value
from linkedin_pipeline_tests.sql.test_plans import buffers

DUE, HISTORY, ACCOUNTS = 2_000, 200_000, 1_000
FILL: list[LiteralString] = [
    (
        "insert into profiles (full_name, linkedin_id) "
        "select 'P ' || n, 'p' || n from generate_series(1, %(accounts)s) n"
    ),
    (
        "insert into unipile_accounts (profile_id, unipile_account_id, status) "
        "select id, linkedin_id, 'OK' from profiles"
    ),
    (
        "insert into scheduled_posts (author_id, content, scheduled_at, status) "
        "select f.id, 'Post ' || n, now() - n * interval '1 minute', 'published' "
        "from generate_series(1, %(history)s) n join profiles f "
        "on f.linkedin_id = 'p' || (1 + n %% %(accounts)s)"
    ),
    (
        "insert into scheduled_post_accounts (scheduled_post_id, unipile_account_id, status) "
        "select s.id, u.id, 'published' from scheduled_posts s "
        "join unipile_accounts u on u.profile_id = s.author_id"
    ),
    (
        "with out as (insert into published_posts (profile_id, unipile_account_id, "
        "scheduled_post_id, content, published_at) "
        "select s.author_id, a.unipile_account_id, s.id, s.content, "
        "s.scheduled_at from scheduled_posts s join scheduled_post_accounts a "
        "on a.scheduled_post_id = s.id returning *) "
        "insert into publications (kind, source_id, profile_id, unipile_account_id, account, text, "
        "state, intent_at, first_intent_at, published_at, published_post_id) select 'scheduled', "
        "a.id, o.profile_id, o.unipile_account_id, f.linkedin_id, o.content, 'published', "
        "o.published_at, o.published_at, o.published_at, o.id from out o "
        "join scheduled_post_accounts a on a.scheduled_post_id = o.scheduled_post_id "
        "join profiles f on f.id = o.profile_id"
    ),
    (
        "insert into scheduled_posts (author_id, content, scheduled_at) "
        "select f.id, 'Due ' || n, now() - n * interval '1 second' "
        "from generate_series(1, %(due)s) n join profiles f "
        "on f.linkedin_id = 'p' || (1 + n %% %(accounts)s)"
    ),
    (
        "insert into scheduled_post_accounts (scheduled_post_id, unipile_account_id) "
        "select s.id, u.id from scheduled_posts s join unipile_accounts u on u.profile_id = "
        "s.author_id where s.status = 'pending'"
    ),
]
TABLES = "publications, scheduled_posts, scheduled_post_accounts, published_posts, unipile_accounts"


@pytest.fixture(scope="module")
def filled(postgres_server: PostgresServer, migrated_template: str) -> Iterator[str]:
    """Give a database with a long history."""
    with postgres_server.database(template=migrated_template) as url:
        with postgres_server.superuser(url.rpartition("/")[2]) as superuser:
            superuser.execute("set session_replication_role = replica")
            for statement in FILL:
                sizes = {"accounts": ACCOUNTS, "history": HISTORY, "due": DUE}
                superuser.execute(statement, sizes)
        yield url


@pytest.fixture(scope="module", params=["never analysed", "analysed"])
def history(request: pytest.FixtureRequest, filled: str) -> Iterator[Connection]:
    """Give a connection to it."""
    with psycopg.connect(filled, autocommit=True, prepare_threshold=None) as opened:
        if request.param == "analysed":
            opened.execute(f"analyze {TABLES}".encode())
        yield opened


QUESTIONS: dict[str, tuple[int, LiteralString]] = {
    "due": (
        60_000,
        (
            "select * from due_publications(32, '{scheduled,production,company}', '6 hours', "
            "'5 minutes')"
        ),
    ),
    "prepare": (
        60_000,
        "select * from prepare_publishing('{scheduled,production,company}', '6 hours', null)",
    ),
    "claim": (500, "select * from claim_doubtful(32, '10 minutes', '6 hours')"),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_cost_does_not_follow_history(history: Connection, question: str) -> None:
    """Each touches few pages for a due post, and reads no history."""
    most, statement = QUESTIONS[question]
    touched = 0
    for _ in range(2):  # the first call of a session reads the catalog too
        with history.transaction(force_rollback=True):
            touched = buffers(history, statement)
    assert touched < most, touched


def test_an_intent_costs_the_same_whatever_went_out(history: Connection) -> None:
    """An obstacle is looked for and an intent committed with few pages, for posts in a row."""
    due = rows(history, "select id from scheduled_post_accounts where status = 'pending' limit 12")
    touched = []
    with history.transaction(force_rollback=True):
        for (source,) in due:  # more often than a session makes plans anew for each call
            touched.append(
                buffers(
                    history,
                    "select * from intent_obstacle('scheduled', %s, '6 hours', '0')",
                    source,
                )
                + buffers(
                    history,
                    "select * from commit_intent('scheduled', %s, '[]', '[]', '1 minute', "
                    "'6 hours', '0', null)",
                    source,
                )
            )
    assert value(history, "select count(*) from publications") == HISTORY
    assert max(touched[1:]) < 2_000, touched


def test_a_doubt_is_claimed_with_few_pages(history: Connection) -> None:
    """What else an account published is found without reading what others did."""
    with history.transaction(force_rollback=True):
        history.execute(
            "update publications set state = 'unconfirmed', next_check_at = now(), "
            "published_post_id = null where id in (select id from publications "
            "order by intent_at desc limit 20)"
        )
        touched = buffers(history, QUESTIONS["claim"][1])
    assert touched < 20 * 1_000, touched
