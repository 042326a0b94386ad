"""``linkedin-pipeline import``: posts from a file, row by row."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from linkedin_pipeline.commands import PATIENCE
from linkedin_pipeline.commands.output import (
    console,
    json_option,
    plain_table,
    print_json,
    show_table,
)
from linkedin_pipeline.domain.bank import Added, NewPost, NewProfile, SkippedRow
from linkedin_pipeline.domain.errors import BadInput

if TYPE_CHECKING:
    from rich.console import Console

EXAMPLES = 5
"""How many line numbers of each reason are named."""
SAY_EVERY = 20_000

REASONS = {
    "bad_columns": "more or fewer columns than the first line names",
    "bad_date": "a date that is none",
    "bad_id": "an id that is too long",
    "bad_number": "a number that is none",
    "bad_quotes": "a quoted field without an end",
    "bad_text": "characters that cannot be stored",
    "bad_type": "an unknown kind of author",
    "bad_url": "an address that is none",
    "no_author": "no author",
    "no_json": "no JSON object",
    "no_text": "no text: a reshare, or a picture alone",
    "not_utf8": "bytes that are no UTF-8",
    "too_long": "longer than any post",
}


@dataclass(slots=True)
class Skips:
    """Why rows were skipped: how many, their first lines, and what to write instead."""

    rows: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    lines: dict[str, list[int]] = field(default_factory=dict)
    remedies: dict[str, str] = field(default_factory=dict)

    def posts(self, rows: Iterable[NewPost | SkippedRow]) -> Iterator[NewPost]:
        """Pass the posts on and remember the rest."""
        for row in rows:
            self.rows += 1
            if isinstance(row, SkippedRow):
                self.counts[row.code] += 1
                self.remedies.setdefault(row.code, row.remedy)
                examples = self.lines.setdefault(row.code, [])
                if len(examples) < EXAMPLES:
                    examples.append(row.line)
            else:
                yield row


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--profile", metavar="ID", help="Whose posts: id, partition key, LinkedIn identifier or name."
)
@json_option
def import_posts(*, file: Path, profile: str | None, as_json: bool) -> None:
    """Add the posts of a file to the bank.

    Takes JSON Lines and CSV with the fields author, content, id, name, linkedin_id, headline,
    type, posted_at, reactions, comments, shares and post_url (the first two are required), and
    LinkedIn's own Shares.csv, which needs --profile.

    Rows that are no posts are skipped and counted by reason, with the first lines of each. A
    known post (same address, else same author and id) gets a changed text, which is enriched
    anew, and its new numbers. So importing a file again adds nothing, and goes on where an
    import was interrupted.

    Exits with 2 when the file cannot be read, with 1 when none of its rows could be used.
    """
    from linkedin_pipeline.adapters.post_files import import_rows
    from linkedin_pipeline.database.archive import PostgresPostArchive
    from linkedin_pipeline.database.people import named_profile
    from linkedin_pipeline.wiring import build_providers

    skips = Skips()
    to = console(stderr=as_json)
    with build_providers().database(patience=PATIENCE) as database:
        author = None
        if profile is not None:
            known = named_profile(database, profile, subject="--profile", names=True).id
            author = NewProfile(str(known), "", known=known)
        with _progress(to, file) as (position, on_chunk):
            rows = import_rows(file, datetime.now(UTC), author, position)
            try:
                done = PostgresPostArchive(database).add(skips.posts(rows), on_chunk)
            except KeyboardInterrupt:
                to.print("Interrupted. What was added stays; the same command goes on.")
                sys.exit(1)
    if not skips.rows:
        raise BadInput(str(file), "it holds no rows", "Name a JSON Lines or CSV file of posts.")
    if as_json:
        print_json(_document(file, done, skips))
    else:
        _show(to, file, done, skips)
    if skips.counts.total() == skips.rows:
        sys.exit(1)


def _document(file: Path, done: Added, skips: Skips) -> dict[str, Any]:
    return {
        "file": str(file),
        "rows": skips.rows,
        "added": done.added,
        "changed": done.changed,
        "refreshed": done.refreshed,
        "unchanged": done.unchanged,
        "skipped": [
            {
                "reason": code,
                "rows": number,
                "first_lines": skips.lines[code],
                "remedy": skips.remedies[code],
            }
            for code, number in skips.counts.most_common()
        ],
    }


def _show(to: Console, file: Path, done: Added, skips: Skips) -> None:
    to.print(
        f"{file.name}: {skips.rows:,} rows: {done.added:,} posts added, {done.changed:,} with a "
        f"new text, {done.refreshed:,} with new numbers or dates, {done.unchanged:,} unchanged, "
        f"{skips.counts.total():,} rows skipped."
    )
    if skips.counts:
        table = plain_table("skipped", "rows", "first lines", "remedy", right=("rows",))
        for code, number in skips.counts.most_common():
            lines = ", ".join(map(str, skips.lines[code]))
            table.add_row(REASONS.get(code, code), f"{number:,}", lines, skips.remedies[code])
        show_table(to, table)
    if done.added or done.changed:
        to.print("scripts/dev enriches them by itself; or run: linkedin-pipeline enrich")


@contextmanager
def _progress(
    to: Console, file: Path
) -> Iterator[tuple[Callable[[int], None], Callable[[Added], None]]]:
    """Show a bar on a terminal, and elsewhere a line now and then."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

    if not to.is_terminal:
        rows = 0

        def say(done: Added) -> None:
            nonlocal rows
            more = rows + done.added + done.changed + done.refreshed + done.unchanged
            if rows // SAY_EVERY < more // SAY_EVERY:
                to.print(f"{more:,} posts read")
            rows = more

        yield (lambda _bytes: None), say
        return
    size = file.stat().st_size if file.is_file() else None
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        DownloadColumn(),
        TimeElapsedColumn(),
    )
    at = 0

    def position(read: int) -> None:
        nonlocal at
        at = read

    with Progress(*columns, console=to, transient=True) as progress:
        bar = progress.add_task("reading", total=size or None)
        yield position, lambda _done: progress.update(bar, completed=at)
