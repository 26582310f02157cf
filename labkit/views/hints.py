"""`hint("2.3")`: hints for an exercise, one at a time, by mouse, keyboard or code."""

from typing import Any

import anywidget
import traitlets

from labkit.course import progress
from labkit.course.hints import SOLUTION, Hints
from labkit.views.page import read_parts
from labkit.views.placed import Placed

_views: dict[str, "HintsView"] = {}


def hint(number: str, what: str = "") -> "HintsView":
    """Show the hints of an exercise that were taken, with a button for the next.

        hint("2.3")            # the button on the page
        hint("2.3", "next")    # the same in plain code; print(hint("2.3")) is all of it in text

    The first is the one for the mistake that the last check has found, where there is one. The solution comes last.

    Args:
        number: The exercise.
        what: `next`, or the name of an error that you see, as the hints offer it.

    Raises:
        LookupError: There are no hints for such a number, or not by such a name.
    """
    hints = Hints.of(number)
    if what and (what != "next" or hints.next()):
        hints.take(hints.next() if what == "next" else what)
    view = _views.get(hints.number)
    if view is None or view.comm is None:
        view = _views[hints.number] = HintsView(hints)
    return view


class HintsView(Placed, anywidget.AnyWidget):
    """The widget that `hint` returns."""

    _esm = read_parts("page.js", "hints.js")
    _css = read_parts("page.css", "prediction.css")

    state = traitlets.Dict().tag(sync=True)

    def __init__(self, hints: Hints) -> None:
        self.hints = hints
        super().__init__()
        self.on_msg(self._heard)
        self.tell()

    def _heard(self, *_: object) -> None:
        if what := self.hints.next():
            self.hints.take(what)
            self.tell()

    def tell(self) -> None:
        """Show what was taken."""
        hints = self.hints
        told = [[hints.title(what), hints.text(what), what == SOLUTION] for what in hints.taken()]
        errors = [[seen, hints.mistakes[name]] for name, seen in hints.errors.items() if name not in hints.taken()]
        self.state = {
            "number": hints.number,
            "told": told,
            "offer": hints.offer(),
            "over": not hints.next(),
            "errors": errors,
            "trouble": progress.journal().trouble,
        }

    def __repr__(self) -> str:
        return str(self.hints)

    def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, Any], dict[str, Any]] | None:
        bundle = super()._repr_mimebundle_()
        if bundle is not None:
            bundle[0]["text/plain"] = repr(self)
        return bundle


def _tell() -> None:
    for view in _views.values():
        if view.comm is not None:
            view.tell()


progress.listen(_tell)
