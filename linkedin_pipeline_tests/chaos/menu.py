"""What can go wrong with a call, by name: lists of faults as the simulator takes them.

All times but `LONGEST_LAG` are far below the settle window, or far above a call's limit; see
`publisher`.  ``HERE``
stands for the key of the post that is to meet the fault.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

Faults = Sequence[Mapping[str, Any]]

_POST = "POST /api/v1/posts"
_HANG = 11.0  # longer than a call may take
LONGEST_LAG = 15.0
"""Seconds until the latest feed shows a post: longer than the settle window."""


def _post(kind: str, **rest: Any) -> Mapping[str, Any]:
    return {"kind": kind, "route": _POST, **rest}


def _said(name: str, **rest: Any) -> Faults:
    return [_post("typed_error", type=f"errors/{name}", **rest)]


def _after(status: int, **rest: Any) -> Faults:
    return [_post("error_after", status=status, **rest)]


# a copy of these on a page's post too, as its text holds the key as well
_TWICE = {"times": 2}

MENU: Mapping[str, Faults] = {
    "reset after": [_post("reset_after", **_TWICE)],
    "500 after": _after(500, **_TWICE),
    "502 after": _after(502, html=True),
    "503 after": _after(503, type="errors/service_unavailable"),
    "504 after": _after(504, type="errors/request_timeout", **_TWICE),
    "hang after": [_post("latency", seconds=_HANG)],
    "cut off answer": [_post("truncated")],
    "malformed answer": [_post("malformed")],
    "no id": [_post("null_id", **_TWICE)],
    "late in feed": [_post("late_in_feed", seconds=1.5), _post("reset_after")],
    "late, read back": [_post("late_in_feed", seconds=1.5), _post("null_id")],
    "reset before": [_post("reset_before")],
    "500 before": [_post("server_error")],
    "502 before": [_post("bad_gateway")],
    "503 before": [_post("unavailable")],
    "504 before": _said("request_timeout"),
    "disconnected": _said("disconnected_account"),
    "credentials": _said("expired_credentials"),
    "forbidden": _said("insufficient_permissions"),
    "bad post": _said("invalid_post"),
    "limit exceeded": _said("limit_exceeded", retry_after="1"),
    "429": [_post("rate_limit", retry_after="1")],
    "not found": _said("resource_not_found"),
    "media rejected": _said("unsupported_media_type"),
    "duplicate of another": [_post("duplicate_other")],
    # the feed lags longer than anybody reckons with, and LinkedIn refuses the second copy
    "lagging duplicate": [
        _post("reset_after"),
        _post("late_in_feed", seconds=LONGEST_LAG),
        _post("duplicate_own", times=None),
    ],
    "text cut": [_post("text_cut"), _post("reset_after")],
    "spaces": [_post("spaces_changed"), _post("error_after", status=500)],
    "links": [_post("links_changed"), _post("error_after", status=504)],
    "mentions": [_post("mentions_changed"), _post("reset_after")],
    "twice reset": [_post("reset_before", times=2)],
    "slow": [_post("latency", seconds=1.5)],
}
"""Faults of a POST."""

FEED: Mapping[str, Faults] = {
    "stale feed": [{"kind": "stale_feed", "seconds": 1.0, "times": 2}],
    "missing page": [{"kind": "missing_page"}],
    "feed ends early": [{"kind": "early_end", "times": 2}],
    "broken cursor": [{"kind": "broken_cursor"}],
    "feed 500": [{"kind": "server_error", "route": "GET /api/v1/users", "times": 4}],
    "feed 429": [{"kind": "rate_limit", "route": "GET /api/v1/users", "retry_after": "1"}],
    "feed reset": [{"kind": "reset_before", "route": "GET /api/v1/users"}],
    "read-back 500": [{"kind": "server_error", "route": "GET /api/v1/posts", "times": 4}],
    "read-back malformed": [{"kind": "malformed", "route": "GET /api/v1/posts"}],
    "accounts 503": [{"kind": "unavailable", "route": "GET /api/v1/accounts"}],
}
"""Faults of what is read, for whoever reads next (of an account, where one is named)."""

MEDIA: Mapping[str, Faults] = {
    "picture 503": [{"kind": "unavailable", "provider": "images"}],
    "picture is a page": [{"kind": "wrong_bytes", "provider": "images"}],
    "picture is empty": [{"kind": "empty", "provider": "images"}],
    "picture reset": [{"kind": "reset_before", "provider": "images"}],
    "picture too large": [{"kind": "bomb", "provider": "images"}],
}
"""Faults of pictures."""

EVERY = {**MENU, **FEED, **MEDIA}


def draw(random: Random, menu: Mapping[str, Faults]) -> tuple[str, ...]:
    """Choose one; those that take long are rarer."""
    name = random.choice(sorted(menu))
    return (random.choice(sorted(menu)) if name in _LONG else name,)


_LONG = {"hang after", "lagging duplicate", "slow"}
