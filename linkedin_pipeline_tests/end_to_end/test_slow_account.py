"""Fifty posts for fifty accounts, due at once, and one account that does not answer."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest

from linkedin_pipeline.adapters.unipile import UnipilePublisher
from linkedin_pipeline.database.calls import PostgresCallLedger
from linkedin_pipeline.publishing_wiring import publishing
from linkedin_pipeline.settings import Settings
from linkedin_pipeline.simulators.faults import Fault, Kind
from linkedin_pipeline.simulators.sandbox import KEY, Sandbox
from linkedin_pipeline.simulators.serving import serving
from linkedin_pipeline.simulators.unipile_accounts import Account
from linkedin_pipeline.wiring import build_providers
from linkedin_pipeline.workers.publish import PublishReport
from linkedin_pipeline.workers.report import Stop
from linkedin_pipeline_tests.publishing import author, schedule
from linkedin_pipeline_tests.sql.bank import Connection, value
from linkedin_pipeline_tests.waiting import eventually

ACCOUNTS = 50
SLOW = "account-person0"


@pytest.mark.parametrize("where", ["POST /api/v1/posts", "GET /api/v1/posts/"])
def test_one_slow_account_delays_nobody_else(
    connection: Connection, database_url: str, where: str
) -> None:
    """Its answer, or its read-back, comes only when all the others are published."""
    sandbox = Sandbox()
    for number in range(ACCOUNTS):
        profile, _ = author(connection, f"Person{number}")
        sandbox.unipile.connect(Account(f"account-person{number}"))
        # the slow one first: it is taken up before the others
        schedule(connection, profile, f"Post {number}.", minutes_ago=2 - number / ACCOUNTS)
    held = sandbox.faults.add(Fault(Kind.HOLD, account=SLOW, route=where))
    done = "select count(*) from scheduled_posts where status = 'published'"
    waiting = "select count(*) from provider_calls where outcome = 'open'"
    with serving(sandbox) as url:
        settings = Settings.from_environment(
            {**Sandbox.variables(url), "DATABASE_URL": database_url}
        )
        providers = build_providers(settings)
        with providers.database() as database, publishing(providers, database) as usual:
            # more patient than usual, so that only the simulator ends the wait
            patient = UnipilePublisher(
                KEY,
                f"{url}/unipile/api/v1",
                PostgresCallLedger(database),
                time.sleep,
                timeout=240.0,
                longest=240.0,
            )
            made = replace(usual, publisher=patient)
            reports: list[PublishReport] = []
            running = threading.Thread(target=lambda: reports.append(made.publish()))
            running.start()
            try:
                eventually(lambda: value(connection, done) == ACCOUNTS - 1)
                assert (held.struck, value(connection, waiting)) == (1, 1), "it waits all the while"
            finally:
                held.release()
                running.join()
                patient.close()
    assert reports[0].stop is Stop.EMPTY
    assert value(connection, done) == ACCOUNTS
