"""`grouped(answers)`: many answers as groups of equal ones. Its twin in plain code is `print(grouped(answers))`."""

from collections.abc import Iterable, Sequence
from functools import partial
from itertools import accumulate, takewhile
from typing import Any, cast

import anywidget
import ipywidgets
import traitlets

from labkit.models.token_reading import Reading
from labkit.models.trace import Trace
from labkit.plain import plain, seen
from labkit.redacting import redact
from labkit.views.answers_drawing import svg
from labkit.views.answers_groups import Answered, Groups, Rule, answered
from labkit.views.page import read_parts
from labkit.views.placed import Placed
from labkit.views.token_view import TokenView
from labkit.work import Latest

__all__ = ["Answered", "Grouped", "grouped"]

PATIENCE = 60.0
"""Seconds that the tokens of an answer may take to be drawn anew."""

LONGEST_RULE = 200
"""Characters of the words that a true answer holds."""


def grouped(answers: Iterable[str | Trace | Answered], true: Rule | None = None) -> "Grouped":
    """Answers, those alike together: how many different ones, what differs between them; as the last line of a cell.

        grouped([trace(request, settings=Settings(temperature=1, seed=seed)) for seed in range(10)])
        grouped(texts, true=lambda text: "999" in text)

    Answers drawn at several temperatures are counted at each. A click on a group opens it: who said it with which
    settings, and the tokens, where the model shows them. Without a rule a field on the page takes words that a true
    answer holds.

    Args:
        answers: Texts, traces, or `Answered`, which tells more of a text.
        true: A rule that says of a text whether it is true, and `None` where the rule cannot tell.
    """
    return Grouped([answered(each) for each in answers], true)


class Grouped(Placed, anywidget.AnyWidget):
    """The widget that `grouped` makes. `groups` is what it shows of `answers`."""

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
    holds = traitlets.Unicode(allow_none=True).tag(sync=True)
    """The words that make an answer true where it holds them; `None` where code has the rule."""

    def __init__(self, answers: Sequence[Answered], true: Rule | None = None, **traits: Any) -> None:
        self._true, self._still_coming = true, False
        self._chosen: Answered | None = None
        self._tokens: Latest[tuple[int, int]] = Latest("the tokens", self._open, PATIENCE)
        super().__init__(holds="" if true is None else None, **traits)
        self.show(answers)
        self.on_msg(self._pressed)

    def show(self, answers: Sequence[Answered], *, still_coming: bool = False, chosen: Answered | None = None) -> None:
        """Show answers; as they came while some are to come, so that nothing moves when one arrives.

        Args:
            answers: The answers.
            still_coming: Whether some are to come.
            chosen: The one of them that is open elsewhere.
        """
        self.answers, self._still_coming, self._chosen = answers, still_coming, chosen or self._chosen
        self.groups = Groups(answers, self._true or self._holding(), still_coming=still_coming)
        with self.hold_sync():
            self.table, self.status, self.place = as_table(self.groups), self._told(), self._place

    def _holding(self) -> Rule | None:
        """The rule that was typed, whichever the case of its letters; `None` without words."""
        words = (self.holds or "").strip().casefold()
        return partial(_holds, words) if words else None

    @property
    def _place(self) -> list[int]:
        """Where the chosen answer stands: its group, and its place there; empty where it stands nowhere."""
        for i, row in enumerate(self.groups.rows):
            for k, member in enumerate(row.members):
                if member is self._chosen:
                    return [i, k]
        return []

    def _told(self) -> str:
        return self.groups.head

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
            row, member = message["row"], message["member"]
            chosen = self._at(row, member)
            if chosen and chosen.opens:
                chosen.opens()
            else:
                self._tokens.ask((row, member))
        elif message.get("type") == "judge" and self._true is None:
            self.holds = redact(str(message["holds"])[:LONGEST_RULE])
            self.show(self.answers, still_coming=self._still_coming)

    def _at(self, row: int, member: int) -> Answered | None:
        """An answer by its group and its place there; `None` for one that is not there any more."""
        members: Sequence[Answered] = self.groups.rows[row].members if row < len(self.groups.rows) else ()
        return members[member] if member < len(members) else None

    async def _open(self, place: tuple[int, int]) -> None:
        """Show the tokens of an answer, by its group and its place there. One that is not there any more is left."""
        row, member = place
        chosen = self._at(row, member)
        made = chosen and chosen.trace
        trace = made if made is None or isinstance(made, Trace) else await made()
        self._let_go()
        self._chosen = chosen
        view = TokenView(trace) if trace is not None else None
        if view is not None and row:
            view.chosen = _fork(self.groups.rows[0].members[0].text, view.reading)
        with self.hold_sync():
            self.place, self.opened = self._place, view

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


def _holds(words: str, text: str) -> bool:
    return words in text.casefold()


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
                        "opens": "Open" if each.opens else "Tokens" if each.trace else "",
                    }
                    for each in row.members
                ],
            }
            for row in groups.rows
        ],
    }
