"""How a simulated Unipile behaves where its documents say nothing, or say that it may vary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from linkedin_pipeline.domain.errors import BadInput
from linkedin_pipeline.simulators.unipile_feed import FORMS, Change


@dataclass(slots=True)
class Habits:
    """What holds for every account, from the next call on.

    ``feed_delay`` and ``read_delay`` are the seconds until a new post is in its feed, and can be
    read by its id.  ``whole_seconds`` cuts the times of a feed; ``changes`` is what becomes of its
    texts.  ``id_form`` is what a new post answers with: the bare number of its ``activity``,
    ``share`` or ``ugcPost``, or a ``urn``.  ``bare_ids`` lets posts be read by a bare number.
    """

    feed_delay: float = 0.0
    read_delay: float = 0.0
    whole_seconds: bool = True
    changes: frozenset[Change] = field(default_factory=lambda: frozenset({Change.MENTIONS}))
    id_form: str = "activity"
    bare_ids: bool = True

    def change(self, document: object) -> None:
        """Take over what the admin API was sent; what it leaves out stays.

        Raises:
            BadInput: a key or a value is not usable; nothing is taken over then.
        """
        if not isinstance(document, Mapping):
            raise BadInput("habits", f"{document!r} is not an object", "Send an object.")
        known = [one.name for one in fields(self)]
        if unknown := document.keys() - set(known):
            raise BadInput("habits", f"unknown key {min(unknown)!r}", f"Known: {', '.join(known)}.")
        read = {name: _read(name, value) for name, value in document.items()}
        for name, value in read.items():
            setattr(self, name, value)

    def as_json(self) -> dict[str, Any]:
        """Return the habits for the admin API."""
        shown = {one.name: getattr(self, one.name) for one in fields(self)}
        return {**shown, "changes": sorted(self.changes)}


def _read(name: str, value: Any) -> Any:
    match name:
        case "feed_delay" | "read_delay" if type(value) in {int, float} and value >= 0:
            return float(value)
        case "whole_seconds" | "bare_ids" if isinstance(value, bool):
            return value
        case "id_form" if value in {*FORMS, "urn"}:
            return value
        case "changes" if isinstance(value, list) and set(value) <= {*Change}:
            return frozenset(map(Change, value))
        case _:
            raise BadInput("habits", f"{name} cannot be {value!r}", "See the class Habits.")
