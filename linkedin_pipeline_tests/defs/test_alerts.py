"""The sensor that tells of incidents, over a webhook on a real socket."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partialmethod
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg
import pytest

from linkedin_pipeline.adapters.webhook import AlertWebhook
from linkedin_pipeline.defs.alerts import alerts
from linkedin_pipeline.defs.sensors import needs_flags
from linkedin_pipeline.domain.errors import DatabaseDown
from linkedin_pipeline.settings import Endpoint, Settings
from linkedin_pipeline.wiring import Providers
from linkedin_pipeline_tests.sql import trouble
from linkedin_pipeline_tests.sql.bank import rows, value
from linkedin_pipeline_tests.webhooks import HANG, RESET, SECRET, Webhook, webhook

Connection = psycopg.Connection[Any]


@pytest.fixture
def hook() -> Iterator[Webhook]:
    """Give a webhook that accepts everything."""
    with webhook() as served:
        yield served


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a call take as long as this computer needs."""
    whole = AlertWebhook.__init__
    monkeypatch.setattr(AlertWebhook, "__init__", partialmethod(whole, timeout=60.0))


@pytest.fixture
def telling(providers: Providers, hook: Webhook) -> Providers:
    """Give providers that know the webhook."""
    return replace(providers, settings=replace(providers.settings, alert_webhook_url=hook.url))


def tick(providers: Providers) -> str:
    """Evaluate the sensor once, in an instance of its own, and return what it said."""
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_sensor_context(instance=instance, resources={"providers": providers})
        result = alerts(context)
    assert isinstance(result, dg.SkipReason)
    return result.skip_message or ""


def texts(hook: Webhook) -> list[str]:
    """Return what came, sorted."""
    return sorted(body["text"] for body in hook.bodies)


def all_of_it(connection: Connection) -> int:
    """Make every kind of trouble; return how many incidents that is."""
    for make, _, _ in trouble.TROUBLES.values():
        make(connection)
    number: int = value(connection, "select count(*) from open_incidents()")
    return number


def until_told(providers: Providers) -> None:
    """Tick until nothing waits; each tick sends for three seconds at most."""
    while "told 0 of 0" not in (said := tick(providers)) and ", 0 to be told" not in said:
        pass


def test_nothing_is_the_matter(telling: Providers, hook: Webhook) -> None:
    """A tick without incidents calls nobody."""
    assert tick(telling) == "0 incidents are open, 0 to be told"
    assert hook.bodies == []


@pytest.mark.usefixtures("patient")
def test_each_incident_is_one_message(
    telling: Providers, hook: Webhook, connection: Connection
) -> None:
    """Every kind is told, in a message without a post's text, and told once."""
    number = all_of_it(connection)
    until_told(telling)
    assert len(hook.bodies) == len(set(texts(hook))) == number
    assert {text.partition(". ")[0] for text in texts(hook)} == {
        title for _, _, title in trouble.TROUBLES.values()
    }
    assert "quokka" not in str(hook.bodies)
    assert tick(telling) == f"{number} incidents are open, 0 to be told"
    assert len(hook.bodies) == number


@pytest.mark.usefixtures("patient")
def test_two_daemons_tell_it_once(
    telling: Providers, hook: Webhook, connection: Connection
) -> None:
    """Five that tick at once share the messages between them."""
    number = all_of_it(connection)
    with ThreadPoolExecutor(5) as threads:
        for _ in threads.map(until_told, [telling] * 5):
            pass
    assert len(texts(hook)) == len(set(texts(hook))) == number
    assert value(connection, "select count(*) from alerts where sent_at is not null") == number


@pytest.mark.usefixtures("patient")
def test_what_comes_back_is_told_again(
    telling: Providers, hook: Webhook, connection: Connection
) -> None:
    """The end of an incident is no message; its return is."""
    trouble.disconnect(connection)
    assert tick(telling) == "1 incidents are open, told 1 of 1"
    connection.execute("update unipile_accounts set status = 'OK'")
    assert tick(telling) == "0 incidents are open, 0 to be told"
    connection.execute("update unipile_accounts set status = 'ERROR'")
    assert tick(telling) == "1 incidents are open, told 1 of 1"
    assert len(hook.bodies) == 2


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("answer", [500, 404, (429, {"Retry-After": "20"}), RESET])
def test_a_message_that_is_not_taken_is_sent_later(
    telling: Providers, hook: Webhook, connection: Connection, answer: Any
) -> None:
    """One failure ends the tick; when the pause and the back-off are over all are sent."""
    number = all_of_it(connection)
    hook.answers = [answer, 200]
    assert "; the webhook does not take more now: " in tick(telling)
    assert len(hook.bodies) == 1
    assert f"told 0 of {number}" in tick(telling)
    assert len(hook.bodies) == 1
    connection.execute("update provider_pauses set until = now() - interval '1 second'")
    connection.execute("update alerts set next_try_at = now()")
    until_told(telling)
    assert len(hook.bodies) == 1 + number
    assert len(set(texts(hook))) == number


@pytest.mark.usefixtures("patient")
def test_publishing_is_watched_where_it_is_configured(
    telling: Providers, hook: Webhook, connection: Connection
) -> None:
    """Without Unipile posts wait by themselves, and that is no incident."""
    trouble.scheduled(connection, "pending", 20)
    assert tick(telling).startswith("0 incidents")
    unipile = Endpoint("key", "http://127.0.0.1:1/api/v1")
    able = replace(telling, settings=replace(telling.settings, unipile=unipile))
    assert tick(able) == "1 incidents are open, told 1 of 1"
    assert "publish_scheduled waits for up to " in texts(hook)[0]


def test_without_an_address_incidents_are_written_down(
    providers: Providers, connection: Connection
) -> None:
    """They are shown, and told once there is an address."""
    trouble.disconnect(connection)
    said = "1 incidents are open, 1 to be told; ALERT_WEBHOOK_URL is not set"
    assert tick(providers) == said
    assert rows(connection, "select kind, attempts from alerts") == [("account_disconnected", 0)]


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("answer", [200, 404, RESET])
def test_the_address_is_kept_secret(
    telling: Providers,
    hook: Webhook,
    connection: Connection,
    caplog: pytest.LogCaptureFixture,
    answer: Any,
) -> None:
    """No table of the database, log or skip reason holds a part of it."""
    caplog.set_level(logging.DEBUG)
    all_of_it(connection)
    hook.answers = [answer]
    said = tick(telling)
    assert hook.bodies
    dump = ""
    for (table,) in rows(connection, "select tablename from pg_tables where schemaname = 'public'"):
        dump += str(rows(connection, f"select t::text from {table} t"))
    assert "provider_calls" in str(rows(connection, "select tablename from pg_tables"))
    assert str(value(connection, "select min(subject) from provider_calls")) in dump
    assert SECRET not in dump + said + caplog.text
    assert SECRET not in repr(telling.settings)


def tick_of(
    sensor: dg.SensorDefinition, providers: Providers
) -> Callable[[], dg.SkipReason | dg.SensorResult]:
    """Return a call that evaluates a sensor."""

    def evaluate() -> Any:
        with dg.DagsterInstance.ephemeral() as instance:
            return sensor(
                dg.build_sensor_context(instance=instance, resources={"providers": providers})
            )

    return evaluate


@pytest.mark.usefixtures("patient")
def test_a_webhook_that_hangs_delays_nobody(
    telling: Providers,
    hook: Webhook,
    connection: Connection,
) -> None:
    """While a message hangs, other sensors tick; no lock or transaction is held meanwhile."""
    trouble.stand_idle(connection)
    hook.answers = [HANG]
    with ThreadPoolExecutor(2) as threads:
        slow = threads.submit(tick_of(alerts, telling))
        assert hook.asked.wait(60)
        result = threads.submit(tick_of(needs_flags, telling)).result()
        assert isinstance(result, dg.SensorResult)
        assert [run.asset_selection for run in result.run_requests or []]
        assert (
            rows(
                connection,
                "select state from pg_stat_activity where datname = current_database() "
                "and pid <> pg_backend_pid() and state <> 'idle'",
            )
            == []
        )
        assert not slow.done()
        hook.released.set()
        slow.result()


def test_a_tick_ends_though_the_webhook_does_not_answer(
    telling: Providers, hook: Webhook, connection: Connection
) -> None:
    """The bound of a call is the adapter's own; the message waits for its next try."""
    trouble.disconnect(connection)
    hook.answers = [HANG]
    assert "the webhook does not take more now: no answer" in tick(telling)
    assert value(connection, "select last_error from alerts").startswith("no answer")


def test_an_absent_database_fails_the_tick(telling: Providers, tmp_path: Path) -> None:
    """The error is visible and says what to do; no server is started."""
    absent = replace(telling, settings=Settings(home=tmp_path / "home"))
    with pytest.raises(DatabaseDown, match="does not run"):
        tick(absent)
