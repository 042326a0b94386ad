"""``linkedin-pipeline status``: the operator's page."""

from __future__ import annotations

import sys

import click

from linkedin_pipeline.commands.output import console, json_option, print_json


@click.command()
@json_option
def status(*, as_json: bool) -> None:
    """Show what waits, what failed and what the bank holds.

    Reads the database and nothing else, so it works while Dagster is down; it starts no server.
    Exits with 1 when the database does not answer or lacks parts of the schema.
    """
    from linkedin_pipeline.commands.status_page import show_page
    from linkedin_pipeline.status_facts.page import read_page
    from linkedin_pipeline.wiring import build_providers

    page = read_page(build_providers())
    if as_json:
        print_json(page)
    else:
        show_page(console(), page)
    if page["database"]["error"]:
        sys.exit(1)
