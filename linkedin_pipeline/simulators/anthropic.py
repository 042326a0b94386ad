"""Anthropic: messages and models."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence

from linkedin_pipeline.simulators import anthropic_words as words
from linkedin_pipeline.simulators.anthropic_messages import (
    VERSIONS,
    Messages,
    message_document,
    read_messages,
)
from linkedin_pipeline.simulators.buckets import Gauge, Overdrawn
from linkedin_pipeline.simulators.calls import Asked, Refusal, Reply, Work
from linkedin_pipeline.simulators.faults import ANSWER_FAULTS, Fault, Faults
from linkedin_pipeline.simulators.ledger import Ledger, Usage
from linkedin_pipeline.simulators.simulator import Behaviour, Simulator
from linkedin_pipeline.simulators.tokens import PrefixCache, count
from linkedin_pipeline.simulators.writing import write


class AnthropicSimulator(Simulator):
    """Anthropic; its base URL has no ``/v1``."""

    provider = "anthropic"
    request_id_header = "request-id"

    def __init__(
        self,
        behaviour: Behaviour | None = None,
        *,
        faults: Faults | None = None,
        ledger: Ledger | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.cache = PrefixCache()
        super().__init__(behaviour, faults=faults, ledger=ledger, now=now)

    def routes(self) -> Sequence[tuple[str, str, Work]]:
        """Return method, path and work of every route."""
        return [
            ("POST", "/v1/messages", self.messages),
            ("GET", "/v1/models", self.models),
            ("GET", "/v1/models/{id}", self.one_model),
        ]

    def reset(self) -> None:
        """Forget everything, as if started anew; behaviour stays."""
        super().reset()
        self.cache.clear()

    def messages(self, asked: Asked) -> Reply:
        """Write an answer, with the schema's shape when there is one."""
        version = self._version(asked)
        model = self._model(asked)
        request = read_messages(asked.document, model, version, thinking=self.behaviour.thinking)
        total, read, end = self._cached(request, model)
        self.admit(asked, total - read)  # what is read from the cache does not count here
        if end:
            self.cache.write(model.id, request.prefixes[-1])
        asked.inputs = max(len(request.prompt.blocks), 1)
        written = write(
            request.prompt,
            request.schema,
            self.take(asked, ANSWER_FAULTS),
            obedient=self.behaviour.obedient,
            thought_tokens=request.thought_tokens or 0,
        ).within(request.most_tokens)
        asked.obeyed = written.obeyed
        writes = max(end - read, 0)
        usage = Usage(total, read, writes, written.tokens, written.thought_tokens)
        thought = request.thought_tokens is not None
        document = message_document(
            f"msg_{asked.request_id}", model.id, written, usage, thought=thought
        )
        return Reply.of(document, usage)

    def models(self, asked: Asked) -> Reply:
        """List the models that are served."""
        self._version(asked)
        listed = [one.as_json() for one in self._served()]
        ids = [one["id"] for one in listed]
        document = {"data": listed, "has_more": False}
        return Reply.of(
            {**document, "first_id": ids[0] if ids else None, "last_id": ids[-1] if ids else None}
        )

    def one_model(self, asked: Asked) -> Reply:
        """Show one model."""
        self._version(asked)
        for model in self._served():
            if model.id == asked.path["id"]:
                return Reply.of(model.as_json())
        raise words.no_model(asked.path["id"])

    def unknown_route(self, asked: Asked) -> Reply:
        """Refuse a call of a route that is not there."""
        raise Refusal(404, "not_found_error", f"Not found: {asked.route}")

    def check_key(self, asked: Asked) -> None:
        """Refuse a call without a key that is accepted, as a bearer or in ``x-api-key``."""
        bearer = re.fullmatch(r"Bearer\s+(\S+)", asked.headers.get("authorization", ""))
        key = bearer[1] if bearer else asked.headers.get("x-api-key")
        if not key:
            raise words.bad_key("x-api-key header is required")
        accepted = self.behaviour.accepted_keys
        if accepted is not None and key not in accepted:
            raise words.bad_key()

    def refusal(self, fault: Fault, asked: Asked) -> Refusal:
        """Return a refusal that a fault asks for in Anthropic's words."""
        asked.model = asked.named_model()
        return words.wanted(fault, asked.model, self.now())

    def over_limit(self, overdrawn: Overdrawn, asked: Asked) -> Refusal:
        """Return the refusal of a call that its rate limit does not let in."""
        del asked
        return words.too_fast(overdrawn)

    def error_document(self, refusal: Refusal, asked: Asked) -> object:
        """Return the body of an error."""
        error: dict[str, object] = {"type": refusal.type, "message": refusal.message}
        if refusal.details is not None:
            error["details"] = refusal.details
        return {"type": "error", "error": error, "request_id": asked.request_id}

    def limit_headers(self, gauges: Mapping[str, Gauge]) -> Mapping[str, str]:
        """Return the ``anthropic-ratelimit-…`` headers."""
        return words.limit_headers(gauges, self.now())

    def _cached(self, request: Messages, model: words.Model) -> tuple[int, int, int]:
        """Return the tokens of the prompt, those read from the cache, and where caching ends."""
        longest, read = 0, 0
        for prefix in request.prefixes:
            tokens = count(prefix)
            if tokens >= model.least_cached:
                longest = tokens
                read = tokens if self.cache.has(model.id, prefix) else read
        return count(request.counted), read, longest

    def _served(self) -> list[words.Model]:
        return [one for one in words.MODELS.values() if one.id not in self.behaviour.retired]

    def _version(self, asked: Asked) -> str:
        version = asked.headers.get("anthropic-version")
        if version is None:
            raise words.invalid("anthropic-version: header is required")
        if version not in VERSIONS:
            raise words.invalid(f"anthropic-version: {version!r} is not a valid version")
        return version

    def _model(self, asked: Asked) -> words.Model:
        name = asked.document.get("model")
        if not isinstance(name, str) or not name:
            raise words.invalid("model: Field required")
        asked.model = name
        if name not in words.MODELS or name in self.behaviour.retired:
            raise words.no_model(name)
        return words.MODELS[name]
