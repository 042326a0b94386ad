"""Style prompts by Claude."""

from __future__ import annotations

from linkedin_pipeline.adapters.anthropic_client import AnthropicClient
from linkedin_pipeline.adapters.calls import Caller, Reply
from linkedin_pipeline.adapters.style_calls import Answer, StyleCalls
from linkedin_pipeline.domain.ai import Model
from linkedin_pipeline.domain.styles.answer import unusable
from linkedin_pipeline.domain.styles.request import MOST_OUTPUT_TOKENS, SCHEMA, StyleRequest


def anthropic_styles(client: AnthropicClient, model: Model, caller: Caller) -> StyleCalls:
    """Return what asks a Claude model for style prompts."""

    def post(request: StyleRequest) -> Reply[Answer]:
        # no temperature: newer models refuse it; no effort: older ones do
        body = {
            "model": model.name,
            "max_tokens": MOST_OUTPUT_TOKENS,
            "system": request.instructions,
            "messages": [{"role": "user", "content": request.data}],
            "output_config": {"format": {"type": "json_schema", "schema": SCHEMA}},
        }
        return client.post("/v1/messages", body)

    return StyleCalls(model, caller, post, text_of)


def text_of(answer: Answer) -> str:
    """Return the text of a message that ended by itself; thoughts come first and are passed over.

    Raises:
        Rejected: the model refused, was cut short, paused, or wrote nothing.
    """
    match answer.get("stop_reason"):
        case "end_turn" | "stop_sequence":
            pass
        case "refusal":
            raise unusable("style_refused", "the model refuses to describe these posts")
        case "max_tokens" | "model_context_window_exceeded":
            raise unusable("style_truncated", f"no end within {MOST_OUTPUT_TOKENS:,} tokens")
        case "pause_turn":
            raise unusable("style_truncated", "the model paused before its end")
        case _:
            raise unusable("style_unusable", "the answer ended for an unknown reason")
    blocks = answer.get("content")
    texts = [
        block["text"]
        for block in (blocks if isinstance(blocks, list) else [])
        if isinstance(block, dict)
        and block.get("type") == "text"
        and isinstance(block.get("text"), str)
    ]
    if not "".join(texts).strip():
        raise unusable("style_unusable", "the answer is empty")
    return "".join(texts)
