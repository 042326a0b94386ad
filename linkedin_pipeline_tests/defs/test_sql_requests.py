"""What callers that know only SQL ask for, served by the sensor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, LiteralString
from uuid import UUID

import dagster as dg
import psycopg
import pytest
from dagster._core.test_utils import create_run_for_test

from linkedin_pipeline import definitions
from linkedin_pipeline.defs.sql_requests import REQUEST_TAG, AtOnce, ByRun, sql_requests
from linkedin_pipeline.domain.errors import DatabaseDown
from linkedin_pipeline.settings import Endpoint, Settings
from linkedin_pipeline.wiring import Providers
from linkedin_pipeline_tests.sql.bank import rows, value

Connection = psycopg.Connection[Any]
ASK: LiteralString = "select call_publish_scheduled()"


@dg.op
def nothing() -> None:
    """Do nothing."""


@dg.job(executor_def=dg.in_process_executor)
def publish() -> None:
    """Run the op."""
    nothing()


PUBLISH = ByRun(publish, workers=("publish_scheduled", "publish_company_pages"), tags={"a": "b"})
SERVED: Mapping[str, ByRun | AtOnce] = {"publish_scheduled": PUBLISH}


def tick(
    instance: dg.DagsterInstance,
    providers: Providers,
    served: Mapping[str, ByRun | AtOnce] = SERVED,
) -> Any:
    """Evaluate the sensor once; return the runs it asked for, or what it said."""
    context = dg.build_sensor_context(instance=instance, resources={"providers": providers})
    result = sql_requests(served)(context)
    if isinstance(result, dg.SkipReason):
        return result.skip_message or ""
    assert isinstance(result, dg.SensorResult)
    return list(result.run_requests or [])


def ask(connection: Connection, statement: LiteralString = ASK) -> UUID:
    """Ask for a job and return the request."""
    request: UUID = value(connection, statement)
    return request


def states(connection: Connection) -> list[tuple[str, str | None, str | None]]:
    """Return state, run and error of each request, the oldest first."""
    return rows(
        connection,
        "select status, dagster_run_id, error_message from pipeline_requests order by requested_at",
    )


def obey(instance: dg.DagsterInstance, run: dg.RunRequest, **more: Any) -> dg.DagsterRun:
    """Make the run that a tick asked for, as the daemon does."""
    made = create_run_for_test(
        instance,
        job_name=run.job_name or "",
        tags={**run.tags, "dagster/run_key": run.run_key or ""},
        status=dg.DagsterRunStatus.STARTED,
        **more,
    )
    assert isinstance(made, dg.DagsterRun)
    return made


def test_nobody_asks(instance: dg.DagsterInstance, providers: Providers) -> None:
    """A tick without requests says so."""
    assert tick(instance, providers) == "nothing is asked for"


def test_a_request_becomes_a_run(
    instance: dg.DagsterInstance, providers: Providers, connection: Connection
) -> None:
    """Its id is the run key, it knows its run with the next tick, and how that ended."""
    request = ask(connection)
    [run] = tick(instance, providers)
    assert (run.run_key, run.job_name) == (str(request), "publish")
    assert run.tags == {"a": "b", REQUEST_TAG: str(request)}
    assert states(connection) == [("started", None, None)]
    made = obey(instance, run)
    assert tick(instance, providers) == "no run is to be started"
    assert states(connection) == [("started", made.run_id, None)]
    instance.report_dagster_event(
        dg.DagsterEvent(dg.DagsterEventType.PIPELINE_SUCCESS.value, "publish"), made.run_id
    )
    assert tick(instance, providers) == "no run is to be started"
    assert states(connection) == [("completed", made.run_id, None)]
    assert tick(instance, providers) == "nothing is asked for"


def test_a_tick_that_is_lost_is_made_up_for(
    instance: dg.DagsterInstance, providers: Providers, connection: Connection
) -> None:
    """A process that died after it took the request, before the run: the next tick asks again."""
    ask(connection)
    [lost] = tick(instance, providers)
    [again] = tick(instance, providers)
    assert lost.run_key == again.run_key


def test_a_run_that_nobody_launched_is_asked_for_again(
    instance: dg.DagsterInstance, providers: Providers, connection: Connection
) -> None:
    """Dagster launches the run that there is: the key is the same."""
    ask(connection)
    [run] = tick(instance, providers)
    create_run_for_test(instance, job_name="publish", tags=dict(run.tags))
    [again] = tick(instance, providers)
    assert again.run_key == run.run_key


def test_who_asks_after_the_start_gets_a_run_more(
    instance: dg.DagsterInstance, providers: Providers, connection: Connection
) -> None:
    """Twice before it starts is one run; after that it is another."""
    assert ask(connection) == ask(connection)
    [first] = tick(instance, providers)
    obey(instance, first)
    second = ask(connection)
    [run] = tick(instance, providers)
    assert run.run_key == str(second) != first.run_key


def test_a_request_that_is_not_committed_is_not_waited_for(
    instance: dg.DagsterInstance, providers: Providers, connection: Connection, database_url: str
) -> None:
    """A caller that keeps its transaction open holds up nobody, and is served when it commits."""
    first = ask(connection)
    with psycopg.connect(database_url) as slow:
        assert ask(slow) == first  # and holds the row
        assert tick(instance, providers) == "no run is to be started"
        connection.execute("update worker_feature_flags_v2 set is_enabled = false")
        assert tick(instance, providers) == "no run is to be started"
        connection.execute("update worker_feature_flags_v2 set is_enabled = true")
    assert len(tick(instance, providers)) == 1


def fail(instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    """Have a run fail without a word."""
    instance.report_run_failed(run, "with post text")


def cancel(instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    """Have a run canceled."""
    instance.report_run_canceled(run)


def delete(instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    """Delete a run."""
    instance.delete_run(run.run_id)


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (fail, "publish: The run ended without an error: its process died, or was not to be had."),
        (cancel, "publish: A person or a time limit canceled the run. Ask again."),
        (delete, "publish_scheduled: its run is gone. Ask again."),
    ],
)
def test_a_run_that_ends_badly_fails_its_request(
    instance: dg.DagsterInstance,
    providers: Providers,
    connection: Connection,
    end: Callable[[dg.DagsterInstance, dg.DagsterRun], None],
    words: str,
) -> None:
    """The request says why, without a word of a post."""
    ask(connection)
    [run] = tick(instance, providers)
    made = obey(instance, run)
    tick(instance, providers)
    end(instance, made)
    assert tick(instance, providers) == "no run is to be started"
    [(status, run_id, error)] = states(connection)
    assert (status, run_id) == ("failed", made.run_id)
    assert error
    assert error.startswith(words)
    assert "post text" not in error


def unconfigured(settings: Settings) -> str | None:
    """Say what publishing lacks."""
    return None if settings.unipile else "publishing is not configured: set UNIPILE_API_KEY"


def switch_off(connection: Connection) -> None:
    """Switch both workers of publishing off."""
    connection.execute(
        "update worker_feature_flags_v2 set is_enabled = false where worker_name like 'publish%'"
    )


REFUSALS: dict[str, tuple[Mapping[str, ByRun | AtOnce], Callable[[Connection], None], str]] = {
    "an unknown name": (
        {"weekly_profile_sync": PUBLISH},
        lambda _: None,
        (
            "publish_scheduled: this version serves no request of that name. "
            "It serves: weekly_profile_sync."
        ),
    ),
    "not configured": (
        {"publish_scheduled": replace(PUBLISH, missing=unconfigured)},
        lambda _: None,
        "publish_scheduled: publishing is not configured: set UNIPILE_API_KEY; then ask again.",
    ),
    "switched off": (
        SERVED,
        switch_off,
        (
            "publish_scheduled: switched off: publish_scheduled, publish_company_pages. "
            "Run: linkedin-pipeline flags enable publish_scheduled. Then ask again."
        ),
    ),
}


@pytest.mark.parametrize(("served", "prepare", "words"), REFUSALS.values(), ids=REFUSALS.keys())
def test_a_request_that_cannot_be_served_says_why(
    instance: dg.DagsterInstance,
    providers: Providers,
    connection: Connection,
    served: Mapping[str, ByRun | AtOnce],
    prepare: Callable[[Connection], None],
    words: str,
) -> None:
    """It fails with the reason and what to do, and starts nothing."""
    prepare(connection)
    ask(connection)
    assert tick(instance, providers, served) == "no run is to be started"
    assert states(connection) == [("failed", None, words)]


def test_one_worker_of_several_is_enough(
    instance: dg.DagsterInstance, providers: Providers, connection: Connection
) -> None:
    """A pass that has something to do is started though a part of it is switched off."""
    connection.execute(
        "update worker_feature_flags_v2 set is_enabled = false "
        "where worker_name = 'publish_scheduled'"
    )
    ask(connection)
    assert len(tick(instance, providers)) == 1


def test_work_is_made_due_at_once(
    instance: dg.DagsterInstance, providers: Providers, connection: Connection
) -> None:
    """Making due and completing are one transaction, and nothing is started."""
    due = AtOnce(lambda c: c.execute("insert into app_settings (name) values ('due')"))
    ask(connection, "select trigger_profile_sync()")
    said = tick(instance, providers, {"weekly_profile_sync": due})
    assert said == "no run is to be started"
    assert states(connection) == [("completed", None, None)]
    assert rows(connection, "select name from app_settings where name = 'due'") == [("due",)]


def test_work_that_cannot_be_made_due_fails_the_request_alone(
    instance: dg.DagsterInstance, providers: Providers, connection: Connection
) -> None:
    """The request says what the database said; what was half done is undone; others go on."""

    def half(connection: Connection) -> None:
        connection.execute("insert into app_settings (name) values ('due')")
        connection.execute("select update_profile_stats(null)")

    ask(connection, "select trigger_profile_sync()")
    ask(connection)
    served = {**SERVED, "weekly_profile_sync": AtOnce(half)}
    assert len(tick(instance, providers, served)) == 1
    [(status, _, error), (other, *_)] = states(connection)
    assert (status, other) == ("failed", "started")
    assert error == (
        "weekly_profile_sync: the database: it refused (profile null: unknown). "
        "Give the id of a row of profiles."
    )
    assert rows(connection, "select name from app_settings where name = 'due'") == []


def test_a_request_that_is_no_longer_served_by_a_run(
    instance: dg.DagsterInstance, providers: Providers, connection: Connection
) -> None:
    """After a change of version a started request without a run ends with a reason."""
    ask(connection)
    tick(instance, providers)
    assert tick(instance, providers, {}) == "no run is to be started"
    assert states(connection) == [
        ("failed", None, "publish_scheduled: its run is gone. Ask again.")
    ]


def test_publishing_that_is_not_configured_says_so(
    instance: dg.DagsterInstance, providers: Providers, connection: Connection
) -> None:
    """With what is really served, and without Unipile, the request names the variables."""
    ask(connection)
    tick(instance, providers, definitions.SERVED)
    [(status, _, error)] = states(connection)
    assert status == "failed"
    assert "set UNIPILE_API_KEY and UNIPILE_BASE_URL; then ask again." in str(error)
    unipile = Endpoint("key", "http://127.0.0.1:1/api/v1")
    able = replace(providers, settings=replace(providers.settings, unipile=unipile))
    ask(connection)
    [run] = tick(instance, able, definitions.SERVED)
    assert run.job_name == "publish"


def test_styles_are_made_due_by_request(
    instance: dg.DagsterInstance, providers: Providers, connection: Connection
) -> None:
    """Of our own profiles with more than 20 posts, as the schedule of every month does."""
    connection.execute(
        "with ada as (insert into profiles (full_name, type) values ('Ada', 'internal') "
        "returning id) insert into viral_posts_bank (author_id, content) "
        "select id, 'Post ' || n from ada, generate_series(1, 21) as n"
    )
    connection.execute("delete from profile_work")
    ask(connection, "select trigger_monthly_style_refresh()")
    tick(instance, providers, definitions.SERVED)
    assert states(connection) == [("completed", None, None)]
    assert value(connection, "select count(*) from profile_work where task = 'style'") == 1


def test_an_absent_database_fails_the_tick(
    instance: dg.DagsterInstance, providers: Providers, tmp_path: Path
) -> None:
    """The error is visible and says what to do; no server is started."""
    absent = replace(providers, settings=Settings(home=tmp_path / "home"))
    with pytest.raises(DatabaseDown, match="does not run"):
        tick(instance, absent)
