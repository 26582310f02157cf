"""`plot_attacks(matrix)`: attacks and defences as a map, with the figures in it. In plain code: `print(matrix)`."""

from functools import partial

from labkit.attacks.report import Matrix, Share
from labkit.plain import short
from labkit.views.drawing import DPI, PALETTES, Axes, Figure, Rectangle
from labkit.views.picture import Picture

WIDTH = 880
"""The width of the map, in pixels on a page."""

LABEL = 18
"""The most letters of a defence's name."""

DEEPEST = {False: 0.7, True: 0.5}
"""How much of its colour a field has where all attacks succeed, by whether the page is dark: figures stay readable."""

LEAST = 0.3
"""The part of that which a field has as soon as one succeeds: it never looks like a field of none."""

KEY = "Below each count: the interval of 95 %. The deeper a field, the larger its share."


def plot_attacks(matrix: Matrix) -> "AttackMap":
    """A row for each defence, a column for each family of attacks, and apart from them the honest requests.

        matrix = await attack_matrix(defences=["none", "policy"])
        plot_attacks(matrix)

    A field says how many attacks succeeded of those tried, and below it the interval of 95 %, in percent. The deeper
    its colour, the more succeeded. `figure()` is the matplotlib figure; printed, the map is the matrix's table.

    Raises:
        ValueError: Nothing was tried.
    """
    return AttackMap(matrix)


class AttackMap(Picture):
    """The map that `plot_attacks` makes."""

    def __init__(self, matrix: Matrix) -> None:
        if not matrix.trials:
            raise ValueError("there is nothing to draw: no attack and no honest request was tried")
        self.matrix = matrix
        super().__init__(partial(to_figure, matrix), alt=alt(matrix), label="Attacks and defences", width=WIDTH)

    def __repr__(self) -> str:
        return f"<AttackMap {len(self.matrix.defences)} defences, {len(self.matrix.families)} families>"

    def __str__(self) -> str:
        return str(self.matrix)


def alt(matrix: Matrix) -> str:
    """The map in words, for those who hear it."""
    told = ["Attacks that succeeded, by defence."]
    for model in matrix.models:
        for defence in matrix.defences:
            attacks, honest = matrix.attacks(model, defence), matrix.honest(model, defence)
            families = (
                f"{family.replace('_', ' ')} {share.hits}"
                for family in matrix.families
                if (share := matrix.attacks(model, defence, family)).hits
            )
            told.append(
                f"{defence}, with {model}: {attacks.hits} of {attacks.of} attacks succeeded"
                f"{''.join(f', {family}' for family in families)}; "
                f"{honest.hits} of {honest.of} honest requests hindered."
            )
    return " ".join(told)


def blend(colour: str, page: str, share: float) -> str:
    """A colour on its way from that of the page, at 0, to `colour`, at 1."""
    parts = ((int(one[i : i + 2], 16) for one in (page, colour)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(least + (most - least) * share):02x}" for least, most in parts)


def tint(colour: str, page: str, share: float, dark: bool) -> str:
    """The colour of a field: that of the page where nothing succeeded, and deeper with each that did."""
    return blend(colour, page, DEEPEST[dark] * (LEAST + (1 - LEAST) * share) if share else 0)


def to_figure(matrix: Matrix, dark: bool = False) -> Figure:
    """The map, one above the other for several models."""
    colours = PALETTES[dark]
    rows = len(matrix.defences)
    height = (86 + 44 * rows) * len(matrix.models) + 14
    figure = Figure(figsize=(WIDTH / DPI, height / DPI), dpi=DPI, facecolor=colours["page"], layout="constrained")
    figure.set_layout_engine("constrained", w_pad=0.06, h_pad=0.08, wspace=0.02)
    columns = [family.replace("_", "\n") for family in matrix.families]
    charts = figure.subplots(len(matrix.models), 2, squeeze=False, width_ratios=(max(1, len(columns)), 2), sharey="row")
    for (left, right), model in zip(charts, matrix.models, strict=True):
        left.set_title(f"Attacks that succeeded · {matrix.title(model)}", loc="left", **_heading(colours))
        right.set_title("Honest requests", loc="left", **_heading(colours))
        for row, defence in enumerate(matrix.defences):
            for column, family in enumerate(matrix.families):
                share = matrix.attacks(model, defence, family)
                _field(left, (column, row), share, tint(colours["a"], colours["page"], share.share, dark), colours)
            share = matrix.honest(model, defence)
            _field(right, (0, row), share, tint(colours["b"], colours["page"], share.share, dark), colours)
            asked = matrix.asked(model, defence)
            right.text(1, row, asked, ha="center", va="center", fontsize=9, color=colours["ink"])
        _frame(left, columns, matrix.defences, colours)
        _frame(right, ["hindered", "questions\neach"], matrix.defences, colours)
    figure.supxlabel(KEY, x=0.01, ha="left", fontsize=9, color=colours["mute"])
    return figure


def _heading(colours: dict[str, str]) -> dict[str, str | int]:
    return {"fontsize": 10, "fontweight": "bold", "color": colours["ink"]}


def _field(axes: Axes, at: tuple[int, int], share: Share, fill: str, colours: dict[str, str]) -> None:
    """A field of the map, with the figures in it."""
    column, row = at
    edges = (column - 0.5, row - 0.5)
    axes.add_patch(Rectangle(edges, 1, 1, facecolor=fill, edgecolor=colours["grid"], linewidth=1))
    if share.of:
        axes.text(column, row - 0.16, f"{share.hits}/{share.of}", ha="center", va="center", fontsize=10,
                  fontweight="bold" if share.hits else "normal", color=colours["ink"])  # fmt: skip
        axes.text(column, row + 0.22, f"{share.ends}%", ha="center", va="center", fontsize=8, color=colours["ink"])
    else:
        axes.text(column, row, "–", ha="center", va="center", fontsize=10, color=colours["ink"])


def _frame(axes: Axes, columns: list[str], rows: list[str], colours: dict[str, str]) -> None:
    axes.set_facecolor(colours["page"])
    axes.set_xlim(-0.5, len(columns) - 0.5)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xticks(range(len(columns)), columns)
    axes.set_yticks(range(len(rows)), [short(row, LABEL).replace("$", r"\$") for row in rows])
    axes.tick_params(labelsize=9, colors=colours["ink"], length=0, labeltop=True, labelbottom=False)
    for spine in axes.spines.values():
        spine.set_visible(False)
