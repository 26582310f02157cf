"""`analyze(table, metric)`: what plain code finds in a table, as facts in full precision.

`Findings.text()` is what a prompt and a fallback show; each figure in it is one of the facts, rounded.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from servers.analysis.anomalies import Anomaly, anomalies
from servers.analysis.due import FEWEST
from servers.analysis.fact import Fact, Measure
from servers.analysis.patterns import WEEKDAYS, Correlation, Group, Season, Trend, correlations, seasons, trend
from servers.analysis.series import Days, Floats, How, Series, adds_up, day_numbers, is_a_rate, panel, time_column, unit
from servers.analysis.table import Column, Table
from servers.plain_text import visible

MOST_GROUPS = 20
"""A text column with more different values than this is no grouping."""

MOST = 1e100
"""No value is as large as this; the square of one that is could not be told from infinity."""

_HOW = {"sum": "summed", "mean": "averaged", "count": "counted"}


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """What was found in a table about one metric.

    Attributes:
        table: The table.
        metric: The column that was looked at; the table's name where rows were counted.
        how: Whether the metric is summed, averaged or counted.
        time: The column that says when; `None` where there is none.
        series: The metric by day; `None` without a time.
        facts: Every figure, in full precision, the most telling first.
        anomalies: What differs from what was due, in order of days.
        trend: Where it goes; `None` where too few days are there to tell.
        seasonality: What repeats.
        correlations: What moves with the metric, the strongest first.
        groups: The metric by group, the largest first in each column.
        notes: Sentences on what cannot be told and how rows were read.
        cut_days: `first day`, `last day`: of which a part alone is there, so that it stands in no series.
    """

    table: Table
    metric: str
    how: How
    time: str | None
    series: Series | None
    facts: tuple[Fact, ...]
    anomalies: tuple[Anomaly, ...]
    trend: Trend | None
    seasonality: tuple[Season, ...]
    correlations: tuple[Correlation, ...]
    groups: tuple[Group, ...]
    notes: tuple[str, ...]
    cut_days: tuple[str, ...] = ()

    @property
    def daily(self) -> str:
        """What the series is called; empty where there is none."""
        return _daily(self.metric, self.series) if self.series else ""

    def text(self, longest: int = 4000) -> str:
        """What was found, line by line, the most telling first: whole lines, `longest` characters at most.

        Names come from the data: nothing hides in them, and none is long.
        """
        lines: list[str] = []
        for line in _lines(self):
            longest -= len(line) + 1
            if longest < -1:
                break
            lines.append(line)
        return "\n".join(lines)


def analyze(table: Table, metric: str | None = None) -> Findings:
    """What plain code finds in a table.

    Args:
        table: Of any size; the same table gives the same findings.
        metric: A number column; a text or time column, or the table's own name, to count rows. Without it the first
            column that adds up is taken, then the first number, then the number of rows.

    Raises:
        ValueError: there is no such column; the text names those that there are.
    """
    column, how = _metric(table, metric)
    name = column.name if column else table.name
    values = np.where(np.abs(column.values) < MOST, column.values, np.nan) if column else None
    notes = [table.note] if table.note else []
    if column and values is not None and (lost := int(np.isnan(values).sum()) - column.missing):
        notes.append(f"{lost:,} values of {plain(name)} are no finite numbers below {MOST:g} and count as missing.")
    if column and how == "mean" and not is_a_rate(column.name):
        notes.append(f"{plain(name)} is averaged: nothing says that it adds up.")
    texts = {text.name: _codes(text.values) for text in table.columns.values() if text.kind == "text"}
    if twice := _twice(table, [codes for _, codes in texts.values()]):
        notes.append(f"Repeated rows: {twice:,}; each counts.")
    when = time_column(table)
    series, parts, late, cut = None, [], (), ()
    if when is None:
        notes.append("No column holds times, so nothing is said about a trend, a season or days that differ.")
    else:
        days, used, more, cut = _dated(when)
        notes += more
        kept = values[used] if values is not None else None
        series = panel(days[used], kept, how)[0]
        parts, late = _parts(name, how, (days, used, values), texts)
    if twice:
        late = (*late, Fact("repeated rows", "count", twice))
    found: tuple[Anomaly, ...] = ()
    goes, season = None, ()
    if series is None or not np.isfinite(series.values).any():
        series = None
    else:
        found = anomalies(series, _daily(name, series), parts)
        goes, season = trend(series), tuple(seasons(series))
        notes += _doubts(series, goes)
    others = [other for other in table.columns.values() if other.kind == "number" and other is not column]
    together = sorted(correlations(column, others), key=lambda one: -abs(one.r)) if column else []
    groups = tuple(_groups(texts, values, how))
    findings = Findings(
        table, name, how, when.name if when else None, series, (), found, goes, season, (), groups, tuple(notes), cut
    )
    findings = replace(findings, correlations=tuple(together[:5]))
    facts = (fact for fact in _facts(findings, values, late) if isinstance(fact.value, str) or np.isfinite(fact.value))
    return replace(findings, facts=tuple(facts))


def _metric(table: Table, metric: str | None) -> tuple[Column | None, How]:
    """The number column, and how its values become that of a day; `None` to count rows."""
    if metric is None:
        numbers = [column for column in table.columns.values() if column.kind == "number"]
        adding = [column for column in numbers if adds_up(column.name)]
        column = next(iter(adding + numbers), None)
    elif metric in table.columns:
        column = table.columns[metric]
    elif metric in {table.name, "rows"}:
        column = None
    else:
        there = ", ".join(plain(name) for name in list(table.columns)[:20])
        raise ValueError(f"There is no column {plain(metric)!r}. There are: {there}; 'rows' counts rows.")
    if column is None or column.kind != "number":
        return None, "count"
    return column, "sum" if adds_up(column.name) else "mean"


def _codes(values: NDArray[Any]) -> tuple[list[str], Days]:
    """The different values in their order, and the place of each row's; -1 where there is none."""
    places: dict[str | None, int] = {None: -1}
    codes = np.array([places.setdefault(value, len(places) - 1) for value in values.tolist()], np.int64)
    return [str(name) for name in places if name is not None], codes


def _twice(table: Table, codes: Sequence[Days]) -> int:
    """How many rows are the same, in every column, as one before them."""
    if len(table.columns) < 2 or not table.read:
        return 0
    parts = [column.values.view(np.int64) for column in table.columns.values() if column.kind != "text"]
    row = np.zeros(table.read, np.uint64)
    for part in [*parts, *codes]:
        row = (row ^ part.astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        row ^= row >> np.uint64(29)
    return table.read - len(np.unique(row))


def _dated(when: Column) -> tuple[Days, NDArray[np.bool_], list[str], tuple[str, ...]]:
    """The day of each row, the rows that stand in a series, what is to be said of the others, and which day is cut."""
    days, used, far = day_numbers(when.values)
    notes: list[str] = []
    cut: list[tuple[int, str]] = []
    if far:
        notes.append(f"{far:,} rows are dated far from all others and stand in no series.")
    if when.missing:
        notes.append(f"{when.missing:,} rows have no {plain(when.name)} and stand in no series.")
    second = (when.values.astype("datetime64[s]").astype(np.int64) % 86_400)[used]
    which, place = np.unique(days[used], return_inverse=True)
    if len(which) >= 14 and second.any():
        latest, first = np.zeros(len(which), np.int64), np.full(len(which), 86_400)
        np.maximum.at(latest, place, second)
        np.minimum.at(first, place, second)
        if latest[-1] < 43_200 < np.median(latest) and latest[-1] < np.quantile(latest[:-1], 0.05):
            cut.append((int(which[-1]), "last day"))
        if first[0] > 43_200 > np.median(first) and first[0] > np.quantile(first[1:], 0.95):
            cut.append((int(which[0]), "first day"))
        for day, called in cut:
            used = used & (days != day)
            notes.append(f"The {called}, {np.datetime64(day, 'D')}, is not whole and stands in no series.")
    return days, used, notes, tuple(called for _, called in cut)


def _parts(
    name: str,
    how: How,
    rows: tuple[Days, NDArray[np.bool_], Floats | None],
    texts: dict[str, tuple[list[str], Days]],
) -> tuple[list[list[tuple[str, Series]]], tuple[Fact, ...]]:
    """The series of each group by column, and the first days of groups that were not there from the beginning."""
    days, used, values = rows
    found: list[list[tuple[str, Series]]] = []
    late: list[Fact] = []
    for column, (names, codes) in texts.items():
        if not 2 <= len(names) <= 12:  # each has a series
            continue
        here = used & (codes >= 0)
        each = panel(days[here], values[here] if values is not None else None, how, codes[here], len(names))
        found.append([])
        for label, one in zip(names, each, strict=True):
            found[-1].append((f"{_daily(name, one)}, {column} {label}", one))
            some = np.flatnonzero(one.rows)
            if len(some) > 28 and some[0] > max(28, 4 * len(one.rows) / len(some)):
                late.append(Fact(f"first day, {column} {label}", "date", str(one.days[some[0]])))
    return found, tuple(late)


def _doubts(series: Series, goes: Trend | None) -> Iterator[str]:
    """What a series is too short for, and what it leaves out."""
    number = int(np.isfinite(series.values).sum())
    short = ["tell a trend"] * (goes is None) + ["compare weekdays"] * (series.step == "day" and number < 28)
    if short or number < FEWEST:
        short += ["say which differ"] * (number < FEWEST)
        yield f"{number} {'days' if series.step == 'day' else 'dates'} are too few to {' or to '.join(short)}."
    if goes and goes.direction != "unclear" and series.step == "day" and len(series.days) < 2 * 365:
        yield "Less than two years cannot tell growth from a season of the year."
    if series.closed:
        yield f"No rows on {' and '.join(f'{WEEKDAYS[day]}s' for day in series.closed)}; these days are left out."


def _groups(texts: dict[str, tuple[list[str], Days]], values: Floats | None, how: How) -> Iterator[Group]:
    for column, (names, codes) in texts.items():
        if not 2 <= len(names) <= MOST_GROUPS:
            continue
        rows = np.bincount(codes[codes >= 0], minlength=len(names))
        kept = codes >= 0
        each = rows.astype(np.float64)
        if values is not None:
            kept &= np.isfinite(values)
            each = np.bincount(codes[kept], values[kept], len(names))
            if how == "mean":
                number = np.bincount(codes[kept], minlength=len(names))
                each = each / np.where(number, number, np.nan)
        whole = float(np.sum(each))
        shared = how != "mean" and whole > 0 and float(each.min()) >= 0
        order: list[int] = np.argsort(-each, kind="stable").tolist()
        for group in order:
            value = float(each[group])
            if np.isfinite(value):
                yield Group(column, names[group], int(rows[group]), value, 100 * value / whole if shared else None)


def _facts(findings: Findings, values: Floats | None, late: Sequence[Fact]) -> Iterator[Fact]:
    table, name, how, series = findings.table, findings.metric, findings.how, findings.series
    of = (table.columns[name].unit or unit(name)) if values is not None else ""
    whole: Measure = "total" if how == "sum" else "mean" if how == "mean" else "count"
    yield Fact(table.name, "rows", table.rows)
    kept = values[np.isfinite(values)] if values is not None else np.zeros(0)
    with np.errstate(over="ignore"):
        total = float(kept.sum())
    if how == "sum" and len(kept) and np.isfinite(total):
        yield Fact(name, "total", total, of)
    if series:
        yield from _of_series(findings, series, of)
    yield from late
    for group in findings.groups:
        where = f"{name}, {group.column} {group.name}"
        yield Fact(where, whole, group.value, of)
        if group.share is not None:
            yield Fact(where, "share", group.share, "%")
    for one in findings.correlations:
        yield Fact(one.column, "correlation", one.r, against=one.against)
        yield Fact(one.column, "count", one.rows, against=one.against)
    if values is not None:
        yield Fact(name, "missing", len(values) - len(kept))
        yield Fact(name, "count", len(kept))
    if len(kept):
        if np.isfinite(total):
            yield Fact(name, "mean", total / len(kept), of)
        yield Fact(name, "median", float(np.median(kept)), of)
        yield Fact(name, "minimum", float(kept.min()), of)
        yield Fact(name, "maximum", float(kept.max()), of)


def _of_series(findings: Findings, series: Series, of: str) -> Iterator[Fact]:
    about, how = _daily(findings.metric, series), findings.how
    whole: Measure = "total" if how == "sum" else "mean" if how == "mean" else "count"
    there = np.isfinite(series.values)
    yield Fact("first day", "date", str(series.days[0]))
    yield Fact("last day", "date", str(series.days[-1]))
    yield Fact("days" if series.step == "day" else "dates", "count", len(series.days))
    yield Fact(about, "mean", float(series.values[there].mean()), of)
    yield Fact(about, "median", float(np.median(series.values[there])), of)
    if (goes := findings.trend) and np.isfinite(goes.first + goes.last):
        first, last = (f"{part[0]}/{part[-1]}" for part in (series.days[: goes.dates], series.days[-goes.dates :]))
        yield Fact(about, "slope", goes.slope, of, f"{series.days[0]}/{series.days[-1]}")
        yield Fact(about, "mean", goes.first, of, first)
        yield Fact(about, "mean", goes.last, of, last)
        if goes.first > 0:
            yield Fact(about, "change", goes.change, "%", last, first)
    if there.sum() >= FEWEST:
        yield Fact("anomalies", "count", len(findings.anomalies))
    gaps = [one for one in findings.anomalies if one.kind == "missing" and one.about == about]
    if lost := sum((one.until - one.day).days + 1 for one in gaps):
        yield Fact("days without values", "count", lost)
    for anomaly in findings.anomalies:
        day = f"{anomaly.day}" if anomaly.day == anomaly.until else f"{anomaly.day}/{anomaly.until}"
        if anomaly.kind == "missing":
            of_group = anomaly.about.removeprefix(about)  # a day that one group lacks is not without values
            yield Fact(f"days without values{of_group}", "count", (anomaly.until - anomaly.day).days + 1, when=day)
            continue
        yield Fact(anomaly.about, "anomaly", anomaly.value, of, day)
        yield Fact(anomaly.about, "expected", anomaly.expected, of, day)
        if anomaly.expected > 0:
            change = 100 * (anomaly.value / anomaly.expected - 1)
            yield Fact(anomaly.about, "change", change, "%", day, "expected")
    high, low = int(np.nanargmax(series.values)), int(np.nanargmin(series.values))
    yield Fact(about, "maximum", float(series.values[high]), of, str(series.days[high]))
    yield Fact(about, "minimum", float(series.values[low]), of, str(series.days[low]))
    for season in findings.seasonality:
        for label, mean in season.means.items():
            yield Fact(f"{about}, {season.by} {label}", "mean", mean, of)
    for month, value in _months(series):
        yield Fact(findings.metric, whole, value, of, month)


def _months(series: Series) -> Iterator[tuple[str, float]]:
    """The total, number or mean of each whole month, of two years at most."""
    if series.step != "day":
        return
    months = series.days.astype("datetime64[M]")
    for month in np.unique(months)[:25]:
        inside = series.values[(months == month) & np.isfinite(series.values)]
        first, last = month.astype("datetime64[D]"), (month + 1).astype("datetime64[D]") - 1
        if len(inside) and series.days[0] <= first and last <= series.days[-1]:
            if series.how == "mean":
                rows = series.rows[(months == month) & np.isfinite(series.values)]
                inside = inside * rows / rows.sum()
            yield str(month), float(inside.sum())


def _daily(name: str, series: Series) -> str:
    """What a series is called."""
    return f"daily {name}" if series.step == "day" else f"{name} by {series.step if series.step != 'other' else 'date'}"


def _lines(findings: Findings) -> Iterator[str]:
    series, name = findings.series, plain(findings.metric)
    of = {fact.unit for fact in findings.facts if fact.about == findings.metric and fact.unit not in {"", "%"}}
    ending = f" {of.pop()}" if of else ""
    facts: dict[tuple[str, str, str], float | int | str] = {}
    for fact in findings.facts:
        facts.setdefault((fact.about, fact.measure, fact.when), fact.value)
    period = f", {series.days[0]} to {series.days[-1]}" if series else ""
    yield f"{plain(findings.table.name)}: {findings.table.rows:,} rows{period}; {name} is {_HOW[findings.how]}."
    total, mean = facts.get((findings.metric, "total", "")), facts.get((findings.metric, "mean", ""))
    if total is not None:
        yield f"Total: {figure(total)}{ending}."
    if not series and mean is not None:
        parts = [f"{kind} {figure(facts[findings.metric, kind, ''])}" for kind in ("mean", "median", "minimum")]
        yield f"{name}: {', '.join(parts)}, maximum {figure(facts[findings.metric, 'maximum', ''])}{ending}."
    if series:
        yield from _of_days(findings, series, name, ending)
    for fact in findings.facts:
        if fact.about.startswith("first day, "):
            yield f"First day of {plain(fact.about.removeprefix('first day, '))}: {fact.value}."
    columns = dict.fromkeys(group.column for group in findings.groups)
    for column in columns:
        listed = ", ".join(
            f"{plain(group.name)} {figure(group.value)}" + (f" ({group.share:.1f}%)" if group.share is not None else "")
            for group in findings.groups
            if group.column == column
        )
        yield f"{name} by {plain(column)}: {listed}{ending}."
    for one in findings.correlations:
        yield f"Correlation of {name} with {plain(one.against)}: {one.r:.2f} ({one.rows:,} rows)."
    if missing := facts.get((findings.metric, "missing", "")):
        yield f"Rows without {name}: {missing:,}."
    yield from findings.notes


def _of_days(findings: Findings, series: Series, name: str, ending: str) -> Iterator[str]:
    values = series.values[np.isfinite(series.values)]
    step = {"day": "day", "week": "week", "month": "month"}.get(series.step, "date")
    yield f"By {step}: mean {figure(float(values.mean()))}, median {figure(float(np.median(values)))}{ending}."
    if goes := findings.trend:
        clear = "none that is clear" if goes.direction == "unclear" else goes.direction
        change = f" ({goes.change:+.1f}%)" if np.isfinite(goes.change) else ""
        ends = f"; {figure(goes.first)} in the first {goes.dates} {step}s, {figure(goes.last)} in the last"
        yield f"Trend of {name}: {clear}{ends + ending + change if np.isfinite(goes.first + goes.last) else ''}."
    if len(values) >= FEWEST:
        yield f"Anomalies: {len(findings.anomalies) or 'none'}."
    for one in sorted(findings.anomalies, key=lambda one: -one.score):
        yield _of_anomaly(one, name, ending)
    if len(values) > 1:
        high, low = int(np.nanargmax(series.values)), int(np.nanargmin(series.values))
        yield (
            f"Highest: {figure(float(series.values[high]))}{ending} on {series.days[high]}; "
            f"lowest: {figure(float(series.values[low]))}{ending} on {series.days[low]}."
        )
    for season in findings.seasonality:
        listed = ", ".join(f"{label} {figure(mean)}" for label, mean in season.means.items())
        yield f"Mean by {season.by}: {listed}{ending}."
    if months := list(_months(series)):
        yield f"{name} by month: {', '.join(f'{month} {figure(value)}' for month, value in months)}{ending}."


def _of_anomaly(one: Anomaly, name: str, ending: str) -> str:
    where = name + "".join(f", {plain(part)}" for part in one.about.split(", ", 1)[1:])
    days = f"{one.day}" if one.day == one.until else f"{one.day} to {one.until}"
    if one.kind == "missing":
        return f"Missing, {days}: no values{where.removeprefix(name).replace(',', ' of', 1)}."
    percent = 100 * (one.value / one.expected - 1) if one.expected > 0 else np.nan
    change = f" ({percent:+.1f}%)" if np.isfinite(percent) else ""
    after = "after" if one.kind in {"shift", "drift"} else "where"
    due = "" if one.kind in {"shift", "drift"} else " was due"
    return (
        f"{one.kind.capitalize()} of {where}, {days}: {figure(one.value)}{ending} "
        f"{after} {figure(one.expected)}{ending}{due}{change}."
    )


def figure(value: float | str) -> str:
    """A figure as a person reads it: four digits or more, and no more places than these need."""
    if isinstance(value, str):
        return value
    if abs(value) >= 1e15 or (value and abs(value) < 1e-4):
        return f"{value:.3e}"
    places = 0 if value == int(value) or abs(value) >= 1000 else 1 if abs(value) >= 100 else 2 if abs(value) >= 1 else 5
    return f"{value:,.{places}f}"


def plain(name: str) -> str:
    """A name from the data: one line, in which nothing hides, and not long."""
    line = visible(" ".join(name.split()))
    return line if len(line) <= 40 else f"{line[:39]}…"
