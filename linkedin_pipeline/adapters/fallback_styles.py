"""Style prompts by the first model that writes one, none of them paid for twice."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from uuid import UUID

from linkedin_pipeline.domain.ai import answer_key
from linkedin_pipeline.domain.errors import AllProvidersDown, PipelineError, ProviderDown, Rejected
from linkedin_pipeline.domain.styles import StyleAnalysis, StylePost, WrittenStyle
from linkedin_pipeline.domain.styles.answer import unusable
from linkedin_pipeline.ports import AnswerStore, StyleWriter


class FallbackStyleWriter:
    """Asks writers in their order until one has written; meets `StyleWriter`.

    The next one is asked when a provider is down or paused for long, when it refuses the posts,
    and when its answer is of no use.  What was answered, refusals included, is kept until it is
    stored or given up: after a crash, or while another provider is down, nobody is asked again
    what he has answered.  A style that a fallback wrote stays until the posts change or somebody
    requests it; then the first one is asked first again.
    """

    def __init__(self, writers: Sequence[StyleWriter], answers: AnswerStore) -> None:
        self._writers = writers
        self._answers = answers

    @property
    def model(self) -> str:
        """The model that is asked first."""
        return self._writers[0].model

    def write(
        self, profile_id: UUID, analysis: StyleAnalysis, posts: Sequence[StylePost]
    ) -> WrittenStyle:
        """Write the style prompt of one profile.

        Raises:
            ProviderDown: nothing was written, and a provider may do better later; as
                `AllProvidersDown` when there is more than one.
            Rejected: every writer refuses, or makes nothing of, these posts.
        """
        kept = self._kept(profile_id, analysis)
        for answer in kept.values():
            if "prompt" in answer:
                return WrittenStyle(str(answer["prompt"]), str(answer["model"]), answer["why"])
        failures: dict[str, PipelineError] = {}
        for writer in self._writers:
            key = _key(writer, profile_id, analysis)
            try:
                if key in kept:
                    raise unusable(str(kept[key]["code"]), str(kept[key]["why"]))
                written = writer.write(profile_id, analysis, posts)
            except ProviderDown as outage:
                failures[writer.model] = outage
            except Rejected as refusal:
                failures[writer.model] = refusal
                self._keep(key, profile_id, code=refusal.code, why=refusal.value)
            else:
                why = _said(failures) if failures else None
                self._keep(key, profile_id, prompt=written.prompt, model=written.model, why=why)
                return WrittenStyle(written.prompt, written.model, why)
        raise _nobody(failures)

    def forget(self, profile_id: UUID, analysis: StyleAnalysis) -> None:
        """Say that the style is stored, or given up."""
        self._answers.forget([_key(writer, profile_id, analysis) for writer in self._writers])

    def _kept(
        self, profile_id: UUID, analysis: StyleAnalysis
    ) -> Mapping[bytes, Mapping[str, str | None]]:
        found = self._answers.labels([_key(each, profile_id, analysis) for each in self._writers])
        return {key: json.loads(text) for key, text in found.items()}

    def _keep(self, key: bytes, profile_id: UUID, **answer: str | None) -> None:
        self._answers.keep_labels({key: json.dumps(answer, ensure_ascii=False)}, profile_id)


def _key(writer: StyleWriter, profile_id: UUID, analysis: StyleAnalysis) -> bytes:
    return answer_key("style", writer.model, profile_id.hex, analysis.inputs_hash)


def _said(failures: Mapping[str, PipelineError]) -> str:
    return "; ".join(f"{model}: {error.value}" for model, error in failures.items())


def _nobody(failures: Mapping[str, PipelineError]) -> PipelineError:
    """Return the error to raise when every writer failed."""
    errors = list(failures.values())
    if len(errors) == 1:
        return errors[0]
    outages = [error for error in errors if isinstance(error, ProviderDown)]
    if not outages:
        codes = {error.code for error in errors if isinstance(error, Rejected)}
        code = codes.pop() if len(codes) == 1 else "style_unusable"
        return unusable(code, _said(failures))
    waits = [outage.retry_after for outage in outages if outage.retry_after is not None]
    return AllProvidersDown(
        "the style prompt",
        _said(failures),
        "The profile waits; nobody's attempt is charged.",
        retry_after=min(waits, default=None),
    )
