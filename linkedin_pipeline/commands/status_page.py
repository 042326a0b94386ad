"""The operator's page as text."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from rich.console import Console

from linkedin_pipeline.commands.output import (
    age,
    plain_table,
    show_batches,
    show_dead_letters,
    show_table,
)


def show_page(to: Console, page: dict[str, Any]) -> None:
    """Print what `read_page` read; parts that are missing are left out."""
    _database(to, page)
    if "stages" in page:
        _stages(to, page)
    if "drains" in page:
        _drains(to, page)
    if page.get("batches"):
        _heading(to, "Batches that posts wait for")
        show_batches(to, page["batches"], "  ")
    if "bank" in page:
        _bank(to, page)
    _providers(to, page)
    if "models" in page:
        _models(to, page)


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
        covered = _share(model["vectors"], bank["embeddings"])
        to.print(f"  {model['vectors']:,} vectors of {model['name']}, {model['state']}, {covered}")
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


def _models(to: Console, page: dict[str, Any]) -> None:
    """Print money and troubles, when there are any."""
    models = page["models"]
    budget = models["daily_budget_usd"]
    if models["spent_today_usd"] or budget is not None:
        limit = "no limit" if budget is None else f"of {budget:,.2f} a day"
        to.print(f"  paid models today: {models['spent_today_usd']:,.4f} USD, {limit}")
    for one in models["pauses"]:
        to.print(f"  {one['scope']} waits {age(one['left'])}: {one['reason']}", style="red")
    for one in models["incidents"]:
        to.print(
            f"  {one['scope']} since {one['since']:%Y-%m-%d %H:%M}: {one['reason']}", style="red"
        )
    for one in models["ending"]:
        when = f"in {one['days']} days, on" if one["days"] > 0 else "since"
        to.print(
            f"  {one['model']} is no longer served {when} {one['date']}: name another model in its "
            "variable, then run: linkedin-pipeline requeue --model-changed",
            style="red",
        )
    if budget is not None and models["unpriced"]:
        names = ", ".join(models["unpriced"])
        to.print(
            f"  No price in ai_model_pricing, so not called under a budget: {names}", style="red"
        )
    if models["spending"]:
        _heading(to, "Cost by month, purpose and profile")
        numbers = ("calls", "tokens in", "cached", "out", "USD")
        table = plain_table("  month", "purpose", "profile", *numbers, right=numbers)
        for one in models["spending"]:
            tokens = (one[f"{kind}_tokens"] for kind in ("input", "cached", "output"))
            table.add_row(
                f"  {one['month']}",
                one["purpose"] or "",
                one["profile"] or "",
                f"{one['calls']:,}",
                *(f"{number:,}" for number in tokens),
                f"{one['cost_usd']:,.4f}",
            )
        show_table(to, table)
