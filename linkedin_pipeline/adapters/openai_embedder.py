"""Embeddings from OpenAI or a server that speaks as it does; facts in VENDORS section 4.2."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from linkedin_pipeline.adapters.calls import Caller, CallFailed, Fault, FaultKind, Reply
from linkedin_pipeline.adapters.openai_client import OpenAiClient
from linkedin_pipeline.adapters.vector_cache import Row, VectorCache
from linkedin_pipeline.domain.ai import Model, Plan, Purpose, answer_key, tokens_at_most
from linkedin_pipeline.domain.embeddings import DIMENSIONS, pad
from linkedin_pipeline.domain.errors import Misconfigured, Rejected
from linkedin_pipeline.domain.work import Pace, Stage
from linkedin_pipeline.ports import AnswerStore

MAX_INPUTS = 2_048
MAX_TOKENS = 300_000
"""Bounds of one request."""
_FULL_WIDTH = {"text-embedding-3-small", "text-embedding-ada-002"}
"""OpenAI's models of 1,536 numbers; only text-embedding-3 can be asked for fewer than it has."""

Matrix = npt.NDArray[np.float32]


class OpenAiEmbedder:
    """Embeds texts for money: each text once, in full requests; safe to share between threads.

    Answers are kept (``answers``) as soon as they are there and until `forget`, so that neither a
    crash nor a refused text beside them makes them paid twice.  ``worker`` and ``stage`` are whose
    calls they are in the ledger.  The vectors of the last ``recent`` texts stay in memory besides
    (6 kB each), for other stages of the same run.
    """

    pace = Pace(batch_size=500, in_flight=3)
    """Some 400 posts of usual length fill a request.  A batch is also one transaction, during which
    no lease is extended: 1,000 were written in up to 26 of its 30 seconds on a busy machine."""

    def __init__(
        self,
        model: Model,
        client: OpenAiClient,
        caller: Caller,
        answers: AnswerStore,
        worker: str = Stage.EMBEDDINGS.worker,
        *,
        stage: str | None = Stage.EMBEDDINGS,
        recent: int = 4_096,
    ) -> None:
        self.model = str(model)
        self._model = model
        self._client = client
        self._caller = caller
        self._answers = answers
        self._worker = worker
        self._stage = stage
        self._recent = VectorCache(recent)

    def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """Embed texts, in order; each vector is a numpy row of 1,536 float32 of unit norm.

        What UTF-8 cannot hold (half a surrogate pair) counts as a question mark.

        Raises:
            ProviderDown: not all was embedded and no text is at fault.
            Rejected: some text is refused or empty; all others of the call were asked for and kept
                unless they shared a request with it.
            Misconfigured: the model's vectors have more than 1,536 numbers.
        """
        wanted = {self.key(text): _readable(text) for text in texts}
        rows: dict[bytes, Row] = dict(self._recent.find(wanted))
        kept = self._answers.vectors([key for key in wanted if key not in rows])
        rows |= {key: np.asarray(vector, np.float32) for key, vector in kept.items()}
        refusal: Rejected | None = None
        for request in _requests({k: text for k, text in wanted.items() if k not in rows and text}):
            try:
                rows |= self._ask(request)
            except Rejected as rejected:
                refusal = rejected
        self._recent.keep(rows)
        if refusal is not None:
            raise refusal
        if not all(wanted.values()):
            remedy = "Give it words, or leave it as it is."
            raise Rejected("no_words", f"{self.model} (embedding)", "an empty text", remedy)
        return cast("list[Sequence[float]]", [rows[self.key(text)] for text in texts])

    def forget(self, texts: Sequence[str]) -> None:
        """Drop the kept answers of texts whose vectors are stored."""
        self._answers.forget([self.key(text) for text in texts])

    def key(self, text: str) -> bytes:
        """Return the key of a text's answer."""
        return answer_key("embedding", self.model, _readable(text))

    def _ask(self, texts: Mapping[bytes, str]) -> Mapping[bytes, Row]:
        """Embed texts that fit into one request, and keep the answer."""
        body = self.body([*texts.values()])
        rows: dict[bytes, Row] = {}

        def send() -> Reply[Matrix]:
            reply = self._client.post("/embeddings", body)
            try:
                vectors = read_vectors(reply.value, len(texts), self._width)
            except ValueError as error:
                fault = Fault(FaultKind.GARBLED, str(error), None, reply.quotas, reply.usage)
                raise CallFailed(fault) from None
            return Reply(vectors, reply.usage, reply.quotas)

        def keep(vectors: Matrix) -> None:
            rows.update(zip(texts, self._widened(vectors), strict=True))
            self._answers.keep_vectors(cast("dict[bytes, Sequence[float]]", rows))

        tokens = sum(map(tokens_at_most, texts.values()))
        plan = Plan(
            *(self._model, Purpose.EMBEDDING, self._worker, len(texts), tokens), stage=self._stage
        )
        self._caller.make(plan, send, keep)
        return rows

    def body(self, texts: Sequence[str]) -> dict[str, Any]:
        """Return the request that embeds texts; lone surrogates in them count as question marks."""
        body: dict[str, Any] = {
            "model": self._model.name,
            "input": list(map(_readable, texts)),
            "encoding_format": "base64",
        }
        if self._model.name.startswith("text-embedding-3-") and self._model.name not in _FULL_WIDTH:
            body["dimensions"] = DIMENSIONS
        return body

    def read(self, answer: Mapping[str, Any], count: int) -> Sequence[Row]:
        """Return the vectors of an answer about ``count`` texts, in their order.

        Raises:
            ValueError: the answer is of no use.
            Misconfigured: the model's vectors have more than 1,536 numbers.
        """
        return self._widened(read_vectors(answer, count, self._width))

    @property
    def _width(self) -> int | None:
        """How wide the model's vectors have to be; None when nobody can say."""
        name = self._model.name
        known = name in _FULL_WIDTH or name.startswith("text-embedding-3-")
        return DIMENSIONS if known else None

    def _widened(self, vectors: Matrix) -> Sequence[Row]:
        width = vectors.shape[1]
        if width > DIMENSIONS:
            raise Misconfigured(
                "EMBEDDING_MODEL",
                f"{self.model} makes vectors of {width} numbers, and at most {DIMENSIONS} fit",
                "Name a model with narrower vectors, such as openai:text-embedding-3-small.",
            )
        if width < DIMENSIONS:
            vectors = np.asarray([pad(row) for row in vectors.tolist()], np.float32)
        return [row.copy() for row in vectors]  # a view would keep its whole request


def read_vectors(answer: Mapping[str, Any], count: int, width: int | None = None) -> Matrix:
    """Return the vectors of an answer, one a row, by index, each of unit norm.

    Compatible servers may send vectors of another norm, which no cosine sees.  ``width`` is what
    they have to have; None for any, the same for all.

    Raises:
        ValueError: not ``count`` usable vectors; says what is wrong, and no text.
    """
    data = answer.get("data")
    if not isinstance(data, list) or len(data) != count:
        found = len(data) if isinstance(data, list) else "no"
        raise ValueError(f"{found} vectors came for {count} texts")
    vectors: dict[int, npt.NDArray[Any]] = {}
    for item in data:
        index = item.get("index") if isinstance(item, dict) else None
        if type(index) is not int or not 0 <= index < count or index in vectors:
            raise ValueError("the vectors are not numbered as the texts are")
        vectors[index] = _numbers(item.get("embedding"))
    widths = {len(vector) for vector in vectors.values()}
    if len(widths) != 1 or widths == {0} or (width is not None and widths != {width}):
        wanted = "one width" if width is None else f"{width} numbers"
        found = ", ".join(map(str, sorted(widths)[:3]))
        raise ValueError(f"the vectors have {found} numbers, not {wanted}")
    matrix = np.asarray([vectors[index] for index in range(count)], np.float64)
    norms = np.linalg.norm(matrix, axis=1, keepdims=True)
    if not ((norms > 0) & np.isfinite(norms)).all():  # false for NaN, too
        raise ValueError("a vector is all zeros, or holds what is not a finite number")
    unit: Matrix = (matrix / norms).astype(np.float32)
    return unit


def _numbers(value: object) -> npt.NDArray[Any]:
    """Read one vector: base64 of little-endian float32, or a list of numbers."""
    if isinstance(value, str):
        try:
            return np.frombuffer(base64.b64decode(value, validate=True), "<f4")
        except (binascii.Error, ValueError):
            raise ValueError("a vector is not base64 of 32-bit numbers") from None
    if isinstance(value, list) and all(type(number) in {int, float} for number in value):
        with suppress(OverflowError):
            return np.asarray([float(number) for number in value])
    raise ValueError("a vector is neither base64 nor a list of numbers")


def _requests(texts: Mapping[bytes, str]) -> Iterator[Mapping[bytes, str]]:
    """Fill requests one after the other, in order; a text too long for any goes alone."""
    request: dict[bytes, str] = {}
    tokens = 0
    for key, text in texts.items():
        more = tokens_at_most(text)
        if request and (len(request) == MAX_INPUTS or tokens + more > MAX_TOKENS):
            yield request
            request, tokens = {}, 0
        request[key] = text
        tokens += more
    if request:
        yield request


def _readable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
