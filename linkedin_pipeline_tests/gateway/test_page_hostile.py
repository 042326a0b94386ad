"""Whatever people and providers write is text on the page, and nothing but text."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from psycopg.rows import TupleRow

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.trends import trends
from linkedin_pipeline.gateway.charts import chart
from linkedin_pipeline.gateway.rendering import page
from linkedin_pipeline.settings import Settings
from linkedin_pipeline.status_facts.page import read_page
from linkedin_pipeline.wiring import build_providers
from linkedin_pipeline_tests.gateway.html_page import ParsedPage
from linkedin_pipeline_tests.gateway.page_bank import PLACES, fill
from linkedin_pipeline_tests.gateway.test_page import look

Connection = psycopg.Connection[TupleRow]

MARKUP = (
    "<script>alert(1)</script></bdi></p></title></style></svg><img src=x onerror=alert(1)>"
    '"\' onmouseover="alert(1) {{ 7 * 7 }} {% raw %} <!-- ]]> &lt;b&gt;'
)
REST = "\u202e\u2066gnp.exe \u05e9\u05dc\u05d5\u05dd \x01\x1b[31m \ufffe " + "W" * 3000
TAGS = (
    "a article bdi body button code dd details div dl dt figcaption figure form h1 h2 h3 head "
    "header html input label li link main meta nav p rect section span strong style summary "
    "svg table td th time title tr ul"
)
ATTRIBUTES = (
    "action aria-hidden aria-label charset class content datetime height href id lang method "
    "name preserveaspectratio rel role viewbox width x y"
)


def test_no_text_becomes_markup(url: str, connection: Connection) -> None:
    """Tags, quotes, template and entity tricks in every place of the database are shown as written.

    Only elements and attributes of our own are on the page.
    """
    fill(connection, lambda place: f"{place}: {MARKUP} {REST}")
    found = look(url)
    assert found.tags <= {*TAGS.split()}
    assert found.attributes <= {*ATTRIBUTES.split()}
    shown = [place for place in PLACES if f"{place}: {MARKUP}" in found.text]
    assert sorted({*PLACES} - {*shown}) == []
    assert not {"\x01", "\x1b", "\ufffe"} & {*found.text}


@pytest.mark.parametrize(
    "text",
    {
        "markup": MARKUP,
        "rest": REST,
        "NUL and halves of characters": "a\x00b\ud800c",
        "nothing": "",
    }.values(),
    ids=["markup", "rest", "nul", "nothing"],
)
def test_every_string_of_the_facts_is_text(
    settings: Settings, connection: Connection, text: str
) -> None:
    """With any of them in place of all strings, the elements are those that a letter makes."""
    fill(connection, str)
    facts = read_page(build_providers(settings), {"calendar": _calendar, "trends": trends})
    assert facts["database"]["error"] is None
    facts["database"]["error"] = "an error"
    assert len(_drawn(facts, lambda _: text).skeleton) > 200
    if text:
        assert _drawn(facts, lambda _: text).skeleton == _drawn(facts, lambda _: "x").skeleton
    assert not {"\x00", "\ud800"} & {*_drawn(facts, lambda _: text).text}


def test_right_to_left_text_stays_in_its_place(url: str, connection: Connection) -> None:
    """An override that is never closed ends with the element around it: all text is isolated."""
    fill(connection, lambda place: f"{place} \u202eabc")
    source = look(url).source
    for piece in source.split("\u202eabc")[:-1]:
        assert piece.rindex("<bdi>") > piece.rfind("</bdi>")


def _calendar(database: Database) -> Any:
    from linkedin_pipeline.gateway import pages

    return pages._calendar(database)  # noqa: SLF001 - as the page reads it


def _drawn(facts: Any, say: Callable[[str], str]) -> ParsedPage:
    found = facts["trends"]
    series = {say(str(place)) + str(place): found.usd["style"] for place in range(3)}
    response = page(
        "page.html",
        now=datetime.now(UTC),
        facts=_said(facts, say),
        charts=[chart(say("name"), found.days, series)],
        calendar_days=14,
        most_entries=100,
        dagster_url=f"https://host/{say('dagster')}",
    )
    return ParsedPage(bytes(response.body).decode("utf-8"))


def _said(part: Any, say: Callable[[str], str]) -> Any:
    """Return facts with every string replaced."""
    match part:
        case str():
            return say(part)
        case dict():
            return {name: _said(value, say) for name, value in part.items()}
        case list() | tuple():
            return [_said(value, say) for value in part]
        case _:
            return part
