"""The Dagster UI as a user meets it, in a real browser.

The pictures under docs/screenshots are made by these tests: see the README there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from linkedin_pipeline.database.urls import dagster_url
from linkedin_pipeline.settings import Settings
from linkedin_pipeline_tests.end_to_end.browser import Page, chromium, why_not
from linkedin_pipeline_tests.end_to_end.dev import Dev, dev_environment, wait_for

# the first test of the file pays for a server, Dagster, the models and a browser
pytestmark = pytest.mark.timeout(900)

WORD, NAME = "Brindlewick", "Quillonna"
"""In every post and in every profile's name, and nowhere else."""
DAYS = 80
INSERT_POSTS = """
    with authors as (
        insert into profiles (full_name)
        select %s || ' ' || n from generate_series(0, 2) n
        returning id, right(full_name, 1)::integer as n
    )
    insert into viral_posts_bank (author_id, content, created_at)
    select
        a.id,
        format(E'%%s taught us lesson %%s about hiring.\n\nWe asked clients what they miss. '
            'Then we wrote down each answer, and priced it.', %s::text, 10 * day + post),
        now() - day * interval '1 day'
    from generate_series(0, %s - 1) day
    cross join generate_series(
        1, greatest(1, round(3 + 2 * sin(day / 9.0) + 0.6 * (7 * day %% 5 - 2)))::integer
    ) post
    join authors a on a.n = (day + post) %% 3
"""
UNFINISHED = """
    select count(*) from viral_posts_bank
    where needs_hook_extraction or needs_embedding or needs_hook_classification
        or needs_topic_classification or needs_audience_classification
"""
GROUPS = {
    "bank": {"viral_posts_bank"},
    "enrichment": {
        "hooks",
        "embeddings",
        "hook_classifications",
        "topic_classifications",
        "audience_classifications",
    },
    "styles": {"style_prompts"},
}
EDGES = 7

ASSETS = "{ assetNodes { assetKey { path } groupName description } }"
LIVE_RUNS = """{
    runsOrError(filter: {statuses: [QUEUED, NOT_STARTED, STARTING, STARTED, CANCELING]}) {
        ... on Runs { results { runId } }
    }
}"""
RUNS = "{ runsOrError { ... on Runs { results { runId status jobName } } } }"
EVENTS = """
    fragment entries on MetadataEntry {
        label description
        ... on TextMetadataEntry { text }
        ... on MarkdownMetadataEntry { mdStr }
        ... on JsonMetadataEntry { jsonString }
        ... on IntMetadataEntry { intRepr }
        ... on FloatMetadataEntry { floatValue }
    }
    query ($run: ID!, $after: String) {
        logsForRun(runId: $run, afterCursor: $after) {
            ... on EventConnection {
                cursor hasMore
                events {
                    ... on MessageEvent { message eventType }
                    ... on DisplayableEvent { label description metadataEntries { ...entries } }
                    ... on LogsCapturedEvent { fileKey }
                    ... on AssetCheckEvaluationEvent {
                        evaluation { description metadataEntries { ...entries } }
                    }
                }
            }
        }
    }
"""
CAPTURED = "query ($key: [String!]!) { capturedLogs(logKey: $key) { stdout stderr } }"


@pytest.fixture(scope="module")
def dev() -> Iterator[Dev]:
    """Give a running `dagster dev` whose posts are enriched and whose styles are written."""
    lacking = why_not()
    if lacking:
        pytest.skip(f"no browser: {lacking}")
    with dev_environment() as started:
        started.query(INSERT_POSTS, (NAME, WORD, DAYS))
        started.query("insert into viral_posts_bank (content) values ('…!')")  # will be rejected
        started.start()
        try:
            _settle(started)
        except AssertionError as late:
            late.add_note(started.log.read_text(encoding="utf-8")[-5000:])
            raise
        yield started


def _settle(dev: Dev) -> None:
    """Wait until the pipeline has done what there is to do."""
    wait_for("all labels", lambda: dev.number(UNFINISHED) == 0)
    styles = "select count(writing_style_prompt) from profiles"
    wait_for("three styles", lambda: dev.number(styles) == 3)
    wait_for("the runs to end", lambda: not dev.graphql(LIVE_RUNS)["runsOrError"]["results"])


@pytest.fixture(scope="module")
def page(
    dev: Dev, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Page]:
    """Give a browser window, shared by the tests of this file."""
    pictures = request.config.getoption("--screenshots", default=None)
    with chromium(tmp_path_factory.mktemp("chromium")) as driver:
        yield Page(
            driver,
            f"http://127.0.0.1:{dev.port}",
            secrets=(WORD, NAME),
            pictures=Path(pictures) if pictures else None,
        )


def test_a_first_visit_meets_no_advertisement(dev: Dev) -> None:
    """Dagster's dialog about its newsletter does not cover the first page."""
    assert dev.graphql("{ shouldShowNux }") == {"shouldShowNux": False}


def test_health_is_one_click_away(page: Page) -> None:
    """Whoever opens the bank's checks can run all of them at once and read the results."""
    page.open("/assets/viral_posts_bank?view=checks&checkDetail=nothing_overdue", "Execute all")
    listed = re.search(r"Checks \((\d+)\)", page.text)
    assert listed is not None
    page.press("Execute all")
    wait_for("the results", lambda: page.text.count("Succeeded") == int(listed[1]))
    page.reload("nothing_overdue", "Passed", "oldest_minutes")
    page.keep("health")


def test_the_asset_graph_shows_groups_and_lineage(page: Page) -> None:
    """From the bank to the styles: every group, every asset in it, and what is made from what."""
    page.open("/asset-groups", "Global asset lineage", *GROUPS)
    page.press("Hide navigation")
    page.hold("e", "viral_posts_bank")  # Dagster's shortcut: open all groups
    page.reload(*GROUPS, *set().union(*GROUPS.values()))
    drawn = "return document.querySelectorAll('svg path[marker-end]').length"
    wait_for("the edges", lambda: page.ask(drawn) >= EDGES)
    passed = re.compile(r"[1-9]\d* / \d+ Passed")
    wait_for("the checks", lambda: len(passed.findall(page.text)) >= len(GROUPS["enrichment"]))
    page.keep("asset-graph")


def test_the_styles_are_made_from_the_hooks(page: Page) -> None:
    """The page of style_prompts names its upstream assets and has a partition a profile."""
    page.open("/assets/style_prompts", "Upstream assets hook_classifications", "hooks")
    page.open("/assets/style_prompts?view=partitions", "Materialized (3)", "Failed (0)")


def test_every_asset_explains_itself(page: Page, dev: Dev) -> None:
    """Each asset is in its group, and its page shows the whole of a description worth reading."""
    nodes = dev.graphql(ASSETS)["assetNodes"]
    groups: dict[str, set[str]] = {}
    for node in nodes:
        (name,) = node["assetKey"]["path"]
        groups.setdefault(node["groupName"], set()).add(name)
        assert len(node["description"]) > 80, name
        page.open(f"/assets/{name}", "Description", node["description"].replace("`", ""))
    assert {name: groups[name] for name in GROUPS} == GROUPS


def test_numbers_of_an_asset_are_plotted(page: Page) -> None:
    """Posts, outcomes and seconds are numbers with a point a day, not texts."""
    page.open("/assets/embeddings", "Metadata", "run_seconds")
    page.keep("asset")
    page.press("Plots", "done", "rejected", "posts", "run_seconds")
    for name in ("done", "rejected", "posts", "run_seconds"):
        page.plots(name)
    page.scroll_to("Metadata")
    page.keep("asset-plots")


def test_partitions_are_days(page: Page) -> None:
    """Each day with posts is a materialized partition."""
    page.open("/assets/embeddings?view=partitions", "Failed (0)", "Missing")
    materialized = re.search(r"Materialized \(([\d,]+)\)", page.text)
    assert materialized is not None
    assert int(materialized[1].replace(",", "")) >= DAYS


def test_a_materialization_has_a_table_of_counts(page: Page) -> None:
    """The newest one shows what became of the day's posts, as a table."""
    page.open("/assets/embeddings?view=events", "this day", "the run")
    cells = page.ask(
        "return [...document.querySelectorAll('table')].filter(t => "
        "t.innerText.includes('this day') && !t.querySelector('table'))"
        ".flatMap(t => [...t.rows].map(r => [...r.cells].map(c => c.innerText.trim())))"
    )
    assert [row[0] for row in cells] == ["", "done", "retried", "rejected", "stale"]
    assert cells[0] == ["", "this day", "the run"]
    assert int(cells[1][2]) >= int(cells[1][1]) >= 0
    page.keep("materialization")


def test_a_check_shows_its_result(page: Page) -> None:
    """The page of a check says what it looks at, that it passed, and on how many posts."""
    page.open(
        "/assets/hooks?view=checks&checkDetail=hooks_are_verbatim",
        "hooks_are_verbatim",
        "Each hook just written stands in its post word for word",
        "Passed",
        "checked",
    )
    page.plots("checked")
    page.keep("check")


def test_sensors_are_on(page: Page) -> None:
    """What starts runs is listed, switched on, and has worked."""
    page.open("/automation", "needs_flags", "needs_style")
    switched_on = "return document.querySelectorAll('[class*=formatSwitch] input:checked').length"
    wait_for("the switches", lambda: page.ask(switched_on) >= 2)


def test_runs_succeed(page: Page, dev: Dev) -> None:
    """No run failed, and the page of one of each job shows its log."""
    runs = dev.graphql(RUNS)["runsOrError"]["results"]
    assert [run for run in runs if run["status"] != "SUCCESS"] == []
    jobs = {run["jobName"]: run["runId"] for run in runs if not run["jobName"].startswith("__")}
    page.open("/runs", "Success", *jobs)
    page.keep("runs")
    for job, run in jobs.items():
        page.open(f"/runs/{run}", "Success", "STEP_SUCCESS", job)


def test_what_dagster_records_holds_no_text_of_a_post(dev: Dev) -> None:
    """Metadata, messages and captured output carry ids and counts; so does Dagster's database."""
    events: list[Any] = []
    for run in dev.graphql(RUNS)["runsOrError"]["results"]:
        events += _events(dev, run["runId"])
    told = json.dumps(events)
    assert "hooks_are_verbatim" in told, "the events were not read"
    assert "| this day |" in told, "the metadata were not read"
    stored = _everything_in(dagster_url(Settings(home=dev.home)))
    assert "hooks_are_verbatim" in stored, "the database was not read"
    for secret in (WORD.lower(), NAME.lower()):
        assert secret not in told.lower()
        assert secret not in stored.lower()
        assert secret not in dev.log.read_text(encoding="utf-8").lower()


def _events(dev: Dev, run: str) -> list[Any]:
    """Return all events of a run, and what its processes printed."""
    events: list[Any] = []
    more, cursor = True, None
    while more:
        got = dev.graphql(EVENTS, run=run, after=cursor)["logsForRun"]
        events += got["events"]
        more, cursor = got["hasMore"], got["cursor"]
    files = {event["fileKey"] for event in events if event.get("fileKey")}
    return [
        *events,
        *(dev.graphql(CAPTURED, key=[run, "compute_logs", file]) for file in sorted(files)),
    ]


def _everything_in(url: str) -> str:
    """Return every row of every table as text."""
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "select tablename from pg_tables where schemaname = 'public'"
        ).fetchall()
        return "\n".join(
            str(row[0])
            for (table,) in tables
            for row in connection.execute(
                sql.SQL("select t::text from {} t").format(sql.Identifier(table))
            )
        )
