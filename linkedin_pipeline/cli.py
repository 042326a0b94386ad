"""The command line: ``linkedin-pipeline``.

Exit codes: 0 done, 1 failed, 2 wrong use.  An expected failure is one line with its remedy, never
a stack trace.  Heavy imports (Dagster, the model) happen inside the commands that need them.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import click

from linkedin_pipeline.commands.enrich import enrich
from linkedin_pipeline.commands.flags import flags
from linkedin_pipeline.commands.output import console
from linkedin_pipeline.commands.requeue import requeue
from linkedin_pipeline.commands.sandbox import sandbox
from linkedin_pipeline.commands.search import search
from linkedin_pipeline.commands.status import status
from linkedin_pipeline.domain.ai import LOCAL
from linkedin_pipeline.domain.errors import BadInput, PipelineError
from linkedin_pipeline.settings import Settings, child_environment


class _Commands(click.Group):
    """A group that turns expected errors into one line on standard error."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except PipelineError as error:
            click.echo(f"error: {error}", err=True)
            sys.exit(2 if isinstance(error, BadInput) else 1)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="linkedin_pipeline")
def main() -> None:
    """Post bank, enrichment and publishing for a LinkedIn content team."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a poor terminal must not end a command


def _say(line: str) -> None:
    """Tell what takes long, beside the output that a program may read."""
    click.echo(line, err=True)


@main.group()
def db() -> None:
    """Find, upgrade, stop or open the application database."""


@db.command()
def url() -> None:
    """Print the application database's URL, starting the embedded server if needed."""
    from linkedin_pipeline.database.urls import application_url

    click.echo(application_url(Settings.from_environment(), say=_say))


@db.command()
def migrate() -> None:
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
    for name in report.applied:
        click.echo(f"applied {name}")
    if not report.applied:
        click.echo("no new migration")
    click.echo(f"routines: {report.routines} statements re-applied")
    for routine in report.unknown_routines:
        click.echo(f"warning: {routine} is in the database but in no file", err=True)


@db.command()
def stop() -> None:
    """Stop the embedded server; it stays stopped until something starts it again."""
    from linkedin_pipeline.database import server
    from linkedin_pipeline.database.urls import home_directory

    stopped = server.stop(home_directory(Settings.from_environment()))
    click.echo("stopped" if stopped else "it was not running")


@db.command()
@click.option("--yes", is_flag=True, help="Really drop everything in it.")
def reset(*, yes: bool) -> None:
    """Drop and recreate the embedded application database; refuses any other."""
    from linkedin_pipeline.database.reset import reset_embedded

    if not yes:
        raise BadInput("db reset", "it deletes every post", "Say so with --yes.")
    reset_embedded(Settings.from_environment())
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


@main.command()
@click.option(
    "--posts",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="JSON Lines file of posts instead of the shipped samples.",
)
def demo(posts: Path | None) -> None:
    """Load posts, enrich and search them on the embedded server.

    The whole way of a post, through the Dagster assets. Running it again adds nothing twice. The
    file has one JSON object a line, with author and content at least.
    """
    from linkedin_pipeline.database.migrate import migrate as upgrade
    from linkedin_pipeline.database.urls import application_url
    from linkedin_pipeline.demo import demo as show
    from linkedin_pipeline.wiring import build_providers

    to = console()
    settings = Settings.from_environment()
    if settings.database_url:
        to.print("DATABASE_URL is set; the demo leaves it alone and uses the embedded server.")
    if any(model.provider != LOCAL for model in settings.models):
        to.print("Keys are set; the demo leaves them alone and uses the local models.")
    settings = settings.key_free()
    settings = replace(settings, database_url=None)
    upgrade(application_url(settings, say=to.print))
    try:
        worked = show(build_providers(settings), to, posts)
    except KeyboardInterrupt:
        to.print("Interrupted. What is in the bank stays there; the next call goes on.")
        worked = False
    if not worked:
        sys.exit(1)


for command in (enrich, requeue, search, status, flags, sandbox):
    main.add_command(command)

if __name__ == "__main__":
    main(prog_name="linkedin-pipeline")
