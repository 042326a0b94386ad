"""Styles made due by the month, old rows thrown away, numbers counted anew, troubles summed up."""

from __future__ import annotations

from typing import LiteralString

import psycopg
import pytest

from linkedin_pipeline.domain.work import Stage
from linkedin_pipeline_tests.postgres import transaction
from linkedin_pipeline_tests.sql.bank import Connection, add_post, claim, reject, rows, value
from linkedin_pipeline_tests.sql.people import add, add_profile, at_once

DUE = "select count(*) from profile_work where due_at <= now()"
STATS = "select posts_count, avg_engagement from profiles order by full_name"


def add_posts(connection: Connection, profile: object, number: int) -> None:
    """Insert posts of a profile."""
    connection.execute(
        "insert into viral_posts_bank (author_id, content, metrics) "
        "select %s, 'Post ' || n, '{\"likes\": 2}' from generate_series(1, %s) n",
        (profile, number),
    )


def test_ours_with_more_than_twenty_posts_are_made_due(connection: Connection) -> None:
    """Neither those with twenty, nor those of others; what was to be tried later is due now."""
    ours = [add_profile(connection, type="internal") for _ in range(3)]
    others = add_profile(connection)
    for profile, number in zip([*ours, others], (21, 20, 22, 30), strict=True):
        add_posts(connection, profile, number)
    connection.execute(
        "insert into profile_work (profile_id, task, due_at) values (%s, 'style', 'infinity')",
        (ours[2],),
    )
    assert value(connection, "select make_styles_due()") == 2
    made = {one for (one,) in rows(connection, "select profile_id from profile_work")}
    assert made == {ours[0], ours[2]}
    assert value(connection, DUE) == 2
    assert value(connection, "select make_styles_due()") == 2
    assert value(connection, DUE) == 2


def test_sessions_that_make_styles_due_at_once_do_not_lock_up(
    connection: Connection, database_url: str
) -> None:
    """They wait for one another, and each profile is due once."""
    connection.execute(
        "insert into profiles (full_name) select 'Ada' from generate_series(1, 2000)"
    )

    def ask(mine: Connection) -> list[int]:
        every = "select request_styles(array(select id from profiles))"
        return [value(mine, every) for _ in range(5)]

    assert at_once(database_url, 6, ask) == [[2000] * 5] * 6
    assert value(connection, DUE) == 2000


OLD: dict[str, tuple[LiteralString, LiteralString]] = {
    # an insert whose rows differ by their age in days, and the ages that stay
    "provider_calls": (
        "insert into provider_calls (created_at) select now() - d * interval '1 day' from {ages}",
        "1 8 89",
    ),
    "ai_answers": (
        (
            "insert into ai_answers (key, created_at) "
            "select int4send(d), now() - d * interval '1 day' from {ages}"
        ),
        "1",
    ),
    "ai_errors": (
        (
            "insert into ai_errors (is_resolved, created_at) "
            "select d <> 500, now() - d * interval '1 day' from {ages}"
        ),
        "1 8 89 91 500",
    ),
    "pipeline_requests": (
        (
            "insert into pipeline_requests (job, status, requested_at) "
            "select 'x', case d when 500 then 'pending' else 'completed' end, "
            "now() - d * interval '1 day' from {ages}"
        ),
        "1 8 89 500",
    ),
    "sync_jobs": (
        (
            "insert into sync_jobs (status, created_at) "
            "select case d when 500 then 'running' else 'completed' end, "
            "now() - d * interval '1 day' from {ages}"
        ),
        "1 8 89 500",
    ),
    "search_recall_log": (
        (
            "insert into search_recall_log (filter, sampled, recall, measured_at) "
            "select 'none', 1, 1, now() - d * interval '1 day' from {ages}"
        ),
        "1 8 89 91",
    ),
    "ai_usage_logs": (
        "insert into ai_usage_logs (created_at) select now() - d * interval '1 day' from {ages}",
        "1 8 89 91 366 500",
    ),
}
TIMES = {"pipeline_requests": "requested_at", "search_recall_log": "measured_at"}
AGES = "unnest(array[1, 8, 89, 91, 366, 500]) as a (d)"


@pytest.mark.parametrize("table", OLD)
def test_old_rows_go_and_money_stays(connection: Connection, table: str) -> None:
    """Each ledger has its age; what is open, unresolved or waits stays however old it is."""
    insert, stay = OLD[table]
    connection.execute(insert.format(ages=AGES).encode())
    deleted = dict(rows(connection, "select * from prune_ledgers()"))
    ages = f"select (extract(epoch from now() - {TIMES.get(table, 'created_at')}) / 86400)::int"
    left = connection.execute(f"{ages} from {table} order by 1".encode()).fetchall()
    expected = [int(age) for age in stay.split()]
    assert [age for (age,) in left] == expected
    assert deleted.get(table, 0) == 6 - len(expected)
    assert sum(deleted.values()) == 6 - len(expected)


def test_rows_go_in_bounded_pieces_past_what_somebody_holds(
    connection: Connection, database_url: str
) -> None:
    """A held row is neither waited for nor deleted."""
    connection.execute(
        "insert into provider_calls (created_at) "
        "select now() - interval '100 days' from generate_series(1, 5)"
    )
    prune = "select deleted from prune_ledgers(%s) where ledger = 'provider_calls'"
    assert value(connection, prune, 2) == 2
    hold = "select from provider_calls limit 1 for update"
    connection.execute("set statement_timeout = '20s'")
    with transaction(database_url, hold):
        assert value(connection, prune, 10) == 2
    assert value(connection, prune, 10) == 1


def test_numbers_that_are_off_are_counted_anew(connection: Connection) -> None:
    """Right ones are not written again; a profile without posts has none."""
    ada, bob = add_profile(connection, "Ada"), add_profile(connection, "Bob", posts_count=7)
    add_profile(connection, "Cy")
    add_posts(connection, ada, 3)
    assert value(connection, "select refresh_profile_stats()") == 2
    assert rows(connection, STATS) == [(3, 2.0), (0, None), (0, None)]
    assert value(connection, "select refresh_profile_stats()") == 0
    connection.execute("delete from viral_posts_bank where author_id = %s", (ada,))
    connection.execute("update profiles set posts_count = 1 where id = %s", (bob,))
    assert value(connection, "select refresh_profile_stats(1)") == 1
    assert value(connection, "select refresh_profile_stats(1)") == 1
    assert rows(connection, STATS) == [(0, None), (0, None), (0, None)]


def test_a_held_profile_keeps_nobody_waiting(connection: Connection, database_url: str) -> None:
    """It is counted the next time."""
    add_profile(connection, posts_count=7)
    with transaction(database_url, "select from profiles for update"):
        connection.execute("set statement_timeout = '20s'")
        assert value(connection, "select refresh_profile_stats()") == 0
    assert value(connection, "select refresh_profile_stats()") == 1


def test_troubles_are_summed_up_without_a_text(connection: Connection) -> None:
    """By stage and reason, or by what met them; resolved ones are none of them."""
    for _ in range(4):
        add_post(connection, "🎉")
    reject(connection, claim(connection, Stage.HOOKS), Stage.HOOKS, "It quotes the post.")
    connection.execute(
        "update ai_errors set created_at = now() - n * interval '1 day' "
        "from (select id, row_number() over (order by id) - 1 as n from ai_errors) o "
        "where o.id = ai_errors.id"
    )
    add(connection, "ai_errors", function_name="styles", error_code="run_failed")
    add(connection, "ai_errors", function_name="styles", error_code="over", is_resolved=True)
    found = rows(connection, "select what, error_code, number, new_today from open_troubles()")
    assert found == [("hooks", "no_words", 4, 1), ("styles", "run_failed", 1, 1)]
    newest = value(connection, "select newest from open_troubles() where number = 4")
    oldest_first = "select id from ai_errors where stage is not null order by created_at"
    assert newest == [one for (one,) in rows(connection, oldest_first)][:0:-1]


def test_strangers_may_not_throw_away(connection: Connection) -> None:
    """Signed-in users execute none of it."""
    connection.execute("set role authenticated")
    for call in ("prune_ledgers()", "refresh_profile_stats()", "make_styles_due()"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(f"select {call}".encode())
