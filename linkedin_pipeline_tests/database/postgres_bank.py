"""A real queue with its surroundings, driven by plain SQL as other writers would."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, LiteralString
from uuid import UUID

import psycopg

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.queue import PostgresWorkQueue
from linkedin_pipeline.domain.work import Stage

_RAISE: dict[Stage, LiteralString] = {
    Stage.HOOKS: "update viral_posts_bank set needs_hook_extraction = %s where id = %s",
    Stage.EMBEDDINGS: "update viral_posts_bank set needs_embedding = %s where id = %s",
}
_FLAG: dict[Stage, LiteralString] = {
    Stage.HOOKS: "select needs_hook_extraction from viral_posts_bank where id = %s",
    Stage.EMBEDDINGS: "select needs_embedding from viral_posts_bank where id = %s",
}
_VALUE: dict[Stage, LiteralString] = {
    Stage.HOOKS: "select hook from viral_posts_bank where id = %s",
    Stage.EMBEDDINGS: "select embedding::real[] from viral_posts_bank where id = %s",
}
_WRITE: dict[Stage, LiteralString] = {
    Stage.HOOKS: "update viral_posts_bank set hook = 'somebody else''s' where id = %s",
    Stage.EMBEDDINGS: (
        "update viral_posts_bank set embedding = array_fill(0.5::real, array[1536])::vector, "
        "embedding_model = 'somebody:else' where id = %s"
    ),
}


class PostgresBank:
    """Meets the shared suite's `Bank`; ``slept`` has the pauses that write-backs made."""

    def __init__(self, url: str, database: Database, connection: psycopg.Connection[Any]) -> None:
        self.url = url
        self.slept: list[float] = []
        self.queue = PostgresWorkQueue(database, sleep=self.slept.append)
        self.connection = connection

    def add(self, content: str, day: date) -> UUID:
        """Insert a post of the day's noon."""
        post: UUID = self._one(
            "insert into viral_posts_bank (content, created_at) values (%s, %s) returning id",
            content,
            datetime.combine(day, time(12), UTC),
        )
        return post

    def delete(self, post: UUID) -> None:
        """Delete a post."""
        self.connection.execute("delete from viral_posts_bank where id = %s", (post,))

    def edit(self, post: UUID, content: str) -> None:
        """Change a post's text."""
        self.connection.execute(
            "update viral_posts_bank set content = %s where id = %s", (content, post)
        )

    def write(self, stage: Stage, post: UUID) -> None:
        """Write a hook or a vector."""
        self.connection.execute(_WRITE[stage], (post,))

    def flag(self, stage: Stage, post: UUID, *, up: bool) -> None:
        """Raise or lower a flag."""
        self.connection.execute(_RAISE[stage], (up, post))

    def is_flagged(self, stage: Stage, post: UUID) -> bool:
        """Read a flag."""
        return bool(self._one(_FLAG[stage], post))

    def value(self, stage: Stage, post: UUID) -> object:
        """Read the hook or the vector."""
        return self._one(_VALUE[stage], post)

    def model(self, stage: Stage, post: UUID) -> str | None:
        """Read which model made the vector."""
        assert stage is Stage.EMBEDDINGS
        model: str | None = self._one(
            "select embedding_model from viral_posts_bank where id = %s", post
        )
        return model

    def dead_letters(self, post: UUID) -> list[tuple[Stage, str, str]]:
        """Read unresolved dead letters."""
        rows = self.connection.execute(
            "select stage, error_code, error_message from ai_errors "
            "where post_id = %s and not is_resolved",
            (post,),
        )
        return [(Stage(stage), code, reason) for stage, code, reason in rows]

    def release(self, post: UUID) -> None:
        """Release an embedding's claim by hand."""
        assert self._one("select release_embedding_lock(%s)", post) is True

    def switch(self, stage: Stage, *, on: bool) -> None:
        """Switch a stage on or off."""
        self.connection.execute(
            "update worker_feature_flags_v2 set is_enabled = %s where worker_name = %s",
            (on, stage.worker),
        )

    def pass_time(self, time: timedelta) -> None:
        """Move all times of the queue into the past."""
        self.connection.execute(
            "update post_work set due_at = due_at - %(time)s, lease_until = lease_until - %(time)s",
            {"time": time},
        )

    @contextmanager
    def locked(self, post: UUID) -> Iterator[None]:
        """Hold the post's row in a transaction of another session."""
        with psycopg.connect(self.url) as session:
            session.execute("select from viral_posts_bank where id = %s for update", (post,))
            yield
            session.rollback()

    def _one(self, statement: LiteralString, *arguments: object) -> Any:
        row = self.connection.execute(statement, arguments).fetchone()
        return None if row is None else row[0]
