"""``linkedin-pipeline requeue``: put dead letters, or what a model made, back to work."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import UUID

import click

from linkedin_pipeline.commands import PATIENCE
from linkedin_pipeline.commands.output import console, json_option, print_json, stage_option
from linkedin_pipeline.domain.errors import BadInput
from linkedin_pipeline.domain.labels import LABEL_STAGES
from linkedin_pipeline.domain.work import Stage

if TYPE_CHECKING:
    from rich.console import Console

    from linkedin_pipeline.database.commands import Requeue

ASK_ABOVE = 1_000
"""Above so many posts a person is asked, for a model's work may cost money."""
SAY_EVERY = 10_000


@click.command()
@stage_option
@click.option("--post", type=click.UUID, help="One post only, by its id.")
@click.option(
    "--model-changed",
    is_flag=True,
    help="What another model made than the configured one, instead of dead letters.",
)
@click.option("--yes", is_flag=True, help="Do not ask, however many posts it is.")
@json_option
def requeue(
    *, stage: str | None, post: UUID | None, model_changed: bool, yes: bool, as_json: bool
) -> None:
    """Flag posts again that were given up, or redo them.

    \b
    Without options   all dead letters
    --stage ASSET     that stage's dead letters, and all posts whose value the
                      program made itself: after an edit of the taxonomy, say
    --model-changed   what another model made than the configured one

    What people wrote (labels without a model, hooks without a time of extraction) is left alone.
    Posts keep their old values until the new ones are there.
    """  # noqa: D301 - \b is click's mark for lines that are not to be joined
    from linkedin_pipeline.database.commands import count, has_post
    from linkedin_pipeline.database.commands import requeue as put_back
    from linkedin_pipeline.wiring import build_providers

    providers = build_providers()
    models = {
        Stage.EMBEDDINGS: (providers.embedder.model,),
        **dict.fromkeys(LABEL_STAGES, providers.label_models),
    }
    wanted = _wanted(stage, post, models if model_changed else None)
    to = console(stderr=as_json)
    done: dict[Stage, int] = {}
    with providers.database(patience=PATIENCE) as database:
        if post is not None and not has_post(database, post):
            raise BadInput("--post", f"there is no post {post}", "Give the id of a post.")
        total = sum(count(database, one) for one in wanted)
        if total > ASK_ABOVE and not yes and sys.stdin.isatty():
            click.confirm(f"{total:,} posts will be done again. Go on?", abort=True, err=as_json)
        with _progress(to, total) as step:
            for one in wanted:
                if number := put_back(database, one, step):
                    done[one.stage] = number
    if as_json:
        print_json({"requeued": done, "total": sum(done.values())})
    elif done:
        parts = ", ".join(f"{number:,} × {stage}" for stage, number in done.items())
        to.print(f"Flagged again: {parts}.")
        to.print("scripts/dev takes them up by itself; or run: linkedin-pipeline enrich")
    else:
        to.print("There is nothing to put back.")


def _wanted(
    stage: str | None, post: UUID | None, models: Mapping[Stage, tuple[str, ...]] | None
) -> Sequence[Requeue]:
    from linkedin_pipeline.database.commands import Requeue

    stages = [Stage(stage)] if stage else list(Stage)
    if models is not None:
        changed = [Requeue(one, "made", models[one], post) for one in stages if one in models]
        if not changed:
            raise BadInput("--model-changed", f"no model makes {stage}", "Leave it out.")
        return changed
    return [Requeue(one, "any" if stage else "dead", post=post) for one in stages]


@contextmanager
def _progress(to: Console, total: int) -> Iterator[Callable[[int], None]]:
    """Show a bar on a terminal, and elsewhere a line now and then."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    if not to.is_terminal:
        done = 0

        def say(number: int) -> None:
            nonlocal done
            if done // SAY_EVERY < (done + number) // SAY_EVERY:
                to.print(f"{done + number:,} of {total:,} posts")
            done += number

        yield say
        return
    columns = (TextColumn("posts"), BarColumn(bar_width=30), MofNCompleteColumn())
    with Progress(*columns, console=to, transient=True) as progress:
        bar = progress.add_task("posts", total=total)
        yield lambda number: progress.advance(bar, number)
