"""What repeats or goes on in a series: its trend, with doubt, and its weekdays; and what moves together."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from servers.analysis.due import differ, running_median
from servers.analysis.series import Floats, Series, weekday
from servers.analysis.table import Column

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


@dataclass(frozen=True, slots=True)
class Trend:
    """Where a series goes.

    Attributes:
        direction: `unclear` where the doubt includes both ways.
        slope: Units a day: the median slope of all pairs of whole weeks (Theil and Sen).
        low: The lower end of what the slope may be, at 95 %.
        high: The upper end.
        first: The mean of the first four weeks, or of the first quarter of the dates where they are no days.
        last: The mean of the last four weeks, or quarter.
        dates: How many dates each of these has.
    """

    direction: Literal["rising", "falling", "unclear"]
    slope: float
    low: float
    high: float
    first: float
    last: float
    dates: int

    @property
    def change(self) -> float:
        """Percent from `first` to `last`; NaN where the first is not above zero."""
        return 100 * (self.last / self.first - 1) if self.first > 0 else float("nan")


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
    there = np.flatnonzero(np.isfinite(series.values))
    daily = series.step == "day"
    if len(there) < (28 if daily else 8):
        return None
    at = series.days.astype(np.int64).astype(np.float64)[there]
    width = max(7.0, float(at[-1] - at[0]) / 300) if daily else 1e-9
    bins = np.unique((at - at[0]) // width, return_inverse=True)[1] if daily else np.arange(len(at))
    counts = np.bincount(bins)
    x, y = np.bincount(bins, at) / counts, np.bincount(bins, series.values[there]) / counts
    if daily and (whole := counts >= int(width)).sum() > 3:  # of a week cut short the weekdays would be told
        x, y = x[whole], y[whole]
    first, second = np.triu_indices(len(x), 1)
    slopes = np.sort((y[second] - y[first]) / (x[second] - x[first]))
    slope = float(np.median(slopes))
    rest = y - slope * x
    rest -= np.median(rest)
    memory = float(np.clip(_r(rest[1:], rest[:-1]), 0, 0.9))
    n = len(x)
    spread = 1.96 * np.sqrt(n * (n - 1) * (2 * n + 5) / 18 * (1 + memory) / (1 - memory))
    low = float(slopes[max(0, int((len(slopes) - spread) / 2))])
    high = float(slopes[min(len(slopes) - 1, int((len(slopes) + spread) / 2))])
    dates = 28 if daily and len(series.days) >= 56 else len(series.days) // (2 if daily else 4)
    begin, end = _mean(series.values[:dates]), _mean(series.values[-dates:])
    return Trend("rising" if low > 0 else "falling" if high < 0 else "unclear", slope, low, high, begin, end, dates)


def _mean(values: Floats) -> float:
    there = values[np.isfinite(values)]
    return float(there.mean()) if len(there) else float("nan")


def seasons(series: Series) -> Iterator[Season]:
    """What repeats: weekdays where there are four weeks and they differ more than by chance, months in two years."""
    there = np.isfinite(series.values)
    values = series.values[there]
    if series.step == "day" and len(values) >= 28:
        of = weekday(series.days)[there]
        if differ((series.values - running_median(series.values, 21))[there], of):
            yield Season("weekday", {WEEKDAYS[day]: float(values[of == day].mean()) for day in np.unique(of).tolist()})
    months = series.days.astype("datetime64[M]").astype(np.int64)[there]
    which, place = np.unique(months, return_inverse=True)
    if len(which) >= 24:
        means = np.bincount(place, values) / np.bincount(place)
        of = which % 12
        rest = means - running_median(means, 13)
        by = np.array([rest[of == month].mean() if (of == month).any() else 0.0 for month in range(12)])
        left = float(np.sum((rest - by[of]) ** 2)) / max(len(rest) - 12, 1)
        if float(np.sum(by[of] ** 2)) / 11 > 5 * left:
            yield Season("month", {MONTHS[month]: float(means[of == month].mean()) for month in np.unique(of).tolist()})


def correlations(metric: Column, others: Iterable[Column]) -> Iterator[Correlation]:
    """The columns that move with the metric: Pearson's r and that of the ranks are both 0.3 or more, one way."""
    for other in others:
        both = np.isfinite(metric.values) & np.isfinite(other.values)
        if both.sum() < 30:
            continue
        one, two = metric.values[both], other.values[both]
        r, ranked = _r(one, two), _r(_ranks(one), _ranks(two))
        if min(abs(r), abs(ranked)) >= 0.3 and r * ranked > 0:
            yield Correlation(metric.name, other.name, r, int(both.sum()))


def _r(one: Floats, two: Floats) -> float:
    """Pearson's r; 0 where either never changes."""
    scale = max(float(np.abs(one).max(initial=0)), 1e-300), max(float(np.abs(two).max(initial=0)), 1e-300)
    one, two = one / scale[0], two / scale[1]
    one, two = one - one.mean(), two - two.mean()
    size = float(np.sqrt(np.dot(one, one) * np.dot(two, two)))
    return float(np.clip(np.dot(one, two) / size, -1, 1)) if size > 1e-12 else 0.0


def _ranks(values: Floats) -> Floats:
    """The rank of each value, equal ones sharing theirs."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[place]
