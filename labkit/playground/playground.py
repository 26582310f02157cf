"""`Playground`: everything that can be chosen, run, compared and exported, and the page that shows it."""

from asyncio import CancelledError
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any, ClassVar, TypeVar
from uuid import uuid4
from weakref import WeakValueDictionary

from mcp import StdioServerParameters
from mcp.client.session import SamplingFnT
from mcp.server import Server
from mcp.server.mcpserver import MCPServer

from labkit.call import Call
from labkit.errors import ConnectError, sentence, unwrap
from labkit.host import Ask, Refuse
from labkit.host.approval import checked_ask
from labkit.numbers import checked_seconds
from labkit.plain import seen
from labkit.playground import form as forms
from labkit.playground import kept_runs
from labkit.playground.answers import Answers
from labkit.playground.batch import as_answers, batch_of
from labkit.playground.choices import Choices, from_json, to_json
from labkit.playground.export import Form, exported, keys_known, without_keys
from labkit.playground.history import History
from labkit.playground.imported import runs_of
from labkit.playground.last_settings import LastSettings
from labkit.playground.program import program
from labkit.playground.results import what_came
from labkit.playground.runs import Row, Run, compare, make_room
from labkit.playground.sources import Wire
from labkit.playground.target import CONNECTING, Target, error_of
from labkit.runtime import Runtime
from labkit.sampled import Sample, samples_of
from labkit.steps import held_up_by
from labkit.views.answers_groups import Groups, Rule
from labkit.work import start

F = TypeVar("F", bound=SamplingFnT)
TIMES = 10
"""The number of runs of "Run ×10"."""

LOOK = 0.25
"""Seconds between two looks at what is under way, where nothing is told."""

PATIENCE, HUMAN_PATIENCE = 90.0, 600.0
"""Seconds that a call may take; where a person answers or approves, the second."""


class Playground:
    """A server, the answerer, the dials and the host's duties, to be tried out together.

        playground = Playground()              # the servers in the box, the embedded model
        playground = Playground(my_server)     # an MCPServer of your own; also a command, a URL
        playground                             # as the last line of a cell: the page

        @playground.callback                   # your own callback answers from the next sample on
        async def my_callback(context, params): ...

    In plain code: `playground.run()`, `playground.runs[-1].result`; `print(playground.code)` needs no playground.

    Args:
        server: A server of your own, which is then chosen at first: an `MCPServer`, `StdioServerParameters`, a URL.
        name: The playground's name. Of one name only one can be open: making the second closes the first and takes over
            its history.
        ask: Asks a human for the decision where `approval` is on, as `with_approval` takes it. A page brings its own.
        remember: Whether a page takes up the settings of last time, and in which folder these are kept: the usual one
            with `True`. Without a page nothing is read and nothing kept. A key and the code of a callback never are.
        connect_timeout: Seconds that a server has to answer; one that is first downloaded needs many.

    Raises:
        TypeError: `ask` is no function.
        ValueError: `connect_timeout` is no number of seconds above 0.
    """

    draw: ClassVar[Callable[["Playground"], Any]]
    """Makes the page, which this module knows nothing of; the package says how."""

    def __init__(
        self,
        server: MCPServer | Server[Any] | StdioServerParameters | str | None = None,
        *,
        name: str = "playground",
        ask: Ask | None = None,
        remember: bool | str | Path = True,
        connect_timeout: float = CONNECTING,
    ) -> None:
        ask = _nobody if ask is None else checked_ask(ask)
        connect_timeout = checked_seconds("connect_timeout", connect_timeout)
        former = _open.get(name)
        if former is not None:
            former.close()
        self._name = name
        _open[name] = self
        self._listeners: list[Callable[[], object]] = []
        self._view: Any = None
        # Its cell was run again, which is one key away: what was done stays done.
        self.history = History(self._changed) if former is None else former.history
        """The runs: `playground.history.open(3)` shows the third."""
        self.history.changed = self._changed
        for run in self.runs:
            run.cancelled()
        self.at = self.of = 0
        """The number of the run that is under way, and of how many."""
        self.fresh = True
        """Whether the connection is fresh: no tool was called since it was made."""
        self.has_moved = False
        """Whether it is fresh because another was left, and not because the cell was run again."""
        self._job: Call[None] | None = None
        self._call: Call[Any] | None = None
        self._at_work: Runtime | None = None
        self.answers = Answers(self._answered_anew, ask)
        """The answerer, the dials, and the duties of the host: `playground.answers.hold(guard=True)`."""
        self.target = Target(
            server, name, self.answers.chain,
            changed=self._changed, leaving=self._leaving, connect_timeout=connect_timeout,
        )  # fmt: skip
        """The server, the way to it, the tool and its arguments: `playground.target.use_tool("summarize")`."""
        self._first = self.choices
        self.last_settings = LastSettings(self, name, remember)
        """The settings of last time."""
        self.target.connect()

    @property
    def runs(self) -> list[Run]:
        """The runs of the history, the last one last."""
        return self.history.runs

    @property
    def shown_run(self) -> int | None:
        """The number of the run that was opened in the history; `None` where the last one is shown."""
        return opened.n if (opened := self.history.opened) else None

    @shown_run.setter
    def shown_run(self, number: int | None) -> None:
        last = self.runs[-1] if self.runs and not self.fresh else None  # its flow is the one that goes on
        self.history.open(None if last and last.n == number else number)

    @property
    def running(self) -> bool:
        """Whether a run is under way."""
        return self._at_work is not None or (self._job is not None and not self._job.done)

    @property
    def waits_for(self) -> str:
        """For what the run that is under way waits, in a few words; empty where none is."""
        call = self._call
        if call is None:
            return "the connection" if self.running else ""
        if held_up := held_up_by(call.waits, len(call.asking)):
            return held_up.what
        return f"the answer: {self.answers.name}" if call.asking else "the server"

    @property
    def choices(self) -> Choices:
        """All that is chosen."""
        answers, target = self.answers, self.target
        tool, typed = target.called
        return Choices.model_construct(
            source=target.source, transport=target.transport, wires=target.wires, tool=tool, typed=dict(typed),
            who=answers.who, settings=dict(answers.settings), dials=answers.dials.settings, duties=dict(answers.duties),
        )  # fmt: skip

    def choose(self, choices: Choices, *, ask: bool = False) -> None:
        """Set everything as in `choices`. With `ask`, a command or an address waits until somebody connects to it.

        Raises:
            ValueError: Something cannot be so.
        """
        self.answers.take(choices)
        self.target.take(choices, ask=ask)

    def use_again(self, number: int) -> None:
        """Set everything as it was for a run of the history, by its number.

        Raises:
            LookupError: There is no such run.
        """
        run = self.history.run(number)
        choices = self._choices_of(run)
        if choices is None:
            raise LookupError(f"of run {number} the settings are not known")
        self.last_settings.note = f"Settings of run {number}"
        self.choose(choices, ask=bool(run.came))

    def _choices_of(self, run: Run) -> Choices | None:
        """All that was chosen for a run. A run of a file may name any command: it is for `choose(ask=True)` alone."""
        if run.choices is None and run.settings:
            with suppress(ValueError):
                return from_json(run.settings, self._first, self.target.box_servers, None)
        return run.choices

    def _settings_of(self, run: Run) -> dict[str, Any] | None:
        """What was chosen for a run, as it is kept and exported."""
        return to_json(run.choices, self.target.given, self.keys) if run.choices else run.settings

    def start_fresh(self) -> None:
        """Set everything as it was at first, without a key, and forget the settings of last time. The runs stay."""
        self.answers.keys.clear()
        self.last_settings.forget()
        self.choose(self._first)

    def callback(self, callback: F) -> F:
        """Let `callback` answer from the next sample on, also in a run that is under way: a decorator."""
        self.answers.use_own(callback)
        return callback

    def run(self, times: int = 1) -> None:
        """Call the tool `times` times with what was typed, on each chosen wire, and return at once.

        What is wrong with a field is in `target.errors` then, and nothing is called.
        """
        if self.running:
            return
        target = self.target
        arguments, target.errors = forms.arguments_of(target.schema, target.typed)
        if why := target.why_not:
            target.fault = target.fault or why  # which may say more
        elif not target.errors:
            wires, many = target.each_wire, range(times) if times > 1 else [None]
            call = partial(self._run, tool=target.tool, arguments=arguments, batch=uuid4().hex if times > 1 else "")
            self._begin([partial(call, wire, i=i) for i in many for wire in wires])
        self._changed()

    def replay(self, number: int, sample: int = 0) -> None:
        """Make a run of the history again as everything is set now, or ask one of its samples, by number, again.

        A sample is asked without the server. Either is a run of the history; both return at once.

        Raises:
            LookupError: There is no such run, or what the sample was is no longer kept.
            ValueError: The run was on another server or wire.
        """
        run, target = self.history.run(number), self.target
        if self.running:
            return
        if not (sample := sample or (1 if run.sample else 0)):
            if run.server != target.server or run.wire not in target.labs:
                raise ValueError(f"run {number} was on {run.server}, {run.wire}: choose that first, with Use again")
            self._begin([partial(self._run, run.wire, run.tool, run.arguments, again=number)])
        else:
            found = samples_of(run.flow.steps, run.flow.title) if run.flow else []
            asked = next((each for each in found if each.number == sample), None)
            if asked is None:
                raise LookupError(f"sample {sample} of run {number} is no longer kept")
            tool = run.tool if run.sample else f"{run.tool} · sample {sample}"
            wire = run.wire if run.wire in target.labs else target.each_wire[0]
            self._begin([partial(self._run, wire, tool, run.arguments, again=number, sample=asked)])
        self._changed()

    def _begin(self, runs: Sequence[Callable[[], Awaitable[None]]]) -> None:
        """Do `runs` one after the other."""
        self.target.fault = ""
        self.at, self.of = 0, len(runs)
        seconds = (HUMAN_PATIENCE if self.answers.needs_a_person else PATIENCE) * self.of + self.target.seconds
        self._job = start("the runs", lambda: self._work(runs), seconds)
        self._job.when_over(self._over)

    def wait(self, seconds: float = 60.0) -> list[Run]:
        """Block until nothing is under way, for plain scripts, and return the runs. A cell that blocks gets no clicks.

        Whatever went wrong is in `target.fault`, or in the run.

        Raises:
            TimeoutError: Something is still under way after `seconds`.
        """
        changed, end = Event(), monotonic() + seconds
        forget = self.listen(changed.set)
        try:
            while self.target.status == "connecting" or not self.settle():
                if monotonic() > end:
                    raise TimeoutError(f"it is not over after {seconds:g} s")
                changed.wait(LOOK)
                changed.clear()
        finally:
            forget()
        return self.runs

    def listen(self, listener: Callable[[], object]) -> Callable[[], None]:
        """Call `listener` after every change, in the thread that makes it, until the returned function is called."""
        self._listeners.append(listener)

        def forget() -> None:
            with suppress(ValueError):
                self._listeners.remove(listener)

        return forget

    def _changed(self) -> None:
        for listener in tuple(self._listeners):
            listener()

    def _answered_anew(self) -> None:
        self.target.connections.answer_with(self.answers.chain)
        self._changed()

    def _leaving(self) -> None:
        """Let go of what belongs to the connection that is left."""
        self.cancel()
        self.has_moved |= not self.fresh
        self.fresh = True
        self.answers.forget()

    def cancel(self) -> None:
        """Stop what is under way, also where a callback hangs."""
        job, call = self._job, self._call
        if call is not None:
            call.cancel()
        if job is not None:
            job.cancel()

    def settle(self) -> bool:
        """Whether cancelled work is over. Work of a lab thread that was left behind never ends."""
        if self._at_work is None or not self._at_work.retired:
            return not self.running
        self._at_work, self._call = None, None
        for run in self.runs:
            run.cancelled("Cancelled: it held the lab thread, which was left behind.")
        return True

    async def _work(self, runs: Sequence[Callable[[], Awaitable[None]]]) -> None:
        self._at_work = Runtime.current()
        try:
            await self.target.joined()
            for run in runs:
                self.at += 1
                await run()
        finally:
            self.answers.vary(None)
            self._at_work = None
            self._changed()

    async def _run(
        self,
        wire: Wire,
        tool: str,
        arguments: dict[str, Any],
        i: int | None = None,
        *,
        again: int = 0,
        sample: Sample | None = None,
        batch: str = "",
    ) -> None:
        """Call the tool, or ask a sample again. Of several, run number `i` has its own seed where no dial sets one."""
        target = self.target
        lab = await target.connections.lab(wire)
        run = Run(
            0, target.server, target.transport, wire, tool, arguments, self.answers.name, self.answers.host,
            choices=self.choices, own_callback=self.answers.own_callback, again=again, batch=batch,
            sample=sample.number if sample else 0,
        )  # fmt: skip
        self.history.add(run)
        self.fresh = self.has_moved = False
        self.answers.vary(i)
        self.answers.record = run.add
        spent = self.answers.budget.spent.usd or 0.0

        def settled() -> None:  # a sample that was cancelled may end after its run
            if run is self.runs[-1]:
                run.usd = max(0.0, (self.answers.budget.spent.usd or 0.0) - spent)

        self.answers.settled = settled
        lab.timeout = HUMAN_PATIENCE if self.answers.needs_a_person else PATIENCE
        self._call = call = lab.start(run.tool, arguments) if sample is None else lab.again(sample)
        run.call = lab.name, call.number
        self._changed()
        outcome, came, pictures = "cancelled", "Cancelled.", list[str]()
        try:
            outcome, came, pictures = what_came(await call)
            target.unreached = False
        except CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever went wrong is the result of the run
            outcome, came = "failed", sentence(error)
            target.unreached = isinstance(unwrap(error), ConnectError | OSError)
        finally:
            run.flow, self._call = call.flow, None
            settled()
            # The outcome last: a page that looks at it in this moment takes what it finds for all there is.
            run.over(outcome, came, pictures)
            make_room(self.runs)
            self._changed()

    def _over(self) -> None:
        error = error_of(self._job)
        if error is not None:
            self.target.fault = sentence(error)
        self._changed()

    def compare(self, *numbers: int) -> list[Row]:
        """Some runs side by side, by number: `playground.compare(1, 2)`."""
        return compare([run for run in self.runs if run.n in numbers])

    def grouped(self, number: int | None = None, true: Rule | None = None) -> Groups:
        """What came of one press of "Run ×10", those alike together: `print(playground.grouped())`.

        Args:
            number: The number of one of the runs; else of the last.
            true: A rule that says of an answer whether it is true, as `labkit.grouped` takes it.

        Raises:
            LookupError: There is no such run.
        """
        run = self.history.run(number) if number is not None else self.runs[-1] if self.runs else None
        return Groups(as_answers(batch_of(self.runs, run) or ([run] if run else []), self.keys), true)

    def forget(self) -> None:
        """Empty the history."""
        self.history.forget()

    def export(self, form: Form, runs: Sequence[int] | None = None) -> str:
        """The history, or some of its runs, as `"json"`, `"mermaid"` or `"html"`, without a key.

        Raises:
            ValueError: There is no such form.
        """
        return "".join(self.export_in_pieces(form, runs))

    def export_in_pieces(self, form: Form, runs: Sequence[int] | None = None) -> Iterator[str]:
        """The same as `export`, piece by piece: none takes long to make."""
        chosen = [run for run in self.runs if runs is None or run.n in runs]
        return exported(form, chosen, self._program_of, self.keys, settings_of=self._settings_of)

    def import_runs(self, text: str) -> str:
        """Take up the runs of a file that was exported as JSON, and return in a sentence how many came in.

        Raises:
            ValueError: It holds something else; nothing is taken up then.
        """
        told = runs_of(text, "a file")
        new = self.history.import_runs(told)
        here = f"; {len(told) - new} were here already" if new < len(told) else ""
        return f"{new} run{'' if new == 1 else 's'} came in{here}."

    def keep_one_run(self) -> bool:
        """Keep the next run for the next kernel. Whether another one is to be kept."""
        kept = self.history.kept

        def written(run: Run) -> str:
            of, room = self._settings_of, kept_runs.ROOM
            return "".join(exported("json", [run], self._program_of, self.keys, settings_of=of, room=room))

        return kept is not None and kept.keep_one(self.runs, written)

    @property
    def code(self) -> str:
        """The present settings as a program of plain `mcp`, without a key and with nothing invisible in its texts."""
        target = self.target
        chosen = self.choices.but(tool=target.tool)
        return seen(
            without_keys(program(chosen, target.each_wire, target.arguments, self.answers.own_callback), self.keys)
        )

    def _program_of(self, run: Run) -> str:
        choices = self._choices_of(run)
        return program(choices, (run.wire,), run.arguments, run.own_callback) if choices else ""

    def code_of(self, run: Run) -> str:
        """The settings of a run of the history as a program, in the same way; empty where these are not known."""
        code = self._program_of(run)
        return f"# Run {run.n}\n{seen(without_keys(code, self.keys))}" if code else ""

    @property
    def keys(self) -> list[str]:
        """The keys that must appear nowhere."""
        return keys_known(*self.answers.keys.values())

    def close(self) -> None:
        """End what is under way, leave the server, and take the page away. More than once does no harm."""
        if _open.get(self._name) is self:
            del _open[self._name]
        self.last_settings.close()
        self.cancel()
        self.target.close()
        if self._view is not None:
            self._view.close()

    def _ipython_display_(self) -> None:
        self._page().show_placed()

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return self._page()._repr_mimebundle_(**options)

    def _page(self) -> Any:
        if self._view is None or self._view.comm is None:
            self._view = Playground.draw(self)
        return self._view

    def __repr__(self) -> str:
        target = self.target
        return f"<Playground {target.server} · {target.transport} · {target.wires} · {self.answers.name}>"


_open: WeakValueDictionary[str, Playground] = WeakValueDictionary()


def _nobody(_: object) -> Refuse:
    return Refuse("nobody is here to approve it: open the playground on a page, or give it a policy as ask=.")
