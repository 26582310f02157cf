"""What repeats or goes on in a series: its trend, with doubt, and its weekdays; and what moves together."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from servers.analysis.series import Floats, Series, weekday

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class Trend:
    """Where a series goes.

    Attributes:
        direction: `unclear` where the doubt includes both ways.
        slope: Units a day, the median of all pairs of weeks (Theil and Sen).
        low: The lower end of what the slope may be, at 95 %.
        high: The upper end.
        change: Percent from the line's first day to its last, of the first; NaN where that is not above zero.
    """

    direction: Literal["rising", "falling", "unclear"]
    slope: float
    low: float
    high: float
    change: float


@dataclass(frozen=True, slots=True)
class Season:
    """What repeats in a series.

    Attributes:
        by: What it repeats by.
        means: The mean of each weekday or month, by its name.
    """

    by: Literal["weekday", "month"]
    means: dict[str, float]


@dataclass(frozen=True, slots=True)
class Correlation:
    """Two columns that move together, row by row: Pearson's r over the rows that have both."""

    column: str
    against: str
    r: float
    rows: int


@dataclass(frozen=True, slots=True)
class Group:
    """The rows that share a value of a text column.

    Attributes:
        column: The text column.
        name: Its value.
        rows: How many rows have it.
        value: The metric's total, mean or number of rows.
        share: Percent of the total; `None` for a mean.
    """

    column: str
    name: str
    rows: int
    value: float
    share: float | None


def trend(series: Series) -> Trend | None:
    """The trend of a series; `None` where it has too few days to tell."""
    kept = np.isfinite(series.values)
    if kept.sum() < 28:
        return None
    at = series.days.astype(np.int64).astype(float)[kept]
    values = series.values[kept]
    weeks = np.unique((at - at[0]) // 7, return_inverse=True)[1]
    x = np.bincount(weeks, at) / np.bincount(weeks)
    y = np.bincount(weeks, values) / np.bincount(weeks)
    first, second = np.triu_indices(len(x), 1)
    slopes = np.sort((y[second] - y[first]) / (x[second] - x[first]))
    n = len(x)
    spread = 1.96 * np.sqrt(n * (n - 1) * (2 * n + 5) / 18)
    low = slopes[max(0, int((len(slopes) - spread) / 2))]
    high = slopes[min(len(slopes) - 1, int((len(slopes) + spread) / 2))]
    slope = float(np.median(slopes))
    start = float(np.median(y - slope * (x - at[0])))
    change = 100 * slope * float(at[-1] - at[0]) / start if start > 0 else float("nan")
    direction = "rising" if low > 0 else "falling" if high < 0 else "unclear"
    return Trend(direction, slope, float(low), float(high), change)


def weekdays(series: Series) -> Season | None:
    """The means of the weekdays where they differ; `None` where they do not, or where too few weeks are there."""
    of = weekday(series.days)
    kept = np.isfinite(series.values)
    if series.step != "day" or kept.sum() < 28:
        return None
    by = [series.values[kept & (of == day)] for day in range(7)]
    means: dict[str, float] = {name: float(np.mean(part)) for name, part in zip(WEEKDAYS, by, strict=True) if len(part)}
    spread: Floats = np.array([np.std(part) / np.sqrt(len(part)) for part in by if len(part)])
    high, low = max(means.values()), min(means.values())
    return Season("weekday", means) if high - low > 5 * np.mean(spread) else None
