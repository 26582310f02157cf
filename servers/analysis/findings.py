"""`analyze(table, metric)`: what plain code finds in a table, as facts in full precision.

`Findings.text()` is what a prompt and a fallback show; each figure in it is one of the facts, rounded.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from servers.analysis.anomalies import Anomaly, anomalies
from servers.analysis.fact import Fact, Measure
from servers.analysis.patterns import Correlation, Group, Season, Trend, trend, weekdays
from servers.analysis.series import Floats, How, Series, adds_up, day_numbers, panel, time_column, unit
from servers.analysis.table import Column, Table
from servers.plain_text import visible

MOST_GROUPS = 20
"""A text column with more different values than this is no grouping."""


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

    def text(self, longest: int = 4000) -> str:
        """The facts, one a line and the most telling first, then the notes; whole lines, `longest` characters at most.

        Names come from the data: nothing hides in them, and none is longer than a few words.
        """
        lines: list[str] = []
        room = longest - sum(len(note) + 1 for note in self.notes)
        for fact in self.facts:
            line = _sentence(fact)
            room -= len(line) + 1
            if room < 0:
                break
            lines.append(line)
        return "\n".join([*lines, *self.notes])[:longest]


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
    name = column.name if column and column.kind == "number" else table.name
    values = column.values if column and column.kind == "number" else None
    when = time_column(table)
    notes = [table.note] if table.note else []
    series = None
    if when is not None:
        days, used, far = day_numbers(when.values)
        if far:
            notes.append(f"{far} rows are dated far from all others and stand in no series.")
        series = panel(days[used], values[used] if values is not None else None, how)[0]
        if not len(series.days):
            series = None
    about = f"daily {name}"
    found = anomalies(series, about) if series else ()
    goes = trend(series) if series else None
    week = weekdays(series) if series else None
    groups = tuple(_groups(table, values, how))
    if series and goes is None:
        notes.append(f"{len(series.days)} days are too few to tell a trend.")
    season = (week,) if week else ()
    findings = Findings(
        table, name, how, when.name if when else None, series, (), found, goes, season, (), groups, tuple(notes)
    )
    return replace(findings, facts=tuple(_facts(findings, values)))


def _metric(table: Table, metric: str | None) -> tuple[Column | None, How]:
    if metric is None:
        numbers = [column for column in table.columns.values() if column.kind == "number"]
        adding = [column for column in numbers if adds_up(column.name)]
        column = next(iter(adding + numbers), None)
    elif metric in table.columns:
        column = table.columns[metric]
    elif metric in {table.name, "rows"}:
        column = None
    else:
        there = ", ".join(visible(name[:40]) for name in list(table.columns)[:20])
        raise ValueError(f"There is no column {visible(metric[:40])!r}. There are: {there}; 'rows' counts rows.")
    if column is None or column.kind != "number":
        return column, "count"
    return column, "sum" if adds_up(column.name) else "mean"


def _groups(table: Table, values: Floats | None, how: How) -> Iterator[Group]:
    for column in table.columns.values():
        if column.kind != "text":
            continue
        names, codes = _codes(column.values)
        if not 2 <= len(names) <= MOST_GROUPS:
            continue
        rows = np.bincount(codes[codes >= 0], minlength=len(names))
        if values is None:
            each = rows.astype(float)
        else:
            kept = (codes >= 0) & np.isfinite(values)
            each = np.bincount(codes[kept], values[kept], minlength=len(names))
            if how == "mean":
                number = np.bincount(codes[kept], minlength=len(names))
                each = each / np.where(number, number, np.nan)
        whole = float(np.sum(each))
        order: list[int] = np.argsort(-each, kind="stable").tolist()
        for group in order:
            share = 100 * float(each[group]) / whole if how != "mean" and whole > 0 else None
            yield Group(column.name, names[group], int(rows[group]), float(each[group]), share)


def _codes(values: NDArray[Any]) -> tuple[list[str], NDArray[np.int64]]:
    """The different values in their order, up to one more than are looked at, and the place of each row's; -1 none."""
    places: dict[str, int] = {}
    codes = np.full(len(values), -1)
    for row, value in enumerate(values):
        if value is not None:
            codes[row] = places.setdefault(value, len(places))
            if len(places) > MOST_GROUPS:
                break
    return list(places), codes


def _facts(findings: Findings, values: Floats | None) -> Iterator[Fact]:
    table, name, how, series = findings.table, findings.metric, findings.how, findings.series
    of = unit(name) if values is not None else ""
    about = f"daily {name}"
    yield Fact(table.name, "rows", table.rows)
    if series:
        yield Fact("first day", "date", str(series.days[0]))
        yield Fact("last day", "date", str(series.days[-1]))
    if values is not None:
        kept = values[np.isfinite(values)]
        yield Fact(name, "missing", len(values) - len(kept))
        if len(kept):
            if how == "sum":
                yield Fact(name, "total", float(kept.sum()), of)
            yield Fact(name, "mean", float(kept.mean()), of)
            yield Fact(name, "median", float(np.median(kept)), of)
            yield Fact(name, "minimum", float(kept.min()), of)
            yield Fact(name, "maximum", float(kept.max()), of)
    if findings.trend and series:
        period = f"{series.days[0]}/{series.days[-1]}"
        yield Fact(about, "slope", findings.trend.slope, of, period)
        if np.isfinite(findings.trend.change) and findings.trend.direction != "unclear":
            yield Fact(about, "change", findings.trend.change, "%", period)
    yield Fact("anomalies", "count", len(findings.anomalies))
    for anomaly in findings.anomalies:
        day = f"{anomaly.day}" if anomaly.day == anomaly.until else f"{anomaly.day}/{anomaly.until}"
        yield Fact(anomaly.about, "anomaly", anomaly.value, of, day)
        if np.isfinite(anomaly.expected):
            yield Fact(anomaly.about, "expected", anomaly.expected, of, day)
    if series and np.isfinite(series.values).any():
        yield Fact(about, "mean", float(np.nanmean(series.values)), of)
        yield Fact(about, "median", float(np.nanmedian(series.values)), of)
        high, low = int(np.nanargmax(series.values)), int(np.nanargmin(series.values))
        yield Fact(about, "maximum", float(series.values[high]), of, str(series.days[high]))
        yield Fact(about, "minimum", float(series.values[low]), of, str(series.days[low]))
    for season in findings.seasonality:
        for day, mean in season.means.items():
            yield Fact(f"{about}, {season.by} {day}", "mean", mean, of)
    whole: Measure = "total" if how == "sum" else "mean" if how == "mean" else "count"
    for group in findings.groups:
        where = f"{name}, {group.column} {group.name}"
        yield Fact(where, whole, group.value, of)
        if group.share is not None:
            yield Fact(where, "share", group.share, "%")


def _sentence(fact: Fact) -> str:
    about = visible(" ".join(fact.about.split()))[:80]
    value = fact.value if isinstance(fact.value, str) else f"{fact.value:,.6g}"
    space = "" if fact.unit in {"", "%"} else " "
    when = f" ({fact.when})" if fact.when else ""
    against = f" against {fact.against}" if fact.against else ""
    return f"{about}: {fact.measure} {value}{space}{fact.unit}{against}{when}"
