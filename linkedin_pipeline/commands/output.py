"""How commands speak: plain lines for programs, tables and colours for a terminal, JSON on wish."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from linkedin_pipeline.domain.wording import age
from linkedin_pipeline.domain.work import Stage

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

F = TypeVar("F", bound=Callable[..., Any])


def json_option(command: F) -> F:
    """Add the option ``--json``, given to the command as ``as_json``."""
    option = click.option(
        "--json", "as_json", is_flag=True, help="Print one JSON document instead of text."
    )
    return option(command)


def stage_option(command: F) -> F:
    """Add the option ``--stage``, the name of one asset or None."""
    names = [str(stage) for stage in Stage]
    option = click.option(
        "--stage",
        type=click.Choice(names),
        metavar="ASSET",
        help=f"One asset only: {', '.join(names)}.",
    )
    return option(command)


def console(*, stderr: bool = False) -> Console:
    """Return a console that takes text as it is: no markup, no emoji names, no coloured numbers.

    On a terminal lines break between words; elsewhere they stay whole, so that programs can read
    them.  Tables keep to the width in both cases (80 columns where it is unknown).
    """
    from rich.console import Console

    made = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    made.soft_wrap = not made.is_terminal
    return made


def show_table(to: Console, table: Table) -> None:
    """Print a table within the console's width."""
    to.print(table, soft_wrap=False)


def plain_table(*columns: str, right: Sequence[str] = (), title: str | None = None) -> Table:
    """Return a table without lines; the columns named in ``right`` hold numbers."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), title=title, title_justify="left")
    for column in columns:
        if column in right:
            table.add_column(column, justify="right", no_wrap=True)
        else:
            table.add_column(column, overflow="fold")
    return table


def show_dead_letters(to: Console, letters: Iterable[Mapping[str, Any]]) -> None:
    """Print dead letters (stage, code, number, example) by reason, with one message of each."""
    reasons: dict[str, list[Mapping[str, Any]]] = {}
    for one in letters:
        reasons.setdefault(one["code"], []).append(one)
    for code, alike in reasons.items():
        posts = ", ".join(f"{one['number']:,} × {one['stage']}" for one in alike)
        to.print(f"  {code}: {posts}")
        to.print(f"    {alike[0]['example']}")


def print_json(document: object) -> None:
    """Print a document as JSON in ASCII, whatever the terminal's encoding; times as ISO 8601."""
    click.echo(json.dumps(document, indent=2, default=as_json_value))


def as_json_value(value: object) -> object:
    """Write what JSON has no form for: times as ISO 8601, other things as their text."""
    isoformat = getattr(value, "isoformat", None)
    return isoformat() if isoformat else str(value)


def show_batches(to: Console, batches: Sequence[dict[str, Any]], indent: str = "") -> None:
    """Print a line for each batch."""
    for one in batches:
        answered = f"{one['answered']:,} of " if one["state"] in {"ended", "failed"} else ""
        parts = [
            f"{answered}{one['questions']:,} questions{' answered' if answered else ''}",
            f"{one['discarded']:,} no longer asked" if one["discarded"] else "",
            one["error"] or "",
        ]
        to.print(
            f"{indent}Batch {one['provider_batch_id'] or one['id']}: {one['stage']}, "
            f"{one['state']}, begun {age(one['age'])} ago; {'; '.join(filter(None, parts))}"
        )


def show_heading(to: Console, text: str) -> None:
    """Print an empty line and the heading of a part."""
    to.print()
    to.print(text, style="bold")
