"""What the views of a student's progress share: each tells anew what is known whenever something was done."""

from typing import Any, Self
from weakref import WeakSet

import anywidget
import traitlets

from labkit.course import progress
from labkit.views.placed import Placed

_views: "WeakSet[OfProgress]" = WeakSet()


class OfProgress(Placed, anywidget.AnyWidget):
    """A widget whose state is read from the progress, about something whose text is its twin."""

    state = traitlets.Dict().tag(sync=True)
    _kept: dict[tuple[type, str], Any] = {}  # noqa: RUF012 - all of this kernel

    def __init__(self, about: Any, **traits: Any) -> None:
        self.about = about
        super().__init__(**traits)
        self.on_msg(self._heard)
        self.tell()
        _views.add(self)

    @classmethod
    def of(cls, about: Any) -> Self:
        """The view of something: one for each number, unless that one was closed."""
        key = cls, getattr(about, "number", "")
        view = cls._kept.get(key)
        if view is None or view.comm is None:
            view = cls._kept[key] = cls(about)
        return view

    def _heard(self, _: object, content: dict[str, Any], __: object) -> None:
        self.hear(content)

    def hear(self, content: dict[str, Any]) -> None:
        """Do what was asked on the page."""

    def known(self) -> dict[str, Any]:
        """What is known now, as the page reads it."""
        return {}

    def tell(self, **more: Any) -> None:
        """Show what is known now, and what `more` there is."""
        self.state = {**self.known(), "trouble": progress.journal().trouble, **more}

    def __repr__(self) -> str:
        return str(self.about)


def _tell() -> None:
    for view in list(_views):
        if view.comm is not None:
            view.tell()


progress.listen(_tell)
