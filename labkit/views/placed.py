"""Where a widget is shown: a notebook keeps its picture, and while there is a kernel the widget stands in its place.

A front end prefers a widget to whatever picture is stored beside it, also when the widget is gone: a notebook that is
opened without its kernel would say "model not found". So JupyterLab is given the picture alone, with a mark in it, and
`placed.js` puts the widget there. The picture is told anew when the widget has changed: what is saved shows the end.
"""

import re
from html import escape
from typing import Any, cast
from uuid import uuid4

from labkit.front_end import makes_widgets_unseen, place_of_words, publish
from labkit.views.pace import Pace

VIEW = "application/vnd.jupyter.widget-view+json"
SVG = "image/svg+xml"

MOST = 10
"""Places of one widget whose pictures are kept up to date: of a cell that was run again the kernel hears nothing."""


class Placed:
    """What all widgets of the kit are beside ipywidgets' own class."""

    _places: dict[str, tuple[str, dict[str, str]]] | None = None
    """For each place its display id, what is shown there, and the picture that it has."""

    @property
    def is_placed(self) -> bool:
        """Whether the widget stands, or stood, in the place of its picture."""
        return self._places is not None

    def shown_now(self) -> str:
        """What a place that is made now shows and goes on showing, in letters and digits; empty for all there is."""
        return ""

    def stored(self) -> dict[str, str]:
        """What a notebook stores beside the widget, by MIME type."""
        return {"text/plain": str(self)}

    def picture(self, shown: str) -> dict[str, str]:
        """The picture of what is shown at a place, by MIME type."""
        return self.stored()

    def to_bundle(self, **options: Any) -> Any:
        """The MIME bundle of Jupyter: what a notebook shows and stores, by kind; `None` for a widget that is closed."""
        bundle = cast("Any", super())._repr_mimebundle_(**options)
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        if data is not None:
            cast("dict[str, str]", data).update(self.stored())
        return bundle

    _repr_mimebundle_ = to_bundle

    def show_placed(self) -> None:
        """Show the picture of the widget, and on a page that has the widget the widget in its place.

        Raises:
            NotImplementedError: The front end is to show what `_repr_mimebundle_` returns, as IPython then does.
        """
        widget = cast("Any", self)
        if widget.comm is None or not makes_widgets_unseen():
            raise NotImplementedError
        if self._places is None:
            self._places = {}
            self._picture_pace = Pace(self._keep, rate=1, burst=0)
            for part in (widget, *getattr(widget, "children", ())):
                part.observe(self._moved)
        words = place_of_words()
        shown, place = self.shown_now(), words or uuid4().hex
        self._places[place] = shown, self.picture(shown)
        if len(self._places) > MOST:
            del self._places[next(iter(self._places))]
        self._tell(place, update=bool(words))

    _ipython_display_ = show_placed

    def _moved(self, _: object) -> None:
        self._picture_pace.soon()

    def _tell(self, place: str, *, update: bool = False) -> None:
        shown, picture = (self._places or {})[place]
        mark = f"labkit-at-{cast('Any', self).model_id}{shown and f'-{shown}'}"
        publish(marked(picture, mark), display_id=place, update=update)

    def _keep(self) -> None:
        """Tell the notebook the pictures that have changed."""
        for place, (shown, former) in list((self._places or {}).items()):
            picture = self.picture(shown)
            if picture and picture != former and self._places is not None:
                self._places[place] = shown, picture
                self._tell(place, update=True)

    def close(self) -> None:
        """Take the widget off the page, where its picture stays. More than once does no harm."""
        if self._places and cast("Any", self).comm is not None:
            self._keep()
        self._places = None
        cast("Any", super()).close()


def marked(picture: dict[str, str], mark: str) -> dict[str, str]:
    """`picture` with a class by which a page knows the widget: in its SVG, or else in HTML; a text becomes HTML."""
    if SVG in picture:
        return {**picture, SVG: re.sub("<svg ", f'<svg class="{mark}" ', picture[SVG], count=1)}
    html = picture.get("text/html") or f"<pre>{escape(picture['text/plain'])}</pre>"
    return {**picture, "text/html": f'<div class="{mark}">{html}</div>'}
