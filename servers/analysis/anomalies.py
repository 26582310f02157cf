"""Days of a series that differ from what was due: one day, several, a shift to another level, rows that are missing."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np

from servers.analysis.series import Floats, Series, runs, weekday

Kind = Literal["spike", "drop", "shift", "missing", "drift"]


@dataclass(frozen=True, slots=True)
class Anomaly:
    """A day or a stretch of days that differs from what was due.

    Attributes:
        about: The series: `daily revenue`, `daily revenue, region north`.
        kind: `spike` and `drop` are above and below what was due, `shift` is another level that stays for weeks,
            `drift` a group that moves away from the others slowly, `missing` a stretch without rows.
        day: The first day.
        until: The last day; of one day it is the same.
        value: What was seen: on the day that differs most, the median of a shift, the mean of a drift's last four
            weeks; 0 where rows are missing.
        expected: What was due on that day; before a shift or a drift the level that held.
        score: How many times the usual distance (a robust standard deviation) lies between the two; 0 where rows are
            missing.
    """

    about: str
    kind: Kind
    day: date
    until: date
    value: float
    expected: float
    score: float


def anomalies(series: Series, about: str) -> tuple[Anomaly, ...]:
    """What differs in a series, in order of days; nothing where it is too short to tell."""
    found: list[Anomaly] = []
    values = series.values
    days = [day.item() for day in series.days]
    if len(values) < 21:
        return ()
    expected = level(values, 29)
    of = weekday(series.days)
    for day in range(7):
        here = of == day
        if here.any():
            expected[here] += np.nanmedian((values - expected)[here])
    rest = values - expected
    usual = 1.4826 * np.nanmedian(np.abs(rest))
    if not usual > 0:
        return ()
    score = np.nan_to_num(rest / usual)
    for sign in (1, -1):
        for start, end in runs(sign * score > 5):
            most = start + int(np.argmax(sign * score[start:end]))
            kind: Kind = "spike" if sign > 0 else "drop"
            found.append(
                Anomaly(about, kind, days[start], days[end - 1], values[most], expected[most], abs(float(score[most])))
            )
    for start, end in runs(np.isnan(values)):
        found.append(Anomaly(about, "missing", days[start], days[end - 1], 0.0, float("nan"), 0.0))
    return tuple(sorted(found, key=lambda anomaly: anomaly.day))


def level(values: Floats, width: int) -> Floats:
    """The running median over `width` values, of fewer at the edges."""
    half = width // 2
    padded = np.pad(values, half, constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, width)
    return np.nanmedian(windows, axis=1)
