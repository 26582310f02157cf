"""A metric in time: which column says when, whether values add up, and one value for each day.

A rate must not be summed. Whether a column adds up is told by its name alone, for its values do not tell: revenue and
requests do, a percentile, a price or a share does not, and what nobody knows is averaged, which is never nonsense.
"""

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from servers.analysis.table import Column, Table

How = Literal["sum", "mean", "count"]
Floats = NDArray[np.float64]
Days = NDArray[np.int64]

_ADDS_UP = frozenset(
    """amount amounts births bookings bytes calls cases clicks cost costs count counts deaths downloads earnings energy
    errors events expense expenses failures hits impressions incidents income installs items kwh messages orders
    pageviews passengers precipitation profit purchases qty quantities quantity rain rainfall received requests
    retries revenue sales sent sessions shipped signups sold spend spending tickets tokens total transactions
    trips turnover units views visitors visits volume""".split()  # noqa: SIM905 - sixty words
)
_IS_A_RATE = frozenset(
    """age average avg balance cpu density deviation duration fraction index latency level load max mean median min
    percent percentage percentile per pct price probability proportion quantile rank rate rating ratio score share speed
    std stddev temperature utilisation utilization""".split()  # noqa: SIM905 - forty words
)
_PERCENTILE = re.compile(r"p\d{2,3}")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+\d*|\d+")

_WHEN = ("opened", "created", "started", "start", "date", "day", "time", "timestamp", "datetime", "at", "when", "month")
"""Words in the name of the column that says when a row came to be, before one that says when it was changed."""

_UNITS = {
    "ms": "ms",
    "seconds": "s",
    "minutes": "minutes",
    "hours": "hours",
    "days": "days",
    "eur": "EUR",
    "usd": "USD",
    "gbp": "GBP",
    "percent": "%",
    "pct": "%",
    "bytes": "bytes",
    "kb": "kB",
    "mb": "MB",
    "gb": "GB",
    "kwh": "kWh",
    "celsius": "°C",
}


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """A metric in time.

    Attributes:
        days: The dates in order, datetime64[D]: every day from first to last where the data are daily, otherwise the
            dates that they have.
        values: The value of each, float64; NaN where there is none. A day without a row is 0 where so few rows come a
            day that some days have none, and NaN where rows are missing.
        how: How the rows of a day became its value.
        step: What lies between two dates.
        rows: How many rows each date has.
        closed: Weekdays (0 is Monday) that never have a row; their days are in neither list.
    """

    days: NDArray[np.datetime64]
    values: Floats
    how: How
    step: Literal["day", "week", "month", "other"]
    rows: NDArray[np.int64]
    closed: tuple[int, ...] = ()


def words(name: str) -> list[str]:
    """The words of a column's name: `p95_ms` has two, and so has `unitPrice`."""
    return [word.lower() for word in _WORD.findall(name)]


def is_a_rate(name: str) -> bool:
    """Whether a column of this name is a rate, a price, a level: nothing that adds up."""
    return any(word in _IS_A_RATE or _PERCENTILE.fullmatch(word) for word in words(name))


def adds_up(name: str) -> bool:
    """Whether a column of this name may be summed."""
    return not is_a_rate(name) and not _ADDS_UP.isdisjoint(words(name))


def unit(name: str) -> str:
    """The unit that a column's name ends in, or nothing."""
    known = words(name)
    return _UNITS.get(known[-1], "") if len(known) > 1 or known == ["bytes"] else ""


def time_column(table: Table) -> Column | None:
    """The column that says when a row came to be, or `None` where no column holds times."""
    times = [column for column in table.columns.values() if column.kind == "time" and column.missing < table.read]

    def first(column: Column) -> tuple[int, int]:
        ranks = [_WHEN.index(word) for word in words(column.name) if word in _WHEN]
        return (min(ranks, default=len(_WHEN)), column.missing)

    return min(times, key=first, default=None)


def weekday(days: NDArray[np.datetime64]) -> NDArray[np.int64]:
    """0 for a Monday, 6 for a Sunday."""
    return (days.astype("datetime64[D]").astype(np.int64) + 3) % 7  # 1970-01-01 was a Thursday


def day_numbers(when: NDArray[np.datetime64]) -> tuple[NDArray[np.int64], NDArray[np.bool_], int]:
    """The day of each row as a number, which rows are to be used, and how many are dated far from all others.

    A row without a time is not used, and neither is one of 1970 or of 9999 among rows of this year: such a date stands
    for none.
    """
    used = ~np.isnat(when)
    days = np.where(used, when, np.datetime64(0, "s")).astype("datetime64[D]").astype(np.int64)
    if not used.any():
        return days, used, 0
    low, high = np.quantile(days[used], (0.01, 0.99), method="nearest")
    room = 3 * max(int(high - low), 30)
    near = used & (days >= low - room) & (days <= high + room)
    return days, near, int(used.sum() - near.sum())


def panel(
    days: NDArray[np.int64], values: Floats | None, how: How, codes: NDArray[np.int64] | None = None, groups: int = 1
) -> list[Series]:
    """A series for each group, all on the same dates.

    Args:
        days: The day of each row, as a number since 1970.
        values: The metric in each row, NaN where it is missing; `None` to count rows.
        how: How rows become the value of a day.
        codes: The group of each row, from 0; without it all rows are one group.
        groups: How many groups there are.
    """
    if values is not None:
        kept = np.isfinite(values)
        days, values = days[kept], values[kept]
        codes = codes[kept] if codes is not None else None
    dates, place = np.unique(days, return_inverse=True)
    if not len(dates):
        empty = np.zeros(0, np.int64)
        return [Series(empty.astype("datetime64[D]"), empty.astype(float), how, "day", empty) for _ in range(groups)]
    step, closed = _rhythm(dates)
    if step == "day":
        calendar: Days = np.arange(int(dates[0]), int(dates[-1]) + 1, dtype=np.int64)
        calendar = calendar[~np.isin((calendar + 3) % 7, closed)]
        place = np.searchsorted(calendar, dates)[place]
        open_day = calendar[np.minimum(place, len(calendar) - 1)] == days  # a row on a weekday that is closed has none
        place, dates = place[open_day], calendar
        values = values[open_day] if values is not None else None
        codes = codes[open_day] if codes is not None else None
    cells = place * groups + codes if codes is not None else place
    size = len(dates) * groups
    rows = np.bincount(cells, minlength=size).reshape(len(dates), groups)
    if values is None:
        summed: Floats = rows.astype(np.float64)
    else:
        with np.errstate(over="ignore", invalid="ignore"):
            summed = np.asarray(np.bincount(cells, values, size), np.float64).reshape(len(dates), groups)
            if how == "mean":
                summed = summed / np.where(rows, rows, np.nan)
    as_days = dates.astype("datetime64[D]")
    made: list[Series] = []
    for group in range(groups):
        here, number = summed[:, group], rows[:, group]
        nothing = lacking(as_days, number) if how != "mean" and step == "day" else number == 0
        made.append(Series(as_days, np.where(nothing, np.nan, here), how, step, number, closed))
    return made


def _rhythm(dates: NDArray[np.int64]) -> tuple[Literal["day", "week", "month", "other"], tuple[int, ...]]:
    """What lies between two dates, and the weekdays that are left out."""
    gaps = np.diff(dates)
    if len(gaps) >= 3 and np.count_nonzero(gaps == 7) > 0.8 * len(gaps):
        return "week", ()
    if len(gaps) >= 3 and np.count_nonzero((gaps >= 28) & (gaps <= 31)) > 0.8 * len(gaps):
        return "month", ()
    if len(gaps) and (float(np.median(gaps)) > 20 or float(np.mean(gaps)) > 100):
        return "other", ()
    span = int(dates[-1] - dates[0] + 1)
    if span < 28:
        return "day", ()
    of = (np.arange(int(dates[0]), int(dates[-1]) + 1) + 3) % 7
    share = np.bincount((dates + 3) % 7, minlength=7) / np.bincount(of, minlength=7)
    closed = share <= 0.1
    if 0 < closed.sum() < 5 and np.min(share[~closed]) >= 0.5:
        return "day", tuple(int(day) for day in np.flatnonzero(closed))
    return "day", ()


def lacking(days: NDArray[np.datetime64], rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """On which days rows are missing, told by how many come on others.

    No row on a day says that nothing came, where so little comes that such days are due; otherwise rows are missing.
    Rows that come by chance leave a stretch of days empty less than once in twenty tables of n days where more than
    ln(20 n) of them were due; it takes a third more here, for they never come by chance alone. How many were due is
    told by the same weekdays of the four weeks before and after. Where rows come regularly (`regular`) none may be
    missing.
    """
    missing = np.zeros(len(rows), bool)
    always = regular(rows)
    of = weekday(days)
    for start, end in runs(rows == 0):
        around = np.r_[max(0, start - 28) : start, end : min(len(rows), end + 28)]
        number = np.bincount(of[around], minlength=7)
        each = np.bincount(of[around], rows[around], 7) / np.maximum(number, 1)
        if always or each[of[start:end]].sum() > 1.33 * np.log(20 * len(rows)):
            missing[start:end] = True
    return missing


def regular(rows: NDArray[np.int64]) -> bool:
    """Whether four days in five have the same number of rows."""
    some = rows[rows > 0]
    if not len(some):
        return False
    usual = int(np.bincount(some).argmax())
    return int(np.count_nonzero(rows == usual)) >= 0.8 * len(rows)


def runs(where: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Start and end (one past the last) of each stretch of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], where, [False])).astype(np.int8)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
