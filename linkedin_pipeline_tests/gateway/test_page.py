"""What the page shows."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from time import time

import httpx
import psycopg
import pytest
from psycopg import sql
from psycopg.rows import TupleRow

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.domain.work import Stage
from linkedin_pipeline.gateway.app import gateway
from linkedin_pipeline.gateway.graphql import Dagster
from linkedin_pipeline.gateway.pages import without_password
from linkedin_pipeline.gateway.serving import serving
from linkedin_pipeline.gateway.sessions import COOKIE, issue
from linkedin_pipeline.gateway.threads import Threads
from linkedin_pipeline.settings import Settings
from linkedin_pipeline.status_facts.page import read_page
from linkedin_pipeline.wiring import build_providers
from linkedin_pipeline_tests.gateway.html_page import ParsedPage
from linkedin_pipeline_tests.gateway.page_bank import PLACES, fill
from linkedin_pipeline_tests.gateway.wire import SECRET
from linkedin_pipeline_tests.postgres import ask
from linkedin_pipeline_tests.sql.tables import add, person

Connection = psycopg.Connection[TupleRow]


def look(url: str) -> ParsedPage:
    """Open the page as one who is signed in."""
    headers = {"Cookie": f"{COOKIE}={issue(SECRET, time())}"}
    answer = httpx.get(f"{url}/", headers=headers, timeout=120, trust_env=False)
    assert answer.status_code == 200
    return ParsedPage(answer.text)


@pytest.fixture
def busy(connection: Connection) -> Connection:
    """Give a database in which everything has something to show."""
    fill(connection, lambda place: f"said-{place.replace(' ', '-')}")
    return connection


def test_an_empty_database_has_a_page(url: str, settings: Settings) -> None:
    """Every part says that there is nothing; links lead to Dagster, and nowhere else."""
    found = look(url)
    for words in (
        "The database answers, its schema is current.",
        "Dagster's daemon: running",
        "0 open",
        "Nothing is planned.",
        "Posts enriched, 30 days: 0",
        "USD for models, 30 days: 0.0000",
        "publishing: not configured, due posts stay pending; set UNIPILE_API_KEY",
    ):
        assert words in found.text
    links = {value for name, value in found.values if name == "href"}
    assert f"{settings.dagster_webserver_url}/runs" in links
    assert f"{settings.dagster_webserver_url}/assets/{Stage.HOOKS}" in links
    elsewhere = {link for link in links if not link.startswith(settings.dagster_webserver_url)}
    here = {link for link in elsewhere if link.startswith("#")}
    assert elsewhere - here == {"/", "data:,"}
    assert {f"#{value}" for name, value in found.values if name == "id"} >= here


@pytest.mark.usefixtures("busy")
def test_everything_is_shown(url: str, settings: Settings) -> None:
    """Every part of `status`, the calendar with states, and the words of each place."""
    found = look(url)
    missing = [place for place in PLACES if f"said-{place.replace(' ', '-')}" not in found.text]
    assert missing == []
    assert "Posts enriched, 30 days: 1,234" in found.text
    assert "Publications, 30 days: 1" in found.text
    assert "USD for models, 30 days: 1.2500" in found.text
    assert found.text.count("pending") >= 2
    assert SECRET not in str(found.values) + found.text


def test_no_part_of_status_is_forgotten(settings: Settings) -> None:
    """What is added to the facts has to be added to the page."""
    templates = files("linkedin_pipeline.gateway").joinpath("templates").iterdir()
    source = "".join(file.read_text("utf-8") for file in templates)
    page = read_page(build_providers(settings))
    assert page["database"]["error"] is None
    named = ("facts.{}", 'facts.get("{}"', '"{}" in facts')
    assert [n for n in page if not any(form.format(n) in source for form in named)] == []


def test_days_are_told_apart(url: str, connection: Connection, database_url: str) -> None:
    """Work, publications and money stand at their UTC day, up to 30 days back."""
    for days, posts in ((0, 10), (1, 20), (29, 40), (30, 999), (31, 999)):
        connection.execute(
            "insert into task_execution_logs_v2 (worker_name, status, started_at, items_processed) "
            "values (%s, 'completed', date_trunc('day', now(), 'UTC') - %s * interval '1 day', %s)",
            (Stage.TOPIC_CLASSIFICATIONS.worker, days, posts),
        )
    found = look(url)
    assert "Posts enriched, 30 days: 70" in found.text
    today = ask(database_url, "select (now() at time zone 'UTC')::date")
    assert f"{today} 0 0 0 10 0 {today - timedelta(days=1)} 0 0 0 20 0" in found.text
    bars = [value for name, value in found.values if name == "class" and value == "s3"]
    assert len(bars) == 3 + 1  # and one in the legend


def test_a_long_calendar_is_cut(
    url: str, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page stays readable: what is too much is counted."""
    monkeypatch.setattr("linkedin_pipeline.gateway.pages.MOST_ENTRIES", 2)
    author = person(connection, "Ada")
    for hour in range(1, 6):
        at = datetime.now(UTC) + timedelta(hours=hour)
        add(
            connection, "scheduled_posts", author_id=author, content=f"text {hour}", scheduled_at=at
        )
    found = look(url)
    assert "text 1" in found.text
    assert "text 3" not in found.text
    assert "And 3 more" in found.text


@pytest.mark.usefixtures("busy")
def test_looking_changes_nothing(url: str, connection: Connection) -> None:
    """A database that lets nobody write has a page like any other."""
    name = sql.Identifier(connection.info.dbname)
    connection.execute(
        sql.SQL("alter database {} set default_transaction_read_only = on").format(name)
    )
    found = look(url)
    assert "The database answers, its schema is current." in found.text
    assert "USD for models, 30 days: 1.2500" in found.text


def test_a_read_that_takes_too_long_still_has_a_page(
    settings: Settings, database: Database
) -> None:
    """After the gateway's patience the page says so, and has its links into Dagster."""

    async def ask_impatiently() -> httpx.Response:
        with (
            closing(Threads(patience=0)) as threads,
            closing(Dagster(settings.dagster_webserver_url)) as dagster,
        ):
            transport = httpx.ASGITransport(gateway(settings, database, dagster, threads))
            async with httpx.AsyncClient(transport=transport, base_url="http://page") as client:
                headers = {"Cookie": f"{COOKIE}={issue(SECRET, time())}"}
                return await client.get("/", headers=headers)

    answer = asyncio.run(ask_impatiently())
    assert answer.status_code == 200
    found = ParsedPage(answer.text)
    assert "no result within 0 s" in found.text
    assert ("href", f"{settings.dagster_webserver_url}/runs") in found.values


@pytest.fixture
def nowhere(settings: Settings, database_url: str) -> Iterator[str]:
    """Give the address of a gateway whose database does not answer."""
    away = "postgresql://nobody:hidden@127.0.0.1:1/nothing"
    with (
        Database(away, patience=0.1) as database,
        serving(replace(settings, database_url=away), database) as address,
    ):
        yield address


def test_the_page_opens_without_a_database(nowhere: str) -> None:
    """It says what is the matter, shows what is known without, and no password."""
    found = look(nowhere)
    assert "The database did not tell everything" in found.text
    assert "no answer" in found.text
    assert "Dagster's daemon: running" in found.text
    assert "Configuration" in found.text
    assert "hidden" not in str(found.values) + found.text


def test_a_schema_that_is_behind_still_has_a_page(url: str, connection: Connection) -> None:
    """What can be read is shown beside the remedy."""
    connection.execute("drop table alerts cascade")
    found = look(url)
    assert "parts are missing" in found.text
    assert "db migrate" in found.text
    assert "Work" in found.text


def test_an_address_is_shown_without_its_password() -> None:
    """Dagster may be reached with one; the link has none."""
    assert without_password("https://me:pass@host:3000/x") == "https://host:3000/x"
    assert without_password("http://[::1]:3000") == "http://[::1]:3000"
