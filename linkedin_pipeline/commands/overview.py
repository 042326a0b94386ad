"""The bank as a whole on a terminal: label mix, a style, health."""

from __future__ import annotations

import textwrap

from rich.console import Console

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.overview import example_style, label_mix
from linkedin_pipeline.definitions import build_defs
from linkedin_pipeline.defs.in_process import instance, run_health_checks
from linkedin_pipeline.defs.local_jobs import run_job
from linkedin_pipeline.wiring import Providers

LABELS_SHOWN = 5


def show_label_mix(console: Console, database: Database) -> None:
    """Print the most frequent labels of each kind with their share of the labelled posts."""
    for kind, posts in label_mix(database).items():
        total = sum(posts.values())
        console.print()
        console.print(f"{kind.capitalize()}s ({len(posts)} in use):", style="bold")
        for name, number in list(posts.items())[:LABELS_SHOWN]:
            share = number / total
            bar = "█" * round(share * 40)
            console.print(f"  {name:<32.32} {number:>5} {share:>4.0%} {bar}", highlight=False)


def show_styles(console: Console, database: Database, providers: Providers) -> str | None:
    """Write the styles that are due, print one; return the error of a run that failed."""
    with instance() as dagster_instance:
        _, error = run_job(build_defs(providers), dagster_instance, "styles")
    console.print()
    style = example_style(database)
    if error:
        console.print(f"Writing styles failed: {error}", style="red", markup=False)
    elif style is None:
        console.print("No profile has enough posts for a style yet.")
    else:
        console.print(f"{style.styles} profiles have a style; this is {style.full_name}'s:")
        for line in style.prompt.splitlines():
            console.print(
                textwrap.fill(line, 78, initial_indent="  ", subsequent_indent="  "),
                highlight=False,
                markup=False,
            )
    return error


def show_health(console: Console, providers: Providers) -> None:
    """Run the health checks and print each with its finding."""
    with instance() as dagster_instance:
        checks = run_health_checks(build_defs(providers), dagster_instance)
    console.print()
    console.print("Health:", style="bold")
    for name, passed in checks.items():
        console.print(f"  {'ok  ' if passed else 'LOOK'} {name.replace('_', ' ')}", highlight=False)
