"""A drawing by matplotlib in a notebook: in the colours of the theme, and in words for those who hear it."""

from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from labkit.views.page import read_parts
from labkit.views.placed import Placed

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Picture(Placed, anywidget.AnyWidget):
    """A figure as an image with alternative text, which JupyterLab drops from a plain image.

    The image stored beside the widget is in HTML and has the same words.

    Args:
        draw: Makes the `matplotlib.figure.Figure`, for a light page and, given `True`, for a dark one.
        alt: What the figure shows, in words.
        label: What the figure is, in a few words.
        width: The figure's width on a page, in pixels.
    """

    _esm = read_parts("page.js", "picture.js")
    _css = read_parts("page.css", "picture.css")

    light = traitlets.Unicode().tag(sync=True)
    dark = traitlets.Unicode().tag(sync=True)
    alt = traitlets.Unicode().tag(sync=True)
    label = traitlets.Unicode().tag(sync=True)
    width = traitlets.Int().tag(sync=True)

    def __init__(self, draw: Callable[[bool], "Figure"], *, alt: str, label: str, width: int) -> None:
        from labkit.views.drawing import to_svg  # matplotlib, for those who plot

        self._draw = draw
        super().__init__(light=to_svg(draw(False)), dark=to_svg(draw(True)), alt=alt, label=label, width=width)

    def figure(self, *, dark: bool = False) -> Any:
        """The drawing as a `matplotlib.figure.Figure`, to save it or to change it."""
        return self._draw(dark)

    def stored(self) -> dict[str, str]:
        from labkit.views.drawing import to_png

        source = f"data:image/png;base64,{to_png(self.figure())}"
        image = f'<img alt="{escape(self.alt)}" width="{self.width}" src="{source}">'
        return {"text/plain": str(self), "text/html": image}
