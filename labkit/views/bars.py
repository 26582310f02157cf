"""`plot_bars(rows)`: several measures of a few runs side by side, one small chart for each measure.

In plain code: `print(plot_bars(rows))`.
"""

from collections.abc import Mapping
from math import isfinite
from typing import TYPE_CHECKING, Any

from labkit.plain import in_columns
from labkit.views.picture import Picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH, NARROW = 880, 560
"""The width of the charts, and of a single chart, in pixels on a page."""

COLOURS = {
    False: ("#1565c0", "#8a4b08", "#2e6b34", "#6a1b9a", "#5b6470"),
    True: ("#7db4f5", "#e7a866", "#8ccf94", "#bda4f2", "#a6b0bb"),
}
"""The colours by whether the page is dark, one for each run; every bar also carries the run's name and the figure."""


def plot_bars(rows: Mapping[str, Mapping[str, float]], *, title: str = "") -> "Bars":
    """Draw measures of runs.

        plot_bars({"one": {"samples": 1, "tokens": 640}, "each": {"samples": 9, "tokens": 1210}})

    Args:
        rows: For each run the figures by name; all runs have the same.
        title: The title above the charts.

    Raises:
        ValueError: There is no run, two of them differ in what was measured, or a figure is not finite.
    """
    return Bars(rows, title)


class Bars:
    """The bars that `plot_bars` makes: a picture with the figures as alternative text; printed, a table."""

    def __init__(self, rows: Mapping[str, Mapping[str, float]], title: str = "") -> None:
        self.rows = {name: dict(row) for name, row in rows.items()}
        self.title = title
        kinds = {tuple(row) for row in self.rows.values()}
        if len(kinds) != 1 or not (measures := kinds.pop()):
            raise ValueError("there is nothing to compare: every run needs the same measures, and there must be a run")
        if not all(isfinite(number) for row in self.rows.values() for number in row.values()):
            raise ValueError("every figure must be a finite number")
        self.measures = measures

    @property
    def alt(self) -> str:
        """The charts in words, for those who hear them."""
        told = [
            f"{measure}: {'; '.join(f'{name} {figure(row[measure])}' for name, row in self.rows.items())}."
            for measure in self.measures
        ]
        return " ".join([f"Bars, {self.title}." if self.title else "Bars.", *told])

    @property
    def width(self) -> int:
        """The width in pixels on a page: a single chart needs fewer."""
        return WIDTH if len(self.measures) > 2 else NARROW

    def to_figure(self, dark: bool = False) -> "Figure":
        """The charts as a `matplotlib.figure.Figure`."""
        from labkit.views.drawing import DPI, PALETTES, Figure  # matplotlib, for those who plot

        page, ink = PALETTES[dark]["page"], PALETTES[dark]["ink"]
        height = 74 + 26 * len(self.rows)
        drawing = Figure(figsize=(self.width / DPI, height / DPI), dpi=DPI, facecolor=page, layout="constrained")
        if self.title:
            drawing.suptitle(_plain(self.title), x=0.01, ha="left", fontsize=10, fontweight="bold", color=ink)
        names = [*self.rows]
        colours = [COLOURS[dark][number % len(COLOURS[dark])] for number in range(len(names))]
        charts = drawing.subplots(1, len(self.measures), sharey=True, squeeze=False)[0]
        for chart, measure in zip(charts, self.measures, strict=True):
            values = [self.rows[name][measure] for name in names]
            bars = chart.barh([*map(_plain, names)], values, color=colours, height=0.6)
            chart.set_facecolor(page)
            chart.bar_label(bars, [figure(value) for value in values], padding=3, fontsize=9, color=ink)
            chart.set_title(_plain(measure), loc="left", fontsize=9, color=ink)
            chart.set_xlim(0, max([*values, 1e-12]) * 1.5)
            chart.set_xticks([])
            chart.tick_params(labelsize=9, colors=ink, length=0)
            for spine in chart.spines.values():
                spine.set_visible(False)
        charts[0].invert_yaxis()
        return drawing

    def __str__(self) -> str:
        rows = [("", *self.measures)]
        rows += [(name, *(figure(row[measure]) for measure in self.measures)) for name, row in self.rows.items()]
        lines = in_columns(rows)
        return "\n".join([self.title, *lines] if self.title else lines)

    def to_picture(self) -> Picture:
        """The charts as a widget, drawn when they are shown: bars that are printed need no matplotlib."""
        return _Shown(self)

    def _ipython_display_(self) -> None:
        self.to_picture().show_placed()

    def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, Any], dict[str, Any]] | None:
        return self.to_picture().to_bundle()


class _Shown(Picture):
    """Bars on a page; printed, the table of the bars."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        super().__init__(bars.to_figure, alt=bars.alt, label=bars.title or "Bars", width=bars.width)

    def __str__(self) -> str:
        return str(self._bars)


def figure(number: float) -> str:
    """A figure as text, `1,210`, `0.48`, `0.000213`: three digits that matter, and whole numbers whole."""
    size = abs(number)
    if size >= 999.5 or number == round(number):
        return f"{number:,.0f}"
    return f"{number:.3g}" if size >= 1e-4 else f"{number:.6f}"


def _plain(text: str) -> str:
    """`text` for matplotlib, which takes what stands between two dollar signs for a formula."""
    return text.replace("$", r"\$")
