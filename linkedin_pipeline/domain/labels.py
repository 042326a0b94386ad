"""Labels that posts are given, and the texts they are chosen by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from linkedin_pipeline.domain.work import Stage

# hook types last: they embed other texts, which would push those of the posts out of a cache
LABEL_STAGES = (
    Stage.TOPIC_CLASSIFICATIONS,
    Stage.AUDIENCE_CLASSIFICATIONS,
    Stage.HOOK_CLASSIFICATIONS,
)


@dataclass(frozen=True, slots=True)
class Label:
    """An active row of the taxonomy.

    ``text`` is what stands for it in an embedding; ``vector`` is made of it by ``model``: 1,536
    numbers of unit norm, or none while that model is out.  ``keywords`` are words and phrases that
    point to it, of either language.
    """

    id: UUID
    name: str
    text: str
    vector: Sequence[float]
    keywords: tuple[str, ...] = ()
    model: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """The label chosen for one post; ``confidence`` is the chooser's, 0 to 1, where it has one.

    ``model`` says what chose it, where that is not the classifier that was asked.
    """

    label: UUID
    confidence: float | None
    model: str | None = None
