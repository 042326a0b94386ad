"""Permission, cost, pauses and incidents of paid calls, as the database keeps them."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest

from linkedin_pipeline_tests.sql.bank import Connection, rows, value

PROVIDER, MODEL, WORKER = "acme", "acme-1", "worker_x"
MILLION = 1_000_000


@pytest.fixture(autouse=True)
def prices(connection: Connection) -> None:
    """Give the model a price that changed: 1 and 2 dollars a million, cached input a tenth."""
    connection.execute(
        "insert into ai_model_pricing (provider, model, valid_from, input_usd_per_million, "
        "cached_input_usd_per_million, output_usd_per_million, batch_factor) values "
        "('acme', 'acme-1', '2025-01-01', 100, null, 100, 0.5), "
        "('acme', 'acme-1', '2025-06-01', 1, 0.1, 2, 0.25), "
        "('acme', 'acme-1', current_date + 2, 900, 900, 900, 1), "
        "('acme', 'plain', '2025-01-01', 3, null, 0, 0.5)"
    )


def begin(
    connection: Connection,
    *,
    budget: float | None = None,
    tokens: int = MILLION,
    model: str = MODEL,
    batch: bool = False,
) -> tuple[UUID | None, str, float, str]:
    """Ask for a call of so many input tokens."""
    [row] = rows(
        connection,
        "select * from begin_ai_call(%s, %s, 'embedding', 'embeddings', null, 5, %s, 0, %s, "
        "%s::numeric, 'run-1', %s)",
        *(PROVIDER, model, tokens, batch, budget, WORKER),
    )
    call, verdict, wait, said = row
    return call, verdict, wait, said


def go(connection: Connection, **arguments: Any) -> UUID:
    """Ask for a call that may be made, and return its id."""
    call, verdict, wait, _ = begin(connection, **arguments)
    assert (verdict, wait) == ("go", 0)
    assert call is not None
    return call


def end(
    connection: Connection,
    call: UUID,
    outcome: str = "answered",
    tokens: tuple[int, ...] = (0,) * 3,
) -> Any:
    """End a call and return what it cost."""
    return value(connection, "select end_ai_call(%s, %s, %s, %s, %s, 250)", call, outcome, *tokens)


def pause(
    connection: Connection,
    seconds: float | None = None,
    *,
    code: str = "key_refused",
    scope: str = PROVIDER,
    worker: str | None = WORKER,
) -> float:
    """Pause a provider; the first pause is of a minute, the longest of ten."""
    left: float = value(
        connection,
        "select pause_provider(%s, %s, 'so it was', %s, 60, 600, %s)",
        *(scope, code, seconds, worker),
    )
    return left


def let_it_pass(connection: Connection) -> None:
    """End all pauses."""
    connection.execute("update provider_pauses set until = clock_timestamp()")


def incidents(connection: Connection, *, resolved: bool = False) -> list[tuple[str, str]]:
    """Return worker and code of each incident."""
    return rows(
        connection,
        "select function_name, error_code from ai_errors where is_resolved = %s "
        "order by created_at",
        resolved,
    )


def test_a_call_has_its_row_before_it_is_made(connection: Connection) -> None:
    """Open, with what it may cost at most; closed with what it did."""
    call = go(connection)
    columns = "outcome, success, reserved_usd, cost_usd, items, stage, dagster_run_id, latency_ms"
    [row] = rows(connection, f"select {columns} from ai_usage_logs")
    assert row == ("open", False, 1, 0, 5, "embeddings", "run-1", None)
    assert end(connection, call, tokens=(500_000, 100_000, 250_000)) == Decimal("0.91")
    [row] = rows(connection, f"select {columns} from ai_usage_logs")
    assert row == ("answered", True, 0, Decimal("0.91"), 5, "embeddings", "run-1", 250)


@pytest.mark.parametrize(
    ("model", "tokens", "batch", "cost"),
    [
        (MODEL, (MILLION, 0, 0), False, 1),
        (MODEL, (MILLION, MILLION, 0), False, 0.1),
        (MODEL, (0, 0, MILLION), False, 2),
        (MODEL, (MILLION, 0, MILLION), True, 0.75),
        (MODEL, (1, 5, 0), False, 0.0000005),
        ("plain", (MILLION, MILLION, 0), False, 3),
        ("unknown", (MILLION, 0, 0), False, None),
    ],
)
def test_the_price_is_the_newest_that_has_come(
    connection: Connection, model: str, tokens: tuple[int, ...], *, batch: bool, cost: float | None
) -> None:
    """Cached input has its own price or the full one, batches their factor; unknown is null."""
    found = value(
        connection, "select ai_price(%s, %s, %s, %s, %s, %s)", PROVIDER, model, *tokens, batch
    )
    assert found == (None if cost is None else pytest.approx(Decimal(str(cost))))


def test_what_failed_costs_what_it_billed(connection: Connection) -> None:
    """An answer of no use is paid; what may have been paid stays reserved."""
    assert end(connection, go(connection), "failed", (300_000, 0, 0)) == Decimal("0.3")
    assert end(connection, go(connection), "unknown") == 0
    assert rows(
        connection, "select outcome, success, cost_usd, reserved_usd from ai_usage_logs order by 1"
    ) == [("failed", False, Decimal("0.3"), 0), ("unknown", False, 0, 1)]
    assert value(connection, "select ai_spent_today()") == Decimal("1.3")


def test_a_budget_is_not_passed(connection: Connection) -> None:
    """What is reserved counts as spent until the answer says less; 0 is a budget, too."""
    first = go(connection, budget=2.5)
    go(connection, budget=2.5)
    call, verdict, wait, said = begin(connection, budget=2.5)
    assert (call, verdict) == (None, "budget")
    assert 0 < wait <= 86_400
    assert said == "2.0000 USD of 2.5 USD are spent or reserved today"
    left = value(connection, "select extract(epoch from until - now()) from provider_pauses")
    assert left < 601  # a raised budget is noticed by whoever looks at pauses alone
    end(connection, first, tokens=(100_000, 0, 0))
    go(connection, budget=2.5)
    assert begin(connection, budget=0)[1] == "budget"
    go(connection)


def test_twenty_callers_at_once_never_pass_the_budget(
    connection: Connection, database_url: str
) -> None:
    """Each asks for a dollar of seven and a half; seven may go."""
    together = threading.Barrier(20)

    def ask() -> str:
        with psycopg.connect(database_url, autocommit=True) as session:
            together.wait(60)
            return begin(session, budget=7.5)[1]

    with ThreadPoolExecutor(20) as threads:
        verdicts = [one.result(60) for one in [threads.submit(ask) for _ in range(20)]]
    assert sorted(verdicts) == ["budget"] * 13 + ["go"] * 7
    assert value(connection, "select ai_spent_today()") == 7
    assert incidents(connection) == [(WORKER, "budget")]


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Auckland", "America/Los_Angeles"])
def test_the_day_turns_at_midnight_utc(connection: Connection, zone: str) -> None:
    """Whatever the session's time zone."""
    connection.execute("select set_config('TimeZone', %s, false)", (zone,))
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    for moment in (midnight - timedelta(milliseconds=1), midnight):
        connection.execute(
            "insert into ai_usage_logs (provider, model, purpose, success, cost_usd, created_at) "
            "values ('acme', 'acme-1', 'style', true, 5, %s)",
            (moment,),
        )
    assert value(connection, "select ai_spent_today()") == 5
    wait = begin(connection, budget=5)[2]
    tomorrow = midnight + timedelta(days=1)
    assert wait == pytest.approx((tomorrow - datetime.now(UTC)).total_seconds(), abs=30)


def test_a_budget_cannot_be_kept_for_a_model_without_price(connection: Connection) -> None:
    """It is not called, and one incident says why, until it has a price."""
    for _ in range(3):
        assert begin(connection, budget=5, model="unknown")[1] == "unpriced"
    go(connection, budget=5)
    assert incidents(connection) == [(WORKER, "unpriced")]
    connection.execute("insert into ai_model_pricing (provider, model) values ('acme', 'unknown')")
    go(connection, budget=5, model="unknown")
    assert incidents(connection) == []


def test_a_spent_budget_is_one_incident_a_day(connection: Connection) -> None:
    """Small calls that still fit do not end it; a new day does."""
    for _ in range(3):
        assert begin(connection, budget=0.5)[1] == "budget"
        end(connection, go(connection, budget=0.5, tokens=1_000))
    assert incidents(connection) == [(WORKER, "budget")]
    connection.execute("update provider_pauses set since = since - interval '1 day'")
    go(connection, budget=0.5, tokens=1_000)
    assert incidents(connection) == []
    assert incidents(connection, resolved=True) == [(WORKER, "budget")]


@pytest.mark.parametrize("raised", [5, None])
def test_another_budget_ends_the_incident(connection: Connection, raised: float | None) -> None:
    """With the next call that may be made."""
    begin(connection, budget=0.5)
    go(connection, budget=raised)
    assert incidents(connection) == []
    assert value(connection, "select count(*) from provider_pauses") == 0


def test_nobody_calls_during_a_pause(connection: Connection) -> None:
    """Of the provider or of the model; other models and providers go on."""
    assert pause(connection, 40, scope=f"{PROVIDER}:{MODEL}") == pytest.approx(40, abs=1)
    call, verdict, wait, said = begin(connection)
    assert (call, verdict, said) == (None, "paused", "so it was")
    assert 30 < wait <= 40
    go(connection, model="plain")
    pause(connection, 90)
    assert 80 < begin(connection)[2] <= 90
    assert begin(connection, model="plain")[1] == "paused"
    let_it_pass(connection)
    go(connection)


def test_pauses_in_a_row_double(connection: Connection) -> None:
    """Up to the longest; an answer, or another reason, begins anew."""
    waits = []
    for _ in range(6):
        waits.append(pause(connection))
        let_it_pass(connection)
    assert waits == pytest.approx([60, 120, 240, 480, 600, 600], abs=1)
    assert pause(connection, code="no_credit") == pytest.approx(60, abs=1)
    let_it_pass(connection)
    end(connection, go(connection))
    assert pause(connection, code="no_credit") == pytest.approx(60, abs=1)


def test_an_answer_during_a_pause_makes_the_next_a_first_one(connection: Connection) -> None:
    """Who is answered now and then is not out: pauses must not grow for ever."""
    calls = [go(connection) for _ in range(3)]
    for call in calls:
        assert pause(connection) == pytest.approx(60, abs=1)
        end(connection, call)
        assert begin(connection)[1] == "paused"
        let_it_pass(connection)


@pytest.mark.parametrize("seconds", [None, 60])
def test_threads_that_meet_the_same_trouble_are_one_pause(
    connection: Connection, seconds: float | None
) -> None:
    """Ten failures at once double nothing and are one incident."""
    for _ in range(10):
        assert pause(connection, seconds) == pytest.approx(60, abs=5)
    assert rows(connection, "select times from provider_pauses") == [(1,)]
    assert incidents(connection) == [(WORKER, "key_refused")]


def test_a_pause_is_never_shortened(connection: Connection) -> None:
    """The longest silence that was asked for holds, and is what is returned."""
    pause(connection, 300)
    assert pause(connection, 5) == pytest.approx(300, abs=5)
    assert pause(connection, 5, code="rate_limited", worker=None) == pytest.approx(300, abs=5)


def test_an_incident_is_one_row_until_the_next_answer(connection: Connection) -> None:
    """However many pauses it takes; pauses without a worker are none."""
    for _ in range(4):
        pause(connection)
        pause(connection, 3, code="rate_limited", scope="other", worker=None)
        let_it_pass(connection)
    assert incidents(connection) == [(WORKER, "key_refused")]
    [(scope, reference)] = rows(
        connection, "select metadata ->> 'scope', user_error_ref from ai_errors"
    )
    assert scope == PROVIDER
    assert reference.startswith("ERR-")
    end(connection, go(connection), "failed")
    assert len(incidents(connection)) == 1
    end(connection, go(connection))
    assert incidents(connection) == []
    assert value(connection, "select count(*) from provider_pauses where scope = 'acme'") == 0
    pause(connection)
    assert len(incidents(connection)) == 1


def test_an_answer_that_was_under_way_resolves_nothing(connection: Connection) -> None:
    """While the pause holds it is no sign that the trouble is over."""
    call = go(connection)
    pause(connection)
    end(connection, call)
    assert len(incidents(connection)) == 1
    assert begin(connection)[1] == "paused"


def test_a_pause_taken_away_by_hand_leaves_no_incident_open(connection: Connection) -> None:
    """The next answer resolves it all the same; other incidents and dead letters stay."""
    pause(connection)
    pause(connection, scope="other")
    connection.execute("delete from provider_pauses where scope = 'acme'")
    end(connection, go(connection))
    assert rows(connection, "select metadata ->> 'scope' from ai_errors where not is_resolved") == [
        ("other",)
    ]


def test_incidents_are_found_by_their_index(connection: Connection) -> None:
    """Every answer looks for them, so it must not read all errors that ever were."""
    connection.execute(
        "insert into ai_errors (function_name, error_code, error_message, is_resolved) "
        "select 'f', 'c', 'm', true from generate_series(1, 20000)"
    )
    connection.execute("analyze ai_errors")
    plan = "\n".join(
        line
        for (line,) in rows(
            connection,
            "explain update ai_errors e set is_resolved = true where e.post_id is null "
            "and not e.is_resolved and e.metadata ->> 'scope' in ('a', 'b')",
        )
    )
    assert "ai_errors_incidents" in plan
