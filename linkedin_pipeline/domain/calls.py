"""Calls of providers that are not paid by the token."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class CallEnd(StrEnum):
    """How a call ended, as ``provider_calls.outcome`` says it."""

    ANSWERED = "answered"
    REFUSED = "refused"
    UNSENT = "unsent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class CallPermit:
    """The ledger's answer to a call about to be made.

    ``call_id`` None: the provider is paused for ``wait`` seconds, for the reason that is ``said``.
    """

    call_id: UUID | None
    wait: float = 0.0
    said: str = ""
