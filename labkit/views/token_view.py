"""`show_tokens(trace)`: an answer token by token, with the rivals of each. In plain code: `print(table(trace))`."""

from typing import Any

import anywidget
import numpy as np
import traitlets

from labkit.dial_table import STAGES, Dial
from labkit.models.sampler import Dials
from labkit.models.token_reading import DRAWN, FULL, SURE_FROM, Reading
from labkit.models.trace import Choice, Trace, TracedToken
from labkit.models.tracing import turned
from labkit.plain import marked, seen
from labkit.views.page import read_parts
from labkit.views.placed import Placed
from labkit.views.token_drawing import svg, table

__all__ = ["TokenView", "show_tokens", "table"]


def show_tokens(trace: Trace) -> "TokenView":
    """An answer of a model that can be traced, token by token; as the last line of a cell.

        show_tokens(TinyModel().trace(prompt, dials=Dials(temperature=0.8, top_p=0.9), seed=7))

    Choose a token with the mouse or with ← → Home End to see what it was drawn from. Turn a dial to see what it would
    have been drawn from, and what the same random number would have drawn. In plain code: `turned(trace, dials)`.

    Args:
        trace: A trace, from the `trace` of a model.

    Raises:
        TypeError: `trace` is no trace.
    """
    if not isinstance(trace, Trace):  # pyright: ignore[reportUnnecessaryIsInstance] - a notebook checks no types
        raise TypeError(f"a {type(trace).__name__} has no tokens to show: write show_tokens(model.trace(prompt))")
    return TokenView(trace)


def _stage(dial: Dial) -> dict[str, Any]:
    """A dial of the draw, as the page shows it."""
    told = ("name", "title", "what", "off", "least", "most", "marks", "drops", "rare")
    return {name: getattr(dial, name) for name in told} | {"whole": dial.kind == "whole"}


class TokenView(Placed, anywidget.AnyWidget):
    """The widget that `show_tokens` makes. `chosen` is the index of the token whose rivals are shown.

    Args:
        trace: A trace, from the `trace` of a model.
        steady: Whether the text keeps its height whatever is shown next.
        dialled: Whether it has dials of its own.
    """

    _esm = read_parts("page.js", "token_dials.js", "token_words.js", "token_strip.js", "token_view.js")
    _css = read_parts("page.css", "token_view.css", "token_strip.css")

    answer = traitlets.Dict().tag(sync=True)
    stages = traitlets.List([_stage(dial) for dial in STAGES]).tag(sync=True)
    steady = traitlets.Bool().tag(sync=True)
    dialled = traitlets.Bool(True).tag(sync=True)
    # The traits that the browser writes, and code may.
    chosen = traitlets.Int().tag(sync=True)
    turned = traitlets.Dict().tag(sync=True)
    """The dials that stand elsewhere than those of the draw, by name."""

    def __init__(self, trace: Trace, *, steady: bool = False, dialled: bool = True) -> None:
        self.trace = trace
        super().__init__(answer=_answer(trace), chosen=Reading(trace).hesitant, steady=steady, dialled=dialled)

    def show(self, trace: Trace) -> None:
        """Show another answer in place of this one. From any thread.

        The same token stays chosen where the two agree up to it; else the one where the model hesitated most is.
        """
        former, self.trace = self.trace, trace
        agree = [token.id for token in former.tokens[: self.chosen + 1]]
        if [token.id for token in trace.tokens[: self.chosen + 1]] != agree:
            self.chosen = Reading(trace).hesitant
        with self.hold_sync():
            self.answer, self.turned = _answer(trace), {}

    def turn(self, dials: Dials) -> None:
        """Have the dials stand elsewhere, without a draw. From any thread."""
        own = (self.trace.dials or Dials(1.0)).values
        self.turned = {name: value for name, value in dials.values.items() if value != own[name]}

    @property
    def reading(self) -> Reading:
        """The answer as it is shown, with the dials as they stand."""
        try:
            return Reading(
                turned(self.trace, (self.trace.dials or Dials(1.0)).but(**self.turned)) if self.turned else self.trace
            )
        except (TypeError, ValueError):  # the page may send what no dial can be
            return Reading(self.trace)

    def to_svg(self) -> str:
        """The shown answer as a drawing, for where no kernel runs."""
        return svg(self.reading, self.chosen)

    def __repr__(self) -> str:
        return f"<TokenView {self.reading.count}, {marked(self.trace.stop_reason)}>"

    def stored(self) -> dict[str, str]:
        # In a notebook that JupyterLab does not trust it draws no SVG, and shows the table.
        reading = self.reading
        return {"text/plain": table(reading.trace), "image/svg+xml": svg(reading, self.chosen)}


def _answer(trace: Trace) -> dict[str, Any]:
    """The answer as the browser needs it: what there was to choose from, and what the dials do not change in words."""
    reading = Reading(trace)
    choices = [token.choice or _guess(token) for token in trace.tokens]
    texts = {token: choice.text_of for choice in choices for token in choice.ids}
    return {
        "count": reading.count,
        "badges": [[badge.kind, badge.text, badge.title] for badge in reading.badges],
        "dials": dict((trace.dials or Dials(1.0)).values),
        "seed": trace.seed,
        "sure_from": SURE_FROM,
        "full": FULL,
        "most": DRAWN,
        "texts": {str(token): seen(text_of(token)) for token, text_of in texts.items()},
        "tokens": [_token(reading, i, choice) for i, choice in enumerate(choices)],
    }


def _token(reading: Reading, i: int, choice: Choice) -> dict[str, Any]:
    token = reading.tokens[i]
    return {
        "text": seen(reading.text(i)),
        "own": seen(token.text),
        "label": reading.label(i),
        "share": round(token.probability, 4),
        "end": reading.is_end(i),
        "cut": reading.is_cut(i),
        # As bytes, which reach the browser as they are; where each place is an id, none is sent.
        "ids": None if isinstance(choice.ids, range) else np.asarray(choice.ids, "<u4").tobytes(),
        "logits": choice.logits.astype("<f4").tobytes(),
        "place": choice.place,
        "uses": [*choice.uses.items()],
        "chance": choice.chance,
        "untold": choice.untold,
        "others": choice.others,
        "beyond": choice.beyond,
    }


def _guess(token: TracedToken) -> Choice:
    """The choice behind a token that somebody wrote down without one: its rivals are all there were."""
    known = {rival.id: (rival.text, rival.probability) for rival in token.stages["model"]}
    known.setdefault(token.id, (token.text, token.probability))
    ids, logits = list(known), np.log([max(share, 1e-9) for _, share in known.values()])
    return Choice(ids, logits, ids.index(token.id), {}, 0.5, lambda each: known[each][0])
