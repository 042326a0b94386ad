"""Models on the operator's page: what they cost, and what is the matter with them."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from linkedin_pipeline.commands.output import (
    plain_table,
    show_heading,
    show_table,
)
from linkedin_pipeline.domain.wording import age, one_line, share

COSTS_SHOWN = 15


def show_cascade(to: Console, stages: list[dict[str, Any]]) -> None:
    """Print how much of each stage near neighbours decide, and whether the model would agree."""
    for one in stages:
        decided = share(one["neighbours"], one["neighbours"] + one["model"])
        to.print(f"  {one['stage']}: {decided} by neighbours of similarity {one['threshold']:g}")
        said = f"the model agrees on {one['agreed']:,} of the last {one['audits']:,} audited"
        to.print(f"    {said if one['audits'] else 'none audited yet'}")


def show_models(to: Console, models: dict[str, Any]) -> None:
    """Print money and troubles, when there are any."""
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
        _costs(to, models["spending"])


def _costs(to: Console, costs: list[dict[str, Any]]) -> None:
    show_heading(to, "Cost by month, purpose and profile, in USD")
    numbers = ("calls", "tokens", "month", "today")
    table = plain_table("  of", "purpose", "profile", *numbers, right=numbers)
    for one in costs[:COSTS_SHOWN]:
        table.add_row(
            f"  {one['month']}",
            one["purpose"] or "",
            one_line(one["profile"] or "", 16),
            f"{one['calls']:,}",
            f"{one['input_tokens'] + one['output_tokens']:,}",
            f"{one['cost_usd']:,.4f}",
            f"{one['today_usd']:,.4f}" if one["today_usd"] else "",
        )
    show_table(to, table)
    if len(costs) > COSTS_SHOWN:
        to.print(f"  and {len(costs) - COSTS_SHOWN:,} more: linkedin-pipeline status --json")
