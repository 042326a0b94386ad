"""The health checks of publishing, executed as their job executes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import dagster as dg
import psycopg
import pytest

from linkedin_pipeline.defs.enrichment import viral_posts_bank
from linkedin_pipeline.defs.health import health_job
from linkedin_pipeline.defs.publishing_checks import PUBLISHING_CHECKS
from linkedin_pipeline.settings import Endpoint, Settings
from linkedin_pipeline.wiring import Providers
from linkedin_pipeline_tests.sql import trouble
from linkedin_pipeline_tests.sql.tables import account, add, person

Connection = psycopg.Connection[Any]
NAMES = {
    "posts_go_out_in_time",
    "no_post_stays_unconfirmed",
    "no_post_is_counted_twice",
    "incidents_are_told",
}
URN = "urn:li:activity:1"


@pytest.fixture
def able(providers: Providers) -> Providers:
    """Give providers that publish, and tell."""
    settings = replace(
        providers.settings,
        unipile=Endpoint("key", "http://127.0.0.1:1/api/v1"),
        alert_webhook_url="http://127.0.0.1:1/",
    )
    return replace(providers, settings=settings)


def examine(
    instance: dg.DagsterInstance, providers: Providers
) -> dict[str, dg.AssetCheckEvaluation]:
    """Run the job once and return what each check said."""
    defs = dg.Definitions(
        assets=[viral_posts_bank],
        asset_checks=PUBLISHING_CHECKS,
        jobs=[health_job],
        resources={"providers": providers},
        executor=dg.in_process_executor,
    )
    result = defs.resolve_job_def("health_checks").execute_in_process(instance=instance)
    assert result.success
    return {said.check_name: said for said in result.get_asset_check_evaluations()}


def failed(said: dict[str, dg.AssetCheckEvaluation]) -> set[str]:
    """Return the names of the checks that failed."""
    return {name for name, one in said.items() if not one.passed}


def late(connection: Connection) -> None:
    """Have a post of each kind that nobody published for 15 minutes."""
    trouble.scheduled(connection, "pending", 15)
    trouble.scheduled(connection, "publishing", 15)
    add(connection, "scheduled_posts", scheduled_at=trouble.ago(15))
    trouble.production(connection, "scheduled", 15)
    trouble.company(connection, "pending", 15)


def unconfirmed(connection: Connection) -> None:
    """Have a post of each kind that is unconfirmed since it was due 61 minutes ago."""
    for make in (trouble.scheduled, trouble.production, trouble.company):
        make(connection, "unconfirmed", 61)


def twice_published(connection: Connection) -> None:
    """Have two publications of one account under one id."""
    ada = account(connection, person(connection))
    for _ in range(2):
        add(connection, "published_posts", unipile_account_id=ada, external_post_id=URN)


def twice_adopted(connection: Connection) -> None:
    """Have two intents of one account under one id."""
    ada = account(connection, person(connection))
    for _ in range(2):
        add(
            connection,
            "scheduled_post_accounts",
            scheduled_post_id=add(connection, "scheduled_posts", status="published"),
            unipile_account_id=ada,
            status="published",
            external_post_id=URN,
        )


def twice_on_pages(connection: Connection) -> None:
    """Have two company posts under one id."""
    for _ in range(2):
        add(
            connection,
            "company_published_posts",
            company_page_id=add(connection, "company_pages"),
            status="published",
            external_post_id=URN,
        )


def refused(connection: Connection) -> None:
    """Have a webhook that is gone."""
    add(connection, "alerts", key="a", kind="failed", last_error="HTTP 410", attempts=1)


def untold(connection: Connection) -> None:
    """Have a message that nobody sends."""
    add(connection, "alerts", key="a", kind="failed", opened_at=trouble.ago(15))


FAILURES: dict[str, tuple[Callable[[Connection], None], str, str]] = {
    "late": (
        late,
        "posts_go_out_in_time",
        "not out: 1 of publish_company_pages, 4 of publish_scheduled.",
    ),
    "unconfirmed": (
        unconfirmed,
        "no_post_stays_unconfirmed",
        "3 posts are unconfirmed, the oldest for ",
    ),
    "published": (
        twice_published,
        "no_post_is_counted_twice",
        f"1 ids of published posts come more than once, for example {URN} in published_posts.",
    ),
    "adopted": (twice_adopted, "no_post_is_counted_twice", "in scheduled_post_accounts."),
    "pages": (twice_on_pages, "no_post_is_counted_twice", "in company_published_posts."),
    "refused": (refused, "incidents_are_told", "the webhook says HTTP 410."),
    "untold": (untold, "incidents_are_told", ": nobody sends them."),
}


@pytest.mark.parametrize(("make", "name", "words"), FAILURES.values(), ids=FAILURES.keys())
def test_a_check_fails_on_what_it_is_for(
    instance: dg.DagsterInstance,
    able: Providers,
    connection: Connection,
    make: Callable[[Connection], None],
    name: str,
    words: str,
) -> None:
    """It alone fails, says what it found and what to do, with its severity and no post text."""
    make(connection)
    said = examine(instance, able)
    assert failed(said) == {name}
    warns = name == "incidents_are_told"
    assert said[name].severity is dg.AssetCheckSeverity("WARN" if warns else "ERROR")
    assert words in (said[name].description or "")
    assert any(isinstance(one.value, int) and one.value for one in said[name].metadata.values())
    assert "quokka" not in str(said)


def test_what_is_in_order_passes(
    instance: dg.DagsterInstance, able: Providers, connection: Connection
) -> None:
    """Young posts, one id for two accounts, a message on its way: nothing is the matter."""
    assert set(examine(instance, able)) == NAMES
    assert failed(examine(instance, able)) == set()
    for status in ("pending", "publishing", "unconfirmed"):
        trouble.scheduled(connection, status, 2)
        trouble.company(connection, status, 2)
    trouble.scheduled(connection, "held", 300)
    for _ in range(2):
        ada = account(connection, person(connection))
        add(connection, "published_posts", unipile_account_id=ada, external_post_id=URN)
        add(connection, "published_posts", unipile_account_id=ada)
    add(connection, "alerts", key="a", kind="failed", last_error="HTTP 500", attempts=1)
    assert failed(examine(instance, able)) == set()


def test_posts_may_wait_for_a_person(
    instance: dg.DagsterInstance, able: Providers, connection: Connection
) -> None:
    """Without Unipile, or switched off, due posts are counted and the check passes."""
    late(connection)
    unable = replace(able, settings=replace(able.settings, unipile=None))
    said = examine(instance, unable)["posts_go_out_in_time"]
    assert said.passed
    assert said.metadata["waiting_posts"].value == 5
    assert "not configured" in str(said.metadata["publishing"].value)
    connection.execute("update worker_feature_flags_v2 set is_enabled = false")
    assert examine(instance, able)["posts_go_out_in_time"].passed


def test_without_a_webhook_nothing_is_to_be_told(
    instance: dg.DagsterInstance, able: Providers, connection: Connection
) -> None:
    """Incidents are only shown then."""
    untold(connection)
    silent = replace(able, settings=replace(able.settings, alert_webhook_url=None))
    said = examine(instance, silent)["incidents_are_told"]
    assert said.passed
    assert said.metadata["untold_incidents"].value == 1


def test_an_absent_database_fails_the_checks(
    instance: dg.DagsterInstance, able: Providers, tmp_path: Any
) -> None:
    """It is a finding like another, and says what to do."""
    absent = replace(able, settings=Settings(home=tmp_path / "home"))
    said = examine(instance, absent)
    assert failed(said) == NAMES
    assert all("does not run" in (one.description or "") for one in said.values())
