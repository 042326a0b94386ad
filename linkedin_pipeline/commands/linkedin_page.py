"""What goes out to LinkedIn and what comes in, on the operator's page."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from linkedin_pipeline.commands.output import show_heading
from linkedin_pipeline.domain.wording import age, one_line


def show_publishing(to: Console, publishing: dict[str, Any]) -> None:
    """Print what is due, in doubt or held, and what keeps posts from going out."""
    show_heading(to, "Publishing")
    waiting = publishing["due"] + publishing["switched_off"]
    if missing := publishing["not_configured"]:
        to.print(f"  {missing}", style="red" if waiting else "")
    parts = [f"{publishing['due']:,} due"]
    if publishing["switched_off"]:
        parts.append(f"{publishing['switched_off']:,} due and switched off")
    parts += [f"{number:,} {state}" for state, number in publishing["states"].items()]
    beat = publishing["beat"]
    alive = "" if beat is None else f"; a pass is alive, heard of {age(beat)} ago"
    to.print(f"  {', '.join(parts)}{alive}")
    if publishing["paused"]:
        to.print(f"  Unipile waits: {publishing['paused']}", style="red")
    for one in publishing["accounts_down"]:
        whose = f" of {one['profile']}" if one["profile"] else ""
        to.print(f"  account {one['account']}{whose} is {one['is']}: reconnect it", style="red")
    if publishing["states"].keys() & {"held", "unconfirmed"}:
        to.print("  See: linkedin-pipeline publications")


def show_sync(to: Console, sync: dict[str, Any]) -> None:
    """Print how many profiles wait to be read, and which cannot be."""
    show_heading(to, "Sync")
    states = "".join(f", {number:,} {state}" for state, number in sync["states"].items())
    to.print(f"  {sync['due']:,} profiles to read now{states}")
    if sync["left_alone"]:
        to.print(
            f"  {sync['left_alone']:,} failed five times in a row and are left alone: "
            "select reset_profile_sync(id)",
            style="red",
        )
    for one in sync["failed"]:
        to.print(
            f"  {one['partition_key']} ({one['failures']} in a row): {one_line(one['reason'], 120)}"
        )
