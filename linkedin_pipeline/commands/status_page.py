"""The operator's page as text."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from rich.console import Console

from linkedin_pipeline.commands.output import age, plain_table, show_dead_letters, show_table


def show_page(to: Console, page: dict[str, Any]) -> None:
    """Print what `read_page` read; parts that are missing are left out."""
    _database(to, page)
    if "stages" in page:
        _stages(to, page)
    if "drains" in page:
        _drains(to, page)
    if "bank" in page:
        _bank(to, page)
    _providers(to, page)


def _heading(to: Console, text: str) -> None:
    to.print()
    to.print(text, style="bold")


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


def _stages(to: Console, page: dict[str, Any]) -> None:
    _heading(to, "Work")
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
    if page["dead_letters"]:
        _heading(to, "Dead letters (linkedin-pipeline requeue puts them back)")
        show_dead_letters(to, page["dead_letters"])


def _drains(to: Console, page: dict[str, Any]) -> None:
    _heading(to, "Last drains")
    if not page["drains"]:
        to.print("  none yet")
    table = plain_table("  worker", "state", "started", "did")
    for one in page["drains"]:
        table.add_row(
            f"  {one['worker']}",
            f"dead, silent for {age(one['silence'])}" if one["dead"] else one["status"],
            f"{age(one['age'])} ago",
            one["error"] or _did(one["results"]),
        )
    if page["drains"]:
        show_table(to, table)


def _did(results: dict[str, Any]) -> str:
    """Return the counts that are not zero, and why it ended when that is worth a word."""
    skipped = {"batches", "seconds", "compute_seconds", "database_seconds"}
    counts = [f"{v:,} {k}" for k, v in results.items() if isinstance(v, int) and k not in skipped]
    done = ", ".join(part for part in counts if not part.startswith("0 ")) or "nothing"
    return f"{done}; {results['reason']}" if results.get("reason") else done


def _bank(to: Console, page: dict[str, Any]) -> None:
    bank, profiles = page["bank"], page["profiles"]
    _heading(to, "Bank")
    to.print(f"  {bank['posts']:,} posts by {bank['authors']:,} authors")
    shares = ", ".join(
        f"{name.replace('_', ' ')} {_share(bank[name], bank['posts'])}"
        for name in ("hooks", "embeddings", "hook_types", "topics", "audiences")
    )
    to.print(f"  with {shares}")
    for model in page["embedding_models"]:
        to.print(f"  {model['vectors']:,} vectors of {model['name']}, {model['state']}")
    to.print(
        f"  {profiles['profiles']:,} profiles, {profiles['styles']:,} with a style, "
        f"{profiles['due']:,} due for one"
    )


def _share(part: int, whole: int) -> str:
    """Return a share in percent: 100 % only when nothing is missing, 0 % only without any."""
    if not whole:
        return "–"
    percent = round(100 * part / whole)
    return f"{min(percent, 99) if part < whole else 100} %" if part else "0 %"


def _providers(to: Console, page: dict[str, Any]) -> None:
    _heading(to, "Configuration")
    for service, model in page["providers"].items():
        note = " (on this computer, no key)" if model and model.startswith("local:") else ""
        to.print(f"  {service}: {model or 'not configured'}{note}")
