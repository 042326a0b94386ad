"""The bank itself: adding posts and their authors, refreshing those that are known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import islice

from psycopg.types.json import Jsonb

from linkedin_pipeline.database.connections import Connection, Database
from linkedin_pipeline.database.queries import query
from linkedin_pipeline.domain.bank import Added, NewPost, NewProfile
from linkedin_pipeline.domain.errors import BadInput

CHUNK = 2000


class PostgresPostArchive:
    """Meets `PostArchive`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self, posts: Iterable[NewPost], on_chunk: Callable[[Added], None] = lambda _added: None
    ) -> Added:
        """Add posts and their authors, refresh those that are known; say what that did.

        A post is known by its address, else by its id, which follows from the source's keys.  Of a
        known one a changed text is written and wanted anew by every stage, changed numbers are
        written and want nothing, address and date are filled in where they are missing.  So adding
        the same file again changes nothing; one whose author was erased meanwhile fails.

        Committed in chunks of 2,000, authors first; ``on_chunk`` hears of each.  Of rows about the
        same post the last one of a chunk counts.  Posts are locked in the order of their ids.

        Raises:
            BadInput: a profile that was said to be known is not there any more.
        """
        total = Added()
        rest = iter(posts)
        while chunk := list(islice(rest, CHUNK)):
            done = self._database.run(partial(_add, posts=chunk))
            total += done
            on_chunk(done)
        return total


def _add(connection: Connection, posts: Sequence[NewPost]) -> Added:
    authors = list({post.author.id: post.author for post in posts}.values())
    with connection.transaction():
        _hold([author.id for author in authors if author.known], connection)
        _add_authors([author for author in authors if not author.known], connection)
        connection.execute(query("stage_posts"))
        with connection.cursor() as cursor, cursor.copy(query("copy_posts")) as copy:
            for place, post in enumerate(posts):
                copy.write_row(
                    (
                        place,
                        post.id,
                        post.author.id,
                        post.author.linkedin_id,
                        post.content,
                        Jsonb(post.metrics),
                        post.posted_at,
                        post.url,
                    )
                )
        connection.execute(query("analyze_posts"))
        row = connection.execute(query("merge_posts")).fetchone()
    assert row is not None  # it counts
    added, changed, refreshed = row
    return Added(added, changed, refreshed, len(posts) - added - changed - refreshed)


def _hold(known: Sequence[object], connection: Connection) -> None:
    if not known:
        return
    there = {row[0] for row in connection.execute(query("hold_profiles"), (list(known),))}
    for profile in known:
        if profile not in there:
            raise BadInput(
                "the profile", f"{profile} is not in the bank any more", "Name another one."
            )


def _add_authors(authors: Sequence[NewProfile], connection: Connection) -> None:
    connection.execute(
        query("add_profiles"),
        (
            [author.id for author in authors],
            [author.full_name for author in authors],
            [author.linkedin_id for author in authors],
            [author.role for author in authors],
            [author.type for author in authors],
        ),
    )
