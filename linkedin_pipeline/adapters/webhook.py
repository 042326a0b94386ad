"""The webhook that incidents are posted to; its address is a secret.

Slack answers ``200`` and the word ok; 400, 403, 404 and 410 with the reason as text, 429 with
``Retry-After`` (its documentation, "Sending messages using incoming webhooks").
"""

from __future__ import annotations

from typing import Final

from linkedin_pipeline.adapters.http import Call, CallFailed, HttpCaller
from linkedin_pipeline.adapters.wire import retry_after
from linkedin_pipeline.domain.alerts import Alert, message
from linkedin_pipeline.domain.errors import ProviderDown
from linkedin_pipeline.publishing_ports import CallLedger

PROVIDER: Final = "webhook"
TIMEOUT: Final = 2.0
"""Seconds for a whole call: it is made from a sensor's tick."""


class AlertWebhook:
    """Meets `Webhook`.  Whatever fails pauses the webhook for all processes, for a minute at first.

    ``timeout`` bounds a call, in seconds; only the look-up of the host's name may take longer.
    """

    def __init__(self, url: str, ledger: CallLedger, *, timeout: float = TIMEOUT) -> None:
        self._ledger = ledger
        self._caller = HttpCaller(PROVIDER, url, {}, ledger, timeout=timeout, longest=timeout)

    def close(self) -> None:
        """Close the connections."""
        self._caller.close()

    def post(self, alert: Alert) -> str | None:
        """Post one message; return None once it was accepted, else what was met."""
        call = Call("alert", "POST", "", subject=str(alert.id), body=message(alert))
        try:
            answer = self._caller.send(call)
        except CallFailed as error:
            return self._pause("unreachable", str(error))
        except ProviderDown as paused:
            return paused.value
        if answer.ok:
            return None
        said = f"HTTP {answer.status}"
        if answer.status == 429:
            return self._pause("rate_limited", said, retry_after(answer.headers))
        return self._pause("refused" if answer.status < 500 else "at_fault", said)

    def _pause(self, code: str, said: str, seconds: float | None = None) -> str:
        self._ledger.pause(PROVIDER, code, said, seconds=seconds)
        return said
