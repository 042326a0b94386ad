"""Chat completions as OpenAI reads and writes them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from linkedin_pipeline.simulators.calls import Refusal
from linkedin_pipeline.simulators.ledger import Usage
from linkedin_pipeline.simulators.openai_words import INVALID, Model
from linkedin_pipeline.simulators.prompts import Prompt
from linkedin_pipeline.simulators.schemas import strict_problem
from linkedin_pipeline.simulators.writing import Written

_KEYS = frozenset(
    {
        "max_completion_tokens",
        "messages",
        "metadata",
        "model",
        "n",
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
        "reasoning_effort",
        "response_format",
        "safety_identifier",
        "service_tier",
        "store",
        "temperature",
        "top_p",
        "user",
        "verbosity",
    }
)


@dataclass(frozen=True, slots=True)
class Chat:
    """A request that was understood; ``counted`` is all the text that it bills."""

    prompt: Prompt
    counted: str
    schema: Mapping[str, Any] | None
    effort: str
    most_tokens: int | None


def read_chat(document: Mapping[str, Any], model: Model) -> Chat:
    """Understand a request.

    Raises:
        Refusal: OpenAI would refuse it.
    """
    _check_parameters(document, model)
    effort = document.get("reasoning_effort") or model.default_effort
    if effort not in model.efforts:
        raise _unsupported_value("reasoning_effort", effort, f"Supported: {model.efforts}.")
    for name in ("temperature", "top_p"):
        value = document.get(name, 1)
        if value != 1 and not (model.cool_without_thinking and effort == "none"):
            raise _unsupported_value(name, value, "Only the default (1) value is supported.")
    schema = _schema(document.get("response_format"))
    said = _messages(document.get("messages"))
    instructions = "\n".join(text for role, text in said if role in {"developer", "system"})
    user = "\n".join(text for role, text in said if role == "user")
    counted = "\n".join(f"{role}\n{text}" for role, text in said)
    if schema is not None:  # the model reads the schema first, so it can be cached too
        counted = f"{json.dumps(schema, ensure_ascii=False)}\n{counted}"
    most = document.get("max_completion_tokens")
    return Chat(Prompt(instructions, user), counted, schema, effort, most)


def completion_document(
    identity: str, now: float, model: str, written: Written, usage: Usage
) -> dict[str, Any]:
    """Return the answer's body."""
    refused = written.end == "refusal"
    return {
        "id": identity,
        "object": "chat.completion",
        "created": int(now),
        "model": model,
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": None if refused else written.text,
                    "refusal": written.text if refused else None,
                    "annotations": [],
                },
                "logprobs": None,
                "finish_reason": "stop" if refused else written.end,
            }
        ],
        "usage": {
            "prompt_tokens": usage.input_tokens,
            "completion_tokens": usage.output_tokens,
            "total_tokens": usage.input_tokens + usage.output_tokens,
            "prompt_tokens_details": {"cached_tokens": usage.cached_tokens, "audio_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": usage.reasoning_tokens,
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
        },
        "service_tier": "default",
    }


def _check_parameters(document: Mapping[str, Any], model: Model) -> None:
    if "max_tokens" in document:
        message = (
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
            "'max_completion_tokens' instead."
        )
        raise Refusal(400, INVALID, message, code="unsupported_parameter", param="max_tokens")
    if document.get("stream"):
        raise Refusal(400, INVALID, f"{model.id} is not simulated as a stream.", param="stream")
    if unknown := sorted(document.keys() - _KEYS - {"stream"}):
        message = f"Unrecognized request argument supplied: {', '.join(unknown)}"
        raise Refusal(400, INVALID, message)
    if document.get("n", 1) != 1:
        raise _unsupported_value("n", document["n"], "Only one choice is simulated.")
    most = document.get("max_completion_tokens", 1)
    if not isinstance(most, int) or most < 1:
        message = f"Invalid 'max_completion_tokens': expected an integer of at least 1, got {most}."
        raise Refusal(400, INVALID, message, param="max_completion_tokens")


def _unsupported_value(name: str, value: object, rest: str) -> Refusal:
    message = f"Unsupported value: '{name}' does not support {value} with this model. {rest}"
    return Refusal(400, INVALID, message, code="unsupported_value", param=name)


def _schema(given: object) -> Mapping[str, Any] | None:
    kind = given.get("type") if isinstance(given, dict) else "text"
    if given is None or kind == "text":
        return None
    named = given.get("json_schema") if isinstance(given, dict) else None
    if kind != "json_schema" or not isinstance(named, dict):
        message = f"Invalid response_format: {kind!r} is not simulated; use 'json_schema'."
        raise Refusal(400, INVALID, message, param="response_format")
    name = named.get("name")
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name):
        message = (
            f"Invalid 'response_format.json_schema.name': {name!r} does not match the pattern "
            "'^[a-zA-Z0-9_-]+$'."
        )
        raise Refusal(400, INVALID, message, param="response_format.json_schema.name")
    schema = named.get("schema")
    problem = strict_problem(schema) if named.get("strict") else None
    if problem is not None or not isinstance(schema, dict):
        message = f"Invalid schema for response_format '{name}': {problem or 'it is missing.'}"
        raise Refusal(400, INVALID, message, param="response_format")
    return schema


def _messages(given: object) -> list[tuple[str, str]]:
    if not isinstance(given, list) or not given:
        message = "Invalid 'messages': empty array. Expected an array with minimum length 1."
        raise Refusal(400, INVALID, message, param="messages")
    said = []
    for number, one in enumerate(given):
        role, content = one.get("role"), one.get("content")
        if isinstance(content, list):
            content = "\n".join(str(part.get("text", "")) for part in content)
        if role not in {"developer", "system", "user", "assistant"} or not isinstance(content, str):
            where = f"messages[{number}]"
            raise Refusal(400, INVALID, f"Invalid value for '{where}'.", param=where)
        said.append((role, content))
    return said
