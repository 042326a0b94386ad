"""From a prompt and a schema to what a model would have written, faults and obedience included."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from linkedin_pipeline.simulators.answers import Composer, phrase, spoil
from linkedin_pipeline.simulators.faults import Kind, Standing
from linkedin_pipeline.simulators.obedience import obey
from linkedin_pipeline.simulators.prompts import Prompt
from linkedin_pipeline.simulators.tokens import as_bytes, count

REASONING_TOKENS = {
    "none": 0,
    "minimal": 0,
    "low": 64,
    "medium": 256,
    "high": 1024,
    "xhigh": 2048,
    "max": 4096,
}
"""Tokens that a model thinks for before it writes, by effort."""


@dataclass(frozen=True, slots=True)
class Written:
    """What a model wrote, why it ended there, and which orders in post text it followed."""

    text: str
    end: Literal["stop", "length", "content_filter", "refusal"] = "stop"
    obeyed: tuple[str, ...] = ()
    thought_tokens: int = 0

    @property
    def tokens(self) -> int:
        """The tokens to bill, thoughts included."""
        return self.thought_tokens + count(self.text)

    def within(self, most: int | None) -> Written:
        """Return it cut at ``most`` tokens; thoughts come first and may leave nothing."""
        if most is None or self.tokens <= most:
            return self
        thought = min(self.thought_tokens, most)
        text = as_bytes(self.text)[: (most - thought) * 4].decode("utf-8", "ignore")
        return replace(self, text=text, end="length", thought_tokens=thought)


def write(
    prompt: Prompt,
    schema: Mapping[str, Any] | None,
    faults: Sequence[Standing],
    *,
    obedient: bool,
    thought_tokens: int = 0,
) -> Written:
    """Answer a prompt, with a document of ``schema`` or with plain text where there is none."""
    obeyed: tuple[str, ...] = ()
    if schema is None:
        document, items = phrase(prompt.user), None
    else:
        composer = Composer(prompt, schema)
        document, items = composer.compose(), composer.item_schema()
        spoil(document, prompt, items, faults)
    text = document if schema is None else json.dumps(document, ensure_ascii=False)
    if obedient:
        told, obeyed = obey(prompt, schema or {}, items, document)
        text = told if obeyed else text
    written = Written(text, obeyed=obeyed, thought_tokens=thought_tokens)
    for standing in faults:
        written = _ended(written, standing.fault.kind)
    return written


def _ended(written: Written, kind: Kind) -> Written:
    match kind:
        case Kind.INVALID_JSON:
            return replace(written, text=f"Here you are: {written.text[:-1]}")
        case Kind.REFUSAL:
            return replace(written, text="I'm sorry, I can't help with that.", end="refusal")
        case Kind.LENGTH:
            return replace(written, text=written.text[: len(written.text) // 2], end="length")
        case Kind.CONTENT_FILTER:
            return replace(written, text=written.text[:10], end="content_filter")
        case Kind.EMPTY:
            return replace(written, text="")
        case _:
            return written
