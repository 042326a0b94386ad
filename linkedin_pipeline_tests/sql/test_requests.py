"""Jobs asked for by SQL."""

from __future__ import annotations

from typing import LiteralString
from uuid import uuid4

import pytest

from linkedin_pipeline_tests.sql.bank import Connection, rows, value
from linkedin_pipeline_tests.sql.tables import at_once, cells, put

ENTRIES: list[tuple[LiteralString, str]] = [
    ("select call_publish_scheduled()", "publish_scheduled"),
    ("select trigger_profile_sync()", "weekly_profile_sync"),
    ("select trigger_monthly_style_refresh()", "monthly_style_refresh"),
]


@pytest.mark.parametrize(("entry", "job"), ENTRIES)
def test_asking_twice_before_the_start_is_one_request(
    connection: Connection, entry: LiteralString, job: str
) -> None:
    """After the start, or the end, it is another one."""
    first = value(connection, entry)
    assert value(connection, entry) == first
    assert cells(connection, "pipeline_requests", first, "job", "status") == (job, "pending")
    put(connection, "pipeline_requests", first, status="started", dagster_run_id=str(uuid4()))
    second = value(connection, entry)
    assert second != first
    put(connection, "pipeline_requests", second, status="failed")
    assert value(connection, entry) not in {first, second}


def test_jobs_do_not_stand_in_for_one_another(connection: Connection) -> None:
    """Each of the three waits on its own."""
    assert len({value(connection, entry) for entry, _ in ENTRIES}) == 3


@pytest.mark.parametrize(("entry", "job"), ENTRIES)
def test_many_who_ask_at_once_get_one_request(
    connection: Connection, database_url: str, entry: LiteralString, job: str
) -> None:
    """20 sessions, one id, one row."""
    answers = at_once(database_url, 20, lambda mine, _: value(mine, entry))
    assert rows(connection, "select id, job from pipeline_requests") == [(answers[0], job)]
    assert set(answers) == {answers[0]}


def test_requests_started_between_are_each_started_once(
    connection: Connection, database_url: str
) -> None:
    """While a sensor starts what waits, every answer is a row, and no job waits twice."""

    def act(mine: Connection, number: int) -> list[object]:
        if number:
            return [value(mine, "select call_publish_scheduled()") for _ in range(30)]
        return [
            rows(
                mine,
                "update pipeline_requests set status = 'started' where id = any (array(select id "
                "from pipeline_requests where status = 'pending' for update skip locked)) "
                "returning id",
            )
            for _ in range(60)
        ]

    answers = at_once(database_url, 6, act)
    asked = {request for answer in answers[1:] for request in answer}
    assert asked == {i for (i,) in rows(connection, "select id from pipeline_requests")}
