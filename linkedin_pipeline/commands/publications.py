"""``linkedin-pipeline publications`` and ``accounts``: what needs a person's eye."""

from __future__ import annotations

import sys
from uuid import UUID

import click

from linkedin_pipeline.commands import PATIENCE
from linkedin_pipeline.commands.output import (
    console,
    json_option,
    plain_table,
    print_json,
    show_table,
)
from linkedin_pipeline.domain.wording import one_line


@click.group(invoke_without_command=True)
@click.option("--all", "everything", is_flag=True, help="Failed and missed ones, too.")
@json_option
@click.pass_context
def publications(context: click.Context, *, everything: bool, as_json: bool) -> None:
    """List publications that are held or unconfirmed, or decide about one."""
    if context.invoked_subcommand is not None:
        return
    from linkedin_pipeline.database.publication_views import open_publications
    from linkedin_pipeline.wiring import build_providers

    with build_providers().database(patience=PATIENCE) as database:
        found = open_publications(database, everything=everything)
    if as_json:
        print_json(found)
        return
    to = console()
    if not found:
        to.print("Nothing is held or unconfirmed.")
        return
    for row in found:
        whom = row["author"] or row["account"]
        due = f"{row['due_at']:%Y-%m-%d %H:%M} UTC" if row["due_at"] else "no time"
        to.print(f"{row['id']}  {row['state']}  {whom}, due {due}")
        to.print(f"  {one_line(row['text'], 90)}")
        to.print(f"  {row['reason']}")
    to.print("Decide: linkedin-pipeline publications resolve ID published|retry|cancel")


@publications.command()
@click.argument("publication", metavar="ID", type=click.UUID)
@click.argument("decision", type=click.Choice(["published", "retry", "cancel"]))
@json_option
def resolve(publication: UUID, decision: str, *, as_json: bool) -> None:
    """Decide about a publication that is held, unconfirmed, failed or missed.

    ID is the publication's, or that of the scheduled post. "published" says that it is out; rules
    of company pages follow. "retry" lets it go out with the next pass, even if an equal text is
    out. "cancel" ends it.

    Exits with 1 when there is nothing to decide.
    """
    from linkedin_pipeline.database.publication_views import resolve as carry_out
    from linkedin_pipeline.wiring import build_providers

    with build_providers().database(patience=PATIENCE) as database:
        done, reason = carry_out(database, publication, decision)
    if as_json:
        print_json({"done": done, "reason": reason})
    else:
        click.echo("Done." if done else f"Nothing was changed: {reason}.")
    if not done:
        sys.exit(1)


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def accounts(context: click.Context, *, as_json: bool) -> None:
    """List connected LinkedIn accounts and their state, as last read from Unipile."""
    if context.invoked_subcommand is None:
        _list(as_json=as_json)


@accounts.command()
@json_option
def sync(*, as_json: bool) -> None:
    """Read the accounts from Unipile now; attach them to profiles by LinkedIn id.

    Exits with 1 when Unipile is not configured or does not answer.
    """
    from linkedin_pipeline.publishing_wiring import publishing
    from linkedin_pipeline.wiring import build_providers

    providers = build_providers()
    with (
        providers.database(patience=PATIENCE) as database,
        publishing(providers, database) as desk,
    ):
        counts = desk.sync_accounts()
    if as_json:
        print_json(counts)
        return
    click.echo(", ".join(f"{number} {what}" for what, number in counts.items()))
    _list(as_json=False)


def _list(*, as_json: bool) -> None:
    from linkedin_pipeline.database.publication_views import accounts as rows_of
    from linkedin_pipeline.wiring import build_providers

    with build_providers().database(patience=PATIENCE) as database:
        found = rows_of(database)
    if as_json:
        print_json(found)
        return
    if not found:
        click.echo("No LinkedIn account is known: linkedin-pipeline accounts sync")
        return
    table = plain_table("account", "profile", "state", "note")
    for row in found:
        state = row["status"] if row["is_active"] else f"{row['status']}, switched off"
        note = "" if row["status"] == "OK" else "reconnect it in Unipile"
        if row["paused_until"]:
            note = f"paused until {row['paused_until']:%H:%M} UTC: {row['pause_reason']}"
        whose = row["profile"] or row["public_identifier"] or ""
        table.add_row(row["unipile_account_id"] or str(row["id"]), whose, state, note)
    show_table(console(), table)
