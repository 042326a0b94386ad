"""``linkedin-pipeline db``: find, upgrade, stop or open the application database."""

from __future__ import annotations

import os
import sys

import click

from linkedin_pipeline.commands.adopting import adopt
from linkedin_pipeline.commands.output import json_option, print_json
from linkedin_pipeline.domain.errors import BadInput
from linkedin_pipeline.settings import Settings, child_environment


def _say(line: str) -> None:
    """Tell what takes long, beside the output that a program may read."""
    click.echo(line, err=True)


@click.group()
def db() -> None:
    """Find, upgrade, stop or open the application database."""


db.add_command(adopt)


@db.command()
@json_option
def url(*, as_json: bool) -> None:
    """Print the application database's URL, starting the embedded server if needed."""
    from linkedin_pipeline.database.urls import application_url

    found = application_url(Settings.from_environment(), say=_say)
    if as_json:
        print_json({"url": found})
    else:
        click.echo(found)


@db.command()
@json_option
def migrate(*, as_json: bool) -> None:
    """Create or upgrade the schema; harmless to repeat, also twice at once."""
    from linkedin_pipeline.database.migrate import MigrationReport
    from linkedin_pipeline.database.migrate import migrate as upgrade
    from linkedin_pipeline.database.urls import application_url

    reports: list[
        MigrationReport
    ] = []  # an embedded server that is started here is migrated on the way
    url = application_url(
        Settings.from_environment(), say=_say, migrate=lambda url: reports.append(upgrade(url))
    )
    report = reports[0] if reports else upgrade(url)
    for routine in report.unknown_routines:
        click.echo(f"warning: {routine} is in the database but in no file", err=True)
    if as_json:
        print_json(
            {
                "applied": report.applied,
                "routines": report.routines,
                "unknown_routines": report.unknown_routines,
            }
        )
        return
    for name in report.applied:
        click.echo(f"applied {name}")
    if not report.applied:
        click.echo("no new migration")
    click.echo(f"routines: {report.routines} statements re-applied")


@db.command()
@json_option
def stop(*, as_json: bool) -> None:
    """Stop the embedded server; it stays stopped until something starts it again."""
    from linkedin_pipeline.database import server
    from linkedin_pipeline.database.urls import home_directory

    stopped = server.stop(home_directory(Settings.from_environment()))
    if as_json:
        print_json({"stopped": stopped})
    else:
        click.echo("stopped" if stopped else "it was not running")


@db.command()
@click.option("--yes", is_flag=True, help="Really drop everything in it.")
@json_option
def reset(*, yes: bool, as_json: bool) -> None:
    """Drop and recreate the embedded application database; refuses any other."""
    from linkedin_pipeline.database.reset import reset_embedded

    if not yes:
        raise BadInput("db reset", "it deletes every post", "Say so with --yes.")
    reset_embedded(Settings.from_environment())
    if as_json:
        print_json({"reset": True})
    else:
        click.echo("dropped, recreated and migrated")


@db.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def psql(arguments: tuple[str, ...]) -> None:
    """Open a psql prompt; further arguments go to psql."""
    from linkedin_pipeline.database.psql import psql as find_psql

    program, variables = find_psql(Settings.from_environment())
    sys.stdout.flush()
    # psql takes the place of this process, so that Ctrl-C and the terminal are its own
    os.execve(program, ["psql", *arguments], child_environment(variables))  # noqa: S606
