"""Numbers become bars."""

from __future__ import annotations

from datetime import date

import pytest

from linkedin_pipeline.gateway.charts import HEIGHT, chart, round_top

DAYS = [date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 3)]


def test_bars_are_stacked_to_scale() -> None:
    """Each rests on the one below it, none of a zero, and the highest pile fits."""
    found = chart("Posts", DAYS, {"hooks": [30, 0, 0], "topics": [10, 0, 50]})
    assert [(bar.series, bar.x, bar.y, bar.height) for bar in found.bars] == [
        (0, 0, 40, 60),
        (1, 0, 20, 20),
        (1, 20, 0, HEIGHT),
    ]
    assert found.bars[0].title == "01 Jan: 30 hooks"
    assert (found.top, found.total, found.span) == ("50", "90", "01 Jan to 03 Jan")
    assert found.totals == [("hooks", "30"), ("topics", "60")]
    assert [day for day, _ in found.rows] == [DAYS[0], DAYS[2]]


def test_nothing_makes_no_bar() -> None:
    """A month without anything is drawn, too."""
    assert chart("Posts", DAYS, {"hooks": [0, 0, 0]}).bars == []


@pytest.mark.parametrize(
    ("most", "top"),
    [(0, 1), (0.0003, 0.0005), (1, 1), (1.1, 2), (50, 50), (501, 1000), (7e9, 1e10)],
)
def test_the_top_is_a_round_number(most: float, top: float) -> None:
    """At least the highest pile, at most two and a half times it."""
    assert round_top(most) == pytest.approx(top)
