"""`predict("2.1")`: a question before a run, answered by mouse, keyboard or code. `it_was("2.1")` is said after it."""

from typing import Any

import traitlets

from labkit.course.predictions import Prediction
from labkit.views.of_progress import OfProgress
from labkit.views.page import read_parts


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
    return PredictionView.of(prediction)


class PredictionView(OfProgress):
    """The widget that `predict` returns: a question, and a button that enters the answer."""

    _esm = read_parts("page.js", "prediction.js")
    _css = read_parts("page.css", "prediction.css")

    question = traitlets.Dict().tag(sync=True)
    about: Prediction

    def __init__(self, about: Prediction) -> None:
        question = {name: getattr(about, name) for name in ("number", "kind", "ask", "unit")}
        question["items"] = list(about.items.items())
        super().__init__(about, question=question)

    def hear(self, content: dict[str, Any]) -> None:
        try:
            self.about.enter(content.get("answer"))
        except ValueError as error:
            self.tell(words=str(error).partition(" Answer with")[0])
        else:
            self.tell()

    def known(self) -> dict[str, Any]:
        said, was, right = self.about.known()
        words = self.about.outcome(said, was, right) if was else self.about.state(said) if said else ""
        return {"said": said, "was": was, "words": words}
