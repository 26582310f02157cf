"""`plot_sweep(prompt)`: what `sweep` finds, as two charts. In plain code: `print(sweep(prompt))`."""

from collections.abc import Iterable
from functools import partial
from typing import Literal

from labkit.dial_table import Settings
from labkit.models.sweep import SEEDS, TEMPERATURES, Sweep, sweep
from labkit.models.tiny import TinyModel
from labkit.models.tracing import Prompt
from labkit.views.drawing import DPI, PALETTES, Axes, Figure
from labkit.views.picture import Picture

WIDTH, HEIGHT = 880, 330
"""The size of the charts, in pixels on a page."""


def plot_sweep(
    prompt: Prompt,
    temperatures: Iterable[float] = TEMPERATURES,
    seeds: Iterable[int] = SEEDS,
    model: TinyModel | None = None,
    settings: Settings | None = None,
) -> "SweepPlot":
    """The findings of `sweep` as two charts; as the last line of a cell.

        plot_sweep("Explain this log line: ...")
        plot_sweep(request, temperatures=(0, 1, 2), seeds=range(10), settings=Settings(top_p=0.9))

    Args and errors are those of `sweep`. The charts follow Lab's theme and have alternative text.
    """
    return SweepPlot(sweep(prompt, temperatures, seeds, model, settings))


class SweepPlot(Picture):
    """The charts that `plot_sweep` makes. `figure()` is the matplotlib figure; printed, they are the table."""

    def __init__(self, sweep: Sweep) -> None:
        self.sweep = sweep
        draw = partial(to_figure, sweep)
        super().__init__(draw, alt=sweep.alt, label=sweep.title, width=WIDTH)

    def __repr__(self) -> str:
        return f"<SweepPlot {len(self.sweep.points)} temperatures, {self.sweep.number} seeds>"

    def __str__(self) -> str:
        return str(self.sweep)


def to_figure(sweep: Sweep, dark: bool = False) -> Figure:
    """The charts, over the temperature: variety on the left, probability on the right; above, whose answers."""
    colours = PALETTES[dark]
    figure = Figure(figsize=(WIDTH / DPI, HEIGHT / DPI), dpi=DPI, facecolor=colours["page"], layout="constrained")
    figure.set_layout_engine("constrained", w_pad=0.12, h_pad=0.1, wspace=0.04)
    figure.suptitle(sweep.title, x=0.012, ha="left", fontsize=10, color=colours["mute"])
    left, right = figure.subplots(1, 2)
    heats = [point.temperature for point in sweep.points]
    _frame(left, heats, "How different the answers are", colours)
    different = [point.distinct / sweep.number for point in sweep.points]
    left.plot(heats, different, "o-", color=colours["a"], label=f"different answers, of {sweep.number}")
    pairs = [(point.temperature, point.distinct_2) for point in sweep.points if point.distinct_2 is not None]
    if pairs:
        left.plot(*zip(*pairs, strict=True), "s--", color=colours["b"], label="different pairs of words (distinct-2)")
    _legend(left, "lower right", colours)
    _frame(right, heats, "How probable they are to the model", colours)
    for point in sweep.points:
        at = [point.temperature] * sweep.number
        right.plot(at, point.probabilities, "o", color=colours["mute"], alpha=0.55, markersize=4, markeredgewidth=0)
    means = [point.probability for point in sweep.points]
    right.plot(heats, means, "o-", color=colours["a"], label="mean of the seeds")
    right.plot([], [], "o", color=colours["mute"], alpha=0.55, markersize=4, markeredgewidth=0, label="an answer")
    _legend(right, "lower left", colours)
    return figure


def _frame(axes: Axes, heats: list[float], title: str, colours: dict[str, str]) -> None:
    axes.set_facecolor(colours["page"])
    axes.set_title(title, loc="left", fontsize=10, fontweight="bold", color=colours["ink"])
    axes.set_xlabel("temperature", fontsize=9, color=colours["mute"])
    axes.set_xticks(heats, [f"{heat:g}" for heat in heats])
    axes.set_ylim(-0.03, 1.06)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0%", "25%", "50%", "75%", "100%"])
    axes.tick_params(labelsize=9, colors=colours["mute"], length=0)
    axes.grid(visible=True, axis="y", color=colours["grid"], linewidth=0.8)
    axes.set_axisbelow(True)
    for name, spine in axes.spines.items():
        spine.set_visible(name == "bottom")
        spine.set_color(colours["grid"])


def _legend(axes: Axes, place: Literal["lower right", "lower left"], colours: dict[str, str]) -> None:
    legend = axes.legend(loc=place, fontsize=9, frameon=True, labelcolor=colours["ink"], facecolor=colours["page"])
    legend.get_frame().set(edgecolor="none", alpha=0.8)
