"""Words for a token, a probability, and how sure a model was. Text of a model is shown with nothing invisible in it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from labkit.dial_table import CUT
from labkit.models.stop_reasons import for_reason
from labkit.models.tiny.answer import TinyAnswer
from labkit.plain import marked

CONFIDENCE = ((0.9, "sure"), (0.7, "fairly sure"), (0.4, "unsure"), (0.0, "guessing"))
"""The least mean probability of a token, and the word for an answer that has it."""

END = "⟨end⟩"
"""The mark for the control token with which a model ends an answer."""

_SPACES = {"": "nothing", " ": "a space", "\n": "a line break", "\t": "a tab", END: "the end of the answer"}


@dataclass(frozen=True, slots=True)
class Badge:
    """A word about a whole answer, and the sentence that explains it."""

    kind: Literal["model", "confidence", "warning"]
    text: str
    title: str


OUT_OF_ITS_DEPTH = Badge("warning", "out of its depth", "The model says that it does not know this subject.")


CUT_OFF = Badge("warning", CUT, for_reason("maxTokens").why)


def badge_of(told: object) -> Badge | None:
    """The badge of a model of the box, or of an answer of one, whose class says how that is shown; else `None`."""
    shown_as: str = getattr(type(told), "shown_as", "")
    if not shown_as:
        return None
    return Badge("model", shown_as, f"Answered by {getattr(type(told), 'shown_why', shown_as)}. It makes mistakes.")


TINY = Badge("model", TinyAnswer.shown_as, f"Answered by {TinyAnswer.shown_why}. It makes mistakes.")


def mean_log(probabilities: Sequence[float]) -> float:
    """The mean of the natural logarithms of `probabilities`; 0 for none."""
    return sum(math.log(max(p, 1e-300)) for p in probabilities) / max(1, len(probabilities))


def confidence(mean_log_probability: float) -> str:
    """The word of `CONFIDENCE` for a mean log-probability."""
    mean = math.exp(mean_log_probability)
    return next((word for least, word in CONFIDENCE if mean >= least), CONFIDENCE[-1][1])


def confidence_badge(mean_log_probability: float) -> Badge:
    """The badge for a mean log-probability, `fairly sure, -0.20`: how sure a model was, not whether it was right."""
    figure = f"{round(mean_log_probability, 2) + 0.0:.2f}".replace("-", "\u2212")
    share = percent(math.exp(mean_log_probability), " ")
    title = (
        f"Mean log-probability of its tokens: {figure}, which is {share} a token. "
        "It tells how sure the model was, not whether it is right."
    )
    return Badge("confidence", f"{confidence(mean_log_probability)}, {figure}", title)


def confidence_word(probabilities: Sequence[float]) -> Badge:
    """The badge without a figure, for probabilities that are told with four digits: too few for one."""
    word = confidence(mean_log([max(p, 0.00005) for p in probabilities]))
    return Badge("confidence", word, "How sure the model was of its tokens, not whether it is right.")


def percent(share: float, space: str = "") -> str:
    """A share as text: `41%`; `<1%` for what is more than nothing and rounds to 0."""
    whole = round(100 * share)
    return f"{whole}{space}%" if whole or not share else f"<1{space}%"


def spoken(text: str) -> str:
    """`text` for those who hear it, with a space at the beginning said in words."""
    if text in _SPACES:
        return _SPACES[text]
    before = ", after a space" if text.startswith(" ") else ""
    return f"“{marked(text.removeprefix(' '))}”{before}"
