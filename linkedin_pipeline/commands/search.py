"""``linkedin-pipeline search``: posts by meaning."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from linkedin_pipeline.commands import PATIENCE
from linkedin_pipeline.commands.output import console, json_option, print_json
from linkedin_pipeline.domain.embeddings import embedded_text
from linkedin_pipeline.domain.errors import BadInput, Misconfigured
from linkedin_pipeline.domain.posts import has_words
from linkedin_pipeline.domain.wording import one_line

if TYPE_CHECKING:
    from rich.console import Console

    from linkedin_pipeline.database.commands import Found
    from linkedin_pipeline.database.connections import Database
    from linkedin_pipeline.ports import Embedder
    from linkedin_pipeline.wiring import Providers


@click.command()
@click.argument("text")
@click.option(
    "--author", help="Posts of one author: id, partition key, LinkedIn identifier or name."
)
@click.option("--topic", help="Posts on one topic: name, slug or id.")
@click.option(
    "--count", type=click.IntRange(1, 1000), default=10, show_default=True, help="How many."
)
@click.option(
    "--threshold",
    type=click.FloatRange(-1, 1),
    default=-1.0,
    help="Leave out what is less similar, from -1 to 1; shows all without it.",
)
@json_option
def search(
    *, text: str, author: str | None, topic: str | None, count: int, threshold: float, as_json: bool
) -> None:
    """Show the posts nearest in meaning to TEXT.

    Best first, and in any language that the model knows.
    The number before each is its similarity: 1 minus the cosine distance of the vectors.
    """
    from linkedin_pipeline.database.commands import find_topic
    from linkedin_pipeline.database.commands import search as find
    from linkedin_pipeline.database.people import named_profile
    from linkedin_pipeline.wiring import build_providers

    if not has_words(embedded_text(text)):
        raise BadInput("search", f"{text!r} has no words", "Write what the posts should be about.")
    providers = build_providers()
    with providers.database(patience=PATIENCE) as database:
        # first what can be refused at once: loading a model takes a second
        author_id = (
            named_profile(database, author, subject="--author", names=True).id if author else None
        )
        topic_id = find_topic(database, topic) if topic else None
        embedder = searching_embedder(providers, database)
        found = find(
            database,
            embedder.embed([embedded_text(text)])[0],
            threshold=threshold,
            count=count,
            author=author_id,
            topic=topic_id,
        )
    if as_json:
        print_json([asdict(one) for one in found])
    elif found:
        show_found(console(), found)
    else:
        click.echo("No post passes.")


def show_found(to: Console, found: list[Found]) -> None:
    """Print each post on two lines: similarity, author and topic, then how it opens."""
    for one in found:
        about = " · ".join(part for part in (one.author, one.topic) if part)
        to.print(f"{one.similarity:5.2f}  {about or 'no author'}", style="bold")
        to.print(f"       {one_line(one.hook or one.content, max(to.width - 8, 40))}")


def searching_embedder(providers: Providers, database: Database) -> Embedder:
    """Return what embeds a question: the model whose vectors are searched, whatever is configured.

    During a change of the model that is the old one.

    Raises:
        Misconfigured: there are no vectors, or their model cannot be asked; says how to go on.
    """
    from linkedin_pipeline.database.models import serving_model

    serving = serving_model(database)
    if serving is None:
        raise Misconfigured(
            "search", "the bank holds no vectors yet", "Run: linkedin-pipeline enrich"
        )
    embedder = providers.embedder_named(serving, database)
    if embedder is None:
        raise Misconfigured(
            "EMBEDDING_MODEL",
            f"it is {providers.embedder.model}, but the bank is searched by vectors of {serving}, "
            "which cannot be asked",
            f"Set what {serving} needs, its key or its server, or embed the bank anew: "
            "linkedin-pipeline requeue --stage embeddings --model-changed, then enrich.",
        )
    return embedder
