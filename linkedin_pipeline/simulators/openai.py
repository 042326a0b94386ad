"""OpenAI: embeddings, chat completions, models, files and batches."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linkedin_pipeline.simulators import openai_words as words
from linkedin_pipeline.simulators.buckets import Gauge, Overdrawn
from linkedin_pipeline.simulators.calls import Asked, Refusal, Reply, Work
from linkedin_pipeline.simulators.faults import ANSWER_FAULTS, VECTOR_FAULTS, Fault, Faults, Kind
from linkedin_pipeline.simulators.ledger import Ledger, Usage
from linkedin_pipeline.simulators.openai_batches import Batches
from linkedin_pipeline.simulators.openai_chat import completion_document, read_chat
from linkedin_pipeline.simulators.simulator import Behaviour, Simulator
from linkedin_pipeline.simulators.tokens import PrefixCache, count
from linkedin_pipeline.simulators.vectors import DIMENSIONS, embedding
from linkedin_pipeline.simulators.writing import REASONING_TOKENS, write

MAX_INPUTS = 2_048
MAX_INPUT_TOKENS = 8_192
MAX_REQUEST_TOKENS = 300_000


class OpenAISimulator(Simulator):
    """OpenAI; its base URL ends in ``/v1``."""

    provider = "openai"
    request_id_header = "x-request-id"

    def __init__(
        self,
        behaviour: Behaviour | None = None,
        *,
        faults: Faults | None = None,
        ledger: Ledger | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.cache = PrefixCache()
        works = {"/v1/embeddings": self.embeddings, "/v1/chat/completions": self.chat}
        self.batches = Batches(self, works)
        super().__init__(behaviour, faults=faults, ledger=ledger, now=now)

    def routes(self) -> Sequence[tuple[str, str, Work]]:
        """Return method, path and work of every route."""
        return [
            ("POST", "/v1/embeddings", self.embeddings),
            ("POST", "/v1/chat/completions", self.chat),
            ("GET", "/v1/models", self.models),
            ("GET", "/v1/models/{id}", self.one_model),
            *self.batches.routes(),
        ]

    def reset(self) -> None:
        """Forget everything, as if started anew; behaviour stays."""
        super().reset()
        self.cache.clear()
        self.batches.clear()

    def embeddings(self, asked: Asked) -> Reply:
        """Embed one text or a list of texts."""
        document = asked.document
        model = self._model(asked)
        _only_known(document, _EMBEDDINGS_KEYS)
        if model.chats:
            message = "You are not allowed to generate embeddings from this model"
            raise Refusal(403, words.INVALID, message)
        texts = _inputs(document)
        dimensions = document.get("dimensions", DIMENSIONS)
        if not isinstance(dimensions, int) or not 1 <= dimensions <= DIMENSIONS:
            message = (
                f"Invalid value for 'dimensions' = {dimensions}. Must be at most {DIMENSIONS}."
            )
            raise Refusal(400, words.INVALID, message)
        form = document.get("encoding_format", "float")
        if form not in {"float", "base64"}:
            raise Refusal(400, words.INVALID, f"Invalid encoding_format: {form!r}.")
        tokens = sum(map(count, texts))
        self.admit(asked, tokens)
        asked.inputs = len(texts)
        vectors = [embedding(model.id, text, dimensions) for text in texts]
        data = [
            {"object": "embedding", "index": index, "embedding": _encoded(vector, form)}
            for index, vector in enumerate(self._spoilt(asked, texts, vectors))
        ]
        if Kind.SHUFFLED.value in asked.met:
            data = data[1::2] + data[::2]
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        return Reply.of(
            {"object": "list", "data": data, "model": model.id, "usage": usage}, Usage(tokens)
        )

    def chat(self, asked: Asked) -> Reply:
        """Write an answer, with the schema's shape when there is one."""
        model = self._model(asked)
        if not model.chats:
            message = (
                "This is not a chat model and thus not supported in the v1/chat/completions "
                "endpoint. Did you mean to use v1/completions?"
            )
            raise Refusal(404, words.INVALID, message, param="model")
        chat = read_chat(asked.document, model)
        tokens = count(chat.counted)
        self.admit(asked, tokens)
        cached = self.cache.read_and_remember(model.id, chat.counted, least=1024, step=128)
        asked.inputs = max(len(chat.prompt.blocks), 1)
        written = write(
            chat.prompt,
            chat.schema,
            self.take(asked, ANSWER_FAULTS),
            obedient=self.behaviour.obedient,
            thought_tokens=REASONING_TOKENS[chat.effort],
        ).within(chat.most_tokens)
        asked.obeyed = written.obeyed
        self.charge(asked, written.tokens)
        usage = Usage(tokens, cached, 0, written.tokens, written.thought_tokens)
        identity = f"chatcmpl-{asked.request_id}"
        return Reply.of(completion_document(identity, self.now(), model.id, written, usage), usage)

    def models(self, asked: Asked) -> Reply:
        """List the models that are served, each with the date on which it ends, if one is known."""
        del asked
        return Reply.of({"object": "list", "data": [*map(_shown, self._served())]})

    def one_model(self, asked: Asked) -> Reply:
        """Show one model."""
        for model in self._served():
            if model.id == asked.path["id"]:
                return Reply.of(_shown(model))
        message = f"The model '{asked.path['id']}' does not exist"
        raise Refusal(404, words.INVALID, message, code="model_not_found", param="model")

    def unknown_route(self, asked: Asked) -> Reply:
        """Refuse a call of a route that is not there."""
        method, _, path = asked.route.partition(" ")
        raise Refusal(404, words.INVALID, f"Invalid URL ({method} {path})")

    def check_key(self, asked: Asked) -> None:
        """Refuse a call without a key that is accepted."""
        key, accepted = _key(asked), self.behaviour.accepted_keys
        if not key or (accepted is not None and key not in accepted):
            raise words.bad_key(key)

    def refusal(self, fault: Fault, asked: Asked) -> Refusal:
        """Return a refusal that a fault asks for in OpenAI's words."""
        asked.model = asked.named_model()
        return words.wanted(fault, asked.model, _key(asked), self.now())

    def over_limit(self, overdrawn: Overdrawn, asked: Asked) -> Refusal:
        """Return the refusal of a call that its rate limit does not let in."""
        return words.too_fast(asked.model, overdrawn)

    def error_document(self, refusal: Refusal, asked: Asked) -> object:
        """Return the body of an error."""
        del asked
        return {
            "error": {
                "message": refusal.message,
                "type": refusal.type,
                "param": refusal.param,
                "code": refusal.code,
            }
        }

    def limit_headers(self, gauges: Mapping[str, Gauge]) -> Mapping[str, str]:
        """Return the ``x-ratelimit-…`` headers."""
        return words.limit_headers(gauges)

    def _served(self) -> list[words.Model]:
        return [one for one in words.MODELS.values() if one.id not in self.behaviour.retired]

    def _model(self, asked: Asked) -> words.Model:
        name = asked.document.get("model")
        if not isinstance(name, str) or not name:
            raise Refusal(400, words.INVALID, "you must provide a model parameter")
        asked.model = name
        if name not in words.MODELS or name in self.behaviour.retired:
            raise words.no_model(name, retired=name in self.behaviour.retired)
        return words.MODELS[name]

    def _spoilt(
        self, asked: Asked, texts: Sequence[str], vectors: list[NDArray[np.float32]]
    ) -> list[NDArray[np.float32]]:
        for standing in self.take(asked, VECTOR_FAULTS):
            wanted = standing.fault.contains
            at = next((n for n, text in enumerate(texts) if wanted in text), 0)
            match standing.fault.kind:
                case Kind.WRONG_COUNT:
                    vectors = vectors[:-1]
                case Kind.WRONG_DIMENSION:
                    vectors[at] = vectors[at][:-1]
                case Kind.NOT_A_NUMBER:
                    vectors[at] = np.full_like(vectors[at], np.nan)
                case Kind.ZERO_VECTOR:
                    vectors[at] = np.zeros_like(vectors[at])
                case _:
                    continue
        return vectors


_EMBEDDINGS_KEYS = frozenset({"model", "input", "encoding_format", "dimensions", "user"})


def _only_known(document: Mapping[str, Any], known: frozenset[str]) -> None:
    if unknown := sorted(document.keys() - known):
        raise Refusal(
            400, words.INVALID, f"Unrecognized request argument supplied: {', '.join(unknown)}"
        )


def _inputs(document: Mapping[str, Any]) -> list[str]:
    given = document.get("input")
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not texts or not all(isinstance(one, str) for one in texts):
        raise words.invalid_input()  # lists of tokens are not simulated
    if len(texts) > MAX_INPUTS:
        message = (
            f"Invalid 'input': array too long. Expected an array with maximum length {MAX_INPUTS}, "
            f"but got an array with length {len(texts)} instead."
        )
        raise Refusal(400, words.INVALID, message, code="array_above_max_length", param="input")
    if not all(texts):
        raise words.invalid_input()
    tokens = [count(text) for text in texts]
    if max(tokens) > MAX_INPUT_TOKENS:
        message = (
            f"This model's maximum context length is {MAX_INPUT_TOKENS} tokens, however you "
            f"requested {max(tokens)} tokens ({max(tokens)} in your prompt; 0 for the completion). "
            "Please reduce your prompt; or completion length."
        )
        raise Refusal(400, words.INVALID, message)
    if sum(tokens) > MAX_REQUEST_TOKENS:
        kind = "max_tokens_per_request"
        message = f"Requested {sum(tokens)} tokens, max {MAX_REQUEST_TOKENS} tokens per request"
        raise Refusal(400, kind, message, code=kind)
    return texts


def _encoded(vector: NDArray[np.float32], form: str) -> str | list[float]:
    if form == "base64":
        return base64.b64encode(vector.astype("<f4").tobytes()).decode()
    floats: list[float] = vector.tolist()
    return floats


def _key(asked: Asked) -> str | None:
    bearer = re.fullmatch(r"Bearer\s+(\S+)", asked.headers.get("authorization", ""))
    return bearer[1] if bearer else None


def _shown(model: words.Model) -> dict[str, Any]:
    return {
        "id": model.id,
        "object": "model",
        "created": model.created,
        "owned_by": "system",
        "shutdown_date": model.shutdown_date,
    }
