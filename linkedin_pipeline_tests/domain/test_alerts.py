"""Messages as Slack takes them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

from linkedin_pipeline.domain.alerts import Alert, message

ALERT = Alert(
    UUID(int=1),
    1,
    "failed",
    "A post failed",
    "Post 1, account 2.",
    datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
)


def shown(alert: Alert) -> str:
    """Return what a person reads."""
    [block] = message(alert)["blocks"]
    assert block["type"] == "section"
    assert block["text"]["type"] == "mrkdwn"
    text: str = block["text"]["text"]
    return text


def test_a_message_says_what_and_since_when() -> None:
    """Title, detail and time, also as one line for notifications."""
    assert shown(ALERT) == "*A post failed*\nPost 1, account 2.\nSince 2026-01-02 03:04 UTC."
    assert message(ALERT)["text"] == "A post failed. Post 1, account 2."


def test_what_is_over_says_so() -> None:
    """A message that comes late does not send anybody to look; times are UTC's."""
    over = replace(
        ALERT, resolved_at=datetime(2026, 1, 2, 6, 30, tzinfo=timezone(timedelta(hours=2)))
    )
    assert shown(over).endswith("Since 2026-01-02 03:04 UTC, over since 2026-01-02 04:30 UTC.")


def test_nothing_in_a_message_is_taken_for_markup() -> None:
    """The three characters that Slack reads are entities, or <!channel> would call everybody."""
    loud = replace(ALERT, title="<!channel>", detail="a & b <http://x|y>")
    for text in (shown(loud), message(loud)["text"]):
        assert "<" not in text
        assert "&lt;!channel&gt;" in text
        assert "a &amp; b &lt;http://x|y&gt;" in text


def test_a_message_fits() -> None:
    """However long the words are and whatever escaping makes of them."""
    long = replace(ALERT, title="&" * 9_000, detail="&" * 9_000, resolved_at=ALERT.since)
    assert len(shown(long)) <= 3_000
    assert shown(long).count("&") == shown(long).count("&amp;")
