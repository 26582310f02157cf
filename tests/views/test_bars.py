"""`plot_bars`: the same figures as a picture, in words and as a table."""

import os
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from labkit.views.bars import COLOURS, Bars, figure, plot_bars
from labkit.views.drawing import PALETTES

ROWS = {"one": {"samples": 1, "tokens": 640}, "each": {"samples": 9, "tokens": 1210}}


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, 1 to 21. Source: WCAG 2.2, "relative luminance"."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_a_printed_plot_is_a_table() -> None:
    assert str(plot_bars(ROWS, title="Ten papers")) == (
        "Ten papers\n      samples  tokens\none         1     640\neach        9   1,210"
    )


def test_the_picture_carries_its_figures_as_alternative_text_on_the_page_and_where_it_is_stored() -> None:
    bundle = plot_bars(ROWS, title="Ten papers")._repr_mimebundle_()
    assert bundle is not None
    data, _ = bundle
    said = "Bars, Ten papers. samples: one 1; each 9. tokens: one 640; each 1,210."
    assert plot_bars(ROWS, title="Ten papers").to_picture().alt == said
    assert f'alt="{said}"' in data["text/html"]
    assert "image/png" not in data  # Lab would drop its alternative text
    assert data["text/plain"] == str(plot_bars(ROWS, title="Ten papers"))


def test_a_title_is_no_html() -> None:
    bundle = plot_bars(ROWS, title='"><script>x</script>')._repr_mimebundle_()
    assert bundle is not None
    assert bundle[0]["text/html"].count("<") == 1


@pytest.mark.parametrize("dark", [False, True])
def test_the_charts_can_be_read_on_a_page_of_their_theme(dark: bool) -> None:
    colours = PALETTES[dark]
    assert all(contrast(colours[name], colours["page"]) >= 4.5 for name in ("ink", "mute", "a", "b"))
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("dark", [False, True])
def test_the_bars_can_be_told_from_a_page_of_their_theme(dark: bool) -> None:
    assert all(contrast(colour, PALETTES[dark]["page"]) >= 4.5 for colour in COLOURS[dark])
    assert len(set(COLOURS[dark])) == len(COLOURS[dark])


def test_bars_that_are_printed_are_not_drawn() -> None:
    class Undrawn(Bars):
        def to_figure(self, dark: bool = False) -> NoReturn:
            pytest.fail("they were drawn")

    assert "samples" in str(Undrawn(ROWS))


def test_there_is_a_chart_for_each_measure_with_a_bar_and_a_figure_for_each_run() -> None:
    charts = plot_bars(ROWS).to_figure().axes
    assert [chart.get_title(loc="left") for chart in charts] == ["samples", "tokens"]
    assert [text.get_text() for text in charts[1].texts] == ["640", "1,210"]


def test_figures_of_nothing_can_be_drawn() -> None:
    assert plot_bars({"none": {"seconds": 0.0}})._repr_mimebundle_()


@pytest.mark.parametrize("rows", [{}, {"one": {}}, {"one": {"samples": 1}, "each": {"tokens": 1}}])
def test_what_cannot_be_compared_is_an_error(rows: dict[str, dict[str, float]]) -> None:
    with pytest.raises(ValueError, match="nothing to compare"):
        plot_bars(rows)


def test_a_plot_keeps_the_figures_it_was_given() -> None:
    rows = {"one": {"samples": 1.0}}
    bars = Bars(rows)
    rows["one"]["samples"] = 7
    assert "7" not in str(bars)


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0, "0"),
        (1210, "1,210"),
        (0.389, "0.389"),
        (2.0, "2"),
        (1234.5, "1,234"),
        (999.6, "1,000"),
        (0.00002, "0.000020"),
    ],
)
def test_a_figure_has_the_digits_that_matter(number: float, shown: str) -> None:
    assert figure(number) == shown


def test_dollar_signs_are_no_formula_and_what_is_no_number_is_told() -> None:
    assert plot_bars({r"$\bad$": {"US$ in $": 1.0}}, title="$x$")._repr_mimebundle_()
    for figure_ in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="finite"):
            plot_bars({"one": {"samples": figure_}})


def test_matplotlib_says_nothing_on_a_machine_where_it_finds_and_can_keep_no_list_of_fonts(tmp_path: Path) -> None:
    no_folder = tmp_path / "a file"
    no_folder.touch()
    draw = "import logging, labkit.views.drawing as d; assert logging.getLogger('matplotlib').level == 0, d"
    run = subprocess.run(
        [sys.executable, "-c", draw],
        env=os.environ | {"MPLCONFIGDIR": str(no_folder)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
    )
    assert (run.returncode, run.stderr) == (0, "")
