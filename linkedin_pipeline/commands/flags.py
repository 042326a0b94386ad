"""``linkedin-pipeline flags``: the workers' switches."""

from __future__ import annotations

from dataclasses import asdict

import click

from linkedin_pipeline.commands import PATIENCE
from linkedin_pipeline.commands.completion import workers
from linkedin_pipeline.commands.output import (
    console,
    json_option,
    plain_table,
    print_json,
    show_table,
)


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def flags(context: click.Context, *, as_json: bool) -> None:
    """List the workers' switches, or turn one.

    A worker that is switched off stops within a batch; what it should have done stays flagged.
    """
    if context.invoked_subcommand is not None:
        return
    from linkedin_pipeline.database.status import switches
    from linkedin_pipeline.wiring import build_providers

    with build_providers().database(patience=PATIENCE) as database:
        found = switches(database)
    if as_json:
        print_json([asdict(one) for one in found])
        return
    table = plain_table("worker", "state", "does")
    for one in found:
        table.add_row(one.worker, "on" if one.on else "off", one.description)
    show_table(console(), table)


@flags.command()
@click.argument("name", shell_complete=workers)
@json_option
def enable(name: str, *, as_json: bool) -> None:
    """Switch a worker on; - and _ are alike in its name."""
    _turn(name, on=True, as_json=as_json)


@flags.command()
@click.argument("name", shell_complete=workers)
@json_option
def disable(name: str, *, as_json: bool) -> None:
    """Switch a worker off; - and _ are alike in its name."""
    _turn(name, on=False, as_json=as_json)


def _turn(name: str, *, on: bool, as_json: bool) -> None:
    from linkedin_pipeline.database.commands import switch
    from linkedin_pipeline.wiring import build_providers

    with build_providers().database(patience=PATIENCE) as database:
        turned = switch(database, name, on=on)
    if as_json:
        print_json(asdict(turned))
    else:
        click.echo(f"{turned.worker} is {'on' if turned.on else 'off'}")
