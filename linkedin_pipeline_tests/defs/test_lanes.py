"""Which runs are asked for."""

from __future__ import annotations

from datetime import date, timedelta

from linkedin_pipeline.defs.lanes import back_off, lanes, with_followers
from linkedin_pipeline.domain.work import FIRST_DAY, DayRange, Stage, newest_block


def test_lanes_share_all_days_without_overlap() -> None:
    """The fresh lane holds yesterday and today, the backlog everything before."""
    fresh, backlog = lanes(date(2026, 3, 1))
    assert fresh.days == DayRange(date(2026, 2, 28), date(2026, 3, 1))
    assert backlog.days == DayRange(FIRST_DAY, date(2026, 2, 27))


def test_block_is_the_newest_month_at_most() -> None:
    """A block ends with the newest day that has work and covers at most 31 days."""
    newest = date(2026, 3, 31)
    block = newest_block([DayRange(date(2024, 5, 5), newest), DayRange(newest, newest)])
    assert block == DayRange(newest - timedelta(days=30), newest)


def test_block_starts_with_the_oldest_work_when_that_is_near() -> None:
    """Days without work before the oldest one are left out: every day of a run gets an event."""
    days = DayRange(date(2026, 3, 10), date(2026, 3, 12))
    assert newest_block([days]) == days


def test_followers_run_in_the_same_run() -> None:
    """Embedding posts takes topics and audiences along, where such assets exist."""
    assert with_followers([Stage.EMBEDDINGS], Stage) == [
        Stage.EMBEDDINGS,
        Stage.TOPIC_CLASSIFICATIONS,
        Stage.AUDIENCE_CLASSIFICATIONS,
    ]
    assert with_followers([Stage.EMBEDDINGS], [Stage.HOOKS, Stage.EMBEDDINGS]) == [Stage.EMBEDDINGS]


def test_back_off_doubles_to_ten_minutes() -> None:
    """The wait after n failures in a row is 10 · 2ⁿ⁻¹ seconds, at most 600."""
    assert [back_off(n) for n in (1, 2, 3, 7, 60)] == [10, 20, 40, 600, 600]
