"""`my_progress()`: buttons that write your progress as a file, or delete it. Its twins are the two functions."""

from typing import Any

from labkit.course import summary
from labkit.views.of_progress import OfProgress
from labkit.views.page import read_parts

TWINS = "export_progress() writes your progress as one file; delete_progress(sure=True) deletes it."


def my_progress() -> "MyProgress":
    """Two buttons for all that is kept of what you did: to export it as one file, and to delete it.

    my_progress()
    """
    return MyProgress.of(TWINS)


class MyProgress(OfProgress):
    """The widget that `my_progress` returns."""

    _esm = read_parts("page.js", "my_progress.js")
    _css = read_parts("page.css", "prediction.css")
    _words = ""

    def hear(self, content: dict[str, Any]) -> None:
        match content:
            case {"do": "export"}:
                self._words = summary.exported()
            case {"do": "delete"}:
                self._words = summary.deleted()
            case _:
                return
        self.tell()

    def known(self) -> dict[str, Any]:
        return {"held": summary.held(), "words": self._words}
