"""Style prompts by an OpenAI model, or by a server that speaks as OpenAI does."""

from __future__ import annotations

from linkedin_pipeline.adapters.calls import Caller, Reply
from linkedin_pipeline.adapters.openai_client import OpenAiClient
from linkedin_pipeline.adapters.style_calls import Answer, StyleCalls
from linkedin_pipeline.domain.ai import Model
from linkedin_pipeline.domain.styles.answer import unusable
from linkedin_pipeline.domain.styles.request import (
    KEY,
    MOST_OUTPUT_TOKENS,
    SCHEMA,
    StyleRequest,
)


def openai_styles(client: OpenAiClient, model: Model, caller: Caller) -> StyleCalls:
    """Return what asks a model for style prompts through chat completions."""

    def post(request: StyleRequest) -> Reply[Answer]:
        # no temperature, no effort: which of them a model takes differs from model to model
        body = {
            "model": model.name,
            "max_completion_tokens": MOST_OUTPUT_TOKENS,
            "messages": [
                {"role": "system", "content": request.instructions},
                {"role": "user", "content": request.data},
            ],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": KEY, "strict": True, "schema": SCHEMA},
            },
        }
        return client.post("/chat/completions", body)

    return StyleCalls(model, caller, post, text_of)


def text_of(answer: Answer) -> str:
    """Return the text of a completion that ended by itself.

    Raises:
        Rejected: the model refused, was cut short or filtered, or wrote nothing.
    """
    choices = answer.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(choice, dict) or not isinstance(message, dict):
        raise unusable("style_unusable", "the answer holds no message")
    if message.get("refusal"):
        raise unusable("style_refused", "the model refuses to describe these posts")
    match choice.get("finish_reason"):
        case "stop":
            pass
        case "content_filter":
            raise unusable("style_refused", "the provider's filter cut the answer off")
        case "length":
            raise unusable("style_truncated", f"no end within {MOST_OUTPUT_TOKENS:,} tokens")
        case _:
            raise unusable("style_unusable", "the answer ended for an unknown reason")
    text = message.get("content")
    if not isinstance(text, str) or not text.strip():
        raise unusable("style_unusable", "the answer is empty")
    return text
