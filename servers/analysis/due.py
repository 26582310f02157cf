"""What was due in a series each day: the level around it, and what its weekday usually adds.

Both are medians, so that what differs does not hide itself; a level may jump where a step explains the series much
better than a smooth line does. What is left is measured in usual distances (1.4826 times the median of absolute
distances, a standard deviation where noise is normal). Values that cannot be negative are compared as logarithms, or as
roots where they are small counts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from servers.analysis.series import Days, Floats, Series, regular, runs, weekday

FEWEST = 21
"""Days with a value below which nothing is said to differ."""

FEW = 2
"""Stretches of other days up to which a series that is constant otherwise has each of them told."""

CLEAR = 0.4
"""Kendall's tau from which on some weeks rise or fall; noise of 21 days reaches it once in a hundred times."""

STEP = 3.5
"""Standard errors from which on a step is one; in a group it takes half as many again."""

EDGE = 5
"""Bins on either side that a step needs."""

LEAST = 1.33
"""How many times the one level is at least as high as the other, unless they lie far apart for the noise."""

PLAIN = 2.5
"""Usual distances from which on two levels lie far apart; more where a day is like the one before."""


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """How values are compared: as logarithms, as roots or as they are.

    `unit` is the smallest value of which a logarithm is taken, or what counts as one for a root.
    """

    kind: Literal["log", "root", "plain"]
    unit: float = 1.0

    def to(self, values: Floats) -> Floats:
        """Values on the scale."""
        if self.kind == "log":
            return np.log(np.maximum(values, self.unit))
        return 2 * np.sqrt(values / self.unit + 0.375) if self.kind == "root" else values

    def back(self, values: Floats) -> Floats:
        """Values of the scale as they were."""
        if self.kind == "log":
            return np.exp(values)
        return self.unit * np.maximum(values**2 / 4 - 0.375, 0) if self.kind == "root" else values


@dataclass(frozen=True, slots=True, eq=False)
class Due:
    """What was due in a series.

    Attributes:
            expected: What was due each day.
        score: How many usual distances above it the day was, NaN without a value.
        steps: The first days of new levels, as places in the series.
        smooth: Each day on the scale, without weekdays and steps.
        scale: The scale.
        memory: How many times wider noise makes the mean of some days than it would if no day were like the one before,
            squared.
    """

    expected: Floats
    score: Floats
    steps: tuple[int, ...]
    smooth: Floats
    scale: Scale
    memory: float


def due(series: Series, step: float = STEP) -> Due | None:
    """What was due each day; `None` where there are too few days.

    Args:
        series: Of any length.
        step: Standard errors from which on a step is one.
    """
    there = np.isfinite(series.values)
    if there.sum() < FEWEST:
        return None
    scale = _scale(series)
    seen = np.full(len(there), np.nan)
    seen[there] = scale.to(series.values[there])
    week = _of_weekday(seen, series) if series.step == "day" else np.zeros(len(there))
    calm = seen - week
    around = calm - running_median(calm, 29)
    usual = usual_distance(around)
    plain = PLAIN * usual * np.sqrt(_memory(around / max(usual, 1e-300), 0.0))
    jumps = np.zeros(len(there))
    steps: list[int] = []
    # the clearest first: a place days beside a step must not take its jump
    for place in sorted(_steps(calm, step), key=lambda place: -abs(_jump(calm, place, 21, np.mean))):
        jump, sudden = _jump(calm - jumps, place, 21), _jump(calm - jumps, place, 7)
        mean = _jump(calm - jumps, place, 21, np.mean)
        before = median_of(calm[max(0, place - 28) : place], 0.0)
        old, new = scale.back(np.array([before, before + jump]))
        if (
            abs(jump) > 1.4 * usual
            and min(sudden * jump, mean * jump) > 0.5 * jump**2
            and not (min(abs(jump), abs(sudden)) < plain and old > 0 and new > 0 and old / LEAST < new < old * LEAST)
        ):
            steps = sorted([*steps, place])
            jumps[place:] += jump
    smooth = calm - jumps
    level = running_median(smooth, 29)
    rest = smooth - level
    rest[np.abs(rest) < 1e-9 * max(float(np.nanmax(np.abs(seen))), 1e-300)] = 0.0  # what arithmetic leaves
    if series.how == "mean":  # the mean of two rows lies farther off than that of ten
        rest = rest * np.sqrt(np.minimum(series.rows / max(float(np.median(series.rows)), 1.0), 1.0))
    usual = usual_distance(rest)
    score = rest / usual if usual > 0 else rest
    return Due(scale.back(level + jumps + week), score, tuple(steps), smooth, scale, _memory(score, 0.3))


def _memory(score: Floats, least: float) -> float:
    """By how much noise in which a day is like the one before widens the mean of some days, squared."""
    near = np.clip(np.nan_to_num(score), -2.5, 2.5)
    like = float(np.clip(np.dot(near[1:], near[:-1]) / max(np.dot(near, near), 1e-300), least, 0.95))
    return (1 + like) / (1 - like)


def _scale(series: Series) -> Scale:
    """The scale on which the distance between two days a week apart depends least on how large they are."""
    values = series.values[np.isfinite(series.values)]
    if values.min() < 0 or not values.max() > 0:
        return Scale("plain")
    middle = float(np.median(values))
    whole = bool(np.all(values == np.round(values)))
    few = series.how != "mean" and float(np.median(series.rows)) < 20 and not regular(series.rows)
    counted = Scale("root", middle / 30 if not whole and middle > 0 else 1.0)
    if (
        not middle > 0
        or (whole and middle < 30)
        or few
        or np.mean(series.values < 0.02 * running_median(series.values, 29)) > 0.03
    ):
        return counted if whole or few else Scale("plain")
    best, least = Scale("log", 0.02 * float(np.quantile(values[values > 0], 0.05))), np.inf
    level = running_median(series.values, 21)
    high = level[7:] > np.median(level)
    for scale, doubt in ((best, 0.0), (counted, 0.3), (Scale("plain"), 0.3)):
        moved = scale.to(np.nan_to_num(series.values))
        apart = np.where(np.isfinite(series.values[7:] + series.values[:-7]), np.abs(moved[7:] - moved[:-7]), np.nan)
        if not np.isfinite(apart[high]).any() or not np.isfinite(apart[~high]).any():
            break
        wide, narrow = np.nanmedian(apart[high]), np.nanmedian(apart[~high])
        off = abs(float(np.log(wide / narrow))) + doubt if wide > 0 and narrow > 0 else np.inf
        if off < least:
            best, least = scale, off
    return best


def usual_distance(rest: Floats) -> float:
    """The usual distance: of the middle, or of the wings where these are wider than a normal distribution's.

    Where more than half are as they were due it is that of the others, and where these are two stretches at most it
    is a tenth of the least of them: in a series that hardly moves, a day that does stands out whatever its size.
    """
    size = np.sort(np.abs(rest[np.isfinite(rest)]))
    others = size[size > 0]
    if not len(others):
        return 0.0
    if 2 * len(others) < len(size):
        if len(runs(np.nan_to_num(rest) != 0)) <= FEW:
            return float(others[0]) / 10
        return float(max(np.median(others), np.quantile(others, 0.9, method="lower") / 1.645))
    near = size[: int(0.9 * len(size)) + 1]
    middle = 1.4826 * np.median(size)
    if 4 * len(np.unique((size / near[-1]).round(9))) < len(
        size
    ):  # of few whole numbers the median leaps from one to the next
        middle = near.mean() / 0.657  # as of a normal distribution, whose nearest nine in ten have that mean
    return float(max(middle, np.quantile(size, 0.9) / 1.645))


def _of_weekday(seen: Floats, series: Series) -> Floats:
    """What each day's weekday usually adds; nothing where weekdays do not differ."""
    rest = seen - running_median(seen, 21)
    of = weekday(series.days)
    there = np.isfinite(rest)
    counts = np.bincount(of[there], minlength=7)
    if counts[counts > 0].min(initial=len(seen)) < 3 or there.sum() < 28:
        return np.zeros(len(seen))
    if not differ(rest[there], of[there]):
        return np.zeros(len(seen))
    adds = np.array([np.median(rest[there & (of == day)]) if counts[day] else 0.0 for day in range(7)])
    return adds[of]


def differ(values: Floats, of: Days) -> bool:
    """Whether groups differ more than by chance (Kruskal and Wallis, once in a thousand for seven groups)."""
    ranks = np.empty(len(values))
    ranks[np.argsort(values, kind="stable")] = np.arange(1, len(values) + 1)
    counts = np.bincount(of)
    sums = np.bincount(of, ranks)
    there = counts > 0
    n = len(values)
    h = 12 / (n * (n + 1)) * float(np.sum(sums[there] ** 2 / counts[there])) - 3 * (n + 1)
    return h > 22.5


def running_median(values: Floats, width: int) -> Floats:
    """The median over `width` values around each; at the edges, of those that are there, moved along their slope."""
    half = min(width, max(1, len(values) - 1)) // 2
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(values, half, constant_values=np.nan), 2 * half + 1)
    there = np.isfinite(windows).any(axis=1)
    level = np.full(len(values), np.nan)
    level[there] = np.nanmedian(windows[there], axis=1)
    missing = np.isnan(level)
    if missing.any() and there.any():
        level[missing] = np.interp(np.flatnonzero(missing), np.flatnonzero(there), level[there])
    ahead = np.maximum(half - np.arange(half), 0) / 2  # by how many days the middle of what is there lies inside
    level[:half] -= _slope(values[: 2 * half + 1]) * ahead
    level[len(level) - half :] += _slope(values[-2 * half - 1 :]) * ahead[::-1]
    return level


def _slope(values: Floats) -> float:
    """What a day adds where that is clear, after Theil and Sen; 0 where it may as well be chance."""
    at = np.flatnonzero(np.isfinite(values))
    if len(at) < 14:
        return 0.0
    first, second = np.triu_indices(len(at), 1)
    rises: Floats = values[at[second]] - values[at[first]]
    tau = float(np.sign(rises).mean())
    return float(np.median(rises / (at[second] - at[first]))) if abs(tau) > CLEAR else 0.0


def _steps(calm: Floats, least: float) -> tuple[int, ...]:
    """The days on which a new level begins.

    The series, in bins of some days and with far values drawn in, is taken apart by forward selection: a line and three
    cosines first, then whichever explains most of the rest: a step, a box (two steps) or a bell. A bell is a smooth
    season and no step. Each has to be `least` times as large as its own standard error, the noise's memory of the bin
    before taken into account.
    """
    there = np.flatnonzero(np.isfinite(calm))
    width = max(3, len(there) // 150)
    n = len(there) // width
    if n < 3 * EDGE:
        return ()
    around = running_median(calm[there], 21)
    far = 2.5 * usual_distance(calm[there] - around)
    drawn = around + np.clip(calm[there] - around, -far, far)
    seen = drawn[: n * width].reshape(n, width).mean(axis=1)
    shapes, starts, ends, weight = _shapes(n)
    at = (np.arange(n) + 0.5) / n
    base = np.column_stack((at, np.cos(np.pi * np.outer(at, np.arange(4)))))
    found: set[int] = set()
    for _ in range(8):
        q = np.linalg.qr(base)[0]
        rest = seen - q @ (q.T @ seen)
        size = (shapes**2).sum(axis=0) - ((q.T @ shapes) ** 2).sum(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            gain = np.where(size > 0.05 * (shapes**2).sum(axis=0), weight * (shapes.T @ rest) / np.sqrt(size), 0.0)
        best = int(np.argmax(np.abs(gain)))
        base = np.column_stack((base, shapes[:, best]))
        q = np.linalg.qr(base)[0]
        after = seen - q @ (q.T @ seen)
        memory = float(np.clip(np.dot(after[1:], after[:-1]) / max(np.dot(after, after), 1e-300), 0, 0.9))
        spread = np.sqrt(np.dot(after, after) / (n - base.shape[1]) * (1 + memory) / (1 - memory))
        if not abs(gain[best]) > least * spread:
            break
        found |= {int(edge[best]) for edge in (starts, ends) if EDGE <= edge[best] <= n - EDGE}
    days = (_first_day(drawn, place * width, 3 * width) for place in sorted(found))
    return tuple(int(there[day]) for day in days)


def _shapes(n: int) -> tuple[Floats, Days, Days, Floats]:
    """Steps, boxes and bells over `n` bins, a column each, with the bins at which a level begins and ends; -1 none.

    The last is what each counts: a level of less than six weeks may as well be a season, and counts less, and so
    does a bell, which fits a level nearly as well.
    """
    at = np.arange(n)
    centre = at + 0.5
    edges = at[EDGE : n - EDGE + 1]
    parts = [(at[:, None] >= edges).astype(float)]
    starts, ends = [edges], [np.full(len(edges), -1)]
    for length in (5, 7, 10, 14, 17, 20, 24, 28, 36):
        first = edges[edges + length <= n - EDGE]
        parts.append(((at[:, None] >= first) & (at[:, None] < first + length)).astype(float))
        starts.append(first)
        ends.append(first + length)
    for length in (3, 4.5, 7, 10):
        parts.append(np.exp(-(((centre[:, None] - at) / length) ** 2) / 2))
        starts.append(np.full(n, -1))
        ends.append(np.full(n, -1))
    begin, end = np.concatenate(starts), np.concatenate(ends)
    stays = np.where(begin < 0, n, np.minimum(np.where(end < 0, n, end) - begin, np.where(end < 0, begin, n)))
    return np.column_stack(parts), begin, end, np.where(stays < 14, 0.65, np.where(begin < 0, 0.92, 1.0))


def _first_day(drawn: Floats, near: int, room: int) -> int:
    """The day near a place from which on values are those of the days after it rather than those before."""
    low, high = max(1, near - room), min(len(drawn) - 1, near + room)
    before, after = np.median(drawn[max(0, low - 21) : low]), np.median(drawn[high : high + 21])
    part = drawn[low:high]
    nearer = np.abs(part - before) - np.abs(part - after)
    return low + int(np.argmin(np.concatenate(([0.0], np.cumsum(nearer)))))


def _jump(calm: Floats, step: int, days: int, middle: Callable[[Floats], Any] = np.median) -> float:
    """How much higher some days after a step are than as many before."""
    before, after = calm[max(0, step - days) : step], calm[step : step + days]
    before, after = before[np.isfinite(before)], after[np.isfinite(after)]
    return float(middle(after) - middle(before)) if len(before) and len(after) else 0.0


def median_of(values: Floats, otherwise: float) -> float:
    """The median of the values that are there; `otherwise` where none is."""
    there = values[np.isfinite(values)]
    return float(np.median(there)) if len(there) else otherwise
