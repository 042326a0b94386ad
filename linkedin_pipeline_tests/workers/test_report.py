"""The report of a drain."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from uuid import uuid4

from linkedin_pipeline.domain.work import Claim, Outcome, Settled, Stage
from linkedin_pipeline.workers.report import LATEST, DrainReport, Stop
from linkedin_pipeline_tests.workers.scripted import FakeClock

MONDAY, TUESDAY = date(2025, 3, 3), date(2025, 3, 4)


def claim(day: date) -> Claim:
    """Return a claim on a post of the day."""
    return Claim(uuid4(), 1, day, 1, 0, "the text of a post")


def test_claims_count_as_what_settling_said() -> None:
    """Held claims count as the outcome, busy ones as retried, all others as stale."""
    report = DrainReport(Stage.HOOKS)
    held, busy, stale = claim(MONDAY), claim(MONDAY), claim(TUESDAY)
    settled = Settled(frozenset({held.post_id}), frozenset({busy.post_id}))
    report.count([held, busy, stale], settled, Outcome.REJECTED)
    assert report.days == {
        MONDAY: {Outcome.REJECTED: 1, Outcome.RETRIED: 1},
        TUESDAY: {Outcome.STALE: 1},
    }


def test_totals_have_every_outcome() -> None:
    """Totals sum over the days, and name outcomes that did not occur."""
    report = DrainReport(Stage.HOOKS)
    for day in (MONDAY, TUESDAY):
        done = claim(day)
        report.count([done], Settled(frozenset({done.post_id})), Outcome.DONE)
    assert report.totals() == {
        Outcome.DONE: 2,
        Outcome.RETRIED: 0,
        Outcome.REJECTED: 0,
        Outcome.STALE: 0,
    }


def test_the_posts_written_last_are_remembered() -> None:
    """Done posts only, and no more of them than fit into memory however long the drain."""
    report = DrainReport(Stage.HOOKS)
    posts = [claim(MONDAY) for _ in range(LATEST + 2)]
    for outcome, some in ((Outcome.REJECTED, posts[:1]), (Outcome.DONE, posts[1:])):
        report.count(some, Settled(frozenset(c.post_id for c in some)), outcome)
    assert list(report.written) == [c.post_id for c in posts[2:]]


def test_seconds_add_up_over_threads() -> None:
    """Time spent is added in whichever thread it was spent, also when the work failed."""
    report, clock = DrainReport(Stage.HOOKS), FakeClock()

    def work(_number: int) -> None:
        try:
            with report.timed(clock, "compute"):
                raise ValueError
        except ValueError:
            return

    with report.timed(clock, "compute"):
        clock.sleep(2.5)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(work, range(100)))
    assert report.spent == {"compute": 2.5}


def test_results_are_json_without_texts() -> None:
    """The summary can be stored as it is, and says why the drain ended."""
    report = DrainReport(Stage.HOOKS, stop=Stop.PAUSED, reason="the provider: it is down. Wait.")
    report.count([claim(MONDAY)], Settled(), Outcome.DONE)
    results = json.loads(json.dumps(report.results()))
    assert results["stop"] == "provider paused"
    assert results["reason"] == "the provider: it is down. Wait."
    assert (results["done"], results["stale"]) == (0, 1)
    assert "the text of a post" not in json.dumps(results)
