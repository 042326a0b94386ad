"""``linkedin-pipeline db adopt``: the plan as people read it, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from linkedin_pipeline.commands.output import json_option, print_json
from linkedin_pipeline.domain.errors import BadInput, Misconfigured
from linkedin_pipeline.settings import Settings

if TYPE_CHECKING:
    from linkedin_pipeline.database.adoption_survey import Survey, TableSurvey

_NOTHING = {
    "empty": "nothing to move in on: the database is empty. Run: linkedin-pipeline db migrate",
    "ours": "nothing to move in on: it is ours already. Run: linkedin-pipeline db migrate",
    "adopted": "adopted already. To give it back: linkedin-pipeline db adopt --undo",
}


@click.command()
@click.option("--apply", "do_it", is_flag=True, help="Move in; without it only the plan is shown.")
@click.option("--cron-is-off", is_flag=True, help="Say that no old job runs any more.")
@click.option("--undo", "give_back", is_flag=True, help="Give the database back as it was.")
@json_option
def adopt(*, do_it: bool, cron_is_off: bool, give_back: bool, as_json: bool) -> None:
    """Move in on an existing database; shows the plan unless --apply."""
    if do_it and give_back:
        raise BadInput("db adopt", "--apply and --undo were both given", "Choose one.")
    if give_back:
        _give_back(as_json=as_json)
        return
    from linkedin_pipeline.database.adoption import adopt as move_in
    from linkedin_pipeline.database.adoption import survey

    url = _url()
    if do_it:
        found = move_in(url, cron_is_off=cron_is_off, say=lambda line: click.echo(line, err=True))
    else:
        found = survey(url, cron_is_off=cron_is_off)
    if as_json:
        print_json({**found.document(), "applied": do_it and found.kind == "existing"})
    elif found.kind != "existing":
        click.echo(_NOTHING[found.kind])
    else:
        _show(found, done=do_it)
    if found.obstacles:
        raise click.exceptions.Exit(1)


def _url() -> str:
    settings = Settings.from_environment()
    if settings.database_url is None:
        raise Misconfigured(
            "DATABASE_URL",
            "it is not set, and the embedded database is the pipeline's own",
            "Name the database to move in on.",
        )
    return settings.database_url


def _give_back(*, as_json: bool) -> None:
    from linkedin_pipeline.database.adoption_undo import undo

    done = undo(_url())
    if as_json:
        print_json({"schema": done.schema, "told": done.told, "keys": done.keys_not_valid})
        return
    click.echo("given back: the old tables, routines and triggers are where they were")
    click.echo(f"what was made since stands in schema {done.schema}")
    if done.told:
        click.echo(f"{done.told} old rows say now that they are not to go out again")
    for key in done.keys_not_valid:
        click.echo(f"foreign key {key}: not valid, for rows that name what was made since")


def _show(found: Survey, *, done: bool) -> None:
    click.echo("moved in" if done else "an existing database; moving in would do this:")
    for one in found.tables:
        _show_table(one)
    for title, names in (
        ("routines that stand aside", found.routines),
        ("types that stand aside", found.types),
        ("active cron jobs", found.cron_jobs),
        ("views to make anew by hand" if done else "views that are made anew", found.views),
        (
            "foreign keys that rows break, not valid" if done else "foreign keys that are led anew",
            found.foreign_keys,
        ),
        ("policies that are led anew", found.policies),
    ):
        if names:
            click.echo(f"{title}: {', '.join(names)}")
    click.echo(
        f"The database of before stands whole in schema {found.aside}."
        if done
        else f"Everything old stays whole in schema {found.aside}, triggers included."
    )
    for obstacle in found.obstacles:
        click.echo(f"in the way: {obstacle}", err=True)
    if done:
        click.echo("Next: linkedin-pipeline status, linkedin-pipeline publications")
    elif not found.obstacles:
        click.echo("To do it: linkedin-pipeline db adopt --apply")


def _show_table(one: TableSurvey) -> None:
    aside = f", {one.stay_aside:,} stay aside" if one.stay_aside else ""
    triggers = f", {one.triggers} triggers stand aside" if one.triggers else ""
    remark = f": {one.remark}" if one.remark else ""
    click.echo(f"{one.name}: {one.rows:,} rows{aside}{triggers}{remark}")
    for title, names in (
        ("lacks", one.missing),
        ("own columns, kept", one.extra),
        ("converted", one.converted),
    ):
        if names:
            click.echo(f"  {title}: {', '.join(names)}")
    for number, what, ids in one.events:
        named = f" ({', '.join(ids)}{', …' if number > len(ids) else ''})" if ids else ""
        click.echo(f"  {number:,} × {what}{named}")
