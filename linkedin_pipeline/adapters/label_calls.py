"""One call to a chat model about labels: what is sent, and what came back that can be used."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

from linkedin_pipeline.adapters.calls import Caller
from linkedin_pipeline.adapters.chat_profiles import ModelProfile
from linkedin_pipeline.adapters.openai_client import OpenAiClient
from linkedin_pipeline.domain.ai import Model, Plan, Purpose, most_tokens
from linkedin_pipeline.domain.errors import ProviderDown, Rejected
from linkedin_pipeline.domain.label_controls import Control, controls
from linkedin_pipeline.domain.label_prompt import (
    LabelList,
    LabelPrompt,
    ShownPost,
    UnreadableAnswer,
    label_prompt,
    read_answer,
)
from linkedin_pipeline.domain.labels import Label
from linkedin_pipeline.domain.work import Stage

Answers: TypeAlias = Mapping[UUID, Mapping[Stage, Label]]
"""Labels by post and kind."""

REFUSED = "refused_by_model"
TRUNCATED = "truncated"
UNREADABLE = "unreadable_answer"
DISTURBED = "disturbed_answer"

OUT_FOR = 600.0
"""Seconds to wait before a model that answers nothing usable is tried again."""
_ID_TOKENS = 30
_KEY_TOKENS = 12


class Unusable(Exception):
    """An answer that came, was paid, and says nothing that can be used."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class LabelCall:
    """One call as it is sent, and how its answer is read."""

    plan: Plan
    body: Mapping[str, Any]
    prompt: LabelPrompt
    lists: tuple[LabelList, ...]

    def read(self, document: Mapping[str, Any]) -> dict[UUID, dict[Stage, Label]]:
        """Return the labels that an answer gives to each post, controls included.

        Raises:
            Unusable: the answer is worthless as a whole.
        """
        try:
            return read_answer(_content(document), self.prompt, self.lists)
        except UnreadableAnswer as error:
            raise Unusable(UNREADABLE, f"the answer cannot be read: {error}") from None


class LabelCalls:
    """Calls one model; safe to share between threads."""

    def __init__(
        self, model: Model, client: OpenAiClient, caller: Caller, profile: ModelProfile
    ) -> None:
        self._model = model
        self._client = client
        self._caller = caller
        self._profile = profile

    def ask(
        self,
        stage: Stage,
        lists: Sequence[LabelList],
        posts: Sequence[ShownPost],
        keep: Callable[[Answers], None],
        room: int = 1,
    ) -> None:
        """Make one call; ``keep`` gets the labels of each post, as far as it was given some.

        Several posts have controls among them, where the profile says so.  ``room`` times as many
        tokens as usual may be answered.

        Raises:
            Unusable: the answer is paid and worthless as a whole.
            ProviderDown, Rejected: there is none; see `Caller.make`.
        """
        if not self._profile.controls or len(posts) < 2:
            self._ask(stage, lists, posts, keep, room)
            return
        pair = controls(lists, [post.id for post in posts])

        def keep_if_right(answers: Answers) -> None:
            if any(answers.get(control.post.id) != control.labels for control in pair):
                raise Unusable(DISTURBED, "labels of posts of our own are not what they must be")
            keep(answers)

        self._ask(stage, lists, posts, keep_if_right, room, pair)

    def check(self, stage: Stage, one: LabelList) -> None:
        """Make sure that the model answers about posts of our own, well or badly.

        Raises:
            ProviderDown: it does not; or see `Caller.make`.
        """
        pair = controls([one], [])
        answers: dict[UUID, Mapping[Stage, Label]] = {}
        try:
            self._ask(stage, [one], (), answers.update, 1, pair)
        except (Unusable, Rejected) as error:
            said = error.reason if isinstance(error, Unusable) else error.value
        else:
            if all(control.post.id in answers for control in pair):
                return
            said = "labels are missing"
        raise ProviderDown(
            f"{self._model} ({Purpose.CLASSIFICATION})",
            f"it gives no usable answer, about posts of our own either: {said}",
            "See whether the server keeps to a strict JSON schema, or name another model in "
            "CLASSIFICATION_MODEL; the posts wait.",
            retry_after=OUT_FOR,
        )

    def _ask(
        self,
        stage: Stage,
        lists: Sequence[LabelList],
        posts: Sequence[ShownPost],
        keep: Callable[[Answers], None],
        room: int,
        among: Sequence[Control] = (),
    ) -> None:
        call = self.prepare(stage, lists, posts, room, among)

        def read(document: Mapping[str, Any]) -> None:
            """Read an answer that is paid for by now, whatever it is worth."""
            keep(call.read(document))

        self._caller.make(
            call.plan, lambda: self._client.post("/chat/completions", call.body), read
        )

    def prepare(
        self,
        stage: Stage,
        lists: Sequence[LabelList],
        posts: Sequence[ShownPost],
        room: int = 1,
        among: Sequence[Control] = (),
    ) -> LabelCall:
        """Write one call about posts with controls among them."""
        # at both ends, where orders for "the first" or "the last post" strike
        shown = [
            *(control.post for control in among[:1]),
            *posts,
            *(control.post for control in among[1:]),
        ]
        prompt = label_prompt(lists, shown)
        answer = _ID_TOKENS + sum(_KEY_TOKENS + one.most_tokens for one in lists)
        most = room * (self._profile.thinking_tokens + len(shown) * answer)
        said = [prompt.system, prompt.user, json.dumps(prompt.schema, ensure_ascii=False)]
        plan = Plan(
            model=self._model,
            purpose=Purpose.CLASSIFICATION,
            worker=stage.worker,
            stage=str(stage),
            items=len(posts),
            input_tokens=most_tokens(said),
            output_tokens=most,
        )
        return LabelCall(plan, self._body(prompt, most), prompt, tuple(lists))

    def _body(self, prompt: LabelPrompt, most: int) -> dict[str, Any]:
        form = {"name": "labels", "strict": True, "schema": prompt.schema}
        return {
            "model": self._model.name,
            "messages": [
                {"role": "system", "content": prompt.system},
                {"role": "user", "content": prompt.user},
            ],
            "response_format": {"type": "json_schema", "json_schema": form},
            self._profile.bound: most,
            **self._profile.parameters,
        }


def _content(document: Mapping[str, Any]) -> str:
    """Return the text of a completion that is whole."""
    choices = document.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(choice, dict) or not isinstance(message, dict):
        raise Unusable(UNREADABLE, "the answer holds no message")
    end = choice.get("finish_reason")
    if message.get("refusal") or end == "content_filter":
        raise Unusable(REFUSED, "the model refuses to answer")
    if end == "length":
        raise Unusable(TRUNCATED, "the answer was cut at its bound")
    content = message.get("content")
    if not isinstance(content, str) or not content.strip():
        raise Unusable(UNREADABLE, "the answer is empty")
    return content
