"""`show_tokens(trace)`: an answer token by token, with the rivals of each. In plain code: `print(table(trace))`."""

from typing import Any

import anywidget
import traitlets

from labkit.models.token_reading import DRAWN, FULL, SURE_FROM, Cell, Reading
from labkit.models.trace import Trace
from labkit.plain import marked, seen
from labkit.views.page import read_parts
from labkit.views.placed import Placed
from labkit.views.token_drawing import svg, table

__all__ = ["TokenView", "show_tokens", "table"]


def show_tokens(trace: Trace) -> "TokenView":
    """An answer of a model that can be traced, token by token; as the last line of a cell.

        show_tokens(TinyModel().trace(prompt, dials=Dials(temperature=0.8, top_p=0.9), seed=7))

    Choose a token with the mouse or with ← → Home End to see what it was drawn from.

    Args:
        trace: A trace, from the `trace` of a model.

    Raises:
        TypeError: `trace` is no trace.
    """
    if not isinstance(trace, Trace):  # pyright: ignore[reportUnnecessaryIsInstance] - a notebook checks no types
        raise TypeError(f"a {type(trace).__name__} has no tokens to show: write show_tokens(model.trace(prompt))")
    return TokenView(trace)


class TokenView(Placed, anywidget.AnyWidget):
    """The widget that `show_tokens` makes. `chosen` is the index of the token whose rivals are shown.

    Args:
        trace: A trace, from the `trace` of a model.
        steady: Whether the text keeps its height whatever is shown next.
    """

    _esm = read_parts("page.js", "token_view.js")
    _css = read_parts("page.css", "token_view.css")

    answer = traitlets.Dict().tag(sync=True)
    steady = traitlets.Bool().tag(sync=True)
    chosen = traitlets.Int().tag(sync=True)  # the only trait that the browser writes

    def __init__(self, trace: Trace, *, steady: bool = False) -> None:
        self.reading = Reading(trace)
        super().__init__(answer=_answer(self.reading), chosen=self.reading.hesitant, steady=steady)

    def show(self, trace: Trace) -> None:
        """Show another answer in place of this one; the same token stays chosen where there is one. From any thread."""
        self.reading = Reading(trace)
        self.answer = _answer(self.reading)

    def to_svg(self) -> str:
        """The shown answer as a drawing, for where no kernel runs."""
        return svg(self.reading, self.chosen)

    def __repr__(self) -> str:
        return f"<TokenView {self.reading.count}, {marked(self.reading.trace.stop_reason)}>"

    def stored(self) -> dict[str, str]:
        # In a notebook that JupyterLab does not trust it draws no SVG, and shows the table.
        return {"text/plain": table(self.reading.trace), "image/svg+xml": self.to_svg()}


def _answer(reading: Reading) -> dict[str, Any]:
    """The answer as the browser draws it, in words and figures that are ready to be shown."""
    return {
        "count": reading.count,
        "settings": reading.settings,
        "badges": [[badge.kind, badge.text, badge.title] for badge in reading.badges],
        "columns": [[column.name, column.note] for column in reading.columns],
        "sure_from": SURE_FROM,
        "full": FULL,
        "partial": any(token.rest for token in reading.tokens),
        "tokens": [_token(reading, i) for i in range(len(reading.tokens))],
    }


def _token(reading: Reading, i: int) -> dict[str, Any]:
    return {
        "text": seen(reading.text(i)),
        "label": reading.label(i),
        "share": round(reading.tokens[i].probability, 4),
        "end": reading.is_end(i),
        "cut": reading.is_cut(i),
        "sentence": reading.sentence(i),
        # In the order that token_view.js reads: names would be most of what is sent.
        "rows": [
            [
                seen(row.text),
                f"{row.rank}+" if row.or_later else row.rank,
                row.drawn,
                *(_cell(cell) for cell in row.cells),
            ]
            for row in reading.rows(i, DRAWN)
        ],
    }


def _cell(cell: Cell) -> list[Any]:
    bound = [round(cell.most, 4)] if cell.most > cell.share else []
    return [cell.text, round(cell.share, 4), cell.kept, *bound]
