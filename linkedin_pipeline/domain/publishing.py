"""Publishing: states, policy, and what decides between them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

UnconfirmedPolicy = Literal["retry", "hold"]


@dataclass(frozen=True, slots=True)
class PublishPolicy:
    """How patient publishing is, as the ``PUBLISH_…`` variables say.

    ``settle``: how long a feed may lag behind a publication; ``grace``: how late a post may still
    go out; ``spacing``: the least gap between two posts of one account; ``unconfirmed``: what to
    do once absence is proved.
    """

    settle: timedelta = timedelta(seconds=600)
    grace: timedelta = timedelta(hours=6)
    spacing: timedelta = timedelta(seconds=300)
    unconfirmed: UnconfirmedPolicy = "retry"
