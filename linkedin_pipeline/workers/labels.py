"""Classification: choosing labels for posts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from linkedin_pipeline.domain.errors import ProviderDown
from linkedin_pipeline.domain.labels import Choice, Label
from linkedin_pipeline.domain.posts import has_words
from linkedin_pipeline.domain.work import Claim, Reject, Settled, Stage, Verdict
from linkedin_pipeline.ports import Classifier, WorkQueue
from linkedin_pipeline.workers.stages import NO_WORDS

NO_HOOK = Reject("no_hook", "The post has no hook to classify.")


class LabelWorker:
    """Gives posts one label of a kind, through the configured classifier.

    ``taxonomy`` has the labels that were active when the run began, of this stage and of those that
    the run is for besides; one that is switched off meanwhile is refused by the write-back.
    """

    def __init__(
        self, stage: Stage, classifier: Classifier, taxonomy: Mapping[Stage, Sequence[Label]]
    ) -> None:
        self.stage = stage
        self.classifier = classifier
        self.model = classifier.model
        self.pace = classifier.pace
        self.taxonomy = taxonomy

    def decide(self, claims: Sequence[Claim]) -> Sequence[Verdict[Choice]]:
        """Return a choice for each post; one without words, or without a hook, is rejected.

        Raises:
            ProviderDown: the taxonomy has no active label, or the classifier is out.
            Rejected: some post of the batch is refused.
        """
        if not self.taxonomy[self.stage]:
            raise ProviderDown(
                f"the taxonomy for {self.stage}",
                "no active row",
                "Add one or switch one on; the posts wait.",
            )
        refused = {claim: self._refusal(claim) for claim in claims}
        fit = [claim for claim in claims if refused[claim] is None]
        chosen = self.classifier.classify(self.stage, fit, self.taxonomy) if fit else ()
        verdicts = dict(zip(fit, chosen, strict=True))
        return [refused[claim] or verdicts[claim] for claim in claims]

    def _refusal(self, claim: Claim) -> Reject | None:
        if not has_words(claim.content):
            return NO_WORDS
        if self.stage is Stage.HOOK_CLASSIFICATIONS and not has_words(claim.hook or ""):
            return NO_HOOK
        return None

    def store(self, queue: WorkQueue, claims: Sequence[Claim], values: Sequence[Choice]) -> Settled:
        """Write the labels with their confidence and the classifier's name."""
        settled = queue.store_labels(self.stage, claims, values, self.classifier.model)
        # stale ones too: the text or the labels they were chosen for are gone
        ended = [claim for claim in claims if claim.post_id not in settled.busy]
        self.classifier.forget(self.stage, ended, self.taxonomy)
        return settled
