"""One message an incident: written down once, taken by one sender, tried again, told of the end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from linkedin_pipeline_tests.sql import trouble
from linkedin_pipeline_tests.sql.bank import Connection, rows, value
from linkedin_pipeline_tests.sql.tables import add, at_once, cells, person, put

LAPSED = timedelta(seconds=-1)


def note(connection: Connection) -> tuple[int, int]:
    """Write incidents down; return how many are open and wait."""
    [found] = rows(connection, "select open, waiting from note_incidents()")
    return found[0], found[1]


def claim(connection: Connection, lease: timedelta = timedelta(minutes=1)) -> Any:
    """Take a message; return its id and the number of the try, or None."""
    found = rows(connection, "select id, attempt from claim_alert(%s)", lease)
    return found[0] if found else None


def fail(connection: Connection, alert: UUID, attempt: int) -> None:
    """Have a try fail."""
    connection.execute("select alert_failed(%s, %s, 'HTTP 500')", [alert, attempt])


def send(connection: Connection, alert: UUID) -> None:
    """Have a message accepted."""
    connection.execute("select alert_sent(%s)", [alert])


def test_an_incident_is_written_down_once(connection: Connection) -> None:
    """It is one row however often one looks, until it is over, and another when it comes back."""
    account = trouble.disconnect(connection)
    assert note(connection) == (1, 1)
    assert note(connection) == (1, 1)
    assert value(connection, "select subject from alerts") == account
    alert, _ = claim(connection)
    send(connection, alert)
    assert note(connection) == (1, 0)
    put(connection, "unipile_accounts", account, status="OK")
    assert note(connection) == (0, 0)
    assert note(connection) == (0, 0)
    put(connection, "unipile_accounts", account, status="ERROR")
    assert note(connection) == (1, 1)
    assert rows(
        connection, "select resolved_at is null, sent_at is null from alerts order by opened_at"
    ) == [(False, False), (True, True)]


def test_what_waits_tells_the_newest_count(connection: Connection) -> None:
    """A message that is out stays as it was sent."""
    trouble.give_up(connection, 1)
    note(connection)
    trouble.give_up(connection, 1)
    note(connection)
    assert value(connection, "select detail from alerts").startswith("2 times")
    send(connection, claim(connection)[0])
    trouble.give_up(connection, 1)
    note(connection)
    assert value(connection, "select detail from alerts").startswith("2 times")


def test_many_who_look_at_once_write_one_row(connection: Connection, database_url: str) -> None:
    """Ten sessions, thirteen kinds of trouble, one row each."""
    for make, _, _ in trouble.TROUBLES.values():
        make(connection)
    at_once(database_url, 10, lambda mine, _: note(mine))
    expected = value(connection, "select count(*) from open_incidents()")
    assert value(connection, "select count(*) from alerts") == expected


def test_a_message_is_one_senders(connection: Connection, database_url: str) -> None:
    """Of ten who take messages at once each gets another one, and none is left or taken twice."""
    for _ in range(7):
        add(connection, "alerts", key=str(trouble.ago(0)), kind="failed")
    taken = at_once(database_url, 10, lambda mine, _: claim(mine))
    assert len({alert for alert, _ in filter(None, taken)}) == 7
    assert taken.count(None) == 3


def test_a_sender_that_died_is_replaced(connection: Connection) -> None:
    """After its lease another takes the message, and what the dead one says of failure is void."""
    alert = add(connection, "alerts", key="a", kind="failed")
    assert claim(connection, LAPSED) == (alert, 1)
    assert claim(connection) == (alert, 2)
    fail(connection, alert, 1)
    assert cells(connection, "alerts", alert, "last_error") is None
    assert claim(connection) is None
    send(connection, alert)  # by whichever of the two: it is out
    assert claim(connection, LAPSED) is None


def test_back_off_doubles_up_to_a_day(connection: Connection) -> None:
    """30 seconds at first; nobody tries before."""
    alert = add(connection, "alerts", key="a", kind="failed")
    waits = []
    for number in range(1, 16):
        assert claim(connection) == (alert, number)
        fail(connection, alert, number)
        assert claim(connection) is None
        waits.append(
            value(
                connection,
                "select round(extract(epoch from next_try_at - now()))::integer from alerts",
            )
        )
        connection.execute("update alerts set next_try_at = now()")
    assert waits[:4] == pytest.approx([30, 60, 120, 240], abs=5)
    assert waits[-1] == pytest.approx(86_400, abs=5)
    assert max(waits) <= 86_400


def test_an_answer_makes_the_others_due(connection: Connection) -> None:
    """When the webhook is back nothing waits out a day; what another sends stays with it."""
    failed, taken, fine = (add(connection, "alerts", key=key, kind="failed") for key in "abc")
    later = {"next_try_at": trouble.ago(-600), "last_error": "HTTP 404"}
    put(connection, "alerts", failed, **later)
    put(connection, "alerts", taken, lease_until=trouble.ago(-1), **later)
    assert claim(connection) == (fine, 1)
    send(connection, fine)
    assert claim(connection) == (failed, 1)
    assert claim(connection) is None


def test_a_paused_webhook_is_not_called(connection: Connection) -> None:
    """Nothing is taken while it asked for silence."""
    alert = add(connection, "alerts", key="a", kind="failed")
    connection.execute("select pause_provider('webhook', 'rate_limited', '', 60, 0, 0, null)")
    assert claim(connection) is None
    connection.execute("update provider_pauses set until = now() - interval '1 second'")
    assert claim(connection) == (alert, 1)


@pytest.mark.parametrize(("hours", "told"), [(23, 1), (25, 0)])
def test_news_of_yesterday_is_not_told(connection: Connection, hours: int, told: int) -> None:
    """What was over before it could be told is told for a day."""
    add(connection, "alerts", key="a", kind="failed", resolved_at=trouble.ago(60 * hours))
    assert note(connection) == (0, told)
    assert (claim(connection) is None) is (told == 0)


def test_old_incidents_are_forgotten(connection: Connection) -> None:
    """90 days after they were over; open ones stay as long as they are open."""
    trouble.disconnect(connection)
    note(connection)
    connection.execute("update alerts set opened_at = now() - interval '1 year'")
    old = add(connection, "alerts", key="a", kind="failed", resolved_at=trouble.ago(1440 * 91))
    young = add(connection, "alerts", key="b", kind="failed", resolved_at=trouble.ago(1440 * 89))
    note(connection)
    left = {alert for (alert,) in rows(connection, "select id from alerts")}
    assert old not in left
    assert young in left
    assert len(left) == 2


def test_the_name_of_an_erased_person_is_replaced(connection: Connection) -> None:
    """Messages hold none, as a rule; one that does loses it."""
    ada = person(connection, "Ada Lovelace")
    alert = add(
        connection, "alerts", key="a", kind="failed", title="Ada Lovelace", detail=f"Profile {ada}."
    )
    rows(connection, "select * from erase_profile(%s)", ada)
    assert cells(connection, "alerts", alert, "title", "detail") == (
        "(erased)",
        "Profile (erased).",
    )
