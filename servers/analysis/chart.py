"""`chart(findings)`: what was found as a picture, and `described(findings)`: the same in words.

matplotlib takes a second to import, so that is done with the first chart. Figures are made as objects and drawn by Agg:
no window, no state that others share. Names come from the data; on the picture they are short, hold no formula, and
have `?` for letters that the font lacks.
"""

from datetime import timedelta
from io import BytesIO
from typing import Any

import numpy as np

from servers.analysis.anomalies import Anomaly
from servers.analysis.findings import Findings
from servers.analysis.series import Series
from servers.plain_text import shortened, visible

WIDTH, HEIGHT, DPI = 8.0, 3.6, 100
"""Inches, and pixels to the inch."""

COLOURS = 32
MOST_BARS = 12
MOST_MARKED = 12
"""Anomalies that have a mark with a date, the strongest."""

_INK, _MUTE, _GRID, _LINE, _MARK = "#1b1f24", "#5b6470", "#dfe2e6", "#1565c0", "#b3261e"
_LAST_LETTER = "\u04ff"
"""The font has the letters up to here: Latin, Greek, Cyrillic."""


def chart(findings: Findings) -> bytes | None:
    """A PNG of the metric by day with its anomalies, or by group; `None` where there is nothing to draw."""
    series = _series(findings)
    if not series and not _bars(findings):
        return None
    # Loaded here: a server that never draws does without.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from PIL import Image

    figure = Figure(figsize=(WIDTH, HEIGHT), dpi=DPI, layout="tight", facecolor="white")
    FigureCanvasAgg(figure)
    axes: Any = figure.subplots()
    if series:
        _by_day(axes, findings, series)
    else:
        _by_group(axes, findings)
    axes.set_title(_plain(_title(findings)), loc="left", color=_INK, fontsize=11, parse_math=False)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(_MUTE)
    axes.tick_params(colors=_MUTE, labelsize=9)
    page = BytesIO()
    figure.savefig(page, format="png", metadata={"Software": None})
    # Of 50 kB, which would cross the wire as 67, a quarter stays with as many colours as the drawing has.
    small = BytesIO()
    Image.open(page).convert("RGB").quantize(COLOURS).save(small, "png", optimize=True)
    return small.getvalue()


def described(findings: Findings) -> str:
    """What the chart shows, in a sentence or two for those who do not see it; empty where there is none."""
    if series := _series(findings):
        low, high = float(np.nanmin(series.values)), float(np.nanmax(series.values))
        told = (
            f"A line of {_title(findings)}, {series.days[0]} to {series.days[-1]}, between {low:,.6g} and {high:,.6g}."
        )
        marked = ", ".join(f"{_period(each)} ({_kind(each, findings)})" for each in _marked(findings))
        return f"{told} Marked: {marked}." if marked else told
    bars = ", ".join(f"{_name(name)} {value:,.6g}" for name, value in _bars(findings))
    return f"Bars of {_title(findings)}: {bars}." if bars else ""


def _series(findings: Findings) -> Series | None:
    """The metric in time, where there are two points to join."""
    series = findings.series
    return series if series and np.isfinite(series.values).sum() > 1 else None


def _by_day(axes: Any, findings: Findings, series: Series) -> None:
    is_long = series.step == "day" and len(series.days) >= 60
    axes.plot(series.days, series.values, color=_LINE, linewidth=0.7 if is_long else 1.3, alpha=0.55 if is_long else 1)
    if is_long:  # the mean of a week, which the weekdays do not shake
        there = np.convolve(np.isfinite(series.values), np.ones(7), "same")
        summed = np.convolve(np.nan_to_num(series.values), np.ones(7), "same")
        axes.plot(series.days, summed / np.where(there, there, np.nan), color=_LINE, linewidth=1.8)
    axes.grid(axis="y", color=_GRID, linewidth=0.8)
    axes.margins(x=0.01, y=0.2)
    seen = dict(zip(series.days.tolist(), series.values.tolist(), strict=True))
    for each in _marked(findings):
        value = seen.get(each.day, np.nan)
        if each.kind == "missing" or (each.day != each.until and each.kind in {"spike", "drop"}):  # others stay
            axes.axvspan(each.day, each.until + timedelta(each.kind == "missing"), color=_MARK, alpha=0.15, linewidth=0)
        if np.isfinite(value):
            axes.plot([each.day], [value], "o", color=_MARK, markersize=5, markerfacecolor="white")
            above = 7 if each.value >= each.expected else -14
            axes.annotate(
                f"{each.day:%d %b}",
                (each.day, value),
                xytext=(0, above),
                textcoords="offset points",
                ha="center",
                fontsize=8,
                color=_MARK,
            )


def _by_group(axes: Any, findings: Findings) -> None:
    bars = _bars(findings)[::-1]
    places = range(len(bars))
    axes.barh(places, [value for _, value in bars], color=_LINE, height=0.7)
    axes.set_yticks(places, [_plain(name, 24) for name, _ in bars], parse_math=False)
    axes.grid(axis="x", color=_GRID, linewidth=0.8)
    axes.set_axisbelow(True)


def _bars(findings: Findings) -> list[tuple[str, float]]:
    """The groups of the first column that has some, the largest first."""
    first = findings.groups[0].column if findings.groups else ""
    bars = [(each.name, each.value) for each in findings.groups if each.column == first and np.isfinite(each.value)]
    return bars[:MOST_BARS] if len(bars) > 1 else []


def _marked(findings: Findings) -> list[Anomaly]:
    line = f"daily {findings.metric}"
    of_the_line = [
        each
        for each in findings.anomalies
        if each.about == line or (each.about.startswith(f"{line}, ") and each.kind in {"spike", "drop"})
    ]
    strongest = sorted(of_the_line, key=lambda each: -abs(each.score))[:MOST_MARKED]
    return sorted(strongest, key=lambda each: each.day)


def _kind(anomaly: Anomaly, findings: Findings) -> str:
    """`spike`, or `spike of region north` where it is a group's."""
    group = anomaly.about.removeprefix(f"daily {findings.metric}").removeprefix(", ")
    return f"{anomaly.kind} of {_name(group)}" if group else anomaly.kind


def _period(anomaly: Anomaly) -> str:
    day, until = anomaly.day, anomaly.until
    return day.isoformat() if day == until else f"{day.isoformat()} to {until.isoformat()}"


def _title(findings: Findings) -> str:
    how = {"sum": "sum", "mean": "mean", "count": "number"}[findings.how]
    table, metric = _name(findings.table.name), _name(findings.metric)
    of = f"rows of {table}" if findings.how == "count" else f"{metric} in {table}"
    per = f" by {findings.series.step if findings.series.step != 'other' else 'date'}" if findings.series else ""
    if not findings.series and findings.groups:
        per = f" by {_name(findings.groups[0].column)}"
    return f"{of}: {how}{per}"


def _name(name: str) -> str:
    return visible(" ".join(shortened(name, 40).split()))


def _plain(text: str, longest: int = 80) -> str:
    """A text as the picture can show it."""
    told = "".join(each if each <= _LAST_LETTER else "?" for each in visible(" ".join(text.split())))
    return told if len(told) <= longest else f"{told[: longest - 3]}..."
