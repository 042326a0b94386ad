"""How each chat model is asked for labels: the one table of settings per model.

OpenAI's own models think before they answer unless their effort says otherwise, which costs more
than the answer itself; a list of labels needs no thought.  GPT-5 knows no lower effort than
``minimal``; its successors from 5.1 on know ``none``.  They want ``max_completion_tokens``.

Of any other server ``response_format`` with a strict JSON schema and ``max_tokens`` are asked, as
Ollama, vLLM and LiteLLM know them, and a temperature of 0.  Efforts are not, since a server may
refuse parameters that it does not know; its models may think for ``thinking_tokens``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from linkedin_pipeline.domain.work import Pace

_TWENTY = Pace(batch_size=20, in_flight=8)


@dataclass(frozen=True, slots=True)
class ModelProfile:
    """Settings of one model.

    ``pace`` is how many posts a call is about, and how many calls are made at once.  With
    ``merge`` all kinds of label that a post wants are chosen in one call.  With ``controls`` each
    call about several posts has two of our own among them (`domain.label_controls`).
    ``parameters`` are sent as they stand, ``bound`` names the one that bounds the answer's tokens.
    """

    pace: Pace = _TWENTY
    merge: bool = True
    controls: bool = True
    parameters: Mapping[str, object] = field(default_factory=dict)
    bound: str = "max_completion_tokens"
    thinking_tokens: int = 300


_MINIMAL = ModelProfile(parameters={"reasoning_effort": "minimal", "verbosity": "low"})
_NONE = ModelProfile(parameters={"reasoning_effort": "none", "verbosity": "low"})
_OPENAI = ModelProfile(thinking_tokens=4_000)
"""A model of OpenAI's that is not in the table: it thinks as much as it likes to."""
_COMPATIBLE = ModelProfile(
    pace=Pace(batch_size=10, in_flight=4),
    parameters={"temperature": 0},
    bound="max_tokens",
    thinking_tokens=2_000,
)

PROFILES: Mapping[str, ModelProfile] = {
    "gpt-5": _MINIMAL,
    "gpt-5-mini": _MINIMAL,
    "gpt-5-nano": _MINIMAL,
    "gpt-5.2": _NONE,
    "gpt-5.4-mini": _NONE,
    "gpt-5.6-luna": _NONE,
    "gpt-5.6-terra": _NONE,
    "gpt-6-luna": _NONE,
    "gpt-6.1-terra": _NONE,
}

_DATED = re.compile(r"-\d{4}-\d{2}-\d{2}$")
_OPENAIS = re.compile(r"(gpt-\d|o\d)")


def profile_of(model: str) -> ModelProfile:
    """Return the settings of a model; a dated name (``gpt-5.2-2025-12-11``) has its family's."""
    known = PROFILES.get(_DATED.sub("", model))
    if known is not None:
        return known
    return _OPENAI if _OPENAIS.match(model) else _COMPATIBLE
