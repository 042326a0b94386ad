"""Stacked bars, one a day: numbers become the rectangles of an SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from linkedin_pipeline.database.trends import Series

HEIGHT: Final = 100.0
STEP: Final = 10.0
"""Units of the drawing; it is stretched to the place that there is."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle: day and series by number, lower edge resting on the bar below."""

    series: int
    x: float
    y: float
    height: float
    title: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing ``width`` by `HEIGHT`, its top standing for ``top``.

    ``totals`` by series; ``rows`` are the days that have anything.
    """

    name: str
    span: str
    width: float
    top: str
    bars: Sequence[Bar]
    totals: Sequence[tuple[str, str]]
    total: str
    rows: Sequence[tuple[date, Sequence[str]]]


def chart(name: str, days: Sequence[date], series: Series, *, decimals: int = 0) -> Chart:
    """Draw a chart; numbers are written with so many ``decimals``."""

    def written(number: float) -> str:
        return f"{number:,.{decimals}f}"

    columns = list(zip(*series.values(), strict=True))
    top = round_top(max(map(sum, columns), default=0))
    bars = []
    for place, (day, numbers) in enumerate(zip(days, columns, strict=True)):
        y = HEIGHT
        for index, (what, number) in enumerate(zip(series, numbers, strict=True)):
            height = HEIGHT * number / top
            y -= height
            if height > 0:
                title = f"{day:%d %b}: {written(number)} {what}"
                bars.append(Bar(index, place * STEP, round(y, 3), round(height, 3), title))
    return Chart(
        name=name,
        span=f"{days[0]:%d %b} to {days[-1]:%d %b}",
        width=STEP * len(days),
        top=written(top),
        bars=bars,
        totals=[(what, written(sum(numbers))) for what, numbers in series.items()],
        total=written(sum(map(sum, columns))),
        rows=[
            (day, [written(number) for number in numbers])
            for day, numbers in zip(days, columns, strict=True)
            if any(numbers)
        ],
    )


def round_top(most: float) -> float:
    """Return the next 1, 2 or 5 times a power of ten; 1 for nothing."""
    if most <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(most))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= most * (1 - 1e-9))
