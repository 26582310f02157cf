"""The sweep over temperatures: its figures are true, its charts say in words what they show, and both are stable."""

import base64
import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from matplotlib.lines import Line2D

from labkit.dial_table import Settings
from labkit.models.sweep import Point, Sweep, sweep
from labkit.models.tiny import Dials, TinyModel
from labkit.models.token_reading import Reading
from labkit.models.tracing import as_request
from labkit.views.drawing import PALETTES, to_png, to_svg
from labkit.views.sweep_plot import SweepPlot, plot_sweep, to_figure

PROMPT = "Explain this log line: what happened, why, and what to do.\n\n[821] ERROR:  deadlock detected"
WRITTEN = Sweep(
    (
        Point(0.0, ("a b c", "a b c"), (0.8, 0.8)),
        Point(1.0, ("a b c", "c b d"), (0.5, 0.3)),
    )
)


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, 1 to 21. Source: WCAG 2.2, "relative luminance"."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_variety_counts_answers_and_pairs_of_words() -> None:
    same, different = WRITTEN.points
    assert (same.distinct, same.distinct_2, same.probability) == (1, 0.5, 0.8)
    assert (different.distinct, different.distinct_2, different.probability) == (2, 1.0, 0.4)
    assert Point(0.0, ("positive",), (0.9,)).distinct_2 is None


def test_every_answer_is_the_models_own_at_that_temperature_and_seed() -> None:
    found = sweep(PROMPT, (1.5, 0.5), seeds=(3, 4), model=TinyModel(top_p=0.9), settings=Settings(max_tokens=12))
    assert [point.temperature for point in found.points] == [0.5, 1.5]
    for point in found.points:
        for seed, text, probability in zip((3, 4), point.texts, point.probabilities, strict=True):
            dials = Dials(point.temperature, top_p=0.9)
            trace = TinyModel().trace(PROMPT, dials=dials, seed=seed, max_tokens=12)
            assert (text, probability) == (trace.text, pytest.approx(Reading(trace).mean_probability))


def test_at_temperature_0_one_answer_stands_for_all_seeds() -> None:
    found = sweep(PROMPT, (0,), seeds=range(3), settings=Settings(max_tokens=8))
    greedy = [TinyModel().trace(PROMPT, dials=Dials(0.0), seed=seed, max_tokens=8).text for seed in range(3)]
    assert list(found.points[0].texts) == greedy
    assert (found.points[0].distinct, found.number) == (1, 3)


@pytest.mark.parametrize(("heats", "seeds"), [((), (1,)), ((0.5,), ())])
def test_a_sweep_over_nothing_is_refused(heats: tuple[float, ...], seeds: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="at least one temperature and one seed"):
        sweep(PROMPT, heats, seeds)


def test_the_table_and_the_alternative_text_say_what_the_charts_show() -> None:
    assert str(WRITTEN).startswith("Answers of the tiny model over the temperature\n")
    assert [line.split() for line in str(WRITTEN).splitlines()[2:]] == [
        ["0", "1", "of", "2", "0.50", "80%"],
        ["1", "2", "of", "2", "1.00", "40%"],
    ]
    assert WRITTEN.alt == (
        "Variety and probability of an answer of the tiny model at 2 temperatures from 0 to 1, 2 seeds each. "
        "Different answers: 1 of 2 at first, 2 of 2 at last. Different pairs of words: 50 %, then 100 %. "
        "Mean probability of a token: 80 %, then 40 %."
    )
    labels = Sweep((Point(0.0, ("positive",), (0.9,)),))
    assert "–" in str(labels)
    assert "pairs" not in labels.alt


def stored(html: str) -> tuple[str, bytes]:
    """The alternative text and the bytes of the image that a notebook stores."""
    image = ET.fromstring(html.removesuffix(">") + "/>")  # noqa: S314 - our own
    return image.attrib["alt"], base64.b64decode(image.attrib["src"].removeprefix("data:image/png;base64,"))


def heights(line: Line2D) -> list[float]:
    return np.asarray(line.get_ydata(), float).tolist()


def test_the_charts_draw_the_figures_of_the_sweep() -> None:
    left, right = to_figure(WRITTEN).axes
    drawn = {str(line.get_label()): heights(line) for axes in (left, right) for line in axes.lines}
    assert drawn["different answers, of 2"] == [0.5, 1.0]
    assert drawn["different pairs of words (distinct-2)"] == [0.5, 1.0]
    assert drawn["mean of the seeds"] == [0.8, 0.4]
    assert [heights(line) for line in right.lines[:2]] == [[0.8, 0.8], [0.5, 0.3]]
    one_word = to_figure(Sweep((Point(0.0, ("positive",), (0.9,)),))).axes[0]
    assert len(one_word.lines) == 1


def test_the_charts_and_all_that_is_stored_of_them_say_whose_answers_they_are() -> None:
    plot = SweepPlot(WRITTEN)
    for dark in (False, True):
        assert plot.figure(dark=dark).get_suptitle() == WRITTEN.title
    bundle = plot._repr_mimebundle_()
    assert bundle is not None
    told = [WRITTEN.title, plot.label, plot.alt, bundle[0]["text/plain"], stored(bundle[0]["text/html"])[0]]
    assert all("tiny model" in each for each in told)


@pytest.mark.parametrize("dark", [False, True])
def test_the_charts_can_be_read_on_a_page_of_their_theme(dark: bool) -> None:
    colours = PALETTES[dark]
    assert all(contrast(colours[name], colours["page"]) >= 4.5 for name in ("ink", "mute", "a", "b"))
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


def test_the_same_sweep_draws_the_same() -> None:
    for dark in (False, True):
        assert to_svg(to_figure(WRITTEN, dark)) == to_svg(to_figure(WRITTEN, dark))
    assert to_png(to_figure(WRITTEN)) == to_png(to_figure(WRITTEN))
    ET.fromstring(to_svg(to_figure(WRITTEN)))  # noqa: S314 - our own drawing


def test_what_is_stored_has_a_picture_with_alternative_text_and_a_table() -> None:
    plot = plot_sweep(as_request(PROMPT), (0, 1), seeds=(0, 1), settings=Settings(max_tokens=6))
    bundle = plot._repr_mimebundle_()
    assert bundle is not None
    data, _ = bundle
    assert data["text/plain"] == str(plot) == str(plot.sweep)
    assert plot.alt == plot.sweep.alt
    alt, picture = stored(data["text/html"])
    assert (alt, picture[:4]) == (plot.alt, b"\x89PNG")
    assert "image/png" not in data  # Lab would drop its alternative text
    assert repr(plot) == "<SweepPlot 2 temperatures, 2 seeds>"
    assert not re.search("0x[0-9a-f]{4}", repr(plot) + plot.light + plot.dark)


def test_the_figure_can_be_taken_out() -> None:
    assert len(SweepPlot(WRITTEN).figure(dark=True).axes) == 2


def test_matplotlib_says_nothing_on_a_machine_where_it_finds_and_can_keep_no_list_of_fonts(tmp_path: Path) -> None:
    no_folder = tmp_path / "a file"
    no_folder.touch()
    draw = "import logging, labkit.views.sweep_plot as s; assert logging.getLogger('matplotlib').level == 0, s"
    run = subprocess.run(
        [sys.executable, "-c", draw],
        env=os.environ | {"MPLCONFIGDIR": str(no_folder)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
    )
    assert (run.returncode, run.stderr) == (0, "")
