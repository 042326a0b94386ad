"""Messages as Anthropic reads and writes them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from linkedin_pipeline.simulators.anthropic_words import Model, invalid
from linkedin_pipeline.simulators.ledger import Usage
from linkedin_pipeline.simulators.prompts import Prompt
from linkedin_pipeline.simulators.schemas import open_object
from linkedin_pipeline.simulators.writing import REASONING_TOKENS, Written

NEWEST_VERSION = "2026-10-21"
VERSIONS = frozenset({NEWEST_VERSION, "2023-06-01"})

_SAMPLING = ("temperature", "top_p", "top_k")
_KEYS = frozenset(
    {
        "cache_control",
        "inference_geo",
        "max_tokens",
        "messages",
        "metadata",
        "model",
        "output_config",
        "service_tier",
        "speed",
        "stream",
        "system",
        "thinking",
    }
)


@dataclass(frozen=True, slots=True)
class Messages:
    """A request that was understood.

    ``counted`` is all the text that it bills, ``prefixes`` its beginnings up to each
    ``cache_control`` mark, shortest first.
    """

    prompt: Prompt
    counted: str
    prefixes: tuple[str, ...]
    schema: Mapping[str, Any] | None
    thought_tokens: int | None
    most_tokens: int


def read_messages(
    document: Mapping[str, Any], model: Model, version: str, *, thinking: bool
) -> Messages:
    """Understand a request; ``thinking`` lets the model think unless it is told not to.

    Raises:
        Refusal: Anthropic would refuse it.
    """
    _check_parameters(document, model, version)
    config = document.get("output_config") or {}
    effort = config.get("effort") or "high"
    if effort not in REASONING_TOKENS or effort in {"none", "minimal"}:
        raise invalid(
            f"output_config.effort: {effort!r} is not one of low, medium, high, xhigh, max"
        )
    thinks = _thinks(document.get("thinking"), model, thinking=thinking)
    schema = _schema(config.get("format"))
    pieces = list(_pieces(document, schema))
    text, prefixes = "", list[str]()
    for piece, marked in pieces:
        text += piece + "\n"
        if marked:
            prefixes.append(text)
    if document.get("cache_control") and text not in prefixes:
        prefixes.append(text)
    instructions = "\n".join(piece for piece, _ in _blocks(document.get("system") or "", "system"))
    return Messages(
        Prompt(instructions, "\n".join(_said(document, "user"))),
        text,
        tuple(prefixes),
        schema,
        REASONING_TOKENS[effort] if thinks else None,
        document["max_tokens"],
    )


def message_document(
    identity: str, model: str, written: Written, usage: Usage, *, thought: bool
) -> dict[str, Any]:
    """Return the answer's body; a model that thought says so in a first block."""
    content: list[dict[str, Any]] = []
    if thought:
        content.append({"type": "thinking", "thinking": "", "signature": "c2ltdWxhdGVk"})
    refused = written.end in {"refusal", "content_filter"}
    cut = written.end == "length"
    if not refused and (written.text or not cut):
        content.append({"type": "text", "text": written.text, "citations": None})
    fresh = usage.input_tokens - usage.cached_tokens - usage.cache_write_tokens
    return {
        "id": identity,
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": content,
        "stop_reason": "refusal" if refused else "max_tokens" if cut else "end_turn",
        "stop_sequence": None,
        "stop_details": {"type": "refusal", "category": None, "explanation": written.text}
        if refused
        else None,
        "usage": {
            "input_tokens": fresh,
            "cache_creation_input_tokens": usage.cache_write_tokens,
            "cache_read_input_tokens": usage.cached_tokens,
            "cache_creation": {
                "ephemeral_5m_input_tokens": usage.cache_write_tokens,
                "ephemeral_1h_input_tokens": 0,
            },
            "output_tokens": usage.output_tokens,
            "output_tokens_details": {"thinking_tokens": usage.reasoning_tokens},
            "service_tier": "standard",
        },
    }


def _check_parameters(document: Mapping[str, Any], model: Model, version: str) -> None:
    known = _KEYS
    if version != NEWEST_VERSION:
        known |= set(_SAMPLING)
        # newer models take no other than the default, whatever the version
        for name in _SAMPLING:
            if model.id != "claude-opus-4-6" and document.get(name, 1) != 1:
                raise invalid(f"{name}: only the default value is supported for this model")
    for name in sorted(document.keys() - known):
        raise invalid(f"{name}: Extra inputs are not permitted")
    if document.get("stream"):
        raise invalid("stream: streaming is not simulated")
    _check_size(document)
    messages = document.get("messages")
    if not isinstance(messages, list) or not messages:
        raise invalid("messages: at least one message is required")
    for number, one in enumerate(messages):
        if one.get("role") not in {"user", "assistant"}:
            raise invalid(f"messages.{number}.role: Input should be 'user' or 'assistant'")
    if messages[-1]["role"] == "assistant":
        raise invalid("This model does not support assistant message prefill.")


def _check_size(document: Mapping[str, Any]) -> None:
    most = document.get("max_tokens")
    if most is None:
        raise invalid("max_tokens: Field required")
    if not isinstance(most, int) or most < 1:
        raise invalid("max_tokens: Input should be greater than or equal to 1")


def _thinks(given: object, model: Model, *, thinking: bool) -> bool:
    kind = given.get("type") if isinstance(given, dict) else None
    if kind not in {None, "enabled", "adaptive", "disabled"}:
        raise invalid("thinking.type: Input should be 'adaptive', 'enabled' or 'disabled'")
    return model.always_thinks or kind in {"enabled", "adaptive"} or (thinking and kind is None)


def _schema(given: object) -> Mapping[str, Any] | None:
    if given is None:
        return None
    schema = given.get("schema") if isinstance(given, dict) else None
    if not isinstance(given, dict) or given.get("type") != "json_schema":
        raise invalid("output_config.format.type: Input should be 'json_schema'")
    if not isinstance(schema, dict) or open_object(schema):
        raise invalid(
            "output_config.format.schema: For 'object' type, 'additionalProperties' must be "
            "explicitly set to false"
        )
    return schema


def _pieces(
    document: Mapping[str, Any], schema: Mapping[str, Any] | None
) -> Iterator[tuple[str, bool]]:
    """Yield the texts that are billed, in the order of the cache, each with its mark."""
    if schema is not None:
        yield json.dumps(schema, ensure_ascii=False), False
    yield from _blocks(document.get("system") or "", "system")
    for number, one in enumerate(document["messages"]):
        yield from _blocks(one.get("content"), f"messages.{number}.content")


def _said(document: Mapping[str, Any], role: str) -> Iterator[str]:
    for one in document["messages"]:
        if one["role"] == role:
            for text, _ in _blocks(one.get("content"), "content"):
                yield text


def _blocks(content: object, where: str) -> Iterator[tuple[str, bool]]:
    if isinstance(content, str):
        yield content, False
        return
    if not isinstance(content, list):
        raise invalid(f"{where}: Input should be a valid string or list")
    for number, block in enumerate(content):
        if not isinstance(block, dict) or block.get("type") not in {"text", "thinking"}:
            raise invalid(f"{where}.{number}: only text is simulated")
        if block["type"] == "text":
            yield str(block.get("text", "")), bool(block.get("cache_control"))
