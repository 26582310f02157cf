"""Days of a series that differ from what was due: one day, several, a shift to another level, rows that are missing."""

import itertools
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import numpy as np

from servers.analysis.due import STEP, Due, due, median_of, running_median, usual_distance
from servers.analysis.series import Floats, Series, lacking, regular, runs

Kind = Literal["spike", "drop", "shift", "missing", "drift"]

FAR = 5.0
"""Usual distances from which on a day differs."""

FAR_IN_A_GROUP = 6.0
"""The same in one of several groups: there are more of them, so chance has more tries."""

NEAR = 2.5
"""Usual distances down to which a neighbour belongs to a day that differs."""


@dataclass(frozen=True, slots=True)
class Anomaly:
    """A day or a stretch of days that differs from what was due.

    Attributes:
        about: The series: `daily revenue`, `daily revenue, region north`.
        kind: `spike` and `drop` are above and below what was due, `shift` is another level that stays for weeks,
            `drift` a group that moves away from the others slowly, `missing` a stretch without rows.
        day: The first day.
        until: The last day; of one day it is the same.
        value: What was seen: on the day that differs most, the median of a shift's first four weeks, that of a drift's
            last; 0 where rows are missing.
        expected: What was due on that day; the median of the four weeks before a shift or a drift.
        score: How many usual distances lie between the two; 0 where rows are missing.
    """

    about: str
    kind: Kind
    day: date
    until: date
    value: float
    expected: float
    score: float


def anomalies(series: Series, about: str, groups: Sequence[Sequence[tuple[str, Series]]] = ()) -> tuple[Anomaly, ...]:
    """What differs in a series and in its groups, in order of days; nothing where a series is too short to tell.

    What one group did is told of the group and not of the whole; what all did is told of the whole alone.

    Args:
        series: The whole.
        about: What it is called.
        groups: By column, what each group's series is called, and the series.
    """
    known = due(series)
    whole = _shifts(series, known, about) + _days(series, known, about, FAR) if known else []
    whole += _missing(series, about)
    alone = sorted((one for parts in groups for one in _of_groups(parts)), key=lambda one: -one.score)
    theirs: list[Anomaly] = []
    for one in alone:  # an order of one region is also of one product: it is told of where it stands out most
        if not any(_same(one, other) for other in theirs):
            theirs.append(one)
    ours = [one for one in whole if one.kind == "missing" or not any(_same(one, other) for other in theirs)]
    theirs = [one for one in theirs if one.kind != "missing" or not any(_same(one, other) for other in ours)]
    return tuple(sorted(ours + theirs, key=lambda one: (one.day, one.about, one.kind)))


def _of_groups(parts: Sequence[tuple[str, Series]]) -> list[Anomaly]:
    """What one group of a column does and the others do not; of groups with rows from the first weeks to the last."""
    known = [
        (name, series, one)
        for name, series in parts
        if _is_whole(series) and (one := due(series, 1.5 * STEP)) is not None
    ]
    found: list[Anomaly] = []
    for name, series, one in known:
        others = [other for other_name, other in parts if other_name != name]
        stretches = _missing(series, name) if regular(series.rows) else []
        seen = _shifts(series, one, name) + _days(series, one, name, FAR_IN_A_GROUP) + stretches
        found += [one for one in seen if _alike(one, series, others) < (0.55 if one.kind == "drop" else 0.35)]
    return found + _drifts(known)


def _alike(seen: Anomaly, series: Series, others: Sequence[Series]) -> float:
    """How far the other groups did the same, on the day that differs most: 1 as far, 0 not at all.

    They are taken together where values add up. A group that is more than half of the whole is the whole.
    """
    first, last = (int(np.searchsorted(series.days, np.datetime64(day))) for day in (seen.day, seen.until))
    if seen.kind == "missing":
        empty = sum(not other.rows[first : last + 1].any() for other in others)
        return empty / len(others)
    most = first + int(np.nanargmin(np.abs(series.values[first : last + 1] - seen.value)))
    here = slice(first, first + 28) if seen.kind == "shift" else slice(most, most + 1)
    around = [slice(max(0, first - 28), first)] + ([] if seen.kind == "shift" else [slice(last + 1, last + 29)])
    adds = series.how != "mean"
    together: Floats = np.array([np.nan_to_num(other.values) if adds else other.values for other in others])
    lines: Floats = together.sum(axis=0, keepdims=True) if adds else together
    if adds and np.nansum(series.values) > np.nansum(lines):
        return 1.0
    mine = _moved(series.values, here, around)
    theirs = [_moved(line, here, around) for line in list(lines)]
    return float(np.median(theirs)) / mine if mine else 1.0


def _moved(values: Floats, here: slice, around: list[slice]) -> float:
    """By which part of what was due a stretch differs from the days around it."""
    then = np.concatenate([values[part] for part in around])
    if not np.isfinite(values[here]).any() or not np.isfinite(then).any():
        return 0.0
    now, due_then = float(np.nanmean(values[here])), float(np.nanmedian(then))
    return (now - due_then) / abs(due_then) if due_then else 0.0


def _is_whole(series: Series) -> bool:
    """Whether a group is large enough, and there from the beginning to the end."""
    there = np.flatnonzero(np.isfinite(series.values) & (series.rows > 0))
    if not len(there) or there[0] > 14 or there[-1] < len(series.days) - 15:
        return False
    return regular(series.rows) or float(np.median(series.rows)) >= (3 if series.how == "mean" else 8)


def _same(one: Anomaly, other: Anomaly) -> bool:
    """Whether two are the same event: of one kind, and at the same time."""
    if one.kind != other.kind:
        return False
    if one.kind in {"shift", "drift"}:
        return abs(one.day - other.day) <= timedelta(days=10)
    return one.day <= other.until and other.day <= one.until


def _drifts(parts: Sequence[tuple[str, Series, Due]]) -> list[Anomaly]:
    """The groups that move away from the others slowly, week by week."""
    found: list[Anomaly] = []
    if len(parts) < 3 or len(parts[0][1].days) < 16 * 7 or any(one.scale.kind != "log" for *_, one in parts):
        return found
    smooth = np.array([one.smooth for *_, one in parts])
    weeks = smooth.shape[1] // 7
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a week may be empty
        by_week = np.nanmedian(smooth[:, : weeks * 7].reshape(len(parts), weeks, 7), axis=2)
        by_week -= np.nanmedian(by_week, axis=1, keepdims=True)
        apart = by_week - np.nanmedian(by_week, axis=0)
    for (name, series, _), line in zip(parts, apart, strict=True):
        there = np.flatnonzero(np.isfinite(line))
        if len(there) < 16:
            continue
        seen: Floats = line[there]
        first, second = np.triu_indices(len(seen), 1)
        tau = float(np.sign(seen[second] - seen[first]).mean())
        moved = float(np.median(seen[-4:]) - np.median(seen[:4]))
        if abs(tau) < 0.35 or abs(moved) < np.log(1.25) or np.sign(tau) != np.sign(moved):
            continue
        at = np.arange(len(seen), dtype=float)
        fits: list[float] = [_left(seen, np.maximum(at - bend, 0)) for bend in range(len(seen) - 4)]
        bend = int(np.argmin(fits))
        if fits[bend] > 0.25 * np.sum((seen - seen.mean()) ** 2):
            continue
        start = int(there[bend]) * 7
        days = [day.item() for day in series.days]
        whole = median_of(series.values, 0.0)
        before = median_of(series.values[max(0, start - 28) : max(start, 28)], whole)
        after = median_of(series.values[-28:], whole)
        usual = max(usual_distance(seen - np.median(seen)), 1e-300)
        found.append(Anomaly(name, "drift", days[start], days[-1], after, before, abs(moved) / usual))
    return found


def _left(seen: Floats, ramp: Floats) -> float:
    """What a ramp leaves unexplained."""
    base = np.column_stack((np.ones(len(seen)), ramp))
    return float(np.sum((seen - base @ np.linalg.lstsq(base, seen, rcond=None)[0]) ** 2))


def _missing(series: Series, about: str) -> list[Anomaly]:
    if series.step != "day" or len(series.days) < 7:
        return []
    days = [day.item() for day in series.days]
    return [
        Anomaly(about, "missing", days[start], days[end - 1], 0.0, float("nan"), 0.0)
        for start, end in runs(lacking(series.days, series.rows))
        if start and end < len(days)
    ]


def _days(series: Series, known: Due, about: str, far: float) -> list[Anomaly]:
    days = [day.item() for day in series.days]
    found: list[Anomaly] = []
    kinds: tuple[tuple[Kind, int], ...] = (("spike", 1), ("drop", -1))
    for kind, sign in kinds:
        score = np.nan_to_num(sign * known.score)
        for start, end in runs(score > NEAR):
            most = start + int(np.argmax(score[start:end]))
            together = score[start:end].sum() / np.sqrt((end - start) * known.memory)
            if score[most] > far or (end - start > 2 and together > far):
                seen, usual = float(series.values[most]), float(known.expected[most])
                found.append(Anomaly(about, kind, days[start], days[end - 1], seen, usual, float(score[most])))
    return found


def _shifts(series: Series, known: Due, about: str) -> list[Anomaly]:
    """The steps as shifts: from one step to the next where that leads back, or to the end."""
    days = [day.item() for day in series.days]
    places = [0, *known.steps, len(days)]
    levels = [float(np.nanmedian(series.values[start:end])) for start, end in itertools.pairwise(places)]
    found: list[Anomaly] = []
    place = 1
    while place < len(places) - 1:
        start, until = places[place], len(days)
        before = median_of(series.values[max(places[place - 1], start - 28) : start], levels[place - 1])
        after = median_of(series.values[start : min(places[place + 1], start + 28)], levels[place])
        if place + 2 < len(places):
            until = places[place + 1]
            later = levels[place + 1]
            if abs(later - before) < 0.5 * abs(after - before):
                place += 1  # the level is what it was: one shift, and no second one back
            else:
                until = len(days)
        apart = known.scale.to(np.array([before, after]))
        score = abs(float(apart[1] - apart[0])) / max(
            usual_distance(known.smooth - running_median(known.smooth, 29)), 1e-300
        )
        found.append(Anomaly(about, "shift", days[start], days[until - 1], after, before, score))
        place += 1
    return found
