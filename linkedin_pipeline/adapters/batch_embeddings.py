"""Embeddings in batches: what a line asks, and how its answer is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from linkedin_pipeline.adapters.openai_client import usage_of
from linkedin_pipeline.adapters.openai_embedder import MAX_TOKENS, OpenAiEmbedder
from linkedin_pipeline.domain.ai import Model, Purpose, tokens_at_most
from linkedin_pipeline.domain.batches import AskedPost, BatchLine, Kept, Question
from linkedin_pipeline.domain.embeddings import embedded_text
from linkedin_pipeline.domain.posts import has_words
from linkedin_pipeline.domain.work import Claim, Stage
from linkedin_pipeline.ports import AnswerStore

INPUTS = 256
"""Texts of a line.  A line is no dearer than a longer one; a text that is refused takes its line
along, an expired batch is answered line by line, and an answer of so many is 2 MB."""


class EmbeddingAsker:
    """Meets `BatchAsker` for an embedder whose answers are kept in ``answers``."""

    purpose = Purpose.EMBEDDING
    route = "/v1/embeddings"

    def __init__(self, model: Model, embedder: OpenAiEmbedder, answers: AnswerStore) -> None:
        self.model = model
        self._embedder = embedder
        self._answers = answers

    def keys(self, stage: Stage, claims: Sequence[Claim]) -> Mapping[Claim, bytes]:
        """Return the keys of posts that have words."""
        del stage
        texts = {claim: embedded_text(claim.content) for claim in claims}
        return {c: self._embedder.key(text) for c, text in texts.items() if has_words(text)}

    def lines(self, batch: UUID, stage: Stage, claims: Sequence[Claim]) -> Iterator[BatchLine]:
        """Fill lines one after the other; posts of one text share a place."""
        del batch
        texts: dict[str, int] = {}
        questions: list[Question] = []
        tokens = 0
        for claim in claims:
            text = embedded_text(claim.content)
            more = 0 if text in texts else tokens_at_most(text)
            if texts and ((more and len(texts) == INPUTS) or tokens + more > MAX_TOKENS):
                yield self._line(texts, questions, tokens)
                texts, questions, tokens, more = {}, [], 0, tokens_at_most(text)
            place = texts.setdefault(text, len(texts))
            tokens += more
            key = self._embedder.key(text)
            questions.append(Question(claim.post_id, stage, key, place, claim.token))
        if texts:
            yield self._line(texts, questions, tokens)

    def _line(
        self, texts: Mapping[str, int], questions: Sequence[Question], tokens: int
    ) -> BatchLine:
        return BatchLine(self._embedder.body([*texts]), len(texts), tuple(questions), tokens)

    def keep(
        self,
        batch: UUID,
        line: int,
        size: int,
        body: Mapping[str, object],
        posts: Sequence[AskedPost],
    ) -> Kept:
        """Keep the vectors of posts that have the same text still."""
        del batch, line
        usage = usage_of(body)
        asked = [
            post for post in posts if self._embedder.key(embedded_text(post.content)) == post.key
        ]
        discarded = len(posts) - len(asked)
        try:
            vectors = self._embedder.read(body, size)
        except ValueError:
            return Kept(usage, 0, discarded)
        kept = {post.key: vectors[post.place] for post in asked if post.place < size}
        if kept:
            self._answers.keep_vectors(kept)  # type: ignore[arg-type] # a row is a sequence of floats
        return Kept(usage, len(asked), discarded)
