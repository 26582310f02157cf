"""`await show_scorecard(callback)`: the scorecard as a panel. In plain code: `print(await scorecard(callback))`.

`await show_server_scorecard(server, tool, arguments)` is the same of a server's tool.
"""

import builtins
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Any, cast

import anywidget
import traitlets

from labkit.callbacks import name_of
from labkit.checks.case import Matter, Row
from labkit.checks.engine import STAGE_TIMEOUT
from labkit.checks.scorecard import CASES, FAILS, PASSES, Scorecard, concluded, examined
from labkit.checks.served import ANSWER, Given, Served
from labkit.checks.server_card import SERVER_CASES, examined_server
from labkit.plain import seen, short
from labkit.views.page import read_parts
from labkit.views.placed import VIEW, Placed

MANY = {PASSES: "now pass", FAILS: "now fail"}

_panels: dict[tuple[str, str], "ScorecardPanel"] = {}


async def show_scorecard(callback: object, *, timeout: float = STAGE_TIMEOUT) -> None:
    """Examine a callback in every case of the scorecard, and show a panel that fills meanwhile.

        await show_scorecard(my_callback)
        print(await scorecard(my_callback))   # the same in plain code

    Choose a case with the mouse or the arrow keys to read what was sent, what came back, why the case matters and how
    to mend the callback. Callbacks of one name share a panel: run again, it says what passes or fails now and did not
    before. The table is stored in the notebook for those who read that without a kernel; outside a notebook the table
    is printed.

    Args:
        callback: `async def callback(context, params)`, or a factory with a parameter `base_url`.
        timeout: Seconds that each answer may take; as `scorecard` has it.

    Raises:
        CheckFailed: A case failed, and `LABKIT_STRICT=1` is set.
    """
    await _show(name_of(callback), CASES, examined(callback, timeout=timeout))


async def show_server_scorecard(
    server: Given,
    tool: str,
    arguments: Mapping[str, Any] | None = None,
    *,
    answer: str = ANSWER,
    timeout: float = STAGE_TIMEOUT,
) -> None:
    """Examine a tool of a server in every case, and show a panel that fills meanwhile, as `show_scorecard` does.

        await show_server_scorecard(make_server, "label", {"text": "I like it."})
        print(await scorecard_server(make_server, "label", {"text": "I like it."}))   # the same in plain code

    The arguments, and what is raised, are those of `scorecard_server`.
    """
    served = Served(server, tool, arguments or {}, answer=answer, timeout=timeout)
    await _show(served.name, SERVER_CASES, examined_server(served))


async def _show(name: str, cases: Sequence[Matter], examined: AsyncGenerator[Row]) -> None:
    """Show the rows of an examination of `cases` as they come, and conclude with the scorecard that they make."""
    # IPython is in every notebook. The panel comes before the first case, to show how far the examination is.
    display = cast("Callable[..., None] | None", getattr(builtins, "display", None))
    key = name, cases[0].id
    panel = _panels.get(key)
    if panel is None or panel.comm is None:
        panel = _panels[key] = ScorecardPanel(name, cases)
    if display:
        display(panel)
    card = Scorecard(name, ())
    panel.begin()
    try:
        async with aclosing(examined) as rows:
            async for row in rows:
                card = Scorecard(name, (*card.rows, row))
                panel.show(card)
    finally:
        panel.show(card, over=True)
    if display and not panel.is_placed:
        display(_for_readers(card), raw=True)
    elif not display:
        print(card)
    concluded(card)


class ScorecardPanel(Placed, anywidget.AnyWidget):
    """The widget that `show_scorecard` makes: `begin` a run, then `show` what is known of the run.

    Args:
        name: The name of what is examined.
        cases: What it is examined in, in the order of the examination.
    """

    _esm = read_parts("page.js", "scorecard_panel.js")
    _css = read_parts("page.css", "scorecard_panel.css")

    card = traitlets.Dict().tag(sync=True)
    run = traitlets.Dict().tag(sync=True)

    def __init__(self, name: str, cases: Sequence[Matter] = CASES) -> None:
        self.scorecard = Scorecard(name, ())
        """The scorecard that is shown."""
        self._before: Scorecard | None = None
        self._cases = [case.id for case in cases]
        super().__init__(card=_card(name, cases), run=_run(self.scorecard, self._cases, {}))

    def begin(self) -> None:
        """Forget the shown scorecard; a run that came to its end is what the next one is compared with."""
        if len(self.scorecard.rows) == len(self._cases):
            self._before = self.scorecard
        self.show(Scorecard(self.scorecard.name, ()))

    def show(self, card: Scorecard, *, over: bool = False) -> None:
        """Show the rows so far, or those of a run that is over, also of one that did not come to its end."""
        self.scorecard = card
        self.run = _run(card, self._cases, card.changes(self._before) if self._before else {}, over=over)

    def picture(self, shown: str) -> dict[str, Any]:
        """The picture of the panel, by MIME type: the table."""
        return {"text/plain": str(self.scorecard)}

    def __repr__(self) -> str:
        return f"Scorecard of {short(self.scorecard.name)}"


TOLD = ("id", "group", "title", "sent", "why", "source", "mend")
"""What the page is told of a case."""


def _card(name: str, cases: Sequence[Matter]) -> dict[str, Any]:
    """The card, which does not change: the name of what is examined, and the cases in the order of the examination."""
    groups = list(dict.fromkeys(case.group for case in cases))
    told = [{field: getattr(case, field) for field in TOLD} for case in cases]
    return {"name": short(name), "groups": groups, "cases": told}


def _run(card: Scorecard, cases: Sequence[str], changes: dict[str, str], *, over: bool = False) -> dict[str, Any]:
    """The run so far: what came of each case, which one is examined now, and a sentence."""
    done, of = len(card.rows), len(cases)
    return {
        "rows": {row.id: [row.status, seen(row.came_back), changes.get(row.id, "")] for row in card.rows},
        "at": None if over or done == of else cases[done],
        "done": done,
        "over": over,
        "said": _said(card, of, [*changes.values()]) if over else f"examining {min(done + 1, of)} of {of}",
    }


def _said(card: Scorecard, of: int, changes: list[str]) -> str:
    if len(card.rows) < of:
        return f"stopped after {len(card.rows)} of {of} cases"
    if card.unwritten:
        return "TODO: write the body of the function, run its cell, then run this one again."
    told = [f"{count} {change if count == 1 else MANY[change]}" for change in MANY if (count := changes.count(change))]
    return f"since the last run: {', '.join(told)}" if told else ""


def _for_readers(card: Scorecard) -> dict[str, Any]:
    """The table for those who read the notebook without a kernel. On a live page, the panel above shows all this."""
    # A front end shows nothing for a view that was removed, which has no model.
    return {"text/plain": str(card), VIEW: {"version_major": 2, "version_minor": 0, "model_id": ""}}
