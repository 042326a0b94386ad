"""Which runs to ask for: two lanes, each with at most one run at a time."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import dagster as dg

from linkedin_pipeline.domain.work import FIRST_DAY, DayRange, Stage

LANE_TAG = "linkedin/lane"

LIVE = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]

FOLLOWERS: Mapping[Stage, frozenset[Stage]] = {
    Stage.HOOKS: frozenset({Stage.HOOK_CLASSIFICATIONS}),
    Stage.EMBEDDINGS: frozenset({Stage.TOPIC_CLASSIFICATIONS, Stage.AUDIENCE_CLASSIFICATIONS}),
}
"""Stages that a stage makes work for, or whose work is cheapest in the same run."""


@dataclass(frozen=True, slots=True)
class Lane:
    """A range of days whose work is asked for together."""

    name: str
    days: DayRange


def lanes(today: date) -> tuple[Lane, Lane]:
    """Return the fresh lane (yesterday and today) and the backlog before it."""
    yesterday = today - timedelta(days=1)
    return (
        Lane("fresh", DayRange(yesterday, today)),
        Lane("backlog", DayRange(FIRST_DAY, yesterday - timedelta(days=1))),
    )


def with_followers(stages: Iterable[Stage], existing: Iterable[Stage]) -> list[Stage]:
    """Return the stages and what follows them, as far as they exist, in the stages' order."""
    wanted = set(stages)
    for stage in list(wanted):
        wanted |= FOLLOWERS.get(stage, frozenset())
    return [stage for stage in Stage if stage in wanted and stage in set(existing)]


def back_off(failed_in_a_row: int) -> float:
    """Return the seconds to wait after failing runs: 10 · 2ⁿ, at most 10 minutes."""
    return min(10.0 * (1 << min(max(failed_in_a_row - 1, 0), 10)), 600.0)


def why_wait(instance: dg.DagsterInstance, tag: str, lane: str) -> str | None:
    """Return why a lane must not start now: a live run, or failures to wait out; else None."""
    filters = dg.RunsFilter(tags={tag: lane})
    live = instance.get_runs(dg.RunsFilter(tags={tag: lane}, statuses=LIVE), limit=1)
    if live:
        return f"run {live[0].run_id[:8]} is {live[0].status.value.lower()}"
    failed, ended = _failures(instance.get_run_records(filters, limit=8))
    left = ended + back_off(failed) - time.time()
    if failed and left > 0:
        return f"{failed} failed runs in a row, next try in {left:.0f} s"
    return None


def _failures(records: Sequence[dg.RunRecord]) -> tuple[int, float]:
    """Return how many of the newest runs failed in a row, and when the newest ended."""
    failed = 0
    for record in records:
        if record.dagster_run.status is not dg.DagsterRunStatus.FAILURE:
            break
        failed += 1
    return failed, (records[0].end_time or 0.0) if records else 0.0
