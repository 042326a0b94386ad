"""Who is signed in to the page: a signed cookie that expires; and how often one may try."""

from __future__ import annotations

import hmac
import re
from collections import deque
from typing import Final

LIFETIME: Final = 12 * 60 * 60
"""Seconds."""
COOKIE: Final = "linkedin_pipeline_session"
MOST_FAILURES: Final = 10
WINDOW: Final = 60.0
_TOKEN = re.compile(r"([0-9]{1,12})\.([0-9a-f]{64})", re.ASCII)


def issue(secret: str, now: float) -> str:
    """Return a token that is good until `LIFETIME` after ``now``, seconds since 1970."""
    expires = str(int(now) + LIFETIME)
    return f"{expires}.{_signature(secret, expires)}"


def is_good(token: str, secret: str, now: float) -> bool:
    """Tell whether a token was issued under this very secret and has not expired."""
    found = _TOKEN.fullmatch(token)
    if found is None:
        return False
    expires, signature = found.groups()
    return hmac.compare_digest(signature, _signature(secret, expires)) and now < int(expires)


def _signature(secret: str, expires: str) -> str:
    # a key of its own: the secret itself signs nothing, and another secret makes another key
    key = hmac.digest(secret.encode(), b"linkedin_pipeline page session 1", "sha256")
    return hmac.digest(key, expires.encode(), "sha256").hex()


class Attempts:
    """Failed attempts of this process within the last minute, whoever made them.

    Not by address: behind a proxy all have the same, and an attacker has many.
    """

    def __init__(self, most: int = MOST_FAILURES, window: float = WINDOW) -> None:
        self._most = most
        self._window = window
        self._failures: deque[float] = deque()

    def wait(self, now: float) -> float:
        """Return the seconds until the next attempt is looked at; 0 when it is at once."""
        while self._failures and self._failures[0] <= now - self._window:
            self._failures.popleft()
        if len(self._failures) < self._most:
            return 0.0
        return self._failures[0] + self._window - now

    def failed(self, now: float) -> None:
        """Count a failure."""
        self._failures.append(now)
