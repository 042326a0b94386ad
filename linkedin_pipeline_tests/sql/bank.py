"""Short words for what tests of the SQL tree do to posts: add, change, claim, settle, look."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, LiteralString, TypeAlias
from uuid import UUID, uuid4

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from linkedin_pipeline.domain.work import Stage

Connection: TypeAlias = psycopg.Connection[Any]

MODEL = "test:one"
MINUTE = timedelta(minutes=1)
OVER = timedelta(seconds=-1)
"""A lease that has ended when it begins: what a killed worker leaves behind."""

FLAGS: Mapping[Stage, str] = {
    Stage.HOOKS: "needs_hook_extraction",
    Stage.EMBEDDINGS: "needs_embedding",
    Stage.HOOK_CLASSIFICATIONS: "needs_hook_classification",
    Stage.TOPIC_CLASSIFICATIONS: "needs_topic_classification",
    Stage.AUDIENCE_CLASSIFICATIONS: "needs_audience_classification",
}
VALUES: Mapping[Stage, str] = {
    Stage.HOOKS: "hook",
    Stage.EMBEDDINGS: "embedding",
    Stage.HOOK_CLASSIFICATIONS: "hook_type_id",
    Stage.TOPIC_CLASSIFICATIONS: "topic_id",
    Stage.AUDIENCE_CLASSIFICATIONS: "audience_id",
}
"""The column that each stage writes."""
NEW = {
    Stage.HOOKS,
    Stage.EMBEDDINGS,
    Stage.TOPIC_CLASSIFICATIONS,
    Stage.AUDIENCE_CLASSIFICATIONS,
}
"""What a post wants that came with its text alone."""


@dataclass(frozen=True, slots=True)
class Held:
    """A claim as its holder sees it."""

    post_id: UUID
    token: int
    day: date
    attempts: int
    takeovers: int
    content: str
    hook: str | None


def rows(connection: Connection, statement: LiteralString, *values: Any) -> list[Any]:
    """Run a statement and return its rows."""
    return connection.execute(statement, values).fetchall()


def value(connection: Connection, statement: LiteralString, *values: Any) -> Any:
    """Run a statement that answers one row of one column, and return that."""
    [(answer,)] = rows(connection, statement, *values)
    return answer


def vector(x: float, y: float = 0.0) -> str:
    """Write a vector of 1,536 numbers whose first two are given and whose others are 0."""
    return f"[{x},{y}" + ",0" * 1534 + "]"


def add_post(connection: Connection, content: str = "A post.", **columns: Any) -> UUID:
    """Insert a post and return its id."""
    columns = {"id": uuid4(), "content": content, **columns}
    connection.execute(
        sql.SQL("insert into viral_posts_bank ({}) values ({})").format(
            sql.SQL(", ").join(map(sql.Identifier, columns)),
            sql.SQL(", ").join(sql.Placeholder() * len(columns)),
        ),
        list(columns.values()),
    )
    post: UUID = columns["id"]
    return post


def change(connection: Connection, post: UUID, **columns: Any) -> None:
    """Set columns of one post in one statement."""
    sets = [sql.SQL("{} = %s").format(sql.Identifier(column)) for column in columns]
    connection.execute(
        sql.SQL("update viral_posts_bank set {} where id = %s").format(sql.SQL(", ").join(sets)),
        [*columns.values(), post],
    )


def read(connection: Connection, post: UUID, column: str) -> Any:
    """Return one column of one post."""
    row = connection.execute(
        sql.SQL("select {} from viral_posts_bank where id = %s").format(sql.Identifier(column)),
        [post],
    ).fetchone()
    assert row is not None, f"post {post} is not there"
    return row[0]


def add_taxonomy(connection: Connection) -> dict[str, UUID]:
    """Add a topic, an audience and a hook type; return the columns that name them."""
    return {
        "topic_id": value(
            connection, "insert into topics (name) values (%s) returning id", str(uuid4())
        ),
        "audience_id": value(
            connection, "insert into audiences (name) values (%s) returning id", str(uuid4())
        ),
        "hook_type_id": value(
            connection, "insert into hook_types (name) values (%s) returning id", str(uuid4())
        ),
    }


def add_finished_post(connection: Connection, content: str = "A post.") -> UUID:
    """Insert a post that has everything and wants nothing."""
    return add_post(
        connection,
        content,
        hook="A hook.",
        embedding=vector(1),
        embedding_model=MODEL,
        **add_taxonomy(connection),
    )


def flagged(connection: Connection, post: UUID) -> set[Stage]:
    """Return the stages whose flags are up."""
    return {stage for stage, column in FLAGS.items() if read(connection, post, column)}


def queued(connection: Connection, post: UUID) -> set[Stage]:
    """Return the stages that have a work row."""
    found = rows(connection, "select stage::text from post_work where post_id = %s", post)
    return {Stage(stage) for (stage,) in found}


def drift(connection: Connection) -> list[tuple[Any, ...]]:
    """Return each post and stage whose flag and work row disagree: (post, stage, flag, row)."""
    return rows(
        connection,
        """
        select b.id, f.stage, f.wanted, w.post_id is not null
        from viral_posts_bank b
        cross join lateral (values
            ('hooks', b.needs_hook_extraction),
            ('embeddings', b.needs_embedding),
            ('hook_classifications', b.needs_hook_classification and not b.needs_hook_extraction),
            ('topic_classifications', b.needs_topic_classification),
            ('audience_classifications', b.needs_audience_classification)
        ) as f (stage, wanted)
        left join post_work w on w.post_id = b.id and w.stage::text = f.stage
        where f.wanted <> (w.post_id is not null)
        """,
    )


def claim(
    connection: Connection,
    stage: Stage = Stage.HOOKS,
    limit: int = 100,
    days: tuple[date | None, date | None] = (None, None),
    lease: timedelta = MINUTE,
) -> list[Held]:
    """Claim due work."""
    found = rows(
        connection,
        "select post_id, claim_token, day, attempts, takeovers, content, hook "
        "from claim_work(%s, %s, %s, %s, %s)",
        stage,
        limit,
        *days,
        lease,
    )
    return [Held(*row) for row in found]


def claim_one(
    connection: Connection, stage: Stage = Stage.HOOKS, lease: timedelta = MINUTE
) -> Held:
    """Claim the only post that is due."""
    [held] = claim(connection, stage, lease=lease)
    return held


def keys(claims: Iterable[Held]) -> tuple[list[UUID], list[int]]:
    """Return post ids and tokens, as the settling functions take them."""
    held = list(claims)
    return [c.post_id for c in held], [c.token for c in held]


def store_hooks(
    connection: Connection, claims: Sequence[Held], hook: str | None = None
) -> dict[UUID, bool]:
    """Store ``hook``, or one that tells which text it was made of; return the answer by post."""
    hooks = [hook or hook_of(c.content) for c in claims]
    return dict(rows(connection, "select * from store_hooks(%s, %s, %s)", *keys(claims), hooks))


def store_embeddings(
    connection: Connection, claims: Sequence[Held], texts: str | Sequence[str], model: str = MODEL
) -> dict[UUID, bool]:
    """Store vectors in text form, or one for all claims; return the answer by post."""
    return dict(
        rows(
            connection,
            "select * from store_embeddings(%s, %s, %s::text[]::vector[], %s)",
            *keys(claims),
            [texts] * len(claims) if isinstance(texts, str) else texts,
            model,
        )
    )


def reject(
    connection: Connection, claims: Sequence[Held], stage: Stage, reason: str = "No words in it."
) -> dict[UUID, bool]:
    """Make dead letters; return the answer by post."""
    return dict(
        rows(
            connection,
            "select * from reject_claims(%s, %s, %s, %s, %s, %s, %s)",
            stage,
            *keys(claims),
            ["no_words"] * len(claims),
            [reason] * len(claims),
            stage.worker,
            "run-1",
        )
    )


def retry(
    connection: Connection,
    claims: Sequence[Held],
    stage: Stage = Stage.HOOKS,
    *,
    delay: timedelta = timedelta(0),
    charge: bool = True,
) -> set[UUID]:
    """Put claims back; return the posts whose claims still stood."""
    found = rows(
        connection,
        "select retry_claims(%s, %s, %s, %s, %s)",
        stage,
        *keys(claims),
        [delay] * len(claims),
        charge,
    )
    return {post for (post,) in found}


def wait_until_blocked(connection: Connection, other: Connection) -> None:
    """Return once ``other`` waits for a lock, however slow the computer is."""
    until = time.monotonic() + 60
    while not value(connection, "select cardinality(pg_blocking_pids(%s))", other.info.backend_pid):
        assert time.monotonic() < until, "the other session never came to wait"
        time.sleep(0.005)


def days_ago(days: int) -> datetime:
    """Return noon, in UTC, of a day before today."""
    return datetime.now(UTC).replace(hour=12, minute=0) - timedelta(days=days)


def hook_of(content: str) -> str:
    """Return a hook from which one can tell what text it was made of."""
    return f"hook of {content}"


def metrics(likes: int) -> Jsonb:
    """Return a value for column ``metrics``."""
    return Jsonb({"likes": likes})
