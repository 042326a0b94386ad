"""The gateway's page as a person meets it, in a real browser; pictures go to the test's directory.

What the page says, and that hostile text stays text, is tested without a browser in gateway/.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from psycopg.rows import TupleRow

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.gateway.serving import serving
from linkedin_pipeline.settings import Settings
from linkedin_pipeline_tests.end_to_end.browser import Page, chromium, why_not
from linkedin_pipeline_tests.gateway.page_bank import PLACES, fill
from linkedin_pipeline_tests.gateway.wire import SECRET

PHONE = (390, 844)
HOSTILE = (
    "<script>document.title = 'taken'</script><img src=x onerror=\"document.title='taken'\"> \u202e"
    + "W" * 2000
)


@pytest.fixture
def page(
    connection: psycopg.Connection[TupleRow],
    database: Database,
    database_url: str,
    empty_database_url: str,
    tmp_path: Path,
) -> Iterator[Page]:
    """Give a browser window on the page of a database that is full of hostile text."""
    lacking = why_not()
    if lacking:
        pytest.skip(f"no browser: {lacking}")
    fill(connection, lambda place: f"{place}: {HOSTILE}")
    settings = replace(
        Settings(),
        database_url=database_url,
        dagster_database_url=empty_database_url,
        scheduler_secret=SECRET,
    )
    with serving(settings, database) as address, chromium(tmp_path) as driver:
        yield Page(driver, address, secrets=(SECRET,), pictures=tmp_path / "pictures")


def test_a_person_signs_in_reads_and_signs_out(page: Page) -> None:
    """On a phone and a desk: nothing runs, nothing is wider than the window, no error is logged."""
    page.driver.set_window_size(*PHONE)
    page.open("/", "SCHEDULER_SECRET")
    field = page.driver.find_element("name", "secret")
    field.send_keys(SECRET)
    page.press("Sign in", "Calendar, 14 days", "Throughput and cost")
    for name, size in (("phone", PHONE), ("desk", (1600, 1000))):
        page.driver.set_window_size(*size)
        page.reload(*(f"{place}: <script>" for place in PLACES))
        assert page.driver.title == "linkedin_pipeline"
        wide = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.ask(wide) <= 0, f"{name}: one has to scroll sideways"
        styled = "return getComputedStyle(document.querySelector('rect')).fill"
        assert page.ask(styled) != "rgb(0, 0, 0)", "the style sheet is not applied"
        page.keep(name)
    page.press("Sign out", "Sign in")
    page.open("/", "SCHEDULER_SECRET")
