"""The bank itself: adding posts and their authors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from itertools import islice

from psycopg.types.json import Jsonb

from linkedin_pipeline.database.connections import Connection, Database
from linkedin_pipeline.database.queries import query
from linkedin_pipeline.domain.bank import NewPost, NewProfile

CHUNK = 500


class PostgresPostArchive:
    """Meets `PostArchive`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, posts: Iterable[NewPost]) -> int:
        """Add posts and their authors; return how many posts were not there yet.

        Ids follow from the source's keys, so that adding the same file again adds nothing and
        changes nothing.  Committed in chunks of 500, authors first.
        """
        added = 0
        rest = iter(posts)
        while chunk := list(islice(rest, CHUNK)):
            added += self._database.run(partial(_add, posts=chunk))
        return added


def _add(connection: Connection, posts: Sequence[NewPost]) -> int:
    authors: list[NewProfile] = list({post.author.id: post.author for post in posts}.values())
    with connection.transaction():
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
        answer = connection.execute(
            query("add_posts"),
            (
                [post.id for post in posts],
                [post.author.id for post in posts],
                [post.author.linkedin_id for post in posts],
                [post.content for post in posts],
                [Jsonb(post.metrics) for post in posts],
                [post.posted_at for post in posts],
            ),
        )
        return answer.rowcount
