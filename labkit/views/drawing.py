"""matplotlib, with the colours of a light and of a dark page, and drawings as text. Knows nothing of notebooks."""

import logging
from base64 import b64encode
from collections.abc import Generator
from contextlib import contextmanager
from io import BytesIO


@contextmanager
def _without_warnings() -> Generator[None]:
    """Keep matplotlib's log out of a notebook: that it looks for fonts, or cannot keep the list of them."""
    log = logging.getLogger("matplotlib")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(level)


with _without_warnings():  # matplotlib looks for fonts as it is imported, on a new machine for some seconds
    from matplotlib import rc_context
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

__all__ = ["DPI", "PALETTES", "Axes", "Figure", "Rectangle", "to_png", "to_svg"]

DPI = 100
"""The pixels to the inch, on a page."""

PALETTES = {
    False: {"page": "#ffffff", "ink": "#1b1f24", "mute": "#5b6470", "grid": "#dfe2e6", "a": "#1565c0", "b": "#8a4b08"},
    True: {"page": "#212121", "ink": "#edf0f3", "mute": "#a6b0bb", "grid": "#3d444d", "a": "#7db4f5", "b": "#e7a866"},
}
"""The colours by whether the page is dark."""


def to_svg(figure: Figure) -> str:
    """The drawing as SVG, without a date and with names that are the same at every run."""
    page = BytesIO()
    with rc_context({"svg.hashsalt": "labkit"}):
        figure.savefig(page, format="svg", metadata={"Date": None, "Creator": None})
    return page.getvalue().decode("utf-8")


def to_png(figure: Figure) -> str:
    """The drawing as PNG in base64, at twice the pixels of its place on a page."""
    page = BytesIO()
    figure.savefig(page, format="png", dpi=2 * DPI, metadata={"Software": None})
    return b64encode(page.getvalue()).decode("ascii")
