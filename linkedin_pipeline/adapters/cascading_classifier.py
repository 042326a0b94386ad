"""Near neighbours first, the paid model for the rest and for a sample that watches over them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Protocol
from uuid import UUID

from linkedin_pipeline.domain.cascade import CASCADED, Audit, Vote, cascade_of, is_audited
from linkedin_pipeline.domain.labels import Choice, Label
from linkedin_pipeline.domain.work import Claim, Done, Stage, Verdict
from linkedin_pipeline.ports import Classifier


class Neighbours(Protocol):
    """Posts that are near one another in meaning, and the labels that they have.

    Raises (all methods): DatabaseDown when the database does not answer for a while.
    """

    def votes(
        self, stage: Stage, model: str, posts: Sequence[UUID], threshold: float
    ) -> Mapping[UUID, Vote]:
        """Return the labels on which neighbours agree, by post, as far as ``model`` chose theirs.

        Their similarity is at least ``threshold``; posts without a vector yet have no neighbours.
        """
        ...

    def record(self, stage: Stage, model: str, audits: Sequence[Audit]) -> None:
        """Keep what neighbours and ``model`` said of the same posts."""
        ...


class PaidClassifier(Classifier, Protocol):
    """A classifier whose answers are kept until they are stored in a post."""

    def answered(
        self, stage: Stage, claims: Sequence[Claim], taxonomy: Mapping[Stage, Sequence[Label]]
    ) -> AbstractSet[Claim]:
        """Return the claims whose labels are paid for by now."""
        ...


class CascadingClassifier:
    """Meets `Classifier`; safe to share between threads.

    A post takes the label on which its neighbours agree, marked `cascade_of` the model.  What is
    paid for by now, as by a call about another kind of label, is used instead.  Posts that are
    audited are the model's, whatever the neighbours say; both answers are recorded.
    """

    def __init__(self, model: PaidClassifier, neighbours: Neighbours, threshold: float) -> None:
        self._paid = model
        self._neighbours = neighbours
        self._threshold = threshold
        self.model = model.model
        self.pace = model.pace

    def classify(
        self, stage: Stage, claims: Sequence[Claim], taxonomy: Mapping[Stage, Sequence[Label]]
    ) -> Sequence[Verdict[Choice]]:
        """Choose one of the stage's labels for each claim, in order.

        Raises:
            ProviderDown, Rejected: what the model was asked about failed; see `Classifier`.
        """
        if stage not in CASCADED:
            return self._paid.classify(stage, claims, taxonomy)
        votes = self._votes(stage, claims, taxonomy)
        paid = self._paid.answered(stage, claims, taxonomy) if votes else frozenset()
        taken = {
            claim: Done(Choice(vote.label, _confidence(vote), cascade_of(self.model)))
            for claim, vote in votes.items()
            if claim not in paid and not is_audited(claim.post_id)
        }
        left = [claim for claim in claims if claim not in taken]
        chosen = self._paid.classify(stage, left, taxonomy) if left else ()
        verdicts = dict(zip(left, chosen, strict=True))
        audits = [
            Audit(claim.post_id, votes[claim], verdict.value.label)
            for claim, verdict in verdicts.items()
            if claim in votes and is_audited(claim.post_id) and isinstance(verdict, Done)
        ]
        if audits:
            self._neighbours.record(stage, self.model, audits)
        return [taken.get(claim) or verdicts[claim] for claim in claims]

    def forget(
        self, stage: Stage, claims: Sequence[Claim], taxonomy: Mapping[Stage, Sequence[Label]]
    ) -> None:
        """Say that the choices for these claims are stored where they belong."""
        self._paid.forget(stage, claims, taxonomy)

    def _votes(
        self, stage: Stage, claims: Sequence[Claim], taxonomy: Mapping[Stage, Sequence[Label]]
    ) -> Mapping[Claim, Vote]:
        """Return what neighbours agree on, as far as it is a label on offer."""
        posts = [claim.post_id for claim in claims]
        votes = self._neighbours.votes(stage, self.model, posts, self._threshold)
        offered = {label.id for label in taxonomy[stage]}
        return {
            claim: votes[claim.post_id]
            for claim in claims
            if claim.post_id in votes and votes[claim.post_id].label in offered
        }


def _confidence(vote: Vote) -> float:
    return min(max(vote.similarity, 0.0), 1.0)
