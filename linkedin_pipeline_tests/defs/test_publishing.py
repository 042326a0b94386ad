"""Publishing as Dagster assets: the schedule that asks for a pass, and what a pass leaves."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.definitions import build_defs
from linkedin_pipeline.defs.publishing import publish_scheduled
from linkedin_pipeline.domain.publishing import PublishPolicy
from linkedin_pipeline.publishing_wiring import publishing
from linkedin_pipeline.settings import Endpoint
from linkedin_pipeline.simulators.serving import serving
from linkedin_pipeline.simulators.unipile import UnipileSimulator
from linkedin_pipeline.simulators.unipile_accounts import Account, Organization
from linkedin_pipeline.wiring import Providers
from linkedin_pipeline_tests.postgres import PostgresServer
from linkedin_pipeline_tests.publishing import author, schedule, state
from linkedin_pipeline_tests.sql.bank import Connection, rows
from linkedin_pipeline_tests.terminal import Terminal

ADA = Account("account-ada", "Ada Byron", "ACoAAada", "ada", (Organization("1001", "Engines"),))


@pytest.fixture
def unipile() -> Iterator[tuple[UnipileSimulator, str]]:
    """Serve a simulated Unipile with one account."""
    simulator = UnipileSimulator()
    simulator.connect(ADA)
    with serving(simulator) as url:
        yield simulator, f"{url}/api/v1"


@pytest.fixture
def configured(providers: Providers, unipile: tuple[UnipileSimulator, str]) -> Providers:
    """Give providers that publish through the simulator."""
    policy = PublishPolicy()
    settings = replace(providers.settings, unipile=Endpoint("key", unipile[1]), publishing=policy)
    return replace(providers, settings=settings)


def tick(providers: Providers, instance: dg.DagsterInstance) -> str:
    """Return why a tick of the schedule skips, or that it asks for a run."""
    context = dg.build_schedule_context(instance=instance, resources={"providers": providers})
    answer = publish_scheduled(context)
    if isinstance(answer, dg.SkipReason):
        return answer.skip_message or ""
    assert isinstance(answer, dg.RunRequest)
    return "run"


def run(
    providers: Providers, instance: dg.DagsterInstance, *assets: str
) -> dg.ExecuteInProcessResult:
    """Run the job, for all its assets or some."""
    job = build_defs(providers).resolve_job_def("publish")
    selection = [dg.AssetKey(name) for name in assets] or None
    return job.execute_in_process(
        instance=instance, asset_selection=selection, raise_on_error=False
    )


def test_the_schedule_says_why_it_skips(
    configured: Providers,
    providers: Providers,
    instance: dg.DagsterInstance,
    connection: Connection,
    database: Database,
) -> None:
    """Nothing to do, not configured, switched off, paused, a pass alive: each is told."""
    assert tick(configured, instance) == "nothing is due, pending or unconfirmed"
    profile, _ = author(connection)
    post = schedule(connection, profile, "Hello.")
    assert tick(configured, instance) == "run"
    assert "not configured" in tick(providers, instance)
    assert "1 posts are due and stay pending" in tick(providers, instance)
    switch = (
        "update worker_feature_flags_v2 set is_enabled = %s where worker_name ^@ %s returning 1"
    )
    rows(connection, switch, False, "publish_")
    assert "switched off; 1 posts wait" in tick(configured, instance)
    rows(connection, switch, True, "publish_")
    rows(connection, "select pause_provider('unipile', 'busy', 'key refused', 60, 0, 0, null)")
    assert "1 posts wait: key refused" in tick(configured, instance)
    rows(connection, "delete from provider_pauses returning 1")
    rows(connection, "select log_worker_start('publish_scheduled')")
    rows(connection, "update task_execution_logs_v2 set heartbeat_at = now() returning 1")
    assert "a pass is alive" in tick(configured, instance)
    rows(
        connection,
        "update task_execution_logs_v2 set heartbeat_at = now() - interval '3 minutes' returning 1",
    )
    assert tick(configured, instance) == "run"
    assert state(connection, post) == ("pending", None)


def test_a_pass_publishes_and_says_what_it_did(
    configured: Providers,
    unipile: tuple[UnipileSimulator, str],
    instance: dg.DagsterInstance,
    connection: Connection,
) -> None:
    """A run publishes to the account and, by a rule without delay, to the page; both are told."""
    simulator, _ = unipile
    profile, account = author(connection)
    rows(
        connection,
        "with page as (insert into company_pages (name, organization_urn, "
        "admin_unipile_account_id) values ('Engines', 'urn:li:organization:1001', %s) "
        "returning id) insert into company_auto_post_rules (source_profile_id, "
        "target_company_page_id, post_delay_minutes) select %s, id, 0 from page returning 1",
        account,
        profile,
    )
    post = schedule(connection, profile, "Hello.")
    result = run(configured, instance)
    assert result.success
    assert state(connection, post) == ("published", None)
    assert simulator.feeds.counts() == {("ACoAAada", "Hello."): 1, ("1001", "Hello."): 1}
    for name in ("published_posts", "company_published_posts"):
        (event,) = result.asset_materializations_for_node("publish_due")[:1]
        record = instance.fetch_materializations(dg.AssetKey(name), limit=1).records[0]
        assert record.asset_materialization is not None
        assert record.asset_materialization.metadata["published"].value == 1
        assert event
    assert rows(connection, "select distinct outcome from provider_calls") == [("answered",)]
    stored = rows(connection, "select post_url from published_posts")
    assert stored[0][0].startswith("https://www.linkedin.com/")


def test_one_asset_alone_can_be_materialised(
    configured: Providers,
    unipile: tuple[UnipileSimulator, str],
    instance: dg.DagsterInstance,
    connection: Connection,
) -> None:
    """A run of the pages' asset leaves personal posts alone."""
    profile, _ = author(connection)
    post = schedule(connection, profile, "Hello.")
    assert run(configured, instance, "company_published_posts").success
    assert state(connection, post)[0] == "pending"
    assert unipile[0].feeds.counts() == {}


def test_a_run_without_configuration_fails_with_the_remedy(
    providers: Providers, instance: dg.DagsterInstance, connection: Connection
) -> None:
    """Launched by hand and not configured, a run says so; due posts stay pending."""
    profile, _ = author(connection)
    post = schedule(connection, profile, "Hello.")
    result = run(providers, instance)
    assert not result.success
    (failure,) = [e for e in result.all_events if e.is_step_failure]
    assert "Set UNIPILE_API_KEY and UNIPILE_BASE_URL" in str(failure.step_failure_data.error)
    assert state(connection, post) == ("pending", None)


def test_no_text_reaches_dagster(
    configured: Providers, instance: dg.DagsterInstance, connection: Connection
) -> None:
    """Neither events nor metadata hold a post's words."""
    profile, _ = author(connection)
    schedule(connection, profile, "Distinctive words.")
    result = run(configured, instance)
    assert result.success
    assert all("Distinctive" not in str(event) for event in result.all_events)


def test_a_run_the_command_and_others_at_once(
    configured: Providers,
    unipile: tuple[UnipileSimulator, str],
    instance: dg.DagsterInstance,
    connection: Connection,
    database_url: str,
    postgres_server: PostgresServer,
    tmp_path: Path,
) -> None:
    """While the command is at it, two more passes and a run publish too: every post once."""
    simulator, url = unipile
    settings = replace(configured.settings, publishing=PublishPolicy(spacing=timedelta(0)))
    providers = replace(configured, settings=settings)
    authors = []
    for name in ("bob", "eve", "kim"):
        simulator.connect(Account(f"account-{name}", name, f"ACoAA{name}", name))
        authors.append(author(connection, name))

    def one_pass(_: int) -> None:
        with providers.database() as database, publishing(providers, database) as desk:
            desk.publish()

    with postgres_server.database() as dagster_url, ThreadPoolExecutor(4) as threads:
        terminal = Terminal(
            {
                "DATABASE_URL": database_url,
                "DAGSTER_DATABASE_URL": dagster_url,
                "LINKEDIN_PIPELINE_HOME": str(tmp_path),
                "UNIPILE_API_KEY": "key",
                "UNIPILE_BASE_URL": url,
                "PUBLISH_ACCOUNT_SPACING_SECONDS": "0",
            }
        )
        command = threads.submit(terminal.run, "publish")
        turns = 0
        while not command.done() or turns < 3:
            for profile, account in authors:
                schedule(connection, profile, f"Post {turns}.", account=account)
            passes = [threads.submit(one_pass, number) for number in range(2)]
            assert run(providers, instance).success
            for one in passes:
                one.result()
            turns += 1
        assert command.result().returncode == 0
    one_pass(0)
    counts = simulator.feeds.counts()
    assert len(counts) == turns * len(authors)
    assert set(counts.values()) == {1}
    assert rows(connection, "select distinct attempts, state from publications") == [
        (1, "published")
    ]
