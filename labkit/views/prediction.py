"""`predict("2.1")`: a question before a run, answered by mouse, keyboard or code. `it_was("2.1")` is said after it."""

from typing import Any

import anywidget
import traitlets

from labkit.course import progress
from labkit.course.predictions import Prediction
from labkit.views.page import read_parts
from labkit.views.placed import Placed

_views: dict[str, "PredictionView"] = {}


def predict(number: str, answer: Any = None) -> "PredictionView":
    """Ask what you expect, before you run the cells below.

        predict("2.1")         # answer on the page
        predict("2.1", "b")    # the same in plain code; print(predict("2.1")) is the question in text

    The answer may be changed until `it_was("2.1")` has shown how it was. It is kept with your progress.

    Args:
        number: The prediction.
        answer: A letter, letters in their order, or a number. An answer that is none is said to be none.

    Raises:
        LookupError: There is no such prediction.
    """
    prediction = Prediction.of(number)
    if answer is not None:
        try:
            prediction.enter(answer)
        except ValueError as error:
            print(error)
    view = _views.get(prediction.number)
    if view is None or view.comm is None:
        view = _views[prediction.number] = PredictionView(prediction)
    return view


class PredictionView(Placed, anywidget.AnyWidget):
    """The widget that `predict` returns: a question, and a button that enters the answer."""

    _esm = read_parts("page.js", "prediction.js")
    _css = read_parts("page.css", "prediction.css")

    question = traitlets.Dict().tag(sync=True)
    state = traitlets.Dict().tag(sync=True)

    def __init__(self, prediction: Prediction) -> None:
        self.prediction = prediction
        super().__init__(
            question={
                "number": prediction.number,
                "kind": prediction.kind,
                "ask": prediction.ask,
                "items": list(prediction.items.items()),
                "unit": prediction.unit,
            }
        )
        self.on_msg(self._heard)
        self.tell()

    def _heard(self, _: object, content: dict[str, Any], __: object) -> None:
        try:
            self.prediction.enter(content.get("answer"))
        except ValueError as error:
            self.state = {**self.state, "words": str(error).partition(" Answer with")[0]}
        else:
            self.tell()

    def tell(self) -> None:
        """Show what is known of the answer now."""
        said, was, right = self.prediction.known()
        words = ""
        if said:
            words = self.prediction.outcome(said, was, right) if was else self.prediction.state(said)
        self.state = {"said": said, "was": was, "words": words, "trouble": progress.journal().trouble}

    def __repr__(self) -> str:
        return str(self.prediction)

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
