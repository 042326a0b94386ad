"""One call for each post and kind of work, ten at a time: what the edge functions did.

Each kind runs by itself: it reads ten posts, asks about each of them at once, writes each result
back with a statement of its own, and pauses.  A prompt holds the list of one kind of label with
their descriptions, as ours does, and asks for a name; the model thinks as much as it does unless
told otherwise (medium effort), and may write 100 tokens.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from openai import OpenAI
from pgvector import Vector
from pgvector.psycopg import register_vector

from linkedin_pipeline.domain.embeddings import embedded_text
from linkedin_pipeline.domain.label_prompt import LabelList
from linkedin_pipeline.domain.labels import Label
from linkedin_pipeline.domain.work import Stage
from linkedin_pipeline_tests.bench.simulated import CLASSIFICATION, EMBEDDING

AT_A_TIME = 10
PAUSE = 0.2
MOST_TOKENS = 100

_READ = "select id, content, hook from viral_posts_bank where {flag} limit %s"
_COLUMNS = {
    Stage.HOOK_CLASSIFICATIONS: ("hook_type_id", "needs_hook_classification"),
    Stage.TOPIC_CLASSIFICATIONS: ("topic_id", "needs_topic_classification"),
    Stage.AUDIENCE_CLASSIFICATIONS: ("audience_id", "needs_audience_classification"),
}


@dataclass(frozen=True, slots=True)
class PerItem:
    """Works on a database whose posts have hooks already; for one thread."""

    connection: psycopg.Connection[Any]
    client: OpenAI

    @classmethod
    def at(cls, connection: psycopg.Connection[Any], base_url: str, key: str) -> PerItem:
        """Return one that asks a server; retries are off, nothing is refused here."""
        register_vector(connection)
        return cls(connection, OpenAI(api_key=key, base_url=base_url, max_retries=0))

    def embed(self) -> int:
        """Give every post its vector; return how many."""

        def ask(content: str, _hook: str) -> Vector:
            answer = self.client.embeddings.create(
                model=EMBEDDING.name, input=embedded_text(content)
            )
            return Vector(answer.data[0].embedding)

        return self._work(
            "needs_embedding",
            ask,
            "update viral_posts_bank set embedding = %s, needs_embedding = false, "
            f"embedding_model = '{EMBEDDING}' where id = %s",
        )

    def label(self, stage: Stage, labels: Sequence[Label]) -> int:
        """Give every post a label of one kind; return how many posts were asked about.

        An answer that is no label (thoughts leave no room for one) is written as the first label:
        the database's work is the same.
        """
        listed = LabelList.of(stage, labels)
        by_name = {label.name.casefold(): label.id for label in labels}
        instructions = (
            f"You classify LinkedIn posts. Choose the one label that fits best.\n\n{listed.shown}"
            "\n\nAnswer with the name of the label and nothing else."
        )

        def ask(content: str, hook: str) -> UUID:
            text = hook if stage is Stage.HOOK_CLASSIFICATIONS else embedded_text(content)
            answer = self.client.chat.completions.create(
                model=CLASSIFICATION.name,
                max_completion_tokens=MOST_TOKENS,
                messages=[
                    {"role": "system", "content": instructions},
                    {"role": "user", "content": text},
                ],
            )
            said = (answer.choices[0].message.content or "").strip().casefold()
            return by_name.get(said, labels[0].id)

        column, flag = _COLUMNS[stage]
        return self._work(
            flag, ask, f"update viral_posts_bank set {column} = %s, {flag} = false where id = %s"
        )

    def _work(self, flag: str, ask: Callable[[str, str], object], write: str) -> int:
        done = 0
        read = _READ.format(flag=flag).encode()
        with ThreadPoolExecutor(AT_A_TIME) as threads:
            while posts := self.connection.execute(read, [AT_A_TIME]).fetchall():
                values = list(threads.map(lambda post: ask(post[1], post[2] or ""), posts))
                for post, value in zip(posts, values, strict=True):
                    self.connection.execute(write.encode(), [value, post[0]])
                done += len(posts)
                time.sleep(PAUSE)
        return done
