"""Labels from a language model behind OpenAI's chat completions, or a server that speaks alike.

One call asks about several posts and every kind of label that they want: of what a call costs, a
list of labels is the smaller part when it comes from the provider's cache and the larger one when
it is sent once more for another kind.  So all posts of a call are asked for all that any of them
wants; what a post does not want is not kept.

    an answer that cannot be used                  for several posts: `Rejected`, the caller halves
    (refused, cut, not JSON, controls wrong)       them; for one: once more, then `Retry`
    a post without a usable label in an answer     asked about again, then `Retry`
    a post that is refused alone                   `Reject`, if the model answers about controls;
                                                   if it does not, the model is out, not the post
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from linkedin_pipeline.adapters.calls import Caller
from linkedin_pipeline.adapters.chat_profiles import ModelProfile, profile_of
from linkedin_pipeline.adapters.label_calls import (
    REFUSED,
    TRUNCATED,
    Answers,
    LabelCalls,
    Unusable,
)
from linkedin_pipeline.adapters.openai_client import OpenAiClient
from linkedin_pipeline.domain.ai import Model, answer_key
from linkedin_pipeline.domain.errors import Rejected
from linkedin_pipeline.domain.label_prompt import (
    PROMPT_VERSION,
    LabelList,
    ShownPost,
    fit_together,
    too_long,
)
from linkedin_pipeline.domain.labels import LABEL_STAGES, Choice, Label
from linkedin_pipeline.domain.work import Claim, Done, Reject, Retry, Stage, Verdict
from linkedin_pipeline.ports import AnswerStore

CALLS = 2
"""How often a post is asked about before it is put back; also the calls about it alone."""
MORE_ROOM = 4
"""How much longer an answer that was cut may be the next time."""
MISSING = "missing_answer"


@dataclass(slots=True, eq=False)
class _Question:
    """A claim, the keys of the labels that it wants, the labels it has by now."""

    claim: Claim
    post: ShownPost
    wanted: Mapping[Stage, bytes]
    answers: dict[Stage, Label] = field(default_factory=dict)
    failure: Reject | Retry | None = None

    @property
    def missing(self) -> set[Stage]:
        return self.wanted.keys() - self.answers.keys()


class OpenAiClassifier:
    """Meets `Classifier`; safe to share between threads.

    A label of its choice has no confidence: a language model's own would be one more guess.
    """

    def __init__(
        self,
        model: Model,
        client: OpenAiClient,
        caller: Caller,
        answers: AnswerStore,
        profile: ModelProfile | None = None,
    ) -> None:
        self._model = model
        self._answers = answers
        self._profile = profile or profile_of(model.name)
        self._calls = LabelCalls(model, client, caller, self._profile)
        self.pace = self._profile.pace

    @property
    def model(self) -> str:
        """The model's name and the version of the prompt."""
        return f"{self._model}/{PROMPT_VERSION}"

    def classify(
        self, stage: Stage, claims: Sequence[Claim], taxonomy: Mapping[Stage, Sequence[Label]]
    ) -> Sequence[Verdict[Choice]]:
        """Choose one of the stage's labels for each claim, in order.

        A post that was put back before is asked about alone, so that it spoils nobody's answer.

        Raises:
            ProviderDown: no call may be made, none succeeds, or nothing usable is answered.
            Rejected: the posts cannot be answered together; what was answered is kept.
            Misconfigured: the stage has more labels than a model can be offered.
        """
        lists = self.lists(stage, claims, taxonomy)
        questions = [self._question(stage, claim, lists) for claim in claims]
        self._recall(questions, lists)
        left = [question for question in questions if stage not in question.answers]
        together = [question for question in left if not _was_put_back(question.claim)]
        if len(together) > 1:
            self._ask_together(stage, together, lists)
        for question in left:
            if question not in together or len(together) == 1:
                self._ask_alone(stage, question, lists, CALLS)
        return [_verdict(stage, question) for question in questions]

    def answered(
        self, stage: Stage, claims: Sequence[Claim], taxonomy: Mapping[Stage, Sequence[Label]]
    ) -> AbstractSet[Claim]:
        """Return the claims whose labels were answered and kept, as in a call for other kinds."""
        one = LabelList.of(stage, taxonomy[stage])
        keys = {claim: self.key(one, ShownPost.of(claim)) for claim in claims}
        kept = self._answers.labels([*keys.values()])
        return {claim for claim, key in keys.items() if kept.get(key) in one.labels}

    def forget(
        self, stage: Stage, claims: Sequence[Claim], taxonomy: Mapping[Stage, Sequence[Label]]
    ) -> None:
        """Drop the kept labels of this stage for these claims; those of others stay."""
        if claims and taxonomy[stage]:
            one = LabelList.of(stage, taxonomy[stage])
            self._answers.forget([self.key(one, ShownPost.of(claim)) for claim in claims])

    def lists(
        self, stage: Stage, claims: Sequence[Claim], taxonomy: Mapping[Stage, Sequence[Label]]
    ) -> dict[Stage, LabelList]:
        """Return the lists to ask about together, the stage's own first."""
        also = frozenset[Stage]().union(*(claim.also for claim in claims))
        others = [
            other
            for other in LABEL_STAGES
            if self._profile.merge and other != stage and other in also and taxonomy.get(other)
        ]
        usable = [other for other in others if not too_long(taxonomy[other])]
        lists = [LabelList.of(one, taxonomy[one]) for one in (stage, *usable)]
        return {one.stage: one for one in fit_together(lists)}

    def _question(self, stage: Stage, claim: Claim, lists: Mapping[Stage, LabelList]) -> _Question:
        return _Question(claim, ShownPost.of(claim), self.keys(stage, claim, lists))

    def keys(
        self, stage: Stage, claim: Claim, lists: Mapping[Stage, LabelList]
    ) -> dict[Stage, bytes]:
        """Return the keys of all labels to ask about for a claim of a stage."""
        post = ShownPost.of(claim)
        return {
            one.stage: self.key(one, post)
            for one in lists.values()
            if one.stage == stage
            or (
                one.stage in claim.also
                and (post.opening or one.stage is not Stage.HOOK_CLASSIFICATIONS)
            )
        }

    def key(self, one: LabelList, post: ShownPost) -> bytes:
        """Return the key of a label of that list for that post."""
        depended_on = post.depended_on(one.stage)
        return answer_key("label", self.model, str(one.stage), one.digest, *depended_on)

    def _recall(self, questions: Sequence[_Question], lists: Mapping[Stage, LabelList]) -> None:
        """Take what was answered and kept before."""
        keys = [key for question in questions for key in question.wanted.values()]
        kept = self._answers.labels(keys) if keys else {}
        for question in questions:
            for stage, key in question.wanted.items():
                label = lists[stage].labels.get(kept.get(key, ""))
                if label is not None:
                    question.answers[stage] = label

    def _ask_together(
        self, stage: Stage, questions: Sequence[_Question], lists: Mapping[Stage, LabelList]
    ) -> None:
        """Ask about several posts, and again about those that have no label then."""
        left, calls = list(questions), 0
        while len(left) > 1 and calls < CALLS:
            calls += 1
            try:
                self._ask(stage, left, lists)
            except Unusable as answer:
                raise Rejected(
                    answer.code,
                    f"{self._model} about {len(left)} posts",
                    answer.reason,
                    "They are asked about in smaller parts.",
                ) from None
            left = [question for question in left if stage not in question.answers]
        if len(left) == 1 and calls < CALLS:
            self._ask_alone(stage, left[0], lists, CALLS - calls)
            return
        for question in left:
            question.failure = _missing()

    def _ask_alone(
        self, stage: Stage, question: _Question, lists: Mapping[Stage, LabelList], calls: int
    ) -> None:
        """Ask about one post; before it is blamed, the model is asked about controls."""
        room = 1
        for _ in range(calls):
            try:
                self._ask(stage, [question], lists, room)
            except Rejected as refusal:
                question.failure = Reject(refusal.code, str(refusal))
                break
            except Unusable as answer:
                if answer.code == REFUSED:
                    question.failure = Reject(REFUSED, f"{self._model}: {answer.reason}.")
                    break
                question.failure = Retry(answer.code, f"{self._model}: {answer.reason}.")
                room = MORE_ROOM if answer.code == TRUNCATED else 1
            else:
                if stage in question.answers:
                    question.failure = None
                    return
                question.failure = _missing()
        self._calls.check(stage, lists[stage])

    def _ask(
        self,
        stage: Stage,
        questions: Sequence[_Question],
        lists: Mapping[Stage, LabelList],
        room: int = 1,
    ) -> None:
        """Make one call and keep what it answered, before anything else is done."""
        missing = set[Stage]().union(*(question.missing for question in questions))
        asked = [one for one in lists.values() if one.stage in missing]
        posts = [question.post for question in questions]

        def keep(answers: Answers) -> None:
            kept: dict[bytes, str] = {}
            for question in questions:
                given = answers.get(question.post.id, {})
                new = {kind: given[kind] for kind in question.missing & given.keys()}
                kept |= {question.wanted[kind]: label.name for kind, label in new.items()}
                question.answers |= new
            if kept:
                self._answers.keep_labels(kept)

        self._calls.ask(stage, asked, posts, keep, room)


def _was_put_back(claim: Claim) -> bool:
    """Tell whether an earlier attempt ended with a word, other than by a worker's death."""
    return claim.attempt - claim.takeovers > 1


def _missing() -> Retry:
    return Retry(MISSING, "The model gave the post no label of the list.")


def _verdict(stage: Stage, question: _Question) -> Verdict[Choice]:
    label = question.answers.get(stage)
    if label is not None:
        return Done(Choice(label.id, None))
    return question.failure or _missing()
