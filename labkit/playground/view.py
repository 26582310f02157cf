"""`PlaygroundView`: the page of a playground.

The page decides nothing: what is clicked goes to the model, what is shown is read from the model.
"""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import RLock
from typing import Any, cast

import anywidget
import traitlets

from labkit.call import Call
from labkit.errors import sentence
from labkit.host import visible
from labkit.lab import Lab
from labkit.models.trace import Trace
from labkit.models.tracing import Drawing, drawing
from labkit.playground import reading
from labkit.playground.batch import as_answers, batch_of
from labkit.playground.cells import Cells
from labkit.playground.export import picture
from labkit.playground.playground import TIMES, Playground
from labkit.playground.runs import Run
from labkit.playground.sources import Wire
from labkit.playground.target import error_of
from labkit.views.answers import Grouped
from labkit.views.approval_panel import approval_panel
from labkit.views.dial_panel import DialPanel
from labkit.views.flow_view import FlowView, show
from labkit.views.pace import Pace
from labkit.views.page import read_parts
from labkit.views.placed import Placed
from labkit.views.token_view import TokenView
from labkit.work import Latest, start

TRACING = 120.0
"""Seconds that drawing the tokens of an answer may take."""

EXPORTING = 60.0
"""Seconds that writing an export may take."""

LOOK = 1.0
"""Seconds between two looks at what is under way, where nothing is told."""

DRAFTS, DRAFTED = 15.0, 50
"""How many times a second an answer that is being drawn is shown, and its last letters that stand beside others."""

KEEPING = 0.5
"""Seconds after which a run is written down: what is drawn comes first."""

PARTING = 5.0
"""Seconds until a flow that is no longer shown is closed. To close a flow while the browser still loads it is an error
there, for which anywidget waits 2 s."""

NO_TOKENS = "Only the models in the box and model files show their tokens: let one answer, and Run."
OTHER_TOKENS = "Drawn again, the answer is another: a part of what it was made of was a secret, too large, or changed."
NO_MODEL = "The model file that gave this answer is no longer the chosen one: choose it, and open the run again."

_OF_ITSELF = ("here", "compare")
"""The messages that a page sends though nobody has clicked."""

_HERE = Path(__file__).parent
_NAMES = ("form", "side", "result", "by_hand", "filters", "compared", "history", "parts", "connection", "playground")
_SCRIPT = tuple(f"{name}.js" for name in _NAMES)
_STYLE = ("playground.css", "side.css", "work.css", "history.css", "result.css")
_FILES = {"json": "playground.json", "mermaid": "playground.mmd", "html": "playground.html"}


def _references(views: list[FlowView], _: object) -> list[str]:
    """References by which the browser finds the widgets inside this one, as `anywidget.WidgetTrait` makes one."""
    return [f"anywidget:{view.model_id}" for view in views]


class PlaygroundView(Placed, anywidget.AnyWidget):
    """The page that a `Playground` shows as the last line of a cell."""

    _esm = read_parts("page.js", *_SCRIPT, folder=_HERE)
    _css = read_parts("page.css", *_STYLE, folder=_HERE)

    # All traits are written here and read by the browser. What is typed and clicked comes as messages, which no
    # notebook keeps: a key among them is in no trait.
    top = traitlets.Dict().tag(sync=True)
    form = traitlets.Dict().tag(sync=True)
    errors = traitlets.Dict().tag(sync=True)
    work = traitlets.Dict().tag(sync=True)
    who = traitlets.Dict().tag(sync=True)
    host = traitlets.Dict().tag(sync=True)
    result = traitlets.Dict().tag(sync=True)
    question = traitlets.Dict().tag(sync=True)
    history = traitlets.Dict().tag(sync=True)
    shown_run = traitlets.Dict().tag(sync=True)
    comparison = traitlets.Dict().tag(sync=True)
    code = traitlets.Unicode().tag(sync=True)

    dials = anywidget.WidgetTrait().tag(sync=True)
    approval = anywidget.WidgetTrait().tag(sync=True)
    flows = traitlets.List().tag(sync=True, to_json=_references)
    flow_names = traitlets.List().tag(sync=True)
    tokens = anywidget.WidgetTrait().tag(sync=True)
    together = anywidget.WidgetTrait().tag(sync=True)
    drawing_note = traitlets.Unicode(NO_TOKENS).tag(sync=True)

    def __init__(self, playground: Playground) -> None:
        self.playground = playground
        self._lock = RLock()
        self._waiting = self._looking = self._keeping = False
        self._heard = 0
        self._compared: list[int] = []
        self._sides: tuple[list[Any], dict[str, Any]] = [], {}
        self._grouped: list[Any] = []
        self._labs: dict[Wire, Lab] = {}
        self._live: list[FlowView] = []
        self._opened: Run | None = None
        self._replayed = playground.runs[-1] if playground.runs else None
        self._opened_flows: list[FlowView] = []
        self._drawn: Drawing | None = None
        self._trace: Trace | None = None
        self._exporting: Call[None] | None = None
        self._tracing: Latest[Drawing] = Latest("the tokens", self._trace_it, TRACING, self._not_traced)
        self._loop = _running_loop()
        self._cells = Cells(self._loop)
        panel = approval_panel()
        playground.answers.ask = panel
        super().__init__(dials=DialPanel(playground.answers.dials), approval=panel, **self._read())
        self._draw()
        self.on_msg(self._told)
        self._forget = playground.listen(self._later)
        playground.answers.dials.listen(self._turn_tokens)
        playground.answers.drafted = Pace(self._show_draft, rate=DRAFTS, burst=0).soon

    def close(self) -> None:
        """Take the page away. More than once does no harm."""
        self._forget()
        self.playground.answers.drafted = lambda: None
        self._cells.close()
        self._tracing.cancel()
        if self._exporting is not None:
            self._exporting.cancel()
        for part in (self.dials, self.approval, self.tokens, self.together, *self._live, *self._opened_flows):
            if part is not None:
                part.close()
        super().close()

    # From the model to the page

    def _later(self) -> None:
        """Draw soon, on the kernel's own loop, which outlives every Lab, and where widgets are made."""
        with self._lock:
            if self._waiting:
                return
            self._waiting = True
        self._soon(self._draw)

    def _soon(self, function: Callable[[], object]) -> None:
        try:
            if self._loop is None:
                raise RuntimeError  # a script, or a test
            self._loop.call_soon_threadsafe(function)
        except RuntimeError:
            function()

    def _draw(self) -> None:
        with self._lock:
            self._waiting = False
            if not self.playground.settle() and self._loop is not None and not self._looking:
                # A callback that hangs is broken off by the watchdog, which tells nobody here.
                self._looking = True
                self._loop.call_later(LOOK, self._look)
            self._draw_together()
            for name, value in self._read().items():
                setattr(self, name, value)
            self._draw_flows()
            self._draw_tokens()
            last = self.playground.runs[-1] if self.playground.runs else None
            if last and last.sample and last.outcome != "running" and last is not self._replayed:
                self._replayed = last
                self.send({"answer": "compare", "runs": [last.again, last.n]})
        self.playground.last_settings.keep()
        self._keep_runs_soon()

    def _keep_runs_soon(self) -> None:
        if self._loop is None or self._loop.is_closed():
            while self._keep_run():
                pass
        elif not self._keeping:
            self._keeping = True
            self._loop.call_later(KEEPING, self._keep_runs)

    def _keep_runs(self) -> None:
        self._keeping = False
        if self._keep_run():  # one at a time: the kernel does other things in between
            self._keep_runs_soon()

    def _keep_run(self) -> bool:
        """Keep a run for the next kernel, and say it where that is not possible, once. Whether another one is due."""
        kept = self.playground.history.kept
        before = kept.trouble if kept else ""
        another = self.playground.keep_one_run()
        if kept and kept.trouble and not before:
            self.playground.target.say(kept.trouble)
        elif kept and before != kept.trouble:
            self._later()
        return another

    def _look(self) -> None:
        self._looking = False
        self._later()

    def _read(self) -> dict[str, Any]:
        playground = self.playground
        told = {
            "top": reading.top(playground),
            "form": reading.form(playground),
            "errors": dict(playground.target.errors),
            "work": reading.work(playground),
            # Two clicks may leave all as it was: the page has to hear of that too, or it goes on showing the first.
            "who": {**reading.who(playground), "heard": self._heard},
            "host": {**reading.host(playground), "heard": self._heard},
            "result": reading.result(playground),
            "question": reading.question(playground.answers.hand),
            "shown_run": reading.shown_run(playground),
            "code": reading.code(playground),
        }
        told = reading.without(told, playground.keys)  # of these two, which are as long as the history, it is out
        return {**told, "history": reading.history(playground), "comparison": self._comparison()}

    def _show_draft(self) -> None:
        playground = self.playground
        self.result = reading.without(reading.result(playground), playground.keys)
        self._draw_together()

    def _draw_together(self) -> None:
        """Group what came of the runs that were made with the shown one, as `grouped` does."""
        playground, shown = self.playground, self.playground.history.shown
        batch = batch_of(playground.runs, shown)
        if not batch or shown is None:
            return
        together: Grouped = self.together or Grouped([])
        if self.together is None:
            together.observe(self._judged, "holds")
            self.together = together
        goes_on = playground.running and batch[-1] is playground.runs[-1]
        draft = " ".join(reading.for_page(playground.answers.draft, redacting=True).split()) if goes_on else ""
        draft = f"… {draft[-DRAFTED:]}" if len(draft) > DRAFTED else draft
        together.note = reading.without(draft and f"run {batch[-1].n}: {draft}", playground.keys)
        opened = playground.history.opened
        if (now := [*((run.n, run.outcome) for run in batch), goes_on, opened, *playground.keys]) != self._grouped:
            self._grouped, answers = now, as_answers(batch, playground.keys, self._open)
            chosen = next((each for each in answers if opened and each.label == f"run {opened.n}"), None)
            together.show(answers, still_coming=goes_on, chosen=chosen)

    def _judged(self, change: object) -> None:
        if self.is_placed:
            self._moved(change)

    def _draw_flows(self) -> None:
        """Show the flow of the run that was opened in the history, or what happens now, on each wire."""
        labs: dict[Wire, Lab] = dict(self.playground.target.labs)
        former, opened = [*self._live, *self._opened_flows], self.playground.history.opened
        if labs and labs != self._labs:
            self._labs, self._live = labs, [show(lab, redacting=True) for lab in labs.values()]
            for lab, view in zip(labs.values(), self._live, strict=True):
                view.on_replay = partial(self._replay, lab)
        if opened is not self._opened:
            self._opened = opened
            self._opened_flows = [FlowView(opened.flow, redacting=True)] if opened and opened.flow else []
            for view in self._opened_flows:
                view.on_replay = partial(self._replay, None)
        numbers = {run.call: f"run {run.n}" for run in self.playground.runs}
        for lab, view in zip(self._labs.values(), self._live, strict=True):
            view.name_calls({call: name for (of, call), name in numbers.items() if of == lab.name})
        if (flows := self._opened_flows if opened else self._live) != self.flows:
            # The names first, since the page draws when it hears of the flows.
            self.flow_names = [opened.wire] if opened else list(self._labs)
            self.flows = [*flows]
        for view in former:
            if view not in (*self._live, *self._opened_flows):
                if self._loop is None or self._loop.is_closed():
                    view.close()
                else:
                    self._loop.call_later(PARTING, view.close)

    def _draw_tokens(self) -> None:
        playground, opened = self.playground, self.playground.history.opened
        run = opened or (playground.runs[-1] if playground.runs and not playground.fresh else None)
        sample = run.samples[-1] if run and run.samples else None
        drawn = sample.drawing if sample else None
        # Of many runs the last one is shown: a real model draws seconds for each, and would draw them beside the runs.
        is_over = run is None or opened or (sample and sample.answer and not playground.running)
        if is_over and drawn is not self._drawn:
            self._drawn, self._trace = drawn, None
            if run is None or drawn is None:
                self._tracing.cancel()
                self.tokens, self.drawing_note = None, NO_TOKENS
            else:
                self.drawing_note = f"The tokens of run {run.n} are being drawn …"
                self._tracing.ask(drawn)
        trace = self._trace
        if trace is None:
            return
        self._trace, self.drawing_note = None, ""
        if isinstance(self.tokens, TokenView):
            self.tokens.show(trace)
        else:
            self.tokens = TokenView(trace)

    def _turn_tokens(self) -> None:
        """Have the bars of the tokens follow the dials of the next run."""
        state, drawn = self.playground.answers.dials, self._drawn
        model = self.playground.answers.drew(drawn) if drawn else None
        if drawn and model and isinstance(self.tokens, TokenView):
            self.tokens.turn(drawing(model, state.request or drawn.request, state.settings).dials)

    async def _trace_it(self, drawn: Drawing) -> None:
        model = self.playground.answers.drew(drawn)
        if model is None:
            self.tokens, self.drawing_note = None, NO_MODEL
            return
        trace = await drawn.trace_in_steps(model)
        run = self.playground.history.shown
        if drawn is not self._drawn:
            return
        if run and run.came and run.samples[-1].text != trace.text:
            self.tokens, self.drawing_note = None, OTHER_TOKENS
            return
        self._trace = trace
        self._later()

    def _not_traced(self, _: Exception) -> None:
        self.tokens, self.drawing_note = None, "The tokens of this answer could not be drawn."

    # From the page to the model

    def _told(self, _widget: object, message: dict[str, Any], _buffers: object) -> None:
        """Do what was clicked. May run on the kernel's thread or on that of a subshell: nothing here waits."""
        told = dict(message)
        name = str(told.pop("do", ""))
        self._heard += name in ("who", "hold", "again", "fresh", "use_last_settings")
        if name not in _OF_ITSELF and not self.playground.last_settings.recalled:
            self.playground.last_settings.recall(use=False)  # what was clicked at counts
        try:
            action = self._actions.get(name)
            if action is None:
                logging.getLogger(__name__).warning("a page sent a message that nobody knows: %s", visible(name[:100]))
                return
            action(**told)
            if name in ("set", "hold"):
                self.playground.target.say("")
        except Exception as error:  # noqa: BLE001 - a click has nobody else to tell
            self.playground.target.say(str(error) if isinstance(error, ValueError) else sentence(error))

    @property
    def _actions(self) -> dict[str, Callable[..., object]]:
        """What is done for each message. The values in it bear the names of the parameters."""
        playground, answers = self.playground, self.playground.answers
        return {
            "set": answers.set,
            "hold": answers.hold,
            "here": self._here,
            "server": self._server,
            "transport": playground.target.use_transport,
            "wire": playground.target.use_wires,
            "reconnect": playground.target.connect,
            "tool": playground.target.use_tool,
            "sample": playground.target.use_sample,
            "type": playground.target.type,
            "run": self._run,
            "cancel": playground.cancel,
            "who": answers.use,
            "key": answers.use_key,
            "answer": answers.hand.answer,
            "compare": self._side_by_side,
            "forget": playground.forget,
            "open": self._open,
            "step": self._go,
            "pin": playground.history.pin,
            "rename": playground.history.rename,
            "import": self._import,
            "again": playground.use_again,
            "fresh": playground.start_fresh,
            "use_last_settings": playground.last_settings.use,
            "export": self._export,
        }

    def _here(self) -> None:
        self.playground.answers.hand.attended = True
        playground = self.playground
        self._cells.when_quiet(
            playground.last_settings.recall, lambda: playground.running or playground.target.status == "connecting"
        )

    def _server(self, name: str, text: str = "") -> None:
        if name == "command":
            self.playground.target.use_command(text)
        elif name == "given":
            self.playground.target.use_given()
        else:
            self.playground.target.use_server(text if name == "url" else name)

    def _run(self, values: dict[str, Any], many: bool = False) -> None:
        self.playground.target.type(values)
        self.playground.run(TIMES if many else 1)

    def _open(self, run: int | None) -> None:
        self.playground.shown_run = run

    def _go(self, step: int) -> None:
        """Open a step of the flow of the run that is shown, by its number there."""
        run = self.playground.history.shown
        if self.playground.history.opened:
            for view in self._opened_flows:
                view.go(step)
            return
        for lab, view in zip(self._labs.values(), self._live, strict=True):
            if run and lab.name == run.call[0]:
                numbers = [entry.seq for entry in lab.record.entries() if entry.call == run.call[1]]
                for seq in numbers[step - 1 : step]:
                    view.go(seq)

    def _import(self, text: str) -> None:
        history = self.playground.history
        try:
            history.note = self.playground.import_runs(text)
        except ValueError as error:
            history.note = str(error)
        history.changed()

    def _side_by_side(self, runs: list[int]) -> None:
        self._compared = runs
        self.comparison = self._comparison()

    def _comparison(self) -> dict[str, Any]:
        """The chosen runs side by side, made anew where they are others: a page is drawn at each change."""
        runs = [run for run in self.playground.runs if run.n in self._compared]
        if (now := [*((run, run.outcome) for run in runs), *self.playground.keys]) != self._sides[0]:
            self._sides = now, reading.without(reading.comparison(runs), self.playground.keys)
        return self._sides[1]

    def _replay(self, lab: Lab | None, seq: int) -> None:
        """Make again what a step of a flow belongs to: a run, or where the step is of a sample, that sample."""
        run, n = self.playground.history.opened, seq
        if lab is not None:
            entries = lab.record.entries()
            call = next((entry.call for entry in entries if entry.seq == seq), None)
            run = next((each for each in self.playground.runs if each.call == (lab.name, call)), None)
            n = 1 + sum(entry.call == call for entry in entries if entry.seq < seq)
        if run is None or run.flow is None:
            raise LookupError("the run of this step is no longer kept, or goes on")
        step = next((step for step in run.flow.steps if step.n == n), None)
        self.playground.replay(run.n, step.samples[0] if step and step.samples else 0)

    def _export(self, form: Any, runs: list[int] | None = None) -> None:
        pieces = self.playground.export_in_pieces(form, runs or None)

        async def write() -> None:
            written: list[str] = []
            for piece in pieces:
                written.append(piece)
                await asyncio.sleep(0)  # a page and a callback go on meanwhile
            self._soon(lambda: self.send({"answer": "export", "name": _FILES[form], "text": "".join(written)}))

        self._exporting = start("the export", write, EXPORTING)
        self._exporting.when_over(self._exported)

    def _exported(self) -> None:
        if (error := error_of(self._exporting)) is not None:
            self.playground.target.say(sentence(error))

    def picture(self, shown: str) -> dict[str, str]:
        """The picture of the settings and of the run that is shown, by MIME type."""
        runs = [run for run in self.playground.runs[-10:] if run.outcome != "running"]
        run = self.playground.history.opened or (runs[-1] if runs else None)
        grouped: dict[str, str] = {}
        if self.together is not None and run and run.batch:
            grouped = cast("Grouped", self.together).stored()
        return picture(visible(repr(self.playground)[1:-1]), run, self.playground.keys, grouped)

    def __repr__(self) -> str:
        return repr(self.playground)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
