"""`hint("2.3")`: hints for an exercise, one at a time, by mouse, keyboard or code."""

from typing import Any

from labkit.course.hints import SOLUTION, Hints
from labkit.views.of_progress import OfProgress
from labkit.views.page import read_parts


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
    return HintsView.of(hints)


class HintsView(OfProgress):
    """The widget that `hint` returns."""

    _esm = read_parts("page.js", "hints.js")
    _css = read_parts("page.css", "prediction.css")

    about: Hints

    def hear(self, content: dict[str, Any]) -> None:
        if what := self.about.next():
            self.about.take(what)
            self.tell()

    def known(self) -> dict[str, Any]:
        hints = self.about
        return {
            "number": hints.number,
            "told": [[hints.title(what), hints.text(what), what == SOLUTION] for what in hints.taken()],
            "offer": hints.offer(),
            "over": not hints.next(),
            "errors": [[see, hints.mistakes[name]] for name, see in hints.errors.items() if name not in hints.taken()],
        }
