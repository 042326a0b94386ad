"""Posts of our own among those of a call, whose labels are known beforehand.

A post that talks a model into labelling every post its way changes the answers of controls as
well: such an answer is not used, and the posts are asked about again in smaller parts, until the
one at fault speaks for itself alone.  A control says nothing but names and descriptions of labels;
the prompt's rules say what that means, so no judgement is needed to get it right.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from linkedin_pipeline.domain.label_prompt import LabelList, ShownPost, as_data, gist
from linkedin_pipeline.domain.labels import Label
from linkedin_pipeline.domain.work import Stage

GIST = 160
"""Characters of each description in a control."""


@dataclass(frozen=True, slots=True)
class Control:
    """A post of our own and its labels."""

    post: ShownPost
    labels: Mapping[Stage, Label]


def controls(lists: Sequence[LabelList], posts: Sequence[UUID]) -> tuple[Control, Control]:
    """Return two controls that differ in every label that there is more than one of.

    So at least one of them contradicts whatever single label an answer gives to everybody.  Which
    labels they are depends on the posts, and their ids are as random as those of the posts.
    """
    seed = hashlib.sha256(b"".join(post.bytes for post in posts)).digest()
    pairs = {one.stage: _two(one, seed) for one in lists}
    first, second = (
        _control(UUID(bytes=hashlib.sha256(seed + bytes([number])).digest()[:16]), labels)
        for number, labels in enumerate(
            {stage: pair[side] for stage, pair in pairs.items()} for side in (0, 1)
        )
    )
    return first, second


def _two(one: LabelList, seed: bytes) -> tuple[Label, Label]:
    """Choose two labels, different ones where there are two."""
    labels = list(one.labels.values())
    number = int.from_bytes(hashlib.sha256(seed + one.stage.encode()).digest()[:8], "big")
    place = number % len(labels)
    step = 1 + number // len(labels) % max(len(labels) - 1, 1)
    return labels[place], labels[(place + step) % len(labels)]


def _control(name: UUID, labels: Mapping[Stage, Label]) -> Control:
    said = {stage: as_data(f"{label.name}: {gist(label, GIST)}") for stage, label in labels.items()}
    opening = said.pop(Stage.HOOK_CLASSIFICATIONS, "")
    return Control(ShownPost(name, "\n".join(said.values()), opening), labels)
