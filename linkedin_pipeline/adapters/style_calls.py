"""One call that writes a style prompt, whoever is asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from linkedin_pipeline.adapters.calls import Caller, Reply
from linkedin_pipeline.domain.ai import Model, Plan, Purpose, most_tokens
from linkedin_pipeline.domain.profiles import STYLE_WORKER
from linkedin_pipeline.domain.styles import StyleAnalysis, StylePost, WrittenStyle
from linkedin_pipeline.domain.styles.answer import read_style
from linkedin_pipeline.domain.styles.request import (
    MOST_OUTPUT_TOKENS,
    PROMPT_VERSION,
    SCHEMA,
    StyleRequest,
    style_request,
)

Answer = Mapping[str, Any]


class StyleCalls:
    """Asks one model for style prompts; meets `StyleWriter`.

    ``post`` sends a request and ``text_of`` finds the text in the answer; it raises `Rejected`
    where there is none.  An answer is paid for and in the ledger before it is judged.
    """

    def __init__(
        self,
        model: Model,
        caller: Caller,
        post: Callable[[StyleRequest], Reply[Answer]],
        text_of: Callable[[Answer], str],
    ) -> None:
        self._asked = model
        self._caller = caller
        self._post = post
        self._text_of = text_of

    @property
    def model(self) -> str:
        """The model and the prompt version, which are stored with each style."""
        return f"{self._asked}/{PROMPT_VERSION}"

    def write(
        self, profile_id: UUID, analysis: StyleAnalysis, posts: Sequence[StylePost]
    ) -> WrittenStyle:
        """Ask once for a style prompt; the caller's ladder decides about retries."""
        request = style_request(analysis, posts)
        sent = (request.instructions, request.data, json.dumps(SCHEMA))
        plan = Plan(
            model=self._asked,
            purpose=Purpose.STYLE,
            worker=STYLE_WORKER,
            items=len(request.sample),
            input_tokens=most_tokens(sent),
            output_tokens=MOST_OUTPUT_TOKENS,
            profile_id=profile_id,
        )
        answer = self._caller.make(plan, lambda: self._post(request))
        return WrittenStyle(read_style(self._text_of(answer), request.sample), self.model)

    def forget(self, profile_id: UUID, analysis: StyleAnalysis) -> None:
        """Do nothing: nothing is kept here."""
