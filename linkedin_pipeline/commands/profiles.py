"""``linkedin-pipeline profiles``: who is in the bank, who comes, and who leaves it."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, cast

import click

from linkedin_pipeline.commands import PATIENCE
from linkedin_pipeline.commands.output import (
    as_json_value,
    console,
    json_option,
    plain_table,
    print_json,
    show_table,
)
from linkedin_pipeline.domain.bank import AuthorType
from linkedin_pipeline.domain.errors import BadInput
from linkedin_pipeline.domain.profiles import partition_key
from linkedin_pipeline.domain.wording import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from linkedin_pipeline.database.connections import Database
    from linkedin_pipeline.database.people import ListedProfile
    from linkedin_pipeline.database.personal_data import Held


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def profiles(ctx: click.Context, *, as_json: bool) -> None:
    """List the profiles, add one, hand out or erase all that is known of a person."""
    if ctx.invoked_subcommand is not None:
        return
    from linkedin_pipeline.database.people import list_profiles
    from linkedin_pipeline.wiring import build_providers

    with build_providers().database(patience=PATIENCE) as database:
        listed = list_profiles(database)
    if as_json:
        print_json([asdict(one) for one in listed])
        return
    table = plain_table("profile", "name", "type", "posts", "style", "sync", right=("posts",))
    for one in listed:
        table.add_row(
            one.linkedin_id or partition_key(one.id),  # what the other commands are given
            one_line(one.full_name, 30),
            "ours" if one.type == "internal" else "other",
            f"{one.posts:,}",
            "yes" if one.has_style else "",
            _sync(one),
        )
    to = console()
    if listed:
        show_table(to, table)
    for one in listed:
        if one.last_error:
            to.print(f"{one.linkedin_id or partition_key(one.id)}: {one_line(one.last_error, 200)}")
    to.print(f"{len(listed):,} profiles." if listed else "There are no profiles yet.")


def _sync(one: ListedProfile) -> str:
    if not one.linkedin_id:
        return "no identifier"
    return (
        f"{one.sync_status}, {one.last_sync_at:%Y-%m-%d}" if one.last_sync_at else one.sync_status
    )


@profiles.command()
@click.argument("url")
@click.option("--name", help="The person's name; without it the end of the address stands for it.")
@click.option(
    "--type",
    "kind",
    type=click.Choice(["internal", "external_influencer"]),
    default="external_influencer",
    show_default=True,
    help="Whether the person is one of ours.",
)
@json_option
def add(*, url: str, name: str | None, kind: str, as_json: bool) -> None:
    """Add the profile at a LinkedIn address, read and enrich its posts, write its style.

    A profile that is there already is left as it is, and goes the same way: what is done is not
    done again.

    Exits with 1 when a run failed.
    """
    from linkedin_pipeline.commands.onboarding import onboard
    from linkedin_pipeline.database.people import add_profile
    from linkedin_pipeline.domain.linkedin_urls import public_identifier
    from linkedin_pipeline.wiring import build_providers

    identifier = public_identifier(url)
    full_name = (name or "").strip() or identifier
    if "\x00" in full_name or not full_name.isprintable():
        raise BadInput("--name", "it has characters that cannot be shown", "Write it in letters.")
    providers = build_providers()
    to = console(stderr=as_json)
    with providers.database(patience=PATIENCE) as database:
        profile, made = add_profile(database, identifier, full_name, cast("AuthorType", kind))
        to.print(f"{identifier}: {'added' if made else 'it is there already'} ({profile}).")
        try:
            done = onboard(providers, database, profile, to)
        except KeyboardInterrupt:
            to.print("Interrupted. What was done stays done; the same command goes on.")
            sys.exit(1)
    if as_json:
        print_json({"id": profile, "linkedin_id": identifier, "added": made, **asdict(done)})
    if done.error:
        sys.exit(1)


@profiles.command()
@click.argument("who", metavar="ID")
def export(who: str) -> None:
    """Print everything that the database holds of a person, as one JSON document.

    ID is the profile's LinkedIn identifier, its id or partition key. The document has a
    list for each table with rows that hang on the profile, however many steps away; vectors are
    lists of numbers.
    """
    from datetime import UTC, datetime

    from linkedin_pipeline.database.people import named_profile
    from linkedin_pipeline.database.personal_data import export_profile
    from linkedin_pipeline.wiring import build_providers

    with build_providers().database(patience=PATIENCE) as database:
        profile = named_profile(database, who)
        head = {"profile_id": str(profile.id), "exported_at": datetime.now(UTC).isoformat()}
        click.echo(json.dumps(head)[:-1] + ', "tables": {', nl=False)
        last = None
        for table, row in export_profile(database, profile.id):
            if table != last:
                click.echo(f"{'' if last is None else '],'}\n{json.dumps(table)}: [\n", nl=False)
            click.echo(
                ("" if table != last else ",\n") + json.dumps(row, default=as_json_value), nl=False
            )
            last = table
        click.echo("]}}")


@profiles.command()
@click.argument("who", metavar="ID")
@click.option("--yes", is_flag=True, help="Really erase the person.")
@json_option
def erase(*, who: str, yes: bool, as_json: bool) -> None:
    """Erase a person: posts, vectors, styles, logs, errors, drafts, accounts, partition.

    ID is the profile's LinkedIn identifier, its id or partition key. Without --yes nothing is
    done but counting.
    Sums of money and counts of calls stay, without the person; of posts that were published
    identifiers and times are kept as proof. Refused while something of the person is being
    published, or may have been.

    An erasure that was interrupted is finished by calling it again.
    """
    from linkedin_pipeline.database.people import (
        find_profile,
        named_profile,
        schema_aside,
        was_erased,
    )
    from linkedin_pipeline.database.personal_data import held_of
    from linkedin_pipeline.wiring import build_providers

    providers = build_providers()
    to = console(stderr=as_json)
    with providers.database(patience=PATIENCE) as database:
        finished = _finish(database)
        profile = find_profile(database, who)
        if profile is None and (finished or was_erased(database, who)):
            if finished:
                to.print("An erasure that was interrupted is finished.")
            to.print(f"Nobody in the bank is {who!r} any more; nothing is left to do.")
            if as_json:
                print_json({"erased": True, "posts": 0, "publications_kept": 0})
            return
        profile = profile or named_profile(database, who)
        if aside := schema_aside(database):
            to.print(
                f"Schema {aside}, the database of before, is not searched: it may still hold rows "
                "of the person until it is dropped.",
                style="yellow",
            )
        if not yes:
            held = held_of(database, profile.id)
            if as_json:
                print_json({"erased": False, "tables": [asdict(one) for one in held]})
            else:
                _show_held(held)
            raise BadInput(
                "profiles erase", f"it deletes all of {profile.id}", "Say so with --yes."
            )
        from linkedin_pipeline.commands.erasing import erase_everywhere

        erased = erase_everywhere(providers, database, profile.id)
        if as_json:
            print_json({"erased": True, **asdict(erased)})
            return
        to.print(
            f"Erased {profile.id}: {erased.posts:,} posts and all that hung on them; "
            f"{erased.publications_kept:,} publications are kept as proof, without text and name."
        )


def _finish(database: Database) -> int:
    """Finish erasures that were killed between the two databases; return how many."""
    from linkedin_pipeline.database.people import erasures_to_clear

    if not erasures_to_clear(database):
        return 0
    from linkedin_pipeline.commands.erasing import finish  # heavy: Dagster

    return finish(database)


def _show_held(held: Sequence[Held]) -> None:
    numbers = ("deleted", "kept, unlinked")
    table = plain_table("table", *numbers, right=numbers)
    for one in held:
        table.add_row(one.table, f"{one.deleted:,}", f"{one.unlinked:,}")
    show_table(console(), table)
