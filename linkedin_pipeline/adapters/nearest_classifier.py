"""Classification without a key: the label whose description is nearest in meaning.

It works with any embedder, but its confidences are calibrated for the local model
(`classifications.TEMPERATURE`).  A text can only ever choose among the labels given: it is
measured, not read, and nothing in it is an instruction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from linkedin_pipeline.domain.classifications import TEMPERATURE, centroid, choose, phrases
from linkedin_pipeline.domain.embeddings import embedded_text
from linkedin_pipeline.domain.hook_rules import keyword_strength, rule_strengths
from linkedin_pipeline.domain.hooks import MAX_CHARACTERS
from linkedin_pipeline.domain.labels import Choice, Label
from linkedin_pipeline.domain.work import Claim, Done, Stage
from linkedin_pipeline.ports import Embedder

_Matrix = npt.NDArray[np.float64]

SHARPNESS = 10.0
"""How much the nearest phrases of a hook type count against its others: 0 is their mean, infinity
the nearest alone.  Openings of one type share their form and little of their meaning, so the mean
finds 62 % of the sample hooks, ten 71 %, the nearest alone 58 %."""
RULE_ODDS = 4.0
"""Log-odds of a rule of strength 1: as much as 0.1 of similarity.  With `KEYWORD_ODDS` it is
among the likeliest for those sample hooks that no rule was written after: 80 % are right, at a mean
confidence of 86 % (of those that rules were written after: 90 % and 90 %)."""
KEYWORD_ODDS = 1.0
"""Log-odds of keywords of strength 1."""


class NearestClassifier:
    """Meets `Classifier`; safe to share between threads.

    Topics and audiences: the label whose vector is nearest to that of the post's text.  Hook types:
    the type whose phrases are nearest to the opening, with what rules and keywords add.  Of equals
    the first label wins.  ``nearest-1`` in the model's name is the version of all this.
    """

    pace = None

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._phrases: tuple[tuple[str, ...], list[_Matrix]] = ((), [])

    @property
    def model(self) -> str:
        """The embedder's ``provider:model`` and the version of the choosing."""
        return f"{self._embedder.model}/nearest-1"

    def classify(
        self, stage: Stage, claims: Sequence[Claim], taxonomy: Mapping[Stage, Sequence[Label]]
    ) -> Sequence[Done[Choice]]:
        """Choose one of the stage's labels for each claim; the confidence is a probability.

        Raises:
            ProviderDown: the embedder is out.
            ValueError: there are claims, and no labels.
        """
        if not claims:
            return []
        labels = taxonomy[stage]
        if stage is Stage.HOOK_CLASSIFICATIONS:
            log_odds = self._hook_types([_opening(claim) for claim in claims], labels)
        else:
            posts = self._embed([embedded_text(claim.content) for claim in claims])
            log_odds = posts @ self._directions(labels).T / TEMPERATURE
        return [Done(_choice(row, labels)) for row in log_odds.tolist()]

    def forget(
        self, stage: Stage, claims: Sequence[Claim], taxonomy: Mapping[Stage, Sequence[Label]]
    ) -> None:
        """Do nothing: choices cost no money here."""

    def _hook_types(self, hooks: Sequence[str], labels: Sequence[Label]) -> _Matrix:
        openings = self._embed(hooks)
        log_odds = np.stack(
            [_nearness(openings, phrased) for phrased in self._phrased(labels)], axis=1
        )
        log_odds /= TEMPERATURE
        for row, hook in zip(log_odds, hooks, strict=True):
            rules = rule_strengths(hook)
            row += [
                RULE_ODDS * rules.get(label.name, 0.0)
                + KEYWORD_ODDS * keyword_strength(hook, label.keywords)
                for label in labels
            ]
        return log_odds

    def _phrased(self, labels: Sequence[Label]) -> list[_Matrix]:
        """Return the vectors of each label's phrases; those of the last call are kept."""
        texts = tuple(label.text for label in labels)
        known, vectors = self._phrases
        if known != texts:
            vectors = [self._embed([embedded_text(p) for p in phrases(text)]) for text in texts]
            self._phrases = (texts, vectors)  # at once, so that threads see one pair or the other
        return vectors

    def _directions(self, labels: Sequence[Label]) -> _Matrix:
        """Return the labels' vectors, made here when they are another model's."""
        if all(label.model == self._embedder.model for label in labels):
            return _matrix([label.vector for label in labels])
        return _matrix([centroid(rows.tolist()) for rows in self._phrased(labels)])

    def _embed(self, texts: Sequence[str]) -> _Matrix:
        return _matrix(self._embedder.embed(texts))


def _opening(claim: Claim) -> str:
    # whoever writes a hook by hand may write a blank one, or one of any length
    return ((claim.hook or "").strip() or claim.content.strip())[:MAX_CHARACTERS]


def _matrix(vectors: Sequence[Sequence[float]]) -> _Matrix:
    return np.asarray(vectors, dtype=np.float64)


def _nearness(openings: _Matrix, phrased: _Matrix) -> _Matrix:
    powers = np.exp(SHARPNESS * (openings @ phrased.T))
    return np.asarray(np.log(powers.mean(axis=1)) / SHARPNESS)


def _choice(log_odds: Sequence[float], labels: Sequence[Label]) -> Choice:
    best, confidence = choose(log_odds)
    return Choice(labels[best].id, confidence)
