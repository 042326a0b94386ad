"""The operator's page as text."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from rich.console import Console

from linkedin_pipeline.commands.dagster_page import show_runs, show_ticks
from linkedin_pipeline.commands.linkedin_page import show_publishing, show_sync
from linkedin_pipeline.commands.models_page import show_cascade, show_models
from linkedin_pipeline.commands.output import (
    plain_table,
    show_batches,
    show_dead_letters,
    show_heading,
    show_table,
)
from linkedin_pipeline.domain.wording import age, did, share


def show_page(to: Console, page: dict[str, Any]) -> None:
    """Print what `read_page` read; parts that are missing are left out."""
    _database(to, page)
    parts: tuple[tuple[str, Callable[[Any], None]], ...] = (
        ("alerts", lambda part: _alerts(to, part)),
        ("stages", lambda _: _stages(to, page)),
        ("drains", lambda part: _drains(to, "Last drains", part)),
        ("runs", lambda part: show_runs(to, part)),
        ("ticks", lambda part: show_ticks(to, part)),
        ("maintenance", lambda part: _maintenance(to, part)),
        ("batches", lambda part: _batches(to, part)),
        ("publishing", lambda part: show_publishing(to, part)),
        ("sync", lambda part: show_sync(to, part)),
        ("bank", lambda _: _bank(to, page)),
        ("providers", lambda _: _configuration(to, page)),
        ("cascade", lambda part: show_cascade(to, part)),
        ("models", lambda part: show_models(to, part)),
    )
    for name, show in parts:
        if page.get(name) is not None:
            show(page[name])


def _batches(to: Console, batches: list[dict[str, Any]]) -> None:
    if batches:
        show_heading(to, "Batches that posts wait for")
        show_batches(to, batches, "  ")


def _database(to: Console, page: dict[str, Any]) -> None:
    database, dagster = page["database"], page["dagster"]
    where = database["place"]
    if where != "DATABASE_URL":
        where = f"embedded server in {where}"
    to.print(f"Database: {where}")
    if database["error"]:
        to.print(f"  {database['error']}", style="red")
    if database["missing"]:
        to.print(f"  The schema is behind, it lacks: {', '.join(database['missing'])}.")
        to.print("  Run: linkedin-pipeline db migrate")
    elif not database["error"]:
        to.print("  The schema is current.")
    seen = "" if dagster["age"] is None else f", last heart-beat {age(dagster['age'])} ago"
    reason = f" ({dagster['reason']})" if dagster["reason"] else ""
    to.print(f"Dagster's daemon: {dagster['state']}{seen}{reason}")


def _alerts(to: Console, alerts: dict[str, Any]) -> None:
    if not (alerts["open"] or alerts["undelivered"]):
        return
    show_heading(to, "Incidents")
    waiting = f"; {alerts['undelivered']:,} not told" if alerts["webhook"] else ""
    if waiting and alerts["error"]:
        waiting += f": the webhook says {alerts['error']}"
    if not alerts["webhook"]:
        waiting = "; ALERT_WEBHOOK_URL is not set: they are only shown here"
    to.print(f"  {alerts['open']:,} open{waiting}", style="red")
    for one in alerts["newest"]:
        to.print(f"  {one['since']:%Y-%m-%d %H:%M} {one['title']}")
        to.print(f"    {one['detail']}")
    if alerts["open"] > len(alerts["newest"]):
        to.print(f"  and {alerts['open'] - len(alerts['newest']):,} more")


def _stages(to: Console, page: dict[str, Any]) -> None:
    show_heading(to, "Work")
    numbers = ("flagged", "for retry", "taken", "dead", "oldest due")
    table = plain_table("stage", "", *numbers, right=numbers)
    for stage in page["stages"]:
        due = stage["oldest_due"]
        table.add_row(
            stage["stage"],
            "on" if stage["on"] else "OFF",
            *(f"{stage[name]:,}" for name in ("pending", "waiting", "leased", "dead_letters")),
            "" if due is None else age((datetime.now(UTC) - due).total_seconds()),
        )
    show_table(to, table)
    off = [one["worker"] for one in page.get("flags", []) if not one["on"]]
    if off:
        to.print(f"Switched off: {', '.join(off)} (linkedin-pipeline flags)", style="red")
    if page.get("leases"):
        held = (
            f"{one['held']:,} × {one['kind']} ({age(one['ends_in'])})" for one in page["leases"]
        )
        to.print(f"Leases, and when the first of each ends: {', '.join(held)}")
    if page.get("dead_letters"):
        show_heading(to, "Dead letters (linkedin-pipeline requeue puts them back)")
        show_dead_letters(to, page["dead_letters"])


def _drains(to: Console, heading: str, drains: list[dict[str, Any]]) -> None:
    show_heading(to, heading)
    if not drains:
        to.print("  none yet")
    table = plain_table("  worker", "state", "started", "did")
    for one in drains:
        table.add_row(
            f"  {one['worker'].removeprefix('maintenance_')}",
            f"dead, silent for {age(one['silence'])}" if one["dead"] else one["status"],
            f"{age(one['age'])} ago",
            one["error"] or did(one["results"]),
        )
    if drains:
        show_table(to, table)


def _maintenance(to: Console, tasks: list[dict[str, Any]]) -> None:
    if tasks:
        _drains(to, "Last maintenance", tasks)


def _bank(to: Console, page: dict[str, Any]) -> None:
    bank, profiles = page["bank"], page["profiles"]
    show_heading(to, "Bank")
    to.print(f"  {bank['posts']:,} posts by {bank['authors']:,} authors")
    shares = ", ".join(
        f"{name.replace('_', ' ')} {share(bank[name], bank['posts'])}"
        for name in ("hooks", "embeddings", "hook_types", "topics", "audiences")
    )
    to.print(f"  with {shares}")
    for model in page["embedding_models"]:
        covered = share(model["vectors"], bank["embeddings"])
        to.print(f"  {model['vectors']:,} vectors of {model['name']}, {model['state']}, {covered}")
    to.print(
        f"  {profiles['profiles']:,} profiles, {profiles['styles']:,} with a style, "
        f"{profiles['due']:,} due for one"
    )


def _configuration(to: Console, page: dict[str, Any]) -> None:
    show_heading(to, "Configuration")
    for service, model in page["providers"].items():
        note = " (on this computer, no key)" if model and model.startswith("local:") else ""
        if model:
            to.print(f"  {service}: {model}{note}")
    for one in page["not_configured"]:
        to.print(f"  {one['what']}: not configured, {one['until_then']}; set {_and(one['set'])}")


def _and(words: list[str]) -> str:
    return " and ".join(words)
