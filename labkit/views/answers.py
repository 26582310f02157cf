"""`grouped(answers)`: many answers as groups of equal ones. Its twin in plain code is `print(grouped(answers))`."""

from collections.abc import Iterable, Sequence
from itertools import accumulate, takewhile
from typing import Any, cast

import anywidget
import ipywidgets
import traitlets

from labkit.models.token_reading import Reading
from labkit.models.trace import Trace
from labkit.plain import plain, seen
from labkit.views.answers_drawing import svg
from labkit.views.answers_groups import Answered, Groups, Rule, answered
from labkit.views.page import read_parts
from labkit.views.placed import Placed
from labkit.views.token_view import TokenView
from labkit.work import Latest

__all__ = ["Answered", "Grouped", "grouped"]

PATIENCE = 60.0
"""Seconds that the tokens of an answer may take to be drawn anew."""


def grouped(answers: Iterable[str | Trace | Answered], true: Rule | None = None) -> "Grouped":
    """Answers, those alike together: how many different ones, what differs between them; as the last line of a cell.

        grouped([trace(request, settings=Settings(temperature=1, seed=seed)) for seed in range(10)])
        grouped(texts, true=lambda text: "999" in text)

    Answers drawn at several temperatures are counted at each. A click on a group opens it: who said it with which
    settings, and the tokens, where the model shows them.

    Args:
        answers: Texts, traces, or `Answered`, which tells more of a text.
        true: A rule that says of a text whether it is true, and `None` where the rule cannot tell.
    """
    groups = Groups([answered(each) for each in answers], true)
    return Grouped(groups, status=groups.head)


class Grouped(Placed, anywidget.AnyWidget):
    """The widget that `grouped` makes. `groups` is what it shows."""

    _esm = read_parts("page.js", "answers.js")
    _css = read_parts("page.css", "answers.css")

    # All traits are written here; the browser only says which button was pressed, and what was opened.
    table = traitlets.Dict().tag(sync=True)
    opened = traitlets.Instance(TokenView, allow_none=True).tag(sync=True, **ipywidgets.widget_serialization)
    place = traitlets.List().tag(sync=True)
    status = traitlets.Unicode().tag(sync=True)
    number = traitlets.Int().tag(sync=True)
    note = traitlets.Unicode().tag(sync=True)
    running = traitlets.Bool().tag(sync=True)
    code = traitlets.Unicode().tag(sync=True)

    def __init__(self, groups: Groups, **traits: Any) -> None:
        self.groups = groups
        self._tokens: Latest[tuple[int, int]] = Latest("the tokens", self._open, PATIENCE)
        super().__init__(table=as_table(groups), **traits)
        self.on_msg(self._pressed)

    def close(self) -> None:
        """Take the answers off the page, and the tokens that are open. More than once does no harm."""
        self._tokens.cancel()
        self._let_go()
        super().close()

    def to_svg(self) -> str:
        """The shown answers as a drawing, for where no kernel runs."""
        return svg(self._head(), self.groups)

    def _head(self) -> str:
        return self.groups.head

    def _pressed(self, _widget: object, message: dict[str, Any], _buffers: object) -> None:
        if message.get("type") == "open":
            self._tokens.ask((message["row"], message["member"]))

    async def _open(self, place: tuple[int, int]) -> None:
        """Show the tokens of an answer, by its group and its place there. One that is not there any more is left."""
        row, member = place
        members: Sequence[Answered] = self.groups.rows[row].members if row < len(self.groups.rows) else ()
        made = members[member].trace if member < len(members) else None
        trace = made if made is None or isinstance(made, Trace) else await made()
        self._let_go()
        view = TokenView(trace) if trace is not None else None
        if view is not None and row:
            view.chosen = _fork(self.groups.rows[0].members[0].text, view.reading)
        with self.hold_sync():
            self.place, self.opened = [row, member], view

    def _let_go(self) -> None:
        view = cast("TokenView | None", self.opened)
        self.opened = None
        if view is not None:
            view.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.groups.told}>"

    def __str__(self) -> str:
        return "\n".join(filter(None, [seen(self._head()), str(self.groups)]))

    def stored(self) -> dict[str, str]:
        # In a notebook that JupyterLab does not trust it draws no SVG, and shows the text.
        return {"text/plain": str(self), "image/svg+xml": self.to_svg()}


def _fork(first: str, reading: Reading) -> int:
    """The index of the token with which an answer leaves the way of `first`; of `first` itself the hesitant one."""
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, reading.trace.text, strict=False)))
    ends = accumulate(len(token.text) for token in reading.tokens)
    return next((i for i, end in enumerate(ends) if end > same), reading.hesitant)


def as_table(groups: Groups) -> dict[str, Any]:
    """What the browser draws, in words and figures that are ready to be shown."""
    return {
        "total": len(groups.answers),
        "judged": groups.judged,
        "heats": groups.over_heat(),
        "rows": [
            {
                "parts": row.parts,
                "differs": row.differs,
                "true": row.true,
                "labels": plain(row.labels),
                "counts": groups.counts(row.members),
                "members": [
                    {
                        "label": plain(each.label),
                        "heat": f"temperature {each.temperature:g}" if each.temperature is not None else "",
                        "note": plain(each.note),
                        "badges": [[badge.kind, badge.text, badge.title] for badge in each.badges],
                        "tokens": each.trace is not None,
                    }
                    for each in row.members
                ],
            }
            for row in groups.rows
        ],
    }
