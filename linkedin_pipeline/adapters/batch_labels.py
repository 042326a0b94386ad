"""Labels in batches: a line is a call about some twenty posts, as it is made without a batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID, uuid5

from linkedin_pipeline.adapters.chat_profiles import ModelProfile
from linkedin_pipeline.adapters.label_calls import LabelCall, LabelCalls, Unusable
from linkedin_pipeline.adapters.openai_classifier import OpenAiClassifier
from linkedin_pipeline.adapters.openai_client import usage_of
from linkedin_pipeline.domain.ai import Model, Purpose
from linkedin_pipeline.domain.batches import AskedPost, BatchLine, Kept, Question
from linkedin_pipeline.domain.label_controls import Control, controls
from linkedin_pipeline.domain.label_prompt import LabelList, ShownPost
from linkedin_pipeline.domain.labels import Label
from linkedin_pipeline.domain.posts import has_words
from linkedin_pipeline.domain.work import FIRST_DAY, Claim, Stage
from linkedin_pipeline.ports import AnswerStore


class LabelAsker:
    """Meets `BatchAsker`; ``taxonomy`` has the labels on offer, ``answers`` what was chosen.

    Controls are among the posts as in other calls.  They follow from the batch and the line, so
    that the answer is checked against the same ones, whichever process reads it.
    """

    purpose = Purpose.CLASSIFICATION
    route = "/v1/chat/completions"

    def __init__(
        self,
        model: Model,
        classifier: OpenAiClassifier,
        calls: LabelCalls,
        profile: ModelProfile,
        answers: AnswerStore,
        taxonomy: Mapping[Stage, Sequence[Label]],
    ) -> None:
        self.model = model
        self._classifier = classifier
        self._calls = calls
        self._profile = profile
        self._answers = answers
        self._taxonomy = taxonomy

    def keys(self, stage: Stage, claims: Sequence[Claim]) -> Mapping[Claim, bytes]:
        """Return the keys of posts that have words, and for a hook type an opening."""
        if not self._taxonomy.get(stage):
            return {}
        one = LabelList.of(stage, self._taxonomy[stage])
        return {
            claim: self._classifier.key(one, ShownPost.of(claim))
            for claim in claims
            if has_words(claim.content)
            and (stage is not Stage.HOOK_CLASSIFICATIONS or has_words(claim.hook or ""))
        }

    def lines(self, batch: UUID, stage: Stage, claims: Sequence[Claim]) -> Iterator[BatchLine]:
        """Write a line for some posts at a time, those that want the same labels together."""
        ordered = sorted(claims, key=lambda claim: sorted(claim.also))
        size = self._profile.pace.batch_size
        for number, start in enumerate(range(0, len(ordered), size)):
            some = ordered[start : start + size]
            lists = self._classifier.lists(stage, some, self._taxonomy)
            posts = [ShownPost.of(claim) for claim in some]
            call = self._call(batch, number, stage, [*lists.values()], posts, len(some))
            questions = tuple(
                Question(claim.post_id, kind, key, place, claim.token if kind == stage else None)
                for place, claim in enumerate(some)
                for kind, key in self._classifier.keys(stage, claim, lists).items()
            )
            plan = call.plan
            yield BatchLine(call.body, len(some), questions, plan.input_tokens, plan.output_tokens)

    def keep(
        self,
        batch: UUID,
        line: int,
        size: int,
        body: Mapping[str, object],
        posts: Sequence[AskedPost],
    ) -> Kept:
        """Keep labels of posts that have the same text, offered the same labels, still."""
        usage = usage_of(body)
        stages = dict.fromkeys(post.stage for post in posts)
        lists = {
            stage: LabelList.of(stage, self._taxonomy[stage])
            for stage in stages
            if self._taxonomy.get(stage)
        }
        shown = {post.post_id: _shown(post) for post in posts}
        asked = [
            post
            for post in posts
            if post.stage in lists
            and self._classifier.key(lists[post.stage], shown[post.post_id]) == post.key
        ]
        discarded = len(posts) - len(asked)
        if not asked:
            return Kept(usage, 0, discarded)
        offered = [lists[stage] for stage in dict.fromkeys(post.stage for post in asked)]
        call = self._call(batch, line, offered[0].stage, offered, [*shown.values()], size)
        try:
            answers = call.read(body)
        except Unusable:
            return Kept(usage, 0, discarded)
        if any(
            answers.get(one.post.id) != one.labels
            for one in self._controls(batch, line, offered, size)
        ):
            return Kept(usage, 0, discarded)
        kept = {
            post.key: label.name
            for post in asked
            if (label := answers.get(post.post_id, {}).get(post.stage)) is not None
        }
        if kept:
            self._answers.keep_labels(kept)
        return Kept(usage, sum(post.key in kept for post in asked), discarded)

    def _call(
        self,
        batch: UUID,
        number: int,
        stage: Stage,
        lists: Sequence[LabelList],
        posts: Sequence[ShownPost],
        size: int,
    ) -> LabelCall:
        among = self._controls(batch, number, lists, size)
        return self._calls.prepare(stage, lists, posts, among=among)

    def _controls(
        self, batch: UUID, number: int, lists: Sequence[LabelList], size: int
    ) -> Sequence[Control]:
        if not self._profile.controls or size < 2:
            return ()
        return controls(lists, [uuid5(batch, f"line {number}")])


def _shown(post: AskedPost) -> ShownPost:
    return ShownPost.of(Claim(post.post_id, 0, FIRST_DAY, 1, 0, post.content, post.hook))
