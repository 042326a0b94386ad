"""Telling people of incidents: one message after the other, within a bound of time."""

from __future__ import annotations

from dataclasses import dataclass

from linkedin_pipeline.ports import Clock
from linkedin_pipeline.publishing_ports import Outbox, Webhook


@dataclass(frozen=True, slots=True)
class Delivered:
    """How many messages were accepted, and what ended it early; None when nothing did."""

    sent: int
    error: str | None


def deliver(outbox: Outbox, webhook: Webhook, clock: Clock, *, seconds: float) -> Delivered:
    """Send what waits, until nothing does, ``seconds`` are over or a message is not accepted.

    Takes one call longer than ``seconds`` at most.  At least once: whoever dies between the
    webhook's answer and its record sends the message again once the claim has lapsed.
    """
    until = clock.monotonic() + seconds
    sent = 0
    while clock.monotonic() < until and (alert := outbox.claim()) is not None:
        if (error := webhook.post(alert)) is not None:
            outbox.failed(alert, error)
            return Delivered(sent, error)
        outbox.sent(alert)
        sent += 1
    return Delivered(sent, None)
