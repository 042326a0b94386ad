"""Runs, schedules and sensors on the operator's page."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from linkedin_pipeline.commands.output import (
    plain_table,
    show_heading,
    show_table,
)
from linkedin_pipeline.domain.wording import age, one_line


def show_runs(to: Console, runs: list[dict[str, Any]]) -> None:
    """Print the last run of each job, the newest first."""
    show_heading(to, "Last runs of each job")
    if not runs:
        to.print("  none yet")
        return
    numbers = ("took", "in 24 h", "failed")
    table = plain_table("  job", "run", "state", "started", *numbers, right=numbers)
    for one in runs:
        table.add_row(
            f"  {one['job']}",
            one["run_id"][:8],
            one["status"],
            f"{age(one['age'])} ago",
            "" if one["seconds"] is None else age(one["seconds"]),
            f"{one['runs']:,}",
            f"{one['failed']:,}" if one["failed"] else "",
        )
    show_table(to, table)


def show_ticks(to: Console, ticks: list[dict[str, Any]]) -> None:
    """Print when each schedule and sensor last ticked, and what came of it."""
    show_heading(to, "Schedules and sensors")
    if not ticks:
        to.print("  none has ticked yet")
        return
    table = plain_table("  name", "", "last tick", "came of it")
    for one in sorted(ticks, key=lambda tick: (tick["kind"], tick["name"])):
        table.add_row(
            f"  {one['name']}",
            one["kind"] if one["on"] else "OFF",
            "never" if one["age"] is None else f"{age(one['age'])} ago",
            _came_of(one),
        )
    show_table(to, table)


def _came_of(tick: dict[str, Any]) -> str:
    if tick["status"] == "failure":
        return f"failed: {one_line(tick['reason'] or 'no reason given', 60)}"
    if tick["runs"]:
        return f"{tick['runs']:,} run{'s' if tick['runs'] > 1 else ''} asked for"
    return {None: "", "started": "under way", "skipped": "nothing to do"}.get(
        tick["status"], tick["status"] or ""
    )
