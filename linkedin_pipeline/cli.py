"""The command line: ``linkedin-pipeline``.

Exit codes: 0 done, 1 failed, 2 wrong use.  An expected failure is one line with its remedy, never
a stack trace.  Heavy imports (Dagster, the model) happen inside the commands that need them.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import click

from linkedin_pipeline.commands.completion import completion
from linkedin_pipeline.commands.databases import db
from linkedin_pipeline.commands.enrich import enrich
from linkedin_pipeline.commands.flags import flags
from linkedin_pipeline.commands.importing import import_posts
from linkedin_pipeline.commands.output import console
from linkedin_pipeline.commands.profiles import profiles
from linkedin_pipeline.commands.publications import accounts, publications
from linkedin_pipeline.commands.publish import publish, upcoming
from linkedin_pipeline.commands.requeue import requeue
from linkedin_pipeline.commands.sandbox import sandbox
from linkedin_pipeline.commands.search import search
from linkedin_pipeline.commands.serve import serve
from linkedin_pipeline.commands.status import status
from linkedin_pipeline.commands.styles import styles
from linkedin_pipeline.commands.syncing import sync
from linkedin_pipeline.domain.ai import LOCAL
from linkedin_pipeline.domain.errors import BadInput, PipelineError
from linkedin_pipeline.settings import Settings


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


for command in (
    db,
    import_posts,
    enrich,
    styles,
    requeue,
    search,
    profiles,
    publish,
    upcoming,
    publications,
    accounts,
    status,
    flags,
    sync,
    serve,
    sandbox,
    completion,
):
    main.add_command(command)

if __name__ == "__main__":
    main(prog_name="linkedin-pipeline")
