"""`click_me()`: a button that says whether a click in the browser reaches Python. `doctor()` cannot see that."""

import anywidget
import traitlets

from labkit.views.page import read_parts
from labkit.views.placed import Placed


def click_me() -> "ClickMe":
    """A button whose text turns to [OK] when a click in the browser has reached Python."""
    return ClickMe()


class ClickMe(Placed, anywidget.AnyWidget):
    """The button that `click_me` makes; `said` is its text."""

    _esm = read_parts("page.js", "click_me.js")
    _css = read_parts("page.css")

    said = traitlets.Unicode("Click me").tag(sync=True)

    def __init__(self) -> None:
        super().__init__()
        self.on_msg(self._clicked)

    def _clicked(self, *_: object) -> None:
        self.said = "[OK] Your click has reached Python"

    def __repr__(self) -> str:
        return f"<button: {self.said}>"
