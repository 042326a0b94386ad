"""``linkedin-pipeline publish`` and ``upcoming``: one pass now, and what goes out when."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from linkedin_pipeline.commands import PATIENCE
from linkedin_pipeline.commands.output import (
    console,
    json_option,
    plain_table,
    print_json,
    show_table,
)
from linkedin_pipeline.domain.errors import Misconfigured, PipelineError
from linkedin_pipeline.domain.publications import PAGES_WORKER, PUBLISH_WORKER
from linkedin_pipeline.domain.wording import one_line

if TYPE_CHECKING:
    from rich.console import Console

    from linkedin_pipeline.domain.media import MediaFile
    from linkedin_pipeline.publishing_ports import MediaSource


@click.command()
@click.option(
    "--dry-run", is_flag=True, help="Show exactly what would be sent where; send nothing."
)
@json_option
def publish(*, dry_run: bool, as_json: bool) -> None:
    """Make one publishing pass now.

    Settles what is in doubt, then publishes what is due, as the schedule does every five minutes;
    safe beside it. With --dry-run nothing is written and LinkedIn is not asked; attachments are
    fetched, to see whether they could be sent.

    Exits with 1 when publishing is not configured or switched off, or the pass failed or was cut
    short.
    """
    if dry_run:
        _rehearse(as_json=as_json)
        return
    from linkedin_pipeline.commands.refusals import refuse_switched_off
    from linkedin_pipeline.publishing_wiring import not_configured
    from linkedin_pipeline.wiring import build_providers

    providers = build_providers()
    if missing := not_configured(providers.settings):
        raise Misconfigured("publish", missing, "Due posts stay pending.")
    with providers.database(patience=PATIENCE) as database:
        refuse_switched_off(database, PUBLISH_WORKER, PAGES_WORKER)

    from linkedin_pipeline.commands.publishing_runs import pass_shown

    if not pass_shown(providers, console(stderr=as_json), as_json=as_json):
        sys.exit(1)


def _rehearse(*, as_json: bool) -> None:
    from linkedin_pipeline.database.publication_views import plan
    from linkedin_pipeline.publishing_wiring import media_source, not_configured
    from linkedin_pipeline.wiring import build_providers

    providers = build_providers()
    with (
        providers.database(patience=PATIENCE) as database,
        media_source(providers, database) as media,
    ):
        planned = [
            {**row, "media": [] if row["code"] else _media(row, media)}
            for row in plan(database, providers.settings.publishing)
        ]
    missing = not_configured(providers.settings)
    if as_json:
        print_json({"not_configured": missing, "posts": planned})
        return
    to = console()
    if missing:
        to.print(f"{missing[0].upper()}{missing[1:]}. This is what would be sent:")
    if not planned:
        to.print("Nothing is due.")
    for row in planned:
        _show(to, row)


def _show(to: Console, row: Mapping[str, Any]) -> None:
    whom = row["company_page"] or row["account_of"] or "an account without a profile"
    to.print(f"{row['due_at']:%Y-%m-%d %H:%M} UTC  {whom} (account {row['account'] or 'none'})")
    if row["as_organization"]:
        to.print(f"  as organization {row['as_organization']}")
    if row["code"]:
        to.print(f"  not now: {row['reason']}")
    for line in row["text"].splitlines():
        to.print(f"  | {line}")
    if row["mentions"]:
        names = ", ".join(str(one.get("name")) for one in row["mentions"])
        to.print(f"  mentions: {names}")
    if row["external_link"]:
        to.print(f"  link: {row['external_link']}")
    for one in row["media"]:
        to.print(f"  media: {one}")


def _media(row: Mapping[str, Any], media: MediaSource) -> Sequence[str]:
    """Return what each attachment is, or why the post could not be sent with them."""
    from linkedin_pipeline.domain.media import read_attachments

    try:
        attachments = read_attachments(row["attachments"], "this post")
        fetched: AbstractContextManager[Sequence[MediaFile]] = media.fetch(attachments, "this post")
        with fetched as files:
            return [
                f"{file.filename}, {file.content_type}, {file.size:,} bytes, "
                f"from {urlsplit(one.url).hostname}"
                for one, file in zip(attachments, files, strict=True)
            ]
    except PipelineError as error:
        return [f"cannot be sent: {error}"]


@click.command()
@click.option(
    "--days", type=click.IntRange(1, 366), default=14, show_default=True, help="How far to look."
)
@json_option
def upcoming(*, days: int, as_json: bool) -> None:
    """Show what goes out when, where and in which state.

    Times are UTC. What should have gone out in the last week and is not settled is shown, too.
    """
    from linkedin_pipeline.database.publication_views import upcoming as rows_of
    from linkedin_pipeline.wiring import build_providers

    with build_providers().database(patience=PATIENCE) as database:
        found = rows_of(database, days)
    if as_json:
        print_json(found)
        return
    to = console()
    if not found:
        to.print(f"Nothing goes out in the next {days} days.")
        return
    table = plain_table("when (UTC)", "state", "who", "text")
    for row in found:
        who = row["company_page"] or ", ".join(
            str(one["owner"]) for one in row["accounts"] if one["owner"]
        )
        when = f"{row['goes_out_at']:%Y-%m-%d %H:%M}"
        who = who or row["author_name"] or ""
        table.add_row(when, row["status"], who, one_line(row["content"], 60))
    show_table(to, table)
